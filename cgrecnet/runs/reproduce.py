"""The paper's sweeps on the paper's own cells, from a folder of files to records: what `make reproduce` does.

Every step leaves a file that says it is done, so that a start after a break goes on where the last one stopped.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cgrecnet.data import open_dataset, pack_dataset, report_on, store_of
from cgrecnet.data.audit.integrity import audit
from cgrecnet.data.base import CellDataset
from cgrecnet.data.store import default_place
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import remembered, write_json
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.collect import flat, plain
from cgrecnet.runs.environment import commit
from cgrecnet.runs.grid import check_name, read_grid, read_sweep
from cgrecnet.runs.query import SWEEPS, record_paths
from cgrecnet.runs.run_id import PlannedRun, plan_run
from cgrecnet.runs.sweep import refuse_other_cells
from cgrecnet.training.config import RunConfig
from cgrecnet.training.parts import split_cells

DATA = "zhu"
#: The sweep files that belong to the paper's own cells, in the book's order.
OWN_SWEEPS = tuple(name for sets in SWEEPS.values() for name in sets.get(DATA, ()))
#: What makes a sweep the sweep that it is, and therefore is not to be changed beside it.
FIXED = ("experiment", "data", "task", "model")
#: Records of the first steps, each in a folder of its own below the results.
CHECK, AUDIT = Path("zhu-check", "check.json"), Path("zhu-audit", "audit.json")


def choose_runs(names: Sequence[str], options: Mapping[str, Any]) -> dict[str, list[RunConfig]]:
    """The runs of each of the named sweeps, with these options; sweeps of which no run is left are left out.

    options: a single value takes the place of a sweep's own (`epochs=3`); a list keeps the runs that have one of its
    values (`model=[resnet50, cg_recnet]`, `fold=[0, 1]`), in whichever sweep.
    Raises ConfigError: an unknown sweep or parameter, a value that no run has, a run that would not be valid.
    """
    if unknown := [name for name in names if name not in OWN_SWEEPS]:
        raise ConfigError(f"{unknown[0]!r} is no sweep of the paper's own cells; there are {', '.join(OWN_SWEEPS)}.")
    for name, value in options.items():
        if name in FIXED and not isinstance(value, list):
            raise ConfigError(
                f"Option {name!r} is part of what the paper's sweeps are: write a sweep file of your own to change it"
                + (f", or {name}=[{value}] to keep those runs alone." if name == "model" else ".")
            )
    chosen, met = {}, set()
    for name in names:
        path = SWEEP_FILES / f"{name}.yaml"
        overrides, left = _narrow(path, options, met)
        if left and (configs := read_sweep(path, overrides)):
            chosen[name] = configs
    for name, value in options.items():
        for one in value if isinstance(value, list) else ():
            if (name, plain(one)) not in met:
                raise ConfigError(f"No run of the chosen sweeps has {name}={one}: look into sweeps/ for what there is.")
    if not chosen:
        raise ConfigError("No run is left: the lists among the options exclude each other.")
    return chosen


def _narrow(path: Path, options: Mapping[str, Any], met: set[tuple[str, str]]) -> tuple[dict[str, Any], bool]:
    """What to give `read_sweep`, and whether a run is left; values of lists that occur are added to `met`."""
    file = read_grid(path)
    base, grid = file.base, file.grid
    settings = RunConfig().model_dump() | base
    settings |= flat(settings)
    overrides, left = {}, True
    for name, value in options.items():
        if not isinstance(value, list):
            overrides[name] = value
            continue
        check_name(name, "the options")
        there = grid.get(name, [settings.get(name)])
        asked = {plain(one) for one in value}
        kept = [one for one in there if plain(one) in asked]
        met |= {(name, plain(one)) for one in kept}
        left = left and bool(kept)
        if name in grid:
            overrides[name] = kept
    return overrides, left


def check_files(folder: Path, results: Path, published: Mapping | None, say) -> dict:
    """Read every file once and keep the report in `results`; not again while names and sizes are the same."""
    path = results / CHECK
    names = open_dataset(DATA, root=folder, options={"hash": "names"}).fingerprint
    if (found := remembered(path)) and found["names"] == names:
        say(f"checked already, see {path}")
        return found
    text, good = report_on(DATA, root=folder, published=published)
    say(text)
    found = {"names": names, "good": good, "commit": commit(), "report": text.splitlines()}
    write_json(path, found)
    return found


def refuse_before_packing(plans: Sequence[PlannedRun], folder: Path, results: Path) -> None:
    """Raise what would make packing vain: cells that cannot be split, records of other cells, another store in use.

    Pixels are read for this only where there are records, or another store, to compare them with.
    """
    given, used = store_of(DATA, folder), store_of(DATA)
    dataset = open_dataset(DATA, root=folder, options=None if given else {"hash": "names"})
    for config in {(plan.config.split, plan.config.folds): plan.config for plan in plans}.values():
        split_cells(dataset, config)
    packed = used is not None and used == default_place(DATA, dataset.task)  # packing looks itself whether it fits
    there = any(record_paths(results, name) for name in dict.fromkeys(plan.config.experiment for plan in plans))
    if not given and (packed or not (used or there)):
        return
    cells = dataset.fingerprint if given else open_dataset(DATA, root=folder).fingerprint
    if used is not None and open_dataset(DATA).fingerprint != cells:
        raise _other_store(folder, f"they read {used}", dataset.task)
    refuse_other_cells([plan_run(plan.config, plan.commit, cells) for plan in plans], results, same_settings=True)


def _other_store(place: Path, why: str, task: str) -> RunError:
    return RunError(
        f"The runs would not read the cells of {place} ({why}): put a store of them, or a link to it, in place of "
        f"stores/{DATA}-{task} below the folder that CGRECNET_DATA names, or unset CGRECNET_DATA."
    )


def pack_files(folder: Path) -> CellDataset:
    """The cells of `folder`, opened from the store that every run of this data set reads; packed where it is not yet.

    Raises DataError where that place holds other cells, RunError where the runs would read another store.
    """
    given = store_of(DATA, folder)
    store = given or pack_dataset(DATA, folder, progress=True)
    read = store_of(DATA)
    dataset = open_dataset(DATA, root=store)
    if read is None or open_dataset(DATA).fingerprint != dataset.fingerprint:
        where = f"they read {read}" if read else "there is none where they look"
        raise _other_store(store, where, dataset.task)
    return dataset


def audit_cells(dataset: CellDataset, results: Path, cells: int, say) -> dict:
    """Audit the data set and keep the numbers in `results`; not again while pixels and sample are the same."""
    path = results / AUDIT
    found = remembered(path)
    if found and (found["fingerprint"], found["asked"]) == (dataset.fingerprint, cells):
        say(f"audited already, see {path}")
        return found
    report = audit(dataset, partly=True, cells=cells, progress=True)
    say(str(report))
    found = report.to_dict() | {"asked": cells, "commit": commit()}
    write_json(path, found)
    return found
