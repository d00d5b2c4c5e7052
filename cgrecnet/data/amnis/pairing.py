"""From directories to objects: an image and the mask behind it, and why some cannot be used."""

from typing import NamedTuple

import numpy as np

from cgrecnet.data.amnis.codec import GREY, LONGEST, MASK
from cgrecnet.data.amnis.container import KIND, unwrapped

#: Most pixels of an object, all channels together: a bound on memory, ten times what 12 channels of 120 by 300 have.
LARGEST = 2**22

#: Name -> tag; of a tag with several numbers its place is taken. `statistics` counts the background means.
TAGS = {
    "kind": KIND, "width": 256, "height": 257, "bits": 258, "compression": 259, "offset": 273, "bytes": 279,
    "number": 33003, "original": 33024, "background": 33052, "statistics": -33052,
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
    file was made from; -1: not said), width (of all channels together), height, and place and length of strip, mask
    (length -1: none) and background means (place -1: none).
    """
    for name in ("offset", "background"):
        columns[name] = np.where(columns[name] < 0, -1, unwrapped(columns[name], columns["at"]))
    place = np.flatnonzero(columns["kind"] == _IMAGE)
    image = {name: column[place] for name, column in columns.items()}
    mask = {name: column[np.minimum(place + 1, len(column) - 1)] for name, column in columns.items()}
    mask["there"] = mask["kind"] == _OF_A_MASK
    image["said"] = image["number"].copy()
    image["number"] = _numbers(image["said"])
    reasons = np.full(len(place), "", object)
    for reason, wrong in (_faults(image, size, channels, stated) | _mask_faults(mask, image, size)).items():
        reasons[(reasons == "") & wrong] = reason
    good = reasons == ""
    table = {name: image[name] for name in ("number", "original", "width", "height", "offset", "bytes", "background")}
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
    named = np.where(image["said"] < 0, -1 - np.arange(len(number)), number)
    again = np.ones(len(number), bool)
    again[np.unique(named, return_index=True)[1]] = False
    large = (width > LARGEST) | (height > LARGEST)
    pixels = np.where(large, 0, width * height)
    most = max(stated or 0, len(number))
    return {
        "its directory has no object number": image["said"] < 0,
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


def _numbers(said: np.ndarray) -> np.ndarray:
    """Object numbers; where a directory has none, the one after the object before."""
    before = np.concatenate([[-1], said[:-1]]) if len(said) else said
    return np.where(said < 0, before + 1, said)


def _absent(numbers: np.ndarray, stated: int | None) -> list[Problem]:
    """The objects of which no directory was met; numbers: those that were, sorted."""
    end = int(numbers[-1]) + 1 if len(numbers) else 0
    edges = np.concatenate([[-1], numbers, [max(stated or 0, end)]])
    reason = "not in the file, which is cut off or damaged there"
    return [Problem(int(edges[gap]) + 1, int(edges[gap + 1]) - 1, reason) for gap in np.flatnonzero(np.diff(edges) > 1)]
