"""Small changes of a query, each of which some example must notice.

Literals one step up and down, strict comparisons for not strict ones and the reverse, sort keys
left out, window frames a row or a step wider and narrower. What does not belong here: what notices
them (`guards`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import sqlglot
from sqlglot import exp

DIALECT = "duckdb"
SWAPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
}


@dataclass(frozen=True)
class Mutant:
    """A changed query: which file, what was changed, and the whole text."""

    name: str
    change: str
    sql: str

    @property
    def said(self) -> str:
        """As a reviewed list names it."""
        return f"{self.name}: {self.change}"


def mutants(name: str, sql: str) -> Iterator[Mutant]:
    """Every mutant of a query whose parameters are bound already."""
    for change, mutate in _changes(sqlglot.parse_one(sql, dialect=DIALECT)):
        tree = sqlglot.parse_one(sql, dialect=DIALECT)
        node = list(tree.walk())[change.node]
        mutate(node)
        yield Mutant(name, change.text, tree.sql(dialect=DIALECT))


@dataclass(frozen=True)
class _Change:
    node: int
    text: str


Mutation = tuple[_Change, Callable[[exp.Expr], None]]


def _changes(tree: exp.Expr) -> Iterator[Mutation]:
    for place, node in enumerate(tree.walk()):
        around = _around(node)
        if type(node) in SWAPPED:
            other = SWAPPED[type(node)]
            yield _Change(place, f"{node.key} -> {other.key} in {around}"), _swap
        elif isinstance(node, exp.Literal) and _is_number(node):
            for step in (1, -1):
                changed = _stepped(node.this, step)
                text = f"{node.this} -> {changed} in {around}"
                yield _Change(place, text), _set_to(changed)
        elif isinstance(node, exp.Order) and isinstance(node.parent, exp.Window):
            for key in range(len(node.expressions)):
                text = f"without {node.expressions[key].sql(dialect=DIALECT)} in {around}"
                yield _Change(place, text), _without(key)


def _around(node: exp.Expr) -> str:
    """The expression that a node stands in, short."""
    shown = node
    for _ in range(2):
        if shown.parent is not None and not isinstance(shown.parent, exp.Select):
            shown = shown.parent
    return " ".join(shown.sql(dialect=DIALECT).split())[:120]


def _is_number(node: exp.Literal) -> bool:
    """Numbers, and numbers in quotes that are the width of an interval."""
    if not node.is_string:
        return True
    return isinstance(node.parent, exp.Interval) and node.this.strip().isdigit()


def _stepped(text: str, step: int) -> str:
    """One step of the last place that is written: 0.80 becomes 0.81 or 0.79."""
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    digits = exponent if isinstance(exponent, int) else 0
    return str(number + Decimal(step).scaleb(min(digits, 0)))


def _swap(node: exp.Expr) -> None:
    node.replace(SWAPPED[type(node)](this=node.this, expression=node.expression))


def _set_to(text: str) -> Callable[[exp.Expr], None]:
    return lambda node: node.set("this", text)


def _without(key: int) -> Callable[[exp.Expr], None]:
    def drop(node: exp.Expr) -> None:
        rest = [one for place, one in enumerate(node.expressions) if place != key]
        if rest:
            node.set("expressions", rest)
        else:
            node.pop()

    return drop
