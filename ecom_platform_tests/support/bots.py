"""Event files of visitors that are no people."""

from pathlib import Path

from ecom_platform.traffic.rows import COLUMNS


def write_bot(path: Path, day: str) -> None:
    """A scraper on one day, who fills carts too, so that people are not everybody."""
    lines = [",".join(COLUMNS)]
    for number in range(900):
        moment = f"{day} {9 + number // 360:02}:{number // 6 % 60:02}:{10 * (number % 6):02} UTC"
        kind = "cart" if number % 3 == 2 else "view"
        product = f"{7_000_000 + number // 3},{number},electronics.audio,aqua,9.99"
        lines.append(f"{moment},{kind},{product},999999001,bot")
    path.write_text("\n".join(lines) + "\n")


def write_replayers(path: Path, day: str) -> None:
    """Eight users who look at the same six products at the same pace, an hour apart."""
    lines = [",".join(COLUMNS)]
    for user in range(8):
        for step in range(6):
            moment = f"{day} {10 + user:02}:00:{10 * step:02} UTC"
            product = f"{7_100_000 + step},{step},electronics.clocks,aqua,9.99"
            lines.append(f"{moment},view,{product},{999_999_100 + user},again{user}")
    path.write_text("\n".join(lines) + "\n")
