"""The layout of the state folder: whether this version can go on with what another wrote."""

from pathlib import Path

LAYOUT = "2"
"""1: exports directly under `raw/`, the manifest among them, names without a prefix."""


class OlderLayoutError(RuntimeError):
    """The state was written by an earlier version; the message says what to do."""


def check_layout(state: Path) -> None:
    """Mark a new state folder, or refuse one that another version wrote.

    Raises:
        OlderLayoutError: it has another layout.

    """
    marker = state / "layout"
    if marker.exists():
        found = marker.read_text().strip()
    else:
        found = "1" if (state / "cloud").exists() else LAYOUT
    if found != LAYOUT:
        raise OlderLayoutError(
            f"{state} was written by another version (layout {found}, this one needs {LAYOUT});"
            " keep your event files (they lie below it, in cloud/s3), run `make clean`, and deliver"
            " them again"
        )
    state.mkdir(parents=True, exist_ok=True)
    marker.write_text(LAYOUT)
