"""Speed and memory of the fusion module against a plain transcription of its equations, in one process.

    python benchmarks/fusion.py [--compile] [--channels-last] [--device cuda] [--batch 8] [--repeats 30] [--json FILE]

Both sides share the weights and the input. Forward and backward are timed in turn, pair by pair, so that a busy
machine slows both alike; reported are the median ratio over the pairs (above 1: the package is faster) with its
quartiles, and the bytes that each side keeps for the backward pass. Nothing is averaged over different machines.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from measuring import command_line, keep
from timing import quartiles, seconds
from torch import Tensor

from cgrecnet.models.fusion import FusionModule

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "models"))
from plain_modules import plain_fusion  # noqa: E402

#: What the profiler calls the products: dense, batched, with a bias added, and convolutions forward and backward.
PRODUCTS = {
    "aten::mm",
    "aten::bmm",
    "aten::addmm",
    "aten::baddbmm",
    "aten::mkldnn_convolution",
    "aten::_slow_conv2d_forward",
    "aten::_slow_conv2d_backward",
    "aten::convolution_backward",
    "aten::_conv_depthwise2d",
    "mkldnn_convolution_backward",
    "aten::mkldnn_convolution_backward",
}


def once(call: Callable[[Tensor], Tensor], x: Tensor, module: FusionModule) -> float:
    """Seconds of one forward and backward pass."""
    module.zero_grad(set_to_none=True)
    x.grad = None
    return seconds(lambda: call(x).sum().backward(), x.device)


def kept_bytes(call: Callable[[Tensor], Tensor], x: Tensor) -> int:
    """Bytes of the distinct storages, weights and input left out, that a forward pass keeps for the backward pass."""
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if not tensor.is_leaf:
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = call(x)
    total = sum(storages.values())
    del y
    return total


def matrix_share(call: Callable[[Tensor], Tensor], x: Tensor, module: FusionModule) -> float:
    """Share of one pass's time that is spent in matrix products and convolutions, which both sides must do.

    1 / share bounds the gain of any rewriting or compiling that keeps these products as they are (Amdahl's law).
    """
    with torch.profiler.profile() as profile:
        once(call, x, module)
    spent = {event.key: event.self_cpu_time_total for event in profile.key_averages()}
    return sum(time for name, time in spent.items() if name in PRODUCTS) / sum(spent.values())


def compare(args: argparse.Namespace) -> dict:
    """One comparison, as a mapping."""
    torch.manual_seed(0)
    module = FusionModule(512, args.width).to(args.device)
    x = torch.randn(args.batch, 512, args.size, args.size, device=args.device).relu()
    if args.channels_last:
        module, x = (thing.to(memory_format=torch.channels_last) for thing in (module, x))
    x.requires_grad_()

    def plain(x: Tensor) -> Tensor:
        return plain_fusion(module, x)

    torch.testing.assert_close(module(x), plain(x), rtol=1e-3, atol=1e-4)
    memory = {"package_kept_bytes": kept_bytes(module, x), "plain_kept_bytes": kept_bytes(plain, x)}
    ours = torch.compile(module, fullgraph=True) if args.compile else module
    for _ in range(3):
        once(ours, x, module), once(plain, x, module)
    pairs = np.array([[once(ours, x, module), once(plain, x, module)] for _ in range(args.repeats)])
    ratio = quartiles(pairs[:, 1] / pairs[:, 0])
    share = matrix_share(plain, x, module) if args.device == "cpu" else None
    return {
        "package_ms": float(np.median(pairs[:, 0]) * 1e3),
        "plain_ms": float(np.median(pairs[:, 1]) * 1e3),
        "ratio": ratio.median,
        "ratio_quartiles": [ratio.lower, ratio.upper],
        "plain_matrix_share": share,
        "ratio_bound": share and 1 / share,
        **memory,
        **{name: value for name, value in vars(args).items() if name != "json"},
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=28, help="height and width of the feature map")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--compile", action="store_true", help="compile the package's side; the plain side stays eager")
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    for key, value in keep(args.json, compare(args), torch.device(args.device)).items():
        print(f"{key:20} {value}")


if __name__ == "__main__":
    main()
