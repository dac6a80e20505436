"""Which days of which tables a changed day touches.

Daily marts: the day itself. Cart marts: the day before too, because they read one day ahead.
Trailing marts: the 27 days after too, of these only such as have data themselves.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from ecom_platform.contracts import TABLES, Table


def touched_days(mart: Table, changed: Iterable[date], data_days: Iterable[date]) -> list[date]:
    """The days of a mart that read any of the changed days, in order.

    Args:
        mart: the contract; its inputs say how far it reads.
        changed: days of `lake/events` that changed.
        data_days: all days that have events now.

    """
    before, after = reach(mart)
    days = set(data_days)
    touched = {
        day + timedelta(days=offset) for day in changed for offset in range(-after, before + 1)
    }
    return sorted(touched & days)


def reach(mart: Table) -> tuple[int, int]:
    """How many days before and after its own a mart reads, directly or through other marts."""
    before = after = 0
    for read in mart.inputs:
        deeper = reach(TABLES[read.key]) if read.layer == "marts" else (0, 0)
        before = max(before, read.days_before + deeper[0])
        after = max(after, read.days_after + deeper[1])
    return before, after


def islands(days: Sequence[date]) -> list[tuple[date, date]]:
    """Runs of days without a gap, first and last day each; one run builds one of them."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
