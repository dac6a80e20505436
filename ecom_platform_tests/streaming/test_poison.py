"""No record stops the job: the table of event cases, and poison, through the real stream."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from ecom_platform_tests.support.event_cases import CASES, FIRST_USER, good_users, record
from ecom_platform_tests.support.live_stream import LiveStream, live_stream
from ecom_platform_tests.support.shop_events import wire_time
from ecom_platform_tests.support.waiting import eventually

pytestmark = [pytest.mark.stream, pytest.mark.usefixtures("flink")]

LARGEST_RECORD = 1_048_576
FLOODER, OLD_USER = 770_000_001, 770_000_002
KPL = b"\xf3\x89\x9a\xc2\n\x0112\x1a\x02{}" + bytes(16)


@pytest.fixture(scope="module")
def live(flink: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStream]:
    with live_stream(tmp_path_factory.mktemp("poison")) as stream:
        yield stream


def put(*records: bytes) -> None:
    kinesis = boto3.client("kinesis")
    for data in records:
        kinesis.put_record(StreamName="ecom-raw-events", Data=data, PartitionKey="1")


def event(user: int, number: int, moment: datetime, **fields: object) -> bytes:
    plain = {
        "event_id": f"{user}-{number}",
        "event_time": wire_time(moment),
        "event_type": "view",
        "product_id": 1,
        "category_id": 2,
        "price": "1.00",
        "user_id": user,
        "user_session": f"s-{user}",
    }
    return json.dumps({**plain, **fields}).encode()


def test_every_case_is_judged_as_elsewhere_and_the_job_goes_on(live: LiveStream) -> None:
    moment = datetime.now(UTC)
    put(*(record(place, moment) for place in range(len(CASES))), KPL)
    old = event(OLD_USER, 1, moment - timedelta(minutes=5), brand='"' * 450_000)
    bad = len(CASES) - len(good_users("flink")) + 1

    assert eventually(lambda: len(live.rows("dead-letters")) >= bad, seconds=90)
    put(old)
    for number in range(60):
        put(event(FLOODER, number, datetime.now(UTC)))
    flooded = eventually(
        lambda: [item for item in live.items("alerts") if item["entity"] == f"user#{FLOODER}"],
        seconds=90,
    )

    assert flooded
    assert live.restarts() == 0
    letters = live.rows("dead-letters")
    assert len(letters) == bad
    assert all(len(json.dumps(letter).encode()) <= LARGEST_RECORD for letter in letters)
    (poison,) = [one for one in letters if one["line_length"] == 600_000 and one["is_cut"]]
    assert set(poison["line"]) == {'"'}
    assert [one["reason"] for one in letters].count("kpl_aggregated") == 1
    assert live.rows("late-events") == [], "what says an old time counts when it comes"


def test_events_of_the_table_are_those_that_the_sessions_count(live: LiveStream) -> None:
    """Cases without a session of their own are told by their dead letters alone."""
    with_session = {
        FIRST_USER + place
        for place, case in enumerate(CASES)
        if case.fields.get("user_session", "s")
    }
    expected = good_users("flink") & with_session

    def counted() -> set[int]:
        return {int(item["user_id"]) for item in live.items("user-sessions")} & with_session

    eventually(lambda: counted() == expected, seconds=60)
    taken = counted()
    names = [
        [CASES[user - FIRST_USER].name for user in some]
        for some in (taken - expected, expected - taken)
    ]
    assert names == [[], []]
