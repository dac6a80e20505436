"""The header of an event file, and how DuckDB is told to read what follows.

Everything is read as text: DuckDB reads 12.7, 1_000 and 2.05e+18 as ids without a word, and its own
parsing of times costs more than reading them as text. What does not belong here: what makes a row
good (`event_rules`), and what a file is that is no CSV (`file_forms`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecom_platform.contracts.lake import REQUIRED_SOURCE_COLUMNS, SOURCE_COLUMNS
from ecom_platform.lake.file_forms import LONGEST_HEADER, header_names
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.shown_text import shown
from ecom_platform.lake.spool import Spool
from ecom_platform.tables.literals import literal

KNOWN = tuple(column.name for column in SOURCE_COLUMNS)


@dataclass(frozen=True)
class EventCsv:
    """A file whose header was understood.

    Attributes:
        spool: the local copy.
        columns: one name a column of the file, in its order: as the contract has it, or one that
            nothing asks for.

    """

    spool: Spool
    columns: tuple[str, ...]

    @property
    def known_columns(self) -> tuple[str, ...]:
        return tuple(name for name in KNOWN if name in self.columns)

    @property
    def absent_columns(self) -> tuple[str, ...]:
        return tuple(name for name in KNOWN if name not in self.columns)

    def relation(self, path: Path | None = None, *, has_header: bool = True) -> str:
        """A `read_csv` over the copy or a part of it; rows that are ragged go to `reject_errors`.

        A part is read by one thread, so that its rows come in the order of its lines.
        """
        quote = '"' if self.spool.has_quotes else ""
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.columns)
        return (
            f"read_csv({literal(str(path or self.spool.path))}, auto_detect=false"
            f", header={str(has_header).lower()}, delim=',', quote={literal(quote)}"
            f", escape={literal(quote)}, new_line='\\n', strict_mode=true, compression='none'"
            f", store_rejects=true, rejects_limit=0, parallel={str(path is None).lower()}"
            f", columns={{{columns}}})"
        )


def read_header(spool: Spool) -> EventCsv:
    """Understand the first line of a file.

    Raises:
        FileRefusedError: it is no CSV header, or a column is missing or given twice.

    """
    with spool.path.open("rb") as copy:
        names = header_names(copy.read(LONGEST_HEADER))
    duplicates = sorted({name for name in names if name in KNOWN and names.count(name) > 1})
    if duplicates:
        raise FileRefusedError("duplicate_columns", ", ".join(duplicates))
    missing = [name for name in REQUIRED_SOURCE_COLUMNS if name not in names]
    if missing:
        found = shown(", ".join(names), 200)
        raise FileRefusedError("missing_columns", f"{', '.join(missing)} (the header has: {found})")
    return EventCsv(spool=spool, columns=tuple(_own_names(names)))


def _own_names(names: Sequence[str]) -> list[str]:
    """Extras may be called anything, even nothing or the same twice: nobody asks for them."""
    return [name if name in KNOWN else f"extra_{place}" for place, name in enumerate(names)]
