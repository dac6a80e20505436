"""`python -m ecom_platform_tests.chaos`: the same traffic under each fault and in calm, compared.

Faults strike a live stream of the local cloud, Flink and the functions, on 127.0.0.1 alone. The
last line is JSON; the command fails if an alert is lost or told twice, an event has no place, or a
state differs.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ecom_platform_tests.chaos.accounts import (
    Account,
    Difference,
    account,
    unarchived,
)
from ecom_platform_tests.chaos.faults import FAULTS, Fault
from ecom_platform_tests.chaos.stage import Played, Stage, stage
from ecom_platform_tests.chaos.traffic import POISON
from ecom_platform_tests.support.flink_environment import allowed
from ecom_platform_tests.support.waiting import eventually

CALM = Fault("calm")
SETTLED_SECONDS, HEALED_SECONDS, RESTARTED_SECONDS = 6, 75, 120
NAMES = [fault.name for fault in FAULTS]


@dataclass(frozen=True)
class Result:
    """What became of one fault under one seed."""

    fault: str
    seed: int
    seconds: float
    was_restarted: bool
    """By hand, since it did not go on by itself."""
    cost: Difference

    def __str__(self) -> str:
        cost = self.cost
        found = (
            f"lost {cost.alerts_lost}, doubled {cost.alerts_doubled}, unaccounted"
            f" {cost.events_unaccounted}, differing {cost.states_differing}, late"
            f" {cost.late_events}"
        )
        how = "restarted by hand" if self.was_restarted else "by itself"
        return f"seed {self.seed} {self.fault:<26} {found}; {how}, {self.seconds:.0f} s"


def strike(on: Stage, fault: Fault, calm: Account | None) -> tuple[Account, Result]:
    """Play under a fault, wait until all is settled, and compare."""
    started, was_restarted = time.monotonic(), False
    dead = len(on.live.rows("dead-letters"))
    played = on.play(fault.act, changed=fault.changed, sink=fault.sink)

    def is_settled() -> bool:
        return _is_settled(account(on, played), calm, fault)

    if not eventually(is_settled, seconds=HEALED_SECONDS):
        was_restarted = True
        on.live.kill_flink()
        on.live.start_flink()
        eventually(is_settled, seconds=RESTARTED_SECONDS)
    time.sleep(SETTLED_SECONDS)
    found = account(on, played)
    cost = fault.cost(calm or found, found)
    undead = abs(len(on.live.rows("dead-letters")) - dead - poison_count(played))
    cost = cost.with_unaccounted(undead)
    seconds = time.monotonic() - started
    return found, Result(fault.name, on.seed, seconds, was_restarted, cost)


def poison_count(played: Played) -> int:
    return played.sent.counts[POISON]


def _is_settled(found: Account, calm: Account | None, fault: Fault) -> bool:
    if found.unaccounted_count or not found.alerts:
        return False
    return calm is None or fault.cost(calm, found).is_none


def rehearse(folder: Path, seed: int, faults: Sequence[Fault]) -> Iterator[Result]:
    """Every fault under one seed: on shared stages, and on a stage of its own where it ends one."""
    shared = [[f for f in faults if f.shards == n and not f.is_alone] for n in (2, 4)]
    with stage(folder / f"{seed}-2", seed=seed) as on:
        calm, result = strike(on, CALM, None)
        yield result
        for fault in shared[0]:
            yield strike(on, fault, calm)[1]
        yield _archived(on)
    for faults_of_stage in [shared[1], *([f] for f in faults if f.is_alone)]:
        if faults_of_stage:
            name = faults_of_stage[0].name
            parameters = {"RawEventsShardCount": str(faults_of_stage[0].shards)}
            with stage(folder / f"{seed}-{name}", seed=seed, parameters=parameters) as on:
                for fault in faults_of_stage:
                    yield strike(on, fault, calm)[1]
                yield _archived(on)


def _archived(on: Stage) -> Result:
    """Behind all plays of a stage: every event lies in the archive."""
    started = time.monotonic()
    eventually(lambda: unarchived(on, on.plays) == 0)
    cost = Difference(events_unaccounted=unarchived(on, on.plays))
    return Result("archive of all plays", on.seed, time.monotonic() - started, False, cost)  # noqa: FBT003


def main() -> None:
    parser = argparse.ArgumentParser(prog="ecom_platform_tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--faults", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--keep", type=Path, help="folder that keeps logs and state")
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if fault.name in options.faults]
    results = []
    with allowed(), tempfile.TemporaryDirectory(prefix="ecom-chaos-") as folder:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for result in rehearse(options.keep or Path(folder), seed, faults):
                results.append(result)
                print(result, flush=True)
    costs = [asdict(result.cost) for result in results]
    totals = {name: sum(cost[name] for cost in costs) for name in costs[0]}
    print(json.dumps({"faults": len(faults), "seeds": options.seeds, **totals}))
    if not all(result.cost.is_none for result in results):
        sys.exit("error: a fault cost an alert, an event or a state; see the lines above")


if __name__ == "__main__":
    main()
