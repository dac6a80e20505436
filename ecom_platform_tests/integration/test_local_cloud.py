"""The local cloud: loopback only, state that survives, clear words when it cannot start."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest

from infra.deploy import deploy
from infra.local.cloud import LocalCloud, LocalCloudError
from infra.local.ports import free_port


def listening(pid: int) -> set[str]:
    """Addresses on which a process listens."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(fields[1].split(":")[0])
    return found


def test_listens_on_loopback_only(cloud: LocalCloud) -> None:
    pid = int((cloud.directory / "ministack.pid").read_text())

    assert listening(pid) == {"0100007F"}


def test_state_survives_a_stop(cloud: LocalCloud) -> None:
    boto3.client("s3").put_object(Bucket="ecom-data-local", Key="raw/kept", Body=b"1")
    cloud.stop()
    assert not cloud.is_healthy()

    assert cloud.start() is True
    assert cloud.start() is False
    body = boto3.client("s3").get_object(Bucket="ecom-data-local", Key="raw/kept")["Body"]
    assert body.read() == b"1"
    assert boto3.client("glue").get_database(Name="ecom_lake")["Database"]["Name"] == "ecom_lake"


def test_session_of_a_role_survives_a_restart(cloud: LocalCloud) -> None:
    producer = boto3.Session(profile_name="ecom-producer").client("s3")
    producer.put_object(Bucket="ecom-data-local", Key="raw/exports/before", Body=b"1")
    cloud.stop()
    cloud.start()

    producer.put_object(Bucket="ecom-data-local", Key="raw/exports/after", Body=b"2")
    listing = boto3.client("s3").list_objects_v2(Bucket="ecom-data-local", Prefix="raw/")
    assert [found["Key"] for found in listing["Contents"]] == [
        "raw/exports/after",
        "raw/exports/before",
    ]


def test_deployment_recovers_after_a_kill(cloud: LocalCloud) -> None:
    boto3.client("s3").put_object(Bucket="ecom-data-local", Key="raw/kept", Body=b"1")
    pid = (cloud.directory / "ministack.pid").read_text()
    subprocess.run(["/bin/kill", "-9", pid], check=True)
    while cloud.is_healthy():
        pass
    cloud.start()

    deploy("local")

    body = boto3.client("s3").get_object(Bucket="ecom-data-local", Key="raw/kept")["Body"]
    assert body.read() == b"1"


def test_port_of_another_program_is_told_with_the_remedy(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", free_port()), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        port = server.server_port
        with pytest.raises(LocalCloudError, match=f"port {port} .* CLOUD_PORT={port + 1}"):
            LocalCloud(tmp_path, port).start()
    finally:
        server.shutdown()
        server.server_close()


def test_range_reads_give_the_right_bytes(cloud: LocalCloud) -> None:
    body = bytes(range(256)) * 40_000
    s3 = boto3.client("s3")
    s3.put_object(Bucket="ecom-data-local", Key="raw/big", Body=body)

    def read(of: str) -> bytes:
        return s3.get_object(Bucket="ecom-data-local", Key="raw/big", Range=of)["Body"].read()

    assert read("bytes=5-9") == body[5:10]
    assert read("bytes=10239990-") == body[10_239_990:]
    assert read("bytes=-7") == body[-7:]


def test_stop_in_order_writes_what_the_archive_holds_back(tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path / "cloud", free_port())
    with pytest.MonkeyPatch.context() as patch:
        cloud.start()
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        deploy("local", {"ArchiveBufferSeconds": "900"})
        boto3.client("kinesis").put_record(
            StreamName="ecom-raw-events", Data=b'{"event_id": "1"}', PartitionKey="1"
        )
        assert archived_lines() == []
        cloud.stop()
        cloud.start()
        try:
            (line,) = archived_lines()
            assert json.loads(line)["event_id"] == "1"
        finally:
            cloud.stop()


def archived_lines() -> list[bytes]:
    s3, bucket = boto3.client("s3"), "ecom-data-local"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="raw/stream_events/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]
    return [line for body in bodies for line in body.splitlines()]
