"""`python -m benchmarks.detection`: how good the alarms are, on worlds that no threshold saw.

Test worlds differ from those on which thresholds were chosen (`--train`) in seed, rates and
families. `--scenario FILE` scores any other scenario. The last line is one JSON object.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.detection_pictures import draw_recall
from benchmarks.detection_scores import Score, WorldScore, score_world, total_score
from benchmarks.detection_worlds import (
    TEST_SEED,
    TRAIN_SEED,
    engine,
    one_identity,
    world,
    worlds,
)
from benchmarks.detection_worlds import World as DetectionWorld
from benchmarks.figures import rounded
from ecom_platform.detection.detections import find_episodes
from ecom_platform.simulator.scenario import ScenarioError, read_scenario

ROOT = Path(__file__).parents[1]
REAL_SLICE = ROOT.parent / "shared/data/rees46"
FAST = 0.5
"""Events a second from which an attacker under one identity shall hardly ever be missed."""

Found = dict[str, list[tuple[int, float]]]
"""Family → requests and seconds until each of its actors that was found was found."""


def main() -> None:
    arguments = _parser().parse_args()
    started = time.monotonic()
    scores: list[WorldScore] = []
    for number, one in enumerate(_worlds(arguments), start=1):
        scores.append(_scored(one))
        print(
            f"world {number}: {one.events.num_rows:,} events, {one.session_count:,} sessions of"
            f" people, {len(scores[-1].false_alarms)} false alarms",
            file=sys.stderr,
            flush=True,
        )
    score = total_score(scores)
    _print_table(score, scores)
    if arguments.picture:
        draw_recall(score.recalls, arguments.picture)
    names = score.families
    answer: dict[str, Any] = {
        "benchmark": "detection",
        "macro_f1": score.macro_f1(names),
        "macro_f1_fast": score.macro_f1(one_identity(names), least_rate=FAST),
        "precision": score.precision,
        "false_alarms_per_10000_sessions": score.false_alarms_per_10000,
        "false_alarms_interval": list(score.interval_per_10000()),
        "real_slice_alarms": real_slice_alarms(),
        "families": len(names),
        "sessions": score.session_count,
        "seconds": time.monotonic() - started,
    }
    print(json.dumps({name: rounded(value) for name, value in answer.items()}), flush=True)


def _worlds(arguments: argparse.Namespace) -> Iterator[DetectionWorld]:
    if arguments.scenario:
        try:
            yield world(read_scenario(arguments.scenario), arguments.seed or TEST_SEED)
        except ScenarioError as error:
            sys.exit(f"error: {error}")
        return
    seed = arguments.seed or (TRAIN_SEED if arguments.train else TEST_SEED)
    yield from worlds(is_test=not arguments.train, seed=seed, actors=arguments.actors)


def _scored(one: DetectionWorld) -> WorldScore:
    with engine(one.events) as connection:
        find_episodes(connection)
        return score_world(connection, one.actors, one.session_count)


def real_slice_alarms() -> int | None:
    """Alarms on the published slice of the real shop; none where it does not lie beside."""
    files = sorted(REAL_SLICE.glob("*.csv"))
    if not files:
        return None
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            """
            create table events as
            select cast(row_number() over () as varchar) as event_id, event_time,
              epoch_ms(event_time) as event_ms, event_type, product_id, category_id, user_id,
              user_session
            from (
              select * replace (strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as event_time)
              from read_csv(?, all_varchar = false, ignore_errors = true,
                types = {'event_time': 'varchar', 'user_session': 'varchar'})
            )
            """,
            [str(files[0])],
        )
        find_episodes(connection)
        return int(connection.execute("select count(*) from episodes").fetchall()[0][0])


def _print_table(score: Score, worlds_found: Iterable[WorldScore]) -> None:
    rates = sorted({rate for _, rate in score.recalls})
    found: Found = {name: [] for name in score.families}
    for one in (one for each in worlds_found for one in each.found):
        if one.requests is not None and one.seconds is not None:
            found[one.family].append((one.requests, one.seconds))
    head = " ".join(f"{rate:>6g}/s" for rate in rates)
    print(f"{'recall':22} {head}     F1  requests p50/p95   seconds p50/p95")
    for name in score.families:
        cells = " ".join(f"{score.recalls.get((name, rate), float('nan')):8.2f}" for rate in rates)
        print(f"{name:22} {cells} {score.f1(name):6.2f}  {_percentiles(found[name])}")
    false = Counter(one.rule for each in worlds_found for one in each.false_alarms)
    print(f"false alarms by rule: {dict(false)}")


def _percentiles(found: list[tuple[int, float]]) -> str:
    if not found:
        return "never"
    requests, seconds = np.percentile(np.array(found), [50, 95], axis=0).T
    return f"{requests[0]:>8,.0f} /{requests[1]:>7,.0f} {seconds[0]:>9,.0f} /{seconds[1]:>7,.0f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--scenario", help="score this scenario, a file or a shipped one, instead of the worlds")
    add("--train", action="store_true", help="the worlds on which thresholds are chosen")
    add("--seed", type=int, help="another seed than the usual one")
    add("--picture", type=Path, help="draw recall by family and rate into this file")
    add("--actors", type=int, default=2, help="attackers of each family at each rate")
    return parser


if __name__ == "__main__":
    main()
