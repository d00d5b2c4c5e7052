"""Scheduler and workers as processes of their own, and who may give work to them: whoever holds the certificate's key.

Workers are kept alive, for one ends when it loses its scheduler.

A Dask worker runs what it is sent, with the rights of the user who started it. So nothing of a sweep listens beyond
the loopback interface without TLS, and clusters on this machine speak TLS too, with a certificate that lives as long as
they do: other users of the machine reach the loopback interface as well.

Scheduler, workers and sweep share one self-signed certificate and its key, made by Dask; each accepts peers with that
certificate alone (Dask checks the issuer and no host names: https://distributed.dask.org/en/stable/tls.html).
It is good for a year from the moment when it is made, by every machine's own clock.
"""

import ipaddress
import os
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import torch
from cryptography import x509
from distributed import Security

from cgrecnet.cores import cores
from cgrecnet.errors import ConfigError
from cgrecnet.files import atomic_write

CERTIFICATE, KEY = "certificate.pem", "key.pem"
LOOPBACK = "127.0.0.1"
#: Seconds before a worker that ended is started again.
PAUSE = 1.0


def is_loopback(address: str) -> bool:
    """Whether `tcp://host:port`, `host:port` or a host stands for this machine alone."""
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def make_certificate(folder: Path) -> None:
    """Write a certificate and its key, which only its owner can read, to `folder`; ConfigError where one is there.

    Who holds the key can have any program run by the workers that use it.
    """
    folder = Path(folder)
    for name in (CERTIFICATE, KEY):
        if (folder / name).exists():
            raise ConfigError(f"{folder / name} is there already: use it, or name another folder for a new one.")
    made = Security.temporary()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in ((KEY, made.tls_worker_key), (CERTIFICATE, made.tls_ca_file)):
            with atomic_write(folder / name) as file:
                os.chmod(file.name, 0o600)  # before anything is in it
                file.write(text)
    except OSError as error:
        raise ConfigError(f"{folder} takes no certificate ({error.strerror}): name another folder.") from None


def read_certificate(folder: Path) -> Security:
    """Dask's settings for the certificate in `folder`; ConfigError where it is missing, damaged, over or open."""
    folder = Path(folder).absolute()
    certificate, key = folder / CERTIFICATE, folder / KEY
    for path in (certificate, key):
        if not path.is_file():
            raise ConfigError(f"There is no {path}: make a certificate with `cgrecnet certificate {folder}`.")
    if os.name == "posix" and stat.S_IMODE(key.stat().st_mode) & 0o077:
        raise ConfigError(f"Other users can read {key}, so it protects nothing: `chmod 600 {key}`, or make a new one.")
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError):
        raise ConfigError(f"{certificate} and {key} are damaged or no pair: make new ones in another folder.") from None
    if found.not_valid_after_utc < datetime.now(UTC):
        raise ConfigError(f"{certificate} ended on {found.not_valid_after_utc:%Y-%m-%d}: make a new one.")
    roles = ("client", "scheduler", "worker")
    files = {f"tls_{role}_cert": str(certificate) for role in roles} | {f"tls_{role}_key": str(key) for role in roles}
    return Security(require_encryption=True, tls_ca_file=str(certificate), **files)


def security_for(address: str, folder: Path | None, trust_network: bool = False) -> Security | None:
    """What a connection to the scheduler at `address` needs: the certificate, or None for a scheduler without TLS.

    folder: of the certificate. trust_network: whether the user said in words that everybody on the network may run
    programs as them. Raises ConfigError for an address that is none or does not fit the certificate, and for one
    beyond this machine without TLS.
    """
    if not address.startswith(("tcp://", "tls://")):
        raise ConfigError(f"A scheduler's address looks like tls://host:8786 or tcp://host:8786, not {address!r}.")
    if address.startswith("tls://"):
        if folder is None:
            raise ConfigError(f"The scheduler at {address} speaks TLS: name the folder of its certificate with --tls.")
        return read_certificate(folder)
    if folder is not None:
        raise ConfigError(f"With --tls the scheduler's address begins with tls://, not as {address!r} does.")
    if not is_loopback(address) and not trust_network:
        raise ConfigError(
            f"{address} is another machine without TLS, where everybody on the network could run programs as you: make "
            "a certificate with `cgrecnet certificate FOLDER`, start the scheduler with `cgrecnet scheduler --tls "
            "FOLDER`, and name FOLDER with --tls here too (or say --trust-network)."
        )
    return None


def worker_environment(number: int, count: int) -> dict[str, str]:
    """Variables of worker `number` of `count`: its share of the cores, and a GPU of its own where there are any.

    Who sets OMP_NUM_THREADS to fewer threads gets those, and keeps the rest of the cores for other work.
    """
    threads = max(1, cores() // count)
    if (wished := os.environ.get("OMP_NUM_THREADS", "")).isdecimal():
        threads = max(1, min(threads, int(wished)))
    environment = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    if torch.cuda.is_available():
        environment["CUDA_VISIBLE_DEVICES"] = str(number % torch.cuda.device_count())
    return environment


def scheduler_command(host: str, port: int, tls: Path | None, trust_network: bool = False) -> list[str]:
    """What starts a Dask scheduler that listens on `host`, with the certificate in the folder `tls`, or without one.

    Its page of progress, which has no certificate, is seen on this machine alone.
    Raises ConfigError for a host beyond this machine without a certificate, unless the network is trusted.
    """
    if tls is not None:
        read_certificate(tls)
    elif not is_loopback(host) and not trust_network:
        raise ConfigError(
            f"Without TLS a scheduler on {host or 'all interfaces'} lets everybody on the network run programs as you: "
            "make a certificate with `cgrecnet certificate FOLDER` and name FOLDER with --tls (or say --trust-network)."
        )
    command = [sys.executable, "-m", "dask", "scheduler", "--port", str(port)]
    command += ["--host", host] if host else []
    command += ["--dashboard-address", f"{LOOPBACK}:0", "--protocol", "tls" if tls else "tcp"]
    return command + _certificate_options(tls)


def keep_workers(
    address: str, count: int, tls: Path | None = None, trust_network: bool = False, say: Callable[[str], None] = print
) -> None:
    """Run `count` workers of the scheduler at `address`, each one run at a time, until this process is stopped.

    tls: folder of the certificate that the scheduler has. trust_network: see `security_for`.
    A worker that ends, because it died or because the scheduler went away, is started again and waits for it.
    Raises ConfigError for an address that is none, or is beyond this machine and without TLS.
    """
    security_for(address, tls, trust_network)
    command = [sys.executable, "-m", "dask", "worker", address, "--nworkers", "1", "--nthreads", "1"]
    # `--no-dashboard` takes the page away, and not the port: a worker still answers HTTP, on all interfaces by default.
    command += ["--no-dashboard", "--dashboard-address", f"{LOOPBACK}:0"]
    command += ["--memory-limit", "0", *_certificate_options(tls)]
    if is_loopback(address):
        command += ["--host", LOOPBACK]
    running: dict[int, subprocess.Popen] = {}
    try:
        while True:
            for number in range(count):
                if number in running and running[number].poll() is None:
                    continue
                if number in running:
                    say(f"worker {number} ended; it is started again")
                environment = os.environ | worker_environment(number, count)
                running[number] = subprocess.Popen(command, env=environment)
            time.sleep(PAUSE)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(30)


def _certificate_options(tls: Path | None) -> list[str]:
    if tls is None:
        return []
    certificate, key = (str(Path(tls).absolute() / name) for name in (CERTIFICATE, KEY))
    return ["--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key]
