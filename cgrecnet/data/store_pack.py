"""From a data set's name to its store: open its files the cheap way, and pack them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from cgrecnet.data.options import check_options
from cgrecnet.data.store import default_place
from cgrecnet.data.store_build import pack_cells


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
    if hasattr(reader, "open_for_packing"):  # files that are read while they are packed, and not before
        dataset, aside = reader.open_for_packing(root, options)
        dataset = replace(dataset, options=dataset.options | {"hash": "content"})
    elif hasattr(reader, "ZhuOptions"):
        dataset, aside = _open_by_name(reader, root, task, options)
    else:
        dataset = reader.open_cells(root=root, task=task, options=options)
    folder = Path(store) if store is not None else default_place(dataset.name, dataset.task)
    pack_cells(dataset, folder, aside, progress)
    return folder


def _open_by_name(reader: ModuleType, root, task: str | None, options: Mapping | None):
    """A data set of many files, none of them read before it is packed, and what its names alone left out.

    Packing reads every file and leaves out the bad ones, so that the store is what `hash="content"` opens.
    """
    from cgrecnet.data.zhu_files import list_cells
    from cgrecnet.data.zhu_place import find_root, shown

    check_options(reader.ZhuOptions, options, "zhu")
    dataset = reader.open_cells(root=root, task=task, options=dict(options or {}) | {"hash": "names"})
    listing = list_cells(find_root(root))
    aside = {shown(name): reason for reason, names in listing.aside.items() for name in names}
    return replace(dataset, options=dataset.options | {"hash": "content"}), aside
