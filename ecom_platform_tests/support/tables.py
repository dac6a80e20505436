"""Reading tables in tests: through the catalog, as any reader would."""

from datetime import date
from typing import Any

from ecom_platform.batch import Batch
from ecom_platform.contracts import TABLES, marts
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.resources.query_engine import relation

FIRST, LAST = date(2019, 1, 1), date(2100, 1, 1)


def rows(batch: Batch, layer: str, name: str, query: str = "select * from {table}") -> list[Any]:
    """The rows of a query over the current version of a table, as tuples in any order."""
    table = TABLES[layer, name]
    parts = batch.tables.catalog.partitions(table)
    sql = query.format(table=f"({relation(table, [part.location for part in parts])})")
    with batch.engine.lake_workspace() as (connection, _):
        return connection.execute(sql).fetchall()


def records(batch: Batch, layer: str, name: str) -> list[dict[str, Any]]:
    """The rows of a table by column, the day and other partition columns included."""
    table = TABLES[layer, name]
    parts = batch.tables.catalog.partitions(table)
    with batch.engine.lake_workspace() as (connection, _):
        return [
            {**dict(zip(names, part.values, strict=True)), **row}
            for part in parts
            for names in [[column.name for column in table.partition_columns]]
            for row in connection.execute(relation(table, [part.location]))
            .to_arrow_table()
            .to_pylist()
        ]


def all_marts(batch: Batch) -> dict[str, list[Any]]:
    """Every row of every mart, sorted."""
    return {mart.name: sorted(rows(batch, *mart.key), key=repr) for mart in marts.TABLES}


def one(batch: Batch, layer: str, name: str) -> dict[str, Any]:
    """The only row of a table, by column; of a mart, the only one of everybody's."""
    table = TABLES[layer, name]
    columns = ", ".join(column.name for column in table.columns)
    whose = " where audience = 'all'" if AUDIENCE in table.columns else ""
    found = rows(batch, layer, name, f"select {columns} from {{table}}{whose}")
    assert len(found) == 1, found
    return dict(zip((column.name for column in table.columns), found[0], strict=True))


def check_conservation(batch: Batch) -> None:
    """Rows read = staged + quarantined per file, and staged = the sum of fates per day.

    Counted from the tables' own rows; the ledgers are only held against them.
    """
    counts = {}
    for name in ("staged_events", "quarantined_events"):
        counts[name] = _rows_by_partition(batch, "lake", name)
    ledger = _staged_files(batch)
    for file_id, (read, staged, quarantined, refusal) in ledger.items():
        counted = sum(n for key, n in counts["staged_events"].items() if key[0] == file_id)
        assert counted == staged, file_id
        assert counts["quarantined_events"].get((file_id,), 0) == quarantined, file_id
        assert read == staged + quarantined, file_id
        assert refusal is None or read == 0
    kept = {key[0]: n for key, n in _rows_by_partition(batch, "lake", "events").items()}
    days = rows(
        batch,
        "lake",
        "event_days",
        "select event_date, staged_row_count, kept_row_count, redelivered_row_count,"
        " retired_row_count, waiting_row_count, superseded_row_count from {table}",
    )
    for day, staged, kept_row_count, *others in days:
        assert kept_row_count == kept[str(day)], day
        of_files = sum(n for key, n in counts["staged_events"].items() if key[1] == str(day))
        assert staged == of_files == kept_row_count + sum(others), day


def _rows_by_partition(batch: Batch, layer: str, name: str) -> dict[tuple[str, ...], int]:
    table = TABLES[layer, name]
    with batch.engine.lake_workspace() as (connection, _):
        return {
            part.values: connection.execute(
                f"select count(*) from ({relation(table, [part.location])})"
            ).fetchall()[0][0]
            for part in batch.tables.catalog.partitions(table)
        }


def _staged_files(batch: Batch) -> dict[str, tuple[int, int, int, str | None]]:
    table = TABLES["lake", "staged_files"]
    found = {}
    with batch.engine.lake_workspace() as (connection, _):
        for part in batch.tables.catalog.partitions(table):
            row = connection.execute(
                "select read_row_count, staged_row_count, quarantined_row_count, refusal"
                f" from ({relation(table, [part.location])})"
            ).fetchall()[0]
            found[part.values[0]] = row
    return found
