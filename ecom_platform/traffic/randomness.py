"""Random numbers as a pure function of a key: hashing of counters, tables of quantiles.

There is no sequence and no state here. Every actor owns a key, and every number he needs is a hash
of that key and of what the number is for, so that adding or removing an actor moves no number of
anybody else. What is drawn, and from which distribution, belongs to the modules that draw.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TABLE_BITS = 16


def mixed(keys: Keys) -> Keys:
    """Finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection of 64 bits in which every bit
    depends on every bit.
    """
    out = keys ^ (keys >> np.uint64(30))
    out *= _FIRST
    out ^= out >> np.uint64(27)
    out *= _SECOND
    out ^= out >> np.uint64(31)
    return out


def children(keys: Keys, numbers: Ints) -> Keys:
    """The key of child `numbers[i]` of `keys[i]`; splitmix64's own step, so children of one key
    never collide.
    """
    return mixed(keys + (numbers.astype(np.uint64) + np.uint64(1)) * _GOLDEN)


def drawn(keys: Keys, purpose: str) -> Keys:
    """64 random bits a key for one purpose; two purposes of one key are independent."""
    return mixed(keys ^ _purpose_bits(purpose))


def seed_key(seed: int, purpose: str) -> Keys:
    """The root key of one part of the generator, as an array of length 1 so that it broadcasts."""
    digest = hashlib.blake2b(f"{seed}:{purpose}".encode(), digest_size=8).digest()
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def unit(bits: Keys) -> Floats:
    """Uniform numbers in the open interval (0, 1), so that a logarithm never sees 0."""
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def field(bits: Keys, *, low: int, width: int) -> Ints:
    """An integer in [0, 2**width) cut out of the bits: several small draws share one hash."""
    return ((bits >> np.uint64(low)) & np.uint64((1 << width) - 1)).astype(np.int64)


def quantile_table(points: Sequence[tuple[float, float]]) -> Floats:
    """65,536 values at evenly spaced probabilities, interpolated between (probability, value) in
    the logarithm.
    """
    probability = (np.arange(1 << _TABLE_BITS) + 0.5) / (1 << _TABLE_BITS)
    known, values = np.array(points, dtype=np.float64).T
    table: Floats = np.exp(np.interp(probability, known, np.log(values)))
    return table


def choice_table(weights: Floats, *, bits: int) -> Ints:
    """Index of the chosen weight at 2**bits evenly spaced probabilities."""
    cumulative = np.cumsum(weights / weights.sum())
    chosen = np.searchsorted(cumulative, (np.arange(1 << bits) + 0.5) / (1 << bits))
    return np.minimum(chosen, len(weights) - 1)


def geometric_table(mean: float, *, most: int) -> Ints:
    """Counts from 1 to `most` with about this mean, as a choice table of 16 bits."""
    repeat = 1.0 - 1.0 / mean
    return choice_table(repeat ** np.arange(most, dtype=np.float64), bits=_TABLE_BITS) + 1


@cache
def normal_table() -> Floats:
    """Standard normal quantiles at 4,096 evenly spaced probabilities."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / 4096) for i in range(4096)])


@cache
def _purpose_bits(purpose: str) -> np.uint64:
    return np.uint64(
        int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")
    )
