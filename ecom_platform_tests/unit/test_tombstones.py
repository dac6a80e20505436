"""Who is forgotten, until when, and what counts as a word about him."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from ecom_platform.defs.privacy.sensors import needs_pass
from ecom_platform.lake.raw_erasure import is_about, rewritten_object
from ecom_platform.lake.tombstones import ERASED, Tombstone, Tombstones, is_erased
from ecom_platform.pipeline.erasure_requests import ErasureRequest
from ecom_platform.pipeline.erasure_search import holds, is_ours
from ecom_platform.resources.eraser import LOG_DAYS
from ecom_platform.streaming.failures import failure_without
from ecom_platform_tests.support.templates import load_template

UNTIL = datetime(2026, 1, 6, tzinfo=UTC).replace(tzinfo=None)
USER = 512345671
FORGOTTEN = Tombstones((Tombstone(USER, UNTIL),))
INSTANT = timedelta(microseconds=1)


def test_a_tombstone_holds_until_the_end_of_the_day_on_which_it_was_asked_for() -> None:
    asked = ErasureRequest.of([USER, USER], UNTIL - INSTANT)
    assert asked.user_ids == (USER,)
    assert asked.until == UNTIL
    assert ErasureRequest.of([USER], UNTIL).until == UNTIL + timedelta(days=1)
    assert asked.tombstones.hold_for(USER, UNTIL - INSTANT)
    assert not asked.tombstones.hold_for(USER, UNTIL)
    assert asked.tombstones.hold_for(USER, (UNTIL - INSTANT).date())
    assert not asked.tombstones.hold_for(USER, UNTIL.date())
    assert asked.tombstones.hold_for(USER, None)
    assert not asked.tombstones.hold_for(USER + 1, None)
    assert not asked.tombstones.hold_for(None, None)


def test_of_one_user_the_latest_tombstone_counts() -> None:
    both = Tombstones((Tombstone(USER, UNTIL + INSTANT), Tombstone(USER, UNTIL)))
    assert both.hold_for(USER, UNTIL)
    assert Tombstones.from_details(both.to_details()).until == both.until


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (f"a,{USER},b", True),
        (f"s-{USER}", True),
        (f"{USER}", True),
        (f"{USER}.", True),
        (f"0{USER}", True),
        (f"{USER}.0", True),
        (f"{USER}.5", False),
        (f"{USER}.05", False),
        (f"1{USER}", False),
        (f"{USER}1", False),
        (f"0.{USER}", False),
    ],
)
def test_a_number_is_found_where_it_stands_alone(
    text: str,
    is_found: bool,  # noqa: FBT001 - one of two outcomes
) -> None:
    assert FORGOTTEN.are_in(text) == FORGOTTEN.are_in(text.encode()) == is_found
    assert not Tombstones().are_in(text)


@pytest.mark.parametrize(
    ("line", "is_his"),
    [
        ({"user_id": USER, "event_time": "2026-01-05T23:59:59.999Z"}, True),
        ({"user_id": str(USER), "event_time": "2026-01-05 23:59:59 UTC"}, True),
        ({"user_id": str(USER), "event_time": "2026-01-06T00:00:00Z"}, False),
        ({"user_id": str(USER), "event_time": "2026-01-06T00:30:00+01:00"}, True),
        ({"user_id": str(USER), "event_time": "soon"}, True),
        ({"entity_id": str(USER)}, True),
        ({"user_id": USER + 1, "product_id": USER}, False),
        ({"unreadable_base64": b64encode(f"x {USER}".encode()).decode()}, True),
        ([USER], True),
        ({"user_id": f" 0{USER}.0 "}, True),
        ({"uid": USER}, True),
        ({"unreadable_base64": USER}, True),
        ({"user_id": USER, "event_time": "0001-01-01T00:00:00+14:00"}, True),
    ],
)
def test_a_record_is_told_by_whom_it_is_about(
    line: object,
    is_his: bool,  # noqa: FBT001 - one of two outcomes
) -> None:
    assert is_about(json.dumps(line).encode(), FORGOTTEN) == is_his


@pytest.mark.parametrize(
    ("reason", "is_his"),
    [("malformed_row", True), ("missing_or_bad_user_id", True), ("negative_price", False)],
)
def test_of_refused_rows_the_number_decides_where_nobody_can_say_whose_they_are(
    reason: str,
    is_his: bool,  # noqa: FBT001 - one of two outcomes
) -> None:
    texts = (f"view,{USER},1,a.b,acme,-1,999,s", "price: -1")
    assert is_erased(reason, texts, FORGOTTEN) == is_his
    assert is_erased(ERASED, (), FORGOTTEN)


def test_what_others_wrote_stops_nothing() -> None:
    for key in ("failures/", "aws/lambda/x", "raw/stream_events/x", "lake/x/data/y/z.parquet"):
        assert holds(key, f"no json {USER}".encode(), FORGOTTEN)
        assert not holds(key, b"", FORGOTTEN)
    assert not is_ours("failures/x", b"[]")
    assert is_ours("raw/stream_events/x", b"[]")


def test_archived_objects_and_failures_keep_what_is_about_others() -> None:
    lines = [{"user_id": USER}, {"user_id": USER + 1}]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    rewritten, count = rewritten_object(body, FORGOTTEN)
    assert (json.loads(rewritten), count) == (lines[1], 1)

    def record(line: object) -> dict[str, object]:
        return {"kinesis": {"data": b64encode(json.dumps(line).encode()).decode()}}

    def is_his(data: bytes) -> bool:
        return is_about(data, FORGOTTEN)

    given_up = {"payload": json.dumps({"Records": [record(line) for line in lines]})}
    kept, count = failure_without(json.dumps(given_up).encode(), is_his)
    assert kept
    assert (json.loads(json.loads(kept)["payload"])["Records"], count) == ([record(lines[1])], 1)
    alone = json.dumps({"record": record(lines[0]), "reason": "r"}).encode()
    assert failure_without(alone, is_his) == (None, 1)


def test_a_request_is_looked_at_again_each_day_until_no_stream_remembers() -> None:
    request = ErasureRequest.of([USER], UNTIL)
    expires = [
        {"place": "Kinesis stream x", "on": "2026-01-09"},
        {"place": "logs", "on": "2027-01-01"},
    ]

    def report(searched_at: datetime, state: str = "verified") -> dict[str, object]:
        return {"state": state, "searched_at": searched_at.isoformat(), "expires": expires}

    day = timedelta(days=1)
    assert needs_pass(request, None, UNTIL)
    assert needs_pass(request, report(UNTIL, "running"), UNTIL)
    assert not needs_pass(request, report(UNTIL), UNTIL + day - INSTANT)
    assert needs_pass(request, report(UNTIL), UNTIL + day)
    assert needs_pass(request, report(UNTIL + 3 * day), UNTIL + 4 * day)
    assert not needs_pass(request, report(UNTIL + 4 * day), UNTIL + 9 * day)


def test_logs_expire_when_the_templates_say() -> None:
    for name in ("streaming", "alerts", "sessions", "triggers"):
        assert load_template(name)["Parameters"]["LogRetentionDays"]["Default"] == LOG_DAYS
