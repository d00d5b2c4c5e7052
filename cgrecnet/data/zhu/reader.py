"""The paper's own images: neural stem cells of Zhu et al. 2021 (data set `zhu`), read from a folder you have.

Cells: Zhu et al. 2021, Nature Communications 12:2614, doi:10.1038/s41467-021-22758-0.
207,556 brightfield crops of some 60 x 45 pixels, one file each, read when they are indexed; `names` says
how their classes are told. To list them, names and sizes are enough.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cgrecnet.data.base import CellDataset, Unusable
from cgrecnet.data.cache import own_files
from cgrecnet.data.download import STAGING
from cgrecnet.data.images.check import Findings, report_of
from cgrecnet.data.images.listing import PARTS, Cell, Listing, files_of_cells, group_by, parts_of, walk
from cgrecnet.data.images.reading import Reader, open_listed, size_of, usable_images
from cgrecnet.data.options import ReadingOptions, Window, check_group
from cgrecnet.data.zhu.names import CLASSES, INDUCERS, describe
from cgrecnet.errors import DataError
from cgrecnet.files import shown

ARTICLE = "Zhu et al. 2021 (doi 10.1038/s41467-021-22758-0)"
ADVICE = (
    f"fetch them with `cgrecnet data fetch zhu --doi DOI`, the DOI that the data-availability statement of {ARTICLE} "
    "names, or put them (or a link) into the folder `zhu` below the folder that CGRECNET_DATA names, or give their "
    "folder as root"
)

#: Of a folder of simulated cells: the first is written at the start, the second at the end.
BEGUN, FINISHED = "simulation.json", "truth.csv"
#: A file of this name says that the cells below its folder are simulated, in the layout of the paper's images.
SIMULATED = "SIMULATED.txt"


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

    def recorded(self) -> dict:
        """What a data set says it was opened with; options that came later only where they are used."""
        every = self.model_dump()
        return {name: every[name] for name in every if name in ("hash", "window") or every[name]}


def find_root(root: str | Path | None = None) -> Path:
    """The folder of the images: `root`, or else $CGRECNET_DATA/zhu or the cache.

    Raises DataError where it is no folder, or one of simulated cells that is not whole.
    """
    missing = f"The images of data set 'zhu' are not {{place}}: {ADVICE}."
    folder = own_files("zhu", root, missing, "the folder that holds the images of 'zhu'", cached=True)
    if not folder.is_dir():
        raise DataError(f"{shown(folder)} is a file: name the folder that holds the images of data set 'zhu'.")
    if (folder / BEGUN).is_file() and not (folder / FINISHED).is_file():
        raise DataError(
            f"The simulated cells in {shown(folder)} are not whole (they have no {FINISHED}): run the same `cgrecnet "
            "data simulate` again, which completes them, or name another folder."
        )
    return folder


def list_cells(root: Path, options: ZhuOptions | None = None) -> Listing:
    """Walk `root` and name its cells; what cannot be a cell is excluded or counted, never an error.

    Their group is kind, day and replicate, such as `n-1d1`, `nt4-1d` (no replicate given) or `a-unknown`; in simulated
    files day and replicate alone, such as `1d1`, because a simulated run holds cells of several kinds.
    """
    options = options or ZhuOptions()
    listing = Listing(root, simulated=(root.parent / SIMULATED).exists(), grouped=options.group is not None)
    names = list(walk(root, listing.excluded))
    for name in names:
        *folders, file = name.split("/")
        listing.simulated |= file == SIMULATED
        listing.parts |= {folder for folder in folders if folder.lower() in PARTS}
    wanted = () if options.channel is None else (options.channel,)
    for (name,) in files_of_cells(names, listing, wanted, default=1, folders_too=True):
        try:
            listing.cells.append(_cell(listing, name, options))
        except Unusable as reason:
            listing.excluded[str(reason)].append(name)
    listing.cells.sort(key=lambda cell: cell.name)
    return listing


def _cell(listing: Listing, name: str, options: ZhuOptions) -> Cell:
    """The cell behind a file name; raises Unusable."""
    folders, file, _ = parts_of(name)
    kind, day, replicate = describe(folders, file, tuple((options.classes or {}).items()))
    size = size_of(listing.root, name)
    if options.group is not None:
        group = group_by(options.group, name)
    else:
        run = f"{day}d{replicate}" if day else "unknown"
        group = run if listing.simulated else f"{CLASSES.get(kind, kind)}-{run}"
    return Cell((name,), size, kind, group, day, replicate)


#: Task -> classes in label order: the paper's task, and the separate test set of other inducers.
TASKS = {"lineage": tuple(CLASSES), "inducer": INDUCERS}
#: Whether simulated -> where the cells come from.
ORIGINS = {
    # Folders of that layout may hold anything: what a record can say is what it was given.
    False: "Images given as the neural stem cells of Zhu et al. 2021 (brightfield imaging flow cytometry).",
    True: "Simulated brightfield cells (no microscope involved) in files laid out as those of Zhu et al. 2021.",
}


def available(root: str | Path | None = None) -> bool:
    """True if the folder has files of all three classes by their names."""
    try:
        return {cell.kind for cell in list_cells(find_root(root)).cells} >= set(CLASSES)
    except DataError:  # no such folder
        return False


def open_cells(root: str | Path | None, task: str, used: ZhuOptions) -> CellDataset:
    """The cells of `root` with the labels of a task: `lineage` or `inducer` (other inducers' sets).

    images: uint8 or uint16, shape (H, W), sizes differ; read on demand (see `CellImages`), so indexing may raise.
    table: cell_id (the file's name below root), class_name, group, day, replicate.
    window: (0, 255) for 8 bit, (0, 65535) for 16 bit, unless the option gives another.
    Files that cannot be used are left out with a warning; `cgrecnet data check zhu` names them.
    Raises DataError (no images, a class missing, 8 and 16 bit mixed) or ConfigError (a channel that is not there).
    """
    listing = list_cells(find_root(root), used)
    dataset = open_listed(
        listing, TASKS[task], Reader(used), name="zhu", task=task, origin=ORIGINS[listing.simulated],
        options=used.recorded(), columns=("day", "replicate"),
    )  # fmt: skip
    _check_classes(listing, dataset.counts(), task)
    return dataset


def _check_classes(listing: Listing, counts: dict[str, int], task: str) -> None:
    """Raise DataError, in one sentence, where a class of the task (for `inducer`: every one) has no cell."""
    cells = sum(counts.values())
    missing = [kind for kind, count in counts.items() if not count]
    if not missing or (task == "inducer" and cells):
        return
    root = shown(listing.root)
    advice = f"`cgrecnet data check zhu {root}` says what was found"
    if cells:
        found = ", ".join(f"{kind} {count:,}" for kind, count in counts.items() if count)
        raise DataError(f"The images in {root} have no {' and no '.join(missing)} ({found}): {advice}.")
    if listing.cells or listing.n_excluded or unread(listing):
        found = [f"{listing.n_excluded:,} set aside"] if listing.n_excluded or not unread(listing) else []
        found += [f"{count:,} of Ch{number}, which channel={number} reads" for number, count in unread(listing).items()]
        raise DataError(f"No usable image in {root} belongs to the task {task!r} ({', '.join(found)}): {advice}.")
    listing.refuse_empty("name the folder of the images of 'zhu'")


def report(root: str | Path | None, published: Mapping, every: bool, used: ZhuOptions) -> tuple[str, bool]:
    """Everything that can be said about the files below `root`, as text, and whether all is well.

    published: `counts` and `test`, class -> cells in all and in the test part, to compare with.
    Cells that differ from the published counts are reported, but a part of the data is a usable data set.
    """
    listing, found = list_cells(find_root(root), used), Findings()
    for cell, image in usable_images(listing, listing.cells, Reader(used)):
        found.add(cell, image)
    kind = "Simulated images in the layout" if listing.simulated else "Images"
    head = [f"{kind} of data set zhu in {shown(listing.root)}"]
    problems, remarks = _problems(listing, found), _together(listing, found)
    return report_of(head, found, used.window, published, every, problems, remarks, listing)


def unread(listing: Listing) -> dict[int, int]:
    """Channel -> files, of the channels that are not read."""
    return {number: count for number, count in sorted(listing.channels.items()) if number not in listing.read}


def _problems(listing: Listing, found: Findings) -> dict[str, object]:
    counts, files, usable = found.counts(), sum(listing.others.values()), listing.cells or listing.n_excluded
    others = " or ".join(map(str, unread(listing)))
    missing = [kind for kind in CLASSES if not counts[kind]]
    return {
        "a download is not finished (`cgrecnet data fetch zhu` with its DOI and this folder goes on)": any(
            (listing.root / STAGING).glob("*.part")
        ),
        f"no {' and no '.join(missing)} cells, so the task `lineage` cannot be opened": missing,
        "no image at all" + (f" among {files:,} other files" if files else ", the folder is empty"): not (
            usable or others
        ),
        f"images of other channels than Ch{listing.read[0]} only (--option channel={others} reads them)": (
            others and not usable
        ),
    }


def _together(listing: Listing, found: Findings) -> Iterator[str]:
    """That folders are not told apart, where a group has several."""
    homes = found.images.groupby("group")["folder"].nunique()
    if not listing.grouped and homes.max() > 1:
        yield (
            f"Group {homes.idxmax()} is of {homes.max():,} folders. Where these are acquisitions of their own (donors, "
            "days, runs), a grouped split parts them wrongly: --option group=LEVEL (1: the folder below the root) or "
            '--option group=EXPRESSION tells them apart, in a run data_options="{group: LEVEL}".'
        )
