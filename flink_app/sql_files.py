"""SQL files and their named parameters: the one renderer for Flink and for DuckDB.

Knows nothing of Flink, of properties or of what a statement means.
"""

import re
from collections.abc import Mapping
from pathlib import Path

SQL_FOLDER = Path(__file__).with_name("sql")
PARAMETER = re.compile(r"\$([a-z][a-z_]*)")


class MissingParameterError(KeyError):
    """A SQL file names a parameter that nobody gave."""


def render(text: str, parameters: Mapping[str, str]) -> str:
    """Replace every `$name` by its value; a JSON path such as `$.price` is left alone."""
    missing = sorted(set(PARAMETER.findall(text)) - set(parameters))
    if missing:
        message = f"no value for parameter(s) {', '.join(missing)}; given: {sorted(parameters)}"
        raise MissingParameterError(message)
    return PARAMETER.sub(lambda match: parameters[match.group(1)], text)


def render_file(name: str, parameters: Mapping[str, str]) -> str:
    """Render `sql/<name>.sql`."""
    text = (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return render(text, parameters)


def fragment(name: str, parameters: Mapping[str, str] | None = None) -> str:
    """Render `sql/fragments/<name>.sql`, an expression, without its opening comment."""
    text = (SQL_FOLDER / "fragments" / f"{name}.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return render("\n".join(lines), parameters or {})


def rule_names() -> list[str]:
    """Return the rules in `sql/rules/`, sorted."""
    return sorted(path.stem for path in (SQL_FOLDER / "rules").glob("*.sql"))
