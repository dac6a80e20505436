"""What is found in raw files is what staging asks for, and a column that turned is told by name."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
from botocore.stub import Stubber

from ecom_platform.contracts.lake import SOURCE_COLUMNS
from ecom_platform.defs.raw.found_schemas import CHECK, CLEANED, FOUND_SCHEMAS, found_schemas
from ecom_platform.lake.found_schemas import FoundSchema, differences, family_of
from ecom_platform.resources import schema_finder
from ecom_platform.resources.brew_job import BrewJob
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.resources.schema_finder import (
    CrawlFailedError,
    CrawlingSchemaFinder,
    GuessingSchemaFinder,
    SchemaFinder,
    guessed,
)
from ecom_platform.settings import Settings
from ecom_platform_tests.support.clouds import in_memory_cloud
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.templates import filled, load_template

ROW = "2026-01-05 10:00:00 UTC,view,{n},2053013555631882655,a.b,acme,12.50,{n},7f1b-{n}"
GOOD = "\n".join([HEADER, *(ROW.format(n=n) for n in range(1, 40))]) + "\n"
EVENT = {
    "event_id": "e1",
    "event_time": "2026-01-05T10:00:00Z",
    "event_type": "view",
    "product_id": 7,
    "price": "12.50",
    "user_id": "9",
    "arrived_at": "2026-01-05T10:00:01.000Z",
}
GLUE = {
    "event_time": "string",
    "event_type": "string",
    "product_id": "bigint",
    "category_id": "bigint",
    "category_code": "string",
    "brand": "string",
    "price": "double",
    "user_id": "bigint",
    "user_session": "string",
}
"""As a crawler finds a good file, by its documentation."""
SPARK = {**GLUE, "event_time": "timestamp", "price": "decimal(4,2)", "product_id": "int"}


def told(columns: Mapping[str, str]) -> list[str]:
    return differences(FoundSchema("exports", "x", columns))


@pytest.mark.parametrize("columns", [GLUE, SPARK], ids=["glue", "spark"])
def test_a_good_file_differs_in_nothing(columns: dict[str, str]) -> None:
    assert told(columns) == []
    assert set(columns) == {column.name for column in SOURCE_COLUMNS}


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("product_id", "string"),
        ("product_id", "double"),
        ("category_id", "string"),
        ("user_id", "double"),
        ("price", "string"),
        ("event_time", "bigint"),
        ("event_type", "bigint"),
    ],
)
def test_a_column_that_turned_is_told(column: str, kind: str) -> None:
    (found,) = told({**GLUE, column: kind})
    assert found.startswith(f"x: {column} is {kind}, wanted is ")


def test_a_column_that_is_gone_is_told_unless_it_is_optional() -> None:
    assert told({name: kind for name, kind in GLUE.items() if name != "price"}) == [
        "x: price is missing"
    ]
    assert told({name: kind for name, kind in GLUE.items() if name != "brand"}) == []


def test_a_brand_or_a_session_may_be_called_by_a_number() -> None:
    assert told({**GLUE, "brand": "bigint", "user_session": "bigint"}) == []


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("BIGINT", "whole"),
        ("int", "whole"),
        ("INTEGER", "whole"),
        ("long", "whole"),
        ("DECIMAL(18,3)", "number"),
        ("float", "number"),
        ("TIMESTAMP WITH TIME ZONE", "time"),
        ("date", "time"),
        ("VARCHAR", "text"),
        ("UUID", "text"),
        ("interval", "text"),
    ],
)
def test_every_engine_s_names_have_a_family(kind: str, family: str) -> None:
    assert family_of(kind) == family


def test_duckdb_finds_what_staging_asks_for_in_a_good_file(real_slice: Path) -> None:
    for content in (GOOD.encode(), gzip.compress(GOOD.encode()), real_slice.read_bytes()):
        columns = guessed(content, "exports")
        assert len(columns) == 9
        assert told(columns) == []


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        (",12.50,", ',"12,50",', "price is VARCHAR"),
        ("view,", "view,p", "product_id is VARCHAR"),
        ("price,user_id", "price,visitor", "user_id is missing"),
    ],
)
def test_duckdb_finds_a_drift(good: str, bad: str, says: str) -> None:
    columns = guessed(GOOD.replace(good, bad).encode(), "exports")
    assert says in "; ".join(told(columns))


def test_what_is_no_table_is_left_to_staging() -> None:
    assert guessed(b"", "exports") == {}
    assert guessed(b"no line end", "exports") == {}
    assert guessed(b"\x1f\x8b\x07 broken", "exports") == {}
    assert guessed(b"{not json\n", "stream_events") == {}


def test_records_of_the_stream_may_say_numbers_as_text() -> None:
    def told_of(event: Mapping[str, Any]) -> list[str]:
        columns = guessed((json.dumps(event) + "\n").encode(), "stream_events")
        return differences(FoundSchema("stream_events", "x", columns))

    assert told_of(EVENT) == []
    assert told_of({**EVENT, "product_id": "7"}) == []
    assert told_of({**EVENT, "product_id": 7.5}) == ["x: product_id is DOUBLE, wanted is bigint"]
    assert told_of({name: EVENT[name] for name in EVENT if name != "event_id"}) == [
        "x: event_id is missing"
    ]


class Found(SchemaFinder):
    """Finds what it is told."""

    columns: dict[str, str]

    def find(self) -> list[FoundSchema]:
        return [FoundSchema("exports", "x", self.columns)]


@pytest.mark.parametrize("columns", [GLUE, {"price": "string"}], ids=["good", "drift"])
def test_the_check_blocks_where_something_differs(columns: dict[str, str]) -> None:
    is_good = columns is GLUE
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [found_schemas],
            instance=instance,
            resources={"schema_finder": Found(columns=columns), "brew_job": BrewJob()},
            raise_on_error=False,
        )
        (evaluation,) = result.get_asset_check_evaluations()
        assert (evaluation.check_name, evaluation.passed) == (CHECK, is_good)
        assert evaluation.severity == dg.AssetCheckSeverity.ERROR
        assert result.success is is_good
        seen = instance.fetch_observations(CLEANED, limit=1).records
        assert "AWS alone" in str(seen[0].asset_observation.metadata)  # type: ignore[union-attr]
    (spec,) = found_schemas.check_specs
    assert spec.blocking
    assert spec.asset_key == FOUND_SCHEMAS


@pytest.fixture
def cloud() -> Iterator[None]:
    with in_memory_cloud():
        yield


def test_the_newest_objects_are_looked_at(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="shop")
    monkeypatch.setattr(ObjectStore, "client", property(lambda _: s3))
    finder = GuessingSchemaFinder(objects=ObjectStore(bucket="shop"))
    assert finder.find() == []
    s3.put_object(Bucket="shop", Key="raw/exports/a.csv", Body=GOOD.encode())
    s3.put_object(Bucket="shop", Key="raw/exports/empty.csv", Body=b"")
    key = "raw/stream_events/arrived_date=2026-01-05/arrived_hour=10/x"
    s3.put_object(Bucket="shop", Key=key, Body=(json.dumps(EVENT) + "\n").encode())
    assert [(one.source, one.place) for one in finder.find()] == [
        ("exports", "raw/exports/a.csv"),
        ("stream_events", key),
    ]


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Glue as botocore's model has it, with answers that a test gives it."""
    client = boto3.client("glue", "us-east-1")
    monkeypatch.setattr(schema_finder, "glue_client", lambda _: client)
    monkeypatch.setattr(schema_finder, "PAUSE_SECONDS", 0)
    with Stubber(client) as stub:
        yield stub


def crawler(state: str, status: str = "SUCCEEDED") -> dict[str, Any]:
    return {"Crawler": {"State": state, "LastCrawl": {"Status": status, "ErrorMessage": "why"}}}


FINDER = CrawlingSchemaFinder(crawlers={"exports": "ecom-raw-exports"}, database="ecom_raw_found")


def test_a_crawler_is_started_awaited_and_its_tables_are_read(glue: Stubber) -> None:
    name = {"Name": "ecom-raw-exports"}
    glue.add_client_error("start_crawler", "CrawlerRunningException", expected_params=name)
    glue.add_response("get_crawler", crawler("RUNNING"), name)
    glue.add_response("get_crawler", crawler("STOPPING"), name)
    glue.add_response("get_crawler", crawler("READY"), name)
    columns = [{"Name": column, "Type": kind} for column, kind in GLUE.items()]
    tables = [
        {"Name": table, "StorageDescriptor": {"Columns": columns}}
        for table in ("exports_1b2c", "stream_events", "something")
    ]
    glue.add_response("get_tables", {"TableList": tables}, {"DatabaseName": "ecom_raw_found"})
    assert [(one.source, one.place) for one in FINDER.find()] == [
        ("exports", "ecom_raw_found.exports_1b2c"),
        ("stream_events", "ecom_raw_found.stream_events"),
    ]
    glue.assert_no_pending_responses()


def test_a_crawl_that_fails_is_told(glue: Stubber) -> None:
    glue.add_response("start_crawler", {}, {"Name": "ecom-raw-exports"})
    glue.add_response("get_crawler", crawler("READY", "FAILED"))
    with pytest.raises(CrawlFailedError, match="ecom-raw-exports: why"):
        FINDER.find()


def test_the_template_s_crawlers_are_those_that_are_started(cloud: None) -> None:
    resources = load_template("crawlers")["Resources"]
    names = {
        filled(resources[name]["Properties"]["Name"])
        for name in ("ExportsCrawler", "StreamCrawler")
    }
    assert names == set(Settings.from_environment({}).crawlers.values())
    client = boto3.client("glue")
    for name in ("ExportsCrawler", "StreamCrawler"):
        given = resources[name]["Properties"]
        asked = {
            "Name": name,
            "Role": "arn:aws:iam::123456789012:role/x",
            "DatabaseName": "ecom_raw_found",
            "Targets": {"S3Targets": [{"Path": "s3://shop/raw/"}]},
            **{key: given[key] for key in ("RecrawlPolicy", "SchemaChangePolicy", "Configuration")},
        }
        client.create_crawler(**asked)
        found: Any = client.get_crawler(Name=name)["Crawler"]
        assert {key: found[key] for key in asked} == asked
