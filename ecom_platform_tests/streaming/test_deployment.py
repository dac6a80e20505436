import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import deploy
import pytest
from botocore.exceptions import ClientError
from lambda_packages import build_packages
from local.time_to_live import turn_on_expiry

from lambda_tests.conftest import HANDLERS, PARAMETERS, ROOT, ministack


def test_the_same_sources_give_the_same_keys() -> None:
    first, second = build_packages(HANDLERS), build_packages(HANDLERS)
    assert [package.key for package in first] == [package.key for package in second]
    assert [package.parameter for package in first] == [
        "AlertRecorderKey",
        "EventTransformerKey",
        "SessionRecorderKey",
    ]


def test_a_second_deployment_changes_nothing(cloud: str) -> None:
    streams = boto3.client("kinesis").describe_stream_summary(StreamName="ecom-detections")
    function = boto3.client("lambda").get_function(FunctionName="ecom-alert-recorder")
    deploy.deploy(PARAMETERS, handlers=HANDLERS)
    again = boto3.client("lambda").get_function(FunctionName="ecom-alert-recorder")
    assert again["Configuration"]["CodeSha256"] == function["Configuration"]["CodeSha256"]
    assert (
        boto3.client("kinesis").describe_stream_summary(StreamName="ecom-detections")[
            "StreamDescriptionSummary"
        ]["StreamCreationTimestamp"]
        == streams["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    )


def test_changed_sources_reach_the_deployed_function(cloud: str, tmp_path: Path) -> None:
    function = boto3.client("lambda")
    before = function.get_function(FunctionName="ecom-session-recorder")["Configuration"]
    changed = tmp_path / "lambda_handlers"
    shutil.copytree(HANDLERS, changed)
    (changed / "session_recorder" / "added.py").write_text("")
    deploy.deploy(PARAMETERS, handlers=changed)
    after = function.get_function(FunctionName="ecom-session-recorder")["Configuration"]
    assert after["CodeSha256"] != before["CodeSha256"]
    deploy.deploy(PARAMETERS, handlers=HANDLERS)
    again = function.get_function(FunctionName="ecom-session-recorder")["Configuration"]
    assert again["CodeSha256"] == before["CodeSha256"]


def test_expiry_is_turned_on_where_the_emulator_leaves_it_out(cloud: str) -> None:
    for _ in range(2):
        turn_on_expiry("ecom")
    dynamodb = boto3.client("dynamodb")
    for table in ("ecom-alerts", "ecom-alert-rates", "ecom-user-sessions"):
        expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires_at")


def test_a_stack_that_failed_says_why_and_is_made_anew(
    cloud: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    template = "Resources:\n  Queue:\n    Type: {}\n    Properties: {{QueueName: made-anew}}\n"
    monkeypatch.setattr(deploy, "INFRA", tmp_path)
    cloudformation = boto3.client("cloudformation")
    (tmp_path / "queues.yaml").write_text(template.format("AWS::No::Such"))
    with pytest.raises((deploy.StackFailedError, ClientError), match="AWS::No::Such"):
        deploy.deploy_stack(cloudformation, "queues", PARAMETERS)
    (tmp_path / "queues.yaml").write_text(template.format("AWS::SQS::Queue"))
    deploy.deploy_stack(cloudformation, "queues", PARAMETERS)
    stack = cloudformation.describe_stacks(StackName="ecom-queues")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_buckets_without_their_stack_are_kept(tmp_path: Path) -> None:
    with ministack(tmp_path):
        s3 = boto3.client("s3")
        for name in (PARAMETERS["DataBucketName"], PARAMETERS["ArtifactBucketName"]):
            s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=PARAMETERS["DataBucketName"], Key="raw/kept", Body=b"1")
        deploy.deploy(PARAMETERS, handlers=HANDLERS)
        assert s3.get_object(Bucket=PARAMETERS["DataBucketName"], Key="raw/kept")["Body"].read()


def test_templates_have_no_finding() -> None:
    templates = sorted((ROOT / "infra").glob("*.yaml"))
    program = Path(sys.executable).parent / "cfn-lint"
    found = subprocess.run([program, *templates], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
