"""Command line: `generate` writes event files, `calibrate` compares files with the published
figures.

Nothing else.
"""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.comparison import compared, printed
from ecom_platform.traffic.delivery import Plan, deliver
from ecom_platform.traffic.dirt import Dirt
from ecom_platform.traffic.people import People
from ecom_platform.traffic.rows import RowText
from ecom_platform.traffic.sessions import DEFAULT_REMOVAL_SHARE

LARGEST_SHARE = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit code, 1 if a calibrated figure is out of tolerance."""
    options = _parser().parse_args(arguments)
    if options.command == "calibrate":
        return _calibrate(options)
    return _generate(options)


def _generate(options: argparse.Namespace) -> int:
    plan = Plan(
        start=options.start,
        end=options.end,
        days_per_file=options.days_per_file,
        is_compressed=options.gzip,
    )
    people = People(
        seed=options.seed,
        events_per_day=options.events_per_day,
        removal_share=options.removal_share,
    )
    dirt = Dirt(seed=options.seed, share=options.dirt)
    text = RowText(assortment(options.seed))
    began = time.perf_counter()
    for file in deliver([people], text=text, plan=plan, dirt=dirt, folder=options.out):
        seconds = time.perf_counter() - began
        rate = file.rows / seconds if seconds else 0.0
        print(f"{file.name}: {file.rows:,} rows, {rate:,.0f} rows/s", file=sys.stderr)
        began = time.perf_counter()
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    figures = compared(options.events, published=options.published)
    print(printed(figures))
    return 0 if all(figure.is_within for figure in figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.traffic", description="Synthetic click-stream event files."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    defaults = argparse.ArgumentDefaultsHelpFormatter
    _add_generate(commands.add_parser("generate", help="write files", formatter_class=defaults))
    calibrate = commands.add_parser("calibrate", help="compare files with published figures")
    calibrate.add_argument("--events", type=Path, required=True, help="folder that generate wrote")
    calibrate.add_argument(
        "--published", type=Path, help="folder of the published CSV tables, if they are at hand"
    )
    return parser


def _add_generate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder for the files and their manifest")
    add("--start", type=date.fromisoformat, required=True, help="first day, YYYY-MM-DD (UTC)")
    add("--end", type=date.fromisoformat, required=True, help="last day, included")
    add("--events-per-day", type=_positive, default=40_000, help="about so many")
    add("--seed", type=int, default=7, help="the same seed gives the same bytes")
    add("--dirt", type=_share, default=0.0005, help="share of rows broken, and of rows late")
    add(
        "--removal-share",
        type=_share,
        default=DEFAULT_REMOVAL_SHARE,
        help="share of unbought carts from which something is removed",
    )
    add("--days-per-file", type=int, default=7, help="days in one file")
    add("--gzip", action="store_true", help="write .csv.gz")


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= LARGEST_SHARE:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {LARGEST_SHARE}")
    return value


if __name__ == "__main__":
    sys.exit(main())
