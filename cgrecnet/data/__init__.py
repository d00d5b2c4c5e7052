"""Images in: every data set behind one function, `open_dataset`.

The modules of the data sets are imported when they are asked for, so that a page about one of them does
not depend on the others.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from cgrecnet.data.base import COLUMNS, CellDataset
from cgrecnet.data.options import Options, check_options, suggest
from cgrecnet.data.store import default_place, find_store, open_store, pack_cells
from cgrecnet.data.store.check import examine_store
from cgrecnet.errors import ConfigError, DataError

__all__ = [
    "COLUMNS",
    "CellDataset",
    "available",
    "fetch_dataset",
    "list_datasets",
    "made_on_the_spot",
    "open_dataset",
    "options_of",
    "pack_dataset",
    "refuse_unread",
    "report_on",
    "store_of",
]

#: Data sets, each a package here with `TASKS`, its class of options, `open_cells(root, task, options)`,
#: `available(root)`, and `report(root, published, every, options)` where more can be said of its files than counts.
_READERS = ("amnis", "cytometer", "folder", "jurkat", "zhu")

#: Data sets that are whatever files a user brings, and what they are; the others have a card (`cards`).
BROUGHT = {
    "amnis": "your own cells in ImageStream files (.cif, .rif), read directly",
    "folder": "your own cells as image files, in class folders of any names or listed in a table (.csv)",
}

#: Data sets of files of images, which are read and checked while they are packed and not before.
_IMAGE_FILES = ("folder", "zhu")

#: Data sets whose package has a module `fetch` with `fetch(folder)`.
_FETCHED = ("jurkat", "zhu")


def list_datasets() -> list[str]:
    """Names of the data sets that this version can open."""
    return list(_READERS)


def open_dataset(
    name: str, root: str | Path | None = None, task: str | None = None, options: Mapping | None = None
) -> CellDataset:
    """Open a data set by name.

    name: `jurkat` (real cells), `zhu` (the paper's own real cells), `cytometer` (simulated cells), `folder` (your own
        images) or `amnis` (your own ImageStream files).
    root: folder that holds the files (of `amnis` also one file, of `folder` a table of them), or a packed store
        (`cgrecnet.data.store`). None looks for a store of this data set and task (`stores/NAME-TASK` in $CGRECNET_DATA,
        then in the cache), then for the files in $CGRECNET_DATA; then `jurkat` is read from the package itself, `zhu`
        from the cache, and simulated cells are made on the spot.
    task: which labels; None is the data set's default task, or the one that the named store was packed for.
    options: settings of the data set; an unknown one is refused.
    Raises DataError (missing or damaged data) or ConfigError (unknown name, task or option).
    """
    used = check_request(name, task, options)
    reader = _reader(name)
    if (folder := store_of(name, root, task)) is None:
        return reader.open_cells(root, task or next(iter(reader.TASKS)), used)
    dataset = open_store(folder, name, task, options)
    if dataset.task not in reader.TASKS:
        raise DataError(f"The store {folder} is of task {dataset.task!r}, which {name!r} does not have: pack anew.")
    return dataset


def check_request(name: str, task: str | None = None, options: Mapping | None = None) -> Options:
    """The options of a data set, validated; refuses what `open_dataset` would, without reading a single image.

    Raises ConfigError (unknown name, task or option, or an unusable value).
    """
    reader = _reader(name)
    if task is not None and task not in reader.TASKS:
        raise ConfigError(f"Data set {name!r} has no task {task!r}; {suggest(task, reader.TASKS)}")
    return check_options(options_of(name), options, name)


def options_of(name: str) -> type[Options]:
    """The class of a data set's options; ConfigError for an unknown name."""
    return getattr(_reader(name), f"{name.capitalize()}Options")


def refuse_unread(name: str, root: str | Path | None, task: str | None = None) -> None:
    """Raise ConfigError where a folder is named that would not be read: simulated cells need none."""
    if root is not None and made_on_the_spot(name) and store_of(name, root, task) is None:
        raise ConfigError(
            f"The cells of data set {name!r} are made on the spot, so {root} would not be read: leave it out, name "
            "a store of such cells, or read simulated files with `zhu` in place of the name."
        )


def available(name: str, root: str | Path | None = None) -> bool:
    """True if `open_dataset` would find the files of data set `name`."""
    return store_of(name, root) is not None or _reader(name).available(root=root)


def fetch_dataset(name: str, folder: str | Path | None = None, doi: str | None = None) -> Path:
    """Download data set `name` into `folder` (None: the cache) and return the folder.

    doi: where a repository has to be named (`zhu`).
    Raises DataError (nothing to download, no network, wrong content, full disk) or ConfigError (unknown name, a DOI
    where none is used, or none where one is).
    """
    if name in BROUGHT:
        raise DataError(f"Data set {name!r} is {BROUGHT[name]}; there is nothing to fetch: name the files.")
    if name not in _FETCHED:
        _reader(name)
        raise DataError(f"Data set {name!r} is made on the spot; there is nothing to fetch: open it directly.")
    if doi is not None and name != "zhu":
        raise ConfigError(f"Data set {name!r} is fetched from a fixed place: leave out the DOI.")
    return import_module(f"cgrecnet.data.{name}.fetch").fetch(folder, **({} if doi is None else {"doi": doi}))


def report_on(
    name: str,
    root: str | Path | None = None,
    published: Mapping | None = None,
    every: bool = False,
    options: Mapping | None = None,
) -> tuple[str, bool]:
    """A text on the files of data set `name`, and whether all is well with them.

    published: what a publication says of the data, to compare with: `counts` and `test`, both class -> cells.
    every: name every faulty file, not only the first of each kind; options: as for `open_dataset`.
    Without a report of its own, a data set is opened and counted.
    Raises what `open_dataset` raises, but a report of its own names faulty files instead of failing on them.
    """
    reader, used = _reader(name), check_request(name, options=options)
    if (folder := store_of(name, root)) is not None:
        return examine_store(folder, name, published or {}, every, (options or {}).get("window"))
    if hasattr(reader, "report"):
        return reader.report(root, published or {}, every, used)
    dataset = reader.open_cells(root, next(iter(reader.TASKS)), used)
    lines = [dataset.origin, *(f"{kind:<16} {count:>8,}" for kind, count in dataset.counts().items())]
    lines.append(f"{'cells':<16} {len(dataset):>8,}   sha256 {dataset.fingerprint[:12]}")
    return "\n".join(lines), True


def pack_dataset(
    name: str,
    root: str | Path | None = None,
    task: str | None = None,
    options: Mapping | None = None,
    store: str | Path | None = None,
    progress: bool = False,
) -> Path:
    """Pack the files of a data set into a store, once, and return its folder (`store`, or a place in the cache).

    root, task, options: as for `open_dataset`, but the files are read even where there is a store of them.
    Raises what opening raises, and DataError where the store cannot be written (see `store.pack_cells`).
    """
    reader, used = _reader(name), check_request(name, task, options)
    task = task or next(iter(reader.TASKS))
    if name in _IMAGE_FILES:
        dataset = reader.open_cells(root, task, used.model_copy(update={"hash": "names"}))
        dataset = replace(dataset, options=dataset.options | {"hash": "content"})
    else:
        dataset = reader.open_cells(root, task, used)
    folder = Path(store) if store is not None else default_place(dataset.name, dataset.task)
    pack_cells(dataset, folder, progress)
    return folder


def made_on_the_spot(name: str) -> bool:
    """Whether the cells of data set `name` follow from its options alone, so that nothing can be missing or other."""
    return name not in _FETCHED and name not in BROUGHT


def store_of(name: str, root: str | Path | None = None, task: str | None = None) -> Path | None:
    """The store that stands for this request, if there is one; simulated cells are taken from a named store only."""
    reader = _reader(name)
    if root is None and made_on_the_spot(name):
        return None
    return find_store(name, task or next(iter(reader.TASKS)), root)


def _reader(name: str):
    if name not in _READERS:
        raise ConfigError(f"There is no data set {name!r}; {suggest(name, list_datasets())}")
    return import_module(f"cgrecnet.data.{name}")
