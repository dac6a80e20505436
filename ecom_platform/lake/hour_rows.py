"""Lines of the stream's archive become typed rows by day, and refused rows with their reason.

An event counts once an hour, by its `event_id`; the merge of a day takes out what hours share.
Lines are counted here, apart from the parser, so that the sum at the end can fail.

What does not belong here: reading from S3 and publishing (`pipeline`).
"""

import base64
import json
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
from ecom_platform.lake.event_rules import Rule, event_rules, event_time, verdict
from ecom_platform.lake.ledgers import check_conserved
from ecom_platform.lake.store_time import on_store_clocks
from ecom_platform.lake.stream_archive import UNREADABLE
from ecom_platform.lake.terms import USUAL, Terms
from ecom_platform.lake.tombstones import Tombstones, without_texts
from ecom_platform.tables.contract_check import check_contract
from ecom_platform.tables.literals import literal
from ecom_platform.tables.parquet import (
    ENGINE_TYPES,
    WrittenPartition,
    arrow_schema,
    copy_by_partition,
)

FUTURE_TOLERANCE = timedelta(minutes=1)
"""How far ahead of its arrival a time may lie, as in Flink: a clock that runs ahead a little."""
OPTIONAL = ("category_id", "category_code", "brand", "user_session")
"""Where empty text is nothing, as in a file."""
TEXTS = ("event_id", "category_code", "brand", "user_session")
"""Where any text is good."""
FIELDS = ("event_id", "arrived_at", UNREADABLE, *(column.name for column in SOURCE_COLUMNS))
KPL_FORM = "84maw[g-v].*"
"""How the base64 of records begins that the Kinesis Producer Library put together."""
DEEPEST = 100
"""Opening brackets of a line; more are refused unread, by Flink and by `event_transformer` too."""
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
        days: the Parquet written for each day of the store.
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
        fates = {
            "staged": self.staged_row_count,
            "repeated": self.repeated_row_count,
            "quarantined": self.quarantine.num_rows,
        }
        check_conserved(self.read_row_count, fates)


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
    connection: duckdb.DuckDBPyConnection,
    chunks: Iterable[pa.Table],
    directory: Path,
    terms: Terms = USUAL,
) -> StagedHour:
    """Write the good rows of an hour as Parquet by day under `directory`, an empty folder.

    Raises:
        NotPublishableError: rows were lost, or what was written breaks the contract.

    """
    read_row_count = judge_lines(connection, chunks, terms)
    good, distinct = connection.execute(
        "select count(*), count(distinct event_id) from judged where verdict is null"
    ).fetchall()[0]
    written = copy_by_partition(connection, _staged_select(), directory)
    staged = StagedHour(
        days={day: part for day, part in written.items() if day is not None},
        quarantine=without_texts(_quarantine(connection), terms.tombstones),
        read_row_count=read_row_count,
        repeated_row_count=good - distinct,
    )
    staged.check_conservation()
    check_contract(connection, STAGED_STREAM_EVENTS, list(staged.days.values()))
    return staged


def judge_lines(
    connection: duckdb.DuckDBPyConnection,
    chunks: Iterable[pa.Table],
    terms: Terms = USUAL,
    *,
    takes_future: bool = False,
) -> int:
    """Make the table `judged` of lines, each with its fields and its verdict; returns how many.

    With `takes_future` a time may lie any time ahead of its arrival, as the rules on bots take it.
    """
    select = _judging_select("lines", terms, takes_future=takes_future)
    read_row_count = 0
    for place, chunk in enumerate(chunks):
        connection.register("lines", chunk)
        how = "insert into judged" if place else "create or replace temp table judged as"
        connection.execute(f"{how} {select}")
        connection.unregister("lines")
        read_row_count += chunk.num_rows
    return read_row_count


def _judging_select(lines: str, terms: Terms, *, takes_future: bool) -> str:
    """Every field as text; the first rule that a line breaks is its reason."""
    paths = ", ".join(f"'$.{name}'" for name in FIELDS)
    fields = ", ".join(
        f"{_or_nothing(name, f'fields[{place}]')} as {name}"
        for place, name in enumerate(FIELDS, start=1)
    )
    minutes = FUTURE_TOLERANCE // timedelta(minutes=1)
    latest = None if takes_future else f"arrived_at + interval {minutes} minute"
    return f"""
        with told_apart as (
            select *, length(line) - length(replace(replace(line, '{{', ''), '[', '')) <= {DEEPEST}
                and json_valid(line) and json_type(case when json_valid(line) then line end)
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
            select * replace (
                    coalesce({event_time("arrived_at")}, last_modified_at) as arrived_at
                ),
                {event_time("event_time")} as occurred_at
            from named
        )
        select *, {verdict(_rules(latest, terms.tombstones))} as verdict
        from {on_store_clocks("timed", terms.store_time_zone)}
    """


def _or_nothing(name: str, value: str) -> str:
    """The text of a field; an object or an array is none where any text would do, as in Flink."""
    if name not in TEXTS:
        return f"nullif({value}, '')" if name in OPTIONAL else value
    is_nested = f"json_type(line, '$.{name}') in ('OBJECT', 'ARRAY')"
    return (
        f"case when left({value}, 1) in ('{{', '[') and {is_nested} then null"
        f" else nullif({value}, '') end"
    )


def _rules(latest: str | None, tombstones: Tombstones) -> list[Rule]:
    is_kpl = f"regexp_full_match({UNREADABLE}, {literal(KPL_FORM)}, 's')"
    return [
        Rule("kpl_aggregated", "line", f"coalesce({is_kpl}, false)"),
        Rule("not_one_json_object", "line", f"not is_object or {UNREADABLE} is not null"),
        *event_rules(
            time="occurred_at",
            date="event_date",
            latest=latest,
            columns=FIELDS,
            tombstones=tombstones,
        ),
        Rule("missing_event_id", "event_id", "coalesce(event_id, '') = ''"),
    ]


def _staged_select() -> str:
    """Good lines under their day, each event id once."""
    values = {
        "event_time": "occurred_at",
        "source": "'stream'",
        "event_hour": "extract(hour from local_at)",
    }
    columns = ", ".join(
        f"cast({values.get(c.name, c.name)} as {ENGINE_TYPES[c.type]}) as {c.name}"
        for c in EVENT_COLUMNS
    )
    return f"""
        select {columns}, event_date from judged
        where verdict is null
        qualify row_number() over (partition by judged.event_id order by {PLACE}) = 1
    """


def _quarantine(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    rows = connection.execute(
        "select object_key, line_number, verdict[1] as reason,"
        " left(verdict[2] || ': ' || verdict[3], 500) as detail, line as line_text"
        f" from judged where verdict is not null order by {PLACE}"
    ).to_arrow_table()
    texts = pa.array([_sent_text(line) for line in rows["line_text"].to_pylist()], pa.string())
    place = rows.column_names.index("line_text")
    return rows.set_column(place, "line_text", texts).cast(
        arrow_schema(QUARANTINED_STREAM_EVENTS.columns)
    )


def _sent_text(line: str) -> str:
    """What the sender wrote, where the archive holds it byte by byte."""
    if UNREADABLE not in line:
        return line
    data = base64.b64decode(json.loads(line)[UNREADABLE])
    return data.decode("utf-8", "backslashreplace")
