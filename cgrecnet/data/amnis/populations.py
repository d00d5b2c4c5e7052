"""Populations of a `.daf`, the file of an analysis in IDEAS that lies beside a `.cif`.

A population is a list of objects (type T, "tagged" by hand or by a classifier), a gate drawn on features (G), a
combination of others (C), or all objects (B). Lists are read, and so is a gate that is a range of object numbers
drawn on all objects, which is a list in other words. Other gates and combinations are named, not evaluated: their
features would have to be read and IDEAS' rules repeated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgrecnet.data.amnis.safe_xml import Enough, Refused, read_xml
from cgrecnet.errors import DataError

OBJECT_NUMBER = "Object Number"
_PART = 65536


@dataclass
class Populations:
    """What a `.daf` holds.

    file: name of the image file that it is about; objects: how many that file has.
    lists: population -> object numbers, sorted; ranges: population -> (lowest, highest object number);
    gates: names of the populations that are not evaluated.
    """

    path: Path
    file: str = ""
    objects: int | None = None
    lists: dict[str, np.ndarray] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    gates: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The populations whose members are known."""
        return [*self.lists, *self.ranges]

    def members(self, name: str, numbers: np.ndarray) -> np.ndarray:
        """Which of the objects of these numbers belong to a population of `names`; bool."""
        if name in self.lists:
            return np.isin(numbers, self.lists[name])
        low, high = self.ranges[name]
        return (numbers >= low) & (numbers <= high)


def read_populations(path: Path) -> Populations:
    """Read a `.daf` of either kind, XML or XML with binary features behind, as far as its populations go.

    Raises DataError where it cannot be read or is damaged before the end of its populations.
    """
    reader = _Reader(path)
    try:
        early = read_xml(_parts(path), reader.start, reader.end)
    except OSError as error:
        raise DataError(f"The analysis file {path} cannot be read ({error.strerror}): mend or move it.") from None
    except Refused as reason:
        early = str(reason)
    if early:
        raise DataError(
            f"The populations in {path} cannot be read ({early}): save the analysis again in IDEAS, or leave out "
            "classes_from=population."
        )
    return reader.found


def daf_beside(image: Path) -> Populations | None:
    """The analysis of an image file: the `.daf` of its name, or else the one in its folder that names it.

    Raises DataError where several name it, or where one cannot be read.
    """
    beside = sorted(path for path in image.parent.iterdir() if path.suffix.lower() == ".daf")
    for path in beside:
        if path.stem == image.stem:
            return read_populations(path)
    found = [one for one in map(read_populations, beside) if one.file == image.name]
    if len(found) > 1:
        names = ", ".join(one.path.name for one in found)
        raise DataError(f"Several analyses are of {image} ({names}): name the right one {image.stem}.daf.")
    return found[0] if found else None


class _Reader:
    """Follows the elements up to the end of the populations, which stand before displays, features and binary data."""

    def __init__(self, path: Path) -> None:
        self.found = Populations(path)
        self.all: set[str] = set()
        self.lines: dict[str, list[float]] = {}
        self.line, self.population, self.tagged = "", "", []

    def start(self, name: str, given: dict) -> None:
        if name == "SOD":
            self.found.file, count = given.get("file", ""), given.get("objcount", "")
            self.found.objects = int(count) if count.isdecimal() else None
        elif name == "Region":
            self.line = given.get("label", "") if given.get("type") == "line" else ""
        elif name == "axy" and self.line:
            self.lines.setdefault(self.line, []).append(float(given["x"]))
        elif name == "Pop":
            self._population(given.get("name", ""), given)
        elif name == "ob" and self.population:
            self.tagged += map(int, given.values())

    def _population(self, name: str, given: dict) -> None:
        kind, line = given.get("type"), self.lines.get(given.get("region", ""), ())
        if kind == "B":
            self.all.add(name)
        elif kind == "T":
            self.population, self.tagged = name, []
        elif kind == "G" and given.get("fx") == OBJECT_NUMBER and len(line) == 2:
            if given.get("base") in self.all:
                self.found.ranges[name] = (min(line), max(line))
            else:
                self.found.gates.append(name)
        else:
            self.found.gates.append(name)

    def end(self, name: str) -> None:
        if name == "Region":
            self.line = ""
        elif name == "Pop" and self.population:
            self.found.lists[self.population] = np.unique(np.array(self.tagged, np.int64))
            self.population = ""
        elif name in ("Pops", "Assay"):
            raise Enough


def _parts(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while part := file.read(_PART):
            yield part
