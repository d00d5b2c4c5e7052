"""One build at a time in one folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cgrecnet.errors import RunError


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raise RunError where another process has it. The system frees it on any death."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"Another build is at work in {folder}: wait until it has ended.") from None
        yield
    finally:
        os.close(descriptor)
