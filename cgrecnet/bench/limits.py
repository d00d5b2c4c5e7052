"""The two limits of a machine, measured: operations per second of a large product, bytes per second of a large copy."""

import torch

from cgrecnet.bench.schema import Limits
from cgrecnet.bench.timing import seconds

#: Side of the square matrices, and numbers that are copied (float32), by kind of device.
SIDE = {"cpu": 2048, "cuda": 8192}
NUMBERS = {"cpu": 2**26, "cuda": 2**28}


def measure_limits(
    device: torch.device, repeats: int = 7, side: int | None = None, numbers: int | None = None
) -> Limits:
    """The best of `repeats`, because a limit is not met by being disturbed.

    On a GPU the float32 product may round its inputs to TF32, as cuDNN's convolutions do by default.
    A copy of b bytes reads b and writes b.
    """
    side, numbers = side or SIDE[device.type], numbers or NUMBERS[device.type]
    rounding = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else rounding)
    try:
        products = {
            "32": _product(device, torch.float32, side, repeats),
            "bf16": _product(device, torch.bfloat16, side, repeats),
        }
    finally:
        torch.set_float32_matmul_precision(rounding)
    source = torch.ones(numbers, device=device)
    target = torch.zeros_like(source)
    best = min(seconds(lambda: target.copy_(source), device) for _ in range(repeats + 1))
    return Limits(flops_per_second=products, bytes_per_second=2 * source.nbytes / best)


def _product(device: torch.device, dtype: torch.dtype, side: int, repeats: int) -> float:
    a, b = torch.randn(2, side, side, device=device).to(dtype)
    return 2 * side**3 / min(seconds(lambda: a @ b, device) for _ in range(repeats + 1))
