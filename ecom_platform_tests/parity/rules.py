"""The rules as one query each, in the dialects of Trino and Spark.

The platform runs them on Flink and on DuckDB alone; here they show that the SQL means the same
elsewhere. What other engines lack is put in other words by `sqlglot`: tumbling windows, distinct
counts and filters over windows. What does not belong here: what a rule says (`detection`).
"""

import re
from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp

from ecom_platform.detection.detections import VIEWS
from ecom_platform.detection.rules import SQL, STEPS, all_rules, step_views
from ecom_platform_tests.parity.questions import Question

EPOCH = "timestamp '1970-01-01 00:00:00'"
EVENTS = f"""
select
    concat(
        cast(user_id as varchar), ' ', event_type, ' ', cast(product_id as varchar), ' ',
        cast(date_diff('millisecond', {EPOCH}, event_time) as varchar)
    ) as event_id,
    event_time,
    date_diff('millisecond', {EPOCH}, event_time) as event_ms,
    event_type, product_id, category_id, user_id, user_session
from lake.events
"""
"""An id that every engine makes alike; the same event twice is one."""
CREATE = re.compile(r"create (?:or replace )?temporary view \w+ as\s+")
ALL_CROSS = "0"
"""A threshold at which nearly every row of a rule is an answer."""
OPENED = {
    "fresh_identities": {"least_users": "0"},
    "hoarded_product": {"least_cart_rate": "0"},
    "novel_crowd": {"least_views": "2"},
    "rushed_product": {"least_rushed_rate": "0"},
    "site_flood": {"smallest_event_count": "1"},
}
"""What else keeps a rule from saying anything of people."""

Spelling = Callable[[exp.Expr], exp.Expr]


def rule_questions(dialect: str, events: str) -> Iterator[Question]:
    """Each rule at its own threshold, and at one that shows all that it looks at.

    Args:
        dialect: of the engine.
        events: what it calls `lake.events`.

    """
    for rule in all_rules():
        low = rule.with_properties(threshold=ALL_CROSS, **OPENED.get(rule.name, {}))
        for what, one in (("own", rule), ("all", low)):
            sql = rule_sql(one.sql, dialect).replace("lake.events", events)
            yield Question(f"{rule.name}.{what}", "rule", sql)


def rule_sql(sql: str, dialect: str) -> str:
    """A rule over `lake.events`, with the views that it reads in front."""
    views = {name: CREATE.sub("", text) for name, text in _views().items()}
    needed = _needed(sql, views)
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(tree, exp.Select)
    for name in needed:
        tree = tree.with_(name, as_=sqlglot.parse_one(views[name], read="duckdb"), dialect="duckdb")
    # Those of the rule stand first so far, and it reads the views.
    with_ = tree.args["with_"]
    own = [one for one in with_.expressions if one.alias not in views]
    by_name = {one.alias: one for one in with_.expressions}
    with_.set("expressions", [*(by_name[name] for name in needed), *own])
    spell = DIALECTS[dialect]
    return tree.transform(spell).sql(dialect=dialect) if spell else tree.sql(dialect=dialect)


def _views() -> dict[str, str]:
    texts = [*step_views(), *((SQL / f"{name}.sql").read_text("utf-8") for name in VIEWS)]
    return {"events": EVENTS, **dict(zip((*STEPS, *VIEWS), texts, strict=True))}


def _needed(sql: str, views: dict[str, str]) -> list[str]:
    """The views that a query reads, what is read by others first."""
    found = [name for name in views if name != "events" and re.search(rf"\b{name}\b", sql)]
    return ["events", *found]


def _trino(node: exp.Expr) -> exp.Expr:
    return _spelled(
        node, "trino", _trino_bucket, "cardinality(array_distinct(array_agg({0}) over {1}))"
    )


def _spark(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DateDiff):
        return _parsed(f"unix_millis({node.this.sql('spark')})", "spark")
    if isinstance(node, exp.Extract) and node.name.lower() == "epoch":
        return _parsed(f"unix_millis({node.expression.sql('spark')}) / 1000", "spark")
    found = _spelled(node, "spark", _spark_bucket, "size(collect_set({0}) over {1})")
    # Spark reads `over two - x` as a window of that name.
    is_call = isinstance(found, exp.Window) and isinstance(found.this, exp.Func)
    return exp.paren(found, copy=False) if is_call else found


def _trino_bucket(moment: str, width_ms: int) -> str:
    elapsed = f"date_diff('millisecond', {EPOCH}, {moment})"
    return f"date_add('millisecond', -({elapsed} % {width_ms}), {moment})"


def _spark_bucket(moment: str, width_ms: int) -> str:
    return f"timestamp_millis(unix_millis({moment}) - unix_millis({moment}) % {width_ms})"


def _spelled(
    node: exp.Expr, dialect: str, bucket: Callable[[str, int], str], distinct_over: str
) -> exp.Expr:
    """What an engine lacks, in other words; everything else as it is."""
    match node:
        case exp.Anonymous(name="tumble"):
            moment, width = node.expressions
            found = bucket(moment.sql(dialect), _milliseconds(width))
        case exp.Anonymous(name="tumble_rowtime"):
            moment, width = node.expressions
            start = bucket(moment.sql(dialect), _milliseconds(width))
            found = f"max({start}) + {width.sql(dialect)} - interval '0.001' second"
        case exp.DateBin():
            found = bucket(node.expression.sql(dialect), _milliseconds(node.this))
        case exp.Interval() if node.text("unit").upper() == "MILLISECOND":
            found = f"interval '{int(node.name) / 1000}' second"
        case exp.Window(this=exp.Count() | exp.Filter()):
            return _over(node, dialect, distinct_over)
        case exp.Group() if node.args.get("all"):
            return exp.Group(expressions=_grouped(node.parent))
        case _:
            return node
    return _parsed(found, dialect)


def _over(node: exp.Window, dialect: str, distinct_over: str) -> exp.Expr:
    """A distinct count, or a filtered one, over a window."""
    counted = node.this
    if isinstance(counted, exp.Filter):
        condition = counted.expression.this.sql(dialect)
        node.set("this", _parsed(f"count(case when {condition} then 1 end)", dialect))
        return node
    if isinstance(counted.this, exp.Distinct):
        (column,) = counted.this.expressions
        return _parsed(distinct_over.format(column.sql(dialect), node.alias), dialect)
    return node


def _grouped(select: exp.Expr | None) -> list[exp.Expr]:
    """`group by all`: every column that is no aggregate, by its place."""
    assert isinstance(select, exp.Select)
    return [
        exp.Literal.number(place)
        for place, one in enumerate(select.expressions, start=1)
        if not one.find(exp.AggFunc)
    ]


def _parsed(sql: str, dialect: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read=dialect)


def _milliseconds(width: exp.Expr) -> int:
    unit = {"SECOND": 1000, "MINUTE": 60_000}[width.text("unit").upper()]
    return round(float(width.name) * unit)


DIALECTS: dict[str, Spelling | None] = {"duckdb": None, "trino": _trino, "spark": _spark}
