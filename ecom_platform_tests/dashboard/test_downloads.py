import csv
import io

import pytest

from ecom_platform.dashboard.downloads import to_csv


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_guarded(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(to_csv(["brand"], [[text]]), newline=""))
    assert row == [f"'{text}"]


def test_figures_and_plain_texts_stay_as_they_are() -> None:
    found = to_csv(["brand", "lift", "views"], [["a,b", -0.5, None], ["1=1", 2, 3]])
    assert found.splitlines() == ["brand,lift,views", '"a,b",-0.5,', "1=1,2,3"]
