"""Warm kernels: importing the libraries takes longer than most chapters, so one process does it for all of them.

For a few chapters it imports what makes a kernel, and each imports what it needs: a fork ends at once, where a process
that has loaded PyTorch takes seconds to end.

Only where processes can be forked safely, on Linux; elsewhere, and where the process fails, each chapter gets a new
process and a new kernel. What a page shows is the same either way.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cgrecnet.publish import lock

#: Seconds in which the process must be ready, or start a fork, on a busy machine.
PATIENCE = 300
SERVER = Path(__file__).with_name("warm_server.py")
PACKAGE = Path(__file__).parents[2]
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


class WarmFailed(Exception):
    """The process that forks is gone, or never came up; the message says why, as far as it is known."""


class Job:
    """A chapter that is being executed in a fork; as much of subprocess.Popen as is asked for."""

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers
        self.pid = self._number(PATIENCE)
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; subprocess.TimeoutExpired after `timeout` seconds, WarmFailed where nobody will tell it."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._answers.close()
        return self.returncode

    def _number(self, timeout: float | None) -> int:
        self._answers.settimeout(timeout)
        try:
            answer = self._answers.recv(64)
        except TimeoutError:
            raise subprocess.TimeoutExpired("a chapter", timeout or 0) from None
        if not answer:
            raise WarmFailed("it has ended")
        return int(answer)


class Warm:
    """The process that has imported the libraries."""

    def __init__(self, folder: Path, book: Path, environment: dict[str, str]) -> None:
        """Start it in `book`; it imports what makes a kernel. What it says goes to `folder`."""
        self._said = folder / "said.txt"
        self._control, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with its, open(self._said, "w") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(SERVER), str(its.fileno()), str(PACKAGE)],
                cwd=book,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=(its.fileno(), *lock.held()),
                start_new_session=True,  # the keyboard's signals are for the build, which then ends it
            )

    def prepare(self, libraries: Sequence[str]) -> None:
        """Have it import these as well and wait until it is ready; WarmFailed where it is not."""
        self._control.settimeout(PATIENCE)
        try:
            with suppress(OSError):  # it is gone, and its last words say why
                self._control.send(json.dumps(libraries).encode())
            if self._control.recv(64) != b"ready":
                lines = self._said.read_text(errors="replace").strip().splitlines()
                raise WarmFailed(lines[-1] if lines else "it ended without a word")
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise WarmFailed(f"it was not ready after {PATIENCE} s") from None
            raise

    def start(self, folder: Path) -> Job:
        """Execute the job folder (see `execute.py`) in a fork; WarmFailed where there is nobody to fork."""
        answers, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            try:
                with self._lock:
                    socket.send_fds(self._control, [str(folder).encode()], [its.fileno()])
            except OSError as error:
                raise WarmFailed(error.strerror) from None
        return Job(answers)

    def close(self) -> None:
        """End it, and all that it started."""
        self._control.close()
        lock.kill_family(self._process.pid)
        self._process.wait()


def start_cold(folder: Path) -> subprocess.Popen:
    """Execute the job folder in a new process, which starts a new kernel."""
    with open(folder / "said.txt", "w") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "cgrecnet.publish.execute", str(folder), str(os.getpid())],
            env=without_backend(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            pass_fds=lock.held(),
        )


def without_backend(environment: Mapping[str, str]) -> dict[str, str]:
    """Without matplotlib's backend of the user's own: figures stay inline."""
    return {name: value for name, value in environment.items() if name != "MPLBACKEND"}


class Kernels:
    """Where chapters are executed: in forks of a warm process, where it is wanted and for as long as it works."""

    def __init__(self, folder: Path, book: Path, environment: Mapping[str, str], warm: bool) -> None:
        """folder: for what the warm process says; book: where it works; environment: added to its own."""
        self._warm: Warm | None = None
        self._running: dict[str, subprocess.Popen | Job] = {}
        self._lock = threading.Lock()
        if warm and sys.platform == "linux":
            self._warm = Warm(folder, book, without_backend(os.environ) | environment)

    def prepare(self, preload: bool) -> None:
        """Wait until chapters can be executed; preload: the warm process imports the libraries, for all of them."""
        try:
            if self._warm:
                self._warm.prepare(LIBRARIES if preload else ())
        except WarmFailed as error:
            self._warm = None
            self._say(error)

    def __enter__(self) -> "Kernels":
        return self

    def __exit__(self, *_: object) -> None:
        if self._warm:
            self._warm.close()

    def give_up(self, why: WarmFailed) -> None:
        """Start a kernel for each chapter from now on, and say so."""
        with self._lock:
            lost, self._warm = self._warm, None
        if lost:  # several chapters may notice at once
            self._say(why)
            lost.close()

    def start(self, name: str, folder: Path) -> subprocess.Popen | Job:
        """Execute the job folder of the chapter `name`."""
        warm = self._warm  # another chapter may give it up meanwhile
        self._running[name] = warm.start(folder) if warm else start_cold(folder)
        return self._running[name]

    def ended(self, name: str) -> None:
        """The chapter's process has ended."""
        self._running.pop(name, None)

    def kill(self, name: str) -> None:
        """End a chapter's process and its kernel, which sits in a session of its own."""
        lock.kill_family(self._running[name].pid)

    def kill_all(self) -> None:
        """End whatever is being executed."""
        for name in list(self._running):
            self.kill(name)

    @staticmethod
    def _say(why: WarmFailed) -> None:
        print(f"  kernels: the warm process failed ({why}); each chapter starts a kernel of its own", flush=True)
