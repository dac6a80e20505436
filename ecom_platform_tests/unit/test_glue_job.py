"""What Glue gets to run: the same bytes twice, whole, and as its own models want it."""

import re
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import botocore.session
from botocore.validate import validate_parameters

from ecom_platform.definitions import Resources
from ecom_platform.lake.event_files import EventFile
from ecom_platform.resources.staging_job import GlueStagingJob, LocalStagingJob, StagingJob
from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.templates import filled, load_template
from infra.glue_package import glue_packages

PIN = re.compile(r"^([a-z0-9-]+)==([0-9.]+)")
RESOURCES = load_template("spark")["Resources"]
JOB = RESOURCES["Job"]["Properties"]


def test_the_same_sources_give_the_same_bytes() -> None:
    first, second = glue_packages(ROOT), glue_packages(ROOT)
    assert first == second
    parameters = set(load_template("spark")["Parameters"])
    assert {one.parameter for one in first} <= parameters


def test_the_shipped_modules_are_all_that_the_job_imports(tmp_path: Path) -> None:
    script, modules, _ = glue_packages(ROOT)
    (tmp_path / "modules.zip").write_bytes(modules.content)
    (tmp_path / "script.py").write_bytes(script.content)
    names = zipfile.ZipFile(tmp_path / "modules.zip").namelist()
    assert not [name for name in names if "/local/" in name or "resources" in name]
    imports = "import glue_jobs.files, glue_jobs.splits, sys; print(glue_jobs.files.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", imports],
        env={"PYTHONPATH": str(tmp_path / "modules.zip")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "modules.zip/glue_jobs/files.py" in found.stdout


def pins(path: str) -> dict[str, str]:
    lines = (ROOT / path).read_text().splitlines()
    return {name: version for line in lines for name, version in PIN.findall(line)}


def test_the_job_has_the_versions_that_the_platform_has() -> None:
    shipped, own = pins("glue_jobs/requirements.txt"), pins("requirements/run.txt")
    assert {"duckdb", "pyarrow", "numpy", "dagster-pipes"} <= set(shipped)
    assert shipped == {name: own[name] for name in shipped}


def test_glue_takes_the_job() -> None:
    keys = {name: "artifacts/x" for name in load_template("spark")["Parameters"] if "Key" in name}
    request = filled(JOB, {**keys, "GlueWorkers": 10})
    service = botocore.session.get_session().get_service_model("glue")
    shape: Any = service.operation_model("CreateJob").input_shape
    validate_parameters(request, shape)
    assert request["Name"] == Settings.from_environment({}).staging_job
    assert (request["GlueVersion"], request["WorkerType"]) == ("5.1", "G.1X")
    assert pins("glue_jobs/local/requirements.txt")["pyspark"] == "3.5.6", "as Glue 5.1 has it"


def job(variables: dict[str, str]) -> StagingJob:
    return Resources.of(Settings.from_environment(variables)).staging_job


def test_the_job_takes_files_from_a_size_on() -> None:
    def file(size: int) -> EventFile:
        return EventFile("raw/exports/a.csv", "e", size, datetime(2026, 1, 6))  # noqa: DTZ001

    assert not job({}).takes(file(1 << 50))
    spark = job({"ECOM_SPARK_FROM_BYTES": "1000"})
    assert [spark.takes(file(size)) for size in (999, 1000)] == [False, True]


def test_the_job_runs_where_the_installation_does() -> None:
    assert isinstance(job({}), LocalStagingJob)
    on_aws = job({"ECOM_ENVIRONMENT": "aws", "ECOM_DATA_BUCKET": "shop"})
    assert isinstance(on_aws, GlueStagingJob)
    assert on_aws.job == "ecom-stage-events"


def test_the_job_may_put_rows_and_messages_and_publish_nothing() -> None:
    policies = RESOURCES["JobRole"]["Properties"]["Policies"]
    statements = [one for p in policies for one in p["PolicyDocument"]["Statement"]]
    (put,) = [one for one in statements if "s3:PutObject" in one["Action"]]
    places = [place["Fn::Sub"].partition("${DataBucketName}/")[2] for place in put["Resource"]]
    assert places == ["lake/staged_events/data/*", "lake/quarantined_events/data/*", "pipes/*"]
    assert not [one for one in statements if "*" in one["Action"] or one["Resource"] == "*"]
