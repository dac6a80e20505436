"""Lines of the stream's archive: what is good, what is refused, and that all are accounted for."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.hour_rows import StagedHour, line_chunks, stage_lines
from ecom_platform.lake.stream_archive import archived_hours, archived_lines

PUT_AT = datetime(2026, 1, 3, 0, 10)  # noqa: DTZ001 - times of the lake are UTC without a zone
FOLDER = "raw/stream_events/arrived_date=2026-01-03/arrived_hour=00"
GOOD: dict[str, Any] = {
    "arrived_at": "2026-01-03T00:00:01.000Z",
    "event_id": "a1",
    "event_time": "2026-01-02T23:59:59.678Z",
    "event_type": "cart",
    "product_id": 1,
    "category_id": 2053013555631882655,
    "category_code": "a.b",
    "brand": None,
    "price": "129.99",
    "user_id": 7,
    "user_session": "s",
}
Stage = Callable[..., tuple[StagedHour, list[tuple[Any, ...]]]]


def line(**changed: object) -> bytes:
    return json.dumps({**GOOD, **changed}).encode()


def archived(name: str, etag: str = "e", put_at: datetime = PUT_AT) -> EventFile:
    return EventFile(name, etag, 1, put_at)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Stage objects, each a list of lines; returns what became of them, and the good rows."""

    def run(*objects: list[bytes], chunk: int = 100) -> tuple[StagedHour, list[tuple[Any, ...]]]:
        named = [(archived(f"{FOLDER}/{n}"), lines) for n, lines in enumerate(objects)]
        with duckdb.connect() as connection:
            staged = stage_lines(connection, line_chunks(named, chunk), tmp_path / "staged")
            files = [str(file) for part in staged.days.values() for file in part.files]
            query = f"select * from read_parquet({files}) order by event_id"
            rows = connection.execute(query).fetchall() if files else []
        return staged, rows

    return run


def test_good_event_keeps_every_value(stage: Stage) -> None:
    _, rows = stage([line()])

    assert rows == [
        (
            datetime(2026, 1, 2, 23, 59, 59, 678_000),  # noqa: DTZ001
            "cart",
            1,
            2053013555631882655,
            "a.b",
            None,
            Decimal("129.99"),
            7,
            "s",
            "stream",
            "a1",
            datetime(2026, 1, 3, 0, 0, 1),  # noqa: DTZ001
            23,
            date(2026, 1, 2),
        )
    ]


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (b"no json", "not_one_json_object"),
        (b"[1]", "not_one_json_object"),
        (line(x=[[[]]] * 60), "not_one_json_object"),
        (line(event_time=None), "bad_event_time"),
        (line(event_time="2026-01-02 10:00:00"), "bad_event_time"),
        (line(event_time="2018-12-31T23:59:59.999Z"), "outside_partition_range"),
        (line(event_time="2026-01-03T00:01:01.001Z"), "event_time_in_future"),
        (line(event_type="wishlist"), "unknown_event_type"),
        (line(product_id="many"), "missing_or_bad_product_id"),
        (line(user_id=12.7), "missing_or_bad_user_id"),
        (line(price=None), "missing_or_bad_price"),
        (line(price="1.001"), "missing_or_bad_price"),
        (line(price="-1.00"), "negative_price"),
        (line(category_id="x"), "bad_category_id"),
        (line(event_id=None), "missing_event_id"),
        (line(event_id=""), "missing_event_id"),
    ],
)
def test_bad_line_is_quarantined_with_its_place_reason_and_text(
    stage: Stage, refused: bytes, reason: str
) -> None:
    staged, rows = stage([line(event_id="a0")], [line(), refused])

    assert [row[10] for row in rows] == ["a0", "a1"]
    (found,) = staged.quarantine.to_pylist()
    assert (found["object_key"], found["line_number"]) == (f"{FOLDER}/1", 2)
    assert found["reason"] == reason
    assert found["line_text"] == refused.decode()


def test_edges_that_are_good(stage: Stage) -> None:
    staged, rows = stage(
        [
            line(event_id="a", event_time="2026-01-03T00:01:01.000Z"),
            line(event_id="b", event_time="2026-01-03T00:00:00Z", category_id=None),
            line(event_id="c", price=0),
        ]
    )

    assert [row[10] for row in rows] == ["a", "b", "c"]
    assert staged.quarantine.num_rows == 0
    assert sorted(staged.days) == [date(2026, 1, 2), date(2026, 1, 3)]


def test_event_id_counts_once_an_hour_as_it_came_first(stage: Stage) -> None:
    first, again = line(price="1.00"), line(price="2.00")

    staged, rows = stage([first, again], [again, line(event_id="b")], chunk=1)

    assert [(row[10], row[6]) for row in rows] == [
        ("a1", Decimal("1.00")),
        ("b", Decimal("129.99")),
    ]
    assert (staged.read_row_count, staged.staged_row_count, staged.repeated_row_count) == (4, 2, 2)


def test_hour_of_refused_lines_alone_has_no_day(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        lines = line_chunks([(archived(f"{FOLDER}/0"), [b"x", b"y"])])
        staged = stage_lines(connection, lines, tmp_path / "staged")

    assert staged.days == {}
    assert (staged.read_row_count, staged.quarantine.num_rows) == (2, 2)


def test_lines_of_an_object_are_told_packed_or_not() -> None:
    assert archived_lines(b"a\nb\n") == [b"a", b"b"]
    assert archived_lines(b"a\nb") == [b"a", b"b"]
    assert archived_lines(gzip.compress(b"a\nb\n")) == [b"a", b"b"]
    assert archived_lines(b"") == []


def test_object_that_cannot_be_unpacked_is_one_line_that_says_so() -> None:
    (found,) = archived_lines(gzip.compress(b"a\n" * 100)[:-9])

    assert base64.b64decode(json.loads(found)["unreadable_base64"]).startswith(b"gzip: ")


def test_record_that_firehose_put_into_an_envelope_is_taken_out() -> None:
    envelope = {
        "rawData": base64.b64encode(b'{"event_id": "a1"}').decode(),
        "arrivalTimestamp": 1767398401000,
        "errorCode": "Lambda.FunctionError",
    }
    (found,) = archived_lines(json.dumps(envelope).encode() + b"\n")
    assert json.loads(found) == {"event_id": "a1", "arrived_at": "2026-01-03T00:00:01.000Z"}

    (found,) = archived_lines(json.dumps({**envelope, "rawData": "eA=="}).encode())
    assert json.loads(found)["unreadable_base64"] == "eA=="


def test_text_of_a_record_that_is_no_json_is_kept_as_it_was_sent(stage: Stage) -> None:
    kpl = base64.b64encode(b"\xf3\x89\x9a\xc2\n\x01x").decode()
    staged, _ = stage(
        [b'{"unreadable_base64": "eP95"}', f'{{"unreadable_base64": "{kpl}"}}'.encode()]
    )

    rows = staged.quarantine.to_pylist()
    assert [(row["reason"], row["line_text"]) for row in rows] == [
        ("not_one_json_object", "x\\xffy"),
        ("kpl_aggregated", "\\xf3\\x89\\x9a\\xc2\n\x01x"),
    ]


def test_empty_text_is_nothing_where_nothing_may_be(stage: Stage) -> None:
    _, rows = stage([line(category_id="", category_code="", brand="", user_session="")])

    assert (*rows[0][3:6], rows[0][8]) == (None, None, None, None)


def test_objects_are_told_apart_by_the_hour_in_their_key() -> None:
    hours = archived_hours(
        [
            archived(f"{FOLDER}/b"),
            archived(f"{FOLDER}/a"),
            archived("raw/stream_events/arrived_date=2026-01-03/arrived_hour=13/c"),
            archived("raw/stream_events/arrived_date=2026-01-04/old-layout"),
            archived("raw/stream_events/elsewhere"),
        ]
    )

    assert {hour: [o.object_key[-1] for o in found.objects] for hour, found in hours.items()} == {
        "2026-01-03T00": ["a", "b"],
        "2026-01-03T13": ["c"],
        "2026-01-04T00": ["t"],
    }


def test_hour_is_another_one_when_an_object_is_added_or_replaced() -> None:
    before, same, more, other = (
        archived_hours(objects)["2026-01-03T00"].digest
        for objects in (
            [archived(f"{FOLDER}/a")],
            [archived(f"{FOLDER}/a")],
            [archived(f"{FOLDER}/a"), archived(f"{FOLDER}/b")],
            [archived(f"{FOLDER}/a", etag="f")],
        )
    )
    assert before == same
    assert len({before, more, other}) == 3
