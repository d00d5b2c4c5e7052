"""From a data set's name to its store: open its files the cheap way, and pack them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from cgrecnet.data.store.build import pack_cells
from cgrecnet.data.store.opened import default_place


def pack(
    reader: ModuleType,
    root: str | Path | None,
    task: str | None,
    options: Mapping | None,
    store: str | Path | None,
    progress: bool,
) -> Path:
    """Pack what `reader` opens; returns the store's folder. Raises what opening and packing raise."""
    aside: dict[str, str] = {}
    if hasattr(reader, "open_for_packing"):
        # None of many files is read before it is packed; packing leaves out the bad ones, as `hash="content"` does.
        dataset, aside = reader.open_for_packing(root, task, options)
        dataset = replace(dataset, options=dataset.options | {"hash": "content"})
    else:
        dataset = reader.open_cells(root=root, task=task, options=options)
    folder = Path(store) if store is not None else default_place(dataset.name, dataset.task)
    pack_cells(dataset, folder, aside, progress)
    return folder
