"""`python -m ecom_platform_tests.browser.dashboard`: every page of the dashboard in a browser.

Made-up traffic of a month is built in a folder of its own; then each page is opened in a headless
Chromium: it must show all of its charts in time, without an error in the console and without
serious findings of axe-core. Switch, range, filters, download, links and a phone's width are tried.
With `--pictures` it takes pictures. The last line is JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from ecom_platform.commands.dashboard_server import SignIn, dashboard_arguments
from ecom_platform.commands.deliver import deliver
from ecom_platform.dashboard.pages import PAGES
from ecom_platform.dashboard.pages import Page as DashboardPage
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.browser.screenshots import BrowserMissingError, find_chromium
from ecom_platform_tests.browser.web_ui import FLAGS, SETTLE_SECONDS
from ecom_platform_tests.support.bots import write_bot
from ecom_platform_tests.support.installation import Installation
from ecom_platform_tests.support.pictures import picture_count
from ecom_platform_tests.support.waiting import wait_until
from infra.local.ports import is_taken

FIRST_DAY, LAST_DAY, DAY_COUNT = "2026-01-05", "2026-02-01", 28
TRIES = 5
WAIT_MS = 60_000
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
STREAMLITS_OWN = frozenset({"color-contrast", "aria-allowed-attr", "scrollable-region-focusable"})
"""Rules of axe-core that Streamlit's own parts break, looked at one by one: the grey of captions
and hints, attributes of its switch, and the canvas of its tables."""

STREAMLITS_LOOK_UPS = ("/_stcore/health", "/_stcore/host-config")
"""Streamlit looks for its server below the page's own address first, which answers 404, and then at
the root; nothing else of an address may be missing."""


@dataclass
class Findings:
    """What was found on all pages."""

    seconds: dict[str, float] = field(default_factory=dict)
    console_errors: list[str] = field(default_factory=list)
    axe_serious: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(
            {
                "pages": len(self.seconds),
                "slowest_page_s": round(max(self.seconds.values()), 2),
                "console_errors": len(self.console_errors),
                "axe_serious": len(self.axe_serious),
            }
        )


@dataclass(frozen=True)
class Visitor:
    """A browser on the dashboard."""

    context: BrowserContext
    url: str
    findings: Findings

    def open(self, name: str, query: str = "") -> Page:
        """A page in a tab of its own, once its last chart is drawn."""
        tab = self.context.new_page()
        tab.on("console", lambda said: self._hear(name, said))
        tab.on("pageerror", lambda error: self.findings.console_errors.append(f"{name}: {error}"))
        # Streamlit shows its first page at the root alone.
        tab.goto(f"{self.url}/{'' if name == next(iter(PAGES)) else name}{query}")
        wait_until_drawn(tab, PAGES[name])
        return tab

    def _hear(self, name: str, said: ConsoleMessage) -> None:
        place = said.location["url"]
        if said.type == "error" and not place.endswith(STREAMLITS_LOOK_UPS):
            self.findings.console_errors.append(f"{name}: {said.text} ({place})")


def wait_until_drawn(tab: Page, page: DashboardPage) -> None:
    """Until every chart, table and figure of a page is there."""
    expect(tab.get_by_role("heading", name=page.title, exact=True).first).to_be_visible()
    pictures = picture_count(page)
    expect(tab.locator(".vega-embed svg, .vega-embed canvas")).to_have_count(pictures)
    # One button for each chart: the last of them stands behind the last chart.
    expect(tab.get_by_role("button", name="CSV")).to_have_count(len(page.charts))
    expect(tab.locator("[data-testid=stException]")).to_have_count(0)


def measure(visitor: Visitor) -> None:
    """Seconds to the last chart, the median of five; findings of axe-core; a phone's width."""
    for name in PAGES:
        visitor.open(name).close()
        taken = []
        for _ in range(TRIES):
            started = time.monotonic()
            visitor.open(name).close()
            taken.append(time.monotonic() - started)
        visitor.findings.seconds[name] = statistics.median(taken)
        print(f"{name}: {visitor.findings.seconds[name]:.2f} s", flush=True)
        tab = visitor.open(name)
        visitor.findings.axe_serious += [f"{name}: {one}" for one in serious(tab)]
        tab.set_viewport_size(PHONE)  # type: ignore[arg-type]
        wait_until_drawn(tab, PAGES[name])
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        tab.close()


def serious(tab: Page) -> list[str]:
    """Findings of axe-core that are serious, but for the reviewed ones."""
    found: list[dict[str, Any]] = Axe().run(tab).response["violations"]
    return [
        f"{one['id']}: {one['help']}, {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in ("serious", "critical") and one["id"] not in STREAMLITS_OWN
    ]


def try_switch_and_link(visitor: Visitor) -> None:
    """Everybody's figures differ from those of people, and a link shows what was chosen."""
    tab = visitor.open("visitors")
    figure = tab.locator("[data-testid=stMetricValue]").first
    people = figure.inner_text()
    tab.get_by_role("radio", name="everybody").click()
    expect(tab.get_by_text("Events of everybody").first).to_be_visible()
    expect(figure).not_to_have_text(people)
    everybody, link = figure.inner_text(), tab.url
    assert "audience=everybody" in link, link
    tab.close()
    again = visitor.context.new_page()
    again.goto(link)
    expect(again.locator("[data-testid=stMetricValue]").first).to_have_text(everybody)
    again.close()


def try_range_and_filter(visitor: Visitor) -> None:
    """A link of one day and one category narrows what is shown."""
    tab = visitor.open("categories", f"?from={LAST_DAY}&to={LAST_DAY}")
    expect(tab.get_by_text("Views by hour and weekday").first).to_be_visible()
    tab.get_by_test_id("stMultiSelect").first.locator("input").click()
    tab.get_by_role("option").nth(1).click()
    tab.wait_for_url(lambda url: "category=" in url)
    # While its list is open, the rest of the page is hidden from readers.
    tab.keyboard.press("Escape")
    wait_until_drawn(tab, PAGES["categories"])
    tab.close()


def try_download(visitor: Visitor) -> None:
    tab = visitor.open("visitors")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="CSV").nth(1).click()
    text = download.value.path().read_text()
    assert text.splitlines()[0] == "day,visitors,sessions"
    assert len(text.splitlines()) == DAY_COUNT + 1
    tab.close()


def try_sign_in(visitor: Visitor) -> None:
    """A category manager signs in, and finds his categories; a stranger finds nothing."""
    for user in ("electronics", "stranger"):
        visitor.context.clear_cookies()
        tab = visitor.context.new_page()
        tab.goto(visitor.url)
        expect(tab.locator(".vega-embed")).to_have_count(0)
        tab.get_by_role("button", name="Sign in").click()
        tab.locator("input[name=sub]").fill(user)
        tab.get_by_role("button", name="Authorize").click()
        if user == "stranger":
            expect(tab.get_by_text("Nothing is shown").first).to_be_visible()
        else:
            tab.get_by_role("link", name="Brands").click()
            expect(tab.get_by_text("Your roles do not show these figures").first).to_be_visible()
        tab.close()


def take_pictures(visitor: Visitor, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(PAGES, start=20):
        tab = visitor.open(name)
        tab.wait_for_timeout(SETTLE_SECONDS * 1000)
        tab.screenshot(path=folder / f"{number}_dashboard_{name}.png", full_page=False)
        tab.close()


@contextmanager
def served(installation: Installation, *, is_asking: bool = False) -> Iterator[str]:
    """The dashboard's address, while it is served, with a provider of sign-ins if it asks."""
    port = installation.dashboard_port
    sign_in = SignIn.prepared(installation.state, port) if is_asking else None
    commands = [dashboard_arguments(port, sign_in.secrets_file if sign_in else None)]
    commands += [sign_in.provider_arguments] if sign_in else []
    with (installation.state / "dashboard.log").open("a") as log, ExitStack() as servers:
        for arguments in commands:
            server = subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log)
            servers.callback(server.wait, 20)
            servers.callback(server.terminate)
        for one in (port, sign_in.port if sign_in else port):
            wait_until(lambda one=one: is_taken(one), 60, f"port {one}")  # type: ignore[misc]
        yield f"http://127.0.0.1:{port}"


@contextmanager
def visiting(chromium: str, url: str) -> Iterator[Visitor]:
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=FLAGS, chromium_sandbox=os.geteuid() != 0
        )
        context = opened.new_context(viewport=DESK, accept_downloads=True)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        try:
            yield Visitor(context, url, Findings())
        finally:
            opened.close()


def build_shop(installation: Installation, rows: int) -> None:
    """Four weeks of made-up traffic, in tables."""
    files = installation.state / "files"
    traffic.main(
        ["generate", f"--out={files}", f"--start={FIRST_DAY}", f"--end={LAST_DAY}"]
        + [f"--events-per-day={rows // DAY_COUNT}", "--dirt=0.0005", "--seed=3"]
    )
    write_bot(files / "bot.csv", LAST_DAY)
    batch = installation.batch()
    batch.prepare_catalog()
    deliver(sorted(files.glob("*.csv")), Settings.from_environment())
    batch.take_in()
    batch.rebuild()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform_tests.browser.dashboard", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--chromium", help="the browser, if it is not in PATH")
    parser.add_argument("--pictures", type=Path, help="folder for pictures")
    options = parser.parse_args()
    try:
        chromium = find_chromium(options.chromium)
    except BrowserMissingError as error:
        sys.exit(f"error: {error}")
    with tempfile.TemporaryDirectory(prefix="ecom-dashboard-") as folder:
        installation = Installation(Path(folder) / "state")
        with installation.entered(), installation.cloud_up():
            build_shop(installation, options.rows)
            with served(installation) as url, visiting(chromium, url) as visitor:
                measure(visitor)
                if options.pictures:
                    take_pictures(visitor, options.pictures)
                try_switch_and_link(visitor)
                try_range_and_filter(visitor)
                try_download(visitor)
                findings = visitor.findings
            with (
                served(installation, is_asking=True) as url,
                visiting(chromium, url) as visitor,
            ):
                try_sign_in(visitor)
    for line in [*findings.console_errors, *findings.axe_serious]:
        print(line)
    print(findings.to_json())
    if findings.console_errors or findings.axe_serious:
        sys.exit("error: some page has errors or cannot be used by everybody; see above")


if __name__ == "__main__":
    main()
