"""What a file is that is no comma-separated UTF-8 text with a header: told by its first bytes.

What does not belong here: whether the header names the right columns (`event_csv`).
"""

import csv
import re

from ecom_platform.contracts.lake import EVENT_TYPES, REQUIRED_SOURCE_COLUMNS
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.shown_text import shown

LONGEST_HEADER = 65_536
GZIP_MAGIC = b"\x1f\x8b"

PACKED_FORMS = {
    b"PK\x03\x04": "a zip archive (or an Excel workbook): unpack it, or save it as CSV",
    b"PK\x05\x06": "an empty zip archive",
    GZIP_MAGIC: "packed twice (gzip in gzip): unpack it once",
    b"BZh": "packed by bzip2: unpack it, or pack it by gzip",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it, or pack it by gzip",
    b"\xfd7zXZ\x00": "packed by xz: unpack it, or pack it by gzip",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it",
    b"Rar!": "a rar archive: unpack it",
    b"PAR1": "a Parquet file: export it as CSV",
    b"Obj\x01": "an Avro file: export it as CSV",
    b"ORC": "an ORC file: export it as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save it as CSV",
    b"SQLite format 3": "a SQLite database: export a table as CSV",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
"""First bytes → what the file is, and what to do."""

WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order marks of encodings with more than one byte a character."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DELIMITERS = {";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_TIME_LIKE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{10,13}$")


def header_names(head: bytes) -> list[str]:
    """The names in the first line of a file, as they stand but for blanks, case and marks.

    Args:
        head: the first `LONGEST_HEADER` bytes, or all of a smaller file.

    Raises:
        FileRefusedError: the file has another form; the message says which.

    """
    _check_binary(head)
    line = head.split(b"\n", 1)[0].rstrip(b"\r")
    _check_line_ends(head, line)
    text = _decoded(line)
    _check_first_line(text)
    try:
        names = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        detail = f"the first line cannot be told apart ({error}): {shown(text)!r}"
        raise FileRefusedError("not_csv", detail) from error
    _check_delimiter(text, names)
    return [name.strip().lower() for name in names]


def _check_binary(head: bytes) -> None:
    for magic, what in PACKED_FORMS.items():
        if head.startswith(magic):
            raise FileRefusedError("not_csv", f"the file is {what}")
    for mark, encoding in WIDE_MARKS.items():
        if head.startswith(mark):
            raise FileRefusedError("wrong_encoding", f"the file is {encoding}")
    first = head[:64]
    if (first and not first[1::2].strip(b"\0")) or (len(first) > 1 and not first[::2].strip(b"\0")):
        raise FileRefusedError("wrong_encoding", "the file looks like UTF-16 (every other byte 0)")


def _check_line_ends(head: bytes, line: bytes) -> None:
    if b"\r" in line:
        raise FileRefusedError(
            "not_csv", "line ends are lone carriage returns (CR, as of an old Mac); wanted are LF"
        )
    if len(line) >= LONGEST_HEADER:
        raise FileRefusedError("not_csv", f"the first line is longer than {LONGEST_HEADER:,} bytes")
    if not line.strip() and head.strip():
        raise FileRefusedError("no_header", "the first line is blank")
    if b"\0" in line:
        raise FileRefusedError("not_csv", "the first line holds NUL bytes and is no text")


def _decoded(line: bytes) -> str:
    """The line without byte order marks; concatenated exports begin with more than one."""
    while line.startswith(BYTE_ORDER_MARK):
        line = line.removeprefix(BYTE_ORDER_MARK)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefusedError(
            "wrong_encoding", f"the first line is not UTF-8 (byte {error.start + 1})"
        ) from error


def _check_first_line(text: str) -> None:
    start = text.lstrip()[:1]
    if start == "<":
        raise FileRefusedError("not_csv", f"the file is HTML or XML: {shown(text)!r}")
    if start in ("{", "["):
        raise FileRefusedError("not_csv", f"the file is JSON: {shown(text)!r}")
    if text.strip().strip('"').lower().startswith("sep="):
        raise FileRefusedError(
            "no_header", f"the first line is the hint of a spreadsheet, {shown(text)!r}; remove it"
        )


def _check_delimiter(text: str, names: list[str]) -> None:
    """A header of the right names that are not parted by commas, or data where it should be."""
    for mark, what in DELIMITERS.items():
        parts = {part.strip().strip('"').lower() for part in text.split(mark)}
        if len(parts & set(REQUIRED_SOURCE_COLUMNS)) > 1 and len(names) < len(parts):
            raise FileRefusedError("wrong_delimiter", f"{what} stands where a comma is needed")
    cells = [name.strip().lower() for name in names]
    if set(cells) & set(REQUIRED_SOURCE_COLUMNS):
        return
    if any(map(_TIME_LIKE.match, cells)) or set(cells) & set(EVENT_TYPES):
        raise FileRefusedError("no_header", f"the first line is an event already: {shown(text)!r}")
    if len(cells) < 2:  # noqa: PLR2004 - one cell is no row of a table
        raise FileRefusedError("not_csv", f"the first line is no header: {shown(text)!r}")
