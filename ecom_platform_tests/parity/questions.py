"""What is asked of every engine, and how a program answers a file of questions.

Only the standard library, since engines with environments of their own read it too.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["mart", "check", "rule", "named query", "planted bug", "pruning", "limited"]


@dataclass(frozen=True)
class Question:
    """One query, as an engine gets it.

    Attributes:
        name: of all questions, another one each.
        kind: what is asked.
        sql: in the engine's dialect.
        scan_limit_bytes: what the engine may read for it; none where it may read anything.

    """

    name: str
    kind: Kind
    sql: str
    scan_limit_bytes: int | None = None

    @property
    def file_name(self) -> str:
        """Of its answer, Parquet."""
        return f"{self.name.replace('/', '.')}.parquet"


def write_questions(questions: Sequence[Question], path: Path) -> None:
    path.write_text(json.dumps([asdict(one) for one in questions], indent=1))


def read_questions(path: Path) -> list[Question]:
    return [Question(**one) for one in json.loads(path.read_text())]


def arguments() -> argparse.ArgumentParser:
    """What every engine's program is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True)
    return parser


def answer_each(engine: str, path: Path, answer: Callable[[Question], None]) -> None:
    """Let an engine answer the questions of a file, and say how long each took."""
    for question in read_questions(path):
        started = time.monotonic()
        answer(question)
        print(f"{engine}: {question.name}, {time.monotonic() - started:.1f} s", flush=True)
