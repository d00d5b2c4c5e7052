"""What the modules compute in bfloat16: under autocast, cast to it, and by CUDA's list of types, beside float32.

The bounds are for random weights at the sizes of the book's runs. At 48 px the map behind stage 2 is 6 x 6, at 224 px
28 x 28, where 1 + 1 / 784 is 1 in bfloat16.
"""

from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from cgrecnet.models import create_model, list_models
from cgrecnet.models.bf16 import bf16_products
from cgrecnet.models.cg_recnet import GatedCNNBlock
from cgrecnet.models.fusion import (
    CrossCovarianceAttention,
    FusionModule,
    LinAngularAttention,
    fusion_effect,
    spatial_path_is_dead,
)

SIDES = (6, 28)
BF16 = torch.bfloat16


@pytest.fixture(autouse=True)
def as_training_has_it():
    """A CPU without kernels for bfloat16 takes minutes for these tests, unless its operands are widened."""
    with bf16_products():
        yield


def features(side: int, channels: int = 512) -> Tensor:
    return torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(side)).relu()


def in_bf16(module: nn.Module, x: Tensor, **options) -> Tensor:
    with torch.autocast("cpu", BF16):
        return module(x, **options)


def seeded(make, *arguments, **options) -> nn.Module:
    torch.manual_seed(0)
    return make(*arguments, **options).eval()


@contextmanager
def no_map(module: FusionModule):
    """Every s_i is 0."""
    maps = module.fuse.maps
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.fuse, "maps", lambda *inputs: tuple(map(torch.zeros_like, maps(*inputs))))
        yield


def share_and_agreement(got: Tensor, want: Tensor) -> tuple[float, float]:
    """How much of `want` is in `got`, and the cosine between the two."""
    got, want = got.double().flatten(), want.double().flatten()
    return float(got @ want / (want @ want)), float(got @ want / (got.norm() * want.norm()))


@pytest.mark.parametrize("side", SIDES)
def test_what_the_map_adds_survives_autocast(side):
    module, x = seeded(FusionModule), features(side)
    added = {}
    with torch.no_grad():
        for autocast in (False, True):
            with torch.autocast("cpu", BF16, enabled=autocast):
                whole = module(x)
                with no_map(module):
                    added[autocast] = whole - module(x)
    want, got = added[False], added[True]
    share, agreement = share_and_agreement(got, want)
    # What is lost is the difference between adding in float32 here and nothing to round there.
    assert share == pytest.approx(1, abs=0.02) and agreement > 0.95


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("cast", [False, True])
def test_the_map_has_as_many_values_as_in_float32(side, cast):
    module, x = seeded(FusionModule), features(side)
    size = (side, side)
    with torch.no_grad():
        want = module.fuse.spatial_weights(torch.cat(module.fuse.mixed(*module.branches(x))), size)
        if cast:
            module, x = module.to(BF16), x.to(BF16)
        with torch.autocast("cpu", BF16, enabled=not cast):
            got = module.fuse.spatial_weights(torch.cat(module.fuse.mixed(*module.branches(x))), size)
    assert got.dtype == torch.float32
    assert len((1 + got).unique()) >= 0.9 * len((1 + want).unique())
    torch.testing.assert_close(got, want, rtol=0.03, atol=0)


def behind_the_modules(network: nn.Module, x: Tensor) -> Tensor:
    """The input of the third stage as its first convolution takes it: in bfloat16 under autocast, else float32."""
    seen = []
    hook = network.layer3[0].conv1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(x)
    hook.remove()
    (found,) = seen
    return found.to(BF16).float() if torch.is_autocast_enabled("cpu") else found


@pytest.mark.slow
@pytest.mark.parametrize("size", [48, 224])
@pytest.mark.parametrize("model", ["rescmnet", "cg_recnet"])
def test_what_the_map_adds_reaches_the_next_convolution(model, size):
    """In a whole network: what is rounded there is the map's share and the rest of the features, in one number."""
    network = seeded(create_model, model, image_size=size)
    x = torch.randn(2, 3, size, size)
    found = {}
    with torch.no_grad():
        for autocast in (False, True):
            with torch.autocast("cpu", BF16, enabled=autocast):
                whole = behind_the_modules(network, x)
                with no_map(network.fusion):
                    found[autocast] = whole - behind_the_modules(network, x)
    assert share_and_agreement(found[True], found[False])[0] == pytest.approx(1, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["rescmnet", "cg_recnet"])
def test_other_weights_in_the_map_change_the_logits(model):
    network = seeded(create_model, model)
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        before = in_bf16(network, x)
        for parameter in network.fusion.fuse.parameters():
            parameter.normal_(std=0.2)
        assert not torch.equal(in_bf16(network, x), before)


@pytest.mark.parametrize("side", SIDES)
def test_the_effect_of_the_map_is_measured_in_the_precision_of_the_run(side):
    module, x = seeded(FusionModule), features(side)
    with torch.autocast("cpu", BF16):
        assert fusion_effect(module, x) == pytest.approx(1 / side**2, rel=0.02)
        assert not spatial_path_is_dead(module, x)


MODULES = {
    "linear-angular": lambda: LinAngularAttention(128),
    "linear-angular, layer norm": lambda: LinAngularAttention(128, normaliser="layernorm"),
    "cross-covariance": lambda: CrossCovarianceAttention(128),
    "fusion": FusionModule,
    "fusion, sigmoid": lambda: FusionModule(spatial_map="sigmoid"),
    "fusion, recalibrate": lambda: FusionModule(combine="recalibrate", spatial_map="sigmoid"),
    "fusion, recalibrate_plus_xca": lambda: FusionModule(combine="recalibrate_plus_xca"),
    "fusion at 512, skip": lambda: FusionModule(width=512, skip=True),
    "gate": lambda: GatedCNNBlock(512),
    "gate, sigmoid": lambda: GatedCNNBlock(512, activation="sigmoid"),
}


def value_and_gradients(module: nn.Module, x: Tensor, autocast: bool) -> tuple[Tensor, Tensor]:
    module.zero_grad()
    x = x.clone().requires_grad_()
    with torch.autocast("cpu", BF16, enabled=autocast):
        y = module(x)
    generator = torch.Generator().manual_seed(1)
    (y.float() * torch.randn(y.shape, generator=generator)).sum().backward()
    gradients = [x.grad, *(p.grad for p in module.parameters() if p.grad is not None)]
    return y.detach().float(), torch.cat([gradient.float().flatten() for gradient in gradients])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", MODULES)
def test_each_module_stays_near_float32(name, side):
    module = seeded(MODULES[name])
    x = features(side) if "fusion" in name or "gate" in name else features(side, 128).flatten(2).transpose(1, 2)
    y, gradients = value_and_gradients(module, x, autocast=False)
    for cast in (False, True):
        other = module.to(BF16) if cast else module
        got, got_gradients = value_and_gradients(other, x.to(BF16) if cast else x, autocast=not cast)
        assert (got - y).norm() < 0.02 * y.norm(), (cast, float((got - y).norm() / y.norm()))
        _, agreement = share_and_agreement(got_gradients, gradients)
        assert agreement > 0.995, (cast, agreement)


@pytest.mark.slow
@pytest.mark.parametrize("size", [48, 224])
@pytest.mark.parametrize("name", list_models())
def test_each_network_stays_near_float32_in_eval_mode(name, size):
    """In train mode batch normalisation over few values magnifies rounding; the page on costs shows how much.

    A hundred outputs, since three random ones can be as small as their errors: over eight seeds the share was 0.1 to
    10 % with three, and over five 0.2 to 1.2 % with a hundred.
    """
    network = seeded(create_model, name, num_classes=100, image_size=size)
    for module in network.modules():
        if isinstance(module, nn.Linear) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.02)  # a head of zeros has nothing to compare
    x = torch.randn(4 if size == 48 else 1, 3, size, size)
    y, gradients = value_and_gradients(network, x, autocast=False)
    got, got_gradients = value_and_gradients(network, x, autocast=True)
    assert (got - y).norm() < 0.02 * y.norm(), float((got - y).norm() / y.norm())
    assert share_and_agreement(got_gradients, gradients)[1] > 0.9


class Types(TorchDispatchMode):
    """Notes the type that each operation gives."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, set[torch.dtype]] = {}

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        out = operation(*arguments, **(options or {}))
        for one in out if isinstance(out, tuple) else (out,):
            if isinstance(one, Tensor) and one.is_floating_point():
                self.seen.setdefault(operation.overloadpacket.__name__, set()).add(one.dtype)
        return out


@pytest.fixture
def cuda_autocast():
    """CUDA's autocast, whose list of types holds without a GPU: on tensors that have a device and no values."""
    before = torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"), torch.is_autocast_cache_enabled()
    with FakeTensorMode(), torch.device("cuda"):
        torch.set_autocast_enabled("cuda", True)
        torch.set_autocast_dtype("cuda", BF16)
        torch.set_autocast_cache_enabled(False)
        try:
            yield
        finally:
            torch.set_autocast_enabled("cuda", before[0])
            torch.set_autocast_dtype("cuda", before[1])
            torch.set_autocast_cache_enabled(before[2])


@pytest.mark.parametrize("side", SIDES)
def test_by_cudas_list_maps_lengths_and_norms_are_float32_and_products_are_not(side, cuda_autocast):
    fusion, gate = FusionModule(normaliser="layernorm"), GatedCNNBlock(512)
    with Types() as types:
        y = gate(fusion(torch.empty(2, 512, side, side)))
    assert y.dtype == torch.float32 and y.device.type == "cuda"
    for operation in ("_softmax", "native_layer_norm", "rsqrt", "addcmul"):
        assert types.seen[operation] == {torch.float32}, operation
    assert types.seen["bmm"] == {BF16}
    last = {torch.float32} if side == 28 else set()  # the fusion's last product, where a coarser one hides the map
    assert types.seen["addmm"] == {BF16} | last
    assert types.seen["convolution"] == {BF16, torch.float32}  # the depthwise ones, and the two small ones of the map


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: CUDA's autocast is tested by its list alone")
def test_on_a_gpu_what_the_map_adds_survives_autocast():
    module, x = seeded(FusionModule).cuda(), features(28).cuda()
    added = {}
    with torch.no_grad():
        for autocast in (False, True):
            with torch.autocast("cuda", BF16, enabled=autocast):
                whole = module(x)
                with no_map(module):
                    added[autocast] = whole - module(x)
    share, agreement = share_and_agreement(added[True], added[False])
    assert share == pytest.approx(1, abs=0.02) and agreement > 0.95
