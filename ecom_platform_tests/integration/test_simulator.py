"""The simulator against a stream of the local cloud, under the producer's own role."""

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform.commands import simulate
from ecom_platform.commands.deliver import deliver
from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import HEADER
from infra.local.cloud import LocalCloud

STREAM = "ecom-raw-events"
ROW = "2019-10-01 00:00:{:02} UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,s"


@pytest.fixture
def stream(cloud: LocalCloud) -> str:
    """The stream of raw events, which the deployment has made."""
    return STREAM


def records(stream: str) -> list[dict[str, Any]]:
    """Every record of the stream: its event and its key."""
    kinesis, found = boto3.client("kinesis"), []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
            if not answer["Records"]:
                break
            found += [
                {**json.loads(r["Data"]), "key": r["PartitionKey"]} for r in answer["Records"]
            ]
            iterator = answer["NextShardIterator"]
    return found


def test_scenario_arrives_whole_under_the_producers_role(
    stream: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, truth_file = tmp_path / "mine.yaml", tmp_path / "truth.json"
    path.write_text(
        "{duration_seconds: 4, people: {rate: 100}, actors: [{family: user_flood, rate: 30}]}"
    )
    assert simulate.main([f"--scenario={path}", f"--truth={truth_file}"]) == 0
    truth, found = json.loads(truth_file.read_text()), records(stream)
    assert len({event["event_id"] for event in found}) == len(found) == truth["record_count"]
    assert {event["key"] == str(event["category_id"]) for event in found} == {True}
    (flood,) = truth["actors"]
    his = [event for event in found if event["user_id"] == flood["user_ids"][0]]
    assert len(his) == flood["event_count"] > 60
    assert min(event["event_time"] for event in his) == flood["first_event_at"]
    assert f"sent {len(found):,} records" in capsys.readouterr().out


def test_ctrl_c_stops_the_command_and_its_count_is_the_streams(stream: str) -> None:
    command = [sys.executable, "-m", "ecom_platform.commands.simulate", "--rate=100"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        while not records(stream):
            time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=30)
    assert running.returncode == simulate.INTERRUPTED
    (count,) = re.findall(r"stopped: sent ([\d,]+) records", out)
    assert int(count.replace(",", "")) == len(records(stream)) > 0


def test_event_files_of_the_bucket_are_played_at_a_rate(
    stream: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [HEADER, *(ROW.format(second) for second in range(30)), "broken"]
    plain, packed = tmp_path / "one.csv", tmp_path / "two.csv.gz"
    plain.write_text("\n".join(lines[:20]))
    packed.write_bytes(gzip.compress("\n".join([HEADER, *lines[20:]]).encode()))
    deliver([plain, packed], Settings.from_environment())
    assert simulate.main(["--files", "raw/exports/", "--rate=60", "--replay-id=first"]) == 0
    found = records(stream)
    assert len({event["event_id"] for event in found}) == len(found) == 30
    out = capsys.readouterr().out
    assert "1 rows of the files are no events and were left out" in out
    assert "sent 30 records (30 event)" in out
    assert (
        simulate.main(["--files", "raw/exports/one.csv", "--speed=100", "--replay-id=first"]) == 0
    )
    assert len({event["event_id"] for event in records(stream)}) == 30
    assert simulate.main(["--files", "raw/exports/none"]) == 1
    assert "error: no .csv or .csv.gz under s3://" in capsys.readouterr().err


def test_producer_sends_events_and_reads_none(stream: str) -> None:
    kinesis = boto3.Session(profile_name="ecom-producer").client("kinesis")
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.list_shards(StreamName=stream)
