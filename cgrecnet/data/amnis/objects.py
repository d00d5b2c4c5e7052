"""The objects of one file: their pixels, read one object at a time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgrecnet.data.amnis.codec import Damaged, decode_grey, decode_mask
from cgrecnet.data.amnis.container import Container, Directory
from cgrecnet.data.amnis.metadata import Acquisition, read_acquisition
from cgrecnet.data.amnis.pairing import TAGS, Problem, paired

_BATCH = 4096


@dataclass(frozen=True)
class Objects:
    """A file whose directories were read.

    table: one entry per usable object, in the file's order, name -> int64 array (see `pairing.paired`).
    problems: the objects that cannot be used, by number.
    """

    container: Container
    acquisition: Acquisition
    table: dict[str, np.ndarray]
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.table["number"])

    def planes(self, row: int) -> np.ndarray:
        """Grey levels of an object, shape (channels, height, width), int64. Raises Damaged and OSError."""
        of = self._of(row)
        data = self.container.read(of["offset"], of["bytes"])
        return self._apart(decode_grey(data, of["height"], of["width"]))

    def masks(self, row: int) -> np.ndarray | None:
        """Mask values 0 to 3, shape (channels, height, width), uint8; None without masks. Raises Damaged, OSError."""
        of = self._of(row)
        if of["mask_bytes"] < 0:
            return None
        data = self.container.read(of["mask_offset"], of["mask_bytes"])
        return self._apart(decode_mask(data, of["height"], of["width"]))

    def background(self, row: int) -> np.ndarray | None:
        """Mean level of the background as the instrument took it, per channel, or None. Raises Damaged, OSError."""
        of, channels = self._of(row), len(self.acquisition.channels)
        if of["background"] < 0:
            return None
        means = np.frombuffer(self.container.read(of["background"], 8 * channels), f"{self.container.order}f8")
        return means if np.isfinite(means).all() else None

    def _of(self, row: int) -> dict[str, int]:
        return {name: int(column[row]) for name, column in self.table.items()}

    def _apart(self, side_by_side: np.ndarray) -> np.ndarray:
        height, width = side_by_side.shape
        channels = len(self.acquisition.channels)
        return side_by_side.reshape(height, channels, width // channels).transpose(1, 0, 2)


def read_objects(path: str | Path) -> Objects:
    """Read the directories of a file, not the pixels. Raises Damaged where it is not such a file, and OSError."""
    container = Container.of(Path(path))
    with open(path, "rb", buffering=0) as file:
        first = container.directory(container.first, file)
        if first is None:
            raise Damaged("it is a TIFF file, but not one of ImageStream")
        acquisition = read_acquisition(container, first, file)
        parts, batch = [], []
        for directory in container.chain(first, file):
            batch.append(directory)
            if len(batch) == _BATCH:
                parts.append(_columns(container, batch))
                batch = []
    parts.append(_columns(container, batch))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    table, problems = paired(columns, container.size, len(acquisition.channels), acquisition.objects)
    return Objects(container, acquisition, table, problems)


def _columns(container: Container, directories: list[Directory]) -> dict[str, np.ndarray]:
    offsets = np.array([directory.offset for directory in directories], np.int64)
    return container.numbers(directories, TAGS) | {"at": offsets}
