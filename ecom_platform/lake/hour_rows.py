"""Lines of the stream's archive become typed rows by day, and refused rows with their reason.

An event counts once an hour, by its `event_id`; the merge of a day takes out what hours share.
Lines are counted here, apart from the parser, so that the sum at the end can fail.

What does not belong here: reading from S3 and publishing (`resources`, `defs.lake`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts.lake import (
    EVENT_COLUMNS,
    QUARANTINED_STREAM_EVENTS,
    SOURCE_COLUMNS,
    STAGED_STREAM_EVENTS,
)
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.event_rules import Rule, event_rules, literal, verdict
from ecom_platform.lake.file_rows import FUTURE_TOLERANCE
from ecom_platform.lake.stream_archive import UNREADABLE
from ecom_platform.tables.errors import RowsNotConservedError
from ecom_platform.tables.parquet import (
    ENGINE_TYPES,
    WrittenPartition,
    arrow_schema,
    check_contract,
    copy_by_partition,
)

WIRE_TIMES = ("%Y-%m-%dT%H:%M:%S.%gZ", "%Y-%m-%dT%H:%M:%SZ")
"""Times on the wire: ISO 8601, UTC."""
FIELDS = ("event_id", UNREADABLE, *(column.name for column in SOURCE_COLUMNS))
PLACE = "last_modified_at, object_key, line_number"
"""Where a line stands in the order of arrival: of one event id the first counts."""

CHUNK_LINES = 200_000
LINES = pa.schema(
    [
        ("object_key", pa.string()),
        ("last_modified_at", pa.timestamp("us")),
        ("line_number", pa.int64()),
        ("line", pa.string()),
    ]
)


@dataclass(frozen=True)
class StagedHour:
    """What became of the lines of an hour.

    Attributes:
        days: the Parquet written for each day.
        quarantine: rows of `lake/quarantined_stream_events`, without the partition column.
        read_row_count: lines read, counted apart from the parser.
        repeated_row_count: good lines whose event id the hour had already.

    """

    days: dict[date, WrittenPartition]
    quarantine: pa.Table
    read_row_count: int
    repeated_row_count: int

    @property
    def staged_row_count(self) -> int:
        return sum(written.row_count for written in self.days.values())

    def check_conservation(self) -> None:
        """Rows read = staged + repeated + quarantined.

        Raises:
            RowsNotConservedError: they are not.

        """
        refused = self.quarantine.num_rows
        if self.staged_row_count + self.repeated_row_count + refused != self.read_row_count:
            raise RowsNotConservedError(
                f"{self.read_row_count} lines read, but {self.staged_row_count} staged,"
                f" {self.repeated_row_count} repeated and {refused} quarantined"
            )


def line_chunks(
    objects: Iterable[tuple[EventFile, list[bytes]]], size: int = CHUNK_LINES
) -> Iterable[pa.Table]:
    """Tables of about `size` lines with their places, so that memory is bounded."""
    columns: dict[str, list[object]] = {name: [] for name in LINES.names}
    for archived, lines in objects:
        columns["object_key"] += [archived.object_key] * len(lines)
        columns["last_modified_at"] += [archived.last_modified_at] * len(lines)
        columns["line_number"] += range(1, len(lines) + 1)
        columns["line"] += [line.decode("utf-8", "backslashreplace") for line in lines]
        if len(columns["line"]) >= size:
            yield pa.Table.from_pydict(columns, schema=LINES)
            columns = {name: [] for name in LINES.names}
    yield pa.Table.from_pydict(columns, schema=LINES)


def stage_lines(
    connection: duckdb.DuckDBPyConnection, chunks: Iterable[pa.Table], directory: Path
) -> StagedHour:
    """Write the good rows of an hour as Parquet by day under `directory`, an empty folder.

    Raises:
        NotPublishableError: rows were lost, or what was written breaks the contract.

    """
    connection.execute(f"create or replace temp table judged as {_judging_select('no_lines')}")
    read_row_count = 0
    for chunk in chunks:
        connection.register("lines", chunk)
        connection.execute(f"insert into judged {_judging_select('lines')}")
        connection.unregister("lines")
        read_row_count += chunk.num_rows
    good, distinct = connection.execute(
        "select count(*), count(distinct event_id) from judged where verdict is null"
    ).fetchall()[0]
    written = copy_by_partition(connection, _staged_select(), directory)
    staged = StagedHour(
        days={day: part for day, part in written.items() if day is not None},
        quarantine=_quarantine(connection),
        read_row_count=read_row_count,
        repeated_row_count=good - distinct,
    )
    staged.check_conservation()
    for part in staged.days.values():
        check_contract(STAGED_STREAM_EVENTS, part)
    return staged


def _judging_select(lines: str) -> str:
    """Every field as text; the first rule that a line breaks is its reason."""
    paths = ", ".join(f"'$.{name}'" for name in FIELDS)
    fields = ", ".join(f"fields[{place}] as {name}" for place, name in enumerate(FIELDS, start=1))
    formats = ", ".join(map(literal, WIRE_TIMES))
    hours = FUTURE_TOLERANCE // timedelta(hours=1)
    rules = [
        Rule("malformed_row", "line", f"not is_object or {UNREADABLE} is not null"),
        *event_rules(
            time="occurred_at",
            latest=f"last_modified_at + interval {hours} hour",
            columns=FIELDS,
        ),
        Rule("missing_event_id", "event_id", "coalesce(event_id, '') = ''"),
    ]
    return f"""
        with no_lines as (
            select ''::varchar as object_key, now()::timestamp as last_modified_at,
                0::bigint as line_number, ''::varchar as line
            where false
        ),
        told_apart as (
            select *, json_valid(line) and json_type(case when json_valid(line) then line end)
                = 'OBJECT' as is_object
            from {lines}
        ),
        parsed as (
            select *,
                json_extract_string(case when is_object then line end, [{paths}]) as fields
            from told_apart
        ),
        named as (
            select object_key, last_modified_at, line_number, line, is_object, {fields}
            from parsed
        ),
        timed as (
            select *, try_strptime(event_time, [{formats}]) as occurred_at from named
        )
        select *, {verdict(rules)} as verdict from timed
    """


def _staged_select() -> str:
    """Good lines under their day, each event id once."""
    typed = {
        "event_time": "occurred_at",
        "source": "'stream'",
        "price": "try_cast(price as decimal(10, 2))",
    }
    columns = ", ".join(
        f"cast({typed.get(column.name, column.name)} as {ENGINE_TYPES[column.type]})"
        f" as {column.name}"
        for column in EVENT_COLUMNS
    )
    return f"""
        select {columns}, cast(occurred_at as date) as event_date from judged
        where verdict is null
        qualify row_number() over (partition by judged.event_id order by {PLACE}) = 1
    """


def _quarantine(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    found = connection.execute(
        "select object_key, line_number, verdict[1] as reason, left(verdict[2], 500) as detail,"
        f" line as line_text from judged where verdict is not null order by {PLACE}"
    ).to_arrow_table()
    return found.cast(arrow_schema(QUARANTINED_STREAM_EVENTS.columns))
