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

Precision: 1 + s with s of about 1 / N needs float32. In bfloat16, whose steps above 1 are 0.0078, every 1 + s_i of
28 x 28 positions is exactly 1, and the module is the plain sum. So the maps, the factors and the sum are computed in
float32 whatever the surroundings are, and where products run in a coarser type the part of the sum that the map adds,
F_1 s_1 + F_2 s_2, goes through the last layer by itself and is added to the rest behind it, in float32.
"""

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.models.attention import COARSE, CrossCovarianceAttention, LinAngularAttention, autocasts, full

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
        u1 = full(self.mean1(f1.mean(1))) + self.max1(f1.amax(1))
        u2 = full(self.mean2(f2.mean(1))) + self.max2(f2.amax(1))
        return u1.unsqueeze(2) * u2.unsqueeze(1)

    def mixed(self, f1: Tensor, f2: Tensor) -> tuple[Tensor, Tensor]:
        """Channel mean and maximum of G_1 and of G_2, each (B, 2, N)."""
        scores = self.channel_scores(f1, f2)
        # Tokens stand in rows, so A F is written F A'; no transposed copy of the features is made.
        first, second = scores.softmax(2).to(f1.dtype), scores.softmax(1).to(f2.dtype)
        return _pool(f1 @ first.transpose(1, 2)), _pool(f2 @ second)

    def spatial_weights(self, pooled: Tensor, size: tuple[int, int]) -> Tensor:
        """s_i, (B, N, 1), float32, from the channel mean and maximum of G_i, (B, 2, N)."""
        logits = self.spatial_logits(pooled, size)
        weights = logits.softmax(1) if self.spatial_map == "softmax" else logits.sigmoid()
        return weights.unsqueeze(2)

    def spatial_logits(self, pooled: Tensor, size: tuple[int, int]) -> Tensor:
        """What `spatial_weights` takes the softmax or sigmoid of, (B, N), float32."""
        return _convolve(self.conv2, self.squeezed(pooled, size).relu()).flatten(1)

    def squeezed(self, pooled: Tensor, size: tuple[int, int]) -> Tensor:
        """The one channel before the ReLU between the two convolutions, (B, 1, H, W), float32."""
        return _convolve(self.conv1, full(pooled).unflatten(2, size))

    def maps(self, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor | None]:
        """s_1 and, where the branches are summed, s_2; each (B, N, 1), float32."""
        if self.combine == "sum":
            weights = self.spatial_weights(torch.cat(self.mixed(f1, f2)), size)
            return weights.unflatten(0, (2, f1.shape[0])).unbind(0)  # `chunk` would fix the batch size of an export
        mixed = f1 @ self.channel_scores(f1, f2).softmax(2).to(f1.dtype).transpose(1, 2)
        return self.spatial_weights(_pool(mixed), size), None

    def parts(self, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> tuple[Tensor | None, Tensor]:
        """What the output is without its maps (None: nothing), and what the maps add; float32, together the output."""
        s1, s2 = self.maps(f1, f2, size)
        f1, f2 = full(f1), full(f2)
        if s2 is not None:
            return f1 + f2, torch.addcmul(f1 * s1, f2, s2)
        return f2 if self.combine == "recalibrate_plus_xca" else None, f1 * s1

    def forward(self, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> Tensor:
        """The fused branches, (B, N, C), float32."""
        s1, s2 = self.maps(f1, f2, size)
        f1, f2 = full(f1), full(f2)
        if s2 is not None:
            return torch.addcmul(f1 * (1 + s1), f2, 1 + s2)
        return f1 * s1 + f2 if self.combine == "recalibrate_plus_xca" else f1 * s1


def _pool(features: Tensor) -> Tensor:
    """Mean and maximum over channels, in float32: (B, N, C) to (B, 2, N)."""
    features = full(features)
    return torch.stack((features.mean(2), features.amax(2)), 1)


def _convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """`layer` of x in the type of x, whatever autocast and the type of its weights are."""
    if layer.weight.dtype == x.dtype and not autocasts(x):
        return layer(x)
    with torch.autocast(x.device.type, enabled=False):
        return nn.functional.conv2d(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype), padding=layer.padding)


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
        f1, f2 = self.branches(x)
        out = self.expand(self.fuse(f1, f2, size)) if f1.dtype not in COARSE else self._in_parts(f1, f2, size)
        out = out.transpose(1, 2).unflatten(2, size)
        if not autocasts(x):  # a module that was cast: so was what follows it
            out = out.to(x.dtype)
        return x + out if self.skip else out

    def _in_parts(self, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> Tensor:
        """The expanded sum, float32, where `expand` computes in a coarser type, which would round the map away."""
        plain, gain = self.fuse.parts(f1, f2, size)
        if isinstance(self.expand, nn.Identity):
            return gain if plain is None else plain + gain
        if plain is None:
            return self.expand(gain.to(f1.dtype))
        if 2 * torch.finfo(f1.dtype).eps * size[0] * size[1] > 1:
            # 1 / N is less than two steps of the type: added to a product that was rounded, it would be gone again as
            # soon as the next layer rounds its input. In float32 it moves the values that lie near enough to a step.
            with torch.autocast(f1.device.type, enabled=False):
                weight, bias = full(self.expand.weight), full(self.expand.bias)
                return nn.functional.linear(plain + gain, weight, bias)
        added = nn.functional.linear(gain.to(f1.dtype), self.expand.weight)  # the bias is in the other part
        return full(self.expand(plain.to(f1.dtype))) + added


@torch.no_grad()
def fusion_effect(module: FusionModule, x: Tensor) -> float:
    """How far the CAFM is from a plain sum of its branches on x: |F - (F_1 + F_2)| / |F_1 + F_2|, without unit.

    With a softmax map it is 1 / N when training starts (N = positions of x): 0.13 % for 28 x 28.
    """
    f1, f2 = module.branches(x)
    plain = full(f1) + full(f2)
    fused = module.fuse(f1, f2, (x.shape[2], x.shape[3]))
    return ((fused - plain).norm() / plain.norm()).item()


@torch.no_grad()
def spatial_path_is_dead(module: FusionModule, x: Tensor) -> bool:
    """Whether the ReLU between the two spatial convolutions is zero at every position of every image of x.

    Then the maps s_i are the same everywhere, and nothing before that ReLU gets a gradient through them.
    """
    pooled = torch.cat(module.fuse.mixed(*module.branches(x)))
    return bool((module.fuse.squeezed(pooled, x.shape[2:]) <= 0).all())
