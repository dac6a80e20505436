"""`python -m benchmarks.detection_sweep`: each rule alone, at thresholds around its own.

On the worlds where thresholds are chosen: the share of attackers that it names, and false alarms.

What does not belong here: how good all rules are together (`detection`).
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.detection_pictures import draw_thresholds
from benchmarks.detection_scores import WorldScore, score_world, total_score
from benchmarks.detection_worlds import TRAIN_SEED, World, engine, worlds
from ecom_platform.detection.detections import add_detections, fold_episodes, prepare
from ecom_platform.detection.rules import Rule, all_rules

FACTORS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection_sweep", description=__doc__
    )
    parser.add_argument("--picture", type=Path, help="draw the same into this file")
    options = parser.parse_args()
    scores: dict[tuple[str, float], list[WorldScore]] = defaultdict(list)
    for number, one in enumerate(worlds(is_test=False, seed=TRAIN_SEED), start=1):
        print(f"world {number}", file=sys.stderr, flush=True)
        for name, factor, score in _swept(one):
            scores[name, factor].append(score)
    figures = {key: _figures(found) for key, found in scores.items()}
    print("| rule | " + " | ".join(f"x {factor:g}" for factor in FACTORS) + " |")
    print("|---|" + "---|" * len(FACTORS))
    for rule in all_rules():
        cells = ["{:.2f}, {:.1f}".format(*figures[rule.name, factor]) for factor in FACTORS]
        print(f"| `{rule.name}` ({rule.threshold:g}) | " + " | ".join(cells) + " |")
    if options.picture:
        rows = [
            {"rule": name, "factor": factor, "recall": recall, "false_alarms": false}
            for (name, factor), (recall, false) in figures.items()
        ]
        draw_thresholds(rows, options.picture)


def _swept(one: World) -> Iterator[tuple[str, float, WorldScore]]:
    with engine(one.events) as connection:
        for rule in all_rules():
            for factor in FACTORS:
                yield rule.name, factor, _scored(connection, rule, factor, one)


def _scored(
    connection: duckdb.DuckDBPyConnection, rule: Rule, factor: float, one: World
) -> WorldScore:
    changed = rule.with_properties(threshold=f"{rule.threshold * factor:g}")
    prepare(connection)
    add_detections(connection, [changed])
    fold_episodes(connection)
    return score_world(connection, one.actors, one.session_count)


def _figures(found: list[WorldScore]) -> tuple[float, float]:
    """Share of all attackers, and false alarms per 10,000 sessions."""
    score = total_score(found)
    recalls = [one.recall for each in found for one in each.found]
    return sum(recalls) / len(recalls), score.false_alarms_per_10000


if __name__ == "__main__":
    main()
