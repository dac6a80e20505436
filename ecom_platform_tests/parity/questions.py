"""What is asked of every engine, and how a file of questions is written.

Only the standard library, since engines with environments of their own read it too.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["mart", "check", "rule", "named query", "planted bug", "pruning"]


@dataclass(frozen=True)
class Question:
    """One query, as an engine gets it.

    Attributes:
        name: of all questions, another one each.
        kind: what is asked.
        sql: in the engine's dialect.

    """

    name: str
    kind: Kind
    sql: str

    @property
    def file_name(self) -> str:
        """Of its answer, Parquet."""
        return f"{self.name.replace('/', '.')}.parquet"


def write_questions(questions: Sequence[Question], path: Path) -> None:
    path.write_text(json.dumps([asdict(one) for one in questions], indent=1))


def read_questions(path: Path) -> list[Question]:
    return [Question(**one) for one in json.loads(path.read_text())]
