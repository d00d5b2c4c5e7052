"""Several processes that train one network together: who they are, where they meet, and what if one of them dies.

The first process is the notebook; the others run the same cells without papermill, and leave no record.
"""

import os
import runpy
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jupytext
import yaml

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import whole
from cgrecnet.paths import NOTEBOOK


@dataclass(frozen=True)
class Together:
    """How many processes train together: on each node, on how many nodes, which of them this is, where they meet.

    master: `host:port` of the first node; None: this machine, at a free port.
    """

    processes: int = 1
    nodes: int = 1
    node: int = 0
    master: str | None = None

    def __post_init__(self) -> None:
        if self.processes < 1 or self.nodes < 1 or not 0 <= self.node < self.nodes:
            raise ConfigError(
                f"{self.processes} processes on node {self.node} of {self.nodes} cannot train: give 1 or more of each, "
                "and count nodes from 0."
            )
        host, _, port = (self.master or "here:1").rpartition(":")
        if not host or not port.isdigit():
            raise ConfigError(f"The meeting place is {self.master!r}; write it as host:port.")
        if self.nodes > 1 and self.master is None:
            raise ConfigError(f"{self.nodes} nodes need a meeting place: name the first node's host:port.")

    @property
    def world(self) -> int:
        """All processes on all nodes."""
        return self.processes * self.nodes

    def variables(self, run_id: str) -> list[dict[str, str]]:
        """The environment of each process on this node, as torchrun would set it."""
        host, _, port = (self.master or f"127.0.0.1:{_free_port()}").rpartition(":")
        shared = {
            "WORLD_SIZE": str(self.world),
            "LOCAL_WORLD_SIZE": str(self.processes),
            "GROUP_RANK": str(self.node),
            "MASTER_ADDR": host,
            "MASTER_PORT": port,
            "TORCHELASTIC_RUN_ID": run_id,
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // self.processes))),
        }
        return [
            shared | {"LOCAL_RANK": str(local), "RANK": str(self.node * self.processes + local)}
            for local in range(self.processes)
        ]


@contextmanager
def others(variables: list[dict[str, str]], parameters: Path) -> Iterator[list[subprocess.Popen]]:
    """Start a process for each of the environments; all end with the block."""
    command = [sys.executable, "-m", "cgrecnet.runs.ranks", str(parameters)]
    started = [
        subprocess.Popen(command, env=os.environ | values, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        for values in variables
    ]
    try:
        yield started
    finally:
        for process in started:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def join(parameters: Path, together: Together, run_id: str) -> None:
    """Take part in a run that the first node leads, and wait for its end; RunError where a process failed."""
    with others(together.variables(run_id), parameters) as company:
        codes = [process.wait() for process in company]
    if failed := [code for code in codes if code]:
        raise RunError(
            f"{len(failed)} of {len(codes)} processes of run {run_id} on node {together.node} failed (exit status "
            f"{failed[0]}): the first node's log says why."
        )


def run_cells(parameters: Path) -> None:
    """Run the code cells of the training notebook in this process, with the parameters of a YAML file."""
    values = yaml.safe_load(Path(parameters).read_text(encoding="utf-8"))
    lines = []
    for cell in jupytext.read(NOTEBOOK).cells:
        if cell.cell_type == "code":
            lines.append(cell.source)
        if "parameters" in cell.metadata.get("tags", []):
            lines.append(f"globals().update({values!r})")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "train.py"
        with whole(script) as file:
            file.write("\n\n".join(lines))
        runpy.run_path(str(script))


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


if __name__ == "__main__":
    run_cells(Path(sys.argv[1]))
