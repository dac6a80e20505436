import numpy as np

from ecom_platform.traffic.randomness import (
    children,
    choice_table,
    drawn,
    field,
    geometric_table,
    mixed,
    quantile_table,
    seed_key,
    unit,
)


def test_mixed_is_the_finaliser_of_splitmix64() -> None:
    golden = 0x9E3779B97F4A7C15
    states = np.array([(i * golden) % 2**64 for i in (1, 2, 3)], dtype=np.uint64)
    assert [hex(v) for v in mixed(states).tolist()] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]


def test_children_of_one_key_are_all_different_and_uniform() -> None:
    keys = children(seed_key(7, "test"), np.arange(100_000))
    assert len(np.unique(keys)) == 100_000
    counts = np.histogram(unit(keys), bins=20, range=(0, 1))[0]
    assert abs(counts - 5_000).max() < 350


def test_two_purposes_of_one_key_are_uncorrelated() -> None:
    keys = children(seed_key(7, "test"), np.arange(100_000))
    first, second = unit(drawn(keys, "first")), unit(drawn(keys, "second"))
    assert abs(float(np.corrcoef(first, second)[0, 1])) < 0.01


def test_field_cuts_bits_out() -> None:
    assert field(np.array([0xABCD], dtype=np.uint64), low=4, width=8).tolist() == [0xBC]


def test_unit_never_reaches_zero_or_one() -> None:
    ends = unit(np.array([0, 2**64 - 1], dtype=np.uint64))
    assert 0 < ends[0] < ends[1] < 1


def test_quantile_table_returns_the_given_quantiles() -> None:
    table = quantile_table([(0.0, 1.0), (0.5, 10.0), (1.0, 100.0)])
    assert len(table) == 65_536
    assert np.quantile(table, [0.25, 0.5]).round(2).tolist() == [3.16, 10.0]


def test_choice_table_gives_each_choice_its_share() -> None:
    shares = np.bincount(choice_table(np.array([1.0, 0.0, 3.0]), bits=10)) / 1024
    assert shares.tolist() == [0.25, 0.0, 0.75]


def test_geometric_table_has_its_mean_and_bounds() -> None:
    table = geometric_table(1.7, most=12)
    assert (table.min(), table.max()) == (1, 12)
    assert abs(table.mean() - 1.7) < 0.01
