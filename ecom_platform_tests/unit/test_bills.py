"""What engines cost: sums made by hand, prices with their sources, and a page that says them."""

from dataclasses import replace

import pytest
import yaml

from ecom_platform.resources.athena import USD_PER_TERABYTE
from ecom_platform_tests.support.places import ROOT
from infra.bills import (
    MEASURED,
    PRICES,
    Day,
    bills,
    day_of,
    is_measured,
    measured_days,
    read_prices,
    table,
)

SMALL = Day(1e6, 1e8, 1e7, 2e7, 1e8, 2.0, 5.0, 20.0, 1.0)
LARGE = Day(1e7, 1e9, 1e8, 2e8, 1e9, 20.0, 50.0, 110.0, 3.0)
UNIT_PRICES = {
    "fargate.x86_vcpu_hour": 0.04,
    "fargate.x86_gb_hour": 0.005,
    "athena.scan_tb": 5.0,
    "glue.etl_dpu_hour": 0.4,
    "s3.standard_storage": 0.02,
    "aurora_serverless_v2.acu_hour": 0.1,
    "aurora.storage": 0.1,
    "redshift_serverless.rpu_hour": 0.4,
}


def test_every_price_has_what_region_source_and_date() -> None:
    for name, entry in yaml.safe_load(PRICES.read_text()).items():
        assert set(entry) == {"usd", "per", "region", "source", "date"}, name
        assert entry["region"] == "us-east-1"
        assert isinstance(entry["usd"], int | float)
        assert entry["per"]
        assert entry["source"]


def test_a_size_between_and_beyond_is_on_the_line() -> None:
    middle, beyond = (day_of(events, [SMALL, LARGE]) for events in (5.5e6, 1.9e7))
    assert (middle.wall_s, middle.raw_bytes) == pytest.approx((65.0, 5.5e8))
    assert (beyond.wall_s, beyond.staging_s) == pytest.approx((200.0, 38.0))
    assert day_of(1e6, [SMALL, LARGE]) == SMALL


def test_a_month_of_each_engine_is_the_sum_made_by_hand() -> None:
    found = bills(LARGE, UNIT_PRICES)
    # 2 vCPU and 8 GB: 0.12 an hour; 110 seconds a day.
    assert found["one_machine"] == pytest.approx(30 * 110 / 3600 * 0.12)
    # Staging and rules stay; 2 GB are scanned a day, for two audiences.
    assert found["athena"] == pytest.approx(30 * 70 / 3600 * 0.12 + 30 * 2e9 / 1e12 * 5)
    # 10 million rows: 63 core seconds of Spark are less than what Glue bills at least, 120.
    assert found["spark"] == pytest.approx(30 * 90 / 3600 * 0.12 + 30 * 120 / 3600 * 0.4)
    assert found["storage"] == pytest.approx(30 * 1.3 * 0.02)
    assert found["aurora"] == pytest.approx(30 * 24 * 0.1 + 30 * 0.2 * 0.1)
    assert found["redshift"] == pytest.approx(22 * 8 * 0.4)


def test_dagster_and_the_bill_have_one_price_of_athena() -> None:
    assert read_prices()["athena.scan_tb"] == USD_PER_TERABYTE


def test_athena_bills_at_least_ten_megabytes_a_query() -> None:
    found = bills(replace(LARGE, read_bytes=1.0), UNIT_PRICES)
    assert found["athena"] == pytest.approx(30 * 70 / 3600 * 0.12 + 30 * 26 * 1e7 / 1e12 * 5)


def test_the_page_says_what_was_measured_and_billed() -> None:
    page = (ROOT / "docs/scale.md").read_text()
    for line in table():
        assert line in page, f"run: python -m infra.bills; {MEASURED} or {PRICES} changed"
    days = measured_days()
    assert [is_measured(day.events, days) for day in days] == [True] * len(days)
    bill = bills(measured_days()[0], read_prices())
    for name in ("aurora", "redshift"):
        assert f"{bill[name]:,.0f} US dollars" in page
