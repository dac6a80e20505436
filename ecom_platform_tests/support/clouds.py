"""A local cloud of a test's own, and the poller beside it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ecom_platform.resources.aws import CLIENTS
from ecom_platform_tests.support.places import ROOT
from infra.local.cloud import ACCOUNT, LocalCloud
from infra.local.ports import free_port


@contextmanager
def local_cloud(folder: Path, port: int | None = None) -> Iterator[LocalCloud]:
    """A local cloud of its own, which boto3's default clients reach while it runs."""
    cloud = LocalCloud(folder / "cloud", port or free_port())
    with pytest.MonkeyPatch.context() as patch:
        cloud.start()
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        CLIENTS.forget()
        try:
            yield cloud
        finally:
            CLIENTS.forget()
            cloud.stop()


def session_of(role: str) -> Any:
    """A session under a role of the cloud that boto3 reaches; clients are typed by their use."""
    keys = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="test"
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


@contextmanager
def in_memory_cloud() -> Iterator[None]:
    """What `moto` knows of AWS, in this process, and no cloud that other tests reached."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", "x")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws():
            yield


@contextmanager
def local_poller(checkpoints: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The poller; it must end well on SIGTERM, unless the test has killed it."""
    command = [sys.executable, "-m", "infra.local.poller", str(checkpoints)]
    with (checkpoints.parent / "poller.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            yield process
        finally:
            was_killed = process.poll() is not None
            process.terminate()
            code = process.wait(timeout=20)
    assert was_killed or code == 0
    assert "Traceback" not in (checkpoints.parent / "poller.log").read_text()
