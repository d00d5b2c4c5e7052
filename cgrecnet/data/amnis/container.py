"""The container of `.cif` and `.rif` files: a classic TIFF whose offsets of 32 bits start over at 4 GiB.

A file is a chain of directories: one of the file, then for each object one of its image and one of its mask. A
directory comes first, then its strip, then its longer values, so that offsets only grow: a directory that seems not
to lie behind the one before lies 4 GiB further on, and so do a strip and a value that seem to lie before their own
directory. General TIFF readers cannot be used: they follow the offsets as they stand, and know neither the
compressions nor the unusual types of some tags.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from cgrecnet.data.amnis.codec import Damaged

WRAP = 2**32
KIND = 33002
#: More entries than any directory has; those of files that were seen have 14 to 35.
MOST_ENTRIES = 1024

_FIRST_READ = 512  # holds the directory of an object
_SEARCH, _BEFORE, _TRIES = 2**20, 12 * 64, 4096  # of the search: bytes at a time, of a directory, and patience
_ENTRY = {
    order: np.dtype([("tag", f"{order}u2"), ("type", f"{order}u2"), ("count", f"{order}u4"), ("value", f"{order}u4")])
    for order in "<>"
}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BYTE, _SHORT = 1, 3


class Directory(NamedTuple):
    """Where a directory is, the bytes of its entries, and the offset of the next one as it stands."""

    offset: int
    entries: bytes
    next: int

    @property
    def end(self) -> int:
        """Where the directory itself ends; its strip and longer values follow."""
        return self.offset + len(self.entries) + 6


@dataclass(frozen=True)
class Container:
    """A file's size and byte order (`<` or `>`), and the offset of its first directory."""

    path: Path
    size: int
    order: str
    first: int

    @classmethod
    def of(cls, path: Path) -> "Container":
        """Raises Damaged where the file is no classic TIFF, and OSError."""
        with open(path, "rb") as file:
            head = file.read(8)
            size = file.seek(0, 2)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            raise Damaged("it does not begin as a TIFF file")
        return cls(path, size, order, struct.unpack(f"{order}4xI", head)[0])

    def read(self, offset: int, count: int, file: BinaryIO | None = None) -> bytes:
        """`count` bytes from `offset` on; Damaged where the file ends before, and nothing is allocated."""
        if not 0 <= offset <= offset + count <= self.size:
            raise Damaged("it is cut off by the end of the file")
        if file is None:
            with open(self.path, "rb", buffering=0) as file:
                return self.read(offset, count, file)
        file.seek(offset)
        data = file.read(count)
        if len(data) != count:
            raise Damaged("it is cut off by the end of the file")
        return data

    def directory(self, offset: int, file: BinaryIO) -> Directory | None:
        """The directory at `offset`, or None where there is none of this kind of file."""
        if not 8 <= offset <= self.size - 18:
            return None
        data = self.read(offset, min(_FIRST_READ, self.size - offset), file)
        length = 12 * int.from_bytes(data[:2], "little" if self.order == "<" else "big")
        if not 12 <= length <= 12 * MOST_ENTRIES or offset + length + 6 > self.size:
            return None
        if length + 6 > len(data):
            data = self.read(offset, length + 6, file)
        entries, following = data[2 : length + 2], data[length + 2 : length + 6]
        if not (self.table(entries)["tag"] == KIND).any():
            return None
        return Directory(offset, entries, struct.unpack(f"{self.order}I", following)[0])

    def table(self, entries: bytes) -> np.ndarray:
        """Entries as an array with fields tag, type, count, value; value holds the four bytes as they stand."""
        return np.frombuffer(entries, _ENTRY[self.order])

    def chain(self, here: Directory, file: BinaryIO) -> Iterator[Directory]:
        """Every directory behind `here`; where an offset leads to none, the next one is looked for."""
        while True:
            following = self.directory(unwrapped(here.next, here.offset), file)
            if following is None or following.offset < here.end:
                following = self._search(here.end, file)
            if following is None:
                return
            yield (here := following)

    def _search(self, offset: int, file: BinaryIO) -> Directory | None:
        """The first directory of an object behind `offset`, by the look of one of its entries."""
        entry, tries = struct.pack(f"{self.order}HHI", KIND, _SHORT, 1), 0
        for start in range(offset, self.size, _SEARCH):
            start = max(offset, start - _BEFORE - len(entry))
            data = self.read(start, min(_SEARCH + _BEFORE + len(entry), self.size - start), file)
            at = data.find(entry)
            while at >= 0 and (tries := tries + 1) < _TRIES:
                for index, place in enumerate(range(at - 2, max(0, at - _BEFORE) - 1, -12)):
                    count = struct.unpack_from(f"{self.order}H", data, place)[0]
                    if index < count <= MOST_ENTRIES and (found := self._sorted(start + place, file)):
                        return found
                at = data.find(entry, at + 1)
        return None

    def _sorted(self, offset: int, file: BinaryIO) -> Directory | None:
        """The directory at `offset`, if its tags ascend as they should."""
        found = self.directory(offset, file)
        if found is None or (np.diff(self.table(found.entries)["tag"].astype(np.int64)) <= 0).any():
            return None
        return found

    def value(self, here: Directory, tag: int, file: BinaryIO, most: int) -> bytes:
        """Content of the entry `tag`, b"" where there is none; Damaged where it is longer than `most` bytes or cut."""
        table = self.table(here.entries)
        found = np.flatnonzero(table["tag"] == tag)
        if not len(found):
            return b""
        entry = table[found[0]]
        length = _SIZES.get(int(entry["type"]), 0) * int(entry["count"])
        if length <= 4:
            return here.entries[12 * found[0] + 8 :][:length]
        if length > most:
            raise Damaged(f"its tag {tag} is said to have {length:,} bytes")
        return self.read(unwrapped(int(entry["value"]), here.offset), length, file)

    def numbers(self, directories: list[Directory], tags: dict[str, int]) -> dict[str, np.ndarray]:
        """Of each directory the number in each tag, int64, -1 where there is none; name -> array.

        Of a tag with several numbers it is their offset; a tag with a minus before it stands for how many it has.
        """
        found = {name: np.full(len(directories), -1, np.int64) for name in tags}
        lengths = np.array([len(directory.entries) for directory in directories])
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            table = self.table(b"".join(directories[row].entries for row in rows)).reshape(len(rows), -1)
            for name, tag in tags.items():
                there = table["tag"] == abs(tag)
                entries = table[np.arange(len(rows)), there.argmax(axis=1)]
                number = self._number(entries) if tag > 0 else entries["count"]
                found[name][rows] = np.where(there.any(axis=1), number, -1)
        return found

    def _number(self, entries: np.ndarray) -> np.ndarray:
        value, kind = entries["value"].astype(np.int64), entries["type"]
        if self.order == "<":
            short, byte = value & 0xFFFF, value & 0xFF
        else:
            short, byte = value >> 16, value >> 24
        one = np.select([kind == _BYTE, kind == _SHORT], [byte, short], value)
        return np.where(entries["count"] == 1, one, value)


def unwrapped(offset, before):
    """An offset of 32 bits as it is meant in a place behind `before`; integers or arrays of them."""
    offset = before // WRAP * WRAP + offset
    return offset + WRAP * (offset <= before)
