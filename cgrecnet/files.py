"""Files that are whole or not there, what they say, and locks that the system frees."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from cgrecnet.errors import RunError

#: What to do where a file of a run cannot be written.
_GO_ON = (
    "make room or the folder writable, or name another with --results, then start the run again; it goes on from its "
    "last checkpoint"
)


@contextmanager
def atomic_write(path: Path, mode: str = "w") -> Iterator[IO]:
    """A file beside `path` to write to; it takes the place of `path` at the end, and is removed on an error.

    mode: `w` (text, UTF-8) or `wb`. Raises OSError; `path` then holds what it held before.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def refuse_unwritable(path: Path, advice: str) -> Iterator[None]:
    """While the block writes `path`: RunError, in one sentence, where the disk refuses. advice: what to do then."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be written ({error.strerror}): {advice}.") from error


def write_file(path: Path, content: str | bytes, advice: str = _GO_ON) -> Path:
    """Write `content` to `path`, whose folder is made, and never a part of it; RunError where the disk refuses."""
    with refuse_unwritable(path, advice):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, "w" if isinstance(content, str) else "wb") as file:
            file.write(content)
    return path


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON to a file that is whole or not there; its folder is made. Raises OSError, or ValueError for
    a number that JSON does not have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1, allow_nan=False)
    with atomic_write(path) as file:
        file.write(text + "\n")


def remembered(path: Path) -> dict[str, Any]:
    """What was written to a file of JSON before; nothing where there is none, or it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the lock file `path`, which is made if needed; give its descriptor, for a child that shall hold it too.

    Raises BlockingIOError where another process holds it. The file stays; the lock ends with its last holder. The
    library filelock gives no descriptor, so a child could not go on holding what its parent took.
    """
    with open(path, "w", encoding="utf-8") as file:
        try:
            import fcntl
        except ImportError:  # not on Windows
            yield file.fileno()
            return
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield file.fileno()


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal. Raises OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of(fields: Mapping[str, Any]) -> str:
    """sha256 over named values, in whatever order and layout they stand in a file of JSON.

    Empty where they are nested more deeply than JSON is written: no hash of a file is.
    """
    try:
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        return ""


#: What a page would not show but run: HTML, and what its Markdown fills in.
_MARKUP = re.compile(r"<[A-Za-z/!?]|\{[{%]")


def markup_in(value: Any) -> str | None:
    """A text within a value of JSON, names included, that would be markup on a page; None for none."""
    rest = [value]  # not by recursion: JSON may be nested more deeply than Python calls
    while rest:
        part = rest.pop()
        if isinstance(part, str) and _MARKUP.search(part):
            return part
        if isinstance(part, Mapping):
            rest += [*part.values(), *part]
        elif isinstance(part, list | tuple):
            rest += reversed(part)
    return None


def shown(name: str | Path) -> str:
    """A file name that can be printed, also where it is no valid text."""
    return str(name).encode("utf-8", "backslashreplace").decode("utf-8")
