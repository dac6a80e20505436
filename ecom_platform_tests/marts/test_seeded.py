"""Every mart over the seeded shops: a figure that changes is either meant or a mistake."""

from pathlib import Path

import yaml

from ecom_platform_tests.marts.seeded import DIGESTS, digests


def test_marts_over_the_seeded_shops_are_as_they_were(tmp_path: Path) -> None:
    assert digests(tmp_path / "shop") == yaml.safe_load(DIGESTS.read_text())
