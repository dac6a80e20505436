"""What would stop a deployment half-way, looked for before anything is changed."""

import re
from collections.abc import Iterator, Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ecom_platform.settings import PREFIX_FORM

BUCKET_FORM = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
ONE_SHARD_STREAMS = 3
"""Quiet carts, dead letters and late events."""
FUNCTIONS = 5
TELLS = ("AlertEmail", "AlertWebhook", "AlertQueueArn")


def problems(values: Mapping[str, str]) -> list[str]:
    """What has to be mended first, each with its remedy; empty where all is well."""
    found = list(_bad_names(values))
    try:
        boto3.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return [*found, f"no account: {error}; see docs/aws-cli.md"]
    return [*found, *_foreign_bucket(values), *_quotas(values)]


def _bad_names(values: Mapping[str, str]) -> Iterator[str]:
    if not PREFIX_FORM.fullmatch(values["Prefix"]):
        yield (
            f"Prefix is {values['Prefix']!r}; wanted are up to 16 lower-case letters, digits and"
            " hyphens, a letter first and a hyphen last"
        )
    if not BUCKET_FORM.fullmatch(values["DataBucketName"]):
        yield (
            f"DataBucketName is {values['DataBucketName']!r}; wanted are 3 to 63 lower-case"
            " letters, digits and hyphens"
        )
    if is_real(values) and has_streaming(values) and not any(values.get(n) for n in TELLS):
        yield f"nobody hears of alerts; set one of {', '.join(TELLS)}"


def is_real(values: Mapping[str, str]) -> bool:
    return values["IsAws"] == "true"


def has_streaming(values: Mapping[str, str]) -> bool:
    return values.get("Streaming", "true") == "true"


def _foreign_bucket(values: Mapping[str, str]) -> Iterator[str]:
    try:
        boto3.client("s3").head_bucket(Bucket=values["DataBucketName"])
    except ClientError as error:
        if error.response["Error"]["Code"] in {"403", "AccessDenied"}:
            yield f"the bucket {values['DataBucketName']} belongs to somebody else; name another"


def _quotas(values: Mapping[str, str]) -> Iterator[str]:
    """Shards and concurrency, which new accounts have little of."""
    if not (is_real(values) and has_streaming(values)):
        return
    counts = ("RawEventsShardCount", "DetectionsShardCount", "UserSessionsShardCount")
    wanted = sum(int(values.get(name, "1")) for name in counts) + ONE_SHARD_STREAMS
    if (free := free_shards()) < wanted:
        yield f"{wanted} Kinesis shards are wanted, {free} are free; ask Service Quotas for more"
    if (slots := free_functions()) < FUNCTIONS:
        yield f"{slots} functions may run at once, {FUNCTIONS} must; ask Service Quotas for more"


def free_shards() -> int:
    limits = boto3.client("kinesis").describe_limits()
    return limits["ShardLimit"] - limits["OpenShardCount"]


def free_functions() -> int:
    account = boto3.client("lambda").get_account_settings()["AccountLimit"]
    return account["UnreservedConcurrentExecutions"]
