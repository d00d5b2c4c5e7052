"""What moved in an epoch: the length of the step, and the share of the weights that took part."""

import pytest
import torch
from torch import nn

from cgrecnet.training.weight_change import WeightChange


def test_length_and_share_of_a_step():
    network = nn.Linear(3, 1)  # three weights and a bias
    movement = WeightChange(network)
    movement()
    with torch.no_grad():
        network.weight[0, :2] += torch.tensor([3.0, 4.0])
    movement({"epoch": 2})
    assert movement.distance == pytest.approx([0.0, 5.0])
    assert movement.changed == [0.0, 0.5]


def test_a_step_below_the_spacing_of_float32_moves_nothing():
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(1.0)
    movement = WeightChange(network)
    for step, moved in ((1e-9, 0.0), (1e-6, 1.0)):
        with torch.no_grad():
            network.weight -= step
        movement()
        assert movement.changed[-1] == moved


def test_running_statistics_do_not_count():
    network = nn.BatchNorm1d(2)
    movement = WeightChange(network)
    network(torch.randn(8, 2))
    movement()
    assert movement.changed == [0.0]
