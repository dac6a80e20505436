"""What makes a row an event: the first rule that it breaks is the reason of its refusal.

The rules are SQL over columns of text. What does not belong here: where the text comes from
(`file_rows` for files, `hour_rows` for the archive of the stream), and Flink's own form of the same
rules (`flink_app/sql`), which one table of cases holds to these.
"""

from collections.abc import Collection
from dataclasses import dataclass

from ecom_platform.contracts import FIRST_DATE
from ecom_platform.contracts.lake import EVENT_TYPES
from ecom_platform.lake.tombstones import ERASED, NOBODY, Tombstones
from ecom_platform.tables.literals import literal

CLASSIC_TIME = "%Y-%m-%d %H:%M:%S UTC"
TIME_FORM = (
    r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
    r" ?(UTC|Z|[+-](0\d|1[0-5])(:?[0-5]\d)?)"
)
"""ISO 8601 with a zone: `T` or a blank, a fraction or none, `Z`, `UTC` or an offset."""

ID_FORM = r"0|[1-9]\d{0,18}"
"""A whole number in plain digits; a padded one is another shop's text, not this shop's number."""

PRICE_FORM = r"\d{1,12}(\.\d{1,2}0*)?"
"""A plain decimal that DECIMAL(14,2) holds exactly: up to 999,999,999,999.99."""

LONGEST_ID = 200
"""Characters of `user_session` and `event_id`: keys of Kinesis and DynamoDB hold no more."""

NEGATIVE_FORM = r"-\d+(\.\d+)?"

WANTED = {
    "malformed_row": "as many fields as the header, quotes in quotes doubled",
    "unbalanced_quote": "quotes in pairs, inner ones doubled",
    "invalid_encoding": "UTF-8",
    "not_one_json_object": "one JSON object a record",
    "kpl_aggregated": "one event a record; turn aggregation off in the Kinesis Producer Library",
    "missing_event_id": "an id of its own for each event",
    "bad_event_time": "2019-10-01 00:00:00 UTC or 2019-10-01T00:00:00Z",
    "event_time_in_future": "a time that has come: an hour after delivery, a minute after arrival",
    "outside_partition_range": f"{FIRST_DATE} or later",
    "unknown_event_type": ", ".join(EVENT_TYPES),
    "missing_or_bad_product_id": "a whole number in plain digits",
    "missing_or_bad_user_id": "a whole number in plain digits",
    "bad_category_id": "a whole number in plain digits, or nothing",
    "missing_or_bad_price": "a plain decimal like 1299.00, at most two places that are not 0",
    "negative_price": "a price that is not negative",
    "text_too_long": "at most 200 characters in an id",
    ERASED: "nothing: the visitor asked to be forgotten",
}
"""Reason → what would have been good."""


@dataclass(frozen=True)
class Rule:
    """A rule: the reason of who breaks it, the column that is shown, and when it is broken."""

    reason: str
    column: str
    is_broken: str


def event_rules(
    *,
    time: str,
    date: str,
    latest: str | None,
    columns: Collection[str],
    tombstones: Tombstones = NOBODY,
) -> list[Rule]:
    """The rules in the order in which they are asked.

    Args:
        time: the event's time, null where its text is none.
        date: its day in the store's time.
        latest: the last time that is not in the future; None where any may come.
        columns: the columns that there are.
        tombstones: who is forgotten; their rows are refused whatever else they are.

    """
    types = ", ".join(map(literal, EVENT_TYPES))
    forgotten = tombstones.condition(time)
    rules = [
        *([Rule(ERASED, "event_type", forgotten)] if forgotten else []),
        Rule("bad_event_time", "event_time", f"{time} is null"),
        Rule("outside_partition_range", "event_time", f"{date} < date '{FIRST_DATE}'"),
        *([Rule("event_time_in_future", "event_time", f"{time} > {latest}")] if latest else []),
        Rule("unknown_event_type", "event_type", f"coalesce(event_type, '') not in ({types})"),
        Rule("missing_or_bad_product_id", "product_id", f"not {is_id('product_id')}"),
        Rule("missing_or_bad_user_id", "user_id", f"not {is_id('user_id')}"),
        Rule("negative_price", "price", f"regexp_full_match(price, {literal(NEGATIVE_FORM)})"),
        Rule("missing_or_bad_price", "price", f"not {is_price('price')}"),
    ]
    if "category_id" in columns:
        broken = f"category_id is not null and not {is_id('category_id')}"
        rules.append(Rule("bad_category_id", "category_id", broken))
    rules += [
        Rule("text_too_long", name, f"coalesce(length({name}), 0) > {LONGEST_ID}")
        for name in ("user_session", "event_id")
        if name in columns
    ]
    return rules


def verdict(rules: Collection[Rule]) -> str:
    """A list of reason, column and value; null for a row that breaks no rule."""
    cases = "\n".join(
        f"when {rule.is_broken} then"
        f" [{literal(rule.reason)}, {literal(rule.column)}, coalesce({rule.column}, '')]"
        for rule in rules
    )
    return f"case {cases} end"


def event_time(column: str) -> str:
    """The time (UTC, to the millisecond) that a text says, null where it says none."""
    return rf"""
        case
            when not regexp_full_match({column}, {literal(TIME_FORM)}) then null
            when length({column}) = 23 and {column}[11] = ' ' and suffix({column}, ' UTC')
                then try_strptime({column}, {literal(CLASSIC_TIME)})
            else
                try_strptime(replace(left({column}, 19), 'T', ' '), '%Y-%m-%d %H:%M:%S')
                + to_milliseconds(
                    cast(rpad(left(regexp_extract({column}, '\.(\d+)', 1), 3), 3, '0') as bigint)
                )
                - to_minutes({_offset_minutes(column)})
        end
    """


def _offset_minutes(column: str) -> str:
    """Minutes that a time is ahead of UTC; 0 without an offset."""
    sign, hours, minutes = (
        f"regexp_extract({column}, '([+-])(\\d\\d):?(\\d\\d)?$', {group})" for group in (1, 2, 3)
    )
    return (
        f"case when {sign} = '-' then -1 else 1 end"
        f" * (60 * coalesce(try_cast({hours} as bigint), 0)"
        f" + coalesce(try_cast({minutes} as bigint), 0))"
    )


def is_id(column: str) -> str:
    """Whether a text is a whole number in plain digits that a BIGINT holds, and is there at all."""
    return (
        f"(coalesce(regexp_full_match({column}, {literal(ID_FORM)}), false)"
        f" and try_cast({column} as bigint) is not null)"
    )


def is_price(column: str) -> str:
    """Whether a text is a price that keeps its value."""
    return f"coalesce(regexp_full_match({column}, {literal(PRICE_FORM)}), false)"
