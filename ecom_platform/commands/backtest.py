"""`python -m ecom_platform.commands.backtest RULE NAME=VALUE …`: another threshold over past days.

For each day of the lake: which episodes the rule keeps, loses and gains with other properties, whom
they are about, and what these users spent on that day. Nothing is changed. In Dagster the same is
the asset `streaming/rule_backtest`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date

from ecom_platform.definitions import Resources
from ecom_platform.pipeline.backtest import CandidateError, backtest, candidate_of, summary
from ecom_platform.settings import Settings


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.backtest", description=__doc__
    )
    parser.add_argument("rule", help="e.g. cart_hoarding")
    parser.add_argument("changes", nargs="+", metavar="NAME=VALUE", help="e.g. threshold=40")
    parser.add_argument("--start", type=date.fromisoformat, default=date.min)
    parser.add_argument("--end", type=date.fromisoformat, default=date.max)
    options = parser.parse_args(arguments)
    changes = dict(change.partition("=")[::2] for change in options.changes)
    try:
        rules = candidate_of(options.rule, changes)
    except CandidateError as error:
        sys.exit(f"error: {error}")
    resources = Resources.of(Settings.from_environment())
    days = (options.start, options.end)
    found = backtest(resources.tables, resources.engine, rules, days, lambda _: None)
    for one in found:
        if one.fate != "kept":
            print(one.sentence())
    print(json.dumps({"rule": options.rule, **summary(found)}))


if __name__ == "__main__":
    main()
