"""Open ImageStream files as a data set (`amnis`): the cells of one or several files, decoded when they are indexed."""

import hashlib
import logging
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from tqdm import tqdm

from cgrecnet.data.amnis.classes import NONE, label
from cgrecnet.data.amnis.codec import Damaged
from cgrecnet.data.amnis.metadata import LIT, Acquisition
from cgrecnet.data.amnis.objects import Objects, find_files, open_file, same_cells
from cgrecnet.data.base import CellDataset, fingerprint_of
from cgrecnet.data.levels import Levels
from cgrecnet.data.options import Options, Window
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: The one task: whatever question the user's own classes ask.
TASKS = {"own": ()}
#: Bits that are assumed of a camera whose file does not say.
BITS = 12
#: With more cells than this, reading them all shows its progress.
MANY = 5000

_log = logging.getLogger(__name__)


class AmnisOptions(Options):
    """Settings of the data set.

    channel: a number as the instrument counts (Ch1 is 1), or `brightfield`: the one that the file itself marks.
    classes_from: what names a cell's class: its `file` (without ending), the `folder` of its file, or a `population`
        of the analysis (.daf) beside it that is a list. None: all cells are `unlabelled`, as for a prediction.
    classes: such a name -> class; what is not named takes no part. None: each name is a class of its own.
    hash: `content` decodes every cell once on opening, leaves out the damaged ones, and gives a fingerprint over all
        pixels; `names` opens at once, but its fingerprint covers only names, sizes and labels, and a damaged cell is
        met when it is indexed.
    window: grey levels (black, white) that map to 0 and 1; None: the whole range of the camera.
    """

    channel: Annotated[int, Field(ge=1, le=12, strict=True)] | Literal["brightfield"] = "brightfield"
    classes_from: Literal["file", "folder", "population"] | None = None
    classes: dict[str, str] | None = None
    hash: Literal["content", "names"] = "content"
    window: Window | None = None

    @model_validator(mode="after")
    def _classes_of_something(self) -> "AmnisOptions":
        if self.classes is not None and (self.classes_from is None or not self.classes):
            raise ValueError("classes needs at least one name, and classes_from (file, folder or population)")
        return self


class AmnisImages(Sequence):
    """One channel of each cell: uint16, shape (H, W), sizes differ, read-only; nothing is kept.

    files: the opened files; positions: of each file, the place of the channel in its row of channels.
    file, row: of each cell, which file and which of its usable objects; int arrays.
    Levels below 0, which compensation can give, become 0. Indexing raises DataError, naming file and object.
    """

    dtype = np.dtype(np.uint16)

    def __init__(self, files: Sequence[Objects], positions: Sequence[int], file: np.ndarray, row: np.ndarray) -> None:
        self.files, self.positions, self.file, self.row = files, positions, file, row

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, index: int | slice | np.ndarray):
        if isinstance(index, slice | np.ndarray):
            return AmnisImages(self.files, self.positions, self.file[index], self.row[index])
        index = operator.index(index)
        file, row = int(self.file[index]), int(self.row[index])
        objects = self.files[file]
        try:
            levels = objects.planes(row)[self.positions[file]]
        except (Damaged, OSError) as reason:
            raise DataError(
                f"Object {objects.table['number'][row]} of {shown(objects.container.path)} cannot be used ({reason}): "
                "`cgrecnet data check amnis` with this file names all such objects."
            ) from None
        image = np.ascontiguousarray(levels.clip(0)).astype(np.uint16)
        image.flags.writeable = False
        return image


def available(root: str | Path | None = None) -> bool:
    """True if there is an ImageStream file by its name; opens none."""
    try:
        return bool(find_files(root))
    except DataError:
        return False


def open_cells(root: str | Path | None, task: str, used: AmnisOptions) -> CellDataset:
    """The cells of one file, or of all files below a folder.

    images: uint16, shape (H, W), sizes differ; decoded when they are indexed (see `AmnisImages`).
    table: cell_id (file#object), class_name, group (the file), file, object (from 0, as IDEAS counts), original (its
        number in the run that the file was made from, -1 where not said), channel.
    window: (0, 1023) for a camera of 10 bit and the like, unless the option gives another; levels may lie above it.
    Objects that cannot be used are left out with a warning; `cgrecnet data check amnis` names them.
    Raises DataError (no such files, none usable, no analysis) or ConfigError (channel, name).
    """
    opened = [open_file(path, name) for path, name in find_files(root)]
    channels = [channel_of(objects, used.channel) for objects in opened]
    window = used.window or _window(opened)
    classes, labels, doubtful = label(opened, used.classes_from, used.classes)
    taken = [np.flatnonzero(of_file != NONE) for of_file in labels]
    labels = np.concatenate([of_file[rows] for of_file, rows in zip(labels, taken, strict=True)])
    table = pd.concat(map(_table, opened, channels, taken), ignore_index=True)
    table.insert(1, "class_name", np.array(classes, object)[labels])
    images = AmnisImages(
        opened,
        [objects.acquisition.channels.index(channel) for objects, channel in zip(opened, channels, strict=True)],
        np.repeat(np.arange(len(opened)), [len(rows) for rows in taken]),
        np.concatenate(taken),
    )
    found = len(images)
    if used.hash == "content":
        kept, digest, levels = _read_all(images, labels, table["cell_id"])
        images, labels, table = images[kept], labels[kept], table.iloc[kept].reset_index(drop=True)
        if (used_levels := levels.range()) is not None and used_levels.narrow(window):
            _log.warning("amnis: %s", used_levels.fit(window))
    else:
        names = hashlib.sha256(b"names and sizes only, masked False\n")
        for objects, channel in zip(opened, channels, strict=True):
            names.update(f"{objects.name}\0{objects.container.size}\0{channel}\n".encode())
        names.update(labels.tobytes() + "\n".join(table["cell_id"]).encode())
        digest = names.hexdigest()
    _say_what_is_left_out(opened, sum(map(len, opened)) - found, doubtful, found - len(images))
    _check_classes(opened, classes, labels)
    numbers = " and ".join(f"Ch{number}" for number in sorted(set(channels)))
    mark = "brightfield by the file's own mark" if used.channel == "brightfield" else "named by the user"
    count = "one ImageStream file" if len(opened) == 1 else f"{len(opened)} ImageStream files"
    return CellDataset(
        name="amnis",
        simulated=False,
        task=task,
        classes=classes,
        images=images,
        labels=labels,
        table=table,
        window=window,
        fingerprint=digest,
        origin=f"The user's own cells from {count}, {numbers} ({mark}).",
        options=used.model_dump(),
    )


def channel_of(objects: Objects, wanted: int | str) -> int:
    """The number of the channel to read from a file. Raises ConfigError where it has none such, or marks none."""
    channels, marked = objects.acquisition.channels, objects.acquisition.brightfield
    advice = f"give channel= one of {', '.join(map(str, channels))}"
    if wanted != "brightfield":
        if wanted not in channels:
            raise ConfigError(f"{objects.name} has no channel {wanted}: {advice}.")
        return int(wanted)
    if not marked:
        raise ConfigError(f"{objects.name} does not mark its brightfield ({LIT}): {advice}.")
    if len(marked) > 1:
        several = " and ".join(map(str, marked))
        _log.warning("amnis: %s marks channels %s as brightfield; the first is read", objects.name, several)
    return marked[0]


def default_window(acquisition: Acquisition) -> tuple[float, float]:
    """From 0 to the largest level of the camera's bits."""
    return 0.0, float(2 ** (acquisition.bits or BITS) - 1)


def _window(opened: Sequence[Objects]) -> tuple[float, float]:
    found = {default_window(objects.acquisition): objects.name for objects in opened}
    if len(found) > 1:
        cameras = " and ".join(f"{white + 1:,.0f} levels ({name})" for (_, white), name in found.items())
        raise DataError(
            f"The cameras of these files have {cameras}, no common grey scale: give window=, or part the files."
        )
    return next(iter(found))


def _table(objects: Objects, channel: int, rows: np.ndarray) -> pd.DataFrame:
    """The cells of one file; every file is one run of the instrument, or a part of one, so it is the group."""
    numbers = objects.table["number"][rows]
    columns = {
        "cell_id": [f"{objects.name}#{number}" for number in numbers.tolist()],
        "group": objects.name.rpartition(".")[0],
        "file": objects.name,
        "object": numbers,
        "original": objects.table["original"][rows],
        "channel": channel,
    }
    return pd.DataFrame(columns)


def _read_all(images: AmnisImages, labels: np.ndarray, ids: pd.Series) -> tuple[np.ndarray, str, Levels]:
    """(indices of the cells that can be decoded, fingerprint over them, their grey levels), one in memory at a time."""
    kept: list[int] = []
    levels = Levels()

    def usable():
        for index in tqdm(range(len(images)), "reading cells", disable=len(images) <= MANY, leave=False):
            try:
                image = images[index]
            except DataError:
                continue
            kept.append(index)
            levels.add(image)
            yield image, labels[index], ids.iat[index]

    digest = fingerprint_of(usable())
    return np.array(kept, np.int64), digest, levels


def _say_what_is_left_out(opened: Sequence[Objects], without: int, doubtful: int, damaged: int) -> None:
    for objects in opened:
        if objects.problems:
            _log.warning("amnis: of %s are left out %s", objects.name, "; ".join(map(str, objects.problems[:3])))
    if damaged:
        _log.warning("amnis: %d damaged object(s) left out; `cgrecnet data check amnis` names them", damaged)
    if without:
        _log.warning("amnis: %d object(s) left out: %d in two classes, the others in none", without, doubtful)
    for made, source in same_cells(opened):
        _log.warning("amnis: %s was made from %s, so that cells may be there twice: leave one out", made, source)


def _check_classes(opened: Sequence[Objects], classes: Sequence[str], labels: np.ndarray) -> None:
    place = shown(opened[0].path if len(opened) == 1 else opened[0].path.parent)
    advice = f"`cgrecnet data check amnis {place}` says what was found"
    if not len(labels):
        raise DataError(f"No object of {place} can be used: {advice}.")
    if missing := [name for number, name in enumerate(classes) if not (labels == number).any()]:
        raise DataError(f"No usable object of {place} is of class {missing[0]!r}: {advice}.")
