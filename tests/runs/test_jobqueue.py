"""Sweeps on jobs of a batch system: a real SLURM of one node, started by the tests where it is installed."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from trivial_runs import configs, final_table, folders, records, trivial
from waiting import free_port

from cgrecnet.errors import ConfigError
from cgrecnet.runs import queue_cluster as clusters
from cgrecnet.runs.jobqueue import JobQueue, read_jobqueue
from cgrecnet.runs.queue_cluster import queue_cluster
from cgrecnet.runs.sweep import run_sweep

pytestmark = pytest.mark.filterwarnings("ignore")

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
OPTIONS = {"memory": "1GB", "walltime": "00:10:00", "interface": "lo", "python": sys.executable}

SLURM = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MpiDefault=none
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def program(name: str) -> str | None:
    """The path of a program, also of those that only root's PATH has."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def say_of(command: str, *arguments: str) -> str:
    return subprocess.run([program(command), *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A SLURM of one node and four cores, for as long as the tests of this file run."""
    if missing := [name for name in PROGRAMS if not program(name)]:
        pytest.skip(f"no SLURM here ({', '.join(missing)} not installed): sweeps on jobs of a real one are not tested")
    if os.geteuid() != 0:
        pytest.skip("only root may start a SLURM: sweeps on jobs of a real one are not tested")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool", "logs"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    ports = free_port(), free_port()
    host = socket.gethostname().split(".")[0]
    (folder / "slurm.conf").write_text(SLURM.format(host=host, user=getpass.getuser(), folder=folder, ports=ports))
    munge = {"key-file": key, "socket": folder / "munge.socket", "log-file": folder / "munged.log"}
    munge |= {"pid-file": folder / "munged.pid", "seed-file": folder / "munge.seed"}
    patch = pytest.MonkeyPatch()
    patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    started = []
    for command in (
        ["munged", "--foreground", "--force", *(f"--{name}={value}" for name, value in munge.items())],
        ["slurmctld", "-D"],
        ["slurmd", "-D", "-N", host],
    ):
        log = open(folder / f"{command[0]}.out", "w")
        started.append(subprocess.Popen([program(command[0]), *command[1:]], stdout=log, stderr=log))
        until = time.monotonic() + 10
        while command[0] == "munged" and not munge["socket"].exists() and time.monotonic() < until:
            time.sleep(0.1)
    try:
        wait_for(lambda: "idle" in say_of("sinfo", "-h", "-o", "%T"), folder)
        yield folder
    finally:
        subprocess.run([program("scancel"), "--user", getpass.getuser()], capture_output=True)
        patch.undo()
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(what, folder: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except subprocess.CalledProcessError as error:
            said = error.stderr
        else:
            said = ""
        if time.monotonic() > until:
            logs = "\n".join(path.read_text()[-2000:] for path in folder.glob("slurm*.log"))
            pytest.fail(f"it did not come: {said}\n{logs}")
        time.sleep(0.2)


@pytest.fixture
def impatient(monkeypatch):
    """Jobs that end are missed at once, not after some while."""
    monkeypatch.setattr(clusters, "LOOK", 0.5)
    monkeypatch.setattr(clusters, "NEWS", 2.0)


def queue(slurm: Path, jobs: int = 1, **options) -> JobQueue:
    return JobQueue(kind="slurm", jobs=jobs, options=OPTIONS | {"log_directory": str(slurm / "logs")} | options)


def jobs(state: str = "RUNNING") -> list[str]:
    return say_of("squeue", "-h", "-t", state, "-o", "%A").split()


def cancel_when(begun, sign: Path, slurm: Path) -> threading.Thread:
    """A thread that cancels every job as soon as a run has begun; it ends then."""

    def cancel():
        wait_for(begun, slurm, 300)  # a busy machine takes minutes until the first worker is there
        sign.write_text(" ".join(jobs()))
        say_of("scancel", *jobs())

    thread = threading.Thread(target=cancel)
    thread.start()
    return thread


@pytest.fixture
def submitting(tmp_path, monkeypatch):
    """A machine that has every system's command for submitting jobs (nothing is submitted)."""
    for name in ("sbatch", "qsub", "bsub", "condor_submit", "msub", "oarsub"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("kind", ["slurm", "pbs", "sge", "lsf", "htcondor", "moab", "oar"])
def test_a_job_does_one_run_with_the_settings_of_this_shell(kind, submitting, monkeypatch):
    monkeypatch.setenv("CGRECNET_DATA", "/a folder")
    path = submitting / "queue.yaml"
    more = ", disk: 1GB" if kind == "htcondor" else ""
    path.write_text(f"kind: {kind}\njobs: 4\noptions: {{cores: 8, memory: 16GB, job_script_prologue: [ours]{more}}}\n")
    before = signal.getsignal(signal.SIGINT)
    with read_jobqueue(path).open(submitting) as cluster:
        script = cluster.job_script()
        assert not cluster.workers
        (key,) = submitting.glob(".dask-jobqueue.worker.key.*")
        assert str(key) in script and key.stat().st_mode & 0o077 == 0, "others on the file system could run programs"
    assert script.rindex("--nthreads 1") > script.index("--nthreads 8")
    assert "--protocol tls" in script and "--dashboard-address 127.0.0.1:0" in script
    assert "--memory-limit 0" in script and "OMP_NUM_THREADS=8" in script and "ours" in script
    assert "CGRECNET_DATA=" in script and "/a folder" in script
    assert signal.getsignal(signal.SIGINT) is before, "Ctrl-C is the sweep's"


def test_what_the_file_says_of_a_job_is_in_its_script(submitting):
    path = submitting / "queue.yaml"
    path.write_text("kind: slurm\noptions: {queue: gpu, cores: 8, memory: 16GB, walltime: '04:00:00'}\n")
    with read_jobqueue(path).open(submitting) as cluster:
        script = cluster.job_script()
    for line in ("#SBATCH -p gpu", "#SBATCH -t 04:00:00", "#SBATCH --cpus-per-task=8"):
        assert line in script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: slurn", "'kind' in the job queue is 'slurn'"),
        ("kind: slurm\njobs: 0", "'jobs' in the job queue is 0"),
        ("kind: slurm\njob: 1", "Unknown parameter 'job'"),
        ("kind: slurm\noptions: {walltme: '1'}", "not usable .*walltme"),
        ("kind: slurm\noptions: {cores: '8'}", "'cores' .* is '8': write a whole number"),
        ("kind: slurm\noptions: {processes: 2}", "'processes' .* is not for this file"),
        ("kind: slurm\noptions: {n_workers: 2}", "not for this file"),
        ("kind: slurm\noptions: {job_script_prologue: module load cuda}", "write a list"),
        ("kind: slurm\noptions: {job_extra_directives: --gres=gpu:1}", "write a list"),
        ("kind: slurm\noptions: {walltime: 12:00:00}", "'walltime' .* is 43200: write it in quotes"),
        ("kind: htcondor\noptions: {}", "not usable"),
    ],
)
def test_a_job_queue_that_cannot_be_used_is_one_sentence_that_names_the_file(text, message, submitting):
    path = submitting / "queue.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_jobqueue(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))


def test_an_interface_that_is_not_there_is_one_sentence(submitting):
    with pytest.raises(ConfigError, match="not usable") as caught:
        JobQueue(kind="slurm", options={"interface": "nosuch0"}).open(Path())
    assert "\n" not in str(caught.value)


def test_a_machine_that_cannot_submit_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    path = tmp_path / "queue.yaml"
    path.write_text("kind: slurm")
    with pytest.raises(ConfigError, match="queue.yaml: The command 'sbatch' is not on this machine"):
        read_jobqueue(path)


@pytest.mark.slow
def test_jobs_that_are_cancelled_are_followed_by_others_and_the_table_is_the_same(tmp_path, slurm, impatient):
    for config in configs(5):
        trivial()(config, results=tmp_path / "undisturbed", work=tmp_path / "work-undisturbed", say=None)
    sign = tmp_path / "cancelled"
    thread = cancel_when(lambda: list((tmp_path / "work").rglob("log.txt")), sign, slurm)
    with queue_cluster(queue(slurm, jobs=2, cores=2), slurm) as connect:
        standing = run_sweep(configs(5), connect, **folders(tmp_path), say=lambda _: None, do=trivial(2.0))
        second = set(jobs())
    thread.join()
    first = set(sign.read_text().split())
    assert first and second and not first & second, "the jobs that finished the sweep are new ones"
    assert standing.done == 5 and len(records(tmp_path)) == 5
    assert final_table(tmp_path / "results", 5) == final_table(tmp_path / "undisturbed", 5)
    wait_for(lambda: not jobs(), slurm)  # a sweep that is over leaves no jobs behind


@pytest.mark.slow
def test_a_job_that_waits_is_waited_for_and_that_is_said(tmp_path, slurm, impatient):
    said: list[str] = []

    def release():
        wait_for(lambda: any("no job of kind 'slurm' is a worker" in line for line in said), slurm)
        say_of("scontrol", "release", *jobs("PENDING"))

    thread = threading.Thread(target=release)
    thread.start()
    with queue_cluster(queue(slurm, job_extra_directives=["--hold"]), slurm, said.append) as connect:
        standing = run_sweep(configs(1), connect, **folders(tmp_path), say=said.append, do=trivial())
    thread.join()
    assert standing.done == 1


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"queue": "nosuch"}, {"memory": "900GB"}])
def test_a_job_that_is_refused_is_one_sentence(slurm, options):
    with pytest.raises(ConfigError, match=r"refused the job \(sbatch: error: .*mend the `options`") as caught:
        with queue_cluster(queue(slurm, **options), slurm):
            pass
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_where_one_of_two_jobs_is_refused_the_other_does_not_stay_behind(slurm, monkeypatch, tmp_path):
    real = program("sbatch")
    (tmp_path / "sbatch").write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/once ]; then echo 'sbatch: error: one is enough' >&2; exit 1; fi\n"
        f'touch {tmp_path}/once; exec {real} "$@"\n'
    )
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ConfigError, match="one is enough"):
        with queue_cluster(queue(slurm, jobs=2), slurm):
            pass
    wait_for(lambda: not jobs("RUNNING,PENDING"), slurm)


@pytest.mark.slow
def test_jobs_that_never_become_workers_end_the_sweep_with_their_logs_named(tmp_path, slurm, impatient):
    said: list[str] = []
    with pytest.raises(ConfigError, match="end before they become workers: their logs in .*logs say why") as caught:
        with queue_cluster(queue(slurm, jobs=2, python="/nowhere/python"), slurm, said.append) as connect:
            run_sweep(configs(1), connect, **folders(tmp_path), say=said.append, do=trivial())
    assert str(slurm / "logs") in str(caught.value)
    assert [line[-6:] for line in said if line.startswith("3 jobs in a row")] == ["job(s)"] * 2
    wait_for(lambda: not jobs("RUNNING,PENDING"), slurm)


@pytest.mark.slow
def test_jobs_that_die_at_their_start_end_the_sweep_also_after_one_that_was_a_worker(tmp_path, slurm, impatient):
    (tmp_path / "python").write_text(f'#!/bin/sh\nmkdir {tmp_path}/once || exit 1\nexec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    logs = tmp_path / "logs"
    thread = cancel_when(lambda: list((tmp_path / "work").rglob("log.txt")), tmp_path / "cancelled", slurm)
    options = {"python": str(tmp_path / "python"), "log_directory": str(logs)}
    with pytest.raises(ConfigError, match="end before they become workers"):
        with queue_cluster(queue(slurm, **options), slurm, lambda _: None) as connect:
            run_sweep(configs(1), connect, **folders(tmp_path), say=lambda _: None, do=trivial(20.0))
    thread.join()
    assert len(list(logs.glob("*.err"))) == 1 + clusters.STILLBORN, "one job after the other, and then no more"


@pytest.mark.slow
def test_a_job_that_has_ended_is_followed_by_one_job_which_is_left_alone(tmp_path, slurm, impatient):
    """The second job is slow to become a worker: it used to be cancelled 15 s after the first one's loss."""
    (tmp_path / "python").write_text(
        f'#!/bin/sh\nmkdir {tmp_path}/once 2>/dev/null || sleep 20\nexec {sys.executable} "$@"\n'
    )
    (tmp_path / "python").chmod(0o755)
    logs = tmp_path / "logs"
    thread = cancel_when(lambda: list((tmp_path / "work").rglob("log.txt")), tmp_path / "cancelled", slurm)
    options = {"python": str(tmp_path / "python"), "log_directory": str(logs)}
    with queue_cluster(queue(slurm, **options), slurm, lambda _: None) as connect:
        standing = run_sweep(configs(1), connect, **folders(tmp_path), say=lambda _: None, do=trivial(3.0))
    thread.join()
    assert standing.done == 1 and len(list(logs.glob("*.err"))) == 2


@pytest.mark.slow
def test_a_sweep_that_is_stopped_leaves_no_jobs(tmp_path, slurm):
    (tmp_path / "sweep.yaml").write_text("experiment: e\nbase: {data_options: {cells: 60}, image_size: 32}\n")
    (tmp_path / "queue.yaml").write_text(yaml.safe_dump(queue(slurm, jobs=2).model_dump()))
    command = [sys.executable, "-m", "cgrecnet", "sweep", "sweep.yaml", "--queue", "queue.yaml", "--yes"]
    command += ["--results", "results", "--work", "work"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_for(lambda: list((tmp_path / "work").glob("*/log.txt")), slurm, 180)  # in the folder of the sweep
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("cgrecnet: stopped; what was finished is kept")
    wait_for(lambda: not jobs("RUNNING,PENDING"), slurm)
