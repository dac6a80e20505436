"""One raw file becomes typed rows by day, and refused rows with their reason.

The file is read once; only one that has refused rows is looked at again, to tell their lines. Rows
read are counted apart from the parser (`spool`), so that the sum at the end can fail.

What does not belong here: reading from S3 and publishing (`resources`).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts import FIRST_DATE
from ecom_platform.contracts.lake import STAGED_EVENTS
from ecom_platform.lake.event_csv import EventCsv, column_or_null, read_header
from ecom_platform.lake.event_rules import is_id, is_price
from ecom_platform.lake.refusals import find_refusals
from ecom_platform.lake.spool import Spool
from ecom_platform.tables.errors import FileRefusedError, RowsNotConservedError
from ecom_platform.tables.parquet import WrittenPartition, check_contract, copy_by_partition

FUTURE_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True)
class StagedFile:
    """What became of the rows of one file.

    Attributes:
        days: the Parquet written for each day.
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
        accounted = self.staged_row_count + self.quarantine.num_rows
        if accounted != self.read_row_count:
            raise RowsNotConservedError(
                f"{self.read_row_count} rows read, but {self.staged_row_count} staged and"
                f" {self.quarantine.num_rows} quarantined"
            )


def stage_file(
    connection: duckdb.DuckDBPyConnection,
    spool: Spool,
    *,
    last_modified_at: datetime,
    directory: Path,
) -> StagedFile:
    """Write the good rows of a spooled file as Parquet by day under `directory`.

    Args:
        connection: an engine of its own; its tables of rejects are used.
        spool: the local copy.
        last_modified_at: when the object was put (UTC); later times are judged to be in the future.
        directory: an empty folder.

    Raises:
        FileRefusedError: the file as a whole is not readable as events.
        NotPublishableError: rows were lost, or what was written breaks the contract.

    """
    file = read_header(spool)
    latest = last_modified_at + FUTURE_TOLERANCE
    try:
        written = copy_by_partition(connection, _staging_select(file, latest), directory)
        quarantine = find_refusals(
            connection,
            file,
            latest=latest,
            are_expected=None in written or _has_rejects(connection) or bool(spool.set_aside),
        )
    except duckdb.InvalidInputException as error:
        raise FileRefusedError("not_csv", str(error).splitlines()[0]) from error
    days = {day: part for day, part in written.items() if day is not None}
    parsed_row_count = sum(part.row_count for part in days.values()) + quarantine.num_rows
    staged = StagedFile(
        days=days,
        quarantine=quarantine,
        read_row_count=spool.row_count(parsed_row_count),
        absent_columns=file.absent_columns,
    )
    staged.check_conservation()
    for part in days.values():
        check_contract(STAGED_EVENTS, part)
    return staged


def _has_rejects(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("select 1 from reject_errors limit 1").fetchall())


def _staging_select(file: EventCsv, latest: datetime) -> str:
    """Good rows under their day, refused ones under a day that is null."""
    has_categories = "category_id" in file.columns
    is_category = f"(category_id is null or {is_id('category_id')})" if has_categories else "true"
    return f"""
        select
            event_time,
            cast(event_type as varchar) as event_type,
            try_cast(product_id as bigint) as product_id,
            try_cast({column_or_null(file.columns, "category_id")} as bigint) as category_id,
            {column_or_null(file.columns, "category_code")} as category_code,
            {column_or_null(file.columns, "brand")} as brand,
            try_cast(price as decimal(10, 2)) as price,
            try_cast(user_id as bigint) as user_id,
            {column_or_null(file.columns, "user_session")} as user_session,
            'export' as source,
            null::varchar as event_id,
            case
                when
                    price >= 0
                    and {is_price("price")}
                    and event_time >= timestamp '{FIRST_DATE}'
                    and event_time <= timestamp '{latest}'
                    and {is_id("product_id")}
                    and {is_id("user_id")}
                    and {is_category}
                    then cast(event_time as date)
            end as event_date
        from {file.relation(typed=True)}
    """
