"""`python -m ecom_platform.commands.replay_failures`: bring back records that no function took.

Batches that were given up because they became too old, and malformed records after their reader was
mended. What a function takes now is removed; what it does not take stays, and is told with why.
"""

import sys
from collections import Counter

from ecom_platform.resources.failed_records import FailedRecords
from ecom_platform.settings import Settings


def main() -> None:
    settings = Settings.from_environment()
    failed = FailedRecords(settings.data_bucket, settings.prefix, settings.replayer_profile)
    brought_back, staying = 0, Counter[str]()
    for key in failed.keys():  # noqa: SIM118 - no dictionary
        try:
            failure = failed.read(key)
        except (ValueError, KeyError) as error:
            staying[f"{key}: not what a function or Lambda writes ({error!r})"] += 1
            continue
        taken = failed.replay(failure)
        brought_back += taken
        if taken < len(failure.records):
            staying[f"{failure.function}: {failure.reason}"] += len(failure.records) - taken
    print(f"{brought_back} records brought back, {staying.total()} stay")
    for reason, count in staying.most_common():
        print(f"  {count} of {reason}")
    if staying:
        sys.exit("error: some records are still refused; mend their reader or their writer")


if __name__ == "__main__":
    main()
