"""What a Glue job is made of: the script, a zip of the modules that it imports, its requirements.

On one machine nothing is packed: the launcher in `glue_jobs/local` starts the sources themselves.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.zips import add_file, is_source

PREFIX = "artifacts/glue"
PACKAGES = (
    "ecom_platform/contracts",
    "ecom_platform/lake",
    "ecom_platform/tables",
    "glue_jobs",
)
"""Pure parts: a job knows no Dagster, and no resource of the platform."""


@dataclass(frozen=True)
class GluePackage:
    """One object that the job's template names: by which parameter, its key and its content."""

    parameter: str
    key: str
    content: bytes


def glue_packages(root: Path) -> list[GluePackage]:
    """The objects of the job; the same sources give the same keys."""
    job = root / "glue_jobs"
    return [
        _package("GlueScriptKey", ".py", (job / "stage_events.py").read_bytes()),
        _package("GlueModulesKey", ".zip", _modules(root)),
        _package("GlueRequirementsKey", ".txt", (job / "requirements.txt").read_bytes()),
    ]


def _package(parameter: str, suffix: str, content: bytes) -> GluePackage:
    return GluePackage(
        parameter, f"{PREFIX}/{hashlib.sha256(content).hexdigest()}{suffix}", content
    )


def _modules(root: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _sources(root):
            add_file(archive, path.relative_to(root).as_posix(), path)
    return content.getvalue()


def _sources(root: Path) -> list[Path]:
    found = [
        path
        for name in PACKAGES
        for path in sorted((root / name).rglob("*.py"))
        if is_source(path, root)
    ]
    return [root / "ecom_platform/__init__.py", *found]
