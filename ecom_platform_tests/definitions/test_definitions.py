"""The definitions load with nothing set, and are the same everywhere."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from ecom_platform.contracts import TABLES
from ecom_platform.definitions import platform

ROOT = Path(__file__).parents[2]


def graph(definitions: dg.Definitions) -> dict[str, list[str]]:
    """Every asset with what it depends on, its partitions and its checks."""
    found = definitions.resolve_asset_graph()
    return {
        node.key.to_user_string(): [
            *sorted(parent.to_user_string() for parent in node.parent_keys),
            str(node.partitions_def),
            *sorted(check.name for check in node.check_keys),
        ]
        for node in found.asset_nodes
    }


def test_definitions_validate_with_no_environment_set(tmp_path: Path) -> None:
    validated = subprocess.run(
        [str(Path(sys.executable).parent / "dagster"), "definitions", "validate"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert validated.returncode == 0, validated.stderr[-2000:]


def test_graph_is_the_same_for_local_and_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("ECOM_", "AWS_")):
            monkeypatch.delenv(name)
    local = graph(platform())
    monkeypatch.setenv("ECOM_ENVIRONMENT", "aws")
    monkeypatch.setenv("ECOM_DATA_BUCKET", "another-bucket")

    assert graph(platform()) == local


def test_every_table_has_its_asset_and_its_catalog_asset() -> None:
    keys = set(graph(platform()))
    assert {f"{layer}/{name}" for layer, name in TABLES} <= keys
    assert {f"catalog/{name}" for _, name in TABLES} <= keys


def test_assets_carry_owner_group_and_column_schema() -> None:
    for spec in platform().resolve_all_asset_specs():
        assert len(spec.key.path) == 2, spec.key
        assert spec.group_name == spec.key.path[0]
        assert spec.owners, spec.key
        if tuple(spec.key.path) in TABLES:
            schema = spec.metadata["dagster/column_schema"]
            assert [c.name for c in schema.columns] == [
                column.name for column in TABLES[spec.key.path[0], spec.key.path[1]].all_columns
            ]
