"""A contract in the form of the Glue API, and where a table in Glue differs from it.

What does not belong here: calling Glue (`resources.glue_catalog`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ecom_platform.contracts import Column, Table

INPUT_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
OUTPUT_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def table_input(table: Table, location: str) -> dict[str, Any]:
    """The `TableInput` of a contract whose data lies under `location`."""
    return {
        "Name": table.name,
        "Description": table.description,
        "Owner": table.owner,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "StorageDescriptor": storage(table, location),
        "PartitionKeys": _columns(table.partition_columns),
    }


def storage(table: Table, location: str) -> dict[str, Any]:
    """The `StorageDescriptor` of a table or of one of its partitions."""
    return {
        "Columns": _columns(table.columns),
        "Location": location,
        "InputFormat": INPUT_FORMAT,
        "OutputFormat": OUTPUT_FORMAT,
        "SerdeInfo": {"SerializationLibrary": SERDE},
    }


def differences(table: Table, found: Mapping[str, Any]) -> list[str]:
    """Where a Glue table is not what the contract says; empty where it is."""
    wanted = table_input(table, location="")
    pairs = [
        ("columns", wanted["StorageDescriptor"], found.get("StorageDescriptor", {}), "Columns"),
        ("partition columns", wanted, found, "PartitionKeys"),
    ]
    differing = [
        f"{what}: contract {_names(one[key])}, Glue {_names(other.get(key, []))}"
        for what, one, other, key in pairs
        if _names(one[key]) != _names(other.get(key, []))
    ]
    if found.get("Description") != table.description:
        differing.append("description")
    return differing


def _columns(columns: Sequence[Column]) -> list[dict[str, str]]:
    return [
        {"Name": column.name, "Type": column.type, "Comment": column.description}
        for column in columns
    ]


def _names(columns: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(column["Name"], column["Type"]) for column in columns]
