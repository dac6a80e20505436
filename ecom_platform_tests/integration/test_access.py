"""Each role can do its work and nothing beside it; the deployment can be repeated."""

from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

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
        refused(lambda: s3.put_object(Bucket=BUCKET, Key="raw/x.csv", Body=b"")) == "AccessDenied"
    )
    assert refused(lambda: s3.delete_object(Bucket=BUCKET, Key="lake/x")) == "AccessDenied"
    iam = boto3.Session(profile_name="ecom-batch").client("iam")
    assert "Denied" in refused(iam.list_roles)


def test_producer_role_delivers_and_reads_no_table(cloud: LocalCloud) -> None:
    s3 = boto3.Session(profile_name="ecom-producer").client("s3")

    s3.put_object(Bucket=BUCKET, Key="raw/x.csv", Body=b"")
    assert refused(lambda: s3.put_object(Bucket=BUCKET, Key="lake/x", Body=b"")) == "AccessDenied"
    assert refused(lambda: s3.get_object(Bucket=BUCKET, Key="lake/x")) == "AccessDenied"


def test_second_deployment_changes_nothing(cloud: LocalCloud) -> None:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=BUCKET, Key="lake/kept", Body=b"1")

    first = deploy("local")

    assert deploy("local") == first
    assert s3.get_object(Bucket=BUCKET, Key="lake/kept")["Body"].read() == b"1"
