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
from distributed import SpecCluster, Status
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cgrecnet.errors import ConfigError
from cgrecnet.runs.grid import read_yaml_mapping
from cgrecnet.runs.loopback import LOOPBACK
from cgrecnet.runs.tls import temporary_certificate

#: Options of dask-jobqueue that are not for the file, and what is there instead.
NOT_HERE = {
    "processes": "a job does one run at a time",
    "n_workers": "use `jobs` beside `options`",
    "asynchronous": "the sweep sets it",
    "job_cls": "use `kind` beside `options`",
    "extra": "use worker_extra_args",
    "env_extra": "use job_script_prologue",
    "security": "jobs have a certificate of their own",
    "protocol": "jobs speak TLS",
    "shared_temp_directory": "it is the folder of --work",
}
#: A worker's own HTTP port, which has no certificate, is not for other machines.
_NO_PAGE = ("--dashboard-address", f"{LOOPBACK}:0")
#: Options to which ours are added.
LISTS = ("job_script_prologue", "worker_extra_args")


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
        for name, instead in NOT_HERE.items():
            if name in self.options:
                raise ConfigError(f"Option {name!r} of a job queue is not for this file: {instead}.")
        for name in LISTS:
            if not isinstance(self.options.get(name, []), list):
                raise ConfigError(f"Option {name!r} of a job queue is {self.options[name]!r}: write a list of lines.")
        for name in ("job_extra_directives", "job_directives_skip"):
            if isinstance(self.options.get(name), str):
                raise ConfigError(f"Option {name!r} of a job queue is {self.options[name]!r}: write a list of them.")
        if not isinstance(self.options.get("walltime", ""), str):  # YAML reads 12:00:00 as a number to the base of 60
            raise ConfigError(
                f"Option 'walltime' of a job queue is {self.options['walltime']!r}: write it in quotes, '12:00:00'."
            )
        cores = self.options.get("cores", 1)
        if not isinstance(cores, int) or isinstance(cores, bool) or cores < 1:
            raise ConfigError(f"Option 'cores' of a job queue is {cores!r}: write a whole number, 1 or more.")
        cluster, job = self._classes()
        of_the_cluster = inspect.signature(cluster.__mro__[1].__init__).parameters
        options = {
            name: value
            for name, value in self._options().items()
            if name not in of_the_cluster or name == "config_name"
        }
        try:
            made = job("tcp://127.0.0.1:8786", name="worker", **options)
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
        cluster, job = self._classes()
        seen = {"dashboard_address": f"{LOOPBACK}:0"} | self._options().get("scheduler_options", {})
        trust = {"security": temporary_certificate(), "protocol": "tls://", "shared_temp_directory": str(folder)}
        try:
            return cluster(job_cls=_that_says_how_it_is(job), **self._options() | trust | {"scheduler_options": seen})
        except (TypeError, ValueError, AttributeError, RuntimeError, OSError) as error:
            raise ConfigError(f"The options of the job queue are not usable ({_first_line(error)}).") from None

    def _classes(self) -> tuple[type, type]:
        names = {"htcondor": "HTCondorCluster", "moab": "MoabCluster"}
        cluster = getattr(_dask_jobqueue(), names.get(self.kind, f"{self.kind.upper()}Cluster"))
        return cluster, cluster.job_cls

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
    values = read_yaml_mapping(path)
    try:
        queue = JobQueue.model_validate(values)
        queue.check()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path}: {place!r} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}."
        ) from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return queue


def _dask_jobqueue() -> ModuleType:
    """The package, which takes Ctrl-C for itself when it is imported; it is given back."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if before is not None and signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue


def _that_says_how_it_is(job: type) -> type:
    """A class of jobs whose status tells those that were refused and those that were closed from the others."""

    class Job(job):
        async def start(self) -> None:
            try:
                await super().start()
            except BaseException:
                self.status = Status.failed
                raise

        async def close(self) -> None:
            await super().close()
            self.status = Status.closed

    Job.__name__ = job.__name__
    return Job


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
