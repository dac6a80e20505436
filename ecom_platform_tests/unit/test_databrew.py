"""The recipe keeps what staging keeps, as far as steps can; DataBrew's model takes all of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from botocore.exceptions import ClientError

from ecom_platform.contracts.lake import SOURCE_COLUMNS
from ecom_platform.lake.event_rules import event_rules, event_time, verdict
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.resources.brew_job import BrewJob
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.support.clouds import in_memory_cloud
from ecom_platform_tests.support.event_cases import CASES, fields_of
from ecom_platform_tests.support.recipe_twin import MACROS, twin
from ecom_platform_tests.support.staged_files import files_of, rows_of, staged_of
from ecom_platform_tests.support.templates import filled, load_template

RESOURCES = load_template("databrew")["Resources"]
STEPS = RESOURCES["CleanEvents"]["Properties"]["Steps"]
COLUMNS = [column.name for column in SOURCE_COLUMNS]
NAMES = ", ".join(COLUMNS)
PUT_AT = datetime(2026, 6, 1)  # noqa: DTZ001 - times of the lake are UTC without a zone


def brewed_rows(file: Path) -> list[Any]:
    """The rows that the recipe's twin leaves of it, in the types of the contract."""
    columns = ", ".join(f"'{name}': 'varchar'" for name in COLUMNS)
    rows = f"read_csv('{file}', header = true, auto_detect = false, columns = {{{columns}}}"
    # A row that was cut off is for the reader in front of the steps; staging tells of it.
    rows += ", ignore_errors = true)"
    typed = NAMES.replace("price", "cast(price as decimal(14, 2)) as price")
    sql = f"select {typed} from ({twin(STEPS, rows)}) order by all"
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        return connection.execute(sql).fetchall()


def check_same(file: Path, folder: Path) -> int:
    expected = rows_of(files_of(staged_of(file.read_bytes(), folder, put_at=PUT_AT)), NAMES)
    assert brewed_rows(file) == expected
    return len(expected)


def test_the_recipe_keeps_of_the_real_slice_what_staging_keeps(
    real_slice: Path, tmp_path: Path
) -> None:
    assert check_same(real_slice, tmp_path) > 10_000


def test_the_recipe_keeps_of_dirty_traffic_what_staging_keeps(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    traffic.main(
        ["generate", f"--out={folder}", "--seed=4", "--start=2026-01-05", "--end=2026-01-05"]
        + ["--events-per-day=5000", "--dirt=0"]
    )
    (file,) = folder.glob("*.csv")
    lines = file.read_text().splitlines()
    broken = [
        lines[1].replace(" UTC", ""),
        lines[2].replace("view", "VIEW").replace("cart", "CART").replace("purchase", "buy"),
        ",".join(["2026-02-30 10:00:00 UTC", *lines[3].split(",")[1:]]),
        ",".join([*lines[4].split(",")[:2], "007", *lines[4].split(",")[3:]]),
        ",".join([*lines[5].split(",")[:6], "-1.00", *lines[5].split(",")[7:]]),
        ",".join([*lines[6].split(",")[:8], "s" * 201]),
    ]
    file.write_text("\n".join([*lines, *broken]) + "\n")
    assert check_same(file, tmp_path) == len(lines) - 1


LATER = {"no such day", "id '9223372036854775808'"}
"""Refused by a later step of the recipe, when the value gets its type."""
STRICTER = {
    "offset +03:00",
    "offset +0545",
    "offset -00:30",
    "offset -08",
    "offset after a blank",
}
"""Refused by the recipe alone: no step adds an offset to a time."""


def test_the_reasons_are_those_of_staging_but_for_offsets() -> None:
    rules = event_rules(time="moment", date="cast(moment as date)", latest=None, columns=COLUMNS)
    step = STEPS[:1]
    moment = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
    differing = []
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        for place, case in enumerate(CASES):
            # The others are records that no CSV can be.
            if case.data is not None:
                continue
            fields = {name: fields_of(place, moment)[name] for name in COLUMNS}
            row = "(select " + ", ".join(f"${name}::varchar as {name}" for name in COLUMNS) + ")"
            # An empty field of a CSV is none.
            given = {name: value or None for name, value in fields.items()}
            timed = f"(select *, {event_time('event_time')} as moment from {row})"
            asked = f"select ({verdict(rules)})[1] from {timed}"
            (wanted,) = connection.execute(asked, given).fetchone() or (None,)
            (found,) = connection.execute(
                f"select refusal_reason from ({twin(step, row)})", given
            ).fetchone() or (None,)
            if (wanted or "none") != found:
                differing.append(case.name)
    assert set(differing) == LATER | STRICTER


MORE = {
    "NewestFiles": 1,
    "Exports": "ecom-exports",
    "CleanEvents": "ecom-clean-events",
    "RecipeVersion": "LATEST_WORKING",
}


def call(name: str) -> dict[str, Any]:
    """The properties of a resource with the words that CloudFormation would put in."""
    found: dict[str, Any] = filled(RESOURCES[name]["Properties"], MORE)
    return found


def as_map(rule: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation has a list where the service has a map."""
    words = {one["ValueReference"]: one["Value"] for one in rule["SubstitutionMap"]}
    return {**rule, "SubstitutionMap": words}


@pytest.fixture
def brew() -> Iterator[Any]:
    with in_memory_cloud():
        yield boto3.client("databrew")


def test_what_is_created_comes_back_as_it_was(brew: Any) -> None:
    brew.create_dataset(**call("Exports"))
    brew.create_recipe(**call("CleanEvents"))
    brew.publish_recipe(Name="ecom-clean-events")
    published = brew.describe_recipe(Name="ecom-clean-events", RecipeVersion="LATEST_PUBLISHED")
    assert published["Steps"] == call("CleanEvents")["Steps"]
    rules = call("EventRules")
    brew.create_ruleset(**{**rules, "Rules": [as_map(rule) for rule in rules["Rules"]]})
    found = brew.describe_ruleset(Name="ecom-event-rules")
    assert found["Rules"] == [as_map(rule) for rule in rules["Rules"]]
    job = call("CleanEventsJob")
    recipe = {"Name": job["Recipe"]["Name"], "RecipeVersion": job["Recipe"]["Version"]}
    request = {key: value for key, value in job.items() if key not in {"Type", "Recipe"}}
    brew.create_recipe_job(**request, RecipeReference=recipe)
    job_name = Settings.from_environment({"ECOM_ENVIRONMENT": "aws"}).brew_job
    assert brew.describe_job(Name=job_name)["RecipeReference"] == recipe


def test_a_run_of_the_job_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def list_job_runs(self, **asked: Any) -> dict[str, Any]:
            assert asked == {"Name": "ecom-clean-events", "MaxResults": 1}
            return {"JobRuns": [{"State": "SUCCEEDED", "RunId": "db_1", "ExecutionTime": 63}]}

    monkeypatch.setattr(CLIENTS, "client", lambda *_: Client())
    seen = BrewJob(job="ecom-clean-events").last_run()
    assert (seen["state"], seen["run_id"], seen["seconds"]) == ("SUCCEEDED", "db_1", 63)
    assert BrewJob().last_run()["state"] == "NONE"


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_without_its_stack_the_job_is_absent_and_no_error(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Client:
        def list_job_runs(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": code}}, "ListJobRuns")

    monkeypatch.setattr(CLIENTS, "client", lambda *_: Client())
    assert BrewJob(job="ecom-clean-events").last_run()["state"] == "ABSENT"
