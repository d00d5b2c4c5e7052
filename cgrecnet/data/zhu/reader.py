"""The paper's own images: neural stem cells of Zhu et al. 2021 (data set `zhu`), read from a folder you have.

Cells: Zhu et al. 2021, Nature Communications 12:2614, doi:10.1038/s41467-021-22758-0.
207,556 brightfield crops of some 60 x 45 pixels, one file each, read when they are indexed; `names` says
how their classes are told.
"""

import hashlib
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator
from tqdm import tqdm

from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.images.naming import Unusable, check_group
from cgrecnet.data.images.on_disk import CellImages
from cgrecnet.data.images.reading import PLAIN, Reader, ReadingOptions
from cgrecnet.data.images.tree import ENDINGS
from cgrecnet.data.options import Window, check_options, suggest
from cgrecnet.data.zhu.files import CellFile, Listing, Naming, has_all_classes, list_cells
from cgrecnet.data.zhu.names import CLASSES, INDUCERS
from cgrecnet.data.zhu.place import find_root
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: Task -> classes in label order: the paper's task, and the separate test set of other inducers.
TASKS = {"lineage": tuple(CLASSES), "inducer": INDUCERS}
WINDOWS = {np.dtype(np.uint8): (0.0, 255.0), np.dtype(np.uint16): (0.0, 65535.0)}
#: Whether simulated -> where the cells come from.
ORIGINS = {
    # Folders of that layout may hold anything: what a record can say is what it was given.
    False: "Images given as the neural stem cells of Zhu et al. 2021 (brightfield imaging flow cytometry).",
    True: "Simulated brightfield cells (no microscope involved) in files laid out as those of Zhu et al. 2021.",
}
#: With more files than this, reading them all shows its progress.
MANY = 5000


class ZhuOptions(ReadingOptions):
    """Settings of the data set.

    hash: `content` reads and checks every image once on opening (some tens of seconds for all 207,556 from a
        warm disk), leaves out the bad ones, and gives a fingerprint over all pixels, as for every data set;
        `names` opens at once, but its fingerprint covers only names, sizes in bytes and labels, and a bad image
        is met only when it is indexed.
    window: grey levels (black, white) that map to 0 and 1; None: the whole range of 8 or 16 bit.
    classes: words of a folder's name -> class, before those that are built in.
    group: what names the acquisition: a folder level (1: below the root) or a regular expression on the file's name;
        None: day and replicate of the paper's file names.
    channel: number of the brightfield's channel in the files' names; None: the one that the files call so, or Ch1.
    """

    hash: Literal["content", "names"] = "content"
    window: Window | None = None
    classes: dict[str, Literal["astrocyte", "oligodendrocyte", "neuron", *INDUCERS]] | None = None
    group: int | str | None = None
    channel: Annotated[int, Field(ge=1, strict=True)] | None = None

    _group = field_validator("group")(check_group)

    @property
    def naming(self) -> Naming:
        """How names are read."""
        return Naming(tuple((self.classes or {}).items()), self.group, self.channel)

    @property
    def reader(self) -> Reader:
        """How files are read."""
        return Reader(self.page, self.scale, self.inverted)

    def recorded(self) -> dict:
        """What a data set says it was opened with; options that came later only where they are used."""
        every = self.model_dump()
        return {name: every[name] for name in every if name in ("hash", "window") or every[name]}


def available(root: str | Path | None = None) -> bool:
    """True if the folder has files of all three classes by their names; opens none of them."""
    try:
        return has_all_classes(find_root(root))
    except DataError:  # no such folder
        return False


def open_cells(root: str | Path | None = None, task: str | None = None, options=None) -> CellDataset:
    """The cells of `root` with the labels of a task: `lineage` (default) or `inducer` (other inducers' sets).

    images: uint8 or uint16, shape (H, W), sizes differ; read on demand (see `CellImages`), so indexing may raise.
    table: cell_id (the file's name below root), class_name, group, day, replicate.
    window: (0, 255) for 8 bit, (0, 65535) for 16 bit, unless the option gives another.
    Files that cannot be used are left out with a warning; `cgrecnet data check zhu` names them.
    Raises DataError (no images, a class missing, 8 and 16 bit mixed) or ConfigError (unknown task or option).
    """
    task = task or "lineage"
    if task not in TASKS:
        raise ConfigError(f"Data set 'zhu' has no task {task!r}; {suggest(task, TASKS)}")
    used = check_options(ZhuOptions, options, "zhu")
    listing = list_cells(find_root(root), used.naming)
    label_of = {kind: label for label, kind in enumerate(TASKS[task])}
    cells = [cell for cell in listing.cells if cell.kind in label_of]
    if cells and used.hash == "content":
        cells, dtype, digest = _read_all(listing, cells, label_of, used.reader)
    else:
        dtype, digest = _first_type(listing, cells, used.reader), _digest_of_names(cells, label_of)
    _check_classes(listing, cells, task)
    if aside := sum(map(len, listing.aside.values())):
        logging.getLogger(__name__).warning(
            "zhu: %d file(s) left out; `cgrecnet data check zhu %s` says which and why", aside, shown(listing.root)
        )
    return CellDataset(
        name="zhu",
        simulated=listing.simulated,
        task=task,
        classes=TASKS[task],
        images=CellImages(listing.root, [cell.name for cell in cells], dtype, reader=used.reader),
        labels=np.array([label_of[cell.kind] for cell in cells], dtype=np.int64),
        table=_table(cells),
        window=used.window or WINDOWS[dtype],
        fingerprint=digest,
        origin=ORIGINS[listing.simulated],
        options=used.recorded(),
    )


def open_for_packing(root, task: str | None, options: Mapping | None) -> tuple[CellDataset, dict[str, str]]:
    """The cells, none of them read before it is packed; and file -> reason of what names alone left out."""
    used = check_options(ZhuOptions, options, "zhu")
    dataset = open_cells(root, task, used.model_dump() | {"hash": "names"})
    aside = list_cells(find_root(root), used.naming).aside
    return dataset, {shown(name): reason for reason, names in aside.items() for name in names}


def usable_images(
    listing: Listing, cells: list[CellFile], reader: Reader = PLAIN
) -> Iterator[tuple[CellFile, np.ndarray]]:
    """Read the cells one by one; the unusable ones go to `listing.aside`; progress on stderr where many."""
    for cell in tqdm(cells, "reading images", disable=len(cells) <= MANY, leave=False, file=sys.stderr):
        try:
            yield cell, reader.read(listing.root, cell.name)
        except Unusable as reason:
            listing.aside[str(reason)].append(cell.name)


def _read_all(
    listing: Listing, cells: list[CellFile], label_of: dict, reader: Reader
) -> tuple[list[CellFile], np.dtype, str]:
    """(usable cells, their pixel type, fingerprint over the pixels), one image in memory at a time."""
    kept: list[CellFile] = []
    first: dict[np.dtype, str] = {}

    def images() -> Iterator[np.ndarray]:
        for cell, image in usable_images(listing, cells, reader):
            kept.append(cell)
            first.setdefault(image.dtype, cell.name)
            yield image

    # Labels and names come from `kept`, which grows by one entry before each image is handed over.
    digest = fingerprint(images(), (label_of[cell.kind] for cell in kept), (shown(cell.name) for cell in kept))
    if len(first) > 1:
        examples = " and ".join(f"{8 * kind.itemsize} bit ({shown(name)})" for kind, name in first.items())
        raise DataError(
            f"The images in {shown(listing.root)} are of {examples}, which have no common grey scale: "
            "keep one depth in the folder, or read each over its whole range with scale=depth."
        )
    return kept, next(iter(first), np.dtype(np.uint8)), digest


def _first_type(listing: Listing, cells: list[CellFile], reader: Reader) -> np.dtype:
    """Pixel type of the first image that can be read; the others are expected to have it too."""
    for cell in cells:
        try:
            return reader.read(listing.root, cell.name).dtype
        except Unusable:
            continue
    return np.dtype(np.uint8)


def _digest_of_names(cells: list[CellFile], label_of: dict) -> str:
    digest = hashlib.sha256(b"names and sizes only\n")
    for cell in cells:
        digest.update(f"{cell.name}\0{label_of[cell.kind]}\0{cell.bytes}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _table(cells: list[CellFile]) -> pd.DataFrame:
    columns = {"class_name": "kind", "group": "group", "day": "day", "replicate": "replicate"}
    rows = {column: [getattr(cell, field) for cell in cells] for column, field in columns.items()}
    return pd.DataFrame({"cell_id": [shown(cell.name) for cell in cells]} | rows)


def _check_classes(listing: Listing, cells: list[CellFile], task: str) -> None:
    """Raise DataError, in one sentence, where a class of the task (for `inducer`: every one) has no cell."""
    counts = {kind: sum(cell.kind == kind for cell in cells) for kind in TASKS[task]}
    missing = [kind for kind, count in counts.items() if not count]
    if not missing or (task == "inducer" and cells):
        return
    root = shown(listing.root)
    remedy = f"`cgrecnet data check zhu {root}` says what was found"
    if cells:
        found = ", ".join(f"{kind} {count:,}" for kind, count in counts.items() if count)
        raise DataError(f"The images in {root} have no {' and no '.join(missing)} ({found}): {remedy}.")
    aside = sum(map(len, listing.aside.values()))
    if listing.cells or aside or listing.channels:
        said = [f"{aside:,} set aside"] if aside or not listing.channels else []
        said += [f"{count:,} of Ch{number}, which channel={number} reads" for number, count in listing.channels.items()]
        raise DataError(f"No usable image in {root} belongs to the task {task!r} ({', '.join(said)}): {remedy}.")
    others = ", ".join(f"{count:,} {ending}" for ending, count in listing.others.most_common(3))
    holds = f"holds other files ({others})" if others else "is empty"
    raise DataError(f"No image ({' '.join(ENDINGS)}) in {root}, which {holds}: name the folder of the images of 'zhu'.")
