"""`python -m ecom_platform.commands.backtest RULE NAME=VALUE …`: another threshold over past days.

For each day of the lake: which episodes the rule keeps, loses and gains with other properties, whom
they are about, and what these users spent on that day. Nothing is changed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date

from ecom_platform.contracts.lake import EVENTS
from ecom_platform.definitions import Resources
from ecom_platform.detection.backtest import Difference, compare
from ecom_platform.detection.rules import Rule, all_rules
from ecom_platform.settings import Settings


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.backtest", description=__doc__
    )
    rules = {rule.name: rule for rule in all_rules()}
    parser.add_argument("rule", choices=sorted(rules))
    parser.add_argument("changes", nargs="+", metavar="NAME=VALUE", help="e.g. threshold=40")
    parser.add_argument("--start", type=date.fromisoformat, default=date.min)
    parser.add_argument("--end", type=date.fromisoformat, default=date.max)
    options = parser.parse_args(arguments)
    current = rules[options.rule]
    found = backtest(
        Resources.of(Settings.from_environment()),
        current,
        _candidate(current, options.changes),
        (options.start, options.end),
    )
    for one in found:
        if one.fate != "kept":
            print(
                f"{one.day} {one.fate}: {one.entity_id}, since {one.opened_at:%H:%M:%S}, peak"
                f" {one.peak_value:g}, spent {one.revenue}"
            )
    print(json.dumps({"rule": current.name, **summary(found)}))


def backtest(
    resources: Resources, current: Rule, candidate: Rule, days: tuple[date, date]
) -> list[Difference]:
    """Every episode of some days of the lake, under both."""
    found: list[Difference] = []
    with resources.engine.lake_workspace() as (connection, _):
        for part in resources.tables.locations(EVENTS, *days):
            resources.engine.show(connection, {EVENTS: [part]})
            day = date.fromisoformat(part.values[0])
            found += compare(connection, day, current, candidate)
    return found


def summary(found: Sequence[Difference]) -> dict[str, object]:
    """Episodes, users and revenue by what becomes of them."""
    answer: dict[str, object] = {}
    for fate in ("kept", "lost", "gained"):
        own = [one for one in found if one.fate == fate]
        revenue = sum({(one.day, one.entity_id): one.revenue for one in own}.values())
        users = len({one.entity_id for one in own})
        answer[fate] = {"episodes": len(own), "users": users, "revenue": str(revenue)}
    return answer


def _candidate(rule: Rule, changes: Sequence[str]) -> Rule:
    values = dict(change.split("=", 1) for change in changes if "=" in change)
    unknown = sorted(set(values) - set(rule.properties))
    if unknown or len(values) < len(changes):
        sys.exit(
            f"error: {rule.name} has no {', '.join(unknown) or 'such change'}; its properties:"
            f" {', '.join(f'{name}={value}' for name, value in rule.properties.items())}"
        )
    return rule.with_properties(**values)


if __name__ == "__main__":
    main()
