"""A long list of images that are read from their files when they are indexed (data sets `zhu` and `folder`)."""

import operator
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cgrecnet.data.images.naming import Unusable
from cgrecnet.data.images.reading import Reader
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Bytes of decoded images that `CellImages` keeps.
CACHE_BYTES = 32 * 2**20


class CellImages(Sequence):
    """Images that are read from their files when they are indexed; the latest ones are kept, `CACHE_BYTES` at most.

    names: a cell's file below the root, or several, one a channel; dtype, channels: what every image must have.
    reader: how the files are read; data_set: whose check names bad ones.
    Indexing raises DataError, naming the file, where it is gone, damaged or of another depth.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str | tuple[str, ...]],
        dtype: np.dtype,
        channels: int,
        reader: Reader,
        data_set: str,
    ) -> None:
        self.root, self.names, self.dtype, self.channels = Path(root), names, np.dtype(dtype), channels
        self.reader, self.data_set = reader, data_set
        self._forget()

    def _forget(self) -> None:
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index):
        if isinstance(index, slice):
            kind = self.dtype, self.channels, self.reader, self.data_set
            return CellImages(self.root, self.names[index], *kind)
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

    def read_hashed(self, index: int) -> tuple[np.ndarray, str]:
        """The image, and the sha256 (hex) of its files' bytes; raises Unusable with the reason."""
        return self.reader.read_hashed(self.root, self.names[index])

    def _read(self, name: str | tuple[str, ...]) -> np.ndarray:
        try:
            image = self.reader.read(self.root, name)
        except Unusable as reason:
            problem = str(reason)
        else:
            channels = 1 if image.ndim == 2 else image.shape[2]
            if (image.dtype, channels) == (self.dtype, self.channels):
                return image
            found, others = (f"{8 * kind.itemsize} bit" for kind in (image.dtype, self.dtype))
            if channels != self.channels:
                found, others = f"{channels} channel(s)", str(self.channels)
            problem = f"{found}, where the others have {others.removesuffix(' bit')}"
        first = name if isinstance(name, str) else name[0]
        raise DataError(
            f"The image {shown(first)} in {shown(self.root)} cannot be used ({problem}); "
            f"`cgrecnet data check {self.data_set}` with this folder names all such files: mend or remove them."
        )

    def __getstate__(self) -> dict:
        """Without the kept images, so that workers start with little."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._forget()
