"""What a sensor's tick leaves to the next one: that all of what it saw was handled."""

import json
from collections.abc import Sequence
from hashlib import sha256

CURSOR_VERSION = 1


def cursor_of(fingerprint: str) -> str:
    return json.dumps({"version": CURSOR_VERSION, "handled": fingerprint})


def digest(names: Sequence[str]) -> str:
    """Equal for equal names, in whatever order."""
    return sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
