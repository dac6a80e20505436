"""What makes a row an event: the first rule that it breaks is the reason of its refusal.

The rules are SQL over columns of text. What does not belong here: where the text comes from
(`refusals` for files, `stream_staging` for the archive of the stream).
"""

from collections.abc import Collection
from dataclasses import dataclass

from ecom_platform.contracts import FIRST_DATE
from ecom_platform.contracts.lake import EVENT_TYPES


@dataclass(frozen=True)
class Rule:
    """A rule: the reason of who breaks it, the column that is shown, and when it is broken."""

    reason: str
    column: str
    is_broken: str


def event_rules(*, time: str, latest: str, columns: Collection[str]) -> list[Rule]:
    """The rules in the order in which they are asked.

    Args:
        time: the event's time, null where its text is none.
        latest: the last time that is not in the future.
        columns: the columns that there are.

    """
    types = ", ".join(map(literal, EVENT_TYPES))
    price = "try_cast(price as decimal(18, 6))"
    rules = [
        Rule("bad_event_time", "event_time", f"{time} is null"),
        Rule("outside_partition_range", "event_time", f"{time} < timestamp '{FIRST_DATE}'"),
        Rule("event_time_in_future", "event_time", f"{time} > {latest}"),
        Rule("unknown_event_type", "event_type", f"coalesce(event_type, '') not in ({types})"),
        Rule("missing_or_bad_product_id", "product_id", f"not {is_id('product_id')}"),
        Rule("missing_or_bad_user_id", "user_id", f"not {is_id('user_id')}"),
        Rule("missing_or_bad_price", "price", f"not coalesce({is_price(price)}, false)"),
        Rule("negative_price", "price", f"{price} < 0"),
    ]
    if "category_id" in columns:
        broken = f"category_id is not null and not {is_id('category_id')}"
        rules.append(Rule("bad_category_id", "category_id", broken))
    return rules


def verdict(rules: Collection[Rule]) -> str:
    """A list of reason and detail, null for a row that breaks no rule."""
    cases = "\n".join(
        f"when {rule.is_broken} then"
        f" [{literal(rule.reason)}, {literal(rule.column + ': ')} || coalesce({rule.column}, '')]"
        for rule in rules
    )
    return f"case {cases} end"


def is_id(column: str) -> str:
    """Whether a text is a whole number in plain digits, and is there at all."""
    return f"coalesce(cast(try_cast({column} as bigint) as varchar) = {column}, false)"


def is_price(number: str) -> str:
    """Whether a number keeps its value as DECIMAL(10,2)."""
    return f"try_cast({number} as decimal(10, 2)) = {number}"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
