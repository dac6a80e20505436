"""What was delivered: rows, dates and defects of each file, as JSON beside the files.

Held against quarantine in tests.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MANIFEST = "traffic_manifest.json"


@dataclass(frozen=True, kw_only=True)
class DeliveredFile:
    """One file. `rows` counts every line after the header, broken ones included."""

    name: str
    rows: int
    rows_by_date: Mapping[str, int]
    """Intact rows by UTC date of event_time."""
    defects: Mapping[str, int]
    """Broken rows by kind."""
    copy_of: str | None = None
    """The file of which this one is a second delivery, byte for byte."""
    has_late_rows: bool = False
    """Whether its rows were held back from the files of their days."""


def write_manifest(files: Sequence[DeliveredFile], folder: Path) -> None:
    """Totals leave second deliveries out: they count what the shop recorded once."""
    once = [file for file in files if file.copy_of is None]
    defects: Counter[str] = Counter()
    for file in once:
        defects.update(file.defects)
    totals = {
        "intact_rows": sum(sum(file.rows_by_date.values()) for file in once),
        "broken_rows": sum(defects.values()),
        "late_rows": sum(file.rows for file in once if file.has_late_rows),
        "defects": dict(sorted(defects.items())),
    }
    content = {"totals": totals, "files": [asdict(file) for file in files]}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder that `write_manifest` wrote."""
    content: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return content
