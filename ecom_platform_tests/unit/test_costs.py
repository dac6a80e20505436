"""What a month costs: sums made by hand, bounds that were asked for, and a page that says them."""

import json

import pytest

from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.templates import load_template
from infra import cost_sizes
from infra.cost_sizes import HOURS, Installation
from infra.costs import lines, result, table, total
from infra.streaming_costs import streaming


@pytest.fixture
def installation() -> Installation:
    return Installation.of(100)


def test_bounds_at_a_hundred_events_a_second(installation: Installation) -> None:
    found = result(installation)
    assert found["batch_usd_per_month"] <= 120
    assert found["realtime_usd_per_month"] <= 500
    assert found["idle_usd_per_month"] < found["realtime_usd_per_month"]
    assert found["batch_usd_per_month"] < found["published_batch_usd"]


def test_shards_and_subtasks_follow_what_state_takes() -> None:
    limit = cost_sizes.EVENTS_PER_CPU_SECOND / cost_sizes.HEADROOM
    assert [Installation.of(n).shards for n in (1, limit, limit + 1, 1000)] == [1, 1, 2, 9]


def test_lines_by_hand(installation: Installation) -> None:
    price = installation.prices
    kinesis, records, flink, *_ = streaming(installation, 100)
    assert kinesis.usd == pytest.approx(
        HOURS * (6 * price["kinesis.shard_hour"] + price["kinesis.extended_retention_shard_hour"])
    )
    # Events, states of sessions, quiet carts and heartbeats, in 730 hours.
    assert records.usd == pytest.approx(
        (100 + 70.5 + 1 + 0.2) * 2.628 * price["kinesis.put_payload_1m"]
    )
    assert flink.usd == pytest.approx(
        HOURS * (price["managed_flink.kpu_hour"] + price["managed_flink.orchestration_kpu_hour"])
        + 50 * price["managed_flink.running_storage"]
    )
    found = lines(installation, 100)
    assert total(found) == pytest.approx(sum(line.usd for line in found))


def test_sizes_are_those_of_the_templates() -> None:
    index = load_template("sessions")["Parameters"]["IndexedSessions"]["Default"]
    assert Installation.of(1).settings["sessions"]["IndexedSessions"] == index == "carts"
    window = load_template("streaming")["Parameters"]["SessionSeconds"]
    assert set(window["AllowedValues"]) == set(cost_sizes.STATES_PER_EVENT)


def test_the_page_has_the_table_and_the_figures(installation: Installation) -> None:
    page = (ROOT / "docs/costs.md").read_text()
    assert "\n".join(table(installation)) in page
    found = result(installation)
    for name in ("batch", "realtime", "idle"):
        assert f"{found[f'{name}_usd_per_month']:.0f}" in page
    assert json.dumps(found)
