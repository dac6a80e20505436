"""`python -m ecom_platform_tests.mutation`: change every query a little, and see who notices.

Each mart, check and rule is changed in many small ways; what guards it must notice every change but
those that `equivalent.yaml` says change no row. JSON is the last line.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import yaml

from ecom_platform_tests.mutation.guards import guarded_queries

EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
MOST_EQUIVALENT_SHARE = 0.05


def main() -> None:
    started = time.monotonic()
    reviewed = yaml.safe_load(EQUIVALENT.read_text())
    names = {f"{name}: {change}" for name, one in reviewed.items() for change in one["changes"]}
    count = 0
    equivalent: list[str] = []
    survivors: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for guarded in guarded_queries(Path(folder) / "shop"):
            unnoticed = [one for one in guarded.mutants if not guarded.is_noticed(one)]
            count += len(guarded.mutants)
            print(f"{guarded.name}: {len(guarded.mutants)} mutants, {len(unnoticed)} unnoticed")
            for mutant in unnoticed:
                (equivalent if mutant.said in names else survivors).append(mutant.said)
    for survivor in survivors:
        print(f"survivor: {survivor}")
    is_good = not survivors and len(equivalent) <= MOST_EQUIVALENT_SHARE * count
    figures = {
        "mutants": count,
        "survivors": len(survivors),
        "equivalent": len(equivalent),
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(figures))
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
