"""A record of every decision of the emulator's IAM about an assumed role, where one is wanted.

`ECOM_DECISIONS` names a file, to which a line of JSON is added for each. What does not belong here:
what is made of it (`ecom_platform_tests.access`).
"""

import json
import os
import threading
from functools import wraps
from pathlib import Path
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import sts

RECORD = "ECOM_DECISIONS"


def record_decisions() -> None:
    """Every caller imports `enforce` when it calls it, so one name replaced is enough."""
    place = os.environ.get(RECORD)
    if not place:
        return
    enforce, lock, record = iam_evaluator.enforce, threading.Lock(), Path(place)

    @wraps(enforce)
    def recorded(access_key_id: str, iam_action: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        denied = enforce(access_key_id, iam_action, *rest, **more)
        arn = (sts._sessions.get(access_key_id or "") or {}).get("Arn", "")
        if ":assumed-role/" in arn:
            resource = rest[2] if len(rest) > 2 else more.get("resource_arn", "*")  # noqa: PLR2004
            line = {
                "role": arn.split("/")[1],
                "action": iam_action,
                "resource": resource,
                "allowed": denied is None,
            }
            with lock, record.open("a") as out:
                out.write(json.dumps(line) + "\n")
        return denied

    iam_evaluator.enforce = recorded


def name_glue_resources() -> None:
    """GetDatabase carries only a Name, which the emulator's IAM takes for a table's."""
    extract = iam_actions.extract_resource_arn

    @wraps(extract)
    def named(service: str, *request: Any) -> str:  # noqa: ANN401 - the emulator's own
        found: str = extract(service, *request)
        if service != "glue":
            return found
        operation = request[2].get("x-amz-target", "").rsplit(".", 1)[-1]
        return found.replace(":table/", ":database/") if operation.endswith("Database") else found

    iam_actions.extract_resource_arn = named
