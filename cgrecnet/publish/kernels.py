"""Kernels that are forked: importing the libraries takes longer than most chapters, so one process does it for all.

For a few chapters it imports what makes a kernel, and each imports what it needs: a fork ends at once, where a process
that has loaded PyTorch takes seconds to end.

Only where processes can be forked safely, on Linux; elsewhere, and where the process fails, each chapter gets a new
kernel. What a page shows is the same either way.
"""

import asyncio
import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from nbclient import NotebookClient

from cgrecnet.cores import kill_family
from cgrecnet.publish import lock

#: Seconds in which the process must be ready, or fork a kernel, on a busy machine.
PATIENCE = 300
SERVER = Path(__file__).with_name("warm_server.py")
#: What chapters import. Another library is imported by the chapter that needs it.
LIBRARIES = (
    "PIL.JpegImagePlugin",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "pydantic",
    "tifffile",
    "seaborn",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "statsmodels.stats.power",
    "statsmodels.stats.multitest",
    "torch",
    "torchvision.transforms.v2",
    "lightning_fabric",
    "tabulate",  # which torch imports when it ends
)


#: Gives an order to the process that forks and returns its answer.
Ask = Callable[[Any], str]


class WarmFailed(Exception):
    """The process that forks is gone, or never came up; the message says why, as far as it is known."""


class _Forked(psutil.Process):
    """A kernel that another process forked, with as much of subprocess.Popen as a provisioner asks for."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        with suppress(psutil.NoSuchProcess):
            # Where the process that forked it is gone, there may be nobody to take it away.
            if self.is_running() and self.status() != psutil.STATUS_ZOMBIE:
                return None
        return 0

    def wait(self, timeout: float | None = None) -> int | None:
        return self.poll()


class Provisioner(LocalProvisioner):
    """Has the kernel forked as its manager says; starts a new one where the manager says nothing."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        if self.parent.ask is None:
            silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            return await super().launch_kernel(cmd, **kwargs | silent)
        module = cmd.index("-m") + 1
        words = [str(find_spec(cmd[module]).origin), *cmd[module + 1 :]]
        self.cwd = str(kwargs["cwd"])
        order = {"argv": words, "env": kwargs["env"], "cwd": self.cwd}
        self.pid = self.pgid = int(self.parent.ask(order))
        with suppress(psutil.NoSuchProcess):
            self.process = _Forked(self.pid)
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """End the kernel with all that the chapter started, whatever session it sits in."""
        if self.pid:
            kill_family(self.pid)


class Manager(AsyncKernelManager):
    """A kernel manager that has its kernel forked by whom it may `ask`, where there is somebody."""

    def __init__(self, ask: Ask | None, **kwargs: Any) -> None:
        super().__init__(kernel_name="python3", **kwargs)
        self.ask = ask
        factory, name = KernelProvisionerFactory, "cgrecnet"
        factory.provisioners[name] = EntryPoint(name, f"{__name__}:{Provisioner.__name__}", factory.GROUP_NAME)
        self.kernel_spec.metadata = {"kernel_provisioner": {"provisioner_name": name}}


class Run:
    """One execution of a notebook, in place, and how it went.

    at: index of the code cell that was reached, if any; error: why it did not get to the end, if it did not. A cell's
    metadata tells, as `seconds`, how long it took.
    """

    def __init__(self, notebook: Any, ask: Ask | None, folder: Path, timeout: float, **how: Any) -> None:
        """Execute it; in the main thread, nbclient would take over the signals.

        ask: forks a kernel, where there is somebody to ask; folder: for the file that tells how to reach the kernel;
        timeout: most seconds; how: `cwd` and `env` of the kernel.
        """
        self.notebook, self.at, self.error, self._begun = notebook, None, None, 0.0
        self._client = NotebookClient(
            notebook,
            Manager(ask, connection_file=str(folder / "kernel.json")),
            startup_timeout=120,
            on_cell_execute=self._begin,
            on_cell_executed=self._end,
        )
        try:
            asyncio.run(self._within(timeout, how))
        except Exception as error:  # a kernel that died or never started: nbclient raises many things
            self.error = error
        finally:
            atexit.unregister(self._client._cleanup_kernel)  # nbclient leaves it where the kernel did not come up

    async def _within(self, timeout: float, how: Mapping[str, Any]) -> None:
        task = asyncio.ensure_future(self._client.async_execute(cleanup_kc=True, **how))
        done, _ = await asyncio.wait({task}, timeout=timeout)
        if not done:
            self._client.shutdown_kernel = "immediate"
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise TimeoutError(f"it took longer than the {timeout:g} s that a chapter may take")
        await task

    def _begin(self, cell: Any, cell_index: int) -> None:
        self.at, self._begun = cell_index, time.monotonic()

    def _end(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        cell.metadata["seconds"] = round(time.monotonic() - self._begun, 3)


class Kernels:
    """Where chapters are executed: in forks of a warm process, where it is wanted and for as long as it works."""

    def __init__(self, folder: Path, book: Path, environment: Mapping[str, str], warm: bool) -> None:
        """folder: for what the warm process says; book: where kernels work; environment: added to its own.

        warm: start the process of `warm_server.py`, which imports what makes a kernel, and end it by `close`.
        """
        # Without matplotlib's backend of the user's own: figures stay inline.
        self._environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
        self._book, self._said, self._lock = book, folder / "said.txt", threading.Lock()
        self._warm = warm and sys.platform == "linux"
        self._process: subprocess.Popen | None = None
        if not self._warm:
            return
        self._control, its = socket.socketpair()
        self._control.settimeout(PATIENCE)
        self._answers = self._control.makefile("r")
        with its, open(self._said, "w") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(SERVER), str(its.fileno())],
                cwd=book,
                env=self._environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=(its.fileno(), *lock.held()),
                start_new_session=True,  # the keyboard's signals are for the build, which then ends it
            )

    def prepare(self, preload: bool) -> None:
        """Wait until chapters can be executed; preload: the warm process imports the libraries, for all of them."""
        try:
            if self._warm:
                self._ask(LIBRARIES if preload else ())
        except WarmFailed as error:
            self._give_up(error)

    def execute(self, label: str, notebook: Any, folder: Path, environment: Mapping[str, str], timeout: float) -> Run:
        """Execute a copy of a chapter's notebook, with the environment added to this process's own.

        One whose kernel was lost with the warm process, or before its first cell, gets a new kernel: that says nothing
        about the chapter, as two may have picked one port.
        """
        how = {"cwd": str(self._book), "env": self._environment | environment}
        ask = self._ask if self._warm else None  # another chapter may give up meanwhile
        run = Run(deepcopy(notebook), ask, folder, timeout, **how)
        if ask and run.error and (isinstance(run.error, WarmFailed) or self._process.poll() is not None):
            self._give_up("it has ended")
        elif run.error and run.at is None and not isinstance(run.error, TimeoutError):
            why = f"{type(run.error).__name__}: {run.error}"
            print(f"  kernels: that of {label} did not come up ({why}); it gets another one", flush=True)
        else:
            return run
        return Run(deepcopy(notebook), None, folder, timeout, **how)

    def close(self) -> None:
        """End the warm process, and all that it started."""
        if self._process:
            kill_family(self._process.pid)
            self._process.wait()
            self._answers.close()
            self._control.close()

    def _ask(self, order: Any) -> str:
        """Answers `ready` to a list of libraries, and a kernel's process id to what that is to be, as JSON.

        Raises WarmFailed where there is no answer, with the last line that the process said.
        """
        with self._lock, suppress(OSError):  # a time-out is one
            self._control.sendall(json.dumps(order).encode() + b"\n")
            if answer := self._answers.readline():
                return answer
        lines = self._said.read_text(errors="replace").strip().splitlines()
        raise WarmFailed(lines[-1] if lines else "it has ended")

    def _give_up(self, why: object) -> None:
        """Start a new kernel for each chapter from now on, and say so once: several chapters may notice."""
        with self._lock:
            wanted, self._warm = self._warm, False
        if wanted:
            print(f"  kernels: the warm process failed ({why}); each chapter starts a kernel of its own", flush=True)
