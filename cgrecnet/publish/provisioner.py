"""How jupyter_client gets a kernel that was forked already: it is told when to begin, instead of being started."""

import json
import os
import signal
import socket
import time
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

_forked: list[tuple[int, socket.socket]] = []


def use(kernel: int, order: socket.socket) -> None:
    """Make the process `kernel`, which waits for its order, the next kernel that is started here."""
    _forked.append((kernel, order))
    name, group = "forked", KernelProvisionerFactory.GROUP_NAME
    KernelProvisionerFactory.provisioners[name] = EntryPoint(name, f"{__name__}:Forked", group)
    KernelProvisionerFactory.instance(default_provisioner_name=name)


class Forked(LocalProvisioner):
    """Takes the process that was forked; another one, should it be asked for, is a new process as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        if not _forked:
            return await super().launch_kernel(cmd, **kwargs)
        kernel, order = _forked.pop()
        folder = str(kwargs.get("cwd") or os.getcwd())
        # ipykernel read who its parent is when it was imported: it is told again, to end when the parent does.
        environment = {**kwargs["env"], "JPY_PARENT_PID": str(os.getpid())}
        module = cmd.index("-m") + 1
        words = [str(find_spec(cmd[module]).origin), *cmd[module + 1 :], f"--IPKernelApp.parent_handle={os.getpid()}"]
        with order:
            order.sendall(json.dumps({"argv": words, "env": environment, "cwd": folder}).encode())
        self.process = _Child(kernel)
        self.pid = self.pgid = kernel
        self.cwd = folder
        return self.connection_info


class _Child:
    """A child process that was forked, with as much of subprocess.Popen as a provisioner asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
