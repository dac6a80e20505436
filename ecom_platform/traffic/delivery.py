"""The event files of a period: a few days each, cut at midnight UTC; then what comes twice and what
comes late.

What the rows say belongs to the families and to `rows`; how one file is written belongs to
`event_file`.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from ecom_platform.traffic.dirt import Dirt
from ecom_platform.traffic.event_file import EventFile, opened
from ecom_platform.traffic.events import Family
from ecom_platform.traffic.manifest import DeliveredFile, write_manifest
from ecom_platform.traffic.rows import RowText
from ecom_platform.traffic.timeline import Day, days


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which days, from `start` to `end` inclusive, in how large pieces, and whether compressed."""

    start: date
    end: date
    days_per_file: int = 7
    is_compressed: bool = False

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(
                f"end {self.end} lies before start {self.start}: give an end from the start on"
            )
        if self.days_per_file < 1:
            raise ValueError(f"days_per_file is {self.days_per_file}: give 1 or more")

    def periods(self) -> list[tuple[date, date]]:
        """First and last day of each file."""
        step = timedelta(days=self.days_per_file)
        count = (self.end - self.start).days // self.days_per_file + 1
        firsts = [self.start + number * step for number in range(count)]
        return [(first, min(first + step - timedelta(days=1), self.end)) for first in firsts]

    def name(self, *parts: object) -> str:
        """File name made of the parts, with the suffix of the chosen form."""
        return "_".join(["events", *map(str, parts)]) + (
            ".csv.gz" if self.is_compressed else ".csv"
        )


def deliver(
    families: Sequence[Family], *, text: RowText, plan: Plan, dirt: Dirt, folder: Path
) -> Iterator[DeliveredFile]:
    """Writes the files one after the other, yields each as soon as it is there; at the end writes
    the manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    periods = plan.periods()
    every_day = days(families, start=plan.start, end=plan.end)
    done: list[DeliveredFile] = []
    late: list[Day] = []
    for number, (first, last) in enumerate(periods):
        name = plan.name(first, last)
        with opened(folder / name) as sink:
            file = EventFile(sink, text=text, dirt=dirt, may_have_late=number < len(periods) - 1)
            for _ in range((last - first).days + 1):
                file.write(next(every_day))
            if dirt.share and number == dirt.file_cut_short(len(periods)):
                file.cut_short()
        late += file.late
        done.append(file.delivered(name))
        yield done[-1]
    if dirt.share:
        done.append(_second_delivery(done, dirt=dirt, plan=plan, folder=folder))
        yield done[-1]
    if any(len(day.events) for day in late):
        done.append(_late_file(late, text=text, plan=plan, folder=folder))
        yield done[-1]
    write_manifest(done, folder)


def _second_delivery(
    files: Sequence[DeliveredFile], *, dirt: Dirt, plan: Plan, folder: Path
) -> DeliveredFile:
    """The same bytes under another name."""
    number = dirt.file_delivered_twice(len(files))
    name = plan.name(*plan.periods()[number], "redelivered")
    shutil.copyfile(folder / files[number].name, folder / name)
    return replace(files[number], name=name, copy_of=files[number].name)


def _late_file(late: Sequence[Day], *, text: RowText, plan: Plan, folder: Path) -> DeliveredFile:
    """One small file, after all others, with the rows that were held back from the files of their
    days.
    """
    name = plan.name(plan.end, "late")
    with opened(folder / name) as sink:
        file = EventFile(sink, text=text, dirt=Dirt(seed=0, share=0.0), may_have_late=False)
        for day in late:
            file.write(day)
    return file.delivered(name, has_late_rows=True)
