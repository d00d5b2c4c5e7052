"""The paper's own images: neural stem cells of Zhu et al. 2021 (data set `zhu`), read from a folder you have.

Cells: Zhu et al. 2021, Nature Communications 12:2614, doi:10.1038/s41467-021-22758-0.
207,556 brightfield crops of some 60 x 45 pixels, one file each, read when they are indexed; `names` says
how their classes are told.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cgrecnet.data.base import CellDataset
from cgrecnet.data.images.cells import data_set_of, find_cells
from cgrecnet.data.images.listing import Cell, Listing
from cgrecnet.data.images.naming import check_group
from cgrecnet.data.images.reading import Reader, ReadingOptions
from cgrecnet.data.options import Window, check_options, suggest
from cgrecnet.data.zhu.files import Naming, find_root, has_all_classes, list_cells
from cgrecnet.data.zhu.names import CLASSES, INDUCERS
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: Task -> classes in label order: the paper's task, and the separate test set of other inducers.
TASKS = {"lineage": tuple(CLASSES), "inducer": INDUCERS}
#: Whether simulated -> where the cells come from.
ORIGINS = {
    # Folders of that layout may hold anything: what a record can say is what it was given.
    False: "Images given as the neural stem cells of Zhu et al. 2021 (brightfield imaging flow cytometry).",
    True: "Simulated brightfield cells (no microscope involved) in files laid out as those of Zhu et al. 2021.",
}


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
    found = find_cells(listing, cells, label_of, used.reader, used.hash == "content")
    _check_classes(listing, found.cells, task)
    return data_set_of(
        listing, found, label_of, used.reader, name="zhu", task=task, window=used.window,
        origin=ORIGINS[listing.simulated], options=used.recorded(), columns=("day", "replicate"),
    )  # fmt: skip


def open_for_packing(root, task: str | None, options: Mapping | None) -> tuple[CellDataset, dict[str, str]]:
    """The cells, none of them read before it is packed; and file -> reason of what names alone left out."""
    used = check_options(ZhuOptions, options, "zhu")
    dataset = open_cells(root, task, used.model_dump() | {"hash": "names"})
    return dataset, list_cells(find_root(root), used.naming).aside_by_name()


def _check_classes(listing: Listing, cells: list[Cell], task: str) -> None:
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
    if listing.cells or listing.set_aside or listing.channels:
        said = [f"{listing.set_aside:,} set aside"] if listing.set_aside or not listing.channels else []
        said += [f"{count:,} of Ch{number}, which channel={number} reads" for number, count in listing.channels.items()]
        raise DataError(f"No usable image in {root} belongs to the task {task!r} ({', '.join(said)}): {remedy}.")
    listing.refuse_empty("name the folder of the images of 'zhu'")
