"""The Glue job `stage-events`: read raw files that are too large for one machine.

Dagster starts it through Pipes and shows what it put, file by file: the job publishes nothing. The
context names the files; one message a file says what became of it.
"""

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from dagster_pipes import (
    PipesCliArgsParamsLoader,
    PipesContext,
    PipesEnvVarParamsLoader,
    PipesS3ContextLoader,
    PipesS3MessageWriter,
    open_dagster_pipes,
)
from pyspark.sql import SparkSession

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.terms import Terms
from glue_jobs.files import SPLIT_BYTES, OnExecutors, stage
from glue_jobs.splits import Work


def main() -> None:
    s3 = boto3.client("s3")
    on_glue = PipesCliArgsParamsLoader()  # type: ignore[no-untyped-call]
    here = PipesEnvVarParamsLoader()  # type: ignore[no-untyped-call]
    with open_dagster_pipes(
        params_loader=on_glue if on_glue.is_dagster_pipes_process() else here,
        context_loader=PipesS3ContextLoader(s3),
        message_writer=PipesS3MessageWriter(s3, interval=1),
    ) as pipes:
        spark = SparkSession.builder.appName("stage-events").getOrCreate()

        def on_executors(work: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
            found: list[Any] = spark.sparkContext.parallelize(tasks, len(tasks)).map(work).collect()
            return found

        try:
            for details in pipes.get_extra("files"):
                work = Work(
                    bucket=pipes.get_extra("bucket"),
                    file=EventFile.from_details(details),
                    terms=Terms.from_details(pipes.get_extra("terms")),
                )
                pipes.report_custom_message(_message(pipes, on_executors, work))
        finally:
            spark.stop()


def _message(pipes: PipesContext, on_executors: OnExecutors, work: Work) -> dict[str, str]:
    """What became of a file; one that fails stops no other."""
    file_id = work.file.file_id
    try:
        split_bytes = pipes.extras.get("split_bytes") or SPLIT_BYTES
        placed = stage(on_executors, work, pipes.log.info, split_bytes)
    except Exception as error:  # noqa: BLE001 - told by the file's name once the others are done
        if not work.lies_there():
            return {"file_id": file_id, "gone": f"{work.file.object_key} was replaced"}
        return {"file_id": file_id, "error": "".join(traceback.format_exception(error))}
    return {"file_id": file_id, "placed": placed.to_json()}


if __name__ == "__main__":
    main()
