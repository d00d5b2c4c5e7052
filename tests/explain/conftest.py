"""A network small enough to check by hand, and images for it."""

import pytest
import torch
from torch import nn

from cgrecnet.explain.layers import Layer


class Small(nn.Module):
    """Two convolutions, a mean, a linear layer; dropout, so that a forgotten evaluation mode would show."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.late = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3, padding=1))
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        a = self.late(self.early(x))
        return self.head(self.drop(torch.relu(a).mean(dim=(2, 3))))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return Small()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(5, 3, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def layer() -> Layer:
    return Layer("late", 2)
