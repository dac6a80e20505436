"""Four days of a small shop from a Sunday on; on one, names mean something to somebody."""

import csv
from pathlib import Path

from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.rows import COLUMNS

EVIL = ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "[link=x](http://x)", "'; drop table x")
BOT = 999_999_001


def event_files(folder: Path) -> list[Path]:
    """The files of the shop, made."""
    traffic.main(
        ["generate", f"--out={folder}", "--start=2026-01-04", "--end=2026-01-07"]
        + ["--events-per-day=3000", "--dirt=0.01", "--seed=3"]
    )
    return [*folder.glob("*.csv"), evil_file(folder), pairs_file(folder)]


def pairs_file(folder: Path) -> Path:
    """A Sunday on which five people look at the same two products."""
    path = folder / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for user in range(5):
            for product in (9_001, 9_002):
                moment = f"2026-01-04 1{user}:00:0{product % 10} UTC"
                writer.writerow([moment, "view", product, 1, "", "", "9.99", user, f"pair{user}"])
    return path


def evil_file(folder: Path) -> Path:
    """A day on which brands and categories have names that mean something to somebody."""
    path = folder / "evil.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(60):
            moment = f"2026-01-06 10:00:{number:02} UTC"
            name = EVIL[number % len(EVIL)]
            kind = "cart" if number % 3 == 0 else "view"
            writer.writerow([moment, kind, 7_000 + number, 1, name, name, "9.99", BOT, "evil"])
    return path
