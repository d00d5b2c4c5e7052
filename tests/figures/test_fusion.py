"""The fusion's figures show what the module computes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from cgrecnet.figures.fusion import draw_fusion_maps, draw_starts, fusion_maps, shared_effect, stage2, starts
from cgrecnet.models import create_model
from cgrecnet.models.fusion import FusionModule


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
    yield
    plt.close("all")


def test_stage2_is_what_the_fusion_is_given():
    model, seen = create_model("rescmnet").eval(), []
    model.fusion.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        model(images)
    torch.testing.assert_close(stage2(model, images), seen[0])


def test_the_maps_are_those_that_the_module_multiplies_by():
    x = torch.randn(2, 32, 5, 7)
    for kind in ("softmax", "sigmoid"):
        module = FusionModule(32, 16, spatial_map=kind, combine="recalibrate")
        with torch.no_grad():
            f1, f2 = module.branches(x)
            ratio = (module.fuse(f1, f2, (5, 7)).norm(dim=2) / f1.norm(dim=2)).unflatten(1, (5, 7)).numpy()
        for image, four in zip(ratio, fusion_maps(module, x), strict=True):
            expected = image * 35 if kind == "softmax" else image
            np.testing.assert_allclose(getattr(four, kind), expected, rtol=1e-4)


def test_the_softmax_map_has_mean_one_over_n():
    (four,) = fusion_maps(FusionModule(32, 16), torch.randn(1, 32, 6, 6))
    assert four.softmax.mean() == pytest.approx(1, abs=1e-5)


def test_starts_find_one_over_n_and_leave_the_generator():
    before = torch.get_rng_state()
    found = starts([torch.ones(1, 32, n, n) for n in (4, 8)], [0, 1], channels=32, width=16)
    assert torch.equal(before, torch.get_rng_state())
    assert [(s.positions, s.seed) for s in found] == [(16, 0), (64, 0), (16, 1), (64, 1)]
    for start in found:
        assert start.effect == pytest.approx(1 / start.positions, rel=0.2)


@pytest.mark.parametrize("k", [1, 4, 64])
def test_a_shared_map_changes_one_over_the_root_of_k_n(k):
    f = torch.ones(1, 64, 3)
    assert shared_effect(f, f, k) == pytest.approx((k * 64) ** -0.5)


def test_the_drawings_hold_what_they_are_given():
    x = torch.randn(2, 32, 4, 4)
    figure = draw_fusion_maps([np.zeros((4, 4))] * 2, (0, 1), fusion_maps(FusionModule(32, 16), x))
    assert len([a for a in figure.axes if a.images]) == 10
    found = starts([x], [0, 1], channels=32, width=16)
    left, right = draw_starts(found, {1: 0.1, 4: 0.05}, 16).axes
    assert left.lines[1].get_ydata().tolist() == [100 * s.effect for s in found]
    assert right.lines[1].get_ydata().tolist() == [10, 5]
