"""A state folder of an earlier version is recognised, and never half used."""

from pathlib import Path

import pytest

from infra.local.layout import LAYOUT, OlderLayoutError, check_layout


def test_new_state_is_marked_and_known_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for _ in range(2):
        check_layout(state)
    assert (state / "layout").read_text() == LAYOUT


def test_state_of_the_first_layout_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    with pytest.raises(OlderLayoutError, match=r"layout 1, this one needs 2.*`make clean`"):
        check_layout(tmp_path)
    assert not (tmp_path / "layout").exists()


def test_state_of_a_later_layout_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "layout").write_text("3")
    with pytest.raises(OlderLayoutError, match="layout 3"):
        check_layout(tmp_path)
