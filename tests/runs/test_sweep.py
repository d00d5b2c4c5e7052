"""Sweeps on a real Dask scheduler with worker processes: workers, scheduler and sweep die, the records come."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from distributed import Client
from distributed.comm import CommClosedError
from trivial_runs import configs, final_table, folders, records, trivial
from waiting import free_port, wait_for

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.runs import cluster, tasks
from cgrecnet.runs.cluster import MEMORY_OF_A_RUN, local_cluster, local_workers, remote_cluster
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.sweep import plan_sweep, run_sweep
from cgrecnet.runs.worker import worker_environment
from cgrecnet.training.config import RunConfig

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def undisturbed(tmp_path):
    """A function: the table of a sweep over so many seeds whose runs were done one after the other, without Dask."""

    def table(count: int) -> list[list]:
        for config in configs(count):
            trivial()(config, results=tmp_path / "undisturbed", work=tmp_path / "work-undisturbed", say=None)
        return final_table(tmp_path / "undisturbed", count)

    return table


@pytest.fixture(scope="module")
def two_workers():
    with local_cluster(2) as connect:
        yield connect


def tries(tmp_path: Path, config: RunConfig) -> int:
    return (tmp_path / "work" / plan_run(config).run_id / "log.txt").read_text().count("\n")


def test_all_runs_are_done_once_and_not_again(tmp_path, two_workers):
    said: list[str] = []
    standing = run_sweep(configs(6), two_workers, **folders(tmp_path), say=said.append, do=trivial(0.05))
    assert standing.done == 6 and len(records(tmp_path)) == 6
    assert any("dashboard: http://127.0.0.1" in line for line in said) and any("left" in line for line in said)
    again = run_sweep(configs(8), two_workers, **folders(tmp_path), say=said.append, do=trivial())
    assert (again.done, again.skipped) == (2, 6)
    assert [tries(tmp_path, config) for config in configs(8)] == [1] * 8


def test_runs_that_fail_are_tried_as_asked_and_listed_with_their_last_lines(tmp_path, two_workers):
    said: list[str] = []
    do = trivial(fail=(1,), first_tries=(2,))
    with pytest.raises(RunError, match="1 of 4 runs failed; first: seed 1 was unlucky"):
        run_sweep(configs(4), two_workers, **folders(tmp_path), retries=2, say=said.append, do=do)
    assert len(records(tmp_path)) == 3
    assert [tries(tmp_path, config) for config in configs(4)] == [1, 3, 2, 1]
    assert said[-1] == "\n".join(["    a try of seed 1"] * 3)


@pytest.mark.slow
def test_a_worker_that_is_killed_in_a_run_is_not_the_end_of_it(tmp_path, two_workers, undisturbed):
    def kill_a_worker():
        while not list((tmp_path / "work").rglob("log.txt")):
            time.sleep(0.05)
        with two_workers() as client:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    killer = threading.Thread(target=kill_a_worker)
    killer.start()
    standing = run_sweep(configs(4), two_workers, **folders(tmp_path), say=lambda _: None, do=trivial(1.0))
    killer.join()
    assert standing.done == 4 and len(records(tmp_path)) == 4
    assert sum(tries(tmp_path, config) for config in configs(4)) >= 5, "no run was cut off"
    assert final_table(tmp_path / "results", 4) == undisturbed(4)


@pytest.mark.slow
def test_a_worker_that_nobody_starts_again_comes_back_and_its_absence_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "NEWS", 0.5)
    said: list[str] = []
    with local_cluster(1) as connect:
        with connect() as client:
            local = client.cluster
            local.sync(local.workers[0].close)  # the process that watches over the worker is gone
        standing = run_sweep(configs(1), connect, **folders(tmp_path), say=said.append, do=trivial())
        assert standing.done == 1
        with connect() as client:
            local.sync(local.workers[0].close)
            with tasks._warn_without_workers(client, said.append):
                wait_for(lambda: any("no worker is there, for" in line for line in said))
            client.wait_for_workers(1, timeout=120)


@pytest.mark.slow
def test_a_run_that_another_scheduler_gives_up_is_handed_out_again(tmp_path, monkeypatch):
    settings = cluster.dask_settings
    monkeypatch.setattr(cluster, "dask_settings", lambda: settings(0))  # gives a run up at its first worker's death
    leave_record = trivial()

    def deadly_at_first(config, *, results, work, say):
        import os
        import signal

        (work / "tried").mkdir(parents=True, exist_ok=True)
        tried = len(list((work / "tried").iterdir()))
        (work / "tried" / str(tried)).touch()
        if tried < 2:
            os.kill(os.getpid(), signal.SIGKILL)
        leave_record(config, results=results, work=work, say=say)

    said: list[str] = []
    with local_cluster(1) as connect:
        standing = run_sweep(configs(1), connect, **folders(tmp_path), say=said.append, do=deadly_at_first)
    assert standing.done == 1 and sum("died, 1 in all; it is handed out again" in line for line in said) == 2


def test_two_sweeps_over_one_folder_do_no_run_twice(tmp_path, two_workers):
    leave_record = trivial()

    def locked(config, *, results, work, say):
        import time

        from cgrecnet.runs.notebook import only_one_process
        from cgrecnet.runs.run_id import plan_run

        name = plan_run(config, "here").run_id
        place = results / config.experiment / name
        (work / name).mkdir(parents=True, exist_ok=True)
        with only_one_process(work / name / "lock", name):
            if not (place / "run.json").exists():
                time.sleep(0.3)
                leave_record(config, results=results, work=work, say=say)

    failures: list[Exception] = []

    def sweep():
        try:
            run_sweep(configs(5), two_workers, **folders(tmp_path), say=lambda _: None, do=locked)
        except Exception as error:  # pytest does not see what a thread raises
            failures.append(error)

    both = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert not failures
    assert [tries(tmp_path, config) for config in configs(5)] == [1] * 5


class Port:
    """A port that leads to another one, and that can be closed and opened with all that runs through it."""

    def __init__(self, target: int) -> None:
        self.target, self.pairs = target, []
        self.server = None
        self.number = 0
        self.open()

    def open(self) -> None:
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(("127.0.0.1", self.number))
        self.number = self.server.getsockname()[1]
        self.server.listen(64)
        threading.Thread(target=self._accept, args=(self.server,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for end in [end for pair in self.pairs for end in pair]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.pairs.clear()

    def _accept(self, server) -> None:
        while True:
            try:
                near, _ = server.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, a, b) -> None:
        try:
            while chunk := a.recv(65536):
                b.sendall(chunk)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler and two workers as processes of their own, all reached through a port that can be closed."""
    number = free_port()
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen([*dask, "scheduler", "--host", f"tcp://127.0.0.1:{number}", "--no-dashboard"], **quiet)]
    for _ in range(600):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", number)) == 0:
                break
        time.sleep(0.1)
    port = Port(number)
    address = f"tcp://127.0.0.1:{port.number}"
    started.append(subprocess.Popen([sys.executable, "-m", "cgrecnet", "worker", address, "--workers", "2"], **quiet))
    yield address, port
    for process in started:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_scheduler_whose_port_is_closed_for_a_while_is_waited_for(tmp_path, scheduler, undisturbed):
    address, port = scheduler
    with Client(address, timeout=60) as client:
        client.wait_for_workers(2, timeout=240)

    def cut():
        while len(records(tmp_path)) < 2:
            time.sleep(0.05)
        port.close()
        time.sleep(2)
        port.open()

    cutter = threading.Thread(target=cut)
    cutter.start()
    said: list[str] = []
    with remote_cluster(address) as connect:
        standing = run_sweep(configs(8), connect, **folders(tmp_path), say=said.append, do=trivial(0.5))
    cutter.join()
    assert standing.done == 8 and len(records(tmp_path)) == 8, said
    assert final_table(tmp_path / "results", 8) == undisturbed(8)


@pytest.mark.slow
def test_an_interrupted_sweep_goes_on_and_ends_all_that_it_started(tmp_path, undisturbed):
    script = tmp_path / "sweep.py"
    script.write_text(
        "import sys, pathlib\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_sweep import configs, folders, local_cluster, run_sweep, trivial\n"
        "if __name__ == '__main__':\n"
        "    with local_cluster(2) as connect:\n"
        "        run_sweep(configs(6), connect, **folders(pathlib.Path(sys.argv[1])), do=trivial(0.7))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment, stdout=subprocess.PIPE)
    while len(records(tmp_path)) < 2:
        time.sleep(0.05)
        assert process.poll() is None, "the sweep ended before it was interrupted"
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    gone, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert 2 <= len(records(tmp_path)) < 6
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(records(tmp_path)) == 6
    assert final_table(tmp_path / "results", 6) == undisturbed(6)


def test_as_many_workers_as_there_are_gpus_or_as_fit(monkeypatch):
    memory = psutil.virtual_memory()._replace(available=2.5 * MEMORY_OF_A_RUN)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for here, workers in ((1, 1), (2, 2), (64, 2)):  # memory for two
        monkeypatch.setattr("cgrecnet.runs.cluster.cores", lambda here=here: here)
        assert local_workers() == workers
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    assert local_workers() == 4


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_threads_are_shared_out_from_the_cores_that_may_be_used(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert worker_environment(0, 2)["OMP_NUM_THREADS"] == "2"
    for wished, threads in {"1": "1", "8": "2", "0": "1", "4,2": "2", "": "2"}.items():
        monkeypatch.setenv("OMP_NUM_THREADS", wished)
        assert worker_environment(0, 2)["OMP_NUM_THREADS"] == threads
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})  # as under `taskset`, or in a container
    assert worker_environment(0, 1)["OMP_NUM_THREADS"] == "1"


def test_workers_that_cannot_be_started_are_one_sentence(monkeypatch):
    def refuse(**_):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr("cgrecnet.runs.cluster.SpecCluster", refuse)
    with pytest.raises(RunError, match="The 3 worker.s. could not be started .*Nanny failed.*fewer --work"):
        with local_cluster(3):
            pass


def test_what_can_be_known_before_is_said_before(tmp_path, monkeypatch):
    monkeypatch.delenv("CGRECNET_WEIGHTS", raising=False)
    never = lambda: pytest.fail("a cluster was asked for")  # noqa: E731
    lost = [RunConfig(experiment="e"), RunConfig(experiment="e", weights="nowhere.safetensors")]
    with pytest.raises(ConfigError, match="nowhere.safetensors.*CGRECNET_WEIGHTS"):
        run_sweep(lost, never, **folders(tmp_path))
    with pytest.raises(ConfigError, match="same run, e-.*write each value once"):
        plan_sweep(configs(1) * 2)
    assert not (tmp_path / "results").exists()


def test_a_scheduler_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr("cgrecnet.runs.cluster.PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(RunError, match="No Dask scheduler answers at .*cgrecnet scheduler") as caught:
            with remote_cluster(address):
                pass
        assert "\n" not in str(caught.value)


def test_a_scheduler_that_dies_while_it_answers_is_asked_once_more(monkeypatch):
    monkeypatch.setattr("cgrecnet.runs.cluster.time.sleep", lambda _: None)
    asked = []

    class OnceLost:
        def __init__(self, address, **_):
            asked.append(address)
            if len(asked) == 1:
                raise CommClosedError("in <TCP (closed)>: ConnectionResetError")

        def close(self):
            pass

    monkeypatch.setattr("cgrecnet.runs.cluster.Client", OnceLost)
    with remote_cluster("tcp://127.0.0.1:1") as connect:
        connect()
    assert len(asked) == 3


def test_the_runs_of_a_sweep_file_reach_the_workers(tmp_path, two_workers):
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\ngrid: {model: [resnet50, cg_recnet], seed: [1, 2]}")
    run_sweep(read_sweep(path), two_workers, **folders(tmp_path), say=lambda _: None, do=trivial())
    assert len(records(tmp_path)) == 4
    assert json.dumps(sorted(records(tmp_path)))
    assert tasks.PAUSE > 0


def test_what_dask_raises_at_itself_is_no_news_and_everything_else_is(caplog):
    import logging

    from distributed.client import AllExit

    cluster.dask_settings()
    log = logging.getLogger("asyncio")
    log.error("Task exception was never retrieved", exc_info=(AllExit, AllExit(), None))
    log.error("Task exception was never retrieved", exc_info=(ValueError, ValueError("real"), None))
    assert [record.exc_info[0] for record in caplog.records] == [ValueError]
