"""The zip of each Lambda function: its folder, what functions share, what its requirements name.

The same sources give the same bytes, hence the same key. boto3 is part of Lambda's runtime and
stays out. What does not belong here: uploading and deploying (`infra.deploy`).
"""

import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.generated import logical_name
from infra.zips import add_file, is_source

PREFIX = "artifacts/lambda"
# The functions run on Graviton; the few requirements are pure Python.
PLATFORM = ("--python-platform", "aarch64-manylinux2014", "--python-version", "3.11")


@dataclass(frozen=True)
class LambdaPackage:
    """The zip of one function, named after its folder."""

    function: str
    content: bytes

    @property
    def key(self) -> str:
        return f"{PREFIX}/{self.function}/{hashlib.sha256(self.content).hexdigest()}.zip"

    @property
    def parameter(self) -> str:
        """The template parameter that takes the key: AlertRecorderKey for alert_recorder."""
        return f"{logical_name(self.function)}Key"


def build_packages(handlers: Path, *, cache: Path) -> list[LambdaPackage]:
    """One package a folder of `handlers` that has a handler.py; folders without one are shared.

    Requirements are installed into `cache` once, in a folder named after their hash.
    """
    functions = sorted(path.parent for path in handlers.glob("*/handler.py"))
    return [_build(function, cache) for function in functions]


def _build(function: Path, cache: Path) -> LambdaPackage:
    vendored = _install(function / "requirements.txt", cache)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in (function, *_shared(function.parent)):
            for path in _shipped(folder):
                add_file(archive, path.relative_to(function.parent).as_posix(), path)
        for path in _shipped(vendored):
            add_file(archive, path.relative_to(vendored).as_posix(), path)
    return LambdaPackage(function.name, content.getvalue())


def _shared(handlers: Path) -> list[Path]:
    packages = sorted(path.parent for path in handlers.glob("*/__init__.py"))
    return [package for package in packages if not (package / "handler.py").exists()]


def _install(requirements: Path, cache: Path) -> Path:
    target = cache / hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        # Under a name of its own until it is whole: an interrupted set-up leaves no half of it, and
        # of two that do it at once the slower one finds it done.
        unfinished = Path(tempfile.mkdtemp(dir=cache, prefix="unfinished-"))
        uv = (str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet")
        wheels = ("--require-hashes", "--only-binary=:all:", "--no-deps", *PLATFORM)
        into = ("--target", str(unfinished), "--requirement", str(requirements))
        subprocess.run([*uv, *wheels, *into], check=True)
        try:
            unfinished.rename(target)
        except OSError:
            if not target.exists():
                raise
            shutil.rmtree(unfinished)
    return target


def _shipped(folder: Path) -> list[Path]:
    """Files in a fixed order, without what names the machine that installed a package."""
    return sorted(path for path in folder.rglob("*") if is_source(path, folder))
