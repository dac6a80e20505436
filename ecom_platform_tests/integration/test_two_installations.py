"""Two installations live in one local cloud, and neither sees the other."""

from pathlib import Path

import boto3
import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import TABLES
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import rows
from infra.deploy import deploy
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

ROW = "2026-01-05 10:00:00 UTC,view,1,1,a.b,acme,10.00,{user},s"


def visitors(cloud: LocalCloud, folder: Path, users: range) -> list[tuple[int]]:
    """Deliver and build on one installation; returns the visitors of its day."""
    with pytest.MonkeyPatch.context() as patch, dg.instance_for_test() as instance:
        for name, value in cloud.installation().items():
            patch.setenv(name, value)
        patch.setenv("ECOM_SCRATCH_DIR", str(folder))
        CLIENTS.forget()
        path = folder / "events.csv"
        path.write_text("\n".join([HEADER, *(ROW.format(user=user) for user in users), ""]))
        deploy("local", {"Prefix": cloud.prefix})
        settings = Settings.from_environment()
        deliver([path], settings)
        batch = Batch.of(settings, instance, say=lambda _: None)
        batch.prepare_catalog()
        batch.take_in()
        batch.rebuild()
        return rows(batch, "marts", "daily_visitors", "select distinct visitor_count from {table}")


def test_two_installations_share_a_cloud_and_nothing_else(tmp_path: Path) -> None:
    one = LocalCloud(tmp_path / "cloud", free_port(), "one-")
    other = LocalCloud(tmp_path / "cloud", one.port, "other-")
    one.start()
    try:
        other.start()
        assert visitors(one, tmp_path, range(1, 4)) == [(3,)]
        assert visitors(other, tmp_path, range(1, 6)) == [(5,)]
        assert visitors(one, tmp_path, range(1, 4)) == [(3,)]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in one.environment().items():
                patch.setenv(name, value)
            names = every_name()
        prefixes = ("one-", "other-", "one_", "other_")
        # Roles of services and rules of the emulator itself are made by nobody of us.
        assert [name for name in names if not name.startswith(prefixes)] == []
        plain = [{name.removeprefix(p) for name in names if name.startswith(p)} for p in prefixes]
        assert plain[0] == plain[1]
        assert plain[2] == plain[3] == {table.layer for table in TABLES.values()}
    finally:
        CLIENTS.forget()
        one.stop()


def every_name() -> list[str]:
    """Of everything that was deployed: buckets, databases, streams, functions and so on."""
    client = boto3.client
    return [
        *(found["Name"] for found in client("s3").list_buckets()["Buckets"]),
        *(found["Name"] for found in client("glue").get_databases()["DatabaseList"]),
        *client("kinesis").list_streams()["StreamNames"],
        *client("dynamodb").list_tables()["TableNames"],
        *(found["FunctionName"] for found in client("lambda").list_functions()["Functions"]),
        *(found["RoleName"] for found in client("iam").list_roles()["Roles"]),
        *client("firehose").list_delivery_streams()["DeliveryStreamNames"],
        *(t["TopicArn"].rsplit(":", 1)[1] for t in client("sns").list_topics()["Topics"]),
        *(url.rsplit("/", 1)[1] for url in client("sqs").list_queues().get("QueueUrls", [])),
        *(
            alarm["AlarmName"]
            for page in client("cloudwatch").get_paginator("describe_alarms").paginate()
            for alarm in page["MetricAlarms"]
        ),
        *(rule["Name"] for rule in client("events").list_rules()["Rules"]),
    ]
