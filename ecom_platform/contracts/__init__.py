"""What data looks like: tables, columns, grain, owner. Nothing here reads or writes anything."""

from ecom_platform.contracts import lake, marts, verdicts
from ecom_platform.contracts.bot_marts import RESTATEMENTS
from ecom_platform.contracts.table import FIRST_DATE, Column, ColumnType, Input, Table

TABLES: dict[tuple[str, str], Table] = {
    table.key: table for table in (*lake.TABLES, *verdicts.TABLES, *marts.TABLES, RESTATEMENTS)
}

__all__ = ["FIRST_DATE", "TABLES", "Column", "ColumnType", "Input", "Table"]
