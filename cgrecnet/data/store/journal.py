"""What is done of a store that is being built, so that a build which was killed goes on where it stopped.

`begun.json` says what the store is packed from. `journal.txt` has one line per source crop, written after its pixels:

    60 45 1234567890 <sha256 of the source>      packed: height, width, crc32 of the pixels
    aside truncated or damaged                    left out, and why

A crop counts as done if its line is whole and its pixels have that checksum, whatever the machine did in between.
"""

import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from cgrecnet.data.store.header import BEGUN, FORMAT, JOURNAL, PIXELS
from cgrecnet.data.store.index import Crop
from cgrecnet.data.store.source import Aside
from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write

#: Crops after which pixels and journal are handed to the system.
EVERY = 256

_PACKED = re.compile(r"(\d+) (\d+) (\d+) ([0-9a-f]{64})\n")
_ASIDE = re.compile(r"aside (.+)\n")


class Journal:
    """The two growing files of a build; a context that closes them.

    done: what became of each source crop so far: a `Crop` or an `Aside`.
    Raises DataError where the folder holds a build of other files, OSError where it cannot be written.
    """

    def __init__(self, folder: Path, source: str, pixel_type: np.dtype) -> None:
        self.folder = folder
        _begin(folder, source)
        self.done = _whole_prefix(folder, pixel_type.itemsize)
        size = sum(crop.height * crop.width for crop in self.packed()) * pixel_type.itemsize
        self._pixels = _cut(folder / PIXELS, size)
        self._lines = _cut(folder / JOURNAL, sum(len(_line(one)) for one in self.done))
        self._waiting: list[Crop | Aside] = []

    def packed(self) -> list[Crop]:
        """The crops that were packed, in order."""
        return [one for one in self.done if isinstance(one, Crop)]

    def add(self, image: np.ndarray, source_sha256: str) -> None:
        """Append a crop."""
        pixels = np.ascontiguousarray(image).tobytes()
        self._pixels.write(pixels)
        self._note(Crop(*image.shape, zlib.crc32(pixels), source_sha256))

    def leave_out(self, reason: Aside) -> None:
        """Note a crop that cannot be packed."""
        self._note(Aside(" ".join(str(reason).split()) or "unusable"))

    def _note(self, one: Crop | Aside) -> None:
        self._waiting.append(one)
        if len(self._waiting) >= EVERY:
            self.flush()

    def flush(self) -> None:
        """Hand over what waits: the pixels first, so that no line is ahead of them."""
        self._pixels.flush()
        self._lines.write(b"".join(map(_line, self._waiting)))
        self._lines.flush()
        self.done += self._waiting
        self._waiting = []

    def finish(self) -> None:
        """Flush, and wait until the disk has the pixels."""
        self.flush()
        os.fsync(self._pixels.fileno())

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is not None and not issubclass(kind, OSError):  # stopped by the user, say: keep what waits
                self.flush()
        finally:
            for file in (self._pixels, self._lines):
                try:
                    file.close()
                except OSError:  # a full disk again; what is missing is packed at the next start
                    pass


def remove_journal(folder: Path) -> None:
    """Remove what only a build needs; a folder without it is not touched, and may be read-only."""
    for name in (JOURNAL, BEGUN):
        if (folder / name).exists():
            (folder / name).unlink(missing_ok=True)


def _begin(folder: Path, source: str) -> None:
    """Say what the store is packed from, or make sure that it is what an earlier start said."""
    path = folder / BEGUN
    here = {"format": FORMAT, "source": source}
    if not path.exists():
        with atomic_write(path) as file:
            json.dump(here, file)
        return
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        earlier = None
    if earlier != here:
        raise DataError(
            f"The store in {folder} was begun from other files, or they have changed since: remove that folder to "
            "start over, or name another place with --store."
        )


def _whole_prefix(folder: Path, itemsize: int) -> list[Crop | Aside]:
    """What is done: the lines up to the first that is not whole, or whose pixels are not there as written."""
    done: list[Crop | Aside] = []
    if not (folder / JOURNAL).exists() or not (folder / PIXELS).exists():
        return done
    with open(folder / PIXELS, "rb") as pixels:
        for one in _read_lines(folder / JOURNAL):
            if isinstance(one, Crop):
                data = pixels.read(one.height * one.width * itemsize)
                if len(data) != one.height * one.width * itemsize or zlib.crc32(data) != one.crc32:
                    break
            done.append(one)
    return done


def _read_lines(path: Path) -> Iterator[Crop | Aside]:
    with open(path, encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            if found := _PACKED.fullmatch(line):
                yield Crop(*map(int, found.groups()[:3]), found[4])
            elif found := _ASIDE.fullmatch(line):
                yield Aside(found[1])
            else:
                return


def _line(one: Crop | Aside) -> bytes:
    if isinstance(one, Aside):
        return f"aside {one}\n".encode()
    return f"{one.height} {one.width} {one.crc32} {one.source_sha256}\n".encode()


def _cut(path: Path, size: int):
    """Open a file to append to, cut to its first `size` bytes."""
    file = open(path, "ab")
    file.truncate(size)
    file.seek(0, os.SEEK_END)
    return file
