"""Equivalence, not resemblance: each module against another way of computing the same equation."""

import plain_modules as reference
import pytest
import torch
from timm.models.mambaout import GatedConvBlock
from timm.models.xcit import XCA

from cgrecnet.errors import ConfigError
from cgrecnet.models.cg_recnet import GatedCNNBlock
from cgrecnet.models.complexity import count_parameters, macs_products
from cgrecnet.models.fusion import (
    CrossAttentionFusion,
    CrossCovarianceAttention,
    FusionModule,
    LinAngularAttention,
    fusion_effect,
    spatial_path_is_dead,
)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(7)


@pytest.mark.parametrize("normaliser", ["l2", "layernorm"])
def test_linear_angular_attention_equals_its_n_by_n_form(normaliser):
    module = LinAngularAttention(24, 4, normaliser).double()
    tokens = torch.randn(2, 35, 24, dtype=torch.float64)
    torch.testing.assert_close(module(tokens), reference.linear_angular(module, tokens))


def test_cross_covariance_attention_equals_timm():
    ours, theirs = CrossCovarianceAttention(48, 6).double(), XCA(48, 6).double()
    with torch.no_grad():
        ours.temperature.uniform_(0.5, 3)
    assert not theirs.load_state_dict(ours.state_dict()).missing_keys
    x = torch.randn(3, 29, 48, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(ours(x), theirs(x))
    seen = [torch.autograd.grad(module(x).square().sum(), x)[0] for module in (ours, theirs)]
    torch.testing.assert_close(*seen)


def test_covariance_is_a_map_of_channels_whose_rows_sum_to_one():
    module = CrossCovarianceAttention(128, 8)
    a = module.covariance(*torch.randn(2, 3, 8, 784, 16))
    assert a.shape == (3, 8, 16, 16)
    torch.testing.assert_close(a.sum(-1), torch.ones(3, 8, 16))


def test_gate_equals_timm_mambaout_block():
    ours, theirs = GatedCNNBlock(36).double(), GatedConvBlock(36).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 36, 9, 11, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def test_a_sigmoid_gate_stays_between_0_and_1_and_gelu_does_not():
    x = 5 * torch.randn(2, 16, 6, 6)
    gate = GatedCNNBlock(16, activation="sigmoid").gate(x)
    assert gate.shape == (2, 6, 6, 42) and 0 <= gate.min() and gate.max() <= 1
    assert GatedCNNBlock(16).gate(x).min() < 0


@pytest.mark.parametrize("combine", ["sum", "recalibrate", "recalibrate_plus_xca"])
@pytest.mark.parametrize("spatial_map", ["softmax", "sigmoid"])
def test_fusion_equals_its_transcription(spatial_map, combine):
    module = CrossAttentionFusion(12, 5, spatial_map, combine).double()
    f1, f2 = torch.randn(2, 2, 20, 12, dtype=torch.float64)
    torch.testing.assert_close(module(f1, f2, (4, 5)), reference.fusion(module, f1, f2, (4, 5)))


@pytest.mark.parametrize("width", [16, 32])
def test_the_whole_fusion_module_equals_the_benchmarks_transcription(width):
    module = FusionModule(32, width).double()
    x = torch.randn(2, 32, 7, 5, dtype=torch.float64, requires_grad=True)
    values, gradients = [], []
    for call in (module, lambda x: reference.plain_fusion(module, x)):
        values.append(call(x))
        gradients.append(torch.autograd.grad(values[-1].pow(3).sum(), [x, *module.parameters()]))
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("seed", [42, 123, 999])
def test_the_public_fusion_starts_as_a_plain_sum_but_for_one_in_784(seed):
    torch.manual_seed(seed)
    effect = fusion_effect(FusionModule(), torch.randn(2, 512, 28, 28).relu())
    assert effect == pytest.approx(1 / 784, rel=0.01)


def test_a_sigmoid_map_does_not_start_as_a_plain_sum():
    assert fusion_effect(FusionModule(spatial_map="sigmoid"), torch.randn(1, 512, 28, 28).relu()) > 0.3


@pytest.mark.parametrize("bias, dead", [(-1e3, True), (1e3, False)])
def test_a_dead_spatial_path_is_seen_and_gets_no_gradient(bias, dead):
    module, x = FusionModule(32, 16), torch.randn(2, 32, 5, 5)
    torch.nn.init.constant_(module.fuse.conv1.bias, bias)
    assert spatial_path_is_dead(module, x) == dead
    module(x).square().sum().backward()
    assert (module.fuse.conv1.weight.grad.abs().max() == 0) == dead


@pytest.mark.parametrize("kind", [LinAngularAttention, CrossCovarianceAttention])
def test_both_attentions_cost_linearly_in_tokens(kind):
    module = kind(32, 4)
    costs = [macs_products(module, (1, n, 32)) for n in (100, 200, 400)]
    assert costs[1] == 2 * costs[0] and costs[2] == 4 * costs[0]


@pytest.mark.parametrize("dim, hidden", [(128, 64), (512, 64), (24, 5)])
def test_fusion_parameters_follow_their_formula(dim, hidden):
    count = count_parameters(CrossAttentionFusion(dim, hidden))
    assert count == 8 * dim * hidden + 4 * hidden + 4 * dim + 29


@pytest.mark.parametrize("kind", [LinAngularAttention, CrossCovarianceAttention])
def test_zero_tokens_give_finite_values_and_gradients(kind):
    m = kind(16, 4)
    x = torch.zeros(1, 9, 16, requires_grad=True)
    y = m(x)
    y.sum().backward()
    assert y.isfinite().all() and x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in m.parameters())


@pytest.mark.parametrize("width", [8, 32])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (6, 4)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_any_size_a_batch_of_one_and_half_precision(size, width, dtype):
    x = torch.randn(1, 32, *size, dtype=dtype)
    for module in (FusionModule(32, width), FusionModule(32, width, normaliser="layernorm"), GatedCNNBlock(32)):
        y = module.to(dtype)(x)
        assert y.shape == x.shape and y.dtype == dtype and y.isfinite().all()


@pytest.mark.parametrize("module", [FusionModule(32, 16), FusionModule(32, 32, skip=True), GatedCNNBlock(32)])
def test_channels_last_gives_the_same(module):
    x = torch.randn(2, 32, 5, 7)
    torch.testing.assert_close(module(x.to(memory_format=torch.channels_last)), module(x))


@pytest.mark.parametrize("module", [FusionModule(32, 16), FusionModule(32, normaliser="layernorm"), GatedCNNBlock(32)])
@pytest.mark.slow
def test_compiles_without_graph_breaks(module):
    x = torch.randn(2, 32, 5, 7)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), module(x))


@pytest.mark.parametrize("module", [FusionModule(32, 16), FusionModule(32, combine="recalibrate"), GatedCNNBlock(32)])
def test_an_exported_module_takes_any_batch(module):
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(module.eval(), (torch.randn(4, 32, 5, 7),), dynamic_shapes=({0: batch},)).module()
    x = torch.randn(7, 32, 5, 7)
    torch.testing.assert_close(exported(x), module(x))


def test_skip_adds_the_input():
    module = FusionModule(32, 16)
    x = torch.randn(1, 32, 4, 4)
    plain = module(x)
    module.skip = True
    torch.testing.assert_close(module(x), x + plain)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: LinAngularAttention(20, 8), "divides the channels"),
        (lambda: LinAngularAttention(16, 4, "l3"), "'l2' or 'layernorm'"),
        (lambda: CrossCovarianceAttention(20, 0), "divides the channels"),
        (lambda: CrossAttentionFusion(16, 4, "tanh"), "spatial map 'tanh'"),
        (lambda: CrossAttentionFusion(16, 4, combine="product"), "combination 'product'"),
        (lambda: GatedCNNBlock(16, activation="relu"), "gate activation 'relu'"),
        (lambda: GatedCNNBlock(16, kernel_size=4), "odd number"),
        (lambda: GatedCNNBlock(16, conv_ratio=3), "conv_ratio"),
    ],
)
def test_bad_arguments_are_named(make, words):
    with pytest.raises(ConfigError, match=words):
        make()
