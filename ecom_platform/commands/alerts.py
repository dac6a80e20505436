"""`python -m ecom_platform.commands.alerts`: the alerts as the table in DynamoDB holds them."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from ecom_platform.definitions import Resources
from ecom_platform.settings import Settings
from ecom_platform.streaming.alerts import Alert

FIGURES = ("crossings", "peak", "of")
COLUMNS = ("rule", "entity", "severity", "status", "opened", *FIGURES, "told")


def grid_of(alerts: Sequence[Alert], table: str) -> Grid:
    """The alerts, the one that changed last first."""
    grid = Grid(title=f"{len(alerts)} alerts in the DynamoDB table {table}", title_justify="left")
    for name in COLUMNS:
        grid.add_column(name, justify="right" if name in FIGURES else "left")
    for alert in reversed(alerts):
        grid.add_row(
            alert.rule,
            alert.entity,
            alert.severity,
            alert.status,
            alert.opened_at,
            str(alert.crossing_count),
            f"{alert.peak_value:g}",
            f"{alert.threshold:g}",
            "yes" if alert.notified_at else "no",
        )
    return grid


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.alerts", description=__doc__
    )
    parser.add_argument("--hours", type=float, default=24, help="that changed within so many hours")
    parser.add_argument("--html", type=Path, help="write them to a page too")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    log = Resources.of(settings).alert_log
    now = datetime.now(UTC)
    found = log.changed(now - timedelta(hours=options.hours), now)
    console = Console(
        record=options.html is not None, width=None if sys.stdout.isatty() else 140, highlight=False
    )
    console.print(grid_of(found, settings.alerts_table))
    if not found:
        console.print("none: `make up`, and `make simulate` in another terminal, make some")
    if options.html:
        console.save_html(str(options.html))


if __name__ == "__main__":
    main()
