"""`python -m infra.doctor ENVIRONMENT`: what is wrong with an installation, and what mends it.

Changes nothing. Ends with 1 where anything is wrong.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ecom_platform.contracts import TABLES
from ecom_platform.definitions import Resources
from ecom_platform.pipeline.days import stale_plans
from ecom_platform.settings import Settings
from ecom_platform.streaming.failures import PREFIXES
from infra.deploy import STORAGE, parameters_of, parser_of, stacks_of
from infra.flink_application import FlinkApplication
from infra.preflight import has_streaming, is_real, problems
from infra.smoke import variables_of
from infra.stacks import Stack

Values = Mapping[str, str]
WELL = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def stacks(values: Values) -> Iterator[str]:
    """Stacks that are missing or stuck."""
    cloud = boto3.client("cloudformation")
    for stack in [Stack(cloud, STORAGE, values), *stacks_of(cloud, values)]:
        state = stack.state()
        if state not in WELL and not (stack.name == STORAGE and state is None):
            yield f"stack {stack.full_name} is {state or 'missing'}: make deploy goes on from here"


def roles(values: Values) -> Iterator[str]:
    """Roles that cannot be taken on by who asks."""
    session = boto3.Session()
    for role in ("batch", "producer", "reader", "cleaner", "eraser", "observer"):
        name = f"{values['Prefix']}{role}"
        if name not in session.available_profiles:
            yield f"profile {name} is missing: docs/aws-cli.md says how profiles are written"
            continue
        try:
            boto3.Session(profile_name=name).client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            yield f"profile {name} cannot be used: {error}"


def bucket(values: Values) -> Iterator[str]:
    """A bucket that keeps no versions, could be read by everybody, or holds unread failures."""
    s3, name = boto3.client("s3"), values["DataBucketName"]
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        yield f"bucket {name} keeps no versions: make deploy sets it"
    for prefix in PREFIXES:
        if found := s3.list_objects_v2(Bucket=name, Prefix=prefix, MaxKeys=1).get("Contents"):
            yield f"failed records wait, like {found[0]['Key']}: make replay-failures"


def catalog(values: Values) -> Iterator[str]:
    """Tables that the catalog lacks, and days that are not built from what is there."""
    del values
    tables = Resources.of(Settings.from_environment()).tables
    for table in TABLES.values():
        if tables.catalog.table_location(table) is None:
            yield f"table {table.path} is not in the catalog: make rebuild-catalog"
            return
    if stale := stale_plans(tables):
        days = f"{stale[0].day} to {stale[-1].day}"
        yield f"{len(stale)} days are not up to date ({days}): make build, or wait for the sensors"


def alarms(values: Values) -> Iterator[str]:
    """Alarms that are up, and a topic that nobody listens to."""
    pages = (
        boto3.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=values["Prefix"], StateValue="ALARM")
    )
    for alarm in (one for page in pages for one in page["MetricAlarms"]):
        yield f"alarm {alarm['AlarmName']} is up: {alarm.get('AlarmDescription', '')}"
    if not is_real(values):
        return
    topic = f"{values['Prefix']}operations"
    pages = boto3.client("sns").get_paginator("list_subscriptions").paginate()
    heard = {one["TopicArn"].rsplit(":", 1)[1] for page in pages for one in page["Subscriptions"]}
    if topic not in heard:
        yield f"nobody listens to {topic}: set OperationsEmail, or subscribe somebody"


def job(values: Values) -> Iterator[str]:
    """A Flink application that does not run."""
    if is_real(values) and has_streaming(values):
        detail = FlinkApplication(f"{values['Prefix']}rules").detail()
        if detail["ApplicationStatus"] != "RUNNING":
            yield (
                f"the Flink application is {detail['ApplicationStatus']}: make deploy starts it;"
                " docs/runbook/job-down.md"
            )


LOOKS: Mapping[str, Callable[[Values], Iterator[str]]] = {
    "stacks": stacks,
    "roles": roles,
    "data bucket": bucket,
    "tables": catalog,
    "alarms": alarms,
    "Flink": job,
}


def findings(values: Values, say: Callable[[str], None] = print) -> list[str]:
    """What is wrong; each look is told as it is made."""
    found = problems(values)
    for name, look in LOOKS.items():
        try:
            told = list(look(values))
        except (BotoCoreError, ClientError) as error:
            told = [f"cannot look at {name}: {error}"]
        say(f"{name}: {'well' if not told else f'{len(told)} findings'}")
        found += told
    return found


def main() -> None:
    parser = parser_of("doctor", __doc__)
    values = parameters_of(parser.parse_args().environment, {})
    os.environ.update(variables_of(values))
    found = findings(values)
    for one in found:
        print(f"- {one}")
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {len(found)} findings")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
