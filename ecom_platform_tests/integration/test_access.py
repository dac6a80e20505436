"""Each role can do its work and nothing beside it; the deployment can be repeated."""

from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform_tests.support.templates import load_template
from infra.deploy import deploy
from infra.local.cloud import LocalCloud

BUCKET = "ecom-data-local"


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


def test_batch_role_writes_tables_but_no_raw_file(cloud: LocalCloud) -> None:
    s3 = boto3.Session(profile_name="ecom-batch").client("s3")

    s3.put_object(Bucket=BUCKET, Key="lake/x", Body=b"")
    assert (
        refused(lambda: s3.put_object(Bucket=BUCKET, Key="raw/exports/x.csv", Body=b""))
        == "AccessDenied"
    )
    assert refused(lambda: s3.delete_object(Bucket=BUCKET, Key="lake/x")) == "AccessDenied"
    iam = boto3.Session(profile_name="ecom-batch").client("iam")
    assert "Denied" in refused(iam.list_roles)


FORBIDDEN_KEYS = [
    "raw/x.csv",
    "raw/exports",
    "raw/stream_events/arrived_date=2026-01-05/arrived_hour=10/x",
    "raw/stream_events_refused/processing-failed/arrived_date=2026-01-05/x",
    "raw/stream_detections/arrived_date=2026-01-05/x",
    "lake/raw_event_files/_commits/all/000001.json",
    "lake/staged_events/_commits/x@1/000001.json",
    "lake/events/data/x/event_date=2026-01-05/data_0.parquet",
    "marts/daily_visitors/_commits/2026-01-05/000001.json",
    "artifacts/lambda/x.zip",
    "artifacts/flink/x.zip",
]
"""Where a producer could rewrite history, or what runs."""


def test_producer_role_delivers_and_can_write_nothing_else(cloud: LocalCloud) -> None:
    session = boto3.Session(profile_name="ecom-producer")
    s3 = session.client("s3")

    s3.put_object(Bucket=BUCKET, Key="raw/exports/x.csv", Body=b"")
    for key in FORBIDDEN_KEYS:
        put = partial(s3.put_object, Bucket=BUCKET, Key=key, Body=b"")
        assert refused(put) == "AccessDenied", key
    delete = partial(s3.delete_object, Bucket=BUCKET, Key="raw/exports/x.csv")
    assert refused(delete) == "AccessDenied"
    record: Any = {"Data": b"{}", "PartitionKey": "1"}
    kinesis = session.client("kinesis")
    send = partial(kinesis.put_records, Records=[record])
    assert "Denied" in refused(partial(send, StreamName="ecom-detections"))
    assert send(StreamName="ecom-raw-events")["FailedRecordCount"] == 0
    assert refused(lambda: s3.get_object(Bucket=BUCKET, Key="lake/x")) == "AccessDenied"


def test_bucket_keeps_versions_so_that_an_overwritten_export_can_be_had_back(
    cloud: LocalCloud,
) -> None:
    s3 = boto3.client("s3")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=BUCKET, Key="raw/exports/x.csv", Body=body)

    versions = s3.list_object_versions(Bucket=BUCKET, Prefix="raw/exports/x.csv")["Versions"]

    bodies = [
        s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        for one in versions
    ]
    assert sorted(bodies) == [b"new", b"old"]
    rules = load_template("storage")["Resources"]["DataBucket"]["Properties"]
    (when_aws,) = [part for part in rules["LifecycleConfiguration"]["Fn::If"] if "Rules" in part]
    assert [rule["Id"] for rule in when_aws["Rules"]] == [
        "forget-replaced-versions",
        "forget-athena-results",
        "forget-messages-of-jobs",
        "forget-logs-of-runs",
        "abort-broken-uploads",
    ]


def test_second_deployment_changes_nothing(cloud: LocalCloud) -> None:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=BUCKET, Key="lake/kept", Body=b"1")

    first = deploy("local")

    assert deploy("local") == first
    assert s3.get_object(Bucket=BUCKET, Key="lake/kept")["Body"].read() == b"1"
