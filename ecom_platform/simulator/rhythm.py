"""Times of an actor's events: a timer's even pauses or a person's uneven ones.

What happens at those times belongs to `attackers` and `controls`.
"""

import numpy as np

from ecom_platform.simulator.cast import Rhythm
from ecom_platform.traffic.randomness import Floats, Ints, Keys, children, drawn, unit

SHORTEST_PERSON_SHARE = 0.25
"""No pause of a person is shorter than this share of his mean pause."""
_PULSE_EVENTS = 12
_PULSE_SHARE = 0.1
"""Length of a pause within a pulse, as a share of the mean."""
_FIRST_DRIFT, _LAST_DRIFT = 1.6, 0.4
_SPARE = 1.5
_SPARE_EVENTS = 20


def times(key: Keys, *, rate: float, seconds: float, rhythm: Rhythm, jitter: float = 0.0) -> Ints:
    """Milliseconds after the start at which one user acts, in order, all below `seconds`.

    The first comes within one mean pause. A longer time adds events and moves none.
    """
    mean_ms = 1000 / rate
    most = int(seconds * rate * _SPARE) + _SPARE_EVENTS
    chance = unit(children(drawn(key, "pauses"), np.arange(most)))
    pauses = np.round(mean_ms * _pauses(chance, rhythm=rhythm, jitter=jitter)).astype(np.int64)
    if rhythm is Rhythm.DRIFT:
        pauses = _drifting(pauses, expected=max(1, int(seconds * rate)))
    pauses[0] = int(mean_ms * float(unit(drawn(key, "first"))[0]))
    passed: Ints = np.cumsum(pauses)
    return passed[passed < seconds * 1000]


def _drifting(pauses: Ints, *, expected: int) -> Ints:
    """Pauses that shrink evenly over as many events as are expected."""
    place = np.minimum(np.arange(len(pauses)) / expected, 1.0)
    factor = _FIRST_DRIFT + (_LAST_DRIFT - _FIRST_DRIFT) * place
    return np.round(pauses * factor).astype(np.int64)


def _pauses(chance: Floats, *, rhythm: Rhythm, jitter: float) -> Floats:
    """Pauses with mean 1."""
    if rhythm is Rhythm.TIMER:
        return 1 + jitter * (2 * chance - 1)
    if rhythm is Rhythm.PULSE:
        is_between = np.arange(len(chance)) % _PULSE_EVENTS == 0
        long = _PULSE_EVENTS - (_PULSE_EVENTS - 1) * _PULSE_SHARE
        return np.where(is_between, long, _PULSE_SHARE) * (0.5 + chance)
    return SHORTEST_PERSON_SHARE - (1 - SHORTEST_PERSON_SHARE) * np.log(chance)
