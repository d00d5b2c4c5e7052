"""How much a pass computes and how much it moves: their quotient is its arithmetic intensity.

Bytes are counted while the pass runs, below autograd: every operation reads its inputs once and writes its outputs
once, and nothing stays in a cache in between. That is what an eager network asks of the memory, to within what a kernel
reads twice (batch normalisation, in training) or finds in a cache.
"""

from collections import Counter

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

#: Which operations compute much per byte, and what the others are there for; the first word that fits decides.
KINDS = {
    "depthwise or grouped convolution": (),  # recognised by its weight
    "convolution or matrix product": ("convolution", "mm", "bmm", "addmm", "baddbmm", "scaled_dot_product"),
    "normalisation": ("batch_norm", "layer_norm"),
    "optimizer": ("_fused_adam",),
}
OTHER = "activation, sum, copy"
#: Names of operations that move nothing.
FREE = ("detach", "_unsafe_view", "device", "empty", "new_empty", "sym_", "is_")


class Traffic(TorchDispatchMode):
    """While it is active, bytes are added up in `bytes` by kind of operation."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if not func.is_view and not name.startswith(FREE):
            tensors = [leaf for leaf in tree_leaves((args, kwargs, out)) if isinstance(leaf, Tensor)]
            moved = sum(map(_bytes, tensors))
            if name.startswith("_fused_adam"):  # reads four numbers per weight, writes three of them in place
                moved = moved * 7 // 4
            self.bytes[_kind(name, args)] += moved
        return out


def _kind(name: str, args: tuple) -> str:
    if "convolution" in name:
        # convolution(input, weight, ...), convolution_backward(gradient, input, weight, ...)
        weight = args[2] if "backward" in name else args[1]
        image = args[1] if "backward" in name else args[0]
        if weight.shape[1] != image.shape[1]:
            return "depthwise or grouped convolution"
    for kind, words in KINDS.items():
        if any(name == word or (len(word) > 5 and word in name) for word in words):
            return kind
    return OTHER


def _bytes(tensor: Tensor) -> int:
    """Bytes that a tensor takes; an expanded one counts as often as it is stored."""
    return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())
