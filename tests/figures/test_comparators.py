"""Costs are the models' own, and each system stands where they put it."""

import matplotlib.pyplot as plt
import pytest

from cgrecnet.figures.comparators import Cost, cost_of, draw_costs
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters, macs_layers, macs_products


def test_costs_without_numbers_are_those_with_numbers():
    cost = cost_of("mobilenet_v2", (1, 64, 48))
    model = create_model("mobilenet_v2", in_channels=1)
    assert cost.parameters == count_parameters(model) == sum(cost.blocks.values())
    assert cost.layers == macs_layers(model, (1, 1, 64, 48))
    assert cost.products == macs_products(model, (1, 1, 64, 48))


def test_the_native_input_is_the_default():
    cost = cost_of("zhu_xception")
    assert cost.size == (1, 45, 30) and cost.parameters == 3_992_867


def test_every_system_is_drawn_at_its_cost_with_its_name():
    costs = [Cost("vgg16", (3, 224, 224), 4_000_000, 2 * 10**9, 3 * 10**9, {}),
             Cost("zhu_xception", (1, 45, 30), 2_000_000, 10**9, 10**9, {})]  # fmt: skip
    (axes,) = draw_costs(costs).axes
    assert [text.get_text() for text in axes.texts] == ["VGG-16", "Zhu's Xception, 45×30"]
    dots = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1]
    assert dots == [pytest.approx(p) for p in ((4, 2), (4, 3), (2, 1), (2, 1))]
    plt.close("all")
