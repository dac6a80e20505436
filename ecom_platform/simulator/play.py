"""What is played on the stream: the rows, how they are re-stamped, and who acts in them.

What does not belong here: the command line (`simulate`), pacing (`playing`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice

from ecom_platform.simulator import scene
from ecom_platform.simulator.replay import Replay
from ecom_platform.simulator.scenario import Scenario
from ecom_platform.simulator.truth import Actor
from ecom_platform.simulator.wire import SourceRow, wire_time


@dataclass(frozen=True, kw_only=True)
class Play:
    """What is played, how, and who acts in it."""

    name: str
    seed: int
    rows: Iterator[SourceRow]
    replay: Replay
    actors: Sequence[Actor] = ()

    @property
    def facts(self) -> dict[str, object]:
        """What the truth says of the play as a whole."""
        return {
            "played": self.name,
            "seed": self.seed,
            "replay_id": self.replay.replay_id,
            "started_at": wire_time(self.replay.start_ms),
            "speed": self.replay.speed,
        }


def play_of(scenario: Scenario, replay: Callable[[], Replay], *, seed: int) -> Play:
    """A scenario made ready. `replay` is asked last, so that a start of now is now."""
    found = scene.events(scene.families(scenario, seed=seed))
    rows = begun(scene.rows(found, seed=seed))
    actors = scene.actors(scenario)
    return Play(
        name=scenario.name,
        seed=seed,
        rows=rows,
        actors=actors,
        replay=replace(replay(), origin_ms=scene.ORIGIN_MS, dirt=scenario.dirt),
    )


def replay_from_now() -> Replay:
    """A replay whose first event happens now."""
    start_ms = int(datetime.now(UTC).timestamp() * 1000)
    return Replay(start_ms=start_ms, replay_id=wire_time(start_ms))


def begun(rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
    """The same rows, with the first one made: what that takes must not look like lag later."""
    return chain(list(islice(rows, 1)), rows)
