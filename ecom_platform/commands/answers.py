"""`python -m ecom_platform.commands.answers`: the four answers, read from the marts.

What does not belong here: how a figure is computed (`marts/sql`).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ecom_platform.contracts import TABLES, marts
from ecom_platform.contracts.bot_marts import DAILY_BOT_IMPACT
from ecom_platform.definitions import Resources
from ecom_platform.marts.queries import range_values, rendered
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings

QUESTIONS = Path(__file__).parent / "questions"
TITLES = {
    "visitors": "1. Unique visitors a day (daily_visitors)",
    "carts": "2. Carts filled but not bought (daily_cart_abandonment)",
    "left_products": "   What was left in carts, by category (abandoned_carts)",
    "hours": "3. Top category of each hour, {zone}, {last} (hourly_category_activity)",
    "weekdays": "   Top three categories per weekday, 28 days to {last} (weekday_category_ranking)",
    "brands": "4. Brands that need marketing, 28 days to {last} (brand_marketing_needs)",
}
AMOUNTS = {"revenue", "value_left"}
"""Columns of answers that are money."""
ODD_SHOWN = 3
WINDOW_DAYS = marts.TRAILING_DAYS


def print_answers(
    tables: TableStore,
    engine: QueryEngine,
    days: Sequence[date],
    console: Console,
    currency: str,
) -> None:
    """Print the answers over some days; what they cannot tell is said in words."""
    if not days:
        console.print(
            "No day has events yet: run `make demo`, or deliver files under raw/exports/."
        )
        return
    first, last = min(days), max(days)
    with engine.lake_workspace() as (connection, _):
        shown = [*marts.TABLES, TABLES["lake", "event_days"]]
        engine.show(connection, {table: tables.locations(table, first, last) for table in shown})
        for name, title in TITLES.items():
            sql = rendered((QUESTIONS / f"{name}.sql").read_text(), range_values(first, last))
            answer = connection.execute(sql)
            shown_title = title.format(last=last, zone=tables.store_time_zone)
            console.print(_grid(shown_title, answer, currency))
        for caveat in _caveats(connection, days):
            console.print(f"[yellow]Note:[/yellow] {caveat}")


def print_bot_impact(
    tables: TableStore, engine: QueryEngine, day: date, console: Console, currency: str
) -> None:
    """Print a day's figures for everybody, for people, and the difference."""
    mart = DAILY_BOT_IMPACT
    with engine.lake_workspace() as (connection, _):
        engine.show(connection, {mart: tables.locations(mart, day, day)})
        sql = rendered((QUESTIONS / "bots.sql").read_text(), range_values(day, day))
        title = f"6. What bots did to the figures of {day} (daily_bot_impact, {currency})"
        console.print(_grid(title, connection.execute(sql), currency))


def _grid(title: str, answer: duckdb.DuckDBPyConnection, currency: str) -> Grid:
    """Names of brands and categories come from files: they are text, never markup."""
    grid = Grid(title=title, title_justify="left", title_style="bold")
    names = [column[0] for column in answer.description or []]
    rows = answer.fetchall()
    for place, name in enumerate(names):
        is_number = bool(rows) and isinstance(rows[0][place], int | float | Decimal)
        label = name.replace("_", " ")
        if name in AMOUNTS:
            label = f"{label} ({currency})"
        grid.add_column(label, justify="right" if is_number else "left")
    for row in rows:
        grid.add_row(*(Text(_text(value)) for value in row))
    return grid


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | Decimal):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _caveats(connection: duckdb.DuckDBPyConnection, days: Sequence[date]) -> list[str]:
    """What these figures cannot tell."""
    found = []
    immature = connection.execute(
        "select count(*) from marts.daily_cart_abandonment where not is_mature"
    ).fetchall()[0][0]
    if immature:
        found.append(
            f"{immature} of {len(days)} days are not mature: a cart may still be bought within 24"
            " hours, on a day that is not there yet or not complete."
        )
    partial = connection.execute(
        "select count(*) from marts.daily_visitors where is_partial"
    ).fetchall()[0][0]
    if partial:
        found.append(
            f"{partial} of {len(days)} days are partial: their files came before midnight."
        )
    odd = connection.execute(
        "select kpi || ' on ' || event_date from marts.kpi_anomalies where is_unusual"
        " order by event_date desc, kpi"
    ).fetchall()
    if odd:
        found.append(
            f"{len(odd)} daily figures are unusual (kpi_anomalies), the newest:"
            f" {', '.join(name for (name,) in odd[:ODD_SHOWN])}."
        )
    if len(days) < WINDOW_DAYS:
        found.append(
            f"Rankings by weekday and the needs of brands look back {WINDOW_DAYS} days; there"
            f" {'is 1' if len(days) == 1 else f'are {len(days)}'} of {WINDOW_DAYS}. One day of one"
            " weekday ranks nothing, and most brands have too little data."
        )
    return found


def main() -> None:
    settings = Settings.from_environment()
    resources = Resources.of(settings)
    partitions = resources.tables.catalog.partitions(TABLES["lake", "events"])
    days = [date.fromisoformat(part.values[0]) for part in partitions if part.row_count]
    print_answers(
        resources.tables, resources.engine, days[-WINDOW_DAYS:], Console(), settings.currency
    )


if __name__ == "__main__":
    main()
