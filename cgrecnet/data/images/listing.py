"""Which files a folder tree holds, or a table of them, and which are cells by their names (`zhu` and `folder`).

Nothing is opened here: names and sizes are enough.
"""

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cgrecnet.data.images.naming import Unusable
from cgrecnet.errors import DataError
from cgrecnet.files import shown

ENDINGS = (".bmp", ".tif", ".tiff", ".png")
#: A second picture of one cell is no second cell.
AGAIN = "another picture of a cell that is there already"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its file below the root (with /), or one a channel; size in bytes, class, acquisition (may be "").

    day, replicate: of the acquisition, where names say them.
    """

    names: tuple[str, ...]
    bytes: int
    kind: str
    group: str
    day: str = ""
    replicate: str = ""

    @property
    def name(self) -> str:
        """The file that the cell is named after."""
        return self.names[0]


@dataclass
class Listing:
    """What names say of a folder tree, or of a table of files; nothing is opened yet.

    cells: sorted by name; aside: reason -> files or folders that cannot be used; channels: files of each channel, or
    of those that are not read (`zhu`); read: the channels that are read, in order, empty where names have none;
    masks, others: files that are no pictures of cells; parts: folders such as `train`; grouped: whether an option or a
    table names the acquisition; marked: whether the files themselves name the channel.
    """

    root: Path
    cells: list[Cell] = field(default_factory=list)
    aside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    channels: Counter = field(default_factory=Counter)
    read: tuple[int, ...] = ()
    masks: int = 0
    others: Counter = field(default_factory=Counter)
    parts: set[str] = field(default_factory=set)
    grouped: bool = False
    marked: bool = False
    simulated: bool = False

    @property
    def set_aside(self) -> int:
        """How many files cannot be used."""
        return sum(map(len, self.aside.values()))

    def aside_by_name(self) -> dict[str, str]:
        """File -> reason of what cannot be used."""
        return {shown(name): reason for reason, names in self.aside.items() for name in names}

    def refuse_empty(self, remedy: str) -> None:
        """Raise DataError for a tree without an image, saying what it holds in place of them."""
        others = ", ".join(f"{count:,} {ending}" for ending, count in self.others.most_common(3))
        holds = f"holds other files ({others})" if others else "is empty"
        raise DataError(f"No image ({' '.join(ENDINGS)}) in {shown(self.root)}, which {holds}: {remedy}.")


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
