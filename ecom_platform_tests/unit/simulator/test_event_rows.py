"""Event files read for playing: typed rows, and a count of what is no event."""

import pytest

from ecom_platform.simulator.event_rows import EventRows, NotAnEventFileError
from ecom_platform.simulator.wire import SourceRow
from ecom_platform_tests.support.places import HEADER

GOOD = "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,s"


def test_row_is_typed_and_empty_text_is_nothing() -> None:
    rows = EventRows()
    assert list(rows.read([HEADER, GOOD], name="x.csv")) == [
        SourceRow(
            1_569_888_000_000,
            "view",
            44_600_062,
            2_103_807_459_595_387_724,
            None,
            "shiseido",
            "35.79",
            541_312_140,
            "s",
        )
    ]
    assert rows.skipped_count == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2019-10-01 00:00:00", "2019-10-01 25:61:61"),
        ("view", "wishlist"),
        ("44600062", "4460006x"),
        ("35.79", "-35.79"),
        ("35.79", ""),
        ("541312140", ""),
        ("shiseido", "shis\ufffd"),
        (",541312140,s", ""),
    ],
)
def test_row_that_is_no_event_is_counted_and_left_out(old: str, new: str) -> None:
    rows = EventRows()
    assert len(list(rows.read([HEADER, GOOD.replace(old, new), GOOD], name="x.csv"))) == 1
    assert rows.skipped_count == 1


def test_file_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(NotAnEventFileError, match=r"x\.csv has no column price, user_session;"):
        list(
            EventRows().read(
                [HEADER.replace("price,", "").replace(",user_session", "")], name="x.csv"
            )
        )
