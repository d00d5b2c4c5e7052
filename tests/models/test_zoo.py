"""Contracts over every system of the registry, counts against the paper, and what a user may get wrong."""

import subprocess
import sys

import pytest
import torch

from cgrecnet.errors import ConfigError
from cgrecnet.models import PRESETS, SYSTEMS, create_model, list_models, list_presets, resolve
from cgrecnet.models.complexity import (
    cost_of,
    count_parameters,
    macs_by_block,
    macs_layers,
    macs_products,
    parameters_by_block,
)

NINE = [
    "resnet50", "rescmnet", "resgdnet", "cg_recnet", "densenet121", "vgg16", "mobilenet_v2", "vit_b_16", "zhu_xception",
]  # fmt: skip
SIDE = {"vgg16": 32, "vit_b_16": 32}


def images(name: str, batch: int = 3, channels: int = 3) -> torch.Tensor:
    side = SIDE.get(name, 64)
    return torch.randn(batch, channels, side, side, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module", params=NINE)
def model(request):
    """Each system once, in evaluation mode: the large ones take seconds to make."""
    torch.manual_seed(3)
    made = create_model(request.param, image_size=SIDE.get(request.param, 224)).eval()
    made.test_name = request.param
    if request.param == "vit_b_16":
        # torchvision starts this head at zero, which would hide everything behind it from the tests.
        torch.nn.init.normal_(made.heads.head.weight, std=0.02)
    return made


def test_the_registry_holds_the_nine_systems_of_the_paper():
    assert list_models() == NINE
    assert list_presets()[0] == "recovered"


def test_logits_are_finite_repeatable_and_free_of_the_batch(model):
    x = images(model.test_name)
    with torch.no_grad():
        y = model(x)
        assert y.shape == (3, 3) and y.isfinite().all()
        assert torch.equal(model(x), y) and (y.std(0) > 0).all()
        torch.testing.assert_close(model(x.flip(0)).flip(0), y, rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(model(x[:1]), y[:1], rtol=1e-3, atol=1e-5)


def test_every_parameter_gets_a_gradient(model):
    model.zero_grad()
    torch.nn.functional.cross_entropy(model(images(model.test_name)), torch.tensor([0, 1, 2])).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        # A softmax over positions does not see a constant: this one bias of the public fusion cannot learn.
        if name != "fusion.fuse.conv2.bias":
            assert parameter.grad.abs().sum() > 0, name
    model.zero_grad()


def test_state_round_trips(model, tmp_path):
    torch.save(model.state_dict(), tmp_path / "state.pth")
    state = torch.load(tmp_path / "state.pth", weights_only=True, mmap=True)
    with torch.device("meta"):
        other = create_model(model.test_name, image_size=SIDE.get(model.test_name, 224)).eval()
    other.load_state_dict(state, assign=True)
    x = images(model.test_name, 1)
    with torch.no_grad():
        assert torch.equal(other(x), model(x))


def test_weights_info_says_that_all_is_fresh(model):
    info = model.weights_info
    assert info["source"] is None and info["loaded"] == []
    assert set(info["fresh"]) >= {name for name, _ in model.named_parameters()}


@pytest.mark.parametrize("name", ["cg_recnet", "mobilenet_v2", "zhu_xception"])
@pytest.mark.parametrize("channels", [1, 2])
def test_other_input_channels_train(name, channels):
    model = create_model(name, in_channels=channels, num_classes=5)
    y = model(images(name, 2, channels))
    assert y.shape == (2, 5) and y.isfinite().all()


@pytest.mark.parametrize("name", list_models())
@pytest.mark.parametrize("channels", [1, 3])
def test_every_first_layer_takes_the_channels_that_were_asked_for(name, channels):
    with torch.device("meta"):  # shapes without memory: the large models cost nothing
        model = create_model(name, in_channels=channels)
    assert model.get_parameter(SYSTEMS[name].first).shape[1] == channels


@pytest.mark.parametrize("preset", list(PRESETS))
def test_presets_train_at_odd_sizes_and_in_half_precision(preset):
    model = create_model("cg_recnet", preset).to(torch.bfloat16)
    y = model(torch.randn(1, 3, 75, 49, dtype=torch.bfloat16))
    y.float().square().sum().backward()
    assert y.shape == (1, 3) and y.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_cg_recnet_trains_under_autocast():
    model, x = create_model("cg_recnet"), images("cg_recnet", 2)
    with torch.autocast("cpu", torch.bfloat16):
        y = model(x)
    y.float().square().sum().backward()
    assert y.dtype == torch.bfloat16
    assert all(p.grad.dtype == torch.float32 and p.grad.isfinite().all() for p in model.parameters())


def test_zhu_has_its_own_input():
    system = SYSTEMS["zhu_xception"]
    assert (system.native_channels, system.native_size) == (1, (45, 30))
    assert all(s.native_size == (224, 224) for s in SYSTEMS.values() if s is not system)


@pytest.mark.slow
def test_cg_recnet_compiles_without_graph_breaks_and_is_safe_in_channels_last():
    torch.manual_seed(0)
    model, x = create_model("cg_recnet").eval(), images("cg_recnet", 1)
    with torch.no_grad():
        y = model(x)
        compiled = torch.compile(model, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(x), y, rtol=1e-3, atol=1e-5)
        model.to(memory_format=torch.channels_last)
        torch.testing.assert_close(model(x.to(memory_format=torch.channels_last)), y, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "name, preset, channels, count",
    [
        # Table 3 prints ResCMNet 27.69, ResGDNet 25.89, CG-RecNet 28.02 million: the first two rows are swapped.
        ("rescmnet", "recovered", 3, 25_889_488),
        ("resgdnet", "recovered", 3, 27_686_541),
        ("cg_recnet", "recovered", 3, 28_015_994),
        ("cg_recnet", "clean", 3, 25_970_138),
        ("cg_recnet", "as_written", 3, 28_004_442),
        ("resnet50", "recovered", 3, 23_514_179),
        ("zhu_xception", "recovered", 1, 3_992_867),
    ],
)
def test_parameters_are_those_of_the_account(name, preset, channels, count):
    with torch.device("meta"):
        model = create_model(name, preset, in_channels=channels)
    assert count_parameters(model) == count
    assert sum(parameters_by_block(model).values()) == count


def test_the_baseline_keeps_the_1000_way_layer_on_request():
    with torch.device("meta"):
        assert count_parameters(create_model("resnet50", options={"head": "1000_then_3"})) == 25_560_035


@pytest.mark.parametrize(
    "name, layers",
    [("resnet50", 4.1317), ("rescmnet", 4.3403), ("resgdnet", 5.7988), ("cg_recnet", 6.0053)],
)
def test_macs_by_layers_are_those_of_thop(name, layers):
    model = create_model(name)
    size = (1, 3, 224, 224)
    assert macs_layers(model, size) / 1e9 == pytest.approx(layers, abs=2e-4)
    assert sum(macs_by_block(model, size).values()) == macs_layers(model, size)
    assert model.training


def test_products_see_what_layers_do_not():
    torch_counter = macs_products(create_model("resnet50"), (1, 3, 224, 224))
    assert torch_counter / 1e9 == pytest.approx(4.0872, abs=1e-3)


def test_zhu_counts_at_its_own_size():
    assert macs_products(create_model("zhu_xception", in_channels=1), (1, 1, 45, 30)) / 1e9 == pytest.approx(
        0.2657, abs=1e-3
    )


def test_names_are_listed_without_importing_torch():
    code = "import sys, cgrecnet.models as m; m.list_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_options_can_be_recorded_and_remade():
    chosen = resolve("as_written", {"num_heads": 4})
    assert resolve("recovered", chosen.as_dict()) == chosen


def test_stage_stride_moves_the_halving_and_no_parameter():
    a, b = (create_model("resnet50", options={"stage_stride": s}).eval() for s in ("3x3", "1x1"))
    assert (b.layer3[0].conv1.stride, b.layer3[0].conv2.stride) == ((2, 2), (1, 1))
    b.load_state_dict(a.state_dict())
    x = images("resnet50", 1)
    with torch.no_grad():
        assert a.features(x).shape == b.features(x).shape and not torch.equal(a(x), b(x))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("cg_recnett",), "Unknown model 'cg_recnett': did you mean 'cg_recnet'"),
        (("qq",), "choose one of resnet50"),
        (("cg_recnet", "recoverd"), "Unknown model preset 'recoverd': did you mean 'recovered'"),
        (("vgg16", "cleen"), "did you mean 'clean'"),
        (("cg_recnet", "recovered", 0), "num_classes must be a whole number"),
        (("cg_recnet", "recovered", 3, "3"), "in_channels must be a whole number"),
    ],
)
def test_wrong_names_get_one_sentence(arguments, words):
    with pytest.raises(ConfigError, match=words):
        create_model(*arguments)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"fusion_widht": 128}, "model option 'fusion_widht': did you mean 'fusion_width'"),
        ({"fusion_width": 100}, "cannot be split into 8 heads"),
        ({"fusion_width": "128"}, "whole number above 0, not '128'"),
        ({"normaliser": "layer_norm"}, "did you mean 'layernorm'"),
        ({"head": 3}, "'head', 3: did you mean '3'"),
        ({"fusion_skip": "yes"}, "'fusion_skip' must be true or false"),
    ],
)
def test_wrong_options_get_one_sentence(options, words):
    with pytest.raises(ConfigError, match=words):
        create_model("cg_recnet", options=options)


def test_what_a_system_does_not_have_is_refused():
    with pytest.raises(ConfigError, match="'vgg16' has no options"):
        create_model("vgg16", options={"head": "3"})
    with pytest.raises(ConfigError, match="multiple of 16, not 100"):
        create_model("vit_b_16", image_size=100)
    assert SYSTEMS["vit_b_16"].family == "torchvision"


def test_costs_without_numbers_are_those_with_numbers():
    cost = cost_of("mobilenet_v2", (1, 64, 48))
    model = create_model("mobilenet_v2", in_channels=1)
    assert cost.parameters == count_parameters(model) == sum(cost.blocks.values())
    assert cost.layers == macs_layers(model, (1, 1, 64, 48))
    assert cost.products == macs_products(model, (1, 1, 64, 48))


def test_a_cost_is_that_at_the_native_input_unless_another_is_named():
    assert cost_of("zhu_xception") == cost_of("zhu_xception", (1, 45, 30))
    assert cost_of("zhu_xception").parameters == 3_992_867
