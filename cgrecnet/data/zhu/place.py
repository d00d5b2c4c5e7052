"""Where the paper's images are, and how to get them (data set `zhu`)."""

import os
from pathlib import Path

from cgrecnet.data import cache
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


def cache_folder() -> Path:
    """Where downloads go."""
    return cache.cache_folder("zhu")


def find_root(root: str | Path | None = None) -> Path:
    """The folder of the images: `root`, or else $CGRECNET_DATA/zhu or the cache.

    Raises DataError where it is no folder, or one of simulated cells that is not whole.
    """
    if root is None:
        data = os.environ.get("CGRECNET_DATA")
        folder = Path(data).expanduser() / "zhu" if data else None
        if (folder is None or not folder.exists()) and cache_folder().exists():
            folder = cache_folder()
        if folder is None or not folder.exists():
            place = f"in {shown(folder)}" if folder else "here (CGRECNET_DATA is not set)"
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
            "data simulate` again, which goes on where it stopped, or name another folder."
        )
    return folder.absolute()
