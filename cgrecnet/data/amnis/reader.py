"""Open ImageStream files as a data set (`amnis`)."""

import hashlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from tqdm import tqdm

from cgrecnet.data.amnis.classes import NONE, label
from cgrecnet.data.amnis.files import ImageFile, find_files, same_cells
from cgrecnet.data.amnis.images import AmnisImages
from cgrecnet.data.amnis.metadata import LIT, Acquisition
from cgrecnet.data.amnis.objects import Objects
from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.levels import Levels
from cgrecnet.data.options import Options, Window, check_options, suggest
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
    masked: replace what lies outside the file's mask by the mean of the background.
    hash: `content` decodes every cell once on opening, leaves out the damaged ones, and gives a fingerprint over all
        pixels; `names` opens at once, but its fingerprint covers only names, sizes and labels, and a damaged cell is
        met when it is indexed.
    window: grey levels (black, white) that map to 0 and 1; None: the whole range of the camera.
    """

    channel: Annotated[int, Field(ge=1, le=12, strict=True)] | Literal["brightfield"] = "brightfield"
    classes_from: Literal["file", "folder", "population"] | None = None
    classes: dict[str, str] | None = None
    masked: bool = False
    hash: Literal["content", "names"] = "content"
    window: Window | None = None

    @model_validator(mode="after")
    def _classes_of_something(self) -> "AmnisOptions":
        if self.classes is not None and (self.classes_from is None or not self.classes):
            raise ValueError("classes needs at least one name, and classes_from (file, folder or population)")
        return self


def available(root: str | Path | None = None) -> bool:
    """True if there is an ImageStream file by its name; opens none."""
    try:
        return bool(find_files(root))
    except DataError:
        return False


def open_cells(root: str | Path | None = None, task: str | None = None, options=None) -> CellDataset:
    """The cells of one file, or of all files below a folder.

    images: uint16, shape (H, W), sizes differ; decoded when they are indexed (see `AmnisImages`).
    table: cell_id (file#object), class_name, group (the file), file, object (from 0, as IDEAS counts), original (its
        number in the run that the file was made from, -1 where not said), channel.
    window: (0, 1023) for a camera of 10 bit and the like, unless the option gives another; levels may lie above it.
    Objects that cannot be used are left out with a warning; `cgrecnet data check amnis` names them.
    Raises DataError (no such files, none usable, no analysis) or ConfigError (unknown task, option, channel, name).
    """
    if task not in (None, *TASKS):
        raise ConfigError(f"Data set 'amnis' has no task {task!r}; {suggest(task, TASKS)}")
    used = check_options(AmnisOptions, options, "amnis")
    files = find_files(root)
    opened = [file.read() for file in files]
    channels = [
        channel_of(file, objects.acquisition, used.channel) for file, objects in zip(files, opened, strict=True)
    ]
    window = used.window or _window(files, opened)
    classes, labels, doubtful = label(files, opened, used.classes_from, used.classes)
    taken = [np.flatnonzero(of_file != NONE) for of_file in labels]
    labels = np.concatenate([of_file[rows] for of_file, rows in zip(labels, taken, strict=True)])
    table = _table(files, opened, channels, taken)
    table.insert(1, "class_name", np.array(classes, object)[labels])
    images = AmnisImages(
        opened,
        [objects.acquisition.channels.index(channel) for objects, channel in zip(opened, channels, strict=True)],
        np.repeat(np.arange(len(files)), [len(rows) for rows in taken]),
        np.concatenate(taken),
        used.masked,
    )
    found = len(images)
    if used.hash == "content":
        kept, digest, levels = _read_all(images, labels, table["cell_id"])
        images, labels, table = images.at(kept), labels[kept], table.iloc[kept].reset_index(drop=True)
        if (used_levels := levels.range()) is not None and used_levels.narrow(window):
            _log.warning("amnis: %s", used_levels.fit(window))
    else:
        digest = _digest_of_names(files, opened, channels, labels, table["cell_id"], used.masked)
    _say_what_is_left_out(files, opened, sum(map(len, opened)) - found, doubtful, found - len(images))
    _check_classes(files, classes, labels)
    return CellDataset(
        name="amnis",
        simulated=False,
        task="own",
        classes=classes,
        images=images,
        labels=labels,
        table=table,
        window=window,
        fingerprint=digest,
        origin=_origin(len(files), channels, used.channel),
        options=used.model_dump(),
    )


def channel_of(file: ImageFile, acquisition: Acquisition, wanted: int | str) -> int:
    """The number of the channel to read from a file. Raises ConfigError where it has none such, or marks none."""
    have = ", ".join(map(str, acquisition.channels))
    if wanted != "brightfield":
        if wanted not in acquisition.channels:
            raise ConfigError(f"{file.name} has no channel {wanted}: give channel= one of {have}.")
        return int(wanted)
    if not acquisition.brightfield:
        raise ConfigError(f"{file.name} does not mark its brightfield ({LIT}): give channel= one of {have}.")
    if len(acquisition.brightfield) > 1:
        marked = " and ".join(map(str, acquisition.brightfield))
        _log.warning("amnis: %s marks channels %s as brightfield; the first is read", file.name, marked)
    return acquisition.brightfield[0]


def default_window(acquisition: Acquisition) -> tuple[float, float]:
    """From 0 to the largest level of the camera's bits."""
    return 0.0, float(2 ** (acquisition.bits or BITS) - 1)


def _window(files: Sequence[ImageFile], opened: Sequence[Objects]) -> tuple[float, float]:
    found = {default_window(objects.acquisition): file.name for file, objects in zip(files, opened, strict=True)}
    if len(found) > 1:
        told = " and ".join(f"{white + 1:,.0f} levels ({name})" for (_, white), name in found.items())
        raise DataError(
            f"The cameras of these files have {told}, no common grey scale: give window=, or part the files."
        )
    return next(iter(found))


def _table(
    files: Sequence[ImageFile], opened: Sequence[Objects], channels: Sequence[int], taken: Sequence[np.ndarray]
) -> pd.DataFrame:
    parts = []
    for file, objects, channel, rows in zip(files, opened, channels, taken, strict=True):
        numbers = objects.table["number"][rows]
        columns = {
            "cell_id": [f"{file.name}#{number}" for number in numbers.tolist()],
            "group": file.group,
            "file": file.name,
            "object": numbers,
            "original": objects.table["original"][rows],
            "channel": channel,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _read_all(images: AmnisImages, labels: np.ndarray, ids: pd.Series) -> tuple[np.ndarray, str, Levels]:
    """(indices of the cells that can be decoded, fingerprint over them, their grey levels), one in memory at a time."""
    kept: list[int] = []
    levels = Levels()

    def usable():
        for index in tqdm(
            range(len(images)), "reading cells", disable=len(images) <= MANY, leave=False, file=sys.stderr
        ):
            try:
                image = images[index]
            except DataError:
                continue
            kept.append(index)
            levels.add(image)
            yield image

    # Labels and ids come from `kept`, which grows by one entry before each image is handed over.
    digest = fingerprint(usable(), (labels[index] for index in kept), (ids.iat[index] for index in kept))
    return np.array(kept, np.int64), digest, levels


def _digest_of_names(
    files: Sequence[ImageFile],
    opened: Sequence[Objects],
    channels: Sequence[int],
    labels: np.ndarray,
    ids: pd.Series,
    masked: bool,
) -> str:
    digest = hashlib.sha256(f"names and sizes only, masked {masked}\n".encode())
    for file, objects, channel in zip(files, opened, channels, strict=True):
        digest.update(f"{file.name}\0{objects.container.size}\0{channel}\n".encode())
    digest.update(labels.tobytes() + "\n".join(ids).encode())
    return digest.hexdigest()


def _say_what_is_left_out(
    files: Sequence[ImageFile], opened: Sequence[Objects], without: int, doubtful: int, damaged: int
) -> None:
    for file, objects in zip(files, opened, strict=True):
        if objects.problems:
            _log.warning("amnis: of %s are left out %s", file.name, "; ".join(map(str, objects.problems[:3])))
    if damaged:
        _log.warning("amnis: %d damaged object(s) left out; `cgrecnet data check amnis` names them", damaged)
    if without:
        _log.warning("amnis: %d object(s) left out: %d in two classes, the others in none", without, doubtful)
    for made, source in same_cells(files, opened):
        _log.warning("amnis: %s was made from %s, so that cells may be there twice: leave one out", made, source)


def _check_classes(files: Sequence[ImageFile], classes: Sequence[str], labels: np.ndarray) -> None:
    place = shown(files[0].path if len(files) == 1 else files[0].path.parent)
    remedy = f"`cgrecnet data check amnis {place}` says what was found"
    if not len(labels):
        raise DataError(f"No object of {place} can be used: {remedy}.")
    if missing := [name for number, name in enumerate(classes) if not (labels == number).any()]:
        raise DataError(f"No usable object of {place} is of class {missing[0]!r}: {remedy}.")


def _origin(files: int, channels: Sequence[int], wanted: int | str) -> str:
    numbers = " and ".join(f"Ch{number}" for number in sorted(set(channels)))
    mark = "brightfield by the file's own mark" if wanted == "brightfield" else "named by the user"
    count = "one ImageStream file" if files == 1 else f"{files} ImageStream files"
    return f"The user's own cells from {count}, {numbers} ({mark})."
