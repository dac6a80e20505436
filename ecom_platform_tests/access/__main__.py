"""`python -m ecom_platform_tests.access`: what each role does, held against what it may do.

Runs the platform from end to end on a local cloud that enforces IAM and records each decision, then
tries abuses with the credentials of each role. The last line is JSON; ends with 1 where an action
is missing, a grant is neither used nor reviewed, or an abuse was not refused.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from ecom_platform_tests.access.abuses import try_abuses
from ecom_platform_tests.access.everything import everything
from ecom_platform_tests.support.flink_environment import allowed
from ecom_platform_tests.support.live_stream import live_stream
from infra.local.cloud import DECISIONS
from infra.local.streaming import QUIET_VARIABLE
from infra.policies import grants

WHOLE_ROLE = "*"
"""All that a role may do, where nothing of it runs on one machine."""
REVIEWED = Path(__file__).with_name("reviewed.yaml")

Pair = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """What the local cloud's IAM said to a call."""

    role: str
    action: str
    resource: str
    allowed: bool


def decisions(record: Path) -> list[Decision]:
    return [Decision(**json.loads(line)) for line in record.read_text().splitlines()]


@cache
def reviewed() -> dict[Pair, str]:
    """Grant that the run does not show → why it stays."""
    found = yaml.safe_load(REVIEWED.read_text())
    granted = {(one.role, one.action) for one in grants()}
    by_action = {
        (role, action): why
        for role, actions in found.items()
        for action, why in actions.items()
        if action != WHOLE_ROLE
    }
    whole = {role: actions[WHOLE_ROLE] for role, actions in found.items() if WHOLE_ROLE in actions}
    return {pair: whole[pair[0]] for pair in granted if pair[0] in whole} | by_action


def compare(found: list[Decision]) -> dict[str, list[str]]:
    """What was refused, and what was granted in vain."""
    granted = {(one.role, one.action) for one in grants()}
    used = {(one.role, one.action) for one in found if one.allowed}
    missing = {f"{one.role} {one.action} {one.resource}" for one in found if not one.allowed}
    known = reviewed()
    unused = granted - used
    return {
        "missing": sorted(missing),
        "unused_without_reason": sorted(" ".join(one) for one in unused - known.keys()),
        "reviewed_but_used_or_not_granted": sorted(" ".join(p) for p in known.keys() - unused),
    }


def told(record: Path, abuses: list[tuple[str, str, bool]]) -> Iterator[str]:
    found = decisions(record)
    result = compare(found)
    for name, lines in result.items():
        for line in lines:
            yield f"{name}: {line}"
    yield "| role | abuse | refused |"
    yield "|---|---|---|"
    for role, what, is_refused in abuses:
        yield f"| {role} | {what} | {'yes' if is_refused else 'NO'} |"
    yield json.dumps(
        {
            "decisions": len(found),
            "roles_seen": len({one.role for one in found}),
            "actions_used": len({(one.role, one.action) for one in found if one.allowed}),
            "actions_missing": len(result["missing"]),
            "actions_unused": len(result["unused_without_reason"]),
            "actions_reviewed": len(reviewed()),
            "reviews_out_of_date": len(result["reviewed_but_used_or_not_granted"]),
            "abuses": len(abuses),
            "abuses_not_refused": sum(not is_refused for _, _, is_refused in abuses),
        }
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ecom-access-") as name:
        folder = Path(name)
        record, own = folder / "decisions.jsonl", folder / "abuses.jsonl"
        os.environ |= {DECISIONS: str(record), QUIET_VARIABLE: "10"}
        with allowed(), live_stream(folder, canary_seconds=60) as live:
            everything(live, folder, lambda what: print(what, flush=True))
            # What is tried now is meant to be refused.
            own.write_bytes(record.read_bytes())
            print("abuses with stolen credentials …", flush=True)
            abuses = try_abuses(sorted({one.role for one in grants()}))
        lines = list(told(own, abuses))
    print("\n".join(lines))
    result = json.loads(lines[-1])
    bad = ("actions_missing", "actions_unused", "reviews_out_of_date", "abuses_not_refused")
    sys.exit(1 if any(result[name] for name in bad) else 0)


if __name__ == "__main__":
    main()
