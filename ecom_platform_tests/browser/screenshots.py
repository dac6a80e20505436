"""`python -m ecom_platform_tests.browser.screenshots`: pictures of the web UI for the docs.

Starts a fresh local cloud in a temporary folder for each tour and lets it run there; leaves nothing
behind but the pictures. What does not belong here: what is shown (`tour`, `stream_tour`).
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from infra.local.__main__ import ROOT, run
from infra.local.cloud import LocalCloud, LocalCloudError
from infra.local.ports import free_port
from infra.local.service import ServiceError

PICTURES = ROOT / "docs/screenshots"
BATCH, STREAM = "tour", "stream_tour"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class BrowserMissingError(RuntimeError):
    """No Chromium is at hand; the message says how to get one."""


def find_chromium(chosen: str | None = None) -> str:
    """Where the browser is: the one that was asked for, or the first that `PATH` has.

    Raises:
        BrowserMissingError: there is none.

    """
    for name in [chosen] if chosen else BROWSERS:
        if found := shutil.which(name):
            return found
    raise BrowserMissingError(
        f"no browser found as {chosen or ', '.join(BROWSERS)}; install Chromium"
        " (Debian: apt-get install chromium), or name one: make screenshots CHROMIUM=/path/to/it"
    )


def take_pictures(tour: str, chromium: str, pictures: Path) -> int:
    """Run a tour in a local cloud of its own; returns its exit code."""
    with tempfile.TemporaryDirectory(prefix="ecom-screenshots-") as folder:
        state = Path(folder)
        program = [sys.executable, "-m", f"ecom_platform_tests.browser.{tour}"]
        options = [f"--chromium={chromium}", f"--pictures={pictures}", f"--state={state}"]
        cloud = LocalCloud(state / "cloud", free_port())
        command = [*program, *options, f"--port={free_port()}"]
        return run(cloud, state, command, flink_port=free_port() if tour == STREAM else None)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform_tests.browser.screenshots", description=__doc__
    )
    parser.add_argument("--chromium", help="the browser, if it is not in PATH")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="folder for the pictures")
    parser.add_argument("--tours", nargs="+", choices=[BATCH, STREAM], default=[BATCH, STREAM])
    arguments = parser.parse_args()
    try:
        chromium = find_chromium(arguments.chromium)
        pictures = arguments.pictures.resolve()
        sys.exit(max(take_pictures(tour, chromium, pictures) for tour in arguments.tours))
    except (BrowserMissingError, LocalCloudError, ServiceError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
