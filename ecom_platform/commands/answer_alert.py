"""`python -m ecom_platform.commands.answer_alert USER`: acknowledge the alerts of a user.

With `--hours` nobody is told of that user for so long; a reason must be given. `site` means the
whole site. What a rule finds is recorded all the same.
"""

import argparse
import getpass
import sys
from datetime import UTC, datetime, timedelta

from ecom_platform.resources.alert_desk import AlertDesk
from ecom_platform.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.answer_alert", description=__doc__
    )
    parser.add_argument("user", help="the user_id, or `site`")
    parser.add_argument("--hours", type=float, help="mute for so many hours")
    parser.add_argument("--reason", default="", help="why it is muted")
    parser.add_argument("--by", default=getpass.getuser(), help="who says so")
    options = parser.parse_args()
    settings = Settings.from_environment()
    desk = AlertDesk(settings.alerts_table, settings.on_call_profile)
    entity = "site#all" if options.user == "site" else f"user#{options.user}"
    now = datetime.now(UTC)
    if options.hours is not None:
        if not options.reason.strip() or options.hours <= 0:
            sys.exit("error: muting needs hours above 0, and REASON='our own load test'")
        until = now + timedelta(hours=options.hours)
        desk.mute(entity, until, options.reason, options.by)
        print(f"{entity} is muted until {until:%Y-%m-%d %H:%M} UTC")
    count = desk.acknowledge(entity, now, options.by)
    print(f"{count} open alerts of {entity} are acknowledged by {options.by}")


if __name__ == "__main__":
    main()
