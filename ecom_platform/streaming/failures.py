"""Records that no function could take, as they lie in S3: malformed ones, which the function set
aside itself, and batches that Lambda gave up because they had become too old.

What does not belong here: requests, and trying them again (`resources.failed_records`).
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

MALFORMED_PREFIX = "failures/"
GIVEN_UP_PREFIX = "aws/lambda/"
"""Where Lambda puts what it gives up, in whichever bucket it is told."""
PREFIXES = (MALFORMED_PREFIX, GIVEN_UP_PREFIX)


@dataclass(frozen=True)
class Failure:
    """One object: the function that is to have its records, in the form of an event, and why."""

    key: str
    function: str
    folder: str
    records: Sequence[dict[str, Any]]
    reason: str

    @property
    def keys_aside(self) -> list[str]:
        """Where the function sets each of the records aside, if it finds it malformed."""
        ids = (record["eventID"].replace(":", "-") for record in self.records)
        return [f"{MALFORMED_PREFIX}{self.folder}/{one}.json" for one in ids]

    @property
    def event(self) -> bytes:
        """What the function was given, and is given again."""
        return json.dumps({"Records": list(self.records)}).encode()


def parse_failure(key: str, body: bytes, *, prefix: str) -> Failure:
    """The failure in an object.

    Args:
        key: its key, below one of `PREFIXES`.
        body: its content, JSON.
        prefix: of the installation, as functions are named with it.

    Raises:
        KeyError: it is not what a function or Lambda writes.

    """
    fields = json.loads(body)
    if key.startswith(MALFORMED_PREFIX):
        folder = key.split("/")[1]
        function = prefix + folder.replace("_", "-")
        return Failure(key, function, folder, [fields["record"]], fields["reason"])
    context = fields["requestContext"]
    function = context["functionArn"].split(":function:")[1].split(":")[0]
    folder = function.removeprefix(prefix).replace("-", "_")
    records = json.loads(fields["payload"])["Records"]
    return Failure(key, function, folder, records, context["condition"])


def failure_without(body: bytes, is_unwanted: Callable[[bytes], bool]) -> tuple[bytes | None, int]:
    """A failure without some of its records, and how many those are; None where none is left.

    Args:
        body: the object's content.
        is_unwanted: says it of a record as it was put into the stream.

    """
    fields = json.loads(body)
    payload = json.loads(fields["payload"]) if "payload" in fields else None
    records = payload["Records"] if payload else [fields["record"]]
    kept = [one for one in records if not is_unwanted(base64.b64decode(one["kinesis"]["data"]))]
    if payload and kept:
        payload["Records"] = kept
        fields["payload"] = json.dumps(payload)
    return json.dumps(fields).encode() if kept else None, len(records) - len(kept)
