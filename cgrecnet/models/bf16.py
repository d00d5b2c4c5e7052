"""Products of bfloat16 on a CPU that has no kernels for them."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_ATEN = torch.ops.aten
#: The operations that autocast casts to bfloat16 and in which nearly all of a network's arithmetic lies. Under
#: `torch.inference_mode` the first three arrive whole, else as those below them.
PRODUCTS = frozenset(
    {
        _ATEN.conv2d.default,
        _ATEN.linear.default,
        _ATEN.matmul.default,
        _ATEN.convolution.default,
        _ATEN.convolution_backward.default,
        _ATEN.mm.default,
        _ATEN.addmm.default,
        _ATEN.bmm.default,
        _ATEN.baddbmm.default,
    }
)


def has_bf16_kernels() -> bool:
    """Whether oneDNN multiplies bfloat16 on this CPU (with AVX-512 on x86); else PyTorch falls back to plain loops."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def bf16_products(wanted: bool = True, anyway: bool = False) -> AbstractContextManager:
    """Within it, convolutions and matrix products of bfloat16 on the CPU take about as long as those of float32.

    On a CPU without AVX-512, PyTorch 2.15 computes them in plain loops, with which a training step of ResNet-50 takes
    several times as long as in float32 (`findings/torch-bf16-convolution.sh`). Here the operands are widened to
    float32, exactly, multiplied and added there, and the result is rounded to bfloat16 once. Kernels for bfloat16 do
    the same, so that a result differs from theirs by no more than the order of a sum in float32. Forward and backward;
    tensors of other types and on other devices are left alone.
    wanted: False changes nothing; anyway: widen also where the CPU has kernels, which are left to work otherwise.
    """
    return _Widened() if wanted and (anyway or not has_bf16_kernels()) else nullcontext()


class _Widened(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function not in PRODUCTS or not any(map(_is_bf16, args)):
            return function(*args, **kwargs)
        found = function(*map(_widen, args), **kwargs)
        return tuple(map(_narrow, found)) if isinstance(found, tuple | list) else _narrow(found)


def _is_bf16(value) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype == torch.bfloat16 and value.device.type == "cpu"


def _widen(value):
    return value.float() if _is_bf16(value) else value


def _narrow(value):
    return None if value is None else value.bfloat16()
