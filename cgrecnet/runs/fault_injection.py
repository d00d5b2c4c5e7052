"""Kill a run on purpose, as a power cut would: to show and to test that it goes on where it was."""

import os
import subprocess
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from cgrecnet.errors import RunError
from cgrecnet.runs.forked import fork_context
from cgrecnet.runs.notebook import LOG, write_parameters
from cgrecnet.runs.ranks import run_cells
from cgrecnet.runs.run_id import plan_run
from cgrecnet.training.config import RunConfig


class RunProcess:
    """The cells of the training notebook, run in a process of their own without papermill; as `subprocess.Popen`."""

    def __init__(self, parameters: Mapping[str, Any], folder: Path) -> None:
        """Begin the run, or go on with it: the folders `results` and `work` lie below `folder`; it says nothing."""
        plan = plan_run(RunConfig.from_mapping(dict(parameters)))
        written = write_parameters(plan, folder / "results", folder / "work")
        self._process: BaseProcess = fork_context().Process(target=_run_cells, args=(written,))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """The exit status, once there is one."""
        self._process.join()
        return self._process.exitcode


def _run_cells(parameters: Path) -> None:
    with open(parameters.parent / LOG, "a") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    run_cells(parameters)


def kill_once_kept(process: subprocess.Popen | RunProcess, checkpoint: Path, patience: float = 300.0) -> None:
    """Wait for the first checkpoint, then SIGKILL the run and all that it started: nothing can be tidied up.

    Raises RunError where the run ended, or `patience` seconds passed, before there was a checkpoint to go on from.
    """
    until = time.monotonic() + patience
    while not checkpoint.exists():
        if process.poll() is not None or time.monotonic() > until:
            kill_all(process)
            raise RunError(f"The run made no checkpoint {checkpoint.name} that it could be killed after.")
        time.sleep(0.002)
    kill_all(process)
    if not checkpoint.exists():
        raise RunError("The run ended before it could be killed: give it more epochs.")


def kill_all(process: subprocess.Popen | RunProcess) -> None:
    """SIGKILL a process and everything below it; returns when all are gone."""
    try:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    psutil.wait_procs(family[1:], timeout=30)


def epochs_said(log: Path) -> list[int]:
    """The epochs that a run's log tells of, in the order in which they were trained."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[1].split("/")[0]) for line in lines if line.startswith("epoch ")]
