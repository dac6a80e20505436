"""How long each phase of a program took, told as it ends."""

import sys
import time
from collections.abc import Callable


class Phases:
    """Phase → seconds, in the order in which they ran."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.seconds: dict[str, float] = {}

    def run(self, name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self.seconds[name] = time.perf_counter() - began
        print(f"  {self.program} {name}: {self.seconds[name]:.1f} s", file=sys.stderr, flush=True)
