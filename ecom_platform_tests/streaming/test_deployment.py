"""The deployment of the streaming stacks: repeatable, by content, and with words when it fails."""

import shutil
import zipfile
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform_tests.streaming.conftest import PARAMETERS
from infra import deploy, stacks
from infra.flink_package import flink_package
from infra.lambda_packages import build_packages
from infra.local.time_to_live import EXPIRING_TABLES, turn_on_expiry


def test_the_same_sources_give_the_same_keys(tmp_path: Path) -> None:
    first, second = (build_packages(deploy.HANDLERS, cache=tmp_path / name) for name in ("a", "b"))
    assert [package.key for package in first] == [package.key for package in second]
    assert [package.parameter for package in first] == [
        "AlertRecorderKey",
        "CartRecommenderKey",
        "EventTransformerKey",
        "HeartbeatSenderKey",
        "SessionRecorderKey",
    ]


def test_the_flink_package_holds_what_the_service_starts(tmp_path: Path) -> None:
    jar = tmp_path / "connector.jar"
    jar.write_bytes(b"jar")
    key, content = flink_package(deploy.APPLICATION, jar)
    (tmp_path / "package.zip").write_bytes(content)
    names = set(zipfile.ZipFile(tmp_path / "package.zip").namelist())
    assert {"main.py", "application_properties.json", "sql/rules/user_flood.sql"} <= names
    assert "lib/flink-sql-connector-kinesis.jar" in names
    assert not any(name.startswith("local/") for name in names)
    assert flink_package(deploy.APPLICATION, jar)[0] == key


def test_a_second_deployment_changes_nothing(deployed: str) -> None:
    streams = boto3.client("kinesis").describe_stream_summary(StreamName="ecom-detections")
    function = boto3.client("lambda").get_function(FunctionName="ecom-alert-recorder")
    deploy.deploy("local", PARAMETERS)
    again = boto3.client("lambda").get_function(FunctionName="ecom-alert-recorder")
    assert again["Configuration"]["CodeSha256"] == function["Configuration"]["CodeSha256"]
    found = boto3.client("kinesis").describe_stream_summary(StreamName="ecom-detections")
    summaries = (found["StreamDescriptionSummary"], streams["StreamDescriptionSummary"])
    first, second = (summary["StreamCreationTimestamp"] for summary in summaries)
    assert first == second


@pytest.mark.parametrize("function", ["ecom-alert-recorder", "ecom-session-recorder"])
def test_a_recorder_tries_a_record_until_it_is_six_hours_old(deployed: str, function: str) -> None:
    answer = boto3.client("lambda").list_event_source_mappings(FunctionName=function)
    (mapping,) = answer["EventSourceMappings"]
    assert mapping["MaximumRecordAgeInSeconds"] == 6 * 3600
    assert mapping.get("MaximumRetryAttempts", -1) == -1
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(":ecom-data-local")


def test_changed_sources_reach_the_deployed_function(
    deployed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = boto3.client("lambda")
    before = function.get_function(FunctionName="ecom-session-recorder")["Configuration"]
    changed = tmp_path / "lambda_handlers"
    shutil.copytree(deploy.HANDLERS, changed)
    (changed / "session_recorder" / "added.py").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(deploy, "HANDLERS", changed)
        deploy.deploy("local", PARAMETERS)
    after = function.get_function(FunctionName="ecom-session-recorder")["Configuration"]
    assert after["CodeSha256"] != before["CodeSha256"]
    deploy.deploy("local", PARAMETERS)
    again = function.get_function(FunctionName="ecom-session-recorder")["Configuration"]
    assert again["CodeSha256"] == before["CodeSha256"]


def test_expiry_is_turned_on_where_the_emulator_leaves_it_out(deployed: str) -> None:
    for _ in range(2):
        turn_on_expiry("ecom-")
    dynamodb = boto3.client("dynamodb")
    for table in EXPIRING_TABLES:
        expiry = dynamodb.describe_time_to_live(TableName=f"ecom-{table}")["TimeToLiveDescription"]
        assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires_at")


def test_a_stack_that_failed_says_why_and_is_made_anew(
    deployed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    template = "Resources:\n  Queue:\n    Type: {}\n    Properties: {{QueueName: made-anew}}\n"
    monkeypatch.setattr(stacks, "HERE", tmp_path)
    cloudformation = boto3.client("cloudformation")
    (tmp_path / "queues.yaml").write_text(template.format("AWS::No::Such"))
    stack = stacks.Stack(cloudformation, "queues", {**PARAMETERS, "Prefix": "ecom-"})
    with pytest.raises((stacks.DeployError, ClientError), match="AWS::No::Such"):
        stack.bring_up()
    (tmp_path / "queues.yaml").write_text(template.format("AWS::SQS::Queue"))
    stack.bring_up()
    assert stack.state() == "CREATE_COMPLETE"
