"""`python -m infra.deploy ENVIRONMENT`: bring up or update all stacks, here or on AWS.

Which cloud is meant is boto3's own business: `AWS_ENDPOINT_URL` and credentials. The command can be
repeated; a stack without changes is left as it is.
"""

import argparse
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from botocore.exceptions import ClientError, NoCredentialsError, WaiterError

from infra.flink_package import flink_package
from infra.glue_package import GluePackage, glue_packages
from infra.lambda_packages import LambdaPackage, build_packages

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

HERE = Path(__file__).parent
ROOT = HERE.parent
HANDLERS = ROOT / "lambda_handlers"
APPLICATION = ROOT / "flink_app"
CACHE = ROOT / ".local" / "lambda_requirements"
CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
PLACEHOLDER = "change-me"
STORAGE = "storage"
STACKS = (
    "catalog",
    "access",
    "spark",
    "streaming",
    "alerts",
    "sessions",
    "triggers",
    "observability",
)
"""One template each, in the order in which they build on each other; storage comes before them."""
SWITCHED = {
    "quicksight": "QuickSightPrincipalArn",
    "studio": "StudioNotes",
    "chat": "SlackWorkspaceId",
    "lake-formation": "LakeFormationRoles",
    "athena": "AthenaQueries",
    "crawlers": "RawCrawlers",
    "databrew": "DataBrewSteps",
    "aurora": "AuroraVpcId",
    "redshift": "RedshiftVpcId",
}
"""Deployed only where a parameter says so: an account may have no subscription to QuickSight."""
LARGEST_TEMPLATE = 51_200
"""Bytes that CloudFormation takes by value."""

# A creation that failed leaves a stack which can only be deleted.
DEAD_STATES = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}
WAIT = {"Delay": 1, "MaxAttempts": 1200}


class DeployError(RuntimeError):
    """A stack could not be brought up; the message carries CloudFormation's reasons."""


def deploy(environment: str, overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """Deploy every stack, and return what the platform must know of them.

    `overrides` replaces parameters of the environment's file, where a test needs others.
    """
    cloud = boto3.client("cloudformation")
    values = parameters_of(environment, overrides or {})
    if not _bucket_outlived_its_stack(cloud, values):
        deploy_stack(cloud, STORAGE, values)
    values |= _upload_code(values)
    outputs = {"DataBucketName": values["DataBucketName"]}
    switched = [name for name, switch in SWITCHED.items() if values.get(switch, "false") != "false"]
    for name in (*STACKS, *switched):
        outputs |= deploy_stack(cloud, name, values)
    return outputs


def parameters_of(environment: str, overrides: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an environment, with every name made from its one prefix.

    Raises:
        DeployError: the bucket still has the name that stands in the file as a reminder.

    """
    values = yaml.safe_load((HERE / "parameters" / f"{environment}.yaml").read_text())
    values |= overrides
    prefix = values.setdefault("Prefix", "ecom-")
    values.setdefault("DataBucketName", f"{prefix}data-local")
    values.setdefault("DatabasePrefix", prefix.replace("-", "_"))
    if PLACEHOLDER in values["DataBucketName"]:
        raise DeployError(
            f"the bucket is called {values['DataBucketName']}; bucket names are unique in all of"
            f" S3, so put one of your own into infra/parameters/{environment}.yaml"
        )
    return {name: str(value) for name, value in values.items()}


def _upload_code(values: Mapping[str, str]) -> dict[str, str]:
    """Put the code that the stacks name into the data bucket, and return its keys by parameter."""
    code: list[LambdaPackage | GluePackage] = [*_lambda_packages(), *glue_packages(ROOT)]
    packages = {one.parameter: (one.key, one.content) for one in code}
    if jar := values.get("FlinkConnectorJar"):
        packages["FlinkApplicationKey"] = flink_package(APPLICATION, ROOT / jar)
    for key, content in packages.values():
        _upload(values["DataBucketName"], key, content)
    return {parameter: key for parameter, (key, _) in packages.items()}


def _lambda_packages() -> list[LambdaPackage]:
    return build_packages(HANDLERS, cache=CACHE)


def _upload(bucket: str, key: str, content: bytes) -> None:
    """The key is the content, so an object that exists is right and stays."""
    try:
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise


def _bucket_outlived_its_stack(cloud: "CloudFormationClient", values: Mapping[str, str]) -> bool:
    """A retained bucket stays when its stack goes, and outlives an emulator that was killed.

    What its stack would have set is set again, so that an outlived bucket is as safe as a new one.
    """
    bucket = values["DataBucketName"]
    if _state(cloud, f"{values['Prefix']}{STORAGE}") is not None:
        return False
    if bucket not in {one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]}:
        return False
    keep_bucket_safe(bucket, is_aws=values["IsAws"] == "true")
    return True


def keep_bucket_safe(bucket: str, *, is_aws: bool) -> None:
    """Versions, encryption and no public access, as `storage.yaml` asks for them."""
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    if not is_aws:
        return
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def deploy_stack(
    cloud: "CloudFormationClient", name: str, values: Mapping[str, str]
) -> dict[str, str]:
    """Create or update one stack with those of the values that its template names.

    Raises:
        DeployError: it did not reach a complete state.

    """
    stack, template = f"{values.get('Prefix', 'ecom-')}{name}", _template_of(name, values)
    known = {found["ParameterKey"] for found in cloud.validate_template(**template)["Parameters"]}
    request: dict[str, Any] = {
        "StackName": stack,
        **template,
        "Capabilities": list(CAPABILITIES),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": str(value)}
            for key, value in sorted(values.items())
            if key in known
        ],
    }
    state = _state(cloud, stack)
    if state in DEAD_STATES:
        cloud.delete_stack(StackName=stack)
        _wait(cloud, "stack_delete_complete", stack)
        state = None
    if state is None:
        cloud.create_stack(**request)
        _wait(cloud, "stack_create_complete", stack)
    elif _update_starts(cloud, request):
        _wait(cloud, "stack_update_complete", stack)
    described = cloud.describe_stacks(StackName=stack)["Stacks"][0]
    return {found["OutputKey"]: found["OutputValue"] for found in described.get("Outputs", [])}


def _template_of(name: str, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - parts of a request
    """A template by value, or by its place in the data bucket where it is too large for that."""
    body = (HERE / f"{name}.yaml").read_bytes()
    if len(body) <= LARGEST_TEMPLATE:
        return {"TemplateBody": body.decode()}
    key = f"artifacts/templates/{name}-{hashlib.sha256(body).hexdigest()[:16]}.yaml"
    _upload(values["DataBucketName"], key, body)
    region = boto3.client("s3").meta.region_name
    place = f"https://{values['DataBucketName']}.s3.{region}.amazonaws.com/{key}"
    return {"TemplateURL": place}


def _update_starts(cloud: "CloudFormationClient", request: dict[str, Any]) -> bool:
    try:
        cloud.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
        return False
    return True


def _state(cloud: "CloudFormationClient", stack: str) -> str | None:
    try:
        return cloud.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None


def _wait(cloud: "CloudFormationClient", waiter: str, stack: str) -> None:
    try:
        cloud.get_waiter(waiter).wait(StackName=stack, WaiterConfig=WAIT)  # type: ignore[call-overload]
    except WaiterError as error:
        events = cloud.describe_stack_events(StackName=stack)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in events
            if "FAILED" in event["ResourceStatus"] and "ResourceStatusReason" in event
        ]
        raise DeployError(f"{stack}: {'; '.join(reasons) or error}") from error


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    choices = sorted(path.stem for path in (HERE / "parameters").glob("*.yaml"))
    parser.add_argument("environment", choices=choices)
    try:
        outputs = deploy(parser.parse_args().environment)
    except (DeployError, FileNotFoundError, NoCredentialsError) as error:
        sys.exit(f"error: {error}")
    for key, value in sorted(outputs.items()):
        print(f"{key} = {value}")


if __name__ == "__main__":
    main()
