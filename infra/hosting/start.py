"""The entry point of the image: `start.py COMMAND…` writes what AWS clients and Dagster read, then
becomes the command.

Each part of the platform works under a role of its own, which the task's role may take on.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROLES = ("batch", "cleaner", "eraser", "observer", "producer", "reader", "replayer", "on-call")


def profiles(prefix: str, account: str, region: str) -> str:
    """The AWS configuration: a profile a role, taken on with the credentials of the task."""
    return "\n".join(
        f"[profile {prefix}{role}]\n"
        f"role_arn = arn:aws:iam::{account}:role/{prefix}{role}\n"
        "credential_source = EcsContainer\n"
        f"region = {region}\n"
        for role in ROLES
    )


def main(command: Sequence[str]) -> None:
    home = Path(os.environ["DAGSTER_HOME"])
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), home / "dagster.yaml")
    text = profiles(os.environ["ECOM_PREFIX"], os.environ["ECOM_ACCOUNT"], os.environ["AWS_REGION"])
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text, encoding="utf-8")
    os.execvp(command[0], list(command))  # noqa: S606 - the command is the task definition's own


if __name__ == "__main__":
    main(sys.argv[1:])
