"""Where the paper's images are, and which files of a folder tree are cells (data set `zhu`).

Nothing is opened here: names and sizes are enough.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cgrecnet.data.cache import cache_folder
from cgrecnet.data.images.listing import (
    PARTS,
    Cell,
    Listing,
    Unusable,
    check_group,
    files_of_cells,
    group_by,
    parts_of,
    size_of,
    walk,
)
from cgrecnet.data.images.reading import ReadingOptions
from cgrecnet.data.options import Window
from cgrecnet.data.zhu.names import CLASSES, INDUCERS, describe
from cgrecnet.errors import DataError
from cgrecnet.files import shown

ARTICLE = "Zhu et al. 2021 (doi 10.1038/s41467-021-22758-0)"
REMEDY = (
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
    if root is None:
        data = os.environ.get("CGRECNET_DATA")
        places = [*([Path(data).expanduser() / "zhu"] if data else []), cache_folder("zhu")]
        folder = next((place for place in places if place.exists()), None)
        if folder is None:
            place = f"in {shown(places[0])}" if data else "here (CGRECNET_DATA is not set)"
            raise DataError(f"The images of data set 'zhu' are not {place}: {REMEDY}.")
    else:
        folder = Path(root).expanduser()
        if not folder.exists():
            raise DataError(f"The folder {shown(folder)} does not exist: name the one that holds the images of 'zhu'.")
    if not folder.is_dir():
        raise DataError(f"{shown(folder)} is a file: name the folder that holds the images of data set 'zhu'.")
    if (folder / BEGUN).is_file() and not (folder / FINISHED).is_file():
        raise DataError(
            f"The simulated cells in {shown(folder)} are not whole (they have no {FINISHED}): run the same `cgrecnet "
            "data simulate` again, which completes them, or name another folder."
        )
    return folder.absolute()


def list_cells(root: Path, options: ZhuOptions | None = None) -> Listing:
    """Walk `root` and name its cells; what cannot be a cell is set aside or counted, never an error.

    Their group is kind, day and replicate, such as `n-1d1`, `nt4-1d` (no replicate given) or `a-unknown`; in simulated
    files day and replicate alone, such as `1d1`, because a simulated run holds cells of several kinds.
    """
    options = options or ZhuOptions()
    listing = Listing(root, simulated=(root.parent / SIMULATED).exists(), grouped=options.group is not None)
    names = list(walk(root, listing.aside))
    for name in names:
        *folders, file = name.split("/")
        listing.simulated |= file == SIMULATED
        listing.parts |= {folder for folder in folders if folder.lower() in PARTS}
    wanted = () if options.channel is None else (options.channel,)
    for (name,) in files_of_cells(names, listing, wanted, default=1, folders_too=True):
        try:
            listing.cells.append(_cell(listing, name, options))
        except Unusable as reason:
            listing.aside[str(reason)].append(name)
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
