"""Imports point one way, the environment has one reader, and files stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ecom_platform"

FLOORS = {
    "contracts": 0,
    "settings": 0,
    "lake": 1,
    "catalog": 1,
    "marts": 1,
    "streaming": 1,
    "traffic": 1,
    "resources": 2,
    "defs": 3,
    "definitions": 4,
    "commands": 5,
}
"""A module imports only from its own floor's part and from lower floors."""

SIDEWAYS = {("marts", "lake"), ("catalog", "lake")}
"""Layers that build on another layer's pure work."""

MOST_LINES = 300
MOST_FUNCTION_LINES = 45


def modules() -> list[Path]:
    folders = (PACKAGE, ROOT / "infra", ROOT / "flink_app", ROOT / "lambda_handlers")
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.name))
def test_imports_point_downwards(path: Path) -> None:
    part = part_of(path)
    for name in imported(path):
        if not name.startswith("ecom_platform."):
            continue
        other = name.split(".")[1]
        is_lower = FLOORS[other] < FLOORS.get(part, 9)
        assert other == part or is_lower or (part, other) in SIDEWAYS, f"{path}: {name}"


@pytest.mark.parametrize("layer", ["contracts", "lake", "catalog", "marts", "streaming", "traffic"])
def test_pure_layers_know_no_dagster_and_no_boto3(layer: str) -> None:
    for path in (PACKAGE / layer).rglob("*.py"):
        known = {name.split(".")[0] for name in imported(path)}
        assert not known & {"dagster", "boto3", "botocore"}, path


def test_deployables_and_package_know_nothing_of_each_other() -> None:
    for path in PACKAGE.rglob("*.py"):
        known = {name.split(".")[0] for name in imported(path)}
        assert not known & {"flink_app", "lambda_handlers", "infra", "ministack"}, path
    for folder in ("flink_app", "lambda_handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not any(name.startswith("ecom_platform") for name in imported(path)), path


def test_environment_is_read_in_settings_only() -> None:
    allowed = {"settings.py", "demo.py"}
    readers = {path.name for path in PACKAGE.rglob("*.py") if "os.environ" in path.read_text()}
    assert readers <= allowed, readers


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.name))
def test_files_and_functions_fit_on_a_screen(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_FUNCTION_LINES, f"{path}: {node.name} has {length} lines"


def test_modules_say_what_belongs_in_them() -> None:
    for path in modules():
        assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no opening docstring"


def test_every_mart_has_its_sql_and_its_example() -> None:
    from ecom_platform.contracts import marts  # noqa: PLC0415

    names = {mart.name for mart in marts.TABLES}
    assert {path.stem for path in (PACKAGE / "marts/sql").glob("*.sql")} == names
    examples = ROOT / "ecom_platform_tests/marts/examples"
    assert {path.stem for path in examples.glob("*.yaml")} == names
    checks = {path.stem.split("__")[0] for path in (PACKAGE / "marts/checks").glob("*.sql")}
    assert checks <= names


def test_no_sql_statement_hides_in_commands() -> None:
    """SQL lives in files; short lookups of one line are let pass."""
    for path in (PACKAGE / "commands").glob("*.py"):
        assert "group by" not in path.read_text(), path
