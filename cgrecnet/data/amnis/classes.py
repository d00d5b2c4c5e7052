"""Which class each object has: by its file, by its folder, or by the populations of the analysis beside its file.

A population of a `.daf`, the file of an analysis in IDEAS, is a list of objects (type T, "tagged" by hand or by a
classifier), a gate drawn on features (G), a combination of others (C), or all objects (B). Lists are read; gates and
combinations are named, not evaluated: their features would have to be read and IDEAS' rules repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgrecnet.data.amnis.metadata import Enough, Refused, read_xml
from cgrecnet.data.amnis.objects import Objects
from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

_PART = 65536


@dataclass
class Populations:
    """What a `.daf` holds.

    file: name of the image file that it is about; objects: how many that file has.
    lists: population -> object numbers, sorted; gates: names of the populations that are not evaluated.
    """

    path: Path
    file: str = ""
    objects: int | None = None
    lists: dict[str, np.ndarray] = field(default_factory=dict)
    gates: list[str] = field(default_factory=list)


def read_populations(path: Path) -> Populations:
    """Read a `.daf` of either kind, XML or XML with binary features behind, as far as its populations go.

    Raises DataError where it cannot be read or is damaged before the end of its populations.
    """
    reader = _Reader(path)
    try:
        with open(path, "rb") as file:
            early = read_xml(iter(lambda: file.read(_PART), b""), reader.start, reader.end)
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


def analysis_of(objects: Objects) -> Populations | None:
    """The analysis of an image file: the `.daf` of its name, or else the one in its folder that names it, if any.

    Raises DataError where several name it, where one cannot be read, or where it is of another file.
    """
    image, stated = objects.path, objects.acquisition.objects
    beside = sorted(path for path in image.parent.iterdir() if path.suffix.lower() == ".daf")
    if own := [path for path in beside if path.stem == image.stem]:
        found = [read_populations(own[0])]
    else:
        found = [one for one in map(read_populations, beside) if one.file == image.name]
    if len(found) > 1:
        names = ", ".join(one.path.name for one in found)
        raise DataError(f"Several analyses are of {image} ({names}): name the right one {image.stem}.daf.")
    if found and None not in (found[0].objects, stated) and found[0].objects != stated:
        raise DataError(
            f"The analysis {shown(found[0].path)} is of a file with {found[0].objects:,} objects, and {objects.name} "
            f"has {stated:,}: put the analysis of this very file beside it."
        )
    return found[0] if found else None


class _Reader:
    """Follows the elements up to the end of the populations, which stand before displays, features and binary data."""

    def __init__(self, path: Path) -> None:
        self.found, self.population, self.tagged = Populations(path), "", []

    def start(self, name: str, given: dict) -> None:
        if name == "SOD":
            self.found.file, count = given.get("file", ""), given.get("objcount", "")
            self.found.objects = int(count) if count.isdecimal() else None
        elif name == "Pop" and given.get("type") == "T":
            self.population, self.tagged = given.get("name", ""), []
        elif name == "Pop" and given.get("type") != "B":
            self.found.gates.append(given.get("name", ""))
        elif name == "ob" and self.population:
            self.tagged += map(int, given.values())

    def end(self, name: str) -> None:
        if name == "Pop" and self.population:
            self.found.lists[self.population] = np.unique(np.array(self.tagged, np.int64))
            self.population = ""
        elif name in ("Pops", "Assay"):
            raise Enough


#: The one class of cells that have none, as before a prediction.
UNLABELLED = "unlabelled"
#: Label of an object that takes no part.
NONE = -1


def label(
    opened: Sequence[Objects], source: str | None, classes: Mapping[str, str] | None
) -> tuple[tuple[str, ...], list[np.ndarray], int]:
    """(classes in label order; of each file, the label of every usable object, or `NONE`; how many are in two classes).

    source: None (all are `UNLABELLED`), `file`, `folder` or `population`; classes: name of a file (without ending),
    folder or population -> class; what is not in it takes no part. None: each name is a class of its own.
    Objects in populations of two classes take no part, and are counted.
    Raises ConfigError for a name that is not there, DataError for an analysis that is missing or of another file.
    """
    if source is None:
        return (UNLABELLED,), [np.zeros(len(objects), np.int64) for objects in opened], 0
    gates: list[str] = []
    if source == "population":
        analyses = [analysis_of(objects) for objects in opened]
        if None in analyses:
            raise DataError(
                f"No analysis (.daf) of {shown(opened[analyses.index(None)].path)} lies beside it, so it has no "
                "populations: put it there, or take classes_from=file or folder."
            )
        gates = sorted({name for one in analyses for name in one.gates})
        members = [
            {name: np.isin(objects.table["number"], numbers) for name, numbers in one.lists.items()}
            for one, objects in zip(analyses, opened, strict=True)
        ]
    else:
        paths = [objects.path for objects in opened]
        names = [shown(path.stem if source == "file" else path.parent.name) for path in paths]
        members = [{name: np.ones(len(objects), bool)} for name, objects in zip(names, opened, strict=True)]
    class_of = _class_of([name for one in members for name in one], classes, source, gates)
    known, labels, doubtful = tuple(dict.fromkeys(class_of.values())), [], 0
    for of_file, objects in zip(members, opened, strict=True):
        member = np.zeros((len(known), len(objects)), bool)
        for name, inside in of_file.items():
            if name in class_of:
                member[known.index(class_of[name])] |= inside
        found = member.sum(axis=0)
        labels.append(np.where(found == 1, member.argmax(axis=0), NONE))
        doubtful += int((found > 1).sum())
    return known, labels, doubtful


def _class_of(
    names: Sequence[str], classes: Mapping[str, str] | None, source: str, gates: Sequence[str] = ()
) -> dict[str, str]:
    """Name -> class, of the names that take part."""
    there = sorted(set(names))
    if classes is None:
        if not there:
            unread = f" (not evaluated, because they are gates: {', '.join(gates)})" if gates else ""
            raise DataError(f"The analyses beside the files have no population that is a list{unread}: tag the cells.")
        return {name: name for name in there}
    for name in classes:
        if name in gates:
            raise ConfigError(f"The population {name!r} is a gate, which is not evaluated: tag its cells in IDEAS.")
        if name not in there:
            raise ConfigError(f"There is no {source} {name!r} to take a class from; {suggest(name, there)}")
    return dict(classes)
