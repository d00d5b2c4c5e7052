"""Maps equal the methods' equations, whatever the batch, and leave the network as it was."""

import numpy as np
import pytest
import torch
from torch import nn

from cgrecnet.errors import ConfigError
from cgrecnet.explain.cams import CAMS, cam_maps
from cgrecnet.explain.layers import Layer
from cgrecnet.explain.occlusion import occlusion_maps

TARGETS = [0, 1, 2, 1, 0]


def by_hand(network, image, target):
    """Map and gradient of the layer for one image, without hooks."""
    network.eval()
    a = network.late(network.early(image[None])).detach().requires_grad_()
    score = network.head(torch.relu(a).mean(dim=(2, 3)))[0, target]
    (g,) = torch.autograd.grad(score, a)
    return a[0].detach().numpy(), g[0].numpy()


def formula(method, a, g):
    if method == "gradcam":
        return (g.mean(axis=(1, 2))[:, None, None] * a).sum(axis=0)
    if method == "hirescam":
        return (g * a).sum(axis=0)
    alpha = g**2 / (2 * g**2 + g**3 * a.sum(axis=(1, 2), keepdims=True) + 1e-6)
    weight = (np.where(g != 0, alpha, 0) * np.maximum(g, 0)).sum(axis=(1, 2))
    return (weight[:, None, None] * a).sum(axis=0)


@pytest.mark.parametrize("method", CAMS)
def test_maps_equal_the_equations(method, network, layer, images):
    found = cam_maps(method, network, layer, images, TARGETS)
    assert found.shape == (5, 8, 8) and found.dtype == np.float32
    for one, image, target in zip(found, images, TARGETS, strict=True):
        wanted = formula(method, *by_hand(network, image, target))
        np.testing.assert_allclose(one, wanted, rtol=1e-4, atol=1e-6 * np.abs(wanted).max())
    assert (found < 0).any() or method == "gradcam++", "raw maps keep their sign"
    assert np.ptp([np.abs(one).max() for one in found]) > 0, "raw maps keep their size"


@pytest.mark.parametrize("method", CAMS)
def test_the_batch_does_not_matter(method, network, layer, images):
    whole = cam_maps(method, network, layer, images, TARGETS)
    for size in (1, 2):
        np.testing.assert_allclose(cam_maps(method, network, layer, images, TARGETS, size), whole, rtol=1e-4, atol=1e-7)
    alone = cam_maps(method, network, layer, images[3:4], TARGETS[3:4])
    np.testing.assert_allclose(alone[0], whole[3], rtol=1e-4, atol=1e-7)


def test_the_network_comes_back_as_it_was(network, layer, images):
    network.train()
    network.late[0].eval()
    network.early.weight.requires_grad_(False)
    network(images).sum().backward()
    modes = [m.training for m in network.modules()]
    state = {k: v.clone() for k, v in network.state_dict().items()}
    slopes = {k: None if p.grad is None else p.grad.clone() for k, p in network.named_parameters()}
    with torch.no_grad():
        cam_maps("gradcam", network, layer, images, TARGETS)
    assert [m.training for m in network.modules()] == modes
    assert all(torch.equal(v, state[k]) for k, v in network.state_dict().items())
    for name, parameter in network.named_parameters():
        before = slopes[name]
        assert parameter.grad is None if before is None else torch.equal(parameter.grad, before)
    assert not any(m._forward_hooks or m._backward_hooks for m in network.modules())
    assert not network.early.weight.requires_grad


def test_it_works_inside_inference_mode_and_autocast(network, layer, images):
    wanted = cam_maps("hirescam", network, layer, images, TARGETS)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_array_equal(cam_maps("hirescam", network, layer, images.clone(), TARGETS), wanted)


@pytest.mark.parametrize("method", CAMS)
def test_a_network_in_bfloat16_is_explained_in_bfloat16(method, network, layer, images):
    wanted = cam_maps(method, network, layer, images, TARGETS)
    found = cam_maps(method, network.bfloat16(), layer, images, TARGETS)
    assert found.dtype == np.float32 and (found != wanted).any()
    np.testing.assert_allclose(found, wanted, atol=0.03 * np.abs(wanted).max())
    assert np.isfinite(occlusion_maps(network, images, TARGETS, grid=4)).all()


class Wrong(nn.Module):
    """Fails as a bug in a network would: with IndexError, the one that the library's context manager swallows."""

    def __init__(self) -> None:
        super().__init__()
        self.late = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        return self.late(x).mean(dim=(2, 3))[:, [5]]


def test_errors_are_not_swallowed_and_leave_no_hook(images):
    wrong = Wrong()
    with pytest.raises(IndexError):
        cam_maps("gradcam", wrong, Layer("late", 2), images, TARGETS)
    assert wrong.training and not wrong.late._forward_hooks


@pytest.mark.parametrize(
    ("targets", "words"),
    [([0, 1, 2, 3, 0], "no class 3"), ([0, 1], "5 images need 5"), ([0.0] * 5, "targets"), ([-1] * 5, "targets")],
)
def test_a_class_that_is_not_there_is_refused(targets, words, network, layer, images):
    with pytest.raises(ConfigError, match=words):
        cam_maps("gradcam", network, layer, images, targets)


def test_no_image_is_refused_in_one_sentence(network, layer, images):
    with pytest.raises(ConfigError, match="no images"):
        cam_maps("gradcam", network, layer, images[:0], [])
    with pytest.raises(ConfigError, match="no images"):
        occlusion_maps(network, images[:0], [])


def test_a_layer_that_is_not_there_or_not_used_once_is_refused(network, images):
    with pytest.raises(ConfigError, match="no layer 'layer9'"):
        cam_maps("gradcam", network, Layer("layer9", 2), images, TARGETS)
    network.spare = nn.Identity()
    with pytest.raises(ConfigError, match="used 0 times"):
        cam_maps("gradcam", network, Layer("spare", 2), images, TARGETS)


class InPlace(nn.Module):
    """Overwrites the layer's output, as torchvision's DenseNet does."""

    def __init__(self) -> None:
        super().__init__()
        self.late, self.head = nn.Conv2d(3, 5, 3, padding=1), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(nn.functional.relu(self.late(x), inplace=True).mean(dim=(2, 3)))


def test_what_the_network_overwrites_later_does_not_reach_the_map(images):
    torch.manual_seed(0)
    network = InPlace()
    found = cam_maps("gradcam", network, Layer("late", 2), images, TARGETS)
    a = network.late(images).detach()
    g = (a > 0) * network.head.weight[TARGETS].detach()[:, :, None, None] / (16 * 16)
    wanted = (g.mean(dim=(2, 3), keepdim=True) * a).sum(dim=1).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-8)
