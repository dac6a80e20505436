"""Running rules over recorded events on DuckDB: crossings, and the episodes that they make.

`events` is a table or view with the columns `event_id`, `event_time` (rule_time), `event_ms` (the
same in milliseconds), `event_type`, `product_id`, `user_id` and `user_session`.
What does not belong here: what the rules say (`rules`), where events come from (`recorded_events`).
"""

from collections.abc import Callable, Iterable

import duckdb

from ecom_platform.detection.rules import SQL, Rule, all_rules, step_views
from ecom_platform.tables.literals import literal

RULE_COLUMNS = ("entity_id", "event_time", "observed_value")
VIEWS = ("user_acts", "user_minutes", "first_looks")
"""What the lake's rules read beside the events."""
DETECTIONS = """
create or replace temporary table detections (
  rule varchar, rule_version integer, entity_type varchar, entity_id varchar, severity varchar,
  crossed_at timestamp, window_seconds bigint, observed_value double, threshold double,
  evidence map(varchar, double)
)
"""
WIRE_TIME = "strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ') as {column}"
TIMES = ("started_at", "opened_at", "last_crossed_at")
EPISODES = f"""
select
  rule || '#' || entity_type || '#' || entity_id || '#'
    || strftime(opened_at, '%Y-%m-%dT%H:%M:%S.%gZ') as alert_id,
  * replace ({", ".join(WIRE_TIME.format(column=column) for column in TIMES)})
from episodes
order by episodes.opened_at, rule, entity_id
"""
"""Episodes as alerts are written: times as on the wire."""


def find_episodes(
    connection: duckdb.DuckDBPyConnection,
    rules: Iterable[Rule] | None = None,
    *,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Make the tables `detections` and `episodes` of the connection from its `events`.

    `told` hears of each rule when it is done.
    """
    prepare(connection)
    add_detections(connection, all_rules() if rules is None else rules, told=told)
    fold_episodes(connection)


def add_detections(
    connection: duckdb.DuckDBPyConnection,
    rules: Iterable[Rule],
    *,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Add the crossings of rules over `events`, after `prepare`."""
    for rule in rules:
        connection.execute(f"insert into detections {_detections_select(connection, rule)}")
        told(f"{rule.name}: done")


def fold_episodes(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `episodes` of the detections."""
    connection.execute((SQL / "episodes.sql").read_text("utf-8"))


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """What rules read beside `events`, and an empty table of detections."""
    connection.execute((SQL / "macros.sql").read_text("utf-8"))
    for view in [*step_views(), *((SQL / f"{name}.sql").read_text("utf-8") for name in VIEWS)]:
        connection.execute(
            view.replace("create temporary view", "create or replace temporary view")
        )
    connection.execute(DETECTIONS)


def _detections_select(connection: duckdb.DuckDBPyConnection, rule: Rule) -> str:
    described = connection.execute(f"describe {rule.sql}").fetchall()
    names = [str(name) for name, *_ in described if name not in RULE_COLUMNS]
    evidence = ", ".join(f"{literal(name)}: cast({name} as double)" for name in names)
    return f"""
        select {literal(rule.name)}, {rule.version}, {literal(rule.properties["entity_type"])},
            cast(entity_id as varchar), {literal(rule.properties["severity"])}, event_time,
            {rule.window_seconds}, observed_value, {rule.threshold}, map {{{evidence}}}
        from ({rule.sql})
    """
