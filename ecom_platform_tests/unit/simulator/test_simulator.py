"""The simulator: the same seed gives the same bytes, failed records are sent again, Ctrl-C stops
in order, and the truth counts what was stored.
"""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecom_platform.commands import simulate
from ecom_platform.simulator.event_stream import MOST_BYTES, EventStream, StreamError
from ecom_platform.simulator.player import TICK_MS, Player, Progress, batches
from ecom_platform.simulator.replay import EVENT, Record

START = "2026-01-02T03:00:00Z"


class FakeKinesis:
    """Stores records; fails every `fails_each`-th of them, the first time that it comes."""

    def __init__(self, fails_each: int = 0) -> None:
        self.stored: list[bytes] = []
        self.calls: list[int] = []
        self._fails_each = fails_each
        self._seen: set[bytes] = set()

    def put_records(self, **request: Any) -> dict[str, Any]:
        records: list[dict[str, Any]] = request["Records"]
        self.calls.append(len(records))
        return {"Records": [self._put(record["Data"]) for record in records]}

    def _put(self, data: bytes) -> dict[str, str]:
        is_new = data not in self._seen
        self._seen.add(data)
        if self._fails_each and is_new and len(self._seen) % self._fails_each == 0:
            return {"ErrorCode": "ProvisionedThroughputExceededException"}
        self.stored.append(data)
        return {"SequenceNumber": "1", "ShardId": "0"}


def record(number: int, *, send_ms: int = 0, size: int = 10) -> Record:
    data = f"{number:0{size}}".encode()
    return Record(
        send_ms=send_ms, data=data, partition_key="k", what=EVENT, event_ms=0, user_id=number
    )


def scenario(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text)
    return str(path)


def dry(folder: Path, name: str, *arguments: str) -> bytes:
    path = folder / name
    assert simulate.main([f"--dry-run={path}", f"--start-at={START}", *arguments]) == 0
    return path.read_bytes()


def test_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    first, second = dry(tmp_path, "a"), dry(tmp_path, "b")
    assert first == second
    assert len(first.splitlines()) > 1_500
    ids = [{json.loads(line)["event_id"] for line in run.splitlines()} for run in (first, second)]
    other = {json.loads(line)["event_id"] for line in dry(tmp_path, "c", "--seed=8").splitlines()}
    assert len(ids[0]) == len(first.splitlines())
    assert not ids[0] & other


def test_restamping_moves_times_and_ids_and_nothing_else(tmp_path: Path) -> None:
    def rest(name: str, start: str) -> list[dict[str, Any]]:
        found = [
            json.loads(line) for line in dry(tmp_path, name, f"--start-at={start}").splitlines()
        ]
        return [{k: v for k, v in e.items() if k not in ("event_id", "event_time")} for e in found]

    assert rest("a", START) == rest("b", "2026-05-06T07:08:09.123Z")


def test_truth_tells_who_acted_and_counts_each_event_once(tmp_path: Path) -> None:
    file = scenario(
        tmp_path,
        "{duration_seconds: 20, people: {rate: 20},"
        " dirt: {broken_share: 0.1, duplicate_share: 0.1},"
        " actors: [{family: user_flood, start_seconds: 5}, {family: flash_sale, users: 30}]}",
    )
    truth_file = tmp_path / "truth.json"
    lines = dry(tmp_path, "a", f"--scenario={file}", f"--truth={truth_file}").splitlines()
    truth = json.loads(truth_file.read_text())
    flood, sale = truth["actors"]
    assert (flood["actor"], flood["is_attack"], flood["label"]) == ("user_flood-1", True, "attack")
    assert (flood["expected_rules"], sale["expected_rules"]) == (["user_flood"], [])
    assert (sale["family"], sale["is_attack"], len(sale["user_ids"])) == ("flash_sale", False, 30)
    good = {line for line in lines if _is_good(line)}
    by_user = Counter(json.loads(line)["user_id"] for line in good)
    assert flood["event_count"] == by_user[flood["user_ids"][0]] > 100
    assert sale["event_count"] == sum(by_user[user] for user in sale["user_ids"])
    assert truth["people"]["event_count"] == sum(
        count for user, count in by_user.items() if user < 600_000_000
    )
    assert flood["first_event_at"] >= "2026-01-02T03:00:05.000Z"
    assert truth["record_count"] == len(lines) == sum(truth["records"].values())
    assert truth["records"]["event"] == len(good)
    assert truth["records"]["duplicate"] > 20


def _is_good(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return (
        "user_id" in event
        and isinstance(event["product_id"], int)
        and event["event_type"] != "wishlist"
        and not event["price"].startswith("-")
        and event["event_time"].startswith("2026")
    )


def test_rate_of_a_scenario_is_that_of_its_people(tmp_path: Path) -> None:
    file = scenario(tmp_path, "{duration_seconds: 60, people: {rate: 5}}")
    slow = dry(tmp_path, "a", f"--scenario={file}").splitlines()
    fast = dry(tmp_path, "b", f"--scenario={file}", "--rate=50").splitlines()
    assert len(fast) > 6 * len(slow)


def test_failed_records_are_sent_again_until_each_is_stored_once() -> None:
    fake, pauses, told = FakeKinesis(fails_each=7), list[float](), list[Record]()
    stream = EventStream(client=fake, name="x", sleep=pauses.append)
    batch = [record(n) for n in range(500)]
    assert stream.put(batch, told.extend) == 71
    assert sorted(fake.stored) == [r.data for r in batch]
    assert sorted(r.data for r in told) == [r.data for r in batch]
    assert (fake.calls, pauses) == ([500, 71], [0.1])


def test_record_that_always_fails_ends_the_play_with_the_count_of_the_others() -> None:
    class Full(FakeKinesis):
        def put_records(self, **request: Any) -> dict[str, Any]:
            results = super().put_records(**request)["Records"]
            return {"Records": [{"ErrorCode": "InternalFailure"}, *results[1:]]}

    pauses, told = list[float](), list[Record]()
    stream = EventStream(client=Full(), name="x", attempts=4, sleep=pauses.append)
    with pytest.raises(StreamError, match=r"1 records for x failed 4 times \(InternalFailure\)"):
        stream.put([record(n) for n in range(5)], told.extend)
    assert ([r.user_id for r in told], pauses) == ([1, 2, 3, 4], [0.1, 0.2, 0.4])


def test_missing_stream_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Missing:
        def put_records(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "PutRecords")

    monkeypatch.setattr(simulate, "kinesis_client", lambda _: Missing())
    assert simulate.main([]) == 1
    assert "error: there is no stream ecom-raw-events; deploy it" in capsys.readouterr().err


def test_batches_keep_to_the_limits_of_records_bytes_and_ticks() -> None:
    many = [len(batch) for _, batch in batches([record(n) for n in range(1_200)])]
    assert many == [500, 500, 200]
    large = list(batches([record(n, size=1_000_000) for n in range(12)]))
    assert [len(batch) for _, batch in large] == [5, 5, 2]
    assert max(sum(r.size for r in batch) for _, batch in large) <= MOST_BYTES
    slow = list(batches([record(n, send_ms=40 * n) for n in range(6)]))
    assert [(due, [r.send_ms for r in batch]) for due, batch in slow] == [
        (0, [0]),
        (TICK_MS, [40, 80]),
        (2 * TICK_MS, [120, 160, 200]),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_after_the_batch_and_the_count_is_right(
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    class Interrupting(FakeKinesis):
        def put_records(self, **request: Any) -> dict[str, Any]:
            if len(self.calls) == 4:
                os.kill(os.getpid(), number)
            return super().put_records(**request)

    fake, before = Interrupting(fails_each=5), signal.getsignal(number)
    monkeypatch.setattr(simulate, "kinesis_client", lambda _: fake)
    truth_file = tmp_path / "truth.json"
    assert simulate.main(["--rate=300", f"--truth={truth_file}"]) == simulate.INTERRUPTED
    assert len(fake.calls) <= 6
    out = capsys.readouterr().out
    assert out.startswith(
        f"stopped: sent {len(fake.stored):,} records ({len(fake.stored):,} event)"
    )
    assert json.loads(truth_file.read_text())["record_count"] == len(fake.stored) > 20
    assert len(set(fake.stored)) == len(fake.stored)
    assert signal.getsignal(number) == before


def test_records_are_never_sent_before_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal clock
            clock += timeout or 0.0
            return False

    class Sink:
        def put(self, batch: Sequence[Record], stored: Any) -> int:
            assert max(r.send_ms for r in batch) <= clock * 1000 + 1e-6
            stored(batch)
            return 0

    monkeypatch.setattr("ecom_platform.simulator.player.time.monotonic", lambda: clock)
    told: list[Record] = []
    player = Player(sink=Sink(), stop=Stop(), progress=Progress(), noted=told.extend)
    player.play(record(n, send_ms=37 * n) for n in range(200))
    assert len(told) == 200
    assert clock == pytest.approx(7.4)


def test_wrong_option_is_told_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.main(["--scenario=nowhere"]) == 1
    assert "shipped ones: all_families, controls_only, demo" in capsys.readouterr().err
    assert simulate.main(["--dry-run=/nowhere/x"]) == 1
    assert "error: [Errno 2] No such file or directory" in capsys.readouterr().err
    for wrong, words in (("--rate=0", "0 is not above 0"), ("--start-at=soon", "soon is no time")):
        with pytest.raises(SystemExit):
            simulate.main([wrong])
        assert words in capsys.readouterr().err
