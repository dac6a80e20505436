"""A pager that listens by HTTP, with the filter of the template: it hears of an alert and its end.

Subscribed by a call: the local cloud asks for no confirmation of what a stack has subscribed.
"""

import json
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from ecom_platform_tests.streaming.detections import crossing
from ecom_platform_tests.streaming.test_alert_recorder import Clock, make_recorder
from ecom_platform_tests.support.inbox import TOPIC_ARN
from ecom_platform_tests.support.templates import load_template
from ecom_platform_tests.support.waiting import eventually

QUIET_MILLIS = 10 * 60 * 1000


class Pager(BaseHTTPRequestHandler):
    heard: list[dict[str, Any]] = []  # noqa: RUF012 - one of a test, set by its fixture

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        told = json.loads(self.rfile.read(length))
        self.heard.append(told)
        if told["Type"] == "SubscriptionConfirmation":
            # As a pager does before it is told anything.
            urllib.request.urlopen(told["SubscribeURL"], timeout=5).close()  # noqa: S310
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def heard(deployed: str) -> Iterator[list[dict[str, Any]]]:
    """What the pager hears, from now on."""
    Pager.heard = []
    with HTTPServer(("127.0.0.1", 0), Pager) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        sns = boto3.client("sns")
        sns.subscribe(
            TopicArn=TOPIC_ARN,
            Protocol="http",
            Endpoint=f"http://127.0.0.1:{server.server_port}/alerts",
            Attributes={"FilterPolicy": json.dumps(filter_policy())},
        )
        assert eventually(lambda: Pager.heard)
        yield Pager.heard
        server.shutdown()


def filter_policy() -> dict[str, list[str]]:
    """That of the template's pager, with the default of its parameter."""
    template = load_template("alerts")
    properties = template["Resources"]["WebhookSubscription"]["Properties"]
    assert properties["FilterPolicy"] == {"severity": {"Ref": "PagedSeverities"}}
    return {"severity": template["Parameters"]["PagedSeverities"]["Default"].split(",")}


def notices(heard: list[dict[str, Any]], entity_id: str) -> list[dict[str, str]]:
    """What was told of a user: the context of each custom notification."""
    found = [json.loads(one["Message"]) for one in heard if one.get("Type") == "Notification"]
    contexts = [one["metadata"]["additionalContext"] for one in found]
    return [one for one in contexts if one["entity_id"] == entity_id]


def test_pager_hears_of_a_severe_alert_and_of_its_end_and_of_no_milder_one(
    heard: list[dict[str, Any]],
) -> None:
    clock = Clock()
    recorder = make_recorder(clock)
    severe, mild = str(uuid.uuid4()), str(uuid.uuid4())
    recorder.record(crossing(entity_id=severe, severity="high"))
    recorder.record(crossing(entity_id=mild, severity="medium"))
    assert eventually(lambda: notices(heard, severe))
    clock.millis += 2 * QUIET_MILLIS
    closed = {alert.key["entity"] for alert in recorder.resolve_quiet_alerts()}
    assert {f"user#{severe}", f"user#{mild}"} <= closed

    assert eventually(lambda: len(notices(heard, severe)) == 2)
    opened, over = notices(heard, severe)
    assert (opened["status"], over["status"]) == ("open", "resolved")
    assert opened["alert_id"] == over["alert_id"]
    assert notices(heard, mild) == []
