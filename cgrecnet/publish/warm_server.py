"""A process that has imported the libraries once; chapters and their kernels are forks of it (see `warm.py`).

It is run by its path and imports nothing of the repository: in a fork, the kernel finds what a new one finds after the
same imports (with the environment variables that libraries set), and what the chapter itself imports is imported there,
where the tracer sees it. What the libraries looked for while they were imported here counts for every chapter.

On the socket that it is given come requests, each the path of a job folder and the socket for the answers: the process
id at once, the exit status at the end. It ends, and all forks with it, when whoever asks is gone.
"""

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn, TextIO

#: The kernel's own choice, which matplotlib looks up when it is imported.
INLINE = "module://matplotlib_inline.backend_inline"


#: What executes a chapter, and what a kernel consists of.
TOOLS = (
    "papermill",
    "jupyter_client.provisioning",
    "psutil",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "sqlite3",
)


def main(descriptor: int, package: str) -> int:
    """Import, say `ready`, and answer; returns in the forks and, once there is nobody to ask, here.

    Which libraries to import is the first message on the socket: the tools are wanted in any case.
    """
    control = socket.socket(fileno=descriptor)
    for name in TOOLS:
        importlib.import_module(name)
    libraries = json.loads(control.recv(65536) or b"null")
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
    gc.freeze()  # no fork looks for garbage among the libraries, which would copy every page of them
    control.send(b"ready")
    folder = _serve(control)
    if folder is None:
        sys.path.insert(0, package)
        from cgrecnet.publish.lock import kill_family

        kill_family(os.getpid(), itself=False)
        return 0
    said = os.open(Path(folder, "said.txt"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(said, stream)
    server = os.getppid()
    kernel, order = _fork_kernel(log.read_bytes(), streams)
    if order is None:
        return 0
    sys.modules["sitecustomize"].follow(os.devnull, b"")
    sys.path.insert(0, package)  # the kernel has no part in it
    from cgrecnet.publish import execute

    _leave(execute.run(Path(folder), server, forked=(kernel, order)))


class _Stream:
    """What libraries see as sys.stdout or sys.stderr while they are imported, and may keep; later the kernel's own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _serve(control: socket.socket) -> str | None:
    """Fork for each request; the fork returns its job folder, the server None when nobody is left to ask."""
    events, running = select.poll(), {}
    events.register(control, select.POLLIN)
    while True:
        for descriptor, _ in events.poll():
            if descriptor == control.fileno():
                message, received, _, _ = socket.recv_fds(control, 4096, 1)
                if not message:
                    return None
                answers = socket.socket(fileno=received[0])
                pid = os.fork()
                if pid == 0:
                    for sock in (control, answers, *(other for _, other in running.values())):
                        sock.close()
                    for other in running:
                        os.close(other)
                    return message.decode()
                _tell(answers, pid)
                watch = os.pidfd_open(pid)
                running[watch] = (pid, answers)
                events.register(watch, select.POLLIN)
            else:
                pid, answers = running.pop(descriptor)
                events.unregister(descriptor)
                os.close(descriptor)
                _tell(answers, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                answers.close()


def _tell(answers: socket.socket, number: int) -> None:
    try:
        answers.send(str(number).encode())
    except OSError:  # nobody waits for it any more
        pass


def _fork_kernel(before: bytes, streams: list[_Stream]) -> tuple[int, socket.socket | None]:
    """A process that becomes a kernel when it is told how: its id, and the socket for the order.

    In that process, it returns when the kernel has ended, with None for the socket.
    """
    mine, its = socket.socketpair()
    pid = os.fork()
    if pid:
        its.close()
        return pid, mine
    mine.close()
    os.setsid()  # as jupyter_client starts a kernel: a group of its own, with all that the chapter starts
    with its, its.makefile("rb") as file:
        order = file.read()
    if order:
        _be_kernel(json.loads(order), before, streams)
    return 0, None


def _be_kernel(order: dict, before: bytes, streams: list[_Stream]) -> NoReturn:
    """Run ipykernel with the environment, folder and words that a new process would have been given."""
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.modules["sitecustomize"].follow(json.loads(os.environ["CGRECNET_TRACE"])["log"], before)
    sys.argv[:] = order["argv"]
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
        _leave(0)


def _leave(status: int) -> NoReturn:
    """End as Python does, but for taking down all modules, which lasts longer than many a chapter."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    own_folder = sys.path.pop(0)
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
