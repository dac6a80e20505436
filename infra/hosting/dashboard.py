"""The dashboard in its container: Streamlit's secrets out of the environment, then Streamlit."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ecom_platform.commands.dashboard_server import dashboard_arguments, sign_in_secrets

PORT = 8501


def secrets_text(variables: Mapping[str, str]) -> str:
    """What the task is given, as Streamlit reads it."""
    return sign_in_secrets(
        pages=f"https://{variables['DASHBOARD_HOST']}",
        provider=variables["OIDC_ISSUER"],
        client_id=variables["OIDC_CLIENT_ID"],
        client_secret=variables["OIDC_CLIENT_SECRET"],
        cookie_secret=variables["OIDC_COOKIE_SECRET"],
    )


def main() -> None:
    secrets = Path(tempfile.mkdtemp()) / "secrets.toml"
    secrets.touch(mode=0o600)
    secrets.write_text(secrets_text(os.environ), encoding="utf-8")
    # The load balancer alone reaches the task.
    arguments = dashboard_arguments(PORT, secrets, host="0.0.0.0")  # noqa: S104
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own words


if __name__ == "__main__":
    main()
