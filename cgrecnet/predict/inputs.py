"""Whatever a user wants predicted, as a long list of cells that are read when they are asked for."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgrecnet.data import open_dataset
from cgrecnet.data.amnis.objects import ENDINGS as AMNIS
from cgrecnet.data.base import CellDataset, Unusable
from cgrecnet.data.images.listing import picture_of
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.options import ReadingOptions
from cgrecnet.data.store import open_store
from cgrecnet.data.store.header import is_store
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown
from cgrecnet.predict.folder import Model

#: Files that are taken for images of single cells.
PICTURES = (".bmp", ".png", ".tif", ".tiff")


@dataclass(frozen=True)
class Cells:
    """Cells without a class. what: in words; digest: hash that changes when the input does (names, sizes, times).

    names: what each is called in the table; images: indexing reads one, and raises DataError where it cannot be read.
    files, objects: of each cell, its ImageStream file and its number there; None for other input.
    """

    what: str
    digest: str
    names: Sequence[str]
    images: Sequence
    files: Sequence[str] | None = None
    objects: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self.names)


class Pictures(Sequence):
    """Image files below a folder, each read when it is indexed; nothing is kept."""

    def __init__(self, root: Path, names: list[str], reader: Reader) -> None:
        self.root, self.names, self.reader = root, names, reader

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        try:
            return self.reader.read(self.root, self.names[index])
        except Unusable as reason:
            raise DataError(str(reason)) from None


def open_input(path: str | Path, model: Model, channel: int | None = None) -> Cells:
    """The cells at `path`: a packed store, an ImageStream file or a folder of them, or a folder of single-cell images.

    channel: which one to read where there are several; None: the one that the model was trained on.
    Raises DataError (nothing there) or ConfigError (a channel is to be chosen).
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DataError(f"{shown(path)} does not exist: name a folder of images, an ImageStream file or a store.")
    if is_store(path):
        return _store(path, channel)
    if path.is_file():
        if path.suffix.lower() in AMNIS:
            return _amnis(path, model, channel)
        if path.suffix.lower() in PICTURES:
            return _pictures(path.parent, [path.name], f"the image {shown(path)}", model)
        raise DataError(f"{shown(path)} is no image, ImageStream file (.cif, .rif) or packed store that can be read.")
    return _folder(path, model, channel)


def _store(path: Path, channel: int | None) -> Cells:
    if channel is not None:
        raise ConfigError(f"{shown(path)} is a store, which holds one channel: leave --channel out.")
    dataset = open_store(path)
    return _of(dataset, f"the store {shown(path)} ({dataset.name})")


def _amnis(path: Path, model: Model, channel: int | None) -> Cells:
    trained = model.data.get("options") or {}
    wanted = channel or (trained.get("channel", "brightfield") if model.data["name"] == "amnis" else "brightfield")
    options = {"hash": "names", "channel": wanted, "window": model.window}
    dataset = open_dataset("amnis", path, options=options)
    number = sorted(set(dataset.table["channel"].tolist()))
    return _of(dataset, f"{shown(path)}, " + " and ".join(f"Ch{n}" for n in number))


def _of(dataset: CellDataset, what: str) -> Cells:
    """The cells of a data set, with their places in ImageStream files where its table has them."""
    table = dataset.table
    places = [table[name].tolist() for name in ("file", "object") if {"file", "object"} <= set(table.columns)]
    return Cells(what, dataset.fingerprint, table["cell_id"].astype(str).tolist(), dataset.images, *places)


def _folder(path: Path, model: Model, channel: int | None) -> Cells:
    pictures, streams = [], 0
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            ending = os.path.splitext(name)[1].lower()
            streams += ending in AMNIS and not name.startswith(".")
            if ending in PICTURES and not name.startswith(".") and not picture_of(name).mask:
                pictures.append(os.path.relpath(os.path.join(folder, name), path))
    if streams and pictures:
        raise DataError(
            f"{shown(path)} holds {streams} ImageStream file(s) and {len(pictures)} image(s): name one kind at a time."
        )
    if streams:
        return _amnis(path, model, channel)
    if not pictures:
        raise DataError(f"There is no image ({', '.join(PICTURES)}), .cif or .rif in {shown(path)}.")
    return _pictures(path, _one_channel(path, pictures, channel), f"the folder {shown(path)}", model)


def _one_channel(path: Path, names: list[str], channel: int | None) -> list[str]:
    """Files of one channel, where their names say which: `12_Ch1.ome.tif`; those that say nothing are all taken."""
    marked = {name: picture_of(os.path.basename(name)).channel for name in names}
    have = sorted(set(marked.values()) - {None})
    if channel is None and len(have) > 1:
        raise ConfigError(
            f"The file names in {shown(path)} name channels {', '.join(map(str, have))}: "
            f"say which the model is for, such as --channel {have[0]}."
        )
    if channel is None:
        return names
    if channel not in have:
        listed = ", ".join(map(str, have)) or "no channel at all"
        raise ConfigError(f"No file name in {shown(path)} names channel {channel} (there is {listed}).")
    return [name for name in names if marked[name] == channel]


def _reader(model: Model) -> Reader:
    """How the model's own training images were read: page, scale, inverted, colour."""
    known = model.data.get("options") or {}
    asked = ReadingOptions.model_validate({name: known[name] for name in ReadingOptions.model_fields if name in known})
    if several := known.get("channel") if model.channels > 1 else None:
        raise ConfigError(
            f"The model was trained on channels {', '.join(map(str, several))} of several files per cell: pack such "
            "cells into a store (`cgrecnet data pack folder`) and name that."
        )
    return Reader(asked, colour=model.channels == 3)


def _pictures(root: Path, names: list[str], what: str, model: Model) -> Cells:
    digest = hashlib.sha256()
    for name in names:
        try:
            status = os.stat(root / name)
            digest.update(f"{status.st_size} {status.st_mtime_ns} ".encode() + os.fsencode(name) + b"\0")
        except OSError:
            digest.update(b"gone " + os.fsencode(name) + b"\0")
    images = Pictures(root, names, _reader(model))
    return Cells(what, digest.hexdigest(), [shown(Path(name).as_posix()) for name in names], images)
