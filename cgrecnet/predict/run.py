"""Predict many cells: some at a time, in parts that a restart keeps, and a table that is whole or not there."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cgrecnet.data.store.opened import MappedImages
from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write, shown
from cgrecnet.predict.cells import planes
from cgrecnet.predict.folder import Model
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.predictor import TRAINED, VALIDATED, Predictor
from cgrecnet.predict.uncertainty import ASSUMPTION, cells_needed
from cgrecnet.predict.unlike import REASONS
from cgrecnet.predict.writing import writing

#: Cells in a part: what a killed prediction loses at most, and what is in memory at once.
PART = 1024
#: Images that are this many times larger or smaller than any in training are no single cells of its kind.
FACTOR = 4
#: Images that are looked at before anything starts.
FIRST = 200


@dataclass
class Summary:
    """What was predicted; written beside the table. unreadable: (name, reason) of each cell that is not in it."""

    model: str
    identity: str
    input: str
    digest: str
    coverage: float
    engine: str
    assumption: str = ASSUMPTION
    cells: int = 0
    called: dict[str, int] = field(default_factory=dict)
    set_sizes: dict[str, int] = field(default_factory=dict)
    unlike: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    never_ruled_out: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def predict_cells(
    predictor: Predictor, cells: Cells, out: Path, *, say: Callable[[str], None] = print, bar: bool = False
) -> Summary:
    """Write the table of all cells to `out` (CSV) and the summary to `out` + `.json`; returns the summary.

    What is done already of the same prediction, in the folder `out` + `.parts`, is kept; that folder goes at the end.
    Raises RunError (another process is at it, the disk refuses) or DataError (images that the model is not for, none
    that can be read).
    """
    out = Path(out)
    parts = out.with_name(out.name + ".parts")
    with writing(out, parts):
        _check_input(cells, predictor.folder.model)
        summary = _plan(predictor, cells)
        _keep_only(parts, summary, say)
        _do_parts(predictor, cells, parts, bar)
        _gather(parts, len(cells), out, summary)
        with atomic_write(out.with_name(out.name + ".json")) as file:
            json.dump(summary.__dict__, file, indent=1, ensure_ascii=False)
    return summary


def _plan(predictor: Predictor, cells: Cells) -> Summary:
    folder, coverage = predictor.folder, predictor.coverage
    few = [
        name
        for name, n in zip(folder.model.classes, folder.model.calibration_cells, strict=True)
        if n < cells_needed(coverage)
    ]
    return Summary(
        shown(folder.path), folder.identity, cells.what, cells.digest, coverage, predictor.engine.name,
        never_ruled_out=few,
    )  # fmt: skip


def _check_input(cells: Cells, model: Model) -> None:
    """Refuse images that the model is not for; the first ones that can be read speak for all."""
    sizes, kinds = [], set()
    for index in range(min(len(cells), FIRST)):
        try:
            image = cells.images[index]
        except DataError:
            continue
        sizes.append(image.shape[:2])
        kinds.add(image.dtype.name)
        if planes(image) != model.channels:
            raise DataError(
                f"{cells.what} has images of {planes(image)} channel(s), and the model was trained on "
                f"{model.channels}: export the same channels, or train on images like these."
            )
    if kinds and model.pixels not in kinds:  # a few of another type are named one by one
        raise DataError(
            f"{cells.what} has images of {kinds.pop()}, and the model was trained on {model.pixels}, so that their "
            "grey levels mean other things: export them as those were, or train on images like these."
        )
    if sizes:
        height, width = np.median(np.array(sizes), axis=0)
        for side, (low, high), what in ((height, model.heights, "high"), (width, model.widths, "wide")):
            if side > FACTOR * high or side < low / FACTOR:
                raise DataError(
                    f"The images of {cells.what} are {side:g} pixels {what} (median), and those that the model was "
                    f"trained on {low} to {high}: cut out single cells as for the training, or train on images like "
                    "these."
                )


def _keep_only(parts: Path, summary: Summary, say: Callable[[str], None]) -> None:
    """Drop parts of another prediction; say what is kept."""
    same = [summary.identity, summary.digest, summary.coverage, summary.engine, PART]
    plan = hashlib.sha256(json.dumps(same).encode()).hexdigest()
    place = parts / "plan"
    if place.exists() and place.read_text(encoding="utf-8") != plan:
        say("what was begun was of another model, input or coverage: starting anew")
        for old in parts.glob("part-*"):
            old.unlink()
    with atomic_write(place) as file:
        file.write(plan)
    if done := sum(1 for _ in parts.glob("part-*.csv")):
        say(f"going on after {done * PART:,} cells")


def _do_parts(predictor: Predictor, cells: Cells, parts: Path, bar: bool) -> None:
    with tqdm(total=len(cells), unit="cell", desc="predicting", disable=not bar, file=sys.stderr) as progress:
        for first in range(0, len(cells), PART):
            last = min(first + PART, len(cells))
            place = parts / f"part-{first:09d}.csv"
            if not place.exists():
                table, unreadable = _part(predictor, cells, range(first, last))
                with atomic_write(place.with_suffix(".json")) as file:
                    json.dump(unreadable, file)
                with atomic_write(place) as file:
                    table.to_csv(file, index=False, lineterminator="\n")
                if isinstance(cells.images, MappedImages):
                    cells.images.release()
            progress.update(last - first)


def _part(predictor: Predictor, cells: Cells, chosen: range) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The rows of some cells, and those that could not be read, with the reason."""
    rows, images, unreadable = [], [], []
    pixels = predictor.folder.model.pixels
    for index in chosen:
        try:
            image = cells.images[index]
            if image.dtype.name != pixels or planes(image) != predictor.folder.model.channels:
                raise DataError(f"{image.dtype.name}, {planes(image)} channel(s), which the model does not take")
            rows.append(index)
            images.append(image)
        except DataError as reason:
            unreadable.append((str(cells.names[index]), str(reason)))
    if not rows:
        return pd.DataFrame(), unreadable
    table = predictor.rows([cells.names[index] for index in rows], images)
    if cells.files is not None:
        table.insert(1, "file", [cells.files[index] for index in rows])
        table.insert(2, "object", [cells.objects[index] for index in rows])
    return table, unreadable


def _gather(parts: Path, total: int, out: Path, summary: Summary) -> None:
    """Put the parts together, one in memory at a time, and count."""
    header = None
    with atomic_write(out) as file:
        for first in range(0, total, PART):
            place = parts / f"part-{first:09d}.csv"
            unreadable = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
            summary.unreadable += [tuple(pair) for pair in unreadable]
            text = place.read_text(encoding="utf-8")
            if not text.strip():
                continue
            table = pd.read_csv(place, keep_default_na=False, dtype={"cell_id": str, "class": str})
            _count(summary, table)
            line, _, rest = text.partition("\n")
            file.write(rest if header else text)
            header = header or line
        if header is None:
            name, reason = summary.unreadable[0] if summary.unreadable else ("no cell", "there is none")
            raise DataError(f"Not one of {total:,} cells of {summary.input} can be read ({name}: {reason}).")


def _count(summary: Summary, table: pd.DataFrame) -> None:
    def add(counts: dict[str, int], name: str, number: int) -> None:
        counts[name] = counts.get(name, 0) + int(number)

    summary.cells += len(table)
    for name, number in table["class"].value_counts().items():
        add(summary.called, name, number)
    inside = table[[name for name in table.columns if name.startswith("in_")]].sum(axis=1)
    for size, number in inside.value_counts().items():
        add(summary.set_sizes, str(size), number)
    add(summary.unlike, "any", table["unlike"].sum())
    for reason in REASONS:
        add(summary.unlike, reason, (table[f"unlike_{reason}"] > 1).sum())
    for part in (TRAINED, VALIDATED):
        add(summary.seen, part, (table["seen"] == part).sum())
