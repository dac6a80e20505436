"""The header of an event file, and how DuckDB is told to read what follows.

What does not belong here: what makes a row good (`staging`).
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from ecom_platform.contracts.lake import EVENT_TYPES, REQUIRED_SOURCE_COLUMNS, SOURCE_COLUMNS
from ecom_platform.lake.event_rules import literal
from ecom_platform.lake.spool import Spool
from ecom_platform.tables.errors import FileRefusedError

LONGEST_HEADER = 65_536
TIME_FORMAT = "%Y-%m-%d %H:%M:%S UTC"

# Ids are read as text, because DuckDB reads 12.7, 1_000 and 2.05e+18 as numbers without a word, and
# the price with more places than it may have, because DECIMAL(10,2) rounds what is too long.
READ_TYPES = {
    "event_time": "TIMESTAMP",
    "event_type": "ENUM(" + ", ".join(f"'{name}'" for name in EVENT_TYPES) + ")",
    "price": "DECIMAL(18,6)",
}


@dataclass(frozen=True)
class EventCsv:
    """A file whose header was understood.

    Attributes:
        spool: the local copy.
        columns: names as the contract has them, in the order of the file; what the contract does
            not know is kept under the file's own name and never selected.

    """

    spool: Spool
    columns: tuple[str, ...]

    @property
    def absent_columns(self) -> tuple[str, ...]:
        known = (column.name for column in SOURCE_COLUMNS)
        return tuple(name for name in known if name not in self.columns)

    def relation(self, *, typed: bool) -> str:
        """A `read_csv` over the copy; refused rows go to `reject_errors`.

        With `typed`, times, event types and prices are read as such and everything else as text; an
        empty required field is an error. Without, every field is text, as it stands.
        """
        types = {
            name: READ_TYPES.get(name, "VARCHAR") if typed else "VARCHAR" for name in self.columns
        }
        required = ", ".join(map(literal, READ_TYPES))
        force_not_null = f", force_not_null=[{required}]" if typed else ""
        quote = '"' if self.spool.has_quotes else ""
        return (
            f"read_csv({literal(str(self.spool.path))}, auto_detect=false, header=true, delim=','"
            f", quote={literal(quote)}, escape={literal(quote)}, new_line='\\n'"
            f", strict_mode=true, compression='none', store_rejects=true, rejects_limit=0"
            f", timestampformat={literal(TIME_FORMAT)}{force_not_null}"
            f", columns={{{', '.join(f'{literal(n)}: {literal(t)}' for n, t in types.items())}}})"
        )


def read_header(spool: Spool) -> EventCsv:
    """Understand the first line of a file.

    Raises:
        FileRefusedError: it is no CSV header, or a required column is missing or given twice.

    """
    with spool.path.open("rb") as copy:
        line = copy.readline(LONGEST_HEADER)
    names = _names(line)
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise FileRefusedError("duplicate_columns", ", ".join(duplicates))
    missing = [name for name in REQUIRED_SOURCE_COLUMNS if name not in names]
    if missing:
        raise FileRefusedError(
            "missing_columns", f"{', '.join(missing)} (the header has: {', '.join(names)[:200]})"
        )
    return EventCsv(spool=spool, columns=tuple(names))


def _names(line: bytes) -> list[str]:
    if b"\0" in line or len(line) >= LONGEST_HEADER:
        raise FileRefusedError("not_csv", "the first line is no line of text")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefusedError("not_csv", f"the first line is not UTF-8 ({error})") from error
    names = [name.strip().lower() for name in next(csv.reader([text.rstrip("\n")]), [])]
    if len(names) < len(REQUIRED_SOURCE_COLUMNS) and not set(names) & set(REQUIRED_SOURCE_COLUMNS):
        raise FileRefusedError("not_csv", f"the first line is no header: {text.strip()[:80]!r}")
    return names


def column_or_null(names: Iterable[str], name: str) -> str:
    """The column, or a null where the file has none."""
    return name if name in names else "null::varchar"
