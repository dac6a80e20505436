"""Each mart, and each check of one, on the rows of its example file."""

from datetime import date
from typing import Any

import duckdb
import pytest

from ecom_platform.contracts import TABLES, Table, marts
from ecom_platform.marts.queries import Check, mart_checks, mart_sql, range_values, rendered
from ecom_platform_tests.support.mart_examples import (
    check_examples_of,
    examples_of,
    expected_rows,
    offending_rows,
    rows_and_expected,
    show,
)

CASES = [
    pytest.param(mart.name, case, id=f"{mart.name}-{name}")
    for mart in marts.TABLES
    for name, case in examples_of(mart.name)
]
CHECKS = [
    pytest.param(check, case, id=f"{mart.name}-{check.name}-{name}")
    for mart in marts.TABLES
    for check in mart_checks(mart)
    for name, case in check_examples_of(f"{mart.name}__{check.name}")
]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_mart_gives_the_rows_of_its_example(name: str, case: dict[str, Any]) -> None:
    found, expected = rows_and_expected(name, case)
    assert found == expected


@pytest.mark.parametrize(("check", "case"), CHECKS)
def test_check_finds_the_rows_of_its_example(check: Check, case: dict[str, Any]) -> None:
    assert offending_rows(case, check.sql) == expected_rows(case)


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
def test_mart_has_the_columns_of_its_contract(mart: Table) -> None:
    with duckdb.connect() as connection:
        for read in mart.inputs:
            show(connection, TABLES[read.key], [])
        sql = rendered(mart_sql(mart), range_values(date(2026, 1, 1), date(2026, 1, 2)))
        answer = connection.execute(sql)
        names = [column[0] for column in answer.description or []]
        assert names == [column.name for column in mart.all_columns]
        assert answer.fetchall() == []
        show(connection, mart, [])
        for table in TABLES.values():
            show(connection, table, [])
        for check in mart_checks(mart):
            values = range_values(date(2026, 1, 1), date(2026, 1, 2))
            assert connection.execute(rendered(check.sql, values)).fetchall() == []
