"""Records of the stream as the rules read them: judged as the lake judges them, but for times that
lie ahead, and ordered by rule_time.

What does not belong here: what the rules are (`rules`), and what makes a record an event (`lake`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.detection.rules import time_tolerance_seconds
from ecom_platform.lake.hour_rows import CHUNK_LINES, LINES, judge_lines

RULE_MS = f"""
case
  when arrived_at is null then epoch_ms(occurred_at)
  when abs(epoch_ms(occurred_at) - epoch_ms(arrived_at)) < 1000 * {time_tolerance_seconds()}
    then epoch_ms(occurred_at)
  else epoch_ms(arrived_at)
end
"""
"""rule_time: an event's own time where its sender's clock can be believed, else its arrival."""

EVENTS = f"""
create or replace table events as
select
  event_id,
  make_timestamp(1000 * ({RULE_MS})) as event_time,
  {RULE_MS} as event_ms,
  event_type,
  cast(product_id as bigint) as product_id,
  cast(category_id as bigint) as category_id,
  cast(price as decimal(14, 2)) as price,
  cast(user_id as bigint) as user_id,
  user_session
from judged
where verdict is null
"""


@dataclass(frozen=True)
class Refused:
    """How many records were no events for one reason, and the first of them."""

    reason: str
    record_count: int
    first_line: int
    detail: str


def load_records(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Refused]:
    """Make the table `events` of the connection from a file of records, one JSON object a line.

    A record tells by `arrived_at` when the stream took it; without one its own time counts.
    """
    connection.execute("set timezone = 'UTC'")
    judge_lines(connection, _chunks(path), takes_future=True)
    connection.execute(EVENTS)
    rows = connection.execute("""
        select verdict[1], count(*), min(line_number),
            arg_min(verdict[2] || ': ' || verdict[3], line_number)
        from judged where verdict is not null group by 1 order by 2 desc
    """).fetchall()
    return [Refused(*row) for row in rows]


def _chunks(path: Path) -> Iterator[pa.Table]:
    with path.open("rb") as file:
        first = 1
        while lines := list(islice(file, CHUNK_LINES)):
            yield _table(lines, first)
            first += len(lines)
        if first == 1:
            yield _table([], first)


def _table(lines: Iterable[bytes], first: int) -> pa.Table:
    texts = [line.rstrip(b"\n").decode("utf-8", "backslashreplace") for line in lines]
    columns = {
        "object_key": pa.nulls(len(texts), pa.string()),
        "last_modified_at": pa.nulls(len(texts), pa.timestamp("us")),
        "line_number": pa.array(range(first, first + len(texts)), pa.int64()),
        "line": pa.array(texts, pa.string()),
    }
    return pa.table(columns, schema=LINES)
