"""How the dashboard is served on this machine, and the provider of sign-ins that stands beside it.

The provider has the users of the demo policy and asks for no password: it is for trying out who may
see what. On AWS an OIDC provider of one's own takes its place.
"""

import json
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from ecom_platform.dashboard.policy import DEMO_FILE, read_policy
from ecom_platform.webapp import SIGN_IN_WORD

HOST = "127.0.0.1"
APP = Path(__file__).parents[1] / "webapp" / "app.py"


@dataclass(frozen=True)
class SignIn:
    """A provider on a free port, its users, and the file that tells Streamlit of it."""

    port: int
    users: tuple[str, ...]
    secrets_file: Path

    @classmethod
    def prepared(cls, folder: Path, dashboard_port: int) -> "SignIn":
        """With the users of the demo policy, and secrets that end with the folder."""
        found = cls(_free_port(), tuple(read_policy(DEMO_FILE).users), folder / "secrets.toml")
        text = sign_in_secrets(
            pages=f"http://{HOST}:{dashboard_port}",
            provider=f"http://{HOST}:{found.port}",
            client_id="dashboard",
            client_secret=secrets.token_hex(),
            cookie_secret=secrets.token_hex(),
        )
        found.secrets_file.touch(mode=0o600)
        found.secrets_file.write_text(text)
        return found

    @property
    def provider_arguments(self) -> tuple[str, ...]:
        """How the provider is started."""
        claims = (json.dumps({"sub": user, "email": user}) for user in self.users)
        users = (word for one in claims for word in ("--user-claims", one))
        return ("-m", "oidc_provider_mock", "--host", HOST, "--port", str(self.port), *users)


def sign_in_secrets(
    *, pages: str, provider: str, client_id: str, client_secret: str, cookie_secret: str
) -> str:
    """What Streamlit reads for signing in by OIDC; values are quoted as JSON, which TOML reads."""
    fields = {
        "redirect_uri": f"{pages}/oauth2callback",
        "cookie_secret": cookie_secret,
        "client_id": client_id,
        "client_secret": client_secret,
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
    }
    return "[auth]\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in fields.items())


def dashboard_arguments(
    port: int, secrets_file: Path | None = None, *, host: str = HOST
) -> tuple[str, ...]:
    """How Streamlit is started: telling nobody of its use, on this machine alone unless another
    address is meant; with secrets people have to sign in.
    """
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        # A string that stands alone is a comment of ours, nothing to show.
        "runner.magicEnabled": "false",
        # Its own export of tables knows nothing of formulas; ours does.
        "client.disableDataExport": "true",
        "client.toolbarMode": "viewer",
    }
    if secrets_file:
        options["secrets.files"] = str(secrets_file)
    chosen = [f"--{name}={value}" for name, value in options.items()]
    # As a module, so that the folder of the package is on its path.
    words = ["--", SIGN_IN_WORD] if secrets_file else []
    return ("-m", "streamlit", "run", str(APP), *chosen, *words)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
