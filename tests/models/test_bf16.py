"""What takes the place of kernels for bfloat16 where a CPU has none: the same products, rounded once."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cgrecnet.models.bf16 import bf16_products, has_bf16_kernels

BF16 = torch.bfloat16


class Product(nn.Module):
    """A convolution, a depthwise one, a linear layer and two matrix products."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 6, 3, padding=1)
        self.depthwise = nn.Conv2d(6, 6, 3, groups=6)
        self.linear = nn.Linear(6, 5)

    def forward(self, x):
        rows = self.linear(self.depthwise(self.conv(x)).flatten(2).transpose(1, 2))
        return rows @ rows.transpose(1, 2)


def outcome(widened: bool, inference: bool = False):
    """Result and gradients of one pass under autocast, as float32."""
    torch.manual_seed(0)
    module, x = Product(), torch.randn(2, 4, 8, 8, requires_grad=not inference)
    with torch.inference_mode(inference), bf16_products(widened, anyway=True):
        with torch.autocast("cpu", BF16):
            found = module(x)
        if inference:
            return [found.float()]
        found.float().square().mean().backward()
    return [found.float(), x.grad, *(p.grad for p in module.parameters())]


@pytest.mark.parametrize("inference", [False, True])
def test_products_are_those_of_bfloat16_but_for_the_order_of_a_sum(inference):
    for ours, native in zip(outcome(True, inference), outcome(False, inference), strict=True):
        assert ours.dtype == torch.float32 and torch.isfinite(ours).all()
        # Three products, each rounded to 8 bits, and sums of rounded numbers behind them.
        assert (ours - native).norm() <= 0.01 * native.norm()


def test_a_product_is_rounded_once():
    x, weight = torch.randn(3, 40).to(BF16), torch.randn(7, 40).to(BF16)
    with bf16_products(anyway=True):
        assert torch.equal(F.linear(x, weight), F.linear(x.float(), weight.float()).to(BF16))


def test_other_types_are_left_alone():
    module, x = nn.Conv2d(3, 4, 3), torch.randn(1, 3, 9, 9)
    with bf16_products(anyway=True):
        assert torch.equal(module(x), module(x)) and module(x).dtype == torch.float32
        assert torch.equal(F.conv2d(x, module.weight, module.bias), module(x))


def test_a_cpu_with_kernels_is_left_to_them(monkeypatch):
    monkeypatch.setattr("cgrecnet.models.bf16.has_bf16_kernels", lambda: True)
    with bf16_products():
        assert torch.utils._python_dispatch._get_current_dispatch_mode() is None
    monkeypatch.setattr("cgrecnet.models.bf16.has_bf16_kernels", lambda: False)
    with bf16_products():
        assert torch.utils._python_dispatch._get_current_dispatch_mode() is not None
    assert isinstance(has_bf16_kernels(), bool)
