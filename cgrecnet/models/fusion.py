r"""The fusion of the two attention branches (Eq. 3), and the module that stands in the network.

Shapes: B images, C channels, N = H * W tokens; F1 = LA (Eq. 1) and F2 = XCA (Eq. 2), both (B, N, C).

The public cross-attention fusion module (CAFM) of EdwardHaoz/IEEE_TGRS_AMGCFN computes

    u_i = W_i'' ReLU(W_i' mean_p F_i) + M_i'' ReLU(M_i' max_p F_i)        one vector of C numbers per branch
    X   = u_1 u_2'                                                        C x C, of rank one
    G_1 = softmax_row(X) F_1,   G_2 = softmax_row(X') F_2                 channels mixed
    s_i = softmax_p( c_2 * ReLU(c_1 * [mean_c G_i ; max_c G_i]) )         one number per position
    F   = F_1 (1 + s_1) + F_2 (1 + s_2).

The paper's Eq. 3, as its prose describes it, is  F = F_LA sigmoid(G(F_LA, F_XCA)).  It leaves open what G is, whether
F_XCA is added as well, whether the map is a sigmoid or, as in the public code, a softmax over positions, the hidden
size, the width at which all this runs, and whether the input skips around the module. Each is an argument here.

A softmax over N positions has the mean 1 / N. With 28 x 28 positions the public CAFM therefore changes the plain sum
F_1 + F_2 by about 1 / 784 when training starts; see `fusion_effect`. Its two small convolutions have one channel
between them, so that one ReLU can silence the whole spatial path from the start; see `spatial_path_is_dead`. And the
softmax cannot see the last bias, which therefore never learns.
"""

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.models.attention import CrossCovarianceAttention, LinAngularAttention

SPATIAL_MAPS = ("softmax", "sigmoid")
COMBINATIONS = ("sum", "recalibrate", "recalibrate_plus_xca")


def _bottleneck(dim: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))


class CrossAttentionFusion(nn.Module):
    r"""CAFM, Eq. 3: two branches (B, N, C) to one (B, N, C).

    dim: channels C. hidden: width of the four bottlenecks W, M (64 in the public code).
    spatial_map: "softmax" over positions (public code) or "sigmoid" (the paper's text).
    combine: "sum" is F_1 (1 + s_1) + F_2 (1 + s_2) (public code); "recalibrate" is F_1 s_1 (the paper's Eq. 3 taken
        at its word: the second branch enters through X alone); "recalibrate_plus_xca" is F_1 s_1 + F_2.
    Raises ConfigError for an unknown word. Source: EdwardHaoz/IEEE_TGRS_AMGCFN; 8 C r + 4 r + 4 C + 29 parameters
    with r = hidden. Unlike there, any H x W and a batch of one are taken.
    """

    def __init__(
        self, dim: int, hidden: int = 64, spatial_map: str = "softmax", combine: str = "sum"
    ) -> None:
        super().__init__()
        if spatial_map not in SPATIAL_MAPS:
            raise ConfigError(f"Unknown spatial map {spatial_map!r}: choose one of {SPATIAL_MAPS}.")
        if combine not in COMBINATIONS:
            raise ConfigError(f"Unknown combination {combine!r}: choose one of {COMBINATIONS}.")
        self.spatial_map, self.combine = spatial_map, combine
        self.mean1, self.max1 = _bottleneck(dim, hidden), _bottleneck(dim, hidden)
        self.mean2, self.max2 = _bottleneck(dim, hidden), _bottleneck(dim, hidden)
        # Shared by the two branches, as in the public code.
        self.conv1 = nn.Conv2d(2, 1, 3, padding=1)
        self.conv2 = nn.Conv2d(1, 1, 3, padding=1)

    def channel_scores(self, f1: Tensor, f2: Tensor) -> Tensor:
        """X = u_1 u_2', (B, C, C)."""
        u1 = self.mean1(f1.mean(1)) + self.max1(f1.amax(1))
        u2 = self.mean2(f2.mean(1)) + self.max2(f2.amax(1))
        return u1.unsqueeze(2) * u2.unsqueeze(1)

    def mixed(self, f1: Tensor, f2: Tensor) -> tuple[Tensor, Tensor]:
        """Channel mean and maximum of G_1 and of G_2, each (B, 2, N)."""
        scores = self.channel_scores(f1, f2)
        # Tokens stand in rows, so A F is written F A'; no transposed copy of the features is made.
        return _pool(f1 @ scores.softmax(2).transpose(1, 2)), _pool(f2 @ scores.softmax(1))

    def spatial_weights(self, pooled: Tensor, size: tuple[int, int]) -> Tensor:
        """s_i, (B, N, 1), from the channel mean and maximum of G_i, (B, 2, N)."""
        logits = self.conv2(self.conv1(pooled.unflatten(2, size)).relu()).flatten(1)
        weights = logits.softmax(1) if self.spatial_map == "softmax" else logits.sigmoid()
        return weights.unsqueeze(2)

    def forward(self, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> Tensor:
        if self.combine != "sum":
            mixed = f1 @ self.channel_scores(f1, f2).softmax(2).transpose(1, 2)
            out = f1 * self.spatial_weights(_pool(mixed), size)
            return out + f2 if self.combine == "recalibrate_plus_xca" else out
        pooled1, pooled2 = self.mixed(f1, f2)
        s1, s2 = self.spatial_weights(torch.cat((pooled1, pooled2)), size).chunk(2)
        return torch.addcmul(f1 * (1 + s1), f2, 1 + s2)


def _pool(features: Tensor) -> Tensor:
    """Mean and maximum over channels: (B, N, C) to (B, 2, N)."""
    return torch.stack((features.mean(2), features.amax(2)), 1)


class FusionModule(nn.Module):
    r"""Linear-angular and cross-covariance attention side by side, fused: (B, C, H, W) to (B, C, H, W).

    channels: C of the feature map (512 after the second stage of ResNet-50).
    width: channels at which the attention runs. Where it differs from `channels`, a 1x1 convolution leads there and
        another one back (the reading that the printed parameter counts support: 512 -> 128 -> 512).
    num_heads, normaliser: see `attention`; hidden, spatial_map, combine: see `CrossAttentionFusion`.
    skip: add the input to the output. The paper names a residual connection for the gated block alone.
    """

    def __init__(
        self,
        channels: int = 512,
        width: int = 128,
        num_heads: int = 8,
        normaliser: str = "l2",
        hidden: int = 64,
        spatial_map: str = "softmax",
        combine: str = "sum",
        skip: bool = False,
    ) -> None:
        super().__init__()
        adapt = width != channels
        # On tokens a 1x1 convolution is a linear layer.
        self.reduce = nn.Linear(channels, width) if adapt else nn.Identity()
        self.linear_angular = LinAngularAttention(width, num_heads, normaliser)
        self.cross_covariance = CrossCovarianceAttention(width, num_heads)
        self.fuse = CrossAttentionFusion(width, hidden, spatial_map, combine)
        self.expand = nn.Linear(width, channels) if adapt else nn.Identity()
        self.skip = skip

    def branches(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """LA and XCA of the feature map, both (B, N, width)."""
        tokens = self.reduce(x.flatten(2).transpose(1, 2))
        return self.linear_angular(tokens), self.cross_covariance(tokens)

    def forward(self, x: Tensor) -> Tensor:
        size = (x.shape[2], x.shape[3])
        fused = self.fuse(*self.branches(x), size)
        out = self.expand(fused).transpose(1, 2).unflatten(2, size)
        return x + out if self.skip else out


@torch.no_grad()
def fusion_effect(module: FusionModule, x: Tensor) -> float:
    """How far the CAFM is from a plain sum of its branches on x: |F - (F_1 + F_2)| / |F_1 + F_2|, without unit.

    With a softmax map it is 1 / N when training starts (N = positions of x): 0.13 % for 28 x 28.
    """
    f1, f2 = module.branches(x)
    plain = f1 + f2
    fused = module.fuse(f1, f2, (x.shape[2], x.shape[3]))
    return ((fused - plain).norm() / plain.norm()).item()


@torch.no_grad()
def spatial_path_is_dead(module: FusionModule, x: Tensor) -> bool:
    """Whether the ReLU between the two spatial convolutions is zero at every position of every image of x.

    Then the maps s_i are the same everywhere, and nothing before that ReLU gets a gradient through them.
    """
    pooled = torch.cat(module.fuse.mixed(*module.branches(x)))
    return bool((module.fuse.conv1(pooled.unflatten(2, x.shape[2:])) <= 0).all())
