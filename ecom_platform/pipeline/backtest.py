"""Running a candidate threshold over the days of the lake, and what that sums up to.

What does not belong here: what becomes of one day's episodes (`detection.backtest`), and printing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from ecom_platform.contracts.lake import EVENTS
from ecom_platform.detection.backtest import Difference, compare
from ecom_platform.detection.rules import Rule, all_rules
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

FATES = ("kept", "lost", "gained")


class CandidateError(ValueError):
    """There is no such rule, or it has no such property; the message names those that there are."""


def candidate_of(rule: str, changes: Mapping[str, str]) -> tuple[Rule, Rule]:
    """A rule as it is, and with other properties.

    Raises:
        CandidateError: there is no such rule or property.

    """
    rules = {one.name: one for one in all_rules()}
    if rule not in rules:
        raise CandidateError(f"no rule {rule}; there are {', '.join(sorted(rules))}")
    current = rules[rule]
    unknown = sorted(set(changes) - set(current.properties))
    if unknown or not changes:
        raise CandidateError(
            f"{rule} has no {', '.join(unknown) or 'change'}; its properties:"
            f" {', '.join(f'{name}={value}' for name, value in current.properties.items())}"
        )
    return current, current.with_properties(**changes)


def backtest(
    tables: TableStore,
    engine: QueryEngine,
    rules: tuple[Rule, Rule],
    days: tuple[date, date],
    say: Callable[[str], None],
) -> list[Difference]:
    """Every episode of some days of the lake, under a rule and a candidate."""
    found: list[Difference] = []
    parts = tables.locations(EVENTS, *days)
    with engine.lake_workspace() as (connection, _):
        for number, part in enumerate(parts, start=1):
            engine.show(connection, {EVENTS: [part]})
            found += compare(connection, date.fromisoformat(part.values[0]), *rules)
            say(f"day {number} of {len(parts)}: {part.values[0]}")
    return found


def summary(found: Sequence[Difference]) -> dict[str, dict[str, object]]:
    """Episodes, users and revenue by what becomes of them."""
    answer: dict[str, dict[str, object]] = {}
    for fate in FATES:
        own = [one for one in found if one.fate == fate]
        revenue = sum({(one.day, one.entity_id): one.revenue for one in own}.values())
        users = len({one.entity_id for one in own})
        answer[fate] = {"episodes": len(own), "users": users, "revenue": str(revenue)}
    return answer
