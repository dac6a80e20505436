"""`python -m ecom_platform.commands.remove_old_versions`: free the space of replaced versions.

Never touches a version that the catalog shows or that a newest record names, nor anything younger
than a day.
"""

from datetime import UTC, datetime

from ecom_platform.definitions import Resources
from ecom_platform.defs.catalog.retention import remove_old_versions
from ecom_platform.settings import Settings


def main() -> None:
    cleaner = Resources.of(Settings.from_environment()).cleaner
    count, size = remove_old_versions(cleaner, datetime.now(UTC).replace(tzinfo=None))
    print(f"{count} objects with {size:,} bytes removed")


if __name__ == "__main__":
    main()
