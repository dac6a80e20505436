"""`python -m ecom_platform.commands.prepare_database`: make the marts' database follow the policy.

Tables and roles that are missing are made, and row security says what the policy's file says, in
one transaction; safe to run again, and to be run after each change of that file.
"""

import argparse
import sys

import psycopg

from ecom_platform.dashboard.policy import Policy, PolicyError, read_policy
from ecom_platform.definitions import Resources
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.settings import SettingError, Settings
from ecom_platform.webapp.reading import policy_file_of

ADMIN = "postgres"
"""Who makes roles in the PostgreSQL of one machine."""


def prepare_database(settings: Settings, database: MartDatabase, admin: str = ADMIN) -> Policy:
    """Let the database follow the installation's policy, which is returned.

    Raises:
        PolicyError: there is none, or it is wrong.
        psycopg.Error: the database does not answer, or refuses the administrator.

    """
    policy = read_policy(policy_file_of(settings))
    database.prepare(policy, admin)
    return policy


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.prepare_database", description=__doc__
    )
    parser.add_argument(
        "--admin",
        default=ADMIN,
        help="a role that may create others; libpq knows its password",
    )
    options = parser.parse_args()
    try:
        settings = Settings.from_environment()
        if settings.mart_database is None:
            sys.exit("error: ECOM_MART_DATABASE is not set; try: make up POSTGRES=1")
        database = Resources.of(settings).mart_database
        policy = prepare_database(settings, database, options.admin)
    except (PolicyError, SettingError, psycopg.Error) as error:
        sys.exit(f"error: {error}")
    print(f"{settings.mart_database} follows the policy: {len(policy.users)} users")


if __name__ == "__main__":
    main()
