"""`python -m ecom_platform.commands.quarantine`: what was refused, why, how often, and an example.

Files that were replaced or retired are left out. The rows themselves lie in
`lake/quarantined_events` and `lake/quarantined_stream_events`.
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ecom_platform.contracts.lake import QUARANTINED_STREAM_EVENTS
from ecom_platform.definitions import Resources
from ecom_platform.lake.event_rules import WANTED
from ecom_platform.lake.refusal_report import RefusedRows
from ecom_platform.lake.shown_text import shown
from ecom_platform.pipeline.file_verdicts import standing_verdicts
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings

COLUMNS = ("reason", "rows", "first in", "line", "example", "wanted")


def refused_places(tables: TableStore) -> list[tuple[str, RefusedRows]]:
    """Where rows were refused, files first, then hours of the stream."""
    files = [
        (verdict.file.object_key, refused)
        for verdict in standing_verdicts(tables)
        for refused in verdict.refused
    ]
    hours = [
        (f"the stream, {commit.name}", refused)
        for commit in tables.commits(QUARANTINED_STREAM_EVENTS)
        for refused in RefusedRows.from_details(commit.details["refused_rows"])
    ]
    return [*files, *hours]


def grid_of(places: Sequence[tuple[str, RefusedRows]]) -> Grid:
    """One row a reason, the most frequent first; text of strangers is never markup."""
    by_reason: dict[str, list[tuple[str, RefusedRows]]] = {}
    for place, refused in places:
        by_reason.setdefault(refused.reason, []).append((place, refused))
    grid = Grid(*COLUMNS, title="Refused rows by reason", title_justify="left")
    counts = {r: sum(one.row_count for _, one in found) for r, found in by_reason.items()}
    for reason in sorted(counts, key=lambda name: (-counts[name], name)):
        place, first = by_reason[reason][0]
        cells = [
            *(reason, f"{counts[reason]:,}", shown(place), str(first.line_number)),
            *(shown(first.example), WANTED[reason]),
        ]
        grid.add_row(*map(Text, cells))
    return grid


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.quarantine", description=__doc__
    ).parse_args()
    tables = Resources.of(Settings.from_environment()).tables
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    refused_files = [one for one in standing_verdicts(tables) if one.refusal]
    for verdict in refused_files:
        console.print(Text(f"refused {shown(verdict.file.object_key, 200)}: {verdict.refusal}"))
    places = refused_places(tables)
    if places:
        console.print(grid_of(places))
    elif not refused_files:
        console.print("nothing is refused: every row that was read is in the lake")


if __name__ == "__main__":
    main()
