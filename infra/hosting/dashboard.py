"""The dashboard in its container: Streamlit's secrets out of the environment, then Streamlit."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

APP = Path("ecom_platform/webapp/app.py")


def secrets_text(variables: Mapping[str, str]) -> str:
    """What Streamlit reads for signing in by OIDC; values are quoted as JSON, which TOML reads."""
    fields = {
        "redirect_uri": f"https://{variables['DASHBOARD_HOST']}/oauth2callback",
        "cookie_secret": variables["OIDC_COOKIE_SECRET"],
        "client_id": variables["OIDC_CLIENT_ID"],
        "client_secret": variables["OIDC_CLIENT_SECRET"],
        "server_metadata_url": f"{variables['OIDC_ISSUER']}/.well-known/openid-configuration",
    }
    return "[auth]\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in fields.items())


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    secrets = folder / "secrets.toml"
    secrets.touch(mode=0o600)
    secrets.write_text(secrets_text(os.environ), encoding="utf-8")
    options = {
        "server.address": "0.0.0.0",  # noqa: S104 - the load balancer alone reaches the task
        "server.port": "8501",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "runner.magicEnabled": "false",
        "client.disableDataExport": "true",
        "client.toolbarMode": "viewer",
        "secrets.files": str(secrets),
    }
    chosen = [f"--{name}={value}" for name, value in options.items()]
    arguments = ["-m", "streamlit", "run", str(APP), *chosen, "--", "--sign-in"]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own words


if __name__ == "__main__":
    main()
