"""`python -m ecom_platform.commands.prepare_database`: make the marts' database follow the policy.

Tables and roles that are missing are made, and row security says what the policy's file says, in
one transaction; safe to run again, and to be run after each change of that file.
"""

import argparse
import sys

import psycopg

from ecom_platform.dashboard.policy import PolicyError, read_policy
from ecom_platform.definitions import Resources
from ecom_platform.settings import SettingError, Settings
from ecom_platform.webapp.reading import policy_file_of


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.prepare_database", description=__doc__
    )
    parser.add_argument(
        "--admin",
        default="postgres",
        help="a role that may create others; libpq knows its password",
    )
    options = parser.parse_args()
    try:
        settings = Settings.from_environment()
        if settings.mart_database is None:
            sys.exit("error: ECOM_MART_DATABASE is not set; try: make up POSTGRES=1")
        policy = read_policy(policy_file_of(settings))
        database = Resources.of(settings).mart_database
        database.prepare(policy, options.admin)
    except (PolicyError, SettingError, psycopg.Error) as error:
        sys.exit(f"error: {error}")
    print(f"{settings.mart_database} follows the policy: {len(policy.users)} users")


if __name__ == "__main__":
    main()
