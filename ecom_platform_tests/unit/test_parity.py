"""How two engines' answers are held against each other, and that every question can be asked."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

from ecom_platform.commands.answers import QUESTIONS
from ecom_platform.contracts import marts
from ecom_platform.detection.rules import all_rules
from ecom_platform.marts.queries import mart_checks
from ecom_platform_tests.parity.asked import PLANTED, asked_of, questions
from ecom_platform_tests.parity.differences import difference


def differing(folder: Path, expected: pa.Table, found: pa.Table) -> int:
    for name, table in (("expected", expected), ("found", found)):
        pq.write_table(table, folder / name)
    return difference(folder / "expected", folder / "found").differing_row_count


def doubles(*values: float | None) -> pa.Table:
    return pa.table({"day": ["a"] * len(values), "rate": pa.array(values, pa.float64())})


@pytest.mark.parametrize(
    ("found", "count"), [(1.0 + 0.9e-9, 0), (1.0 + 1.1e-9, 1), (None, 1), (-1.0, 1)]
)
def test_doubles_may_differ_by_a_billionth(tmp_path: Path, found: float | None, count: int) -> None:
    assert differing(tmp_path, doubles(1.0), doubles(found)) == count


def test_doubles_of_equal_rows_are_held_in_their_order(tmp_path: Path) -> None:
    assert differing(tmp_path, doubles(1.0, 2.0), doubles(2.0, 1.0)) == 0
    assert differing(tmp_path, doubles(1.0, 2.0), doubles(2.0, 2.0)) == 1


def test_a_row_too_often_differs(tmp_path: Path) -> None:
    one, two = pa.table({"n": [1]}), pa.table({"n": [1, 1]})
    assert differing(tmp_path, one, two) == differing(tmp_path, two, one) == 1


def test_nulls_are_equal_and_nothing_else(tmp_path: Path) -> None:
    none, empty = pa.table({"t": pa.array([None], pa.string())}), pa.table({"t": [""]})
    assert differing(tmp_path, none, none) == 0
    assert differing(tmp_path, none, empty) == 2


def test_a_rounded_decimal_differs_and_a_wider_one_does_not(tmp_path: Path) -> None:
    def money(text: str, scale: int) -> pa.Table:
        return pa.table({"m": pa.array([Decimal(text)], pa.decimal128(20, scale))})

    assert differing(tmp_path, money("1.25", 2), money("1.2500", 4)) == 0
    assert differing(tmp_path, money("1.255", 3), money("1.26", 2)) == 2


def test_other_columns_are_no_answer(tmp_path: Path) -> None:
    assert differing(tmp_path, pa.table({"a": [1]}), pa.table({"b": [1]})) == 1


@pytest.mark.parametrize("name", ["duckdb", "trino", "spark"])
def test_every_question_is_asked_of_each_engine_in_its_dialect(name: str) -> None:
    asked = questions([date(2026, 1, 5), date(2026, 1, 6)], asked_of(name, "ecom_"))
    kinds = [one.kind for one in asked]
    assert kinds.count("mart") == len(marts.TABLES)
    assert kinds.count("check") == 2 * sum(len(mart_checks(mart)) for mart in marts.TABLES)
    assert kinds.count("rule") == 2 * len(all_rules())
    assert kinds.count("named query") == len(list(QUESTIONS.glob("*.sql")))
    assert kinds.count("planted bug") == len(PLANTED) == 5
    assert len({one.file_name for one in asked}) == len(asked)
    for one in asked:
        sqlglot.parse_one(one.sql, read=name)
