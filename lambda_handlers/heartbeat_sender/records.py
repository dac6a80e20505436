"""What is sent: heartbeats, which carry the time of a shard in which nothing happens, and the burst
of the canary. They travel behind the events that are already there, so they make no backlog late.
"""

import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from common.canary import USER_ID
from common.wire_time import to_wire_time

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

HEARTBEAT_KEY = "heartbeat"
BURST = 60
"""Events of the canary at once: twice what `user_flood` allows a user in ten seconds."""


def heartbeat(now: datetime, hash_key: str) -> "PutRecordsRequestEntryTypeDef":
    """The put request of one heartbeat for the shard that owns a hash key."""
    data = json.dumps({"event_type": "heartbeat", "event_time": to_wire_time(now)}).encode()
    return {"Data": data, "PartitionKey": HEARTBEAT_KEY, "ExplicitHashKey": hash_key}


def canary(
    now: datetime, hash_key: str, *, count: int = BURST
) -> "list[PutRecordsRequestEntryTypeDef]":
    """The put requests of one burst, all in one shard."""
    event = {
        "event_time": to_wire_time(now),
        "event_type": "view",
        "product_id": 1,
        "category_id": 1,
        "category_code": "",
        "brand": "",
        "price": "0.00",
        "user_id": USER_ID,
        "user_session": "canary",
    }
    lines = (json.dumps({"event_id": str(uuid.uuid4()), **event}) for _ in range(count))
    return [
        {"Data": line.encode(), "PartitionKey": HEARTBEAT_KEY, "ExplicitHashKey": hash_key}
        for line in lines
    ]
