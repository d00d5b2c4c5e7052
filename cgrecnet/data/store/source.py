"""What a store is packed from: the crops of a data set one by one, and a hash that notices when they change."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.base import CellDataset
from cgrecnet.data.images.naming import Unusable


class Aside(Exception):
    """A crop that cannot be packed; the message is the reason."""


def source_files(dataset: CellDataset) -> list[Path]:
    """The files of the crops, for a data set that has one or several for each; otherwise none."""
    names, root = getattr(dataset.images, "names", None), getattr(dataset.images, "root", None)
    if names is None or root is None:
        return []
    return [Path(root, name) for each in names for name in ((each,) if isinstance(each, str) else each)]


def pixel_type(dataset: CellDataset) -> np.dtype:
    """Pixel type that every crop must have: that of the first."""
    images = dataset.images
    return np.dtype(images.dtype if hasattr(images, "dtype") else images[0].dtype)


def source_digest(dataset: CellDataset) -> str:
    """sha256 over all that decides what a store will hold.

    With a file per crop these are names, sizes and times of last change, so that nothing has to be read; a file that
    was rewritten with as many bytes is noticed by its time. Otherwise it is the fingerprint over the pixels.
    """
    facts = {
        "name": dataset.name,
        "task": dataset.task,
        "classes": dataset.classes,
        "window": dataset.window,
        "options": dataset.options,
        "fingerprint": dataset.fingerprint,
        "pixel type": pixel_type(dataset).str,
        "columns": [[name, str(kind)] for name, kind in dataset.table.dtypes.items()],
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(pd.util.hash_pandas_object(dataset.table, index=False).to_numpy().tobytes())
    for path in source_files(dataset):
        try:
            status = os.stat(path)
            digest.update(f"{status.st_size} {status.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(b"gone\n")
    return digest.hexdigest()


def crops_of(dataset: CellDataset, first: int = 0) -> Iterator[tuple[np.ndarray | Aside, str]]:
    """(crop, or why there is none; sha256 of its file's bytes, or of its pixels) from crop `first` on.

    Each file is read once, and no crop is kept.
    """
    from_files = getattr(dataset.images, "read_hashed", None)
    for i in range(first, len(dataset)):
        if from_files is None:
            crop = np.asarray(dataset.images[i])
            yield crop, hashlib.sha256(np.ascontiguousarray(crop).tobytes()).hexdigest()
            continue
        try:
            yield from_files(i)
        except Unusable as reason:
            yield Aside(str(reason)), ""
