"""Every record becomes one line of the archive; the lake judges it."""

import json

import pytest
from event_transformer.event_lines import ArchiveLine, to_line

from ecom_platform_tests.streaming.conftest import sample


def test_a_good_event_keeps_its_text_and_gains_a_line_feed() -> None:
    text = json.dumps(sample("event_transformer", "raw_event"), separators=(" ,", ": ")).encode()
    assert to_line(text) == ArchiveLine("event", text + b"\n")


def test_an_event_over_several_lines_becomes_one() -> None:
    event = sample("event_transformer", "raw_event")
    found = to_line(json.dumps(event, indent=2).replace("\n", "\r\n").encode())
    assert found.line is not None
    assert found.line.count(b"\n") == 1
    assert b"\r" not in found.line
    assert json.loads(found.line) == event


@pytest.mark.parametrize("data", [b"[]", b"null", b'{"price": "-1.00"}', b'{"event_type": 7}'])
def test_what_only_the_lake_can_refuse_is_passed_on(data: bytes) -> None:
    assert to_line(data) == ArchiveLine("event", data + b"\n")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"{", "{"),
        (b"two\nlines", "two\nlines"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("{}".encode("utf-16"), "\\xff\\xfe{\x00}\x00"),
        (b'{"price": NaN}', '{"price": NaN}'),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_what_is_no_json_is_wrapped_and_not_lost(data: bytes, text: str) -> None:
    found = to_line(data)
    assert found.kind == "unreadable"
    assert found.line is not None
    assert found.line.count(b"\n") == 1
    assert json.loads(found.line) == {"unreadable": text}


def test_a_heartbeat_is_no_event() -> None:
    assert to_line(b'{"event_type": "heartbeat"}') == ArchiveLine("heartbeat", None)
