"""What `cgrecnet data check amnis` says: every object of every file is decoded once, all channels and the mask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cgrecnet.data.amnis.classes import analysis_of
from cgrecnet.data.amnis.codec import Damaged
from cgrecnet.data.amnis.metadata import IN_USE, LIT
from cgrecnet.data.amnis.objects import Objects, Problem, find_files, open_file, same_cells
from cgrecnet.data.amnis.reader import BITS, MANY, AmnisOptions, default_window
from cgrecnet.data.levels import Levels, span
from cgrecnet.data.words import text_of
from cgrecnet.errors import DataError

#: Problems of a file that are named before the others are only counted.
SHOWN = 3

_WORDS = text_of(
    "amnis/check.txt", IN_USE=IN_USE, LIT=LIT, BITS=BITS, span=lambda sizes: span((min(sizes), max(sizes)))
)


@dataclass
class Findings:
    """What one pass over a file collects; its size does not depend on the number of objects."""

    levels: list[Levels]
    problems: list[Problem]
    good: int = 0
    masks: int = 0
    empty: int = 0
    below: int = 0
    heights: set[int] = field(default_factory=set)
    widths: set[int] = field(default_factory=set)


def report(root: str | Path | None, published: Mapping, every: bool, used: AmnisOptions) -> tuple[str, bool]:
    """Everything that can be said about the files at or below `root`, as text, and whether all is well.

    every: name every object that cannot be used, not only the first of each file. used: their window is the one to
    compare levels with; whatever channel they name, all are described. There is no publication to compare with.
    Raises DataError where there is no such file; a file that cannot be read is named, and the others are described.
    """
    files = find_files(root)
    parts, opened, good = [], [], True
    for path, name in files:
        try:
            objects = open_file(path, name)
            text, well = _describe(objects, every, used.window)
            opened.append(objects)
        except DataError as error:
            text, well = f"{name}\n  {error}", False
        parts.append(text)
        good &= well
    if len(files) > 1:
        parts.append(f"{sum(map(len, opened)):,} usable objects in {len(files):,} files")
    for made, source in same_cells(opened):
        parts.append(f"{made} was made from {source}: cells may be there twice, so leave one of the files out.")
        good = False
    return "\n\n".join([*parts, "Nothing amiss." if good else "Amiss: see above."]), good


def _describe(objects: Objects, every: bool, window: tuple[float, float] | None) -> tuple[str, bool]:
    """What `check.txt` makes of a file, and whether all is well with it."""
    found, run = _read(objects), objects.acquisition
    analysis, amiss = None, ""
    try:
        analysis = analysis_of(objects)
    except DataError as error:
        amiss = str(error)
    lists, numbers = analysis.lists if analysis else {}, objects.table["number"]
    ranges = {channel: levels.range() for channel, levels in zip(run.channels, found.levels, strict=True) if found.good}
    text = _WORDS.render(
        name=objects.name,
        found=found,
        run=run,
        ranges=ranges.items(),
        fit=ranges[run.brightfield[0]].fit(window or default_window(run)) if ranges and run.brightfield else "",
        analysis=analysis,
        amiss=amiss,
        counts={population: int(np.isin(numbers, some).sum()) for population, some in lists.items()},
        problems=sorted(found.problems, key=lambda one: one.first),
        most=len(found.problems) if every else SHOWN,
    )
    return text.rstrip("\n"), not amiss and not found.problems and found.good > 0


def _read(objects: Objects) -> Findings:
    found = Findings([Levels() for _ in objects.acquisition.channels], list(objects.problems))
    rows = tqdm(range(len(objects)), objects.name, disable=len(objects) <= MANY, leave=False)
    lit = [objects.acquisition.channels.index(channel) for channel in objects.acquisition.brightfield]
    for row in rows:
        number = int(objects.table["number"][row])
        try:
            planes, masks = objects.planes(row), objects.masks(row)
        except (Damaged, OSError) as reason:
            found.problems.append(Problem(number, number, str(reason)))
            continue
        found.good += 1
        found.heights.add(planes.shape[1])
        found.widths.add(planes.shape[2])
        found.below += bool((planes < 0).any())
        for levels, plane in zip(found.levels, planes.clip(0), strict=True):
            levels.add(plane)
        if masks is not None:
            found.masks += 1
            found.empty += not masks[lit or slice(None)].any()
    return found
