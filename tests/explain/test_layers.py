"""Every model of the registry has a layer that gives a map, and all methods run on it."""

import numpy as np
import pytest
import torch

from cgrecnet.errors import ConfigError
from cgrecnet.explain.cam_methods import TITLES, explain, heat, resize
from cgrecnet.explain.layers import LAYERS, Layer, aligned, drawn_at, layer_of, looks_at, tokens_to_map
from cgrecnet.models import create_model, list_models


def test_every_model_has_its_layers():
    assert sorted(LAYERS) == sorted(list_models())
    assert all("last" in places for places in LAYERS.values())


@pytest.mark.parametrize("name", list_models())
def test_each_layer_gives_a_map_whose_channels_a_gradient_reaches(name):
    """On the meta device: shapes are real, numbers are not, and VGG's 138 million take no time."""
    with torch.device("meta"):
        network = create_model(name, image_size=64).eval()
        images = torch.empty(2, 3, 64, 64, requires_grad=True)
    for place in LAYERS[name]:
        layer, seen = layer_of(name, place), []
        handle = layer.module(network).register_forward_hook(lambda _m, _i, output, seen=seen: seen.append(output))
        scores = network(images)
        handle.remove()
        assert len(seen) == 1
        found = layer.reshape(seen[0]) if layer.reshape else seen[0]
        assert found.ndim == 4 and found.shape[0] == 2 and found.shape[2] == found.shape[3] >= 2
        (slope,) = torch.autograd.grad(scores.sum(), seen[0])
        assert slope.shape == seen[0].shape


@pytest.mark.parametrize("name", ["mobilenet_v2", "zhu_xception", "cg_recnet", "densenet121"])
def test_maps_of_real_models_are_finite_and_not_flat(name):
    torch.manual_seed(0)
    network = create_model(name, image_size=64)
    images = torch.randn(2, 3, 64, 64)
    for place in LAYERS[name]:
        maps = explain("hirescam", network, name, images, [0, 2], place=place)
        assert np.isfinite(maps).all() and (np.ptp(maps, axis=(1, 2)) > 0).all()


def test_a_transformer_needs_the_layer_before_its_last_attention():
    """Behind the last block only the class token has a gradient, so a map taken there would be empty."""
    torch.manual_seed(0)
    network = create_model("vit_b_16", image_size=32)
    for number in range(1, 11):  # the first and the last block tell as much as all twelve
        setattr(network.encoder.layers, f"encoder_layer_{number}", torch.nn.Identity())
    torch.nn.init.normal_(network.heads.head.weight)  # torchvision's starts at zero
    maps = explain("gradcam", network, "vit_b_16", torch.randn(1, 3, 32, 32), [1])
    assert maps.shape == (1, 2, 2) and np.abs(maps).max() > 0


def test_tokens_become_a_map_row_by_row():
    tokens = torch.arange(1 + 4).float()[None, :, None].expand(1, 5, 3)
    assert tokens_to_map(tokens)[0, 2].tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ConfigError, match="square"):
        tokens_to_map(tokens[:, :4])


def test_unknown_names_are_answered_by_the_nearest():
    network, images = torch.nn.Identity(), torch.zeros(1, 3, 8, 8)
    with pytest.raises(ConfigError, match="gradcam"):
        explain("grad_cam", network, "resnet50", images, [0])
    with pytest.raises(ConfigError, match="resnet50"):
        explain("gradcam", network, "resnet5", images, [0])
    with pytest.raises(ConfigError, match="last"):
        explain("gradcam", network, "resnet50", images, [0], place="lats")
    assert set(TITLES) == {"gradcam", "gradcam++", "hirescam", "occlusion"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "densenet121", "mobilenet_v2", "zhu_xception"])
def test_each_layer_looks_where_it_is_written_down(name):
    """With equal weights everywhere a position sees a blur, whose middle no chance moves."""
    torch.manual_seed(0)  # which of equal values a pooling takes, noise decides: the mean of four images
    size = 12 * LAYERS[name]["last"].stride
    network = create_model(name, image_size=size)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.constant_(module.weight, 1 / module.weight[0].numel())
    images = 1e-6 + 1e-8 * torch.rand(4, 1, size, size).expand(4, 3, size, size)
    for layer in LAYERS[name].values():
        middle = size // 2 // layer.stride
        (looks,) = looks_at(network, layer, images, [middle])
        assert looks == pytest.approx(layer.first + middle * layer.stride, abs=1.5)


def test_a_map_is_put_where_its_positions_look():
    raw = np.zeros((1, 3, 3), np.float32)
    raw[0, 1, 2] = 1.0
    put = aligned(raw, 96, Layer("any", 32))
    assert put.shape == (1, 96, 96) and put[0, 32, 64] == put.max() == 1 and put[0, 32, 95] == 1
    assert put[0, 48, 64] == pytest.approx(0.5) and put[0, 0].max() == put[0, 64].max() == 0
    fields = Layer("any", 32, 15.5)  # looks at the middles of the fields: nothing to put elsewhere
    np.testing.assert_allclose(aligned(raw, 96, fields), resize(raw, 96), atol=1e-6)
    assert drawn_at(3, 96).tolist() == [15.5, 47.5, 79.5]


def test_heat_and_size():
    raw = np.array([[[-1.0, 2.0], [0.0, 4.0]]], np.float32)
    assert heat(raw).min() == 0 and heat(raw).max() == 4
    large = resize(raw, 8)
    assert large.shape == (1, 8, 8) and large.max() == 4 and large.min() == -1
