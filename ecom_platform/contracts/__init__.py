"""What data looks like: tables, columns, grain, owner. Nothing here reads or writes anything."""

from ecom_platform.contracts import lake, marts
from ecom_platform.contracts.table import FIRST_DATE, Column, ColumnType, Input, Table

TABLES: dict[tuple[str, str], Table] = {table.key: table for table in (*lake.TABLES, *marts.TABLES)}

__all__ = ["FIRST_DATE", "TABLES", "Column", "ColumnType", "Input", "Table"]
