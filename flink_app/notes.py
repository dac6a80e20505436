"""`python -m notes`: write `rules.zpln`, notes for Zeppelin, from the job's own SQL.

Who opens them in Managed Flink Studio reads the raw stream through the very views and rules of the
job, and sees crossings as they happen; nothing is written. A test holds file and SQL equal, and
runs every paragraph.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import runtime_properties
import statements
from runtime_properties import PropertyGroups
from sql_files import SQL_FOLDER, render_file, rule_names

FILE = Path(__file__).with_name("rules.zpln")
SQL_WORD, LIVE_SQL_WORD, TEXT_WORD = "%flink.ssql", "%flink.ssql(type=update)", "%md"
INTRODUCTION = """# Rules on bots, on the live stream
Run the paragraphs from the top. Tables and views are those of the job; each rule below them is the
text that the job runs, and shows the crossings of its threshold as they happen. The job's own
Flink is 1.20; Studio's is 1.15, on which these notes have not been run."""


def paragraphs(groups: PropertyGroups) -> Iterator[str]:
    """The text of each paragraph, in order."""
    yield f"{TEXT_WORD}\n{INTRODUCTION}"
    yield _sql(statements.create_table("raw_events", groups))
    for view in statements.VIEWS:
        yield _sql(statements.create_view(view, groups))
    for steps in statements.STEPS:
        yield _sql(statements.create_steps(steps))
    for rule in rule_names():
        yield f"{TEXT_WORD}\n## {rule}\n{_comment_of(rule)}"
        select = render_file(f"rules/{rule}", statements.rule_parameters(rule, groups))
        yield _sql(select, word=LIVE_SQL_WORD)


def note(groups: PropertyGroups) -> str:
    """The notes as Zeppelin imports them."""
    found = [
        {
            "id": f"paragraph_{number:02}",
            "text": text,
            "config": {"editorSetting": {"language": "sql"}, "enabled": True},
            "settings": {"params": {}, "forms": {}},
            "status": "READY",
        }
        for number, text in enumerate(paragraphs(groups))
    ]
    named = {"id": "ecom-rules", "name": "ecom-rules", "config": {}, "info": {}}
    return json.dumps({**named, "paragraphs": found}, indent=1) + "\n"


def _sql(text: str, word: str = SQL_WORD) -> str:
    return f"{word}\n{text.rstrip()};\n"


def _comment_of(rule: str) -> str:
    """What the file of a rule says of it above its SQL."""
    lines = (SQL_FOLDER / "rules" / f"{rule}.sql").read_text("utf-8").splitlines()
    return "\n".join(line.removeprefix("-- ") for line in lines if line.startswith("--"))


def live_properties() -> PropertyGroups:
    """The job's properties, reading from now on: whoever looks does not wait for two days."""
    groups = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    groups["table.raw_events"]["scan.stream.initpos"] = "LATEST"
    return groups


if __name__ == "__main__":
    FILE.write_text(note(live_properties()), "utf-8")
