"""The network of Zhu et al. 2021 (Nature Communications 12:2614), whose data set the paper uses.

An Xception for small crops: two plain convolutions, two separable blocks that halve the map, four separable blocks at
one size, one more that halves it, and a separable pair to 2048 channels; mean over positions; one linear layer. All
convolutions are free of bias and each is followed by a batch normalisation (the separable ones after their second
half only). Its own input is one channel, 45 high and 30 wide; any size of at least 1 x 1 is taken.

Source: yanjingmao/NC_paper_source_code, where only inference is published: how it was trained is not known.
"""

from torch import Tensor, nn


class SeparableConv(nn.Sequential):
    """Depthwise 3x3, then 1x1, then batch normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )


class Halving(nn.Module):
    """Two separable convolutions and a max pooling, beside a 1x1 convolution of stride 2."""

    def __init__(self, inputs: int, middle: int, outputs: int, relu_first: bool) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ReLU() if relu_first else nn.Identity(),
            SeparableConv(inputs, middle),
            nn.ReLU(),
            SeparableConv(middle, outputs),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride=2, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + self.shortcut(x)


class Middle(nn.Module):
    """Three times ReLU and a separable convolution, with a residual connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers = [layer for _ in range(3) for layer in (nn.ReLU(), SeparableConv(channels, channels))]
        self.main = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.main(x)


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class ZhuXception(nn.Module):
    """Zhu et al.'s network: (B, in_channels, H, W) to logits (B, num_classes)."""

    def __init__(self, num_classes: int = 3, in_channels: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_convolution(in_channels, 32), *_convolution(32, 64))
        self.entry = nn.Sequential(Halving(64, 128, 128, False), Halving(128, 256, 256, True))
        self.middle = nn.Sequential(*(Middle(256) for _ in range(4)))
        self.exit = nn.Sequential(
            Halving(256, 256, 512, True),
            SeparableConv(512, 1024),
            nn.ReLU(),
            SeparableConv(1024, 2048),
            nn.ReLU(),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.exit(self.middle(self.entry(self.stem(x))))
        return self.fc(self.pool(x).flatten(1))
