"""Controls are what they say: no network in them, a wrong place, fresh weights from the classes down."""

import numpy as np
import pytest
import torch

from cgrecnet.errors import ConfigError
from cgrecnet.explain.modules import fusion_change, gate_contrast
from cgrecnet.explain.sanity import (
    CASCADE,
    WITHOUT_NETWORK,
    cascade,
    fresh_like,
    moved,
    network_free_map,
    shuffled,
    swapped,
)
from cgrecnet.models import create_model


def test_maps_without_a_network():
    images = torch.zeros(2, 3, 16, 16)
    images[0, :, :, 8:] = 1.0
    found = {name: network_free_map(name, images) for name in WITHOUT_NETWORK}
    assert all(maps.shape == (2, 16, 16) for maps in found.values())
    assert (found["uniform"] == 1).all()
    assert (found["sobel"][0, :, 7:9] > 0).all() and found["sobel"][0, :, :6].max() == 0 == found["sobel"][1].max()
    assert found["centre"][0, 7, 7] == found["centre"].max() and found["centre"][0, 0, 0] < 0.1
    with pytest.raises(ConfigError, match="sobel"):
        network_free_map("canny", images)


def test_moved_and_swapped_maps_keep_their_values():
    maps = np.random.default_rng(0).random((6, 9, 9))
    for one, other in zip(maps, moved(maps, 1), strict=True):
        assert np.array_equal(np.sort(one.ravel()), np.sort(other.ravel()))
    assert (moved(maps, 1) != maps).any()
    other = swapped(maps, 3)
    assert all((maps[i] != other[i]).any() for i in range(6))
    assert sorted(other.sum(axis=(1, 2))) == sorted(maps.sum(axis=(1, 2)))
    with pytest.raises(ConfigError, match="two images"):
        swapped(maps[:1])


def test_the_cascade_ends_at_the_fresh_network_and_spares_the_trained_one():
    trained, fresh = (fresh_like(lambda: create_model("cg_recnet"), seed) for seed in (0, 1))
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    steps = [(name, {k: v.clone() for k, v in made.state_dict().items()}) for name, made in cascade(trained, fresh)]
    assert [name for name, _ in steps] == [parts[0] for parts in CASCADE]
    assert torch.equal(steps[0][1]["layer4.0.conv1.weight"], before["layer4.0.conv1.weight"])
    assert torch.equal(steps[0][1]["fc.weight"], fresh.state_dict()["fc.weight"])
    assert not torch.equal(steps[0][1]["fc.weight"], before["fc.weight"])
    assert all(torch.equal(tensor, fresh.state_dict()[name]) for name, tensor in steps[-1][1].items())
    assert all(torch.equal(tensor, before[name]) for name, tensor in trained.state_dict().items())
    with pytest.raises(ConfigError, match="same make"):
        next(cascade(trained, create_model("resnet50")))


def test_each_step_of_the_cascade_shows_inside_autocast():
    trained, fresh = (fresh_like(lambda: create_model("resnet50"), seed).eval() for seed in (0, 1))
    images = torch.randn(1, 3, 48, 48)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        said = [network(images).tolist() for _, network in cascade(trained, fresh)]
        assert said[-1] == fresh(images).tolist()
    assert all(one != other for one, other in zip(said, said[1:], strict=False))


def test_a_network_without_the_modules_has_a_shorter_cascade():
    made = [fresh_like(lambda: create_model("resnet50"), seed) for seed in (0, 1)]
    assert [name for name, _ in cascade(*made)] == ["fc", "layer4", "layer3", "layer2", "layer1"]


def test_labels_are_shuffled_within_their_parts():
    labels = np.arange(100) % 3
    parts = (np.arange(60), np.arange(60, 80))
    found = shuffled(labels, parts, 0)
    assert all(np.array_equal(np.bincount(found[part]), np.bincount(labels[part])) for part in parts)
    assert (found[:60] != labels[:60]).mean() > 0.4 and np.array_equal(found[80:], labels[80:])
    assert np.array_equal(labels, np.arange(100) % 3)


def test_at_the_start_the_fusion_changes_its_sum_by_one_over_n():
    torch.manual_seed(0)
    network, images = create_model("rescmnet").eval(), torch.randn(3, 3, 64, 64)
    found = fusion_change(network, images)
    assert found.positions == 64 and found.relative_effect.shape == (3,)
    np.testing.assert_allclose(found.relative_effect, 1 / 64, rtol=0.1)
    with pytest.raises(ConfigError, match="fusion"):
        fusion_change(create_model("resnet50"), images)


def test_a_gate_that_is_shut_on_the_background_is_seen_as_such():
    torch.manual_seed(0)
    network = create_model("resgdnet").eval()
    images, masks = torch.zeros(2, 3, 64, 64), np.zeros((2, 64, 64), bool)
    images[0, :, 16:48, 16:48] = 3.0
    masks[0, 16:48, 16:48] = True
    found = gate_contrast(network, images, masks)
    assert np.isnan(found.value_on[1]), "an image without a cell compares nothing"
    assert 0 < found.wider[0] < 1
    with torch.no_grad():  # every gate channel follows one number of its position, largest where |x| is largest
        network.gate.fc1.weight[: network.gate.splits[0]] = 0
        network.gate.fc1.bias[: network.gate.splits[0]] = -100.0
        network.gate.fc2.bias.zero_()
    shut = gate_contrast(network, images, masks)
    assert shut.value_on[0] == pytest.approx(0, abs=1e-6) == shut.value_off[0]
    assert shut.length_on[0] == pytest.approx(1) and shut.length_off[0] == pytest.approx(1)
    with pytest.raises(ConfigError, match="gated"):
        gate_contrast(create_model("resnet50"), images, masks)
