"""The local cloud's server process: MiniStack with the remedies that a platform of this size needs.

Each remedy names what it replaces; docs/decisions/0006-patched-emulator.md tells how each ends.
What does not belong here: starting and stopping this process (`cloud`).
"""

import contextvars
import json
import os
import time
from functools import wraps
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.services import kinesis, s3, sts

from infra.local.ministack_archive import archive_in_buffers
from infra.local.ministack_decisions import name_glue_resources, record_decisions
from infra.local.ministack_metrics import publish_stream_metrics
from infra.local.ministack_resharding import keep_closed_shards

_range_asked: contextvars.ContextVar[bool] = contextvars.ContextVar("range_asked", default=False)


class _FileBody:
    """A persisted object that is read where it is sliced, instead of as a whole for each range."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getitem__(self, part: slice) -> bytes:
        start = part.start or 0
        with open(self._path, "rb") as body:  # noqa: PTH123 - a path of the emulator's own
            body.seek(start)
            return body.read(-1 if part.stop is None else part.stop - start)


def read_ranges_by_seeking() -> None:
    """GetObject with a range loads the whole object each time: 600 MB of CSV took 15 s."""
    read_body = s3._read_body
    get_object = s3._get_object

    @wraps(read_body)
    def body_or_file(bucket: str, key: str, obj: dict[str, Any]) -> Any:  # noqa: ANN401
        if _range_asked.get() and s3.S3_PERSIST and obj.get("body") is None:
            path = s3._object_disk_path(bucket, key)
            if path is not None and os.path.isfile(path):  # noqa: PTH113
                return _FileBody(path)
        return read_body(bucket, key, obj)

    @wraps(get_object)
    def with_range(bucket: str, key: str, headers: dict[str, str], *rest: Any) -> Any:  # noqa: ANN401
        token = _range_asked.set("range" in headers)
        try:
            return get_object(bucket, key, headers, *rest)
        finally:
            _range_asked.reset(token)

    s3._read_body = body_or_file
    s3._get_object = with_range


def expire_only_old_records() -> None:
    """Every Kinesis put and get copies all records of the stream to drop those that are too old."""
    expire = kinesis._expire_records

    @wraps(expire)
    def expire_if_due(stream: dict[str, Any]) -> None:
        cutoff = time.time() - stream["RetentionPeriodHours"] * 3600
        oldest = (shard["records"][0] for shard in stream["shards"].values() if shard["records"])
        if any(record["ApproximateArrivalTimestamp"] < cutoff for record in oldest):
            expire(stream)

    kinesis._expire_records = expire_if_due


def authorize_reads_by_stream() -> None:
    """GetRecords names only an iterator, which the emulator's IAM takes for any stream."""
    extract = iam_actions.extract_resource_arn

    @wraps(extract)
    def with_iterators(service: str, *request: Any) -> str:  # noqa: ANN401
        found: str = extract(service, *request)
        if service == "kinesis" and found == "*":
            return _stream_of_iterator(request[3]) or found
        return found

    iam_actions.extract_resource_arn = with_iterators


def _stream_of_iterator(body: bytes) -> str | None:
    """The ARN of the stream that a GetRecords request reads."""
    try:
        iterator = json.loads(body).get("ShardIterator")
    except (ValueError, AttributeError):
        return None
    state = kinesis._shard_iterators.get(iterator) if iterator else None
    stream = kinesis._streams.get(state["stream"]) if state else None
    return stream["StreamARN"] if stream else None


def keep_sessions() -> None:
    """Sessions of roles end with the server, and who holds one is refused for up to an hour."""
    sts.get_state = lambda: {"sessions": dict(sts._sessions)}
    sts.load_persisted_state = lambda data: sts._sessions.update(data["sessions"])


def main() -> None:
    archive_in_buffers()
    publish_stream_metrics()
    authorize_reads_by_stream()
    read_ranges_by_seeking()
    expire_only_old_records()
    keep_sessions()
    keep_closed_shards()
    name_glue_resources()
    record_decisions()
    app.main()


if __name__ == "__main__":
    main()
