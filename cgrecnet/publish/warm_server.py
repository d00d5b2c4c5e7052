"""A process that has imported the libraries once; kernels are forks of it (see `kernels.py`).

It is run by its path and imports nothing of the repository: in a fork, the kernel finds what a new one finds after the
same imports (with the environment variables that libraries set), and what the chapter itself imports is imported there,
where the tracer sees it. What the libraries looked for while they were imported here counts for every chapter.

On the socket that it is given come lines of JSON: first the libraries, which it answers with `ready`, then what each
kernel is to be, which it answers with its process id. It ends, and all forks with it, when whoever asks is gone.
"""

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

#: The kernel's own choice, which matplotlib looks up when it is imported.
INLINE = "module://matplotlib_inline.backend_inline"
#: What a kernel consists of.
TOOLS = ("psutil", "ipykernel.ipkernel", "ipykernel.debugger", "ipykernel.kernelapp", "sqlite3")


def main(descriptor: int) -> int:
    """Import, say `ready`, and fork for each order, until there is nobody to ask; the exit status."""
    own = dict(os.environ)
    control = socket.socket(fileno=descriptor)
    orders = control.makefile("r")
    for name in TOOLS:
        importlib.import_module(name)
    libraries = json.loads(orders.readline() or "null")
    if libraries is None:
        return 0
    log = Path(json.loads(os.environ["CGRECNET_TRACE"])["log"]).with_name("libraries.jsonl")
    sys.modules["sitecustomize"].follow(str(log), b"")
    sys.modules["IPython.core.shellapp"].InteractiveShellApp().init_path()  # some libraries look along the path
    os.environ["MPLBACKEND"] = INLINE
    streams = [_Stream(sys.stdout), _Stream(sys.stderr)]
    sys.stdout, sys.stderr = streams
    for name in libraries:
        importlib.import_module(name)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    del os.environ["MPLBACKEND"]
    for _ in range(40):  # one that has ended may stand there for a moment
        threads = len(os.listdir("/proc/self/task"))
        if threads == 1:
            break
        time.sleep(0.05)
    if threads != 1:
        print(f"a library started {threads - 1} threads, which no fork would have", file=sys.stderr)
        return 1
    before = log.read_bytes()
    added = {name: value for name, value in os.environ.items() if own.get(name) != value}  # by the libraries
    gc.freeze()  # no fork looks for garbage among the libraries, which would copy every page of them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system takes away forks that have ended
    control.sendall(b"ready\n")
    while order := orders.readline():
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            orders.close()
            control.close()
            _be_kernel(json.loads(order), added, before, streams)
        control.sendall(f"{pid}\n".encode())
    psutil = sys.modules["psutil"]
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return 0


class _Stream:
    """What libraries see as sys.stdout or sys.stderr while they are imported, and may keep; later the kernel's own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _be_kernel(order: dict, added: dict[str, str], before: bytes, streams: list[_Stream]) -> NoReturn:
    """Run ipykernel with the environment, folder and words that a new process would have been given."""
    os.setsid()  # as jupyter_client starts a kernel: a group of its own, with all that the chapter starts
    parent = str(os.getppid())  # with which it ends
    os.environ.clear()
    os.environ.update(order["env"] | added | {"JPY_PARENT_PID": parent})
    os.chdir(order["cwd"])
    sys.modules["sitecustomize"].follow(json.loads(os.environ["CGRECNET_TRACE"])["log"], before)
    sys.argv[:] = [*order["argv"], f"--IPKernelApp.parent_handle={parent}"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from ipykernel.kernelapp import IPKernelApp

    # In a new process a generator begins anywhere; those of forks would all begin at one place.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
    try:
        kernel = IPKernelApp.instance()
        kernel.initialize()
        streams[0].stream, streams[1].stream = sys.stdout, sys.stderr
        kernel.start()
        # The thread that was asked to end the kernel still speaks through another, which the end would stop first.
        kernel.control_thread.join(1)
    finally:
        _leave()


def _leave() -> NoReturn:
    """End as Python does, but for taking down all modules, which lasts longer than many a chapter."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


if __name__ == "__main__":
    own_folder = sys.path.pop(0)
    sys.exit(main(int(sys.argv[1])))
