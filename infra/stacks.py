"""One stack of CloudFormation: what it would change, bringing it up, taking it away.

Safe to repeat, whatever a broken-off command left. What does not belong here: which stacks there
are, and their parameters (`deploy`).
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError, WaiterError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

HERE = Path(__file__).parent
CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
LARGEST_TEMPLATE = 51_200
"""Bytes that CloudFormation takes by value."""
# A creation that failed leaves a stack which can only be deleted.
DEAD_STATES = {
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "CREATE_FAILED",
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
}
UNDER_WAY = "_IN_PROGRESS"
"""How states end that a command left which was broken off."""
WAIT = {"Delay": 1, "MaxAttempts": 3600}
PLAN = "plan"
STUCK = "UPDATE_ROLLBACK_FAILED"


class DeployError(RuntimeError):
    """A stack could not be brought up; the message carries CloudFormation's reasons."""


@dataclass(frozen=True)
class StackPlan:
    """What bringing up a stack would do: `create`, `update` with its changes, or nothing."""

    stack: str
    action: str
    changes: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        told = {"create": "is created", "none": "has no changes"}.get(self.action, "is updated")
        return [f"{self.stack} {told}", *(f"  {one}" for one in self.changes)]


@dataclass(frozen=True)
class Stack:
    """A stack by its template and the parameters of the installation."""

    cloud: "CloudFormationClient"
    name: str
    values: Mapping[str, str]

    @property
    def full_name(self) -> str:
        return f"{self.values['Prefix']}{self.name}"

    def state(self) -> str | None:
        try:
            return self.cloud.describe_stacks(StackName=self.full_name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return None

    def plan(self) -> StackPlan:
        """What would change; nothing is changed by asking."""
        state = self.state()
        if state is None or state in DEAD_STATES:
            return StackPlan(self.full_name, "create")
        if state.endswith(UNDER_WAY) or state == STUCK:
            return StackPlan(self.full_name, "wait", (f"is {state}, and is waited for first",))
        self.cloud.create_change_set(**self._request(), ChangeSetName=PLAN, ChangeSetType="UPDATE")
        try:
            self.cloud.get_waiter("change_set_create_complete").wait(
                StackName=self.full_name, ChangeSetName=PLAN, WaiterConfig={"Delay": 1}
            )
        except WaiterError as error:
            if not _says_no_changes(str(error.last_response.get("StatusReason", error))):
                raise DeployError(f"{self.full_name}: {error}") from error
            return StackPlan(self.full_name, "none")
        else:
            return self._changes()
        finally:
            self.cloud.delete_change_set(StackName=self.full_name, ChangeSetName=PLAN)

    def _changes(self) -> StackPlan:
        found = self.cloud.describe_change_set(StackName=self.full_name, ChangeSetName=PLAN)
        changes = tuple(
            f"{one['Action'].lower()} {one['LogicalResourceId']} ({one['ResourceType']})"
            + (", by replacing it" if one.get("Replacement") == "True" else "")
            for change in found.get("Changes", [])
            for one in [change["ResourceChange"]]
        )
        return StackPlan(self.full_name, "update" if changes else "none", changes)

    def bring_up(self) -> dict[str, str]:
        """Create or update it, whatever was left of it; returns its outputs.

        Raises:
            DeployError: it did not reach a complete state.

        """
        state = self._settled()
        if state in DEAD_STATES:
            self.take_away()
            state = None
        if state is None:
            self._create()
        elif self._update_starts(self._request()):
            self.wait_for("stack_update_complete")
        described = self.cloud.describe_stacks(StackName=self.full_name)["Stacks"][0]
        return {found["OutputKey"]: found["OutputValue"] for found in described.get("Outputs", [])}

    def _create(self) -> None:
        """Tables are protected in a second step: a creation that fails must be undone."""
        protects = self.values.get("ProtectTables") == "true"
        unprotected = {"ProtectTables": "false"} if protects else {}
        self.cloud.create_stack(**self._request(unprotected))
        self.wait_for("stack_create_complete")
        if (
            protects
            and "ProtectTables" in self._known_parameters()
            and self._update_starts(self._request())
        ):
            self.wait_for("stack_update_complete")

    def take_away(self) -> None:
        """Delete it, and wait; what its template retains stays.

        Raises:
            DeployError: something of it cannot be deleted.

        """
        self.cloud.delete_stack(StackName=self.full_name)
        self.wait_for("stack_delete_complete")

    def _settled(self) -> str | None:
        """Its state, once what is under way has ended and a failed rollback is done with."""
        if self.state() == STUCK:
            self.cloud.continue_update_rollback(StackName=self.full_name)
        deadline = time.monotonic() + WAIT["MaxAttempts"]
        while (state := self.state() or "").endswith(UNDER_WAY) and time.monotonic() < deadline:
            time.sleep(WAIT["Delay"])
        return state or None

    def _request(self, overrides: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - parts
        values = {**self.values, **(overrides or {})}
        known = self._known_parameters()
        return {
            "StackName": self.full_name,
            **template_of(self.name, self.values),
            "Capabilities": list(CAPABILITIES),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": str(value)}
                for key, value in sorted(values.items())
                if key in known
            ],
        }

    def _known_parameters(self) -> set[str]:
        found = self.cloud.validate_template(**template_of(self.name, self.values))
        return {one["ParameterKey"] for one in found["Parameters"]}

    def _update_starts(self, request: dict[str, Any]) -> bool:
        try:
            self.cloud.update_stack(**request)
        except ClientError as error:
            if not _says_no_changes(str(error)):
                raise
            return False
        return True

    def wait_for(self, waiter: str) -> None:
        try:
            self.cloud.get_waiter(waiter).wait(  # type: ignore[call-overload]
                StackName=self.full_name, WaiterConfig=WAIT
            )
        except WaiterError as error:
            reasons = _reasons(self.cloud, self.full_name)
            raise DeployError(f"{self.full_name}: {'; '.join(reasons) or error}") from error


def _says_no_changes(text: str) -> bool:
    return "No updates are to be performed" in text or "didn't contain changes" in text


def _reasons(cloud: "CloudFormationClient", stack: str) -> Sequence[str]:
    events = cloud.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if "FAILED" in event["ResourceStatus"] and "ResourceStatusReason" in event
    ]


def template_of(name: str, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - parts of a request
    """A template by value, or by its place in the data bucket where it is too large for that."""
    body = (HERE / f"{name}.yaml").read_bytes()
    if len(body) <= LARGEST_TEMPLATE:
        return {"TemplateBody": body.decode()}
    key = f"artifacts/templates/{name}-{hashlib.sha256(body).hexdigest()[:16]}.yaml"
    upload(values["DataBucketName"], key, body)
    region = boto3.client("s3").meta.region_name
    place = f"https://{values['DataBucketName']}.s3.{region}.amazonaws.com/{key}"
    return {"TemplateURL": place}


def upload(bucket: str, key: str, content: bytes) -> None:
    """Put an object whose key is its content, so that one that exists is right and stays."""
    try:
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
