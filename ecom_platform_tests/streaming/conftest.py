"""The local cloud for these tests: MiniStack with IAM enforced, the deployed stacks, the poller."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import deploy
import pytest
from boto3.dynamodb.conditions import Key

ROOT = Path(__file__).parent.parent
HANDLERS = ROOT / "lambda_handlers"
TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:ecom-alerts"
# Above anything these tests open, so that only the test of the storm meets the limit.
PARAMETERS = {
    **json.loads((ROOT / "infra/parameters/local.json").read_text()),
    "AnnouncedAlertsPerMinute": "100000",
    "MaximumRetryAttempts": "2",
}


def sample(function: str, name: str) -> Any:
    return json.loads((HANDLERS / function / "sample_events" / f"{name}.json").read_text())


def eventually(check: Any, *, seconds: float = 30.0) -> Any:
    """The first true answer of `check`; its last answer once the time is up."""
    end = time.monotonic() + seconds
    while not (answer := check()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """A local cloud of its own, which boto3's default clients reach while it runs."""
    port = _free_port()
    client = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = {
        **client,
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SFTP_HOST": "127.0.0.1",
    }
    url = f"http://127.0.0.1:{port}"
    program = str(Path(sys.executable).parent / "ministack")
    with pytest.MonkeyPatch.context() as patch, (folder / "log").open("w") as log:
        for name, value in {**client, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        process = subprocess.Popen([program], env=server, stdout=log, stderr=log)
        try:
            assert eventually(lambda: _is_healthy(url)), "MiniStack did not start"
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


@contextmanager
def local_poller(checkpoints: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The poller; it must end well on SIGTERM, unless the test has killed it."""
    command = [sys.executable, str(ROOT / "local_poller.py"), str(checkpoints)]
    with (checkpoints.parent / "poller.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            was_killed = process.poll() is not None
            process.terminate()
            code = process.wait(timeout=20)
    assert was_killed or code == 0
    assert "Traceback" not in (checkpoints.parent / "poller.log").read_text()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def cloud(endpoint: str) -> str:
    """The endpoint, every stack deployed. The schedule rests: it would resolve tests' alerts."""
    deploy.deploy(PARAMETERS, handlers=HANDLERS)
    boto3.client("events").disable_rule(Name="ecom-resolve-quiet-alerts")
    return endpoint


@pytest.fixture(scope="module")
def poller(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with local_poller(tmp_path_factory.mktemp("poller") / "checkpoints"):
        yield


@pytest.fixture
def alerts_table(cloud: str) -> Any:
    return boto3.resource("dynamodb").Table("ecom-alerts")


@pytest.fixture
def inbox(cloud: str) -> Callable[[], list[dict[str, Any]]]:
    """What the alerts topic has said since the test began."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"inbox-{uuid.uuid4()}")["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    queue_arn = answer["Attributes"]["QueueArn"]
    sender = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
    grant = {**sender, "Action": "sqs:SendMessage", "Resource": queue_arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    boto3.client("sns").subscribe(TopicArn=TOPIC_ARN, Protocol="sqs", Endpoint=queue_arn)
    said: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        while messages := got.get("Messages", []):
            said.extend(json.loads(json.loads(each["Body"])["Message"]) for each in messages)
            for each in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return said

    return read


def alerts_of(table: Any, entity: str) -> list[dict[str, Any]]:
    condition = Key("entity").eq(entity)
    return list(table.query(KeyConditionExpression=condition, ConsistentRead=True)["Items"])
