"""Packages of functions are made by several at once without harm."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.deploy import HANDLERS
from infra.lambda_packages import build_packages


def test_two_that_install_requirements_at_once_both_have_them(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: build_packages(HANDLERS, cache=cache), range(3)))
    first, *others = ([(one.key, one.function) for one in packages] for packages in made)
    assert first == others[0] == others[1]
    assert not [path for path in cache.iterdir() if path.name.startswith("unfinished")]
