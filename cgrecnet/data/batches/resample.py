"""Bilinear resizing with antialias as one matrix per axis: out = rows @ image @ columns.

Output pixel i of a side of L source pixels, resized to R pixels, is a weighted mean of the source pixels j:

    w_ij = max(0, 1 - |(2j + 1) R - (2i + 1) L| / (2 max(L, R))),   divided by the sum over j.

That is a triangle about the output pixel's middle, one source pixel wide on either side when enlarging, L/R when
shrinking; it is what torchvision's `resize(antialias=True)` computes for a float tensor. The numbers between the bars
are whole, so that float32 holds them exactly (as long as 2 L R < 2^24). Cropping chooses which pixels are j = 0, 1,
and so on; a centre crop chooses which i are kept.
"""

import threading

import torch
from torch import Tensor


def axis_weights(length: Tensor, resized: Tensor, skip: Tensor, size: int, padded: int) -> Tensor:
    """The weights above for i = skip, ..., skip + size - 1; shape (axes, size, padded), zero for j >= length.

    length (L), resized (R), skip: whole numbers, shape (axes,); padded: source pixels of the longest axis.
    """
    length, resized, skip = (values.to(torch.float32)[:, None, None] for values in (length, resized, skip))
    i = torch.arange(size, dtype=torch.float32, device=length.device)[None, :, None] + skip
    j = torch.arange(padded, dtype=torch.float32, device=length.device)[None, None, :]
    distance = ((2 * j + 1) * resized - (2 * i + 1) * length).abs()
    weights = (1 - distance / (2 * torch.maximum(length, resized))).clamp(min=0) * (j < length)
    return weights / weights.sum(dim=2, keepdim=True)


class WeightBank:
    """Weights that were needed before, kept by (length, resized, skip): cells share a few dozen of them.

    size: output pixels; padded: source pixels of the longest side in the data set; transposed: give (padded, size).
    The bank is emptied when it would take more than `limit` bytes.
    """

    def __init__(
        self, size: int, padded: int, device: torch.device, transposed: bool = False, limit: int = 256 << 20
    ) -> None:
        self.size, self.padded, self.device, self.transposed = size, padded, device, transposed
        self.most = max(1, limit // (4 * size * padded))
        self.lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self.slots: dict[tuple[int, int, int], int] = {}
        shape = (self.padded, self.size) if self.transposed else (self.size, self.padded)
        self.weights = torch.empty(0, *shape, device=self.device)

    def __call__(self, length, resized, skip) -> Tensor:
        """Weights of each axis, shape (axes, size, longest length here), or transposed; safe to call from threads."""
        keys = list(zip(length.tolist(), resized.tolist(), skip.tolist(), strict=True))
        with self.lock:
            new = [key for key in dict.fromkeys(keys) if key not in self.slots]
            if new and len(self.slots) + len(new) > self.most:
                self._forget()
                new = list(dict.fromkeys(keys))
            if new:
                added = axis_weights(*torch.tensor(new, device=self.device).T, self.size, self.padded)
                self.slots |= {key: k for k, key in enumerate(new, start=len(self.slots))}
                self.weights = torch.cat([self.weights, added.mT if self.transposed else added])
            weights, slots = self.weights, [self.slots[key] for key in keys]
        longest = int(length.max())
        kept = weights[:, :longest] if self.transposed else weights[:, :, :longest]
        return kept[torch.tensor(slots, device=self.device)]
