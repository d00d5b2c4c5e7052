"""A data set packed once into one file that is read by memory map; it knows no data set by name."""

from cgrecnet.data.store.header import default_place, find_store
from cgrecnet.data.store.packing import open_store, pack_cells, read_store

__all__ = ["default_place", "find_store", "open_store", "pack_cells", "read_store"]
