"""The environment has one reader, SQL lies in files, and files stay small.

Which part may import which is in `pyproject.toml`, under `tool.importlinter`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from ecom_platform.contracts import marts
from ecom_platform_tests.support.places import ROOT

PACKAGE = ROOT / "ecom_platform"
FOLDERS = ("ecom_platform", "infra", "flink_app", "glue_jobs", "lambda_handlers", "benchmarks")

MOST_LINES = 300
MOST_FUNCTION_LINES = 45
MOST_MEDIAN_FUNCTION_LINES = 10
MOST_PROSE_COLUMNS = 100


def modules() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_environment_is_read_in_settings_only() -> None:
    readers = {path.name for path in PACKAGE.rglob("*.py") if "os.environ" in path.read_text()}
    assert readers <= {"settings.py"}


def test_files_fit_on_a_few_screens() -> None:
    tests = sorted((ROOT / "ecom_platform_tests").rglob("*.py"))
    lengths = {str(p): len(p.read_text().splitlines()) for p in [*modules(), *tests]}
    assert {p: n for p, n in lengths.items() if n > MOST_LINES} == {}


def test_functions_fit_on_a_screen() -> None:
    lengths = dict(found for path in modules() for found in functions(path))
    assert {name: n for name, n in lengths.items() if n > MOST_FUNCTION_LINES} == {}
    assert median(lengths.values()) <= MOST_MEDIAN_FUNCTION_LINES


def test_modules_say_what_belongs_in_them() -> None:
    silent = [str(p) for p in modules() if not ast.get_docstring(ast.parse(p.read_text()))]
    assert silent == []


def test_every_mart_has_its_sql_and_its_example() -> None:
    names = {mart.name for mart in marts.TABLES}
    assert {path.stem for path in (PACKAGE / "marts/sql").glob("*.sql")} == names
    examples = ROOT / "ecom_platform_tests/marts/examples"
    assert {path.stem for path in examples.glob("*.yaml")} == names
    checks = {path.stem.split("__")[0] for path in (PACKAGE / "marts/checks").glob("*.sql")}
    assert checks <= names


def test_no_sql_statement_hides_in_commands() -> None:
    """SQL lies in files; short lookups of one line are let pass."""
    hiding = [p.name for p in (PACKAGE / "commands").glob("*.py") if "group by" in p.read_text()]
    assert hiding == []


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page that are neither a table nor in a block of code, with their numbers."""
    is_code = False
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        is_code ^= line.lstrip().startswith("```")
        if not is_code and not line.startswith("|"):
            yield number, line


def test_prose_is_wrapped() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "flink_app/README.md"]
    long_lines = [
        f"{page.name}:{number}"
        for page in pages
        for number, line in prose(page)
        if len(line) > MOST_PROSE_COLUMNS and "](" not in line
    ]
    assert long_lines == []
