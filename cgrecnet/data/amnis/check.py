"""What `cgrecnet data check amnis` says: every object of every file is decoded once, all channels and the mask."""

from collections.abc import Iterator, Mapping
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
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Problems of a file that are told before the others are only counted.
SHOWN = 3


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
    compare levels with; whatever channel they name, all are told. There is no publication to compare with.
    Raises DataError where there is no such file; a file that cannot be read is named, and the others are told.
    """
    files = find_files(root)
    parts, opened, good = [], [], True
    for path, name in files:
        try:
            objects = open_file(path, name)
            text, well = _tell(objects, every, used.window)
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


def _tell(objects: Objects, every: bool, window: tuple[float, float] | None) -> tuple[str, bool]:
    found = _read(objects)
    populations, fits = _populations(objects)
    lines = [
        objects.name,
        *(f"  {line}" for line in _facts(objects, found)),
        *_ranges(objects, found, window),
        *(f"  {line}" for line in populations),
    ]
    problems = sorted(found.problems, key=lambda one: one.first)
    lines += [f"  cannot be used: {problem}" for problem in (problems if every else problems[:SHOWN])]
    if not every and len(problems) > SHOWN:
        lines.append(f"  and {len(problems) - SHOWN:,} more such lines (--all names them)")
    return "\n".join(lines), fits and not found.problems and found.good > 0


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


def _facts(objects: Objects, found: Findings) -> Iterator[str]:
    said = objects.acquisition
    of = f" of {said.objects:,}" if said.objects not in (None, found.good) else ""
    yield f"{found.good:,}{of} objects can be used" + (f" (IDEAS {said.software})" if said.software else "")
    if found.good:
        rows, columns = (span((min(sizes), max(sizes))) for sizes in (found.heights, found.widths))
        yield f"sizes: {rows} rows, {columns} columns"
    yield f"channels: {' '.join(map(str, said.channels))} (in use by {IN_USE})"
    if said.brightfield:
        first, *others = said.brightfield
        more = f"; also marked, not read: {', '.join(f'Ch{other}' for other in others)}" if others else ""
        yield f"brightfield: Ch{first}, marked by {LIT}{more}"
    else:
        yield f"brightfield: not marked ({LIT} is missing or names none of the channels): channel= has to name it"
    bits = f"{said.bits} bit" if said.bits else f"bits not said, {BITS} assumed"
    scale = [f"magnification {said.magnification:g}"] if said.magnification else []
    scale += [f"camera pixel {said.pixel_size:g} um"] if said.pixel_size else []
    yield ", ".join([f"camera: {bits}", *scale])
    if said.merged:
        yield f"merged from {len(said.merged)} files, which cannot be told apart here: a grouped split needs them alone"
    if not found.masks:
        yield "masks: none"
    else:
        empty = f", {found.empty:,} of them empty in the brightfield" if found.empty else ""
        yield f"masks: of {found.masks:,} objects{empty}"


def _ranges(objects: Objects, found: Findings, window: tuple[float, float] | None) -> Iterator[str]:
    """A table of the grey levels per channel, and whether the window that is used by default fits them."""
    if not found.good:
        return
    yield f"  {'grey levels':<14}{'minimum':>9}{'0.1 %':>9}{'99.9 %':>9}{'maximum':>9}"
    said = objects.acquisition
    window = window or default_window(said)
    for channel, levels in zip(said.channels, found.levels, strict=True):
        mark = " (bright)" if channel in said.brightfield[:1] else ""
        yield f"  {f'Ch{channel}{mark}':<14}" + "".join(f"{level:>9,}" for level in levels.range())
    if found.below:
        yield f"  levels below 0 in {found.below:,} object(s), which are read as 0"
    if said.brightfield:
        levels = found.levels[said.channels.index(said.brightfield[0])].range()
        yield f"  {levels.fit(window)}"


def _populations(objects: Objects) -> tuple[list[str], bool]:
    try:
        found = analysis_of(objects)
    except DataError as error:
        return [f"populations: {error}"], False
    if found is None:
        return ["populations: no analysis (.daf) beside it"], True
    numbers = objects.table["number"]
    known = [f"{shown(name)} {int(np.isin(numbers, some).sum()):,}" for name, some in found.lists.items()]
    lines = [f"populations in {shown(found.path.name)}: {', '.join(known) if known else 'none that is a list'}"]
    if found.gates:
        lines.append(f"not evaluated, because they are gates: {', '.join(map(shown, found.gates))}")
    return lines, True
