"""Lines that are not UTF-8, told apart on their own: bad bytes in a column that nobody asks for
leave a row good.

What does not belong here: lines whose fields cannot be told apart; they stay set aside.
"""

import csv

import pyarrow as pa

from ecom_platform.lake.event_csv import EventCsv
from ecom_platform.lake.hostile_lines import BAD_ENCODING
from ecom_platform.lake.spool import AsideLine


def odd_rows(file: EventCsv) -> pa.Table:
    """The known columns of such lines as text, with the number of the line.

    Lines whose known columns cannot be read are left out.
    """
    rows = [
        {"line_number": number, **fields}
        for number, line in file.spool.set_aside.items()
        if line.reason == BAD_ENCODING and (fields := _known_fields(file, line))
    ]
    schema = pa.schema(
        [("line_number", pa.int64()), *((n, pa.string()) for n in file.known_columns)]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _known_fields(file: EventCsv, line: AsideLine) -> dict[str, str | None] | None:
    """Every byte is one character of Latin-1, so that fields can be told apart before decoding."""
    try:
        cells = next(csv.reader([line.text.decode("latin-1")], strict=True))
        if len(cells) != len(file.columns):
            return None
        texts = dict(zip(file.columns, cells, strict=True))
        return {n: texts[n].encode("latin-1").decode("utf-8") or None for n in file.known_columns}
    except (csv.Error, UnicodeDecodeError):
        return None
