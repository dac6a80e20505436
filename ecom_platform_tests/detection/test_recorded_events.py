"""Records as the rules read them: judged as by the lake, ordered by rule_time."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ecom_platform.commands import detect
from ecom_platform.detection.recorded_events import load_records
from ecom_platform_tests.support import shop_events as traffic

ARRIVED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOLERANCE = timedelta(seconds=1)
MS = timedelta(milliseconds=1)


def written(folder: Path, records: list[dict[str, object]]) -> Path:
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def record(shop: traffic.Shop, moment: datetime, arrived: datetime | None) -> dict[str, object]:
    event = {**asdict(shop.event(0, 1)), "event_time": traffic.wire_time(moment)}
    return event if arrived is None else {**event, "arrived_at": traffic.wire_time(arrived)}


@pytest.mark.parametrize(
    ("moment", "arrived", "expected"),
    [
        (ARRIVED - TOLERANCE + MS, ARRIVED, ARRIVED - TOLERANCE + MS),
        (ARRIVED - TOLERANCE, ARRIVED, ARRIVED),
        (ARRIVED + TOLERANCE - MS, ARRIVED, ARRIVED + TOLERANCE - MS),
        (ARRIVED + TOLERANCE, ARRIVED, ARRIVED),
        (ARRIVED + timedelta(hours=9), ARRIVED, ARRIVED),
        (ARRIVED - timedelta(days=9), None, ARRIVED - timedelta(days=9)),
    ],
)
def test_time_is_the_events_own_where_its_clock_can_be_believed(
    moment: datetime, arrived: datetime | None, expected: datetime, tmp_path: Path
) -> None:
    path = written(tmp_path, [record(traffic.Shop(1), moment, arrived)])
    with duckdb.connect() as connection:
        assert load_records(connection, path) == []
        found = connection.execute("select event_time, event_ms from events").fetchall()
    assert found == [(expected.replace(tzinfo=None), round(expected.timestamp() * 1000))]


def test_refused_records_are_told_with_their_reason_and_first_line(tmp_path: Path) -> None:
    good = record(traffic.Shop(1), ARRIVED, ARRIVED)
    broken = [{**good, "user_id": "nobody"}, {**good, "price": "-1.00"}, {**good, "user_id": ""}]
    path = written(tmp_path, [good, *broken])
    with duckdb.connect() as connection:
        refused = load_records(connection, path)
    assert [(one.reason, one.record_count, one.first_line) for one in refused] == [
        ("missing_or_bad_user_id", 2, 2),
        ("negative_price", 1, 3),
    ]


def test_command_writes_one_line_an_episode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = traffic.Shop(3)
    flood = [*shop.paced(666, 0, 60, 0.1), *shop.paced(666, 700, 60, 0.1)]
    lines = [{**asdict(event), "arrived_at": event.event_time} for event in flood]
    alerts = tmp_path / "out" / "alerts.jsonl"

    detect.main([str(written(tmp_path, lines)), str(alerts)])

    found = [json.loads(line) for line in alerts.read_text().splitlines()]
    floods = [one for one in found if one["rule"] == "user_flood"]
    assert [one["entity_id"] for one in floods] == ["666", "666"]
    assert floods[0]["opened_at"].startswith("2026-01-02T03:00:0")
    assert floods[0]["alert_id"] == f"user_flood#user#666#{floods[0]['opened_at']}"
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["alerts"] == len(found)


def test_command_names_the_remedy_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"EVENTS=records.jsonl"):
        detect.main([str(tmp_path / "none.jsonl"), str(tmp_path / "alerts.jsonl")])
