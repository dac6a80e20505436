"""The job as Managed Flink runs it: application mode, its options locked, state in RocksDB.

A job manager and a task manager as processes of their own, from the Flink that pip installed. What
does not belong here: what an upgrade does to the state (`streaming/test_application_mode.py`).
"""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ecom_platform_tests.support.flink_environment import flink_python
from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.waiting import eventually
from infra.local.ports import free_port

APPLICATION = ROOT / "flink_app"
MANAGED = "/etc/flink/application_properties.json"
ALLOWED = (
    "table",
    "__table",
    "execution.runtime-mode",
    "pipeline.name",
    "pipeline.object-reuse",
    "pipeline.jars",
    "pipeline.classpaths",
)
"""What a program may set. `__table` and the last three are Flink's own doing; a name stands for all
that begin with it."""
START_SECONDS = 150
ENDED = {"FAILED", "CANCELED", "FINISHED"}


@dataclass
class ApplicationCluster:
    """One run in a folder; `application` is a copy of ours that may have been changed."""

    folder: Path
    application: Path
    savepoint: str | None = None
    allowed: tuple[str, ...] = ALLOWED
    rest_port: int = field(default_factory=free_port)
    _processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{self.rest_port}"

    @property
    def savepoints(self) -> str:
        return (self.folder.parent / "savepoints").as_uri()

    def options(self, flink: Path) -> dict[str, Any]:
        shipped = yaml.safe_load((flink / "conf/config.yaml").read_text())
        here = "127.0.0.1"
        return {
            "env.java.opts.all": shipped["env"]["java"]["opts"]["all"],
            "jobmanager.rpc.address": here,
            "jobmanager.rpc.port": free_port(),
            "jobmanager.bind-host": here,
            "taskmanager.host": here,
            "taskmanager.bind-host": here,
            "rest.address": here,
            "rest.bind-address": here,
            "rest.port": self.rest_port,
            "jobmanager.memory.process.size": "1200m",
            "taskmanager.memory.process.size": "3g",
            "taskmanager.numberOfTaskSlots": 2,
            "parallelism.default": 2,
            "io.tmp.dirs": str(self.folder / "tmp"),
            "python.client.executable": str(flink_python()),
            "state.backend.type": "rocksdb",
            "execution.checkpointing.incremental": "true",
            # As Flink writes it itself: any other spelling counts as a change by the program.
            "execution.checkpointing.interval": "5 s",
            "execution.checkpointing.dir": (self.folder / "checkpoints").as_uri(),
            "execution.program-config.enabled": "false",
            "execution.program-config.wildcards": ";".join(self.allowed),
            "execution.shutdown-on-application-finish": "false",
            "execution.submit-failed-job-on-application-error": "false",
            # State that does not fit is told at once, where AWS would try for minutes.
            "restart-strategy.type": "none",
            "metrics.fetcher.update-interval": "1000",
        }

    def start(self) -> None:
        flink = next((flink_python().parents[1] / "lib").glob("python*")) / "site-packages/pyflink"
        home = _home(self.folder / "home", flink)
        for name in ("conf", "log", "tmp", "pid"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "conf/config.yaml").write_text(yaml.safe_dump(self.options(flink)))
        for name in ("log4j-console.properties", "log4j.properties"):
            shutil.copy(flink / "conf" / name, self.folder / "conf" / name)
        restore = ["--fromSavepoint", self.savepoint] if self.savepoint else []
        program = ["-py", str(self.application / "main.py")]
        driver = ["--job-classname", "org.apache.flink.client.python.PythonDriver"]
        self._spawn(home, "standalone-job", [*driver, *restore, *program])
        self._spawn(home, "taskmanager", [])

    def _spawn(self, home: Path, name: str, arguments: list[str]) -> None:
        command = [str(home / f"bin/{name}.sh"), "start-foreground", *arguments]
        environment = {
            **os.environ,
            "JAVA_HOME": str(next(flink_python().parents[1].rglob("java-runtime"))),
            "FLINK_HOME": str(home),
            "_FLINK_HOME_DETERMINED": "1",
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_LOG_DIR": str(self.folder / "log"),
            "FLINK_PID_DIR": str(self.folder / "pid"),
            "FLINK_IDENT_STRING": "test",
            "HOSTNAME": "localhost",
            "PYTHONPATH": str(self.application),
            "_python_worker_execution_mode": "process",
            "AWS_CBOR_DISABLE": "true",
            "CBOR_ENABLED": "false",
            "JVM_ARGS": f"-Djava.io.tmpdir={self.folder / 'tmp'}",
        }
        with (self.folder / f"log/{name}.out").open("wb") as out:
            self._processes.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    cwd=self.folder,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the REST interface says; nothing while nobody is there."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.rest}{path}", data=data, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
                return json.load(answer)
        except (urllib.error.HTTPError, OSError):
            return None

    def job(self) -> dict[str, Any]:
        jobs = (self.ask("/jobs/overview") or {}).get("jobs") or [{}]
        return dict(jobs[0])

    def outcome(self) -> str:
        """RUNNING once every task runs; FAILED when it cannot; of a program's error EXIT."""

        def found() -> str:
            job = self.job()
            if job and job["tasks"]["running"] == job["tasks"]["total"] > 0:
                return "RUNNING"
            if job.get("state") in ENDED:
                return str(job["state"])
            return "EXIT" if self._processes[0].poll() is not None else ""

        return str(eventually(found, seconds=START_SECONDS))

    def why(self) -> str:
        """The exception that stopped it."""
        job = self.job()
        told = self.ask(f"/jobs/{job['jid']}/exceptions") if job else None
        log = (self.folder / "log/standalone-job.out").read_text()
        return f"{(told or {}).get('root-exception', '')}\n{log[-30_000:]}"

    def cancel_with_savepoint(self) -> str:
        """A savepoint while the source still reads, then the end; returns where it lies.

        Not `stop`: with connector 4.0.0-1.16 that keeps offsets of the checkpoint before
        (FLINK-35115), so that events are read again.
        """
        job = self.job()["jid"]
        body = {"cancel-job": True, "target-directory": self.savepoints}
        request = self.ask(f"/jobs/{job}/savepoints", body)["request-id"]

        def place() -> Any:
            said = self.ask(f"/jobs/{job}/savepoints/{request}") or {"status": {"id": ""}}
            return said["status"]["id"] == "COMPLETED" and said["operation"]

        operation = eventually(place, seconds=60)
        assert "location" in operation, operation
        assert eventually(lambda: self.job().get("state") == "CANCELED", seconds=30)
        return str(operation["location"])

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)


def _home(folder: Path, flink: Path) -> Path:
    """A home of links to the libraries that pip installed, with the connector in `usrlib`."""
    for name in ("usrlib", "lib", "opt"):
        (folder / name).mkdir(parents=True)
    for name in ("lib", "opt"):
        for jar in (flink / name).glob("*.jar"):
            (folder / name / jar.name).symlink_to(jar)
    for name in ("bin", "plugins"):
        if (flink / name).exists():
            (folder / name).symlink_to(flink / name)
    (folder / "usrlib/connector.jar").symlink_to(flink_python().parents[1] / "connector.jar")
    return folder


def application_copy(folder: Path, overlay: Mapping[str, Mapping[str, str]]) -> Path:
    """The application, which finds its runtime properties in the folder and not at the service's
    own place.
    """
    shutil.copytree(APPLICATION, folder, ignore=shutil.ignore_patterns("__pycache__", "local"))
    properties = folder / "managed.json"
    groups = [{"PropertyGroupId": n, "PropertyMap": dict(m)} for n, m in overlay.items()]
    properties.write_text(json.dumps(groups))
    module = folder / "runtime_properties.py"
    text = module.read_text()
    assert MANAGED in text
    module.write_text(text.replace(MANAGED, str(properties)))
    return folder


@contextmanager
def application_cluster(
    folder: Path, application: Path, savepoint: str | None = None, **options: Any
) -> Iterator[ApplicationCluster]:
    cluster = ApplicationCluster(folder, application, savepoint, **options)
    folder.mkdir(parents=True)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
