"""How far a mart reads: the days around its own, and the marts below it."""

from collections.abc import Sequence

from ecom_platform.contracts import TABLES, Table


def reach(mart: Table) -> tuple[int, int]:
    """How many days before and after its own a mart reads, directly or through other marts."""
    before = after = 0
    for read in mart.inputs:
        deeper = reach(TABLES[read.key]) if read.layer == "marts" else (0, 0)
        before = max(before, read.days_before + deeper[0])
        after = max(after, read.days_after + deeper[1])
    return before, after


def levels(marts: Sequence[Table]) -> list[list[Table]]:
    """Marts in groups that read no mart of their own group, only of those before."""
    by_depth: dict[int, list[Table]] = {}
    for mart in marts:
        by_depth.setdefault(_depth(mart), []).append(mart)
    return [by_depth[depth] for depth in sorted(by_depth)]


def _depth(mart: Table) -> int:
    below = [TABLES[read.key] for read in mart.inputs if read.layer == "marts"]
    return 1 + max(map(_depth, below), default=0)
