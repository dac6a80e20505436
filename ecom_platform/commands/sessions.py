"""`python -m ecom_platform.commands.sessions`: who is in the shop now, whose cart went quiet."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ecom_platform.definitions import session_log
from ecom_platform.settings import Settings
from ecom_platform.streaming.sessions import session_rows

MOST = 50


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.sessions", description=__doc__
    )
    parser.add_argument("--minutes", type=float, default=30, help="active within so many minutes")
    parser.add_argument("--limit", type=int, default=MOST, help="at most so many, newest first")
    options = parser.parse_args(arguments)
    log = session_log(Settings.from_environment())
    now = datetime.now(UTC)
    active = log.active(now - timedelta(minutes=options.minutes), now, options.limit)
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    if not active:
        console.print("nobody: `make up`, and `make simulate` in another terminal, bring somebody")
        return
    rows = session_rows(active, log.quiet_carts(active))
    grid = Grid(title=f"{len(rows)} sessions, the newest first", title_justify="left")
    for name in rows[0]:
        grid.add_column(name)
    for row in rows:
        # Session ids come from strangers: they are text, never markup.
        grid.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    console.print(grid)


if __name__ == "__main__":
    main()
