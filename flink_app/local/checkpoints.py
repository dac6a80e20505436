"""Retained checkpoints of earlier runs: which one a start may resume from.

Each fingerprint of the SQL and its properties has a folder of its own, because a job whose rules
changed cannot take over the state of the job before.
"""

import hashlib
import json
from pathlib import Path

from runtime_properties import PropertyGroups

FINGERPRINT_LENGTH = 16
GROUPS_OUTSIDE_STATE = ("flink",)


def fingerprint(sql_folder: Path, groups: PropertyGroups) -> str:
    """Return a short hash of every SQL file and of every property that shapes the job."""
    shaping = {name: groups[name] for name in groups if name not in GROUPS_OUTSIDE_STATE}
    digest = hashlib.sha256(json.dumps(shaping, sort_keys=True).encode())
    for path in sorted(sql_folder.rglob("*.sql")):
        digest.update(path.relative_to(sql_folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_LENGTH]


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest complete checkpoint below a folder `<job id>/chk-<n>/_metadata`."""
    complete = folder.glob("*/chk-*/_metadata")
    newest = max(complete, key=lambda path: path.stat().st_mtime_ns, default=None)
    return newest.parent if newest else None


def start_message(checkpoint: Path | None, folder: Path) -> str:
    """Say where the job starts from and why."""
    if checkpoint:
        return f"resuming from checkpoint {checkpoint}"
    if newest_checkpoint_of_others(folder):
        return (
            "fresh start: the rules or their properties changed since the last checkpoint, and its "
            "state does not fit them; reading begins at the source's scan.stream.initpos"
        )
    return "fresh start: there is no checkpoint yet"


def newest_checkpoint_of_others(folder: Path) -> Path | None:
    """Return the newest checkpoint that other fingerprints left beside this folder."""
    others = [path for path in folder.parent.glob("*") if path != folder and path.is_dir()]
    found = [checkpoint for other in others if (checkpoint := newest_checkpoint(other))]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
