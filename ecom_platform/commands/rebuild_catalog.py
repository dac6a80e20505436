"""`python -m ecom_platform.commands.rebuild_catalog`: the Glue catalog anew, from commit records.

For a catalog that was lost or changed by hand. Data and records are left as they are.
"""

from ecom_platform.contracts import TABLES
from ecom_platform.definitions import Resources
from ecom_platform.settings import Settings


def main() -> None:
    tables = Resources.of(Settings.from_environment()).tables
    for table in TABLES.values():
        print(f"{table.path}: {tables.rebuild_catalog(table)} partitions")


if __name__ == "__main__":
    main()
