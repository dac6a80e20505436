from datetime import date
from pathlib import Path

import pytest

from ecom_platform.traffic.__main__ import main
from ecom_platform.traffic.calibration import published_calibration
from ecom_platform.traffic.comparison import compared
from ecom_platform.traffic.shelves import shelves
from ecom_platform_tests.unit.traffic.conftest import Generate

PERIOD = {"start": date(2026, 10, 26), "end": date(2026, 11, 22), "days_per_file": 7}


def test_three_hundred_thousand_events_agree_with_the_published_figures(
    tmp_path: Path, generate: Generate
) -> None:
    files = generate("out", events_per_day=11_000, dirt=0.0005, **PERIOD)
    assert 280_000 < sum(file.rows for file in files if not file.copy_of) < 340_000
    figures = {figure.name: figure for figure in compared(tmp_path / "out")}
    assert [figure for figure in figures.values() if not figure.is_within] == []
    assert figures["cart_sessions_unbought_share"].generated == pytest.approx(0.594, abs=0.02)


def test_shelves_agree_with_both_published_margins() -> None:
    calibration = published_calibration()
    tables = shelves(calibration)
    codes, brands = calibration.categories, calibration.brands
    assert tables.view_share.sum(axis=1) == pytest.approx([c.view_share for c in codes], abs=1e-5)
    assert tables.view_share.sum(axis=0) == pytest.approx([b.view_share for b in brands], abs=1e-5)
    bought = tables.view_share * tables.purchase_lift
    expected = [b.view_share * b.purchases_per_view for b in brands]
    assert bought.sum(axis=0) == pytest.approx([v / sum(expected) for v in expected], abs=1e-5)


def test_calibration_names_its_source_and_adds_up() -> None:
    calibration = published_calibration()
    assert "https://rees46.com" in calibration.source["by"]
    assert calibration.source["via"].startswith("https://www.kaggle.com/datasets/mkechinov/")
    assert sum(c.view_share for c in calibration.categories) == pytest.approx(1, abs=1e-4)
    assert sum(b.view_share for b in calibration.brands) == pytest.approx(1, abs=1e-4)
    assert sum(hour.event_share for hour in calibration.hours) == pytest.approx(1, abs=1e-4)
    assert sum(c.ids for c in calibration.categories) == 691
    assert sum(days for days, _ in calibration.cart_regimes) == 28


def test_command_line_generates_and_reports_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = [
        "--start",
        "2026-10-26",
        "--end",
        "2026-10-28",
        "--days-per-file",
        "2",
        "--dirt",
        "0",
    ]
    assert main(["generate", "--out", str(out), "--events-per-day", "1000", *arguments]) == 0
    progress = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in progress] == [
        "events_2026-10-26_2026-10-27.csv",
        "events_2026-10-28_2026-10-28.csv",
    ]


def test_command_line_prints_a_figure_a_line(
    tmp_path: Path, generate: Generate, capsys: pytest.CaptureFixture[str]
) -> None:
    generate("out", events_per_day=5_000)
    main(["calibrate", "--events", str(tmp_path / "out")])
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["figure", "published", "generated", "ratio", "tolerance", "within"]
    assert "cart_sessions_unbought_share" in {line.split()[0] for line in table}


def test_calibrate_says_what_is_missing_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run generate first"):
        compared(tmp_path)
