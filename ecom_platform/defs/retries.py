"""What is tried again: a cloud that is away for a minute, two writers that met. Nothing else.

An error that nobody foresaw fails at once and once: trying it again only holds up others.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from ecom_platform.pipeline.marts import InputsChangedError
from ecom_platform.resources.athena import AthenaBusyError
from ecom_platform.resources.object_store import PASSING_CODES
from ecom_platform.resources.table_store import PublishConflictError

MOST_RETRIES = 4
FIRST_PAUSE_SECONDS = 5
PASSING = (
    BotoCoreError,
    ClientError,
    ConnectionError,
    duckdb.IOException,
    psycopg.OperationalError,
)
SERVER_ERROR = 500


@contextmanager
def trying_again(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Let Dagster try the step again where the error passes by itself."""
    try:
        yield
    except PASSING as error:
        if not _passes(error):
            raise
        raise _retry(context) from error
    except (PublishConflictError, InputsChangedError, AthenaBusyError) as error:
        raise _retry(context) from error


def _retry(context: dg.AssetExecutionContext) -> dg.RetryRequested:
    pause = FIRST_PAUSE_SECONDS * 2**context.retry_number
    return dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=pause)


def _passes(error: Exception) -> bool:
    """Whether it is about the cloud's state now, and not about what was asked of it."""
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= SERVER_ERROR or error.response["Error"]["Code"] in PASSING_CODES
