"""Nothing that the project starts for itself listens beyond the loopback interface, and strangers get no work done."""

import gc
import os
import subprocess
import sys
import time

import pytest
from distributed import Client, Security
from listening import beyond, watched
from trivial_runs import configs, folders, trivial
from waiting import free_port

from cgrecnet.cli import main
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.runs.cluster import local_cluster, remote_cluster
from cgrecnet.runs.notebook import train
from cgrecnet.runs.ranks import Together
from cgrecnet.runs.sweep import run_sweep
from cgrecnet.runs.worker import keep_workers, make_certificate, read_certificate, scheduler_command, security_for
from cgrecnet.training.config import RunConfig

TINY = {"image_size": 32, "data_options": {"cells": 60}, "batch_size": 4, "epochs": 1, "experiment": "listening"}


def test_the_watch_sees_a_program_that_listens_on_all_interfaces():
    code = "import socket, time; s = socket.socket(); s.bind(('', 0)); s.listen(); print(flush=True); time.sleep(9)"
    with watched() as seen, subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(0.5)
        process.kill()
    assert beyond(seen)


@pytest.mark.slow
def test_a_sweep_listens_on_loopback_alone(tmp_path):
    with watched() as seen, local_cluster(2) as connect:
        run_sweep(configs(2), connect, **folders(tmp_path), say=lambda _: None, do=trivial(0.5))
    assert len(seen) >= 5, "scheduler, page, two workers and their nannies were not seen"
    assert not beyond(seen)


def test_a_stranger_on_this_machine_gets_no_work_done():
    with local_cluster(1) as connect, connect() as owner:
        address = owner.scheduler.address
        assert owner.submit(os.getpid).result()
        worker = next(iter(owner.scheduler_info()["workers"]))
        for place, security in ((address, None), (address, Security.temporary()), (worker, Security.temporary())):
            with pytest.raises((OSError, ValueError, RuntimeError, TypeError)):
                Client(place, timeout=2, security=security)
            # Not while the next one starts: distributed 2026.8 then waits for its own lock without end.
            gc.collect()


@pytest.mark.slow
def test_two_processes_that_train_together_listen_on_loopback_alone(tmp_path):
    places = {"results": tmp_path / "with a space", "work": tmp_path / "work in a space"}
    with watched() as seen:
        train(RunConfig(**TINY, model="resnet50"), **places, say=lambda _: None, together=Together(processes=2))
    assert len(seen) >= 5, "the kernel and the processes were not seen"
    assert not beyond(seen)
    assert not list(places["work"].rglob("meeting-*")), "the file in which they met is left behind"


def test_several_nodes_need_the_word_that_their_network_is_trusted():
    with pytest.raises(ConfigError, match="--trust-network"):
        Together(nodes=2, master="node0:29500")
    assert Together(nodes=2, master="node0:29500", trust_network=True).world == 2


@pytest.fixture
def certificate(tmp_path):
    make_certificate(tmp_path / "keys")
    return tmp_path / "keys"


def test_a_certificate_is_private_and_made_once(certificate, capsys):
    assert (certificate / "key.pem").stat().st_mode & 0o077 == 0
    assert read_certificate(certificate).require_encryption
    assert main(["certificate", str(certificate)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda folder: (folder / "key.pem").chmod(0o644), "chmod 600"),
        (lambda folder: (folder / "key.pem").unlink(), "There is no"),
        (lambda folder: (folder / "certificate.pem").write_text("-----BEGIN"), "damaged or no pair"),
        (lambda folder: (folder / "certificate.pem").write_text(other(folder)), "damaged or no pair"),
    ],
)
def test_a_certificate_that_cannot_serve_is_refused_in_a_sentence(certificate, spoil, message):
    spoil(certificate)
    with pytest.raises(ConfigError, match=message):
        read_certificate(certificate)


def other(folder) -> str:
    make_certificate(folder / "other")
    return (folder / "other" / "certificate.pem").read_text()


def test_other_machines_are_refused_without_tls_unless_asked_in_words(certificate):
    for host in ("0.0.0.0", "", "192.0.2.1", "node7"):
        with pytest.raises(ConfigError, match="certificate"):
            scheduler_command(host, 8786, None)
    with pytest.raises(ConfigError, match="certificate"):
        security_for("tcp://192.0.2.1:8786", None)
    with pytest.raises(ConfigError, match="certificate"):
        keep_workers("tcp://node7:8786", 1)
    with pytest.raises(ConfigError, match="--tls"):
        security_for("tls://node7:8786", None)
    with pytest.raises(ConfigError, match="tls://"):
        security_for("tcp://node7:8786", certificate)
    assert security_for("tcp://127.0.0.1:8786", None) is None
    assert security_for("tcp://node7:8786", None, trust_network=True) is None
    assert isinstance(security_for("tls://node7:8786", certificate), Security)


@pytest.mark.slow
def test_scheduler_worker_and_sweep_of_one_certificate_work_together_and_strangers_do_not(tmp_path, certificate):
    port = free_port()
    serve = [sys.executable, "-m", "cgrecnet", "scheduler", "--host", "127.0.0.1", "--port", str(port)]
    work = [sys.executable, "-m", "cgrecnet", "worker", f"tls://127.0.0.1:{port}", "--workers", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with watched() as seen:
        started = [subprocess.Popen([*command, "--tls", str(certificate)], **quiet) for command in (serve, work)]
        try:
            address = f"tls://127.0.0.1:{port}"
            connect = when_there(address, security_for(address, certificate))
            with pytest.raises(RunError, match="one certificate"), remote_cluster(address, Security.temporary()):
                pass
            standing = run_sweep(configs(2), connect, **folders(tmp_path), say=lambda _: None, do=trivial())
            assert standing.done == 2
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(30)
    assert len(seen) >= 2 and not beyond(seen)


def when_there(address, security):
    """What connects to a scheduler that is being started."""
    until = time.monotonic() + 60
    while True:
        try:
            with remote_cluster(address, security) as connect:
                return connect
        except RunError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
