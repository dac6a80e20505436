"""The specs of what AWS and Flink own; a module of its own, as definitions and decorators do not
mix in one.
"""

import dagster as dg

from ecom_platform.contracts.lake import RAW_EVENT_FILES
from ecom_platform.defs.raw.found_schemas import CLEANED
from ecom_platform.defs.streaming.assets import (
    CART_TRIGGERS,
    DEAD_LETTERS,
    DETECTIONS,
    FLINK_JOB,
    LATE_EVENTS,
    OWNER,
    QUIET_CARTS,
    RAW_EVENTS,
    SESSION_STATES,
    USER_SESSIONS,
)
from ecom_platform.defs.streaming.serving import SERVED_AFFINITY

ARCHIVED_EVENTS = dg.AssetKey(["raw", "stream_events"])
ARCHIVED_DETECTIONS = dg.AssetKey(["raw", "stream_detections"])

EXTERNAL = [
    (RAW_EVENTS, "The Kinesis stream of events as they happen.", {"kinesis"}, []),
    (
        FLINK_JOB,
        "The Flink job: the rules of `flink_app/sql/rules` over the stream of raw events.",
        {"flink"},
        [RAW_EVENTS],
    ),
    (
        DETECTIONS,
        "The Kinesis stream of crossings: who crossed the threshold of which rule, when.",
        {"kinesis"},
        [FLINK_JOB],
    ),
    (
        USER_SESSIONS,
        "The Kinesis stream of running states of sessions.",
        {"kinesis"},
        [FLINK_JOB],
    ),
    (
        QUIET_CARTS,
        "The Kinesis stream of sessions that changed their cart and then went quiet.",
        {"kinesis"},
        [FLINK_JOB],
    ),
    (
        DEAD_LETTERS,
        "The Kinesis stream of records that no rule can use, with the reason.",
        {"kinesis"},
        [FLINK_JOB],
    ),
    (
        LATE_EVENTS,
        "The Kinesis stream of good events that came behind the watermark.",
        {"kinesis"},
        [FLINK_JOB],
    ),
    (
        SESSION_STATES,
        "The newest state of each session, in DynamoDB.",
        {"dynamodb"},
        [USER_SESSIONS],
    ),
    (
        CART_TRIGGERS,
        "What was told of quiet carts, one item a session, in DynamoDB; and its SNS topic.",
        {"dynamodb", "sns"},
        [QUIET_CARTS, SERVED_AFFINITY],
    ),
    (
        ARCHIVED_EVENTS,
        "The archive of the stream in S3, by Firehose: records as they came, by hour of arrival.",
        {"s3", "firehose"},
        [RAW_EVENTS],
    ),
    (
        CLEANED,
        "Cleaned events as DataBrew's recipe makes them, for people who look at its steps.",
        {"databrew"},
        [dg.AssetKey(RAW_EVENT_FILES.key)],
    ),
    (
        ARCHIVED_DETECTIONS,
        "The archive of the detections in S3, by Firehose.",
        {"s3", "firehose"},
        [DETECTIONS],
    ),
]
"""Asset, what it is, its kinds, and what it is made from."""


@dg.definitions
def external_assets() -> dg.Definitions:
    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                key=key,
                group_name=key.path[0],
                description=description,
                owners=[OWNER],
                kinds=kinds,
                deps=deps,
            )
            for key, description, kinds, deps in EXTERNAL
        ]
    )
