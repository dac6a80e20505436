"""Every record becomes one line of the archive; the lake judges it."""

import base64
import json

import pytest
from common import canary
from event_transformer.event_lines import ArchiveLine, to_line

from ecom_platform_tests.streaming.conftest import sample

AT = "2026-01-02T03:04:06.000Z"
START = b'{"arrived_at": "2026-01-02T03:04:06.000Z"'


def test_a_good_event_keeps_its_text_and_gains_a_line_feed() -> None:
    text = json.dumps(sample("event_transformer", "raw_event"), separators=(" ,", ": ")).encode()
    assert to_line(text, AT) == ArchiveLine("event", START + b", " + text[1:] + b"\n")


def test_an_event_over_several_lines_becomes_one() -> None:
    event = sample("event_transformer", "raw_event")
    found = to_line(json.dumps(event, indent=2).replace("\n", "\r\n").encode(), AT)
    assert found.line is not None
    assert found.line.count(b"\n") == 1
    assert b"\r" not in found.line
    assert json.loads(found.line) == {"arrived_at": AT, **event}


@pytest.mark.parametrize("data", [b'{"price": "-1.00"}', b'{"event_type": 7}'])
def test_what_only_the_lake_can_refuse_is_passed_on(data: bytes) -> None:
    assert to_line(data, AT) == ArchiveLine("event", START + b", " + data[1:] + b"\n")


def test_what_is_no_event_of_the_shop_leaves_no_line() -> None:
    heartbeat = b'{"event_type": "heartbeat"}'
    assert to_line(heartbeat, AT) == ArchiveLine("heartbeat", None)
    for user, kind in ((canary.USER_ID, "canary"), (canary.USER_ID - 1, "event")):
        found = to_line(b'{"event_type": "view", "user_id": %d}' % user, AT)
        assert (found.kind, found.line is None) == (kind, kind == "canary")


def test_an_empty_object_is_a_line() -> None:
    assert to_line(b"{}", AT).line == START + b"}\n"


def test_a_field_given_twice_counts_as_it_came_last_and_the_text_is_kept() -> None:
    data = b'{"user_id": 1, "user_id": 2, "x": {"y": 1}}'
    line = json.loads(to_line(data, AT).line or b"")
    assert (line["user_id"], line["arrived_at"]) == (2, AT)
    assert base64.b64decode(line["original"]) == data


def test_an_arrival_that_the_sender_claims_does_not_count() -> None:
    line = json.loads(to_line(b'{"arrived_at": "2000-01-01T00:00:00Z"}', AT).line or b"")
    assert line["arrived_at"] == AT


def test_half_a_character_becomes_a_question_mark() -> None:
    line = json.loads(to_line(rb'{"brand": "x\ud83d", "id": "\ud83d\uded2"}', AT).line or b"")
    assert (line["brand"], line["id"]) == ("x?", "\U0001f6d2")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"two\nlines",
        b'{"a": 1}\n{"b": 2}',
        b"\xff\xfe",
        "{}".encode("utf-16"),
        b'{"price": NaN}',
        b"[" * 100_000,
        b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}",
        '{"brand": "\ufffd"}'.encode(),
        b'"' * 600_000,
    ],
)
def test_what_is_no_json_object_is_wrapped_and_not_lost(data: bytes) -> None:
    found = to_line(data, AT)
    assert found.kind == "unreadable"
    assert found.line is not None
    assert found.line.count(b"\n") == 1
    assert len(found.line) <= len(data) * 4 / 3 + 100
    line = json.loads(found.line)
    assert (base64.b64decode(line["unreadable_base64"]), line["arrived_at"]) == (data, AT)


def test_brackets_up_to_the_bound_are_read() -> None:
    assert to_line(b'{"x": ' + b"[" * 99 + b"]" * 99 + b"}", AT).kind == "event"


def test_a_heartbeat_is_no_event() -> None:
    assert to_line(b'{"event_type": "heartbeat"}', AT) == ArchiveLine("heartbeat", None)
