"""The layer table adds up to the network, and the hand-over is the module's own."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from cgrecnet.figures.assembled import draw_blocks, draw_handover, handovers, layer_table
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters, macs_layers


@pytest.fixture(scope="module")
def model():
    with torch.device("meta"):
        return create_model("cg_recnet").eval()


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_table_adds_up_and_keeps_the_order(model):
    blocks = layer_table(model)
    assert sum(block.parameters for block in blocks) == count_parameters(model)
    assert sum(block.macs for block in blocks) == macs_layers(model, (1, 3, 224, 224))
    names = [block.name for block in blocks]
    assert names.index("layer2") < names.index("fusion") < names.index("gate") < names.index("layer3")
    assert {block.name: block.shape for block in blocks}["fusion"] == (512, 28, 28)


def test_bars_show_the_table(model):
    blocks = layer_table(model, (1, 3, 64, 64))
    left, right = draw_blocks(blocks, ("fusion",)).axes
    assert [bar.get_width() for bar in left.patches] == [block.parameters / 1e6 for block in blocks]
    assert [bar.get_width() for bar in right.patches] == [block.macs / 1e9 for block in blocks]


def test_a_skip_keeps_the_input_and_no_skip_does_not():
    torch.manual_seed(0)
    x = torch.randn(1, 64 * 4, 6, 6).relu()
    without, with_skip = handovers(x, [3])
    assert (without.skip, with_skip.skip) == (False, True)
    assert without.output_spread < 0.5 * without.input_spread and abs(without.likeness) < 0.3
    assert with_skip.likeness > 0.9 and with_skip.input_spread == pytest.approx(x.std().item())


def test_the_maps_with_and_without_skip_differ_by_the_input():
    torch.manual_seed(0)
    figure = draw_handover([np.zeros((8, 8))], torch.randn(1, 256, 6, 6).relu())
    before, without, with_skip = [axes.images[0].get_array() for axes in figure.axes[1:4]]
    assert before.shape == without.shape == with_skip.shape == (6, 6)
    assert np.abs(with_skip - before).max() < np.abs(without - before).max()
