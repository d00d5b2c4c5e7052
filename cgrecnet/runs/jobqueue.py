"""A batch system (SLURM and the like) as a small YAML file says it, in the terms of dask-jobqueue."""

import inspect
import os
import shlex
import shutil
import signal
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import dask
from distributed import Security, SpecCluster
from pydantic import BaseModel, ConfigDict, Field

from cgrecnet.errors import ConfigError
from cgrecnet.runs.grid import read_yaml_mapping
from cgrecnet.runs.worker import LOOPBACK
from cgrecnet.training.config import validated

#: Options of dask-jobqueue that are not for the file: the sweep sets them, `kind` and `jobs` stand beside `options`, or
#: they have other names now (`worker_extra_args`, `job_script_prologue`).
NOT_HERE = (
    "processes", "n_workers", "asynchronous", "job_cls", "security", "protocol", "shared_temp_directory", "extra",
    "env_extra",
)  # fmt: skip
#: A worker's own HTTP port, which has no certificate, is not for other machines.
_NO_PAGE = ("--dashboard-address", f"{LOOPBACK}:0")
#: Options that are lists of lines.
LISTS = ("job_script_prologue", "worker_extra_args", "job_extra_directives", "job_directives_skip")


class JobQueue(BaseModel):
    """A batch system that dask-jobqueue knows.

    kind: which system; jobs: how many workers at most; options: what dask-jobqueue's cluster of that kind takes
    (queue, account, cores, memory, walltime, job_extra_directives, ...), beside the site's own file for it. A job does
    one run at a time, on all its cores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["slurm", "pbs", "sge", "lsf", "htcondor", "moab", "oar"]
    jobs: Annotated[int, Field(ge=1)] = 1
    options: dict[str, Any] = {}

    def check(self) -> None:
        """Raises ConfigError where the options or the machine cannot give jobs, as far as can be known beforehand."""
        for name, value in self.options.items():
            if name in NOT_HERE:
                raise ConfigError(f"Option {name!r} of a job queue is not for this file: leave it out.")
            if name in LISTS and not isinstance(value, list):
                raise ConfigError(f"Option {name!r} of a job queue is {value!r}: write a list of lines.")
            if name == "walltime" and not isinstance(value, str):  # YAML reads 12:00:00 as a number to the base of 60
                raise ConfigError(f"Option {name!r} of a job queue is {value!r}: write it in quotes, '12:00:00'.")
            if name == "cores" and (type(value) is not int or value < 1):
                raise ConfigError(f"Option {name!r} of a job queue is {value!r}: write a whole number, 1 or more.")
        cluster = self._cluster_class()
        of_the_cluster = inspect.signature(cluster.__mro__[1].__init__).parameters
        others = of_the_cluster.keys() - {"config_name"}
        of_a_job = {name: value for name, value in self._options().items() if name not in others}
        try:
            made = cluster.job_cls("tcp://127.0.0.1:8786", name="worker", **of_a_job)
            command = shlex.split(made.submit_command)[0]
        except (TypeError, ValueError, AttributeError, OSError) as error:
            raise ConfigError(f"The options of the job queue are not usable ({_first_line(error)}).") from None
        if not shutil.which(command):
            raise ConfigError(
                f"The command {command!r} is not on this machine: start the sweep where jobs of kind {self.kind!r} can "
                "be submitted."
            )

    def open(self, folder: Path) -> SpecCluster:
        """The cluster object of dask-jobqueue; ConfigError where it refuses the options. Submits nothing.

        folder: where all nodes see the certificate by which jobs and sweep know each other, as long as this lasts.
        """
        seen = {"dashboard_address": f"{LOOPBACK}:0"} | self._options().get("scheduler_options", {})
        trust = {"security": Security.temporary(), "protocol": "tls://", "shared_temp_directory": str(folder)}
        try:
            return self._cluster_class()(**self._options() | trust | {"scheduler_options": seen})
        except (TypeError, ValueError, AttributeError, RuntimeError, OSError) as error:
            raise ConfigError(f"The options of the job queue are not usable ({_first_line(error)}).") from None

    def _cluster_class(self) -> type:
        names = {"htcondor": "HTCondorCluster", "moab": "MoabCluster"}
        return getattr(_dask_jobqueue(), names.get(self.kind, f"{self.kind.upper()}Cluster"))

    def _options(self) -> dict[str, Any]:
        def site(name: str, otherwise: Any) -> Any:
            section = self.options.get("config_name", self.kind)
            return dask.config.get(f"jobqueue.{section}.{name}", None) or otherwise

        options = {"cores": site("cores", 1), "memory": site("memory", "8GB"), **self.options, "processes": 1}
        # Dask would give a worker one run per core, and end it for memory that the batch system watches already; the
        # last word on its command line counts.
        theirs = options.get("worker_extra_args", site("worker-extra-args", []))
        options["worker_extra_args"] = [*theirs, "--nthreads", "1", "--memory-limit", "0", *_NO_PAGE]
        # Not every system starts a job in this folder and with these variables.
        lines = [f"cd {shlex.quote(os.getcwd())}"]
        lines += [f"export {name}={options['cores']}" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")]
        known = sorted(name for name in os.environ if name.startswith("CGRECNET_"))
        lines += [f"export {name}={shlex.quote(os.environ[name])}" for name in known]
        options["job_script_prologue"] = [*lines, *options.get("job_script_prologue", site("job-script-prologue", []))]
        return options


def read_jobqueue(path: Path) -> JobQueue:
    """The job queue of a YAML file, checked; ConfigError, in one sentence, where it is not one that can be used."""
    try:
        queue = validated(JobQueue, read_yaml_mapping(path), "the job queue")
        queue.check()
    except ConfigError as error:
        raise ConfigError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    return queue


def _dask_jobqueue() -> ModuleType:
    """The package, which takes Ctrl-C for itself when it is imported; it is given back."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if before is not None and signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
