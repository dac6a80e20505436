"""What a thief of a role's credentials would try, each tried under each role that is deployed."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from ecom_platform_tests.support.clouds import session_of
from infra.local.cloud import ACCOUNT

BUCKET = "ecom-data-local"
ALLOW_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)

Abuse = Callable[[boto3.Session, str], object]


def _grant_everything(session: boto3.Session, role: str) -> object:
    iam = session.client("iam")
    return iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=ALLOW_ALL)


def _replace_code(session: boto3.Session, _: str) -> object:
    return session.client("s3").put_object(Bucket=BUCKET, Key="artifacts/lambda/x.zip", Body=b"x")


def _undo_tombstone(session: boto3.Session, _: str) -> object:
    return session.client("s3").delete_object(Bucket=BUCKET, Key="privacy/requests/x.json")


def _read_all_visitors(session: boto3.Session, _: str) -> object:
    return session.client("dynamodb").scan(TableName="ecom-user-sessions")


def _rewrite_marts(session: boto3.Session, _: str) -> object:
    key = "marts/daily_visitors/_commits/2026-01-05/000001.json"
    return session.client("s3").delete_object(Bucket=BUCKET, Key=key, VersionId="1")


ABUSES: Mapping[str, Abuse] = {
    "grants itself everything": _grant_everything,
    "replaces the code of a function": _replace_code,
    "undoes that a user is forgotten": _undo_tombstone,
    "reads all visitors at once": _read_all_visitors,
    "deletes a version of a mart for good": _rewrite_marts,
}
ALLOWED = {("ecom-eraser", "deletes a version of a mart for good")}
"""What one role is there for."""


def stolen(role: str) -> Any:
    """Credentials of a role, whomever it trusts."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    boto3.client("iam").update_assume_role_policy(
        RoleName=role, PolicyDocument=json.dumps(document)
    )
    return session_of(role)


def try_abuses(roles: Iterable[str]) -> list[tuple[str, str, bool]]:
    """Role, abuse, and whether it was refused, of every role that the local cloud has."""
    there = {one["RoleName"] for one in boto3.client("iam").list_roles()["Roles"]}
    return [
        (role, what, _is_refused(abuse, stolen(role), role))
        for role in roles
        if role in there
        for what, abuse in ABUSES.items()
        if (role, what) not in ALLOWED
    ]


def _is_refused(abuse: Abuse, session: boto3.Session, role: str) -> bool:
    try:
        abuse(session, role)
    except ClientError as error:
        return _says_denied(error.response["Error"])
    return False


def _says_denied(error: Mapping[str, Any]) -> bool:
    return any(word in str(error.get("Code")) for word in ("Denied", "NotAuthorized"))
