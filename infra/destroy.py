"""`python -m infra.destroy ENVIRONMENT --confirm PREFIX`: take an installation away, but its data.

The data bucket stays, with all versions: it is for a person to empty. Safe to repeat.
"""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import NoCredentialsError, NoRegionError

from infra.deploy import STACKS, STORAGE, STREAMING, SWITCHED, Say, parameters_of, parser_of
from infra.flink_application import FlinkApplication
from infra.preflight import is_real
from infra.stacks import DeployError, Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def destroy(
    environment: str, overrides: Mapping[str, str] | None = None, say: Say = lambda _: None
) -> list[str]:
    """Delete every stack, the last one first; returns what is kept on purpose."""
    cloud = boto3.client("cloudformation")
    values = parameters_of(environment, overrides or {})
    for name in reversed((STORAGE, *STACKS, *STREAMING, *SWITCHED)):
        stack = Stack(cloud, name, values)
        if stack.state() is None:
            continue
        _let_go(cloud, stack)
        stack.take_away()
        say(f"{stack.full_name} is gone")
    return [f"s3://{values['DataBucketName']}: the data, with all versions"]


def _let_go(cloud: "CloudFormationClient", stack: Stack) -> None:
    """Stop the job with a snapshot, and take protection off tables."""
    if stack.name == "streaming" and is_real(stack.values):
        FlinkApplication(f"{stack.values['Prefix']}rules").stop()
    dynamodb = boto3.client("dynamodb")
    pages = cloud.get_paginator("list_stack_resources").paginate(StackName=stack.full_name)
    for one in (one for page in pages for one in page["StackResourceSummaries"]):
        if one["ResourceType"] == "AWS::DynamoDB::Table" and "PhysicalResourceId" in one:
            dynamodb.update_table(
                TableName=one["PhysicalResourceId"], DeletionProtectionEnabled=False
            )


def main() -> None:
    parser = parser_of("destroy", __doc__)
    parser.add_argument("--confirm", default="", help="the prefix of the installation that goes")
    options = parser.parse_args()
    try:
        prefix = parameters_of(options.environment, {})["Prefix"]
        if options.confirm != prefix:
            sys.exit(f"error: this takes the installation {prefix!r} away; say CONFIRM={prefix}")
        for kept in destroy(options.environment, say=print):
            print(f"kept: {kept}")
    except (DeployError, NoCredentialsError, NoRegionError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
