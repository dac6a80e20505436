"""Bad records leave with their reason and move nothing."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace

import pytest

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.flink import FlinkRun

TWICE = 46

pytestmark = [pytest.mark.stream, pytest.mark.usefixtures("flink")]


def broken(shop: traffic.Shop, number: int) -> tuple[str, str, str | None]:
    """Return a bad line with the reason and the field it must be refused for."""
    good = asdict(shop.event(100, 42))
    kinds = [
        ("not json {", "not_json", None),
        (json.dumps([good]), "not_json", None),
        (json.dumps(good)[:-20], "not_json", None),
        (json.dumps({**good, "event_time": "yesterday"}), "event_time_unreadable", "event_time"),
        (json.dumps({**good, "event_time": None}), "missing_field", "event_time"),
        (json.dumps({**good, "event_type": "click"}), "unknown_event_type", "event_type"),
        (json.dumps({**good, "user_id": None}), "missing_field", "user_id"),
        (json.dumps({**good, "user_id": "somebody"}), "wrong_type", "user_id"),
        (json.dumps({**good, "user_id": 12.9}), "wrong_type", "user_id"),
        (json.dumps({**good, "user_id": 10**30}), "wrong_type", "user_id"),
        (json.dumps({**good, "product_id": True}), "wrong_type", "product_id"),
        (json.dumps({**good, "product_id": {"id": 1}}), "wrong_type", "product_id"),
        (json.dumps({**good, "category_id": "shoes"}), "wrong_type", "category_id"),
        (json.dumps({**good, "price": "-1.00"}), "negative_price", "price"),
        (json.dumps({**good, "price": "2.345"}), "wrong_type", "price"),
        (json.dumps({**good, "price": "1e999999999"}), "wrong_type", "price"),
        (
            json.dumps({k: v for k, v in good.items() if k != "event_id"}),
            "missing_field",
            "event_id",
        ),
        (json.dumps({k: v for k, v in good.items() if k != "price"}), "missing_field", "price"),
        (
            json.dumps({**good, "event_time": "1969-01-01T00:00:00.000Z"}),
            "event_time_unreadable",
            "event_time",
        ),
    ]
    return kinds[number % len(kinds)]


@dataclass(frozen=True)
class Case:
    """What was sent, and what Flink made of it."""

    bad: list[tuple[str, str, str | None]]
    good_count: int
    late: traffic.Event
    long: traffic.Event
    run: FlinkRun


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Good and bad lines in turn; then an hour and a half of another user; then two late events."""
    folder, shop = tmp_path_factory.mktemp("bad_records"), traffic.Shop(9)
    good = [json.dumps(asdict(shop.event(number, 42))) for number in range(300)]
    bad = [broken(shop, number) for number in range(100)]
    lines = [
        json.dumps({"event_type": "heartbeat", "event_time": traffic.wire_time(traffic.START)})
    ]
    for number, line in enumerate(good):
        lines += [bad[number][0]] if number < len(bad) else []
        lines.append(line)
    lines += [json.dumps(asdict(shop.event(300 + number / 10, 44))) for number in range(60_000)]
    late = shop.event(1, 43, "cart")
    source = folder / "events.jsonl"
    long = replace(shop.event(2, 45), brand="b" * 10_001)
    twice = json.dumps(asdict(shop.event(300 + 6_000, TWICE, "cart")))
    lines += [twice, twice, json.dumps(asdict(late)), json.dumps(asdict(long))]
    source.write_text("\n".join(lines) + "\n")
    run = engines.run_flink(engines.file_properties(source, folder), folder)
    return Case(bad=bad, good_count=len(good), late=late, long=long, run=run)


def test_bad_records_leave_with_their_reason(case: Case) -> None:
    letters = Counter(
        (row["line"], row["reason"], row["field"]) for row in case.run.rows["dead_letters"]
    )
    assert letters == Counter(case.bad)


def test_bad_records_do_not_move_the_watermark(case: Case) -> None:
    sessions = [row for row in case.run.rows["user_sessions"] if row["user_id"] == 42]
    newest = max(sessions, key=lambda row: row["as_of_at"])
    assert newest["event_count"] == case.good_count


def test_an_event_that_is_sent_twice_counts_once_in_its_session(case: Case) -> None:
    (row,) = [row for row in case.run.rows["user_sessions"] if row["user_id"] == TWICE]
    assert (row["event_count"], row["cart_count"]) == (1, 1)


def test_event_behind_the_watermark_goes_to_the_late_stream_as_it_came(case: Case) -> None:
    row, long = sorted(case.run.rows["late_events"], key=lambda one: int(one["user_id"]))
    assert (long["is_cut"], len(long["brand"])) == (True, 10_000)
    assert long["line_length"] == len(json.dumps(asdict(case.long)))
    watermark = row["watermark_at"]
    added = {"watermark_at", "line_length", "is_cut"}
    assert {name: row[name] for name in row if name not in added} == asdict(case.late)
    assert not row["is_cut"]
    assert case.late.event_time < watermark < traffic.wire_time(traffic.START.replace(hour=5))
