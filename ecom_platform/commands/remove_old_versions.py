"""`python -m ecom_platform.commands.remove_old_versions`: free the space of replaced versions.

Never touches a version that the catalog shows or that a newest record names, nor anything younger
than a day.
"""

from datetime import UTC, datetime
from typing import cast

from ecom_platform.definitions import resources
from ecom_platform.defs.catalog.retention import remove_old_versions
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings


def main() -> None:
    cleaner = cast("TableStore", resources(Settings.from_environment())["cleaner"])
    count, size = remove_old_versions(cleaner, datetime.now(UTC).replace(tzinfo=None))
    print(f"{count} objects with {size:,} bytes removed")


if __name__ == "__main__":
    main()
