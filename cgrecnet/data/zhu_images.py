"""A long list of images that are read from their files when they are indexed (data set `zhu`)."""

import operator
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cgrecnet.data.zhu_names import Unusable
from cgrecnet.data.zhu_pixels import read_grey
from cgrecnet.data.zhu_place import shown
from cgrecnet.errors import DataError

#: Bytes of decoded images that `CellImages` keeps.
CACHE_BYTES = 32 * 2**20


class CellImages(Sequence):
    """Images that are read from their files when they are indexed; the latest ones are kept, `CACHE_BYTES` at most.

    dtype: what every image must be (uint8 or uint16).
    Indexing raises DataError, naming the file, where it is gone, damaged or of another depth.
    """

    def __init__(self, root: Path, names: Sequence[str], dtype: np.dtype) -> None:
        self.root, self.names, self.dtype = Path(root), names, np.dtype(dtype)
        self._forget()

    def _forget(self) -> None:
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return CellImages(self.root, self.names[index], self.dtype)
        name = self.names[operator.index(index)]
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        image = self._read(name)
        self._kept[name] = image
        self._bytes += image.nbytes
        while self._bytes > CACHE_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return image

    def _read(self, name: str) -> np.ndarray:
        try:
            image = read_grey(self.root, name)
        except Unusable as reason:
            problem = str(reason)
        else:
            if image.dtype == self.dtype:
                return image
            problem = f"{8 * image.dtype.itemsize} bit, where the others have {8 * self.dtype.itemsize}"
        raise DataError(
            f"The image {shown(name)} in {shown(self.root)} cannot be used ({problem}); "
            "`cgrecnet data check zhu` with this folder names all such files: mend or remove them."
        )

    def __getstate__(self) -> dict:
        """Without the kept images, so that workers start with little."""
        return {"root": self.root, "names": self.names, "dtype": self.dtype}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._forget()
