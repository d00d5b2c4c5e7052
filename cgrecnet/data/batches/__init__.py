"""Batches of network inputs, straight from packed crops: Algorithm 1 of the paper for many cells at once."""

from cgrecnet.data.batches.cells import BatchedCells

__all__ = ["BatchedCells"]
