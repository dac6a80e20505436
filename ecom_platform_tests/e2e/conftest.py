"""A shop of three days, and a bot beside its people."""

from pathlib import Path

import pytest

from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.rows import COLUMNS
from ecom_platform_tests.e2e.figures import BOT


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a small shop."""
    folder = tmp_path_factory.mktemp("people")
    traffic.main(
        ["generate", f"--out={folder}", "--start=2026-01-05", "--end=2026-01-07"]
        + ["--events-per-day=2000", "--dirt=0", "--seed=3"]
    )
    return next(folder.glob("*.csv"))


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scraper that fills carts too, on one day: 600 events in an hour and 40 minutes."""
    lines = [",".join(COLUMNS)]
    for number in range(600):
        second = 10 * number
        moment = f"2026-01-06 {9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} UTC"
        kind = "cart" if number % 3 == 2 else "view"
        product = f"{7_000_000 + number // 3},{number},electronics.audio,aqua,9.99"
        lines.append(f"{moment},{kind},{product},{BOT},b")
    path = tmp_path_factory.mktemp("bot") / "bot.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
