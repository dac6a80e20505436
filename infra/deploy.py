"""`python -m infra.deploy ENVIRONMENT`: bring up or update all stacks, here or on AWS.

Which cloud is meant is boto3's own business: `AWS_ENDPOINT_URL` and credentials. The command can be
repeated; a stack without changes is left as it is.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import yaml
from botocore.exceptions import ClientError, NoCredentialsError, WaiterError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

HERE = Path(__file__).parent
STACKS = ("storage", "catalog", "access")
"""One template each, in the order in which they build on each other."""


class DeployError(RuntimeError):
    """A stack could not be brought up; the message names it and the first cause."""


def deploy(environment: str) -> dict[str, str]:
    """Deploy every stack, and return all outputs."""
    cloud = boto3.client("cloudformation")
    values = yaml.safe_load((HERE / "parameters" / f"{environment}.yaml").read_text())
    outputs: dict[str, str] = {}
    for name in STACKS:
        outputs |= _deploy_stack(cloud, name, values)
    return outputs


def _deploy_stack(
    cloud: "CloudFormationClient", name: str, values: Mapping[str, str]
) -> dict[str, str]:
    stack = f"ecom-{name}"
    template = (HERE / f"{name}.yaml").read_text()
    wanted = _parameter_names(template)
    arguments = {
        "StackName": stack,
        "TemplateBody": template,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": str(value)}
            for key, value in values.items()
            if key in wanted
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    try:
        if _exists(cloud, stack):
            cloud.update_stack(**arguments)  # type: ignore[arg-type]
            cloud.get_waiter("stack_update_complete").wait(
                StackName=stack, WaiterConfig={"Delay": _delay(cloud)}
            )
        else:
            cloud.create_stack(**arguments)  # type: ignore[arg-type]
            cloud.get_waiter("stack_create_complete").wait(
                StackName=stack, WaiterConfig={"Delay": _delay(cloud)}
            )
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployError(f"{stack}: {error}") from error
    except WaiterError as error:
        raise DeployError(f"{stack}: {_first_failure(cloud, stack)}") from error
    described = cloud.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _parameter_names(template: str) -> set[str]:
    """The names under `Parameters:`; the template's own tags are not YAML that a loader knows."""
    lines = template.split("\nParameters:\n", 1)[1].split("\n\n", 1)[0].splitlines()
    return {line.strip(" :") for line in lines if line.startswith("  ") and line[2] != " "}


def _exists(cloud: "CloudFormationClient", stack: str) -> bool:
    try:
        found = cloud.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return bool(found) and found[0]["StackStatus"] != "DELETE_COMPLETE"


def _delay(cloud: "CloudFormationClient") -> int:
    """Seconds between two looks: AWS takes a minute, an emulator has finished already."""
    return 1 if "127.0.0.1" in cloud.meta.endpoint_url else 5


def _first_failure(cloud: "CloudFormationClient", stack: str) -> str:
    events = cloud.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    if not failed:
        return "it did not come up in time"
    first = failed[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    choices = sorted(path.stem for path in (HERE / "parameters").glob("*.yaml"))
    parser.add_argument("environment", choices=choices)
    try:
        outputs = deploy(parser.parse_args().environment)
    except (DeployError, NoCredentialsError) as error:
        sys.exit(f"error: {error}")
    for key, value in sorted(outputs.items()):
        print(f"{key} = {value}")


if __name__ == "__main__":
    main()
