"""What is said of refused files and rows, and the exit code that speaks of them."""

from collections.abc import Callable, Iterable

from rich.markup import escape

from ecom_platform.lake.shown_text import shown
from ecom_platform.pipeline.file_verdicts import FileVerdict

LONGEST_KEY = 200
Say = Callable[[str], None]


def say_refusals(verdicts: Iterable[FileVerdict], say: Say) -> None:
    """Say why files and rows were refused, one line a reason, as long as it holds."""
    for verdict in verdicts:
        key = escape(shown(verdict.file.object_key, LONGEST_KEY))
        if verdict.refusal:
            say(f"[red]refused[/red] {key}: {escape(verdict.refusal)}")
        for refused in verdict.refused:
            say(f"[yellow]{key}[/yellow]: {escape(refused.sentence())}")


def exit_code(verdicts: Iterable[FileVerdict]) -> int:
    """1 if one of the files was refused, or if none of its rows was good."""
    return int(any(verdict.is_useless for verdict in verdicts))
