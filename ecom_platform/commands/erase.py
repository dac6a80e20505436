"""`python -m ecom_platform.commands.erase USER…`: forget users, and prove that nothing is left.

Raw files, the stream's archive and failed records are rewritten without them, days and marts are
built anew, old versions go, and DynamoDB's items too. Without a user, all who were ever asked for
are looked for again; do that after a restore. The last line is the report, JSON.
"""

import argparse
import json
import sys

import dagster as dg

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.pipeline.erasure import Erasure, Pass, put_report
from ecom_platform.pipeline.erasure_requests import (
    ErasureRequest,
    put_request,
    read_requests,
    read_tombstones,
    utc_now,
)
from ecom_platform.settings import Settings

MOST_PASSES = 6
"""Raw data, then what was made of it, then what that left behind; more would be a fault."""


def erase(batch: Batch) -> tuple[list[Pass], list[dict[str, object]]]:
    """Work on all requests until a pass has nothing to do; returns the passes and the reports."""
    objects, eraser = batch.tables.objects, batch.resources.eraser
    erasure = Erasure(read_tombstones(objects), batch.tables, batch.engine, eraser, batch.say)
    done: list[Pass] = []
    while not (done and done[-1].is_clean) and len(done) < MOST_PASSES:
        done.append(erasure.run(utc_now()))
        batch.take_in()
        batch.take_in_stream()
        batch.rebuild()
    reports = [put_report(one, done, eraser, utc_now()) for one in read_requests(objects)]
    return done, reports


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.erase", description=__doc__
    )
    parser.add_argument("users", nargs="*", type=int, help="user_id of each who is to be forgotten")
    users = parser.parse_args().users
    batch = Batch.of(Settings.from_environment(), dg.DagsterInstance.get())
    if users:
        request = ErasureRequest.of(users, utc_now())
        put_request(batch.resources.eraser.objects, request)
        print(f"request {request.request_id}: {len(request.user_ids)} users")
    try:
        done, reports = erase(batch)
    except RunFailedError as error:
        sys.exit(f"error: {error}")
    if not reports:
        sys.exit("error: nobody was ever asked to be forgotten; name a user: USER=123456789")
    for sentence in done[-1].left:
        print(f"left: {sentence}")
    print(json.dumps(reports[-1] if users else reports))
    sys.exit(1 if done[-1].left else 0)


if __name__ == "__main__":
    main()
