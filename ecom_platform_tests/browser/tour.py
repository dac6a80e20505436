"""What is shown of the web UI, in a local cloud that `screenshots` has started.

A small shop delivers a week, the sensors build everything, then a person at the browser looks
around, backfills some days, and meets a day that is refused. Every step asserts what it shows.
"""

import argparse
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import boto3
import pyarrow.parquet as pq

from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts.lake import EVENTS, STAGED_EVENTS
from ecom_platform.contracts.marts import DAILY_VISITORS
from ecom_platform.contracts.marts import TABLES as MARTS
from ecom_platform.definitions import Resources
from ecom_platform.marts.reach import reach
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.browser.instance import Instance, dagster_up, wait_for
from ecom_platform_tests.browser.web_ui import HEIGHT, WIDTH, WebUi, browser, selection

DAYS = 7
DAILY = [mart for mart in MARTS if reach(mart) == (0, 0)]
LAYERS = ("raw", "lake", "marts")
EVENT_ASSETS = f'key:"{EVENTS.path}" or key:"lake/event_days" or group:marts'
GRAPH_HEIGHT = 1600
PREVIEW_WIDTH = 1900
"""The preview of a mart has more columns than fit beside the panel on the right."""


def deliver_a_week(folder: Path, last: date) -> None:
    """A week of a small shop in a file, and the file once more: each day is merged from both."""
    first = last - timedelta(days=DAYS - 1)
    traffic.main(
        ["generate", f"--out={folder}", f"--start={first}", f"--end={last}", "--seed=7"]
        + ["--events-per-day=3000", f"--days-per-file={DAYS}"]
    )
    deliver(sorted(folder.glob("*.csv")), Settings.from_environment())


def archive_an_event(last: date) -> None:
    """One event of the stream, which the export of its day supersedes: without any, the dialogs
    warn that a table above the lake was never built.
    """
    event = {
        "event_id": "0b214ec1-6b67-4c78-8881-9b3998555205",
        "event_time": f"{last}T12:00:00.000Z",
        "event_type": "view",
        "product_id": 1004856,
        "category_id": 2053013555631882655,
        "price": "129.99",
        "user_id": 541312140,
    }
    boto3.client("s3").put_object(
        Bucket=Settings.from_environment().data_bucket,
        Key=f"raw/stream_events/arrived_date={last}/arrived_hour=12/one",
        Body=json.dumps(event).encode() + b"\n",
    )


def wait_until_built(instance: Instance) -> None:
    def is_built() -> bool:
        built = instance.built_days()
        return all(built[mart.path] >= DAYS for mart in MARTS)

    wait_for("the sensors to build a week of every mart", is_built)
    instance.wait_until_quiet()


def show_layers(ui: WebUi) -> None:
    """All layers folded, then the tables of three of them with their checks."""
    ui.open("asset-groups", "Global asset lineage", "catalog", *LAYERS)
    ui.page.get_by_role("button", name="Hide navigation").click()
    ui.save("01_layers")
    ui.page.set_viewport_size({"width": WIDTH, "height": GRAPH_HEIGHT})
    opened = ",".join(f"global@global:{layer}" for layer in LAYERS)
    query = " or ".join(f"group:{layer}" for layer in LAYERS)
    ui.open(f"{selection(query)}?expanded={opened}", "daily_visitors")
    ui.icon("config").click()
    for facet in ("Sync status tags", "Latest event", "Status", "Kind tag", "Automation"):
        ui.page.locator("label").filter(has_text=facet).last.click()
    ui.page.locator("label").filter(has_text="Partitions").last.click()
    ui.page.get_by_role("button", name="Save").click()
    ui.icon("panel_show_right").click()
    ui.fit_graph()
    ui.expect("staged_events", "event_days", "brand_marketing_needs", "Passed")
    ui.save("02_asset_graph")
    ui.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def materialize_catalog(ui: WebUi, instance: Instance) -> None:
    """The Glue tables, which no sensor asks for: else the dialogs warn that they are missing."""
    ui.open(selection("group:catalog"))
    ui.page.get_by_role("button", name="Materialize all").click()
    wait_for("the run of the catalog", instance.is_busy, 60)
    wait_for("its end", lambda: not instance.is_busy(), 120)


def show_mart(ui: WebUi, last: date) -> None:
    """A mart with its columns, then what was told with its latest materialization."""
    ui.open(
        f"assets/{DAILY_VISITORS.path}", "Latest materialization", str(last), "analytics", "DuckDB"
    )
    ui.expect("One row a day: how many people came", "Sum of the prices of purchases.", "Passing")
    ui.save("03_mart")
    ui.page.set_viewport_size({"width": PREVIEW_WIDTH, "height": HEIGHT})
    preview = ui.page.get_by_text("preview", exact=True).first
    preview.evaluate("row => row.scrollIntoView({block: 'center'})")
    ui.expect("dagster/partition_row_count", "revenue_amount", str(last - timedelta(days=DAYS - 1)))
    ui.save("04_mart_metadata")
    ui.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def backfill_from_browser(ui: WebUi, instance: Instance, first: date, last: date) -> None:
    """Days of a mart, chosen and started in the browser; it must have run and built them."""
    days = [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]
    before = instance.built_by(DAILY_VISITORS.key, days)
    ui.open(f"assets/{DAILY_VISITORS.path}", "Latest materialization")
    ui.page.get_by_role("button", name="Materialize…").click()
    ui.choose_days(str(first), str(last), len(days))
    ui.expect("Backfills all partitions in a single run.")
    ui.save("05_backfill_dialog")
    ui.launch_backfill()
    done = instance.wait_for_backfill(
        lambda one: one["assetSelection"] == [{"path": list(DAILY_VISITORS.key)}]
    )
    assert done["status"] == "COMPLETED_SUCCESS", done
    runs = instance.runs_of(done["id"])
    assert [run["status"] for run in runs] == ["SUCCESS"], runs
    after = instance.built_by(DAILY_VISITORS.key, days)
    assert after == [runs[0]["runId"]] * len(days), (before, after)
    ui.open(f"runs/b/{done['id']}", "Succeeded", f"{first}...{last}", "100% completed")
    ui.save("06_backfill")


def damage_part(tables: TableStore, day: date) -> None:
    """Cut the last staged part of a day in half, as nobody but the owner of the bucket can."""
    parts = [
        part
        for commit in tables.commits(STAGED_EVENTS)
        for part in commit.partitions
        if part.values[1] == str(day)
    ]
    client = boto3.client("s3")
    bucket, prefix = parts[-1].location.removeprefix("s3://").split("/", 1)
    key = client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"][0]["Key"]
    rows = pq.read_table(io.BytesIO(client.get_object(Bucket=bucket, Key=key)["Body"].read()))
    half = io.BytesIO()
    pq.write_table(rows.slice(0, rows.num_rows // 2), half)
    client.put_object(Bucket=bucket, Key=key, Body=half.getvalue())


def show_refusal(ui: WebUi, instance: Instance, tables: TableStore, day: date) -> None:
    """A day that lost rows is refused by the lake, and none of the marts below it is built."""
    before = _versions(tables, day)
    damage_part(tables, day)
    first, last = day - timedelta(days=1), day + timedelta(days=1)
    ui.open(selection(EVENT_ASSETS), "lake", "marts")
    ui.page.get_by_role("button", name="Materialize all").click()
    ui.choose_days(str(first), str(last), 3)
    ui.launch_backfill()
    done = instance.wait_for_backfill(
        lambda one: {"path": list(EVENTS.key)} in one["assetSelection"]
    )
    assert done["status"] == "COMPLETED_FAILED", done
    assert _versions(tables, day) == before, "a refused day was published"
    runs = [run for run in instance.runs_of(done["id"]) if run["status"] == "FAILURE"]
    assert len(runs) == 1, runs
    assert {"path": list(DAILY_VISITORS.key)} in runs[0]["assetSelection"], runs

    ui.open(f"assets/{EVENTS.path}?view=checks&checkDetail=rows_are_conserved", "Failed")
    ui.expect("This is a blocking asset check.", "rows staged, but", str(day))
    ui.save("07_failed_check")
    ui.open(f"runs/{runs[0]['runId']}", "Failure", "Errored (1)", "Not executed (4)")
    ui.page.get_by_placeholder("Filter…").fill("Not executing")
    ui.page.get_by_placeholder("Filter…").press("Enter")
    ui.expect(*(f"Dependencies for step {mart.name} failed" for mart in DAILY))
    ui.save("08_stopped_run")
    ui.open(f"runs/b/{done['id']}", "Failed", f"{first}...{last}", "lake / events")
    ui.expect(*(f"marts / {mart.name}" for mart in DAILY))
    ui.save("09_stopped_backfill")


def _versions(tables: TableStore, day: date) -> dict[str, list[int]]:
    """The number of the day's version in the lake, and in every mart that reads this day alone."""
    return {
        table.path: [commit.number for commit in tables.commits(table, [str(day)])]
        for table in (EVENTS, *DAILY)
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ecom_platform_tests.browser.tour")
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    tables = Resources.of(Settings.from_environment()).tables
    last = datetime.now(UTC).date() - timedelta(days=1)
    with dagster_up(arguments.port, arguments.state / "dagster.log") as instance:
        archive_an_event(last)
        deliver_a_week(arguments.state / "events", last)
        wait_until_built(instance)
        with browser(arguments.chromium, instance.url, arguments.pictures) as ui:
            show_layers(ui)
            materialize_catalog(ui, instance)
            show_mart(ui, last)
            backfill_from_browser(ui, instance, last - timedelta(days=5), last - timedelta(days=2))
            instance.wait_until_quiet()
            show_refusal(ui, instance, tables, last - timedelta(days=3))


if __name__ == "__main__":
    main()
