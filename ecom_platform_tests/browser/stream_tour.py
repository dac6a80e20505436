"""What is shown of the stream, in a local cloud with Flink that `screenshots` has started.

A minute of people and attackers is played; then an alert is seen in DynamoDB, in the Dagster web UI
and at work in Flink's own. Every step asserts what it shows.
"""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ecom_platform.commands import alerts, simulate
from ecom_platform.definitions import Resources
from ecom_platform.resources.alert_log import AlertLog
from ecom_platform.resources.flink_job import FlinkJob
from ecom_platform.settings import Settings
from ecom_platform_tests.browser.instance import Instance, dagster_up, wait_for
from ecom_platform_tests.browser.web_ui import HEIGHT, WIDTH, WebUi, browser, selection

RULES = {"user_flood", "cart_hoarding", "checkout_burst"}
JOB_SECONDS = 180
ALERT_SECONDS = 90
GRAPH_HEIGHT = 1100
TABLE_WIDTH, TABLE_HEIGHT = 1900, 260
"""The latest alerts have more columns than fit beside the panel on the right."""
ALERTS, JOB, EVENTS = "streaming/alerts", "streaming/flink_job", "streaming/raw_events"
LOOKED_AT = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { assetMaterializations(limit: 1) { runId } } } }"""


def play(job: FlinkJob, log: AlertLog) -> None:
    """Play the demo's scenario, and wait until each of its attackers is in the table."""
    wait_for("Flink", lambda: job.health(datetime.now(UTC)).state == "RUNNING", JOB_SECONDS)
    assert simulate.main([]) == 0

    def are_named() -> bool:
        now = datetime.now(UTC)
        return {alert.rule for alert in log.changed(now - timedelta(hours=1), now)} >= RULES

    wait_for("the alerts", are_named, ALERT_SECONDS)


def was_looked_at(instance: Instance) -> bool:
    """Whether the sensor has had Dagster look at the table of alerts."""
    node = instance.ask(LOOKED_AT, key={"path": ALERTS.split("/")})["assetNodeOrError"]
    return bool(node["assetMaterializations"])


def show_alerts(ui: WebUi, instance: Instance, folder: Path) -> None:
    """The alerts in DynamoDB, then as Dagster knows them."""
    page = folder / "alerts.html"
    alerts.main([f"--html={page}"])
    ui.page.set_viewport_size({"width": WIDTH, "height": TABLE_HEIGHT})
    ui.page.goto(page.as_uri())
    ui.expect("ecom-alerts", "checkout_burst")
    ui.save("10_alerts_in_dynamodb")
    ui.page.set_viewport_size({"width": TABLE_WIDTH, "height": HEIGHT})
    wait_for("a look at the table", lambda: was_looked_at(instance), ALERT_SECONDS)
    instance.wait_until_quiet()
    ui.open(f"assets/{ALERTS}", "One item an alert", "by_rule", "latest")
    rows = ui.page.get_by_text("latest", exact=True).first
    rows.evaluate("row => row.scrollIntoView({block: 'center'})")
    ui.expect("checkout_burst", "cart_hoarding")
    ui.save("11_alerts_in_dagster")


def show_health(ui: WebUi) -> None:
    """The stream as a graph, and the checks that the sensors report."""
    ui.page.set_viewport_size({"width": WIDTH, "height": GRAPH_HEIGHT})
    ui.open(selection("group:streaming"), "raw_events", "flink_job", "alerts")
    ui.save("12_stream_graph")
    ui.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    ui.open(f"assets/{JOB}?view=checks", "job_is_running", "checkpoints_complete")
    ui.expect("event_time_keeps_up")
    ui.save("13_flink_job_checks")


def show_flink(ui: WebUi, url: str) -> None:
    """The job in Flink's own web UI."""
    ui.page.goto(f"{url}/#/overview")
    ui.expect("ecom-bot-detection", "RUNNING")
    ui.page.get_by_text("ecom-bot-detection").first.click()
    ui.expect("Source: raw_events")
    ui.save("14_flink_job")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ecom_platform_tests.browser.stream_tour")
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    resources = Resources.of(settings)
    play(resources.flink_job, resources.alert_log)
    with (
        dagster_up(arguments.port, arguments.state / "dagster.log") as instance,
        browser(arguments.chromium, instance.url, arguments.pictures) as ui,
    ):
        show_alerts(ui, instance, arguments.state)
        show_health(ui)
        show_flink(ui, str(settings.flink_rest_url))


if __name__ == "__main__":
    main()
