"""Which class each object has: by its file, by its folder, or by the populations of the analysis beside its file."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cgrecnet.data.amnis.files import ImageFile
from cgrecnet.data.amnis.objects import Objects
from cgrecnet.data.amnis.populations import Populations, daf_beside
from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: The one class of cells that have none, as before a prediction.
UNLABELLED = "unlabelled"
#: Label of an object that takes no part.
NONE = -1


class Labels(NamedTuple):
    """classes: in label order; labels: of each file, one per usable object, or `NONE`; doubtful: in two classes."""

    classes: tuple[str, ...]
    labels: list[np.ndarray]
    doubtful: int = 0


def label(
    files: Sequence[ImageFile], opened: Sequence[Objects], source: str | None, classes: Mapping[str, str] | None
) -> Labels:
    """Label the objects of all files.

    source: None (all are `UNLABELLED`), `file`, `folder` or `population`; classes: name of a file (without ending),
    folder or population -> class; what is not in it takes no part. None: each name is a class of its own.
    Objects in populations of two classes take no part, and are counted.
    Raises ConfigError for a name that is not there, DataError for an analysis that is missing or of another file.
    """
    if source is None:
        return Labels((UNLABELLED,), [np.zeros(len(objects), np.int64) for objects in opened])
    if source == "population":
        return _by_population(files, opened, classes)
    names = [shown(file.path.stem if source == "file" else file.path.parent.name) for file in files]
    class_of = _class_of(names, classes, source)
    known = _in_order(class_of)
    label_of = {name: known.index(kind) for name, kind in class_of.items()}
    return Labels(
        known,
        [
            np.full(len(objects), label_of.get(name, NONE), np.int64)
            for name, objects in zip(names, opened, strict=True)
        ],
    )


def _by_population(files: Sequence[ImageFile], opened: Sequence[Objects], classes: Mapping[str, str] | None) -> Labels:
    analyses = [analysis_of(file, objects) for file, objects in zip(files, opened, strict=True)]
    gates = sorted({name for one in analyses for name in one.gates})
    class_of = _class_of([name for one in analyses for name in one.names()], classes, "population", gates)
    known, labels, doubtful = _in_order(class_of), [], 0
    for analysis, objects in zip(analyses, opened, strict=True):
        member = np.zeros((len(known), len(objects)), bool)
        for name in analysis.names():
            if name in class_of:
                member[known.index(class_of[name])] |= analysis.members(name, objects.table["number"])
        one = member.sum(axis=0) == 1
        labels.append(np.where(one, member.argmax(axis=0), NONE))
        doubtful += int((member.sum(axis=0) > 1).sum())
    return Labels(known, labels, doubtful)


def analysis_of(file: ImageFile, objects: Objects) -> Populations:
    """The populations of a file's analysis. Raises DataError where there is none, or it is of another file."""
    found = daf_beside(file.path)
    if found is None:
        raise DataError(
            f"No analysis (.daf) of {shown(file.path)} lies beside it, so it has no populations: put it there, or take "
            "classes_from=file or folder."
        )
    stated = objects.acquisition.objects
    if None not in (found.objects, stated) and found.objects != stated:
        raise DataError(
            f"The analysis {shown(found.path)} is of a file with {found.objects:,} objects, and {file.name} has "
            f"{stated:,}: put the analysis of this very file beside it."
        )
    return found


def _class_of(
    names: Sequence[str], classes: Mapping[str, str] | None, source: str, gates: Sequence[str] = ()
) -> dict[str, str]:
    """Name -> class, of the names that take part."""
    there = sorted(set(names))
    if classes is None:
        if not there:
            told = f" (not evaluated, because they are gates: {', '.join(gates)})" if gates else ""
            raise DataError(f"The analyses beside the files have no population that is a list{told}: tag the cells.")
        return {name: name for name in there}
    for name in classes:
        if name in gates:
            raise ConfigError(f"The population {name!r} is a gate, which is not evaluated: tag its cells in IDEAS.")
        if name not in there:
            raise ConfigError(f"There is no {source} {name!r} to take a class from; {suggest(name, there)}")
    return dict(classes)


def _in_order(class_of: Mapping[str, str]) -> tuple[str, ...]:
    """Each class once, in the order in which it is first met."""
    return tuple(dict.fromkeys(class_of.values()))
