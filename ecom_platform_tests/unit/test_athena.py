"""What is asked of Athena, its answers made by botocore's own models."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import dagster as dg
import pytest
from botocore.stub import Stubber

from ecom_platform.definitions import Resources
from ecom_platform.resources import athena
from ecom_platform.resources.athena import Athena, AthenaBusyError, AthenaQueryError
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.settings import Settings

AWS = {"ECOM_ENVIRONMENT": "aws"}
SELECT, PLACE = "select 1 as one", "s3://bucket/marts/x/data/0/computed/0/"
QUERY = {"QueryExecutionId": "q1"}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setattr(athena, "FIRST_PAUSE_SECONDS", 0)
    client = boto3.client("athena", region_name="us-east-1")
    monkeypatch.setitem(CLIENTS.clients, (None, "athena"), client)
    with Stubber(client) as stubber:
        text = f"UNLOAD ({SELECT}) TO '{PLACE}' WITH (format = 'PARQUET', compression = 'ZSTD')"
        asked = {
            "QueryString": text,
            "QueryExecutionContext": {"Database": "ecom_marts"},
            "WorkGroup": "ecom-marts",
        }
        stubber.add_response("start_query_execution", QUERY, asked)
        yield stubber
        stubber.assert_no_pending_responses()


def expect_state(stub: Stubber, state: str, **more: Any) -> None:
    execution = {
        **QUERY,
        "Status": {"State": state, **more},
        "Statistics": {"DataScannedInBytes": 30_000_000, "TotalExecutionTimeInMillis": 1500},
    }
    stub.add_response("get_query_execution", {"QueryExecution": execution}, QUERY)


def unload() -> athena.Unloaded:
    return Athena(work_group="ecom-marts", database_prefix="ecom_").unload(SELECT, PLACE)


def test_a_query_is_waited_for_and_its_cost_is_told(stub: Stubber) -> None:
    expect_state(stub, "RUNNING")
    expect_state(stub, "SUCCEEDED")
    cost = unload()
    assert (cost.scanned_bytes, cost.seconds) == (30_000_000, 1.5)
    assert cost.usd == pytest.approx(0.00015)


def test_a_small_query_costs_as_one_of_ten_megabytes() -> None:
    costs = [athena.Unloaded("q1", count, 1.0).usd for count in (5, 10_000_000, 10_000_001)]
    assert costs[:2] == [0.00005, 0.00005]
    assert costs[2] > costs[1]


def test_what_passes_is_told_apart_from_what_does_not(stub: Stubber) -> None:
    expect_state(stub, "FAILED", StateChangeReason="busy", AthenaError={"Retryable": True})
    with pytest.raises(AthenaBusyError, match="q1 in work group ecom-marts: busy"):
        unload()


@pytest.mark.parametrize("more", [{}, {"AthenaError": {"Retryable": False}}])
def test_a_scan_above_the_limit_fails_for_good(stub: Stubber, more: dict[str, Any]) -> None:
    reason = "Bytes scanned limit was exceeded"
    expect_state(stub, "CANCELLED", StateChangeReason=reason, **more)
    with pytest.raises(AthenaQueryError, match=reason):
        unload()


def test_ctrl_c_ends_the_query_too(stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    expect_state(stub, "RUNNING")
    stub.add_response("stop_query_execution", {}, QUERY)
    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        unload()


def test_one_setting_lets_athena_compute_the_marts() -> None:
    for name, group in (("duckdb", None), ("athena", "ecom-marts")):
        resources = Resources.of(Settings.from_environment(AWS | {"ECOM_MART_ENGINE": name}))
        found = resources.engine.athena
        assert (found.work_group if found else None) == group
        dg.Definitions.validate_loadable(dg.Definitions(resources=vars(resources)))
