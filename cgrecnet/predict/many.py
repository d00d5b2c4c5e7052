"""Predict many folders, files or stores: one task each on the Dask workers of the sweeps, one table at the end."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from distributed import Client

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write, shown
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import ModelFolder, open_folder
from cgrecnet.predict.inputs import Cells, open_input
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.run import Summary, predict_cells
from cgrecnet.predict.writing import writing
from cgrecnet.runs.tasks import Standing, Task, run_tasks

#: Rows that are copied at once.
ROWS = 50_000


@dataclass(frozen=True)
class Asked:
    """What is asked of each input: it travels to the workers, which open the model where it lies for them."""

    model: str
    identity: str
    coverage: float = 0.9
    channel: int | None = None
    engine: str = "auto"
    precision: str = "f32"


def predict_many(
    folder: ModelFolder,
    inputs: Sequence[Path],
    asked: Asked,
    out: Path,
    connect: Callable[[], Client],
    *,
    elsewhere: bool = False,
    retries: int = 0,
    say: Callable[[str], None] = print,
) -> Summary:
    """Write one table of all cells of all inputs to `out`, in their order, and the summary to `out` + `.json`.

    The column `input` says where a cell is from, and begins its `cell_id`. elsewhere: whether the workers are on other
    machines, which see the same files. What is done already, in the folder `out` + `.inputs`, is kept, whoever is
    killed; that folder goes at the end.
    Raises ConfigError (an input twice), DataError (one that cannot be opened here), RunError (some failed).
    """
    names = [str(path) for path in inputs]
    places = {os.path.abspath(Path(name).expanduser()): name for name in names}
    if len(places) < len(names):
        raise ConfigError(f"Of these {len(names)} inputs some are the same: name each once.")
    parts = out.with_name(out.name + ".inputs")
    with writing(out, parts):
        tasks = [_task(place, name, parts, asked, folder, elsewhere) for place, name in places.items()]
        todo = [task for task in tasks if not task.done()]
        standing = Standing(len(tasks), skipped=len(tasks) - len(todo))
        say(f"{len(tasks)} inputs, {standing.skipped} of them done already")
        run_tasks(todo, connect, standing, retries=retries, say=say)
        if standing.failed:
            name, reason = next(iter(standing.failed.items()))
            raise RunError(
                f"{len(standing.failed)} of {len(tasks)} inputs failed; first: {name} ({reason.rstrip('.')}): mend "
                "or leave out what failed and start again; the others are kept."
            )
        summary = _gather({name: _table(parts, place, asked) for place, name in places.items()}, out)
    return summary


def joined_cells(inputs: Sequence[Path], folder: ModelFolder, channel: int | None) -> Cells:
    """The cells of all inputs under the names that the one table gives them."""
    opened = [open_input(path, folder.model, channel) for path in inputs]
    names = [_named(str(path), name, len(inputs)) for path, cells in zip(inputs, opened, strict=True)
             for name in cells.names]  # fmt: skip
    return Cells(f"{len(inputs)} inputs", "", names, _Joined([cells.images for cells in opened]))


class _Joined(Sequence):
    """Several long lists as one."""

    def __init__(self, lists: Sequence[Sequence]) -> None:
        self.lists, self.ends = lists, np.cumsum([len(one) for one in lists])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: int):
        which = int(np.searchsorted(self.ends, index, side="right"))
        return self.lists[which][index - (int(self.ends[which - 1]) if which else 0)]


def _task(place: str, name: str, parts: Path, asked: Asked, folder: ModelFolder, elsewhere: bool) -> Task:
    digest = None
    if not elsewhere or Path(place).exists():
        digest = open_input(place, folder.model, asked.channel).digest
    table = _table(parts, place, asked).absolute()
    return Task(name, partial(_predict, asked, place, str(table)), partial(_is_done, table, asked, digest))


def _table(parts: Path, place: str, asked: Asked) -> Path:
    """The table of one input; another engine, or another channel, makes another one."""
    key = json.dumps([place, asked.engine, asked.precision, asked.channel])
    return parts / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.csv"


def _predict(asked: Asked, place: str, table: str) -> None:
    """One input, in a worker."""
    predictor = _loaded(asked)
    cells = open_input(place, predictor.folder.model, asked.channel)
    if not _is_done(Path(table), asked, cells.digest):
        predict_cells(predictor, cells, Path(table), say=lambda _: None)


@lru_cache(maxsize=1)
def _loaded(asked: Asked) -> Predictor:
    """The model, which a worker opens once."""
    folder = open_folder(asked.model)
    if folder.identity != asked.identity:
        raise RunError(f"{shown(folder.path)} is another model where the worker runs: copy the folder there again.")
    engine = make_engine(folder, asked.engine, asked.precision, say=lambda _: None)
    return Predictor.of(folder, engine, asked.coverage)


def _is_done(table: Path, asked: Asked, digest: str | None) -> bool:
    """Whether the table of an input is there, of this model and coverage; digest: of the input, None where unknown."""
    try:
        found = _read_summary(table)
    except (OSError, ValueError, TypeError):
        return False
    same = (found.identity, found.coverage) == (asked.identity, asked.coverage)
    return table.is_file() and same and digest in (None, found.digest)


def _read_summary(table: Path) -> Summary:
    return Summary(**json.loads(table.with_name(table.name + ".json").read_text(encoding="utf-8")))


def _gather(tables: dict[str, Path], out: Path) -> Summary:
    """Put the tables of all inputs together, some rows in memory at a time, and add up what they say of themselves."""
    columns: dict[str, None] = {}
    for table in tables.values():
        columns |= dict.fromkeys(pd.read_csv(table, nrows=0).columns)
    leading = [name for name in ("cell_id", "file", "object") if name in columns]
    order = [*leading, *(name for name in columns if name not in leading)]
    order = ["input", *order] if len(tables) > 1 else order
    with atomic_write(out) as file:
        for number, (name, table) in enumerate(tables.items()):
            for rows in pd.read_csv(table, dtype=str, keep_default_na=False, chunksize=ROWS):
                rows["cell_id"] = [_named(name, cell, len(tables)) for cell in rows["cell_id"]]
                rows["input"] = shown(name)
                rows = rows.reindex(columns=order, fill_value="")
                rows.to_csv(file, index=False, lineterminator="\n", header=number == 0 and rows.index[0] == 0)
    summary = _added({name: _read_summary(table) for name, table in tables.items()})
    with atomic_write(out.with_name(out.name + ".json")) as file:
        json.dump(summary.__dict__, file, indent=1, ensure_ascii=False)
    return summary


def _added(found: dict[str, Summary]) -> Summary:
    first = next(iter(found.values()))
    several = len(found) > 1
    total = Summary(
        first.model, first.identity, f"{len(found)} inputs" if several else first.input,
        hashlib.sha256("".join(one.digest for one in found.values()).encode()).hexdigest(), first.coverage,
        ", ".join(sorted({one.engine for one in found.values()})), never_ruled_out=first.never_ruled_out,
    )  # fmt: skip
    counted = [one.name for one in fields(Summary) if isinstance(getattr(first, one.name), dict)]
    for name, one in found.items():
        total.cells += one.cells
        for kind in counted:
            counts = getattr(total, kind)
            for key, number in getattr(one, kind).items():
                counts[key] = counts.get(key, 0) + number
        total.unreadable += [(_named(name, cell, len(found)), reason) for cell, reason in one.unreadable]
    return total


def _named(name: str, cell: str, inputs: int) -> str:
    """What a cell is called in the one table."""
    return f"{shown(name)}/{cell}" if inputs > 1 else cell

