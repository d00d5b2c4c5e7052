"""Predict many folders, files or stores: one task each on the Dask workers of the sweeps, one table at the end."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from distributed import Client
from torch.utils.data import ConcatDataset

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import shown
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import ModelFolder, open_folder
from cgrecnet.predict.inputs import Cells, open_input
from cgrecnet.predict.predictor import Predictor, Summary
from cgrecnet.predict.run import gather, named, predict_cells, writing
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
        tables = [(name, _table(parts, place, asked)) for place, name in places.items()]
        done = [Summary.read(table) for _, table in tables]
        summary = Summary(
            done[0].model, folder.identity, f"{len(done)} inputs" if len(done) > 1 else done[0].input,
            hashlib.sha256("".join(one.digest for one in done).encode()).hexdigest(), asked.coverage,
            ", ".join(sorted({one.engine for one in done})), never_ruled_out=done[0].never_ruled_out,
        )  # fmt: skip
        gather([(name if len(done) > 1 else "", table) for name, table in tables], out, summary)
    return summary


def joined_cells(inputs: Sequence[Path], folder: ModelFolder, channel: int | None) -> Cells:
    """The cells of all inputs under the names that the one table gives them."""
    opened = [open_input(path, folder.model, channel) for path in inputs]
    several = len(inputs) > 1
    names = [named(str(path) if several else "", name) for path, cells in zip(inputs, opened, strict=True)
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
