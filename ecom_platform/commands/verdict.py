"""`python -m ecom_platform.commands.verdict USER SAYS REASON`: overrule what the rules found.

SAYS is `person` or `bot`. It is kept for ever, and every day on which the user did anything is
built anew: its verdicts, and the figures of `people` that read them.
"""

import argparse
import getpass
import sys
from datetime import UTC, datetime

import dagster as dg

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.contracts.verdicts import SAYINGS
from ecom_platform.detection.verdicts import Word
from ecom_platform.pipeline.verdicts import say_verdict
from ecom_platform.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.verdict", description=__doc__
    )
    parser.add_argument("user", type=int, help="the user_id")
    parser.add_argument("says", choices=SAYINGS, help="what the user is")
    parser.add_argument("reason", help="why, in a few words")
    parser.add_argument("--by", default=getpass.getuser(), help="who says so")
    options = parser.parse_args()
    if not options.reason.strip():
        sys.exit("error: give a reason: REASON='our own price monitor'")
    batch = Batch.of(Settings.from_environment(), dg.DagsterInstance.get())
    now = datetime.now(UTC).replace(tzinfo=None)
    word = Word(options.user, options.says, options.reason, said_at=now, said_by=options.by)
    word = say_verdict(batch.tables, batch.engine, word)
    try:
        batch.rebuild()
    except RunFailedError as error:
        sys.exit(f"error: {error}")
    print(f"user {word.user_id} is a {word.says}: {len(word.days)} days were judged again")


if __name__ == "__main__":
    main()
