"""Who may give work to a worker: whoever holds the certificate's key, and nobody else.

A Dask worker runs what it is sent, with the rights of the user who started it. So nothing of a sweep listens beyond
the loopback interface without TLS, and clusters on this machine speak TLS too, with a certificate that lives as long as
they do: other users of the machine reach the loopback interface as well.

Scheduler, workers and sweep share one self-signed certificate and its key; each accepts peers with that certificate
alone (Dask checks the issuer and no host names: https://distributed.dask.org/en/stable/tls.html).
"""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Security

from cgrecnet.errors import ConfigError
from cgrecnet.files import atomic_write
from cgrecnet.runs.loopback import is_loopback

CERTIFICATE, KEY = "certificate.pem", "key.pem"
#: How long a certificate is good, in days; clocks of other machines may be behind by as much as the second number.
DAYS, SLACK = 365, 1


def make_certificate(folder: Path) -> None:
    """Write a certificate and its key, which only its owner can read, to `folder`; ConfigError where one is there.

    Who holds the key can have any program run by the workers that use it.
    """
    folder = Path(folder)
    for name in (CERTIFICATE, KEY):
        if (folder / name).exists():
            raise ConfigError(f"{folder / name} is there already: use it, or name another folder for a new one.")
    certificate, key = _pair()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in ((KEY, key), (CERTIFICATE, certificate)):
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
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise ConfigError(f"The certificate in {folder} is damaged: make a new one in another folder.") from None
    if private.public_key() != found.public_key():
        raise ConfigError(f"{key} is not the key of {certificate}: make a new pair in another folder.")
    if found.not_valid_after_utc < datetime.now(UTC):
        raise ConfigError(f"{certificate} ended on {found.not_valid_after_utc:%Y-%m-%d}: make a new one.")
    return _security(str(certificate), str(key))


def temporary_certificate() -> Security:
    """Dask's settings for a certificate that is in this process's memory alone."""
    return _security(*_pair())


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


def _security(certificate: str, key: str) -> Security:
    roles = ("client", "scheduler", "worker")
    files = {f"tls_{role}_cert": certificate for role in roles} | {f"tls_{role}_key": key for role in roles}
    return Security(require_encryption=True, tls_ca_file=certificate, **files)


def _pair() -> tuple[str, str]:
    """A self-signed certificate and its key, as PEM.

    Not `Security.temporary()`, whose certificate begins this second: a node whose clock is behind would refuse it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cgrecnet sweep")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=SLACK))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    return certificate.public_bytes(pem).decode(), private.decode()
