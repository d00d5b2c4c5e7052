"""The objects of one file: an image and the mask behind it, read one object at a time, and why some cannot be used."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cgrecnet.data.amnis.codec import GREY, LONGEST, MASK, Damaged, decode_grey, decode_mask
from cgrecnet.data.amnis.container import KIND, Container, Directory, unwrapped
from cgrecnet.data.amnis.metadata import Acquisition, read_acquisition
from cgrecnet.data.cache import own_files
from cgrecnet.data.images.listing import walk
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Most pixels of an object, all channels together: a bound on memory, ten times what 12 channels of 120 by 300 have.
LARGEST = 2**22

#: Name -> tag; of a tag with several numbers its place is taken. `statistics` counts the means of the background.
TAGS = {
    "kind": KIND, "width": 256, "height": 257, "bits": 258, "compression": 259, "offset": 273, "bytes": 279,
    "number": 33003, "original": 33024, "statistics": -33052,
}  # fmt: skip
_IMAGE, _OF_A_MASK = 2, 3

Columns = dict[str, np.ndarray]


class Problem(NamedTuple):
    """Objects `first` to `last` cannot be used, and why."""

    first: int
    last: int
    reason: str

    def __str__(self) -> str:
        if self.last == self.first:
            return f"object {self.first}: {self.reason}"
        return f"objects {self.first} to {self.last}: {self.reason}"


def paired(columns: Columns, size: int, channels: int, stated: int | None) -> tuple[Columns, tuple[Problem, ...]]:
    """The usable objects of a file, and what is wrong with the others.

    columns: of the directories in their order: name of a tag -> its number, and `at`, the directory's offset.
    size: of the file in bytes; channels: side by side; stated: objects that the file is said to have.
    Returns name -> int64 array: number (from 0, "Object Number" in IDEAS), original (its number in the run that the
    file was made from; -1: not said), width (of all channels together), height, and place and length of strip and mask
    (length -1: none).
    """
    columns["offset"] = np.where(columns["offset"] < 0, -1, unwrapped(columns["offset"], columns["at"]))
    place = np.flatnonzero(columns["kind"] == _IMAGE)
    image = {name: column[place] for name, column in columns.items()}
    mask = {name: column[np.minimum(place + 1, len(column) - 1)] for name, column in columns.items()}
    mask["there"] = mask["kind"] == _OF_A_MASK
    stored = image["stored"] = image["number"]
    before = np.concatenate([[-1], stored[:-1]])[: len(stored)]
    image["number"] = np.where(stored < 0, before + 1, stored)  # where a directory has none, the one after that before
    reasons = np.full(len(place), "", object)
    for reason, wrong in (_faults(image, size, channels, stated) | _mask_faults(mask, image, size)).items():
        reasons[(reasons == "") & wrong] = reason
    good = reasons == ""
    table = {name: image[name] for name in ("number", "original", "width", "height", "offset", "bytes")}
    table |= {"mask_offset": mask["offset"], "mask_bytes": np.where(mask["there"], mask["bytes"], -1)}
    problems = [
        Problem(number, number, reason)
        for number, reason in zip(image["number"][~good].tolist(), reasons[~good], strict=True)
    ]
    problems += _absent(np.unique(image["number"]), stated)
    return {name: column[good] for name, column in table.items()}, tuple(sorted(problems, key=lambda one: one.first))


def _faults(image: Columns, size: int, channels: int, stated: int | None) -> dict[str, np.ndarray]:
    """Reason -> which images it holds for; the first one that holds counts."""
    number, width, height = image["number"], image["width"], image["height"]
    named = np.where(image["stored"] < 0, -1 - np.arange(len(number)), number)
    again = np.ones(len(number), bool)
    again[np.unique(named, return_index=True)[1]] = False
    large = (width > LARGEST) | (height > LARGEST)
    pixels = np.where(large, 0, width * height)
    most = max(stated or 0, len(number))
    return {
        "its directory has no object number": image["stored"] < 0,
        "another object has this number": again,
        f"its number does not fit a file of {most:,} objects": number >= most,
        f"its image is not compressed as ImageStream does ({GREY})": image["compression"] != GREY,
        "its image is not of 16 bit": image["bits"] != 16,
        f"its image is larger than {LARGEST:,} pixels": large | (pixels > LARGEST),
        "its image has no pixels": (width < 1) | (height < 1) | (image["bytes"] < 1) | (image["offset"] < 0),
        f"its width is not that of {channels} channels": (width % channels != 0),
        f"it does not have {channels} channels, as the file": ~np.isin(image["statistics"], (-1, channels)),
        "its image is cut off by the end of the file": image["offset"] + image["bytes"] > size,
        "the length of its image does not fit its size": _unfit(pixels, image["bytes"], 2, LONGEST),
    }


def _mask_faults(mask: Columns, image: Columns, size: int) -> dict[str, np.ndarray]:
    """The same for the masks that are there."""
    pixels = np.minimum(image["width"], LARGEST) * np.minimum(image["height"], LARGEST)
    other = (mask["width"] != image["width"]) | (mask["height"] != image["height"])
    found = {
        f"its mask is not compressed as ImageStream does ({MASK})": mask["compression"] != MASK,
        "its mask is of another size than its image": other,
        "its mask has no pixels": (mask["bytes"] < 1) | (mask["offset"] < 0),
        "its mask is cut off by the end of the file": mask["offset"] + mask["bytes"] > size,
        "the length of its mask does not fit its size": _unfit(pixels, mask["bytes"], 128, 4),
    }
    return {reason: wrong & mask["there"] for reason, wrong in found.items()}


def _unfit(pixels: np.ndarray, length: np.ndarray, most: int, least: int) -> np.ndarray:
    """Where a strip's bytes are too few (at `most` pixels a byte) or too many (at `least` nibbles a pixel)."""
    return (pixels > most * length) | (2 * length > least * pixels + 1)


def _absent(numbers: np.ndarray, stated: int | None) -> list[Problem]:
    """The objects of which no directory was met; numbers: those that were, sorted."""
    end = int(numbers[-1]) + 1 if len(numbers) else 0
    edges = np.concatenate([[-1], numbers, [max(stated or 0, end)]])
    reason = "not in the file, which is cut off or damaged there"
    return [Problem(int(edges[gap]) + 1, int(edges[gap + 1]) - 1, reason) for gap in np.flatnonzero(np.diff(edges) > 1)]


_BATCH = 4096


@dataclass(frozen=True)
class Objects:
    """A file whose directories were read.

    name: of the file below the root that was asked for, with /, fit to be printed.
    table: one entry per usable object, in the file's order, name -> int64 array (see `paired`).
    problems: the objects that cannot be used, by number.
    """

    container: Container
    name: str
    acquisition: Acquisition
    table: dict[str, np.ndarray]
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.table["number"])

    @property
    def path(self) -> Path:
        return self.container.path

    def planes(self, row: int) -> np.ndarray:
        """Grey levels of an object, shape (channels, height, width), int64. Raises Damaged and OSError."""
        of = self._of(row)
        data = self.container.read(of["offset"], of["bytes"])
        return self._apart(decode_grey(data, of["height"], of["width"]))

    def masks(self, row: int) -> np.ndarray | None:
        """Mask values 0 to 3, shape (channels, height, width), uint8; None without masks. Raises Damaged, OSError."""
        of = self._of(row)
        if of["mask_bytes"] < 0:
            return None
        data = self.container.read(of["mask_offset"], of["mask_bytes"])
        return self._apart(decode_mask(data, of["height"], of["width"]))

    def _of(self, row: int) -> dict[str, int]:
        return {name: int(column[row]) for name, column in self.table.items()}

    def _apart(self, side_by_side: np.ndarray) -> np.ndarray:
        height, width = side_by_side.shape
        channels = len(self.acquisition.channels)
        return side_by_side.reshape(height, channels, width // channels).transpose(1, 0, 2)


def read_objects(path: str | Path, name: str = "") -> Objects:
    """Read the directories of a file, not the pixels. Raises Damaged where it is not such a file, and OSError."""
    container = Container.of(Path(path))
    with open(path, "rb", buffering=0) as file:
        first = container.directory(container.first, file)
        if first is None:
            raise Damaged("it is a TIFF file, but not one of ImageStream")
        acquisition = read_acquisition(container, first, file)
        chain, parts = container.chain(first, file), [_columns(container, [])]
        while batch := list(islice(chain, _BATCH)):
            parts.append(_columns(container, batch))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    table, problems = paired(columns, container.size, len(acquisition.channels), acquisition.objects)
    return Objects(container, name, acquisition, table, problems)


def _columns(container: Container, directories: list[Directory]) -> dict[str, np.ndarray]:
    offsets = np.array([directory.offset for directory in directories], np.int64)
    return container.numbers(directories, TAGS) | {"at": offsets}


ENDINGS = (".cif", ".rif")


def find_files(root: str | Path | None) -> list[tuple[Path, str]]:
    """(path, name below `root`, fit to be printed) of the files at or below `root`, sorted by name.

    None stands for the folder `amnis` in $CGRECNET_DATA. A `.rif` beside the `.cif` that was made from it is left out:
    the same cells would be there twice. Raises DataError where there is none.
    """
    path = own_files(
        "amnis",
        root,
        "Data set 'amnis' is your own ImageStream files: name a .cif, or a folder of them, as root (or put them into "
        "the folder `amnis` below the one that CGRECNET_DATA names).",
        "an ImageStream file or a folder of them",
    )
    if path.is_file():
        if path.suffix.lower() not in ENDINGS:
            raise DataError(
                f"{shown(path)} does not end in .cif or .rif: name an ImageStream file or a folder of them."
            )
        return [(path, shown(path.name))]
    names = {name: name.lower() for name in walk(path, defaultdict(list)) if "/." not in f"/{name}"}
    compensated = {low[:-4] for low in names.values() if low.endswith(".cif")}
    found = [
        (path / name, shown(name))
        for name, low in names.items()
        if low.endswith(".cif") or (low.endswith(".rif") and low[:-4] not in compensated)
    ]
    if not found:
        raise DataError(f"There is no ImageStream file (.cif, .rif) in {shown(path)}: name the folder that holds them.")
    return found


def open_file(path: Path, name: str) -> Objects:
    """A file by its path and its name; raises DataError where it is not such a file or cannot be opened."""
    try:
        return read_objects(path, name)
    except Damaged as reason:
        raise DataError(f"The ImageStream file {shown(path)} cannot be read: {reason}.") from None
    except OSError as error:
        raise DataError(f"The ImageStream file {shown(path)} cannot be opened ({error.strerror}).") from None


def same_cells(opened: Sequence[Objects]) -> list[tuple[str, str]]:
    """Pairs (file, file that it was made from) of which both are among these: they may hold the same cells."""
    by_name = {one.path.name.lower(): one.name for one in opened}
    pairs = [(one.name, by_name.get(one.acquisition.source.lower())) for one in opened]
    return [(made, source) for made, source in pairs if source not in (None, made)]
