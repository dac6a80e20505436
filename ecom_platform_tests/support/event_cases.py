"""What an event is: one table of records, run through files, the archive and Flink.

A case says whether its record is good. Where one of the three differs, it says which, and why;
those differences are named in `docs/event-files.md`.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

FIRST_USER = 880_000_000


@dataclass(frozen=True)
class EventCase:
    """A record, told by its user id.

    Attributes:
        name: what it is about.
        fields: what differs from a plain event; None removes the field.
        is_good: whether it is an event.
        data: the record as it is sent, where it is no plain JSON object; `%s` stands for one.
        differs: path (`file`, `archive`, `flink`) → why it judges otherwise.

    """

    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    is_good: bool = False
    data: bytes | None = None
    differs: dict[str, str] = field(default_factory=dict)


def good(name: str, **fields: Any) -> EventCase:
    return EventCase(name, fields, is_good=True)


def bad(name: str, **fields: Any) -> EventCase:
    return EventCase(name, fields)


def sent(name: str, data: bytes, *, is_good: bool = False) -> EventCase:
    """A record whose bytes are the case; files have no such form."""
    return EventCase(name, is_good=is_good, data=data)


NESTED = {"a": {"b": [1, {"c": 2}]}}
OFFSETS = {"+03:00": 180, "+0545": 345, "-08": -480, "+00:00": 0, "-00:30": -30}

CASES = [
    good("plain"),
    # Times: "T" stands for the moment, in the zone of the offset that follows.
    good("seconds", event_time="T0Z"),
    good("millis", event_time="T3Z"),
    good("micros", event_time="T6Z"),
    good("nanos", event_time="T9Z"),
    good("blank for T", event_time="B3Z"),
    good("as in files", event_time="B0 UTC"),
    good("blank before Z", event_time="T0 Z"),
    *(good(f"offset {text}", event_time=f"T3{text}") for text in OFFSETS),
    good("offset after a blank", event_time="B0 +03:00"),
    bad("no zone", event_time="T3"),
    bad("no zone, blank for T", event_time="B0"),
    bad("zone in lower case", event_time="B0 utc"),
    bad("another zone's name", event_time="B0 GMT"),
    bad("offset of UTC", event_time="B0 UTC+3"),
    bad("ten decimals", event_time="T10Z"),
    bad("decimals without a point", event_time="2026-01-02T03:04:05123Z"),
    bad("unpadded", event_time="2026-1-2 3:4:5 UTC"),
    bad("blank in front", event_time=" B0 UTC"),
    bad("blank behind", event_time="B0 UTC "),
    bad("a leap second", event_time="2026-01-02 23:59:60 UTC"),
    bad("hour 24", event_time="2026-01-02 24:00:00 UTC"),
    bad("no such day", event_time="2025-02-29 10:00:00 UTC"),
    bad("offset of 16 hours", event_time="T0+16:00"),
    bad("epoch", event_time="1767323045000"),
    bad("empty time", event_time=""),
    bad("no time", event_time=None),
    # Types.
    *(good(kind, event_type=kind) for kind in ("cart", "remove_from_cart", "purchase")),
    *(
        bad(f"type {kind!r}", event_type=kind)
        for kind in ("View", " view", "add_to_cart", "", None)
    ),
    # Ids.
    good("id 0", product_id="0"),
    good("largest id", product_id="9223372036854775807"),
    good("id above 2^53", product_id="9007199254740993"),
    *(
        bad(f"id {text!r}", product_id=text)
        for text in ("9223372036854775808", "-5", "+5", "007", "5.0", "1e5", " 5", "5 ", "1_000")
        + ("\u0665", "\uff15", "0x10", "", None)
    ),
    good("no category", category_id=None),
    good("empty category", category_id=""),
    bad("category in words", category_id="shoes"),
    bad("category with decimals", category_id="5.0"),
    # Prices.
    *(
        good(f"price {text}", price=text)
        for text in ("0", "0.00", "12", "12.3", "12.34", "12.340", "12.3400000", "999999999999.99")
        + ("150000000.00", "007.50")
    ),
    *(
        bad(f"price {text!r}", price=text)
        for text in ("12.345", "0.001", "0.0000004", "12.34000001", "35.790000000000006", "1e2")
        + ("1_000", "1.0E+02", " 12.5", "12.5 ", "+5", "12.", ".5", "0x10", "$12", "-0", "-79.37")
        + ("1 299.00", "1000000000000.00", "inf", "nan", "\u0661\u0662", "", None)
    ),
    # Texts.
    good("empty texts", brand="", category_code="", user_session=""),
    good("no texts", brand=None, category_code=None, user_session=None),
    good("texts beyond ASCII", brand="ünï🛒", user_session="s-🛒"),
    good("session of 200", user_session="s" * 200),
    bad("session of 201", user_session="s" * 201),
    good("a long brand", brand="b" * 20_000),
    good("quotes in a brand", brand='say "hi", ok'),
    # What only a record can be.
    sent("numbers as text", b"%s", is_good=True),
    sent("price as a number", b'{"price": 12.5, %s', is_good=True),
    sent("large price as a number", b'{"price": 12345678.9, %s', is_good=True),
    sent("price 1e9 as a number", b'{"price": 1e9, %s', is_good=True),
    sent("price 1e2 as a number", b'{"price": 1e2, %s', is_good=True),
    sent("price 1e13 as a number", b'{"price": 1e13, %s'),
    sent("three decimals as a number", b'{"price": 12.345, %s'),
    sent("product with decimals as a number", b'{"product_id": 5.0, %s'),
    sent("product as true", b'{"product_id": true, %s'),
    sent("product as an object", b'{"product_id": {"id": 1}, %s'),
    sent("category as an array", b'{"category_id": [1], %s'),
    sent("event id as a number", b'{"event_id": 7, %s', is_good=True),
    sent("event id as an object", b'{"event_id": {"id": 1}, %s'),
    sent("brand as an object", b'{"brand": {"id": 1}, %s', is_good=True),
    sent("no event id", b'{"event_id": null, %s'),
    sent("empty event id", b'{"event_id": "", %s'),
    sent("event id of 201", b'{"event_id": "' + b"e" * 201 + b'", %s'),
    sent("more fields, nested", b'{"more": ' + json.dumps(NESTED).encode() + b", %s", is_good=True),
    sent("100 brackets", b'{"x": ' + b"[" * 99 + b"]" * 99 + b", %s", is_good=True),
    sent("101 brackets", b'{"x": ' + b"[" * 100 + b"]" * 100 + b", %s"),
    sent("half a million brackets", b'{"x": ' + b"[" * 250_000 + b"]" * 250_000 + b", %s"),
    sent("blanks around", b"  %s \t", is_good=True),
    sent("half a character", rb'{"brand": "x\ud83d", %s', is_good=True),
    sent("half a character in more fields", rb'{"x": {"y": "\udc00"}, %s', is_good=True),
    sent("an escaped backslash", rb'{"brand": "x\\ud83d", %s', is_good=True),
    sent("NUL escaped", rb'{"brand": "a\u0000b", %s', is_good=True),
    sent("bytes that are not UTF-8", b'{"brand": "\xff", %s'),
    sent("replacement character", '{"brand": "\ufffd", %s'.encode()),
    sent("a field twice, the last good", b'{"product_id": "x", %s', is_good=True),
    sent("two objects", b'%s{"a": 1}'),
    sent("two objects, a comma", b'%s,{"a": 1}'),
    sent("text behind", b"%s x"),
    sent("a bracket behind", b"%s]x"),
    sent("a brace behind", b"%s}"),
    sent("in an array", b"[%s]"),
    sent("byte order mark", b"\xef\xbb\xbf%s"),
    sent("NaN", b'{"x": NaN, %s'),
    sent("600,000 quotes", b'"' * 600_000),
    sent("nothing but a blank", b" "),
    sent("null", b"null"),
    sent("HTML", b"<html>503</html>"),
    sent("base64", b"eyJldmVudF9pZCI6ICJ0MSJ9"),
]
"""Every case; its place gives its user id."""


FORM = re.compile(r"(\s*)([TB])(\d+)(.*)")
"""`T` or `B` (a blank), how many decimals, and the zone."""


def wire_text(text: str | None, moment: datetime) -> str | None:
    """A time written in the form that a case asks for."""
    form = FORM.fullmatch(text) if text else None
    return form[1] + _written(moment, form[2], int(form[3]), form[4]) if form else text


def _written(moment: datetime, separator: str, digits: int, zone: str) -> str:
    minutes = OFFSETS.get(zone.strip(), 960 if "+16" in zone else 0)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    fraction = f".{'123456789012'[:digits]}" if digits else ""
    return local.strftime(f"%Y-%m-%d{separator.replace('B', ' ')}%H:%M:%S") + fraction + zone


def plain(place: int) -> dict[str, Any]:
    return {
        "event_id": f"case-{place}",
        "event_time": "T3Z",
        "event_type": "view",
        "product_id": "1",
        "category_id": "2053013555631882655",
        "category_code": "a.b",
        "brand": "acme",
        "price": "1.00",
        "user_id": str(FIRST_USER + place),
        "user_session": f"s-{place}",
    }


def fields_of(place: int, moment: datetime) -> dict[str, Any]:
    """The fields of a case as text, those that it leaves out too."""
    case = CASES[place]
    changed = {**plain(place), **case.fields}
    return {**changed, "event_time": wire_text(changed["event_time"], moment)}


def record(place: int, moment: datetime) -> bytes:
    """A case as a record of the stream, about a moment that has a time zone."""
    data = CASES[place].data
    fields = {n: value for n, value in fields_of(place, moment).items() if value is not None}
    if data is None:
        return json.dumps(fields).encode()
    return data.replace(b"%s", _rest(data, json.dumps(fields).encode(), fields), 1)


def _rest(data: bytes, whole: bytes, fields: dict[str, Any]) -> bytes:
    """All of an event, or those of its fields that the case does not give itself."""
    if not data.startswith(b"{"):
        return whole
    given = data.split(b'"', 2)[1].decode()
    is_twice = given == "product_id" and data.startswith(b'{"product_id": "x"')
    others = {n: value for n, value in fields.items() if n != given or is_twice}
    return json.dumps(others).encode()[1:]


def good_users(path: str) -> set[int]:
    """The users of the cases that a path must take."""
    return {
        FIRST_USER + place
        for place, case in enumerate(CASES)
        if case.is_good != (path in case.differs)
    }
