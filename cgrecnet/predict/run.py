"""Predict many cells: some at a time, in parts that a restart keeps, and a table that is whole or not there."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cgrecnet.data.base import MappedImages
from cgrecnet.errors import DataError, RunBusy, RunError
from cgrecnet.files import atomic_write, locked, shown
from cgrecnet.predict.card import never_ruled_out
from cgrecnet.predict.cells import planes
from cgrecnet.predict.folder import Model
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.predictor import Predictor, Summary
from cgrecnet.predict.tables import read_table

#: Cells in a part: what a killed prediction loses at most, and what is in memory at once.
PART = 1024
#: Images that are this many times larger or smaller than any in training are no single cells of its kind.
FACTOR = 4
#: Images that are looked at before anything starts.
FIRST = 200


@contextmanager
def writing(out: Path, parts: Path) -> Iterator[None]:
    """While `out` is being made, hold the folder `parts`, which keeps what is done; it goes when all went well.

    It goes by another name: whoever is killed while it is deleted leaves nothing that looks like a half-done table.
    Raises RunBusy where another process holds it, RunError where the disk refuses.
    """
    ended = parts.with_name(parts.name + ".ended")
    shutil.rmtree(ended, ignore_errors=True)
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with locked(parts / "lock"):
            yield
        parts.replace(ended)
        shutil.rmtree(ended, ignore_errors=True)
    except BlockingIOError:
        raise RunBusy(f"Another process is writing {shown(out)}: wait for it, or name another file.") from None
    except OSError as error:
        raise RunError(
            f"{shown(error.filename or out)} cannot be written ({error.strerror}): make room or name another file, "
            "then start again; what is done is kept."
        ) from error


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
        folder = predictor.folder
        summary = Summary(
            shown(folder.path), folder.identity, cells.what, cells.digest, predictor.coverage, predictor.engine.name,
            never_ruled_out=list(never_ruled_out(folder.model, predictor.coverage)),
        )  # fmt: skip
        _keep_only(parts, summary, say)
        gather([("", place) for place in _do_parts(predictor, cells, parts, summary, bar)], out, summary)
    return summary


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
    plan = json.dumps(same)
    place = parts / "plan"
    if place.exists() and place.read_text(encoding="utf-8") != plan:
        say("what was begun was of another model, input or coverage: starting anew")
        for old in parts.glob("part-*"):
            old.unlink()
    with atomic_write(place) as file:
        file.write(plan)
    if done := sum(1 for _ in parts.glob("part-*.csv")):
        say(f"going on after {done * PART:,} cells")


def _do_parts(predictor: Predictor, cells: Cells, parts: Path, summary: Summary, bar: bool) -> list[Path]:
    """The tables of all parts, each with a summary; those that are there are not made again."""
    places = []
    with tqdm(total=len(cells), unit="cell", desc="predicting", disable=not bar, file=sys.stderr) as progress:
        for first in range(0, len(cells), PART):
            last = min(first + PART, len(cells))
            places.append(place := parts / f"part-{first:09d}.csv")
            if not place.exists():
                table, unreadable = _part(predictor, cells, range(first, last))
                replace(summary, cells=len(table), unreadable=unreadable).write(place)
                with atomic_write(place) as file:
                    table.to_csv(file, index=False, lineterminator="\n")
                if isinstance(cells.images, MappedImages):
                    cells.images.release()
            progress.update(last - first)
    return places


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


def gather(tables: Sequence[tuple[str, Path]], out: Path, summary: Summary) -> None:
    """Put tables together in `out`, some rows in memory at a time, and write `summary` with their counts beside it.

    tables: each has its own summary beside it, and comes with the input that a column `input` and the ids of its cells
    then name, or "". Raises DataError where no cell could be read.
    """
    parts = [(name, table, Summary.read(table)) for name, table in tables]
    summary.unreadable += [(named(name, cell), reason) for name, _, part in parts for cell, reason in part.unreadable]
    tables = [(name, table) for name, table, part in parts if part.cells]
    if not tables:
        name, reason = summary.unreadable[0] if summary.unreadable else ("no cell", "there is none")
        count = len(summary.unreadable)
        raise DataError(f"Not one of {count:,} cells of {summary.input} can be read ({name}: {reason}).")
    columns = list(dict.fromkeys(column for _, table in tables for column in pd.read_csv(table, nrows=0)))
    columns.sort(key=("cell_id", "file", "object", *columns).index)
    with atomic_write(out) as file:
        for name, table in tables:
            for rows in read_table(table):
                summary.count(rows)
                rows["cell_id"] = [named(name, cell) for cell in rows["cell_id"]]
                rows = rows.reindex(columns=columns, fill_value="")
                if name:
                    rows.insert(0, "input", shown(name))
                rows.to_csv(file, index=False, lineterminator="\n", header=file.tell() == 0)
    summary.write(out)


def named(name: str, cell: str) -> str:
    """What a cell of an input is called in the one table."""
    return f"{shown(name)}/{cell}" if name else cell
