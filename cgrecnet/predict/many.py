"""Predict many folders, files or stores: one task each on the Dask workers of the sweeps, one table at the end."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd
from distributed import Client
from torch.utils.data import ConcatDataset

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write, shown
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import ModelFolder, open_folder
from cgrecnet.predict.inputs import Cells, open_input
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.run import predict_cells, writing
from cgrecnet.predict.summary import Summary
from cgrecnet.predict.tables import read_table
from cgrecnet.runs.tasks import Task, TaskCounts, run_tasks


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
        standing = TaskCounts(len(tasks), skipped=len(tasks) - len(todo))
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
    return Cells(f"{len(inputs)} inputs", "", names, ConcatDataset([cells.images for cells in opened]))


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
    return Predictor(folder, engine, asked.coverage)


def _is_done(table: Path, asked: Asked, digest: str | None) -> bool:
    """Whether the table of an input is there, of this model and coverage; digest: of the input, None where unknown."""
    try:
        found = Summary.read(table)
    except (OSError, ValueError, TypeError):
        return False
    same = (found.identity, found.coverage) == (asked.identity, asked.coverage)
    return table.is_file() and same and digest in (None, found.digest)


def _gather(tables: dict[str, Path], out: Path) -> Summary:
    """Put the tables of all inputs together, some rows in memory at a time, and count."""
    parts = {name: Summary.read(table) for name, table in tables.items()}
    first, several = next(iter(parts.values())), len(parts) > 1
    total = Summary(
        first.model, first.identity, f"{len(parts)} inputs" if several else first.input,
        hashlib.sha256("".join(one.digest for one in parts.values()).encode()).hexdigest(), first.coverage,
        ", ".join(sorted({one.engine for one in parts.values()})), never_ruled_out=first.never_ruled_out,
        unreadable=[(_named(name, cell, len(parts)), reason) for name, one in parts.items()
                    for cell, reason in one.unreadable],
    )  # fmt: skip
    columns = list(dict.fromkeys(name for table in tables.values() for name in pd.read_csv(table, nrows=0).columns))
    columns.sort(key=("cell_id", "file", "object", *columns).index)
    with atomic_write(out) as file:
        for number, (name, table) in enumerate(tables.items()):
            for rows in read_table(table):
                total.count(rows)
                rows["cell_id"] = [_named(name, cell, len(parts)) for cell in rows["cell_id"]]
                rows["input"] = shown(name)
                rows = rows.reindex(columns=["input", *columns] if several else columns, fill_value="")
                rows.to_csv(file, index=False, lineterminator="\n", header=number == 0 and rows.index[0] == 0)
    total.write(out)
    return total


def _named(name: str, cell: str, inputs: int) -> str:
    """What a cell is called in the one table."""
    return f"{shown(name)}/{cell}" if inputs > 1 else cell

