"""A worker that was killed takes its run with it, and a sweep that is stopped after that leaves nothing behind."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from trivial_runs import configs, folders
from waiting import wait_for

from cgrecnet.runs.cluster import local_cluster
from cgrecnet.runs.sweep import run_sweep


def endless(config, *, results, work, say):
    """A run as `train` starts one: a process of its own, which notes who it is, and who its worker is."""
    work.mkdir(parents=True, exist_ok=True)
    code = "import time; time.sleep(600)"
    words = [sys.executable, "-m", "cgrecnet.runs.with_parent", str(os.getpid()), "timeit", "-n", "1", "-r", "1", code]
    with subprocess.Popen(words) as process:
        with open(work / "started.txt", "a") as file:
            file.write(f"{os.getpid()} {process.pid}\n")
        process.wait()


def started(work: Path) -> list[list[int]]:
    path = work / "started.txt"
    return [list(map(int, line.split())) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.slow
def test_ctrl_c_after_a_killed_worker_ends_the_sweep_and_every_run(tmp_path):
    here = [str(folder) for folder in Path(__file__).parents[:2]]
    code = f"import sys; sys.path[:0] = {here}; import test_killed_worker as t; t.sweep()"
    words = [sys.executable, "-c", code, str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    work, family = tmp_path / "work", []
    try:
        wait_for(lambda: len(started(work)) == 1)
        worker, run = started(work)[0]
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not psutil.pid_exists(run), 10)
        wait_for(lambda: len(started(work)) == 2)  # its successor has begun the run again
        family = psutil.Process(process.pid).children(recursive=True)
        assert started(work)[1][1] in [child.pid for child in family]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
        assert not psutil.wait_procs(family, timeout=20)[1]
    finally:
        for member in [*family, process]:
            with suppress(psutil.NoSuchProcess):
                member.kill()


def sweep() -> None:
    """One endless run on one worker, until somebody stops it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with local_cluster(1) as connect:
        run_sweep(configs(1), connect, **folders(Path(sys.argv[1])), do=endless)
