"""Hold the place where a table of predictions is being made, and say in one sentence why it cannot be."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cgrecnet.errors import RunBusy, RunError
from cgrecnet.files import locked, shown


@contextmanager
def writing(out: Path, parts: Path) -> Iterator[None]:
    """While `out` is being made, hold the folder `parts`, which keeps what is done; it goes when all went well.

    It goes by another name: whoever is killed while it is deleted leaves nothing that looks like a half-done table.
    Raises RunBusy where another process holds it, RunError where the disk refuses.
    """
    ended = parts.with_name(parts.name + ".ended")
    shutil.rmtree(ended, ignore_errors=True)
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with locked(parts / "lock"):
            yield
        parts.replace(ended)
        shutil.rmtree(ended, ignore_errors=True)
    except BlockingIOError:
        raise RunBusy(f"Another process is writing {shown(out)}: wait for it, or name another file.") from None
    except OSError as error:
        raise RunError(
            f"{shown(error.filename or out)} cannot be written ({error.strerror}): make room or name another file, "
            "then start again; what is done is kept."
        ) from error
