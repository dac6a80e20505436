"""The statements of the application, made of SQL files and property groups.

Knows nothing of a running Flink: text in, text out.
"""

from collections.abc import Iterable

from runtime_properties import PropertyGroups, property_group
from sql_files import fragment, render_file

TABLES = (
    "raw_events",
    "detections",
    "user_sessions",
    "quiet_carts",
    "dead_letters",
    "late_events",
)
VIEWS = ("good_events", "bad_records", "events")
STEPS = ("user_steps", "product_steps", "cart_steps")
INSERTS = ("user_sessions", "quiet_carts", "dead_letters", "late_events")
RULE_COLUMNS = ("entity_id", "event_time", "observed_value")
PARTITION_KEY = "partition_key"
ARRIVED_AT = "arrived_at"
LONGEST_WINDOW_IN_SECONDS = 99
"""An interval literal has two digits; longer windows are given in minutes."""


class PropertyError(ValueError):
    """A property has a value that its SQL cannot take."""


def expressions(groups: PropertyGroups) -> dict[str, str]:
    """Return the expressions over a record's line that tables and views share, by name."""
    clock = property_group(groups, "event_time")
    claimed_time = fragment("claimed_time", {"date_form": fragment("date_form")})
    names = {"product_id": "product", "category_id": "category", "user_id": "user"}
    numbers = {name: fragment("whole_number", {"field": name}) for name in names}
    texts = {f"{short}_text": fragment("field_text", {"field": n}) for n, short in names.items()}
    return {
        "one_object": fragment("one_object"),
        "claimed_time": claimed_time,
        "rule_time": fragment("rule_time", {**clock, "claimed_time": claimed_time}),
        "is_future": fragment("is_future", {"claimed_time": claimed_time}),
        "price": fragment("price"),
        "time_text": fragment("field_text", {"field": "event_time"}),
        "price_text": fragment("field_text", {"field": "price"}),
        **numbers,
        **texts,
    }


def create_view(view: str, groups: PropertyGroups) -> str:
    """Return the DDL of a view."""
    return render_file(f"views/{view}", expressions(groups))


def create_steps(steps: str) -> str:
    """Return the DDL of a view of events in steps."""
    return render_file(f"steps/{steps}", {})


def insert(name: str, groups: PropertyGroups) -> str:
    """Return an insert other than that of detections."""
    parameters = {
        **property_group(groups, "records"),
        "quiet_interval": quiet_interval(groups),
        "session_seconds": property_group(groups, "sessions")["seconds"],
    }
    return render_file(f"inserts/{name}", parameters)


def quiet_interval(groups: PropertyGroups) -> str:
    """Return after how long a cart is quiet, as an interval literal without its first word."""
    name = "quiet_seconds"
    seconds = _seconds("quiet_carts", name, property_group(groups, "quiet_carts")[name])
    if seconds <= LONGEST_WINDOW_IN_SECONDS:
        return f"'{seconds}' second"
    return f"'{seconds // 60}' minute"


def _seconds(group: str, name: str, value: str) -> int:
    """Return seconds that an interval literal can say."""
    seconds = int(value)
    if seconds > LONGEST_WINDOW_IN_SECONDS and seconds % 60:
        raise PropertyError(
            f"{group} {name} {seconds}: above {LONGEST_WINDOW_IN_SECONDS} it must be a multiple"
            " of 60"
        )
    return seconds


def create_table(table: str, groups: PropertyGroups) -> str:
    """Return the DDL of a table; its group `table.<name>` holds the connector's options.

    Two keys are not options: `partition_key`, the column that keys a record, and `arrived_at`, the
    column definition by which a source tells when a record came.
    """
    options = dict(property_group(groups, f"table.{table}"))
    key = options.pop(PARTITION_KEY, None)
    parameters = {
        **expressions(groups),
        **property_group(groups, "event_time"),
        "arrived_at": options.pop(ARRIVED_AT, ""),
        "options": ",\n".join(f"  '{name}' = '{value}'" for name, value in options.items()),
        "partitioning": f"partitioned by ({key})" if key else "",
    }
    return render_file(f"tables/{table}", parameters)


def rule_parameters(rule: str, groups: PropertyGroups) -> dict[str, str]:
    """Return a rule's properties, its name, and its window in whole minutes if it has any."""
    properties = property_group(groups, f"rule.{rule}")
    seconds = _seconds(f"rule.{rule}", "window_seconds", properties["window_seconds"])
    return {
        **properties,
        "rule": rule,
        "window_minutes": str(seconds // 60),
        "crossing": fragment("crossing", {"threshold": properties["threshold"]}),
    }


def create_rule_view(rule: str, groups: PropertyGroups) -> str:
    """Return the DDL of the view `rule_<name>`, whose text is the rule's SELECT."""
    select = render_file(f"rules/{rule}", rule_parameters(rule, groups))
    return f"create temporary view rule_{rule} as\n{select}"


def insert_detections(rule: str, columns: Iterable[str], groups: PropertyGroups) -> str:
    """Return the statement that gives a rule's crossings the form of the detections stream."""
    names = [column for column in columns if column not in RULE_COLUMNS]
    evidence = ", ".join(f"'{name}', cast({name} as double)" for name in names)
    return render_file(
        "inserts/detections", {**rule_parameters(rule, groups), "evidence": evidence}
    )
