"""What `cgrecnet data check folder` says: every image is read once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from cgrecnet.data.folder.listing import FolderOptions, list_folder
from cgrecnet.data.folder.reader import NO_GROUPS, find_root, reader_of
from cgrecnet.data.images.cells import usable_images
from cgrecnet.data.images.check import report_of
from cgrecnet.data.images.findings import Findings
from cgrecnet.data.images.listing import Listing
from cgrecnet.data.options import check_options
from cgrecnet.files import shown

#: A class with fewer cells cannot be parted in training, validation and test.
FEW = 10


def report(
    root: str | Path | None = None,
    published: Mapping | None = None,
    every: bool = False,
    options: Mapping | None = None,
) -> tuple[str, bool]:
    """Everything that can be said about the folder or table, as text, and whether all is well.

    every: name every file that is set aside or a duplicate. options: as for `open_dataset`.
    Raises what opening raises where nothing can be listed.
    """
    used = check_options(FolderOptions, options, "folder")
    listing, found = list_folder(find_root(root), used), Findings()
    for cell, image in usable_images(listing, listing.cells, reader_of(listing, used)):
        found.add(cell, image)
    counts = sorted(found.counts().items())
    few = [f"{shown(kind)} {cells}" for kind, cells in counts if cells < FEW]
    problems = {
        "no usable image" if listing.set_aside else "no image at all": not counts,
        "one class alone, and a network learns to tell two or more apart": len(counts) == 1,
        f"class(es) of fewer than {FEW} cells, too few to be parted ({', '.join(few)})": few,
    }
    told = [*found.told({}, every), _channels(listing)]
    remarks = [] if listing.grouped else [NO_GROUPS]
    return report_of(listing, found, used.window, every, "Images of data set folder", told, problems, remarks)


def _channels(listing: Listing) -> Iterator[str]:
    if listing.channels:
        how = "as the files mark it" if listing.marked else "channel= reads another, or several"
        rest = [f"Ch{number} {count:,}" for number, count in sorted(listing.channels.items())]
        read = " and ".join(f"Ch{number}" for number in listing.read)
        yield f"channel {read} is read ({how}); there are: {', '.join(rest)}"
