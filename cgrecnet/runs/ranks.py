"""Several processes that train one network together: who they are, where they meet, and what if one of them dies.

The first process is the notebook; the others run the same cells without papermill, and leave a log but no record.
"""

import math
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import jupytext
import psutil
import yaml

from cgrecnet.cores import cores, watching
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import write_file
from cgrecnet.paths import NOTEBOOK
from cgrecnet.runs.with_parent import end_with
from cgrecnet.runs.worker import LOOPBACK
from cgrecnet.training import STORE

#: Seconds that processes have to end by themselves once one of them has.
PATIENCE = 30.0


@dataclass(frozen=True)
class Together:
    """How many processes train together: on each node, on how many nodes, which of them this is, where they meet.

    master: `host:port` of the first node; None: they are all on this machine, and meet in a file.
    trust_network: whether the user said in words that everybody on the network of several nodes may take part.
    """

    processes: int = 1
    nodes: int = 1
    node: int = 0
    master: str | None = None
    trust_network: bool = False

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
        if self.nodes > 1 and not self.trust_network:
            raise ConfigError(
                f"{self.nodes} nodes would meet without TLS, which torch does not have, and everybody on their network "
                "could take part: say --trust-network where only you and people you trust are on it."
            )

    @property
    def world(self) -> int:
        """All processes on all nodes."""
        return self.processes * self.nodes

    def variables(self, run_id: str, folder: Path) -> list[dict[str, str]]:
        """The environment of each process on this node, as torchrun would set it; a file in `folder` to meet in.

        On one node nothing listens beyond the loopback interface: a file takes the place of torch's store.
        """
        host, _, port = (self.master or f"{LOOPBACK}:0").rpartition(":")
        meeting = {"MASTER_ADDR": host, "MASTER_PORT": port}
        if self.nodes == 1:
            here = (name for name, found in psutil.net_if_addrs().items() if LOOPBACK in (one.address for one in found))
            own = dict.fromkeys(("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"), next(here, "lo"))
            meeting |= {STORE: str(Path(folder).absolute() / f"meeting-{uuid.uuid4().hex}")} | own
        shared = meeting | {
            "WORLD_SIZE": str(self.world),
            "LOCAL_WORLD_SIZE": str(self.processes),
            "GROUP_RANK": str(self.node),
            "TORCHELASTIC_RUN_ID": run_id,
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, cores() // self.processes))),
        }
        return [
            shared | {"LOCAL_RANK": str(local), "RANK": str(self.node * self.processes + local)}
            for local in range(self.processes)
        ]


@dataclass(frozen=True)
class Other:
    """A process beside the first: its rank, and the file that keeps what it says."""

    rank: int
    log: Path
    process: subprocess.Popen

    def last_words(self) -> str:
        """How it ended, and the last line of its log."""
        lines = [line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        last = lines[-1] if lines else "nothing"
        return f"process {self.rank} ended with status {self.process.poll()} and said last: {last} (log: {self.log})"


@contextmanager
def others(variables: list[dict[str, str]], parameters: Path) -> Iterator[list[Other]]:
    """Start a process for each of the environments; all end with the block. Their logs lie beside `parameters`."""
    command = [sys.executable, "-u", "-m", "cgrecnet.runs.ranks", str(parameters)]  # -u: the last line is the error
    started: list[Other] = []
    try:
        for values in variables:
            log = Path(parameters).parent / f"log-{values['RANK']}.txt"
            with open(log, "w", encoding="utf-8") as file:
                process = subprocess.Popen(command, env=os.environ | values, stdout=file, stderr=subprocess.STDOUT)
            started.append(Other(int(values["RANK"]), log, process))
        yield started
    finally:
        for values in variables:
            if STORE in values:
                Path(values[STORE]).unlink(missing_ok=True)
        for one in started:
            try:
                one.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()


@contextmanager
def ended_with(company: Sequence[Other], process: subprocess.Popen) -> Iterator[list[Other]]:
    """Kill `process` where one of its company has failed and it does not end by itself: it would wait in vain.

    Gives a list, which then holds the one that has failed. A process whose leader fails fails too, so the leader has
    `PATIENCE` seconds to say why.
    """
    lost: list[Other] = []
    over = math.inf

    def look() -> bool:
        nonlocal over
        if failed := [one for one in company if one.process.poll()]:
            over = min(over, time.monotonic() + PATIENCE)
            if time.monotonic() > over:
                lost.append(failed[0])
                process.kill()
        return bool(lost)

    with watching(look, 0.5) if company else nullcontext():
        yield lost


def join(parameters: Path, together: Together, run_id: str) -> None:
    """Take part in a run that the first node leads, and wait for its end; RunError where a process failed."""
    with others(together.variables(run_id, Path(parameters).parent), parameters) as company:
        failed = [one for one in company if one.process.wait()]
    if failed:
        raise RunError(
            f"{len(failed)} of {len(company)} processes of run {run_id} on node {together.node} failed: "
            f"{failed[0].last_words()}; see the first node's log too."
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
        runpy.run_path(str(write_file(Path(folder) / "train.py", "\n\n".join(lines))))


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    run_cells(Path(sys.argv[1]))
