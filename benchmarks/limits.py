"""The two limits of a machine, measured: operations per second of large products, bytes per second of a large copy."""

from collections.abc import Callable, Sequence

import torch
from timing import seconds

from cgrecnet.bench.record import Limits
from cgrecnet.models.bf16 import bf16_products

#: Sides of square matrices, batch of the convolution, and numbers that are copied (float32), by kind of device.
SIDES = {"cpu": (1024, 2048), "cuda": (4096, 8192)}
BATCH = {"cpu": 8, "cuda": 64}
NUMBERS = {"cpu": 2**26, "cuda": 2**28}
#: Channels and side of the map of the convolution, 3 x 3 and dense.
CHANNELS, MAP = 256, 56
DTYPES = {"32": torch.float32, "bf16": torch.bfloat16}


def measure_limits(
    device: torch.device,
    repeats: int = 3,
    sides: Sequence[int] | None = None,
    batch: int | None = None,
    numbers: int | None = None,
) -> Limits:
    """The best of `repeats` products of matrices and of large convolutions, and of as many copies.

    The best, because a limit is not met by being disturbed; and of both, because their libraries differ.
    On a GPU products in float32 may round their inputs to TF32, as cuDNN's convolutions do by default.
    A copy of b bytes reads b and writes b.
    """
    kind = device.type
    rounding = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if kind == "cuda" else rounding)
    try:
        sides, batch = sides or SIDES[kind], batch or BATCH[kind]
        works = {name: _works(device, dtype, sides, batch) for name, dtype in DTYPES.items()}
        with bf16_products():  # as the networks compute theirs
            flops = {
                name: max(count / min(seconds(work, device) for _ in range(repeats + 1)) for work, count in pairs)
                for name, pairs in works.items()
            }
    finally:
        torch.set_float32_matmul_precision(rounding)
    source = torch.ones(numbers or NUMBERS[kind], device=device)
    target = torch.zeros_like(source)
    best = min(seconds(lambda: target.copy_(source), device) for _ in range(repeats + 1))
    return Limits(flops_per_second=flops, bytes_per_second=2 * source.nbytes / best)


def best_of(found: Sequence[Limits]) -> Limits:
    """The best of several measurements, each limit on its own."""
    flops = {name: max(each.flops_per_second[name] for each in found) for name in found[0].flops_per_second}
    return Limits(flops_per_second=flops, bytes_per_second=max(each.bytes_per_second for each in found))


def _works(
    device: torch.device, dtype: torch.dtype, sides: Sequence[int], batch: int
) -> list[tuple[Callable[[], torch.Tensor], int]]:
    """What is timed, with the operations that each does."""
    pairs: list[tuple[Callable[[], torch.Tensor], int]] = []
    for side in sides:
        a, b = torch.randn(2, side, side, device=device).to(dtype)
        pairs.append((lambda a=a, b=b: a @ b, 2 * side**3))
    images = torch.randn(batch, CHANNELS, MAP, MAP, device=device).to(dtype, memory_format=torch.channels_last)
    weight = torch.randn(CHANNELS, CHANNELS, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)

    def convolve() -> torch.Tensor:
        with torch.no_grad():
            return torch.nn.functional.conv2d(images, weight, padding=1)

    return [*pairs, (convolve, 2 * 9 * CHANNELS**2 * batch * MAP**2)]
