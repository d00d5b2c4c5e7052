"""What a killed run needs in order to go on: written after each epoch, whole or not at all, with its own hash.

The file of the epoch before stays beside it, for the case that the disk damages the last one.
"""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import torch

from cgrecnet.errors import RunError
from cgrecnet.files import atomic_write

#: The last line of the file, which torch's reader skips: the hash of all that comes before it.
_SEAL = "sha256 {}\n"
_SEALED = re.compile(rb"sha256 ([0-9a-f]{64})\n")
_LENGTH = len(_SEAL.format("0" * 64))


class _Hashed:
    """A file to write to that keeps the hash of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def before(path: Path) -> Path:
    """Where the checkpoint of the epoch before the one at `path` is."""
    return path.with_name(path.name + ".before")


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` beside `path` and move it into place, so that `path` is always a whole checkpoint.

    What `path` held is then at `before(path)`. Raises RunError where the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _keep(path)
        with atomic_write(path, "wb") as file:
            hashed = _Hashed(file)
            torch.save(state, hashed)
            file.write(_SEAL.format(hashed.digest.hexdigest()).encode())
    except (OSError, RuntimeError) as error:  # torch raises its own RuntimeError while it handles a full disk
        refused = error if isinstance(error, OSError) else error.__context__
        if not isinstance(refused, OSError):
            raise
        raise RunError(
            f"The checkpoint {path} could not be written ({refused.strerror}): free some space or name another "
            "folder, then start the run again; it goes on from the last checkpoint that is whole."
        ) from error


def _keep(path: Path) -> None:
    """A second name for what is at `path`; where the file system has no such names, there is no epoch before."""
    try:
        before(path).unlink(missing_ok=True)
        os.link(path, before(path))
    except OSError:
        return


def load_checkpoint(path: Path, fingerprint: str, say: Callable[[str], None] = print) -> dict[str, Any] | None:
    """The state saved at `path`, or where that is damaged, of the epoch before; None where neither can be used.

    say: gets a sentence for each damaged file. RunError for a checkpoint of another run.
    """
    for candidate, instead in ((path, "going on from the epoch before"), (before(path), "starting the run anew")):
        try:
            state = _load(candidate)
        except FileNotFoundError:
            continue
        except Exception as error:  # torch raises many kinds for a damaged file; all mean the same to the user
            if not before(path).exists():
                instead = "starting the run anew"
            say(f"note: the checkpoint {candidate} is damaged ({_short(error)}): {instead}.")
            continue
        if not isinstance(state, dict) or state.get("fingerprint") != fingerprint:
            raise RunError(
                f"The checkpoint {candidate} belongs to another configuration or other code: delete it to start the "
                "run anew."
            )
        return state
    return None


def _load(path: Path) -> Any:
    """What a file holds; any exception where it is not what was written, or has no hash that could tell."""
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size - _LENGTH
        digest, at = hashlib.sha256(), 0
        while at < length and (piece := file.read(min(2**20, length - at))):
            digest.update(piece)
            at += len(piece)
        sealed = _SEALED.fullmatch(file.read())
    if not sealed or sealed[1].decode() != digest.hexdigest():
        raise ValueError("its sha256 differs")
    return torch.load(path, map_location="cpu", weights_only=True)


def remove_checkpoint(path: Path) -> None:
    """Remove what only a restart needed."""
    for one in (path, before(path)):
        one.unlink(missing_ok=True)


def _short(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) and len(str(error)) < 60 else type(error).__name__
