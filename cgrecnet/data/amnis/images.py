"""Cells of ImageStream files as a long list of images that are decoded when they are indexed."""

import operator
from collections.abc import Sequence

import numpy as np

from cgrecnet.data.amnis.codec import Damaged
from cgrecnet.data.amnis.objects import Objects
from cgrecnet.errors import DataError
from cgrecnet.files import shown


class AmnisImages(Sequence):
    """One channel of each cell: uint16, shape (H, W), sizes differ, read-only; nothing is kept.

    files: the opened files; positions: of each file, the place of the channel in its row of channels.
    file, row: of each cell, which file and which of its usable objects; int arrays.
    masked: whether pixels outside the mask become the mean of the background.
    Levels below 0, which compensation can give, become 0. Indexing raises DataError, naming file and object.
    """

    dtype = np.dtype(np.uint16)

    def __init__(
        self, files: Sequence[Objects], positions: Sequence[int], file: np.ndarray, row: np.ndarray, masked: bool
    ) -> None:
        self.files, self.positions, self.file, self.row, self.masked = files, positions, file, row, masked

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, index):
        return self.at(index) if isinstance(index, slice) else self._named(index, self.image)

    def at(self, index: slice | np.ndarray) -> "AmnisImages":
        """Some of the cells."""
        return AmnisImages(self.files, self.positions, self.file[index], self.row[index], self.masked)

    def mask(self, index: int) -> np.ndarray:
        """The cell's mask in this channel, from the file: uint8, shape (H, W), 0 outside; 2, 3 where it was cut.

        A reference for maps, never an input. Raises DataError where there is none, as in files without masks.
        """
        return self._named(index, self._mask)

    def image(self, objects: Objects, row: int, position: int) -> np.ndarray:
        """The image of an object; raises Damaged and OSError."""
        levels = objects.planes(row)[position]
        if self.masked:
            levels = _without_background(levels, self._mask(objects, row, position), objects.background(row), position)
        image = np.ascontiguousarray(levels.clip(0)).astype(np.uint16)
        image.flags.writeable = False
        return image

    def _mask(self, objects: Objects, row: int, position: int) -> np.ndarray:
        masks = objects.masks(row)
        if masks is None:
            raise Damaged("it has no mask")
        return masks[position]

    def _named(self, index: int, read) -> np.ndarray:
        index = operator.index(index)
        file, row = int(self.file[index]), int(self.row[index])
        objects = self.files[file]
        try:
            return read(objects, row, self.positions[file])
        except (Damaged, OSError) as reason:
            raise DataError(
                f"Object {objects.table['number'][row]} of {shown(objects.container.path)} cannot be used ({reason}): "
                "`cgrecnet data check amnis` with this file names all such objects."
            ) from None


def _without_background(levels: np.ndarray, mask: np.ndarray, means: np.ndarray | None, position: int) -> np.ndarray:
    """Every pixel outside the mask at the mean of the background, so that no edge shows where it ends."""
    outside = mask == 0
    if outside.all():
        raise Damaged("its mask is empty in this channel")
    if not outside.any():
        return levels
    level = np.median(levels[outside]) if means is None else means[position]
    return np.where(outside, np.int64(np.clip(np.rint(level), 0, 2**16 - 1)), levels)
