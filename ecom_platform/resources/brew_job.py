"""The DataBrew job that cleans raw files as steps to look at: how its last run went."""

from typing import Any

import dagster as dg
from botocore.exceptions import ClientError

from ecom_platform.resources.aws import CLIENTS

ABSENT = {"ResourceNotFoundException", "AccessDeniedException"}
"""Without the stack of DataBrew nobody may ask for its job."""


class BrewJob(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A job by its name; none where there is no DataBrew."""

    job: str | None = None
    profile: str | None = None

    def last_run(self) -> dict[str, Any]:
        """State, start and seconds of the last run, as metadata."""
        if self.job is None:
            return {"state": "NONE", "told": "DataBrew is a service of AWS alone"}
        client = CLIENTS.client(self.profile, "databrew")
        try:
            runs = client.list_job_runs(Name=self.job, MaxResults=1)["JobRuns"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise
            return {"state": "ABSENT", "told": f"there is no job {self.job}; see DataBrewSteps"}
        if not runs:
            return {"state": "NONE", "told": f"{self.job} was never started"}
        (run,) = runs
        return {
            "state": run["State"],
            "run_id": run["RunId"],
            "started": str(run.get("StartedOn", "")),
            "seconds": run.get("ExecutionTime", 0),
            "told": run.get("ErrorMessage", ""),
        }
