"""One raw file becomes typed rows by day, and refused rows with their reason.

The file is read once; only one that has refused rows is looked at again, to tell their lines. Rows
read are counted apart from the parser (`spool`), so that the sum at the end can fail.

What does not belong here: reading from S3 and publishing (`pipeline`).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts.lake import EVENT_COLUMNS, SOURCE_COLUMNS, STAGED_EVENTS
from ecom_platform.lake.event_csv import EventCsv, read_header
from ecom_platform.lake.event_rules import Rule, event_rules, event_time, verdict
from ecom_platform.lake.ledgers import check_conserved
from ecom_platform.lake.odd_rows import odd_rows
from ecom_platform.lake.refusals import Judging, quarantine_of
from ecom_platform.lake.spool import Spool
from ecom_platform.lake.store_time import on_store_clocks
from ecom_platform.lake.terms import USUAL, Terms
from ecom_platform.lake.tombstones import NOBODY, Tombstones, without_texts
from ecom_platform.tables.contract_check import check_contract
from ecom_platform.tables.parquet import ENGINE_TYPES, WrittenPartition, copy_by_partition

FUTURE_TOLERANCE = timedelta(hours=1)
"""How far ahead of its object's putting a time may lie: clocks differ, and exports take a while."""


@dataclass(frozen=True)
class StagedFile:
    """What became of the rows of one file.

    Attributes:
        days: the Parquet written for each day of the store.
        quarantine: rows of `lake/quarantined_events`, without the partition column.
        read_row_count: rows of the file, counted apart from the parser.
        absent_columns: optional columns that the file lacks.

    """

    days: dict[date, WrittenPartition]
    quarantine: pa.Table
    read_row_count: int
    absent_columns: tuple[str, ...]

    @property
    def staged_row_count(self) -> int:
        return sum(written.row_count for written in self.days.values())

    def check_conservation(self) -> None:
        """Rows read = rows staged + rows quarantined.

        Raises:
            RowsNotConservedError: they are not.

        """
        fates = {"staged": self.staged_row_count, "quarantined": self.quarantine.num_rows}
        check_conserved(self.read_row_count, fates)


def stage_file(
    connection: duckdb.DuckDBPyConnection,
    spool: Spool,
    *,
    last_modified_at: datetime,
    directory: Path,
    terms: Terms = USUAL,
) -> StagedFile:
    """Write the good rows of a spooled file as Parquet by day under `directory`.

    Args:
        connection: an engine of its own; its tables of rejects are used.
        spool: the local copy.
        last_modified_at: when the object was put (UTC); later times are judged to be in the future.
        directory: an empty folder.
        terms: how days are cut, and who is forgotten.

    Raises:
        FileRefusedError: the file as a whole is not readable as events.
        NotPublishableError: rows were lost, or what was written breaks the contract.

    """
    file = read_header(spool)
    odd = odd_rows(file)
    rules = file_rules(file, last_modified_at + FUTURE_TOLERANCE, terms.tombstones)
    connection.register("odd_rows", odd)
    written = copy_by_partition(
        connection, _staged_select(file, rules, terms.store_time_zone), directory
    )
    is_clean = None not in written and not spool.set_aside and not _has_rejects(connection)
    judging = Judging(file, odd, lambda rows: judged(rows, rules, terms.store_time_zone))
    refused = quarantine_of(connection, judging, is_clean=is_clean)
    quarantine = without_texts(refused, terms.tombstones)
    connection.unregister("odd_rows")
    days = {day: part for day, part in written.items() if day is not None}
    parsed_row_count = sum(part.row_count for part in days.values()) + quarantine.num_rows
    staged = StagedFile(
        days=days,
        quarantine=quarantine,
        read_row_count=spool.row_count(parsed_row_count),
        absent_columns=file.absent_columns,
    )
    staged.check_conservation()
    check_contract(connection, STAGED_EVENTS, list(days.values()))
    return staged


def file_rules(file: EventCsv, latest: datetime, tombstones: Tombstones = NOBODY) -> list[Rule]:
    return event_rules(
        time="occurred_at",
        date="event_date",
        latest=f"timestamp '{latest}'",
        columns=file.known_columns,
        tombstones=tombstones,
    )


def judged(rows: str, rules: list[Rule], zone: str) -> str:
    """Rows of text with their time, their day, and the verdict on them."""
    return f"select *, {verdict(rules)} as verdict from {_dated(rows, zone)}"


def _dated(rows: str, zone: str) -> str:
    """Rows of text with their time, and their day and time on the store's clocks."""
    timed = f"(select *, {event_time('event_time')} as occurred_at from {rows})"
    return on_store_clocks(timed, zone)


def _has_rejects(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("select 1 from reject_errors limit 1").fetchall())


def _staged_select(file: EventCsv, rules: list[Rule], zone: str) -> str:
    """Good rows under their day, refused ones under a day that is null."""
    known = ", ".join(file.known_columns)
    texts = f"(select {known} from {file.relation()} union all select {known} from odd_rows)"
    is_bad = " or ".join(f"({rule.is_broken})" for rule in rules)
    values = {
        **{c.name: f"null::{ENGINE_TYPES[c.type]}" for c in SOURCE_COLUMNS},
        **{name: name for name in file.known_columns},
        "event_time": "occurred_at",
        "source": "'export'",
        "event_id": "null::varchar",
        "arrived_at": "null::timestamp",
        "event_hour": "extract(hour from local_at)",
    }
    columns = ", ".join(
        f"try_cast({values[c.name]} as {ENGINE_TYPES[c.type]}) as {c.name}" for c in EVENT_COLUMNS
    )
    return f"""
        select {columns}, case when not coalesce({is_bad}, true) then event_date end as event_date
        from {_dated(texts, zone)}
    """
