"""What must notice a mutant: the examples of its query, then the seeded shop or the plain loops."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from ecom_platform.contracts import Table, marts
from ecom_platform.detection.rules import Rule, all_rules
from ecom_platform.marts.queries import PARAMETERS, mart_checks, mart_sql
from ecom_platform_tests.marts.seeded import SeededShop, shops
from ecom_platform_tests.mutation.mutants import Mutant, mutants
from ecom_platform_tests.support.lake_rule_reference import LAKE_RULES
from ecom_platform_tests.support.mart_examples import (
    check_examples_of,
    examples_of,
    expected_rows,
    offending_rows,
    rows_and_expected,
)
from ecom_platform_tests.support.rule_edges import EDGES
from ecom_platform_tests.support.rule_reference import RULES
from ecom_platform_tests.support.rule_runs import crossings_on, engine
from ecom_platform_tests.support.rule_traffic import traffic_of

REFERENCE = {**RULES, **LAKE_RULES}
FIXED_PROPERTIES = {"version", "entity_type", "severity"}


@dataclass(frozen=True)
class Guarded:
    """A query whose mutants are tried: its name, its mutants, and whether one is noticed."""

    name: str
    mutants: list[Mutant]
    is_noticed: Callable[[Mutant], bool]


def guarded_queries(folder: Path) -> Iterator[Guarded]:
    """Every mart, check and rule, with what guards it."""
    seeded = list(shops(folder).values())
    yield from (_guarded_mart(mart, seeded) for mart in marts.TABLES)
    yield from (_guarded_checks(mart) for mart in marts.TABLES if mart_checks(mart))
    yield from map(_guarded_rule, all_rules())


def _fails(call: Callable[[], bool]) -> bool:
    """A query that an engine refuses is noticed too."""
    try:
        return call()
    except duckdb.Error:
        return True


def _stepped(value: float) -> Iterator[float]:
    step = Decimal(1).scaleb(min(0, int(Decimal(str(value)).as_tuple().exponent)))
    yield from (float(Decimal(str(value)) + step), float(Decimal(str(value)) - step))


def _guarded_mart(mart: Table, seeded: list[SeededShop]) -> Guarded:
    sql = mart_sql(mart)
    parameter_mutants = [
        Mutant(mart.name, f"parameter {name} {value} -> {changed}", f"{name}={changed}")
        for name, value in PARAMETERS.items()
        if f"${name}" in sql
        for changed in _stepped(value)
    ]
    expected = [shop.digest(shop.query(mart)) for shop in seeded]

    def is_noticed(mutant: Mutant) -> bool:
        text, parameters = sql, {}
        if mutant.change.startswith("parameter"):
            name, _, value = mutant.sql.partition("=")
            parameters = {name: float(value)}
        else:
            text = mutant.sql

        def differs() -> bool:
            for _, case in examples_of(mart.name):
                found, wanted = rows_and_expected(mart.name, case, sql=text, parameters=parameters)
                if found != wanted:
                    return True
            digests = [shop.digest(shop.query(mart, text, **parameters)) for shop in seeded]
            return digests != expected

        return _fails(differs)

    return Guarded(mart.name, [*mutants(mart.name, sql), *parameter_mutants], is_noticed)


def _guarded_checks(mart: Table) -> Guarded:
    checks = {f"{mart.name}__{check.name}": check.sql for check in mart_checks(mart)}

    def is_noticed(mutant: Mutant) -> bool:
        return _fails(
            lambda: any(
                offending_rows(case, mutant.sql) != expected_rows(case)
                for _, case in check_examples_of(mutant.name)
            )
        )

    found = [mutant for stem, sql in checks.items() for mutant in mutants(stem, sql)]
    return Guarded(f"checks of {mart.name}", found, is_noticed)


def _guarded_rule(rule: Rule) -> Guarded:
    events = traffic_of(rule.name)
    expected = sorted(REFERENCE[rule.name](events, rule.properties))
    traffic = engine(events)
    edges = [
        engine(events)
        for edge, cases in EDGES.items()
        if edge.startswith(f"{rule.name}:")
        for events in cases
    ]
    at_edges = [crossings_on(edge, rule.sql) for edge in edges]
    found = [
        *mutants(rule.name, rule.sql),
        *(
            Mutant(rule.name, f"property {name} {value} -> {changed}", _with(rule, name, changed))
            for name, value in rule.properties.items()
            if name not in FIXED_PROPERTIES and _is_used(rule, name)
            for changed in _changed(name, value)
        ),
    ]

    def is_noticed(mutant: Mutant) -> bool:
        def differs() -> bool:
            for edge, right in zip(edges, at_edges, strict=True):
                if crossings_on(edge, mutant.sql) != right:
                    return True
            return crossings_on(traffic, mutant.sql) != expected

        return _fails(differs)

    return Guarded(rule.name, found, is_noticed)


def _changed(name: str, value: str) -> Iterator[str]:
    """A property one step up and down; a long window in whole minutes."""
    step = Decimal(60) if name == "window_seconds" and int(value) > 99 else None
    number = Decimal(value)
    step = step or Decimal(1).scaleb(min(0, int(number.as_tuple().exponent)))
    yield from (str(number + step), str(number - step))


def _is_used(rule: Rule, name: str) -> bool:
    """Some properties only go into the detection, as what a reader is told of the rule."""
    return any(
        _with(rule, name, changed) != rule.sql for changed in _changed(name, rule.properties[name])
    )


def _with(rule: Rule, name: str, value: str) -> str:
    return rule.with_properties(**{name: value}).sql
