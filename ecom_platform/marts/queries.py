"""The SQL of marts and of their checks, with parameters bound.

One renderer an engine; this one writes literals that DuckDB, Trino and Spark read alike.
What does not belong here: running a query (`building`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from ecom_platform.contracts import Table
from ecom_platform.tables.literals import literal as quoted

HERE = Path(__file__).parent

PARAMETERS: dict[str, float] = {
    "shrinkage_views": 200,
    "minimum_views": 100,
    "better_lift": 1.25,
    "worse_lift": 0.80,
    "largest_basket": 100,
    "minimum_sessions": 5,
}
"""What the marts' own rules are set to; docs/marts.md says why."""

WARNING = re.compile(r"^-- severity: warning$", re.MULTILINE)
PARAMETER = re.compile(r"\$(\w+)")

Value = date | float | str


class UnknownParameterError(KeyError):
    """A query names a parameter that nobody gives it."""


@dataclass(frozen=True)
class Check:
    """A query that returns the rows that break a rule."""

    name: str
    sql: str
    description: str

    @property
    def severity(self) -> Literal["error", "warning"]:
        return "warning" if WARNING.search(self.sql) else "error"


def mart_sql(mart: Table) -> str:
    return (HERE / "sql" / f"{mart.name}.sql").read_text()


def mart_checks(mart: Table) -> list[Check]:
    """The checks of a mart: files `<mart>__<rule>.sql`, named by their rule."""
    return [
        Check(
            name=path.stem.removeprefix(f"{mart.name}__"),
            sql=path.read_text(),
            description=_opening_comment(path.read_text()),
        )
        for path in sorted((HERE / "checks").glob(f"{mart.name}__*.sql"))
    ]


def rendered(sql: str, values: Mapping[str, Value]) -> str:
    """The query with every `$name` replaced by a literal.

    Raises:
        UnknownParameterError: a name has no value.

    """

    def literal(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise UnknownParameterError(f"${found[1]} has no value; known: {sorted(values)}")
        value = values[found[1]]
        if isinstance(value, str):
            return quoted(value)
        return f"date '{value}'" if isinstance(value, date) else f"{float(value)!r}e0"

    return PARAMETER.sub(literal, sql)


def range_values(start: date, end: date, audience: str = "all") -> dict[str, Value]:
    """The parameters of a query over some days, both ends included, and for whose events."""
    return {**PARAMETERS, "start_date": start, "end_date": end, "audience": audience}


def _opening_comment(sql: str) -> str:
    lines = [line for line in sql.splitlines() if line.startswith("--")]
    return " ".join(line.removeprefix("--").strip() for line in lines if "severity:" not in line)
