"""The web UI in a headless browser: opening pages, reading words, filling the dialog, pictures.

What does not belong here: which pages (`tour`).
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as WaitedTooLongError

WIDTH, HEIGHT = 1400, 900
WAIT_SECONDS = 45
SETTLE_SECONDS = 1.5
"""For charts and animations, which tell nobody when they are done."""
MOST_BYTES = 280_000

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BOXES = """[...document.querySelectorAll('foreignObject')].map(node => {
  const box = node.getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom]; })"""

GRAPH_LEFT, GRAPH_TOP = 68, 108
"""Where the bars around the graph end, when both panels are hidden."""
GRAPH_MARGIN = 30
GRAPH_MILLISECONDS = 500


@dataclass(frozen=True)
class WebUi:
    """One tab of the browser, and the folder for its pictures."""

    page: Page
    url: str
    pictures: Path

    def open(self, path: str, *words: str) -> None:
        """Open a page, and wait until it shows all of these words."""
        self.page.goto(f"{self.url}/{path}")
        self.expect(*words)

    def expect(self, *words: str) -> None:
        for word in words:
            shown = self.page.get_by_text(word).locator("visible=true").first
            try:
                shown.wait_for()
            except WaitedTooLongError as error:
                raise AssertionError(f"{self.page.url} does not show {word!r}") from error

    def icon(self, name: str) -> Locator:
        return self.page.locator(f'button:has([aria-label="{name}"])').first

    def save(self, name: str) -> None:
        """Take a picture of what is in view."""
        self.page.wait_for_timeout(SETTLE_SECONDS * 1000)
        path = self.pictures / f"{name}.png"
        self.page.screenshot(path=path)
        size = path.stat().st_size
        assert size <= MOST_BYTES, f"{path.name} has {size:,} bytes, at most {MOST_BYTES:,}"
        print(f"  {path.name}: {size / 1000:.0f} kB", flush=True)

    def choose_days(self, first: str, last: str, count: int) -> None:
        """Fill the range of the dialog that asks which partitions to build."""
        dialog = self.page.get_by_role("dialog")
        days = dialog.locator("input[type=text]").first
        days.fill(f"[{first}...{last}]")
        days.press("Enter")
        expect(dialog.get_by_text(f"{count} partitions", exact=True)).to_be_visible()

    def launch_backfill(self) -> None:
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Launch backfill").click()
        expect(dialog).to_be_hidden()

    def fit_graph(self) -> None:
        """Zoom and move the graph so that all of it is in view."""
        room = (WIDTH - GRAPH_LEFT - GRAPH_MARGIN, self._height() - GRAPH_TOP - GRAPH_MARGIN)
        # A place with nothing on it, from where the graph can be dragged either way.
        handle = (WIDTH / 3, self._height() - 200)
        self.page.mouse.move(*handle)
        for _ in range(40):
            left, top, right, bottom = self._extent()
            share = max((right - left) / room[0], (bottom - top) / room[1])
            if 0.94 <= share <= 1:
                break
            self.page.keyboard.down("Control")
            self.page.mouse.wheel(0, 10 if share > 1 else -10)
            self.page.keyboard.up("Control")
            self.page.wait_for_timeout(GRAPH_MILLISECONDS)
        self.page.mouse.down()
        self.page.mouse.move(
            handle[0] + GRAPH_LEFT + room[0] / 2 - (left + right) / 2,
            handle[1] + GRAPH_TOP + room[1] / 2 - (top + bottom) / 2,
            steps=10,
        )
        self.page.mouse.up()
        self.page.wait_for_timeout(GRAPH_MILLISECONDS)
        left, top, right, bottom = self._extent()
        assert left >= GRAPH_LEFT, "the graph is cut on the left"
        assert top >= GRAPH_TOP, "the graph is cut at the top"
        assert right <= WIDTH, "the graph is cut on the right"
        assert bottom <= self._height(), "the graph is cut at the bottom"

    def _height(self) -> int:
        size = self.page.viewport_size
        return size["height"] if size else HEIGHT

    def _extent(self) -> tuple[float, float, float, float]:
        boxes: Sequence[Sequence[float]] = self.page.evaluate(BOXES)
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)


def selection(query: str) -> str:
    """The page of the lineage graph with only these assets."""
    return f"asset-groups~{quote(query, safe='')}"


@contextmanager
def browser(chromium: str, url: str, pictures: Path) -> Iterator[WebUi]:
    """A browser with a profile of its own that goes nowhere but to the web UI."""
    expect.set_options(timeout=WAIT_SECONDS * 1000)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium,
            args=FLAGS,
            # Chromium refuses to run its sandbox for root.
            chromium_sandbox=os.geteuid() != 0,
        )
        page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(WAIT_SECONDS * 1000)
        try:
            yield WebUi(page, url, pictures)
        finally:
            opened.close()
