"""`python -m infra.deploy ENVIRONMENT`: bring up or update an installation, here or on AWS.

Looks first whether it can work, shows what would change, asks, and does it; a command that was
broken off is simply given again. Which cloud is meant is boto3's own business: `AWS_ENDPOINT_URL`
and credentials.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from infra.flink_application import FlinkApplication
from infra.flink_package import flink_package
from infra.glue_package import GluePackage, glue_packages
from infra.lambda_packages import LambdaPackage, build_packages
from infra.preflight import has_streaming, is_real, problems
from infra.stacks import DeployError, Stack, StackPlan, upload

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

HERE = Path(__file__).parent
ROOT = HERE.parent
HANDLERS = ROOT / "lambda_handlers"
APPLICATION = ROOT / "flink_app"
CACHE = ROOT / ".local" / "lambda_requirements"
PLACEHOLDER = "change-me"
STORAGE = "storage"
STACKS = ("catalog", "access", "operations", "spark")
"""One template each, in the order in which they build on each other; storage comes before them."""
STREAMING = ("streaming", "alerts", "sessions", "triggers", "observability")
"""The same for real time, which costs while nobody visits the shop: `Streaming` switches it."""
SWITCHED = {
    "hosting": "DagsterImage",
    "budget": "MonthlyBudget",
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

Say = Callable[[str], None]


def stacks_of(cloud: "CloudFormationClient", values: Mapping[str, str]) -> list[Stack]:
    """The stacks of an installation but for its storage, in their order."""
    streaming = STREAMING if has_streaming(values) else ()
    switched = [name for name, switch in SWITCHED.items() if values.get(switch, "false") != "false"]
    return [Stack(cloud, name, values) for name in (*STACKS, *streaming, *switched)]


def deploy(
    environment: str, overrides: Mapping[str, str] | None = None, say: Say = lambda _: None
) -> dict[str, str]:
    """Deploy every stack, start the Flink job, and return what the platform must know of them.

    `overrides` replaces parameters of the environment's file, where a test needs others.
    """
    cloud = boto3.client("cloudformation")
    values = parameters_of(environment, overrides or {})
    storage = Stack(cloud, STORAGE, values)
    if not _bucket_outlived_its_stack(storage):
        storage.bring_up()
    values |= _upload_code(values)
    values |= _flink_start(cloud, values)
    outputs = {"DataBucketName": values["DataBucketName"]}
    for stack in stacks_of(cloud, values):
        outputs |= stack.bring_up()
        say(f"{stack.full_name} is up")
    if is_real(values) and has_streaming(values):
        FlinkApplication(f"{values['Prefix']}rules").bring_up(say)
    return outputs


def plan(environment: str, overrides: Mapping[str, str] | None = None) -> Iterator[StackPlan]:
    """What a deployment would change. Code is put into the bucket where there is one: a change set
    names it.
    """
    cloud = boto3.client("cloudformation")
    values = parameters_of(environment, overrides or {})
    storage = Stack(cloud, STORAGE, values)
    if not _has_bucket_alone(storage):
        yield (first := storage.plan())
        if first.action == "create":
            yield from (StackPlan(s.full_name, "create") for s in stacks_of(cloud, values))
            return
    values |= _upload_code(values)
    values |= _flink_start(cloud, values)
    for stack in stacks_of(cloud, values):
        yield stack.plan()


def parameters_of(environment: str, overrides: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an environment, with every name made from its one prefix.

    Raises:
        DeployError: the bucket still has the name that stands in the file as a reminder.

    """
    values = yaml.safe_load((HERE / "parameters" / f"{environment}.yaml").read_text())
    values |= overrides
    prefix = values.setdefault("Prefix", "ecom-")
    values.setdefault("DataBucketName", f"{prefix}data-local")
    values.setdefault("ProtectTables", values["IsAws"])
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
        upload(values["DataBucketName"], key, content)
    return {parameter: key for parameter, (key, _) in packages.items()}


def _lambda_packages() -> list[LambdaPackage]:
    return build_packages(HANDLERS, cache=CACHE)


def _flink_start(cloud: "CloudFormationClient", values: Mapping[str, str]) -> dict[str, str]:
    """Where a job without a snapshot begins to read: now, and not two days of old alerts ago.

    Once said it stays, so that a second deployment changes nothing.
    """
    if not is_real(values) or "FlinkStartAt" in values:
        return {}
    try:
        found = cloud.describe_stacks(StackName=f"{values['Prefix']}streaming")["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {"FlinkStartAt": str(int(time.time()))}
    known = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}
    return {name: known[name] for name in ("FlinkStartAt",) if name in known}


def _bucket_outlived_its_stack(storage: Stack) -> bool:
    """A retained bucket stays when its stack goes, and outlives an emulator that was killed.

    What its stack would have set is set again, so that an outlived bucket is as safe as a new one.
    """
    if not _has_bucket_alone(storage):
        return False
    bucket = storage.values["DataBucketName"]
    keep_bucket_safe(bucket, is_aws=is_real(storage.values))
    return True


def _has_bucket_alone(storage: Stack) -> bool:
    """Whether the bucket is there without its stack."""
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    names = {one["Name"] for one in buckets}
    return storage.state() is None and storage.values["DataBucketName"] in names


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


def parser_of(command: str, text: str | None) -> argparse.ArgumentParser:
    """The arguments of a command on an environment, one of `infra/parameters/`."""
    parser = argparse.ArgumentParser(prog=f"python -m infra.{command}", description=text)
    choices = sorted(path.stem for path in (HERE / "parameters").glob("*.yaml"))
    parser.add_argument("environment", choices=choices)
    return parser


def _is_wanted(*, is_sure: bool) -> bool:
    if is_sure:
        return True
    if not sys.stdin.isatty():
        sys.exit("error: nobody is there to be asked; say YES=1 (--yes)")
    return input("do it? [y/N] ").strip().lower() in {"y", "yes"}


def main() -> None:
    parser = parser_of("deploy", __doc__)
    parser.add_argument("--plan", action="store_true", help="show what would change, and end")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args()
    try:
        if found := problems(parameters_of(options.environment, {})):
            sys.exit("\n".join(f"error: {one}" for one in found))
        planned = list(plan(options.environment))
        print("\n".join(line for one in planned for line in one.lines))
        if options.plan:
            return
        if not _is_wanted(is_sure=options.yes):
            sys.exit("nothing was changed")
        outputs = deploy(options.environment, say=print)
    except KeyboardInterrupt:
        sys.exit("\nbroken off; give the command again, and it goes on from here")
    except (
        ClientError,
        DeployError,
        FileNotFoundError,
        NoCredentialsError,
        NoRegionError,
    ) as error:
        sys.exit(f"error: {error}")
    for key, value in sorted(outputs.items()):
        print(f"{key} = {value}")


if __name__ == "__main__":
    main()
