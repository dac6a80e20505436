"""Requests to forget users, as they lie in the data bucket; they are kept, as tombstones.

A request is never taken back by a restore: it lies beside the data, under `privacy/`. What does not
belong here: taking rows out (`erasure`).
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from ecom_platform.lake.terms import Terms
from ecom_platform.lake.tombstones import Tombstone, Tombstones
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.resources.table_store import TableStore

REQUESTS = "privacy/requests/"
REPORTS = "privacy/reports/"


@dataclass(frozen=True)
class ErasureRequest:
    """Users who are to be forgotten.

    Attributes:
        request_id: its name, by which its state is asked for.
        user_ids: whom.
        requested_at: when it was asked, UTC. It holds for all that happens until the end of that
            day, because a session may still be under way.

    """

    request_id: str
    user_ids: tuple[int, ...]
    requested_at: datetime

    @classmethod
    def of(cls, user_ids: Sequence[int], now: datetime) -> "ErasureRequest":
        name = f"{now:%Y-%m-%dT%H-%M-%S}-{uuid.uuid4().hex[:6]}"
        return cls(name, tuple(sorted(set(user_ids))), now)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.requested_at.date() + timedelta(days=1), time())

    @property
    def tombstones(self) -> Tombstones:
        return Tombstones(tuple(Tombstone(user, self.until) for user in self.user_ids))


def utc_now() -> datetime:
    """The time as the lake writes it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def put_request(objects: ObjectStore, request: ErasureRequest) -> None:
    fields = {
        "request_id": request.request_id,
        "user_ids": list(request.user_ids),
        "requested_at": request.requested_at.isoformat(),
    }
    key = f"{REQUESTS}{request.request_id}.json"
    objects.put_all_if_absent([(key, json.dumps(fields, indent=1))])


def read_requests(objects: ObjectStore) -> list[ErasureRequest]:
    """Every request, the oldest first."""
    bodies = objects.read_all(sorted(objects.list_keys(REQUESTS)))
    return [
        ErasureRequest(
            fields["request_id"],
            tuple(fields["user_ids"]),
            datetime.fromisoformat(fields["requested_at"]),
        )
        for fields in map(json.loads, bodies)
    ]


def count_requests(objects: ObjectStore) -> int:
    """How many there are; they only ever grow more."""
    return len(objects.list_keys(REQUESTS))


def read_tombstones(objects: ObjectStore) -> Tombstones:
    """Everybody who ever asked to be forgotten."""
    return Tombstones(
        tuple(stone for one in read_requests(objects) for stone in one.tombstones.stones)
    )


def terms_of(tables: TableStore) -> Terms:
    """On which terms rows are taken in now."""
    return Terms(tables.store_time_zone, read_tombstones(tables.objects))


def read_reports(objects: ObjectStore) -> dict[str, dict[str, Any]]:
    """Request → what was said of it last."""
    reports = [json.loads(body) for body in objects.read_all(objects.list_keys(REPORTS))]
    return {one["request_id"]: one for one in reports}
