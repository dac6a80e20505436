"""How far a mart reads: the days around its own, directly or through other marts."""

from ecom_platform.contracts import TABLES, Table


def reach(mart: Table) -> tuple[int, int]:
    """How many days before and after its own a mart reads, directly or through other marts."""
    before = after = 0
    for read in mart.inputs:
        deeper = reach(TABLES[read.key]) if read.layer == "marts" else (0, 0)
        before = max(before, read.days_before + deeper[0])
        after = max(after, read.days_after + deeper[1])
    return before, after
