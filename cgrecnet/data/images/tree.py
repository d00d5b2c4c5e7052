"""Which files a folder tree holds, and which of them are images by their names; none is opened."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cgrecnet.data.images.naming import Unusable

ENDINGS = (".bmp", ".tif", ".tiff", ".png")


def walk(root: Path, aside: dict[str, list[str]]) -> Iterator[str]:
    """Names of all files below `root`, relative and with /: linked folders last, each folder once, no hidden ones."""
    above = os.path.join(os.path.realpath(root), "")
    seen: set[str] = set()
    todo = [""]
    while todo:
        start = todo.pop(0)
        if start and above.startswith(os.path.join(os.path.realpath(root / start), "")):
            aside["link to a folder that it lies in"].append(start)
            continue
        for folder, folders, files in os.walk(root / start, onerror=lambda error: _unreadable(error, root, aside)):
            here = os.path.relpath(folder, root).replace(os.sep, "/")
            if (real := os.path.realpath(folder)) in seen:
                aside["link to a folder that is read already"].append(here)
                folders.clear()
                continue
            seen.add(real)
            prefix = "" if here == "." else here + "/"
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            todo += [prefix + name for name in sorted(links)]
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
            yield from (prefix + name for name in sorted(files))


def _unreadable(error: OSError, root: Path, aside: dict[str, list[str]]) -> None:
    aside["folder that cannot be opened"].append(os.path.relpath(error.filename, root))


def size_of(root: Path, name: str) -> int:
    """Bytes of a plain file that is not empty; raises Unusable for anything else."""
    try:
        status = os.stat(root / name)
    except OSError:
        raise Unusable("cannot be opened") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unusable("not a plain file")
    if status.st_size == 0:
        raise Unusable("empty (0 bytes)")
    return status.st_size


def parts_of(name: str) -> tuple[tuple[str, ...], str, str]:
    """(folders, file name, its ending in small letters)."""
    *folders, file = name.split("/")
    return tuple(folders), file, os.path.splitext(file)[1].lower()


def is_image(file: str, ending: str) -> bool:
    return ending in ENDINGS and not file.startswith(".")
