"""The notes for Zeppelin are the job's own SQL, and every paragraph of them runs."""

import json
import subprocess
from pathlib import Path

import notes
import pytest
import runtime_properties
from sql_files import rule_names

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.flink_environment import flink_python

RUN_SECONDS = 280
FLOODER = 800_000_001
RUNNER = """
import json, sys
from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

texts, options = json.load(open(sys.argv[1]))
configuration = Configuration()
for key, value in options.items():
    configuration.set_string(key, value)
settings = EnvironmentSettings.new_instance().in_streaming_mode()
environment = TableEnvironment.create(settings.with_configuration(configuration).build())
counts = []
for text in texts:
    result = environment.execute_sql(text)
    first = next(line for line in text.splitlines() if not line.startswith("--"))
    is_query = not first.startswith("create")
    # Counted in Java: PyFlink cannot bring a timestamp with a time zone to Python.
    rows, count = result._j_table_result.collect(), 0
    while is_query and rows.hasNext():
        rows.next()
        count += 1
    counts.append(count if is_query else None)
print(json.dumps(counts))
"""


def test_the_file_is_what_the_jobs_sql_gives() -> None:
    assert notes.FILE.read_text("utf-8") == notes.note(notes.live_properties()), (
        "run in flink_app: python -m notes"
    )


def test_each_rule_is_a_paragraph_with_the_text_of_the_job() -> None:
    texts = [paragraph["text"] for paragraph in json.loads(notes.FILE.read_text())["paragraphs"]]
    live = [text for text in texts if text.startswith(notes.LIVE_SQL_WORD)]
    groups = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    assert len(live) == len(rule_names())
    for text, rule in zip(live, rule_names(), strict=True):
        assert groups[f"rule.{rule}"]["threshold"] in text
        assert "$" not in text.replace("'$.", "")


@pytest.mark.stream
@pytest.mark.usefixtures("flink")
def test_every_paragraph_runs_on_flink(tmp_path: Path) -> None:
    shop, source = traffic.Shop(5), tmp_path / "events.jsonl"
    traffic.write_lines(source, [shop.event(n / 10, FLOODER) for n in range(200)])
    groups = engines.file_properties(source, tmp_path)
    texts = [text for text in notes.paragraphs(groups) if text.startswith(notes.SQL_WORD)]
    statements = [text.split("\n", 1)[1].rstrip().removesuffix(";") for text in texts]
    (tmp_path / "notes.json").write_text(json.dumps([statements, groups["flink"]]))
    (tmp_path / "runner.py").write_text(RUNNER)

    done = subprocess.run(
        [str(flink_python()), str(tmp_path / "runner.py"), str(tmp_path / "notes.json")],
        env=engines.flink_variables(),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    crossings = dict(zip(rule_names(), counts[-len(rule_names()) :], strict=True))
    assert all(count is not None for count in crossings.values())
    assert crossings["user_flood"] > 0
