"""Zip files whose bytes depend on nothing but what is in them."""

import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16
NOT_SHIPPED = {"__pycache__", "bin", "local", "sample_events", ".lock"}


def add_file(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    """Put a file into an archive with a fixed time and fixed rights."""
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = READABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, path.read_bytes())


def is_source(path: Path, root: Path) -> bool:
    """Whether a file belongs to what runs. RECORD and its like name the machine of the install."""
    parts = path.relative_to(root).parts
    is_record = path.parent.suffix == ".dist-info" and path.name != "METADATA"
    return path.is_file() and not NOT_SHIPPED.intersection(parts) and not is_record
