"""Memory for batches on the CPU."""

import sys
import threading

import numpy as np
import torch
from torch import Tensor


class Buffers:
    """Memory for batches, used again once nobody holds a tensor in it: fresh memory costs about as much as filling
    it, for the system hands it over page by page.

    At most `kept` pieces are remembered; whoever keeps more batches than that gets fresh memory for each.
    Only for the CPU; on a GPU torch keeps freed memory itself.
    """

    def __init__(self, kept: int = 4) -> None:
        self.kept = kept
        self.arrays: list[np.ndarray] = []
        self.lock = threading.Lock()

    def take(self, *shape: int) -> Tensor:
        """An uninitialised float32 tensor; it and whatever shares its memory keep the memory from being used again."""
        size = int(np.prod(shape))
        with self.lock:
            for k in range(len(self.arrays)):
                if _holders(self.arrays, k) <= _UNUSED and self.arrays[k].size >= size:
                    return torch.from_numpy(self.arrays[k])[:size].view(shape)
            fresh = np.empty(size, dtype=np.float32)
            self.arrays = [array for array in self.arrays if array.size >= size][1 - self.kept :] + [fresh]
            return torch.from_numpy(fresh).view(shape)


def _holders(arrays: list[np.ndarray], k: int) -> int:
    """How many hold arrays[k]: the list, this call, and the storage of every tensor that was made of it."""
    return sys.getrefcount(arrays[k])


#: What `_holders` says of an array that only its list holds; found out, since versions of Python may differ.
_UNUSED = _holders([np.empty(0, dtype=np.float32)], 0)
