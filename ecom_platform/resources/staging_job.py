"""A Spark job that reads raw files too large for one machine: on AWS Glue, or on this machine.

It puts rows where no reader looks yet and says where, through Dagster Pipes. What does not belong
here: the job (`glue_jobs`), and showing the rows to readers (`pipeline.files`).
"""

import shlex
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster_aws.pipes import PipesGlueClient, PipesS3ContextInjector, PipesS3MessageReader

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.terms import Terms
from ecom_platform.resources.aws import glue_client, s3_client
from ecom_platform.resources.object_store import ObjectStore

PIPES_PREFIX = "pipes/"
"""Where the two sides leave messages for each other; the bucket forgets them."""

Messages = Sequence[dict[str, str]]


class StagingJob(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The job, wherever it runs.

    Attributes:
        objects: the data bucket.
        from_bytes: size of the files that it reads; none where the step reads every file itself.
        split_bytes: what one task reads of a file; none for the job's own choice.

    """

    objects: ObjectStore
    from_bytes: int | None = None
    split_bytes: int | None = None

    def takes(self, file: EventFile) -> bool:
        return self.from_bytes is not None and file.byte_count >= self.from_bytes

    def run(
        self,
        context: dg.AssetExecutionContext,
        files: Sequence[EventFile],
        terms: Terms,
    ) -> Messages:
        """Read files; a message each: the id, and `placed`, `gone` or `error`.

        Raises:
            RuntimeError: the job as a whole failed.

        """
        extras = {
            "bucket": self.objects.bucket,
            "split_bytes": self.split_bytes,
            "files": [file.to_details() for file in files],
            "terms": terms.to_details(),
        }
        return self._run(context, extras)

    @abstractmethod
    def _run(self, context: dg.AssetExecutionContext, extras: dict[str, Any]) -> Messages: ...

    def _injector(self) -> PipesS3ContextInjector:
        return PipesS3ContextInjector(
            bucket=self.objects.bucket,
            client=s3_client(self.objects.profile),
            key_prefix=PIPES_PREFIX,
        )

    def _reader(self) -> "_MessageReader":
        client = s3_client(self.objects.profile)
        return _MessageReader(interval=1, bucket=self.objects.bucket, client=client)


class _MessageReader(PipesS3MessageReader):
    """Messages under a prefix, which a policy can name, and not in the bucket's root."""

    @contextmanager
    def get_params(self) -> Iterator[dict[str, Any]]:
        with super().get_params() as params:
            yield {**params, "key_prefix": f"{PIPES_PREFIX}{params['key_prefix']}"}


class GlueStagingJob(StagingJob):
    """The job on AWS Glue."""

    job: str

    def _run(self, context: dg.AssetExecutionContext, extras: dict[str, Any]) -> Messages:
        client = PipesGlueClient(
            context_injector=self._injector(),
            message_reader=self._reader(),
            client=glue_client(self.objects.profile),
        )
        invocation = client.run(
            context=context, start_job_run_params={"JobName": self.job}, extras=extras
        )
        return invocation.get_custom_messages()


class LocalStagingJob(StagingJob):
    """The same program on this machine; `command` starts it."""

    command: str

    def _run(self, context: dg.AssetExecutionContext, extras: dict[str, Any]) -> Messages:
        client = dg.PipesSubprocessClient(
            context_injector=self._injector(), message_reader=self._reader()
        )
        invocation = client.run(context=context, command=shlex.split(self.command), extras=extras)
        return invocation.get_custom_messages()
