r"""The fusion module: attention over tokens (Eq. 1) and over channels (Eq. 2), fused (Eq. 3).

Shapes: B images, N = H * W tokens, C channels, h heads, d = C / h channels per head.

**Eq. 1, linear-angular attention.** The angle between a query and a key serves as their similarity, cut off after
its linear term, so that the product over tokens can be taken in the cheap order, O(N C d) and not O(N^2 C):

    LA(T) = [ norm( V / 2 + Q^ (K^' V) / pi ) + DWConv(V) ] W_o + b_o,   Q^, K^ of unit length per token and head.

Source: the public module of GATECH-EIC/Castling-ViT. Left open by the paper: `norm`. Its text says Layer
Normalization; the public code divides each token-and-head vector by its own length. Both are offered.

**Eq. 2, cross-covariance attention.** Channels attend to channels:

    XCA(T) = [ softmax( tau_h Q^ K^' ) V ] W_o + b_o,   Q, K, V in R^(d x N), rows of Q^, K^ of unit length.

Source: facebookresearch/xcit. The temperature is learned, one per head, and starts at 1; the paper divides by it, the
public code multiplies. At 1 the two agree.

**Eq. 3, fusion of the two.** With F1 = LA(T) and F2 = XCA(T), both (B, N, C), the public cross-attention fusion module
(CAFM) of EdwardHaoz/IEEE_TGRS_AMGCFN computes

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

**Precision.** Lengths, norms and softmax maps are computed in float32 whatever the surroundings are (autocast of any
device, or a module cast to bfloat16); CPU autocast would leave them in bfloat16. Products over tokens follow autocast.
1 + s with s of about 1 / N needs float32: in bfloat16, whose steps above 1 are 0.0078, every 1 + s_i of 28 x 28
positions is exactly 1, and the module is the plain sum. So the factors and the sum are computed in float32 as well, and
where products run in a coarser type the part of the sum that the map adds, F_1 s_1 + F_2 s_2, goes through the last
layer by itself and is added to the rest behind it, in float32.
"""

import math

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError

#: Floor under every length that is divided by.
EPS = 1e-6
#: Types in which 1 + 1 / 784 is 1.
COARSE = (torch.bfloat16, torch.float16)
SPATIAL_MAPS = ("softmax", "sigmoid")
COMBINATIONS = ("sum", "recalibrate", "recalibrate_plus_xca")


def full(x: Tensor) -> Tensor:
    """x in float32 where its type is coarser, else x itself."""
    return x.float() if x.dtype in COARSE else x


def autocasts(x: Tensor) -> bool:
    """Whether autocast is on for the device of x (some devices have none)."""
    return torch.amp.is_autocast_available(x.device.type) and torch.is_autocast_enabled(x.device.type)


def inverse_length(x: Tensor, dim: int) -> Tensor:
    """1 / |x| along one dimension, which is kept; a length under `EPS` counts as `EPS`."""
    return full(x).square().sum(dim, keepdim=True).clamp_min(EPS * EPS).rsqrt()


def unit(x: Tensor) -> Tensor:
    """x at unit length along its last dimension."""
    return x * inverse_length(x, -1)


def layer_norm(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """`norm` of x, computed and returned in float32 or finer."""
    x = full(x)
    if norm.weight.dtype == x.dtype:
        return norm(x)
    return nn.functional.layer_norm(x, norm.normalized_shape, norm.weight.to(x.dtype), norm.bias.to(x.dtype), norm.eps)


def split_heads(qkv: Tensor, num_heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, each (B, h, N, d), from (B, N, 3 C).

    One copy here puts every head's matrix in one piece; without it each product that follows makes its own.
    """
    batch, count, three = qkv.shape
    parts = qkv.view(batch, count, 3, num_heads, three // (3 * num_heads)).permute(2, 0, 3, 1, 4)
    return parts.contiguous().unbind(0)


def join_heads(x: Tensor) -> Tensor:
    """(B, h, N, d) to (B, N, C)."""
    return x.transpose(1, 2).flatten(2)


def _check_heads(dim: int, num_heads: int) -> None:
    if num_heads < 1 or dim % num_heads:
        raise ConfigError(
            f"An attention over {dim} channels cannot have {num_heads} heads: "
            "choose a number of heads that divides the channels."
        )


class LinAngularAttention(nn.Module):
    r"""Attention over tokens in linear time, Eq. 1: tokens (B, N, C) to tokens (B, N, C).

    dim: channels C. num_heads: h, a divisor of C.
    normaliser: "l2" divides each token-and-head vector by its length (public code, no parameters);
        "layernorm" is a LayerNorm over the C channels (the paper's text, 2 C parameters).
    kernel_size: length of the depthwise filter along the list of tokens, one filter per head. As in the public code
        it runs over the raster order, hence along image rows, and wraps from the end of one row into the next.
    Raises ConfigError for heads that do not divide the channels, or an unknown normaliser.
    Source: GATECH-EIC/Castling-ViT. Unlike there, every length has a floor of `EPS`, and the sparse branch of
    training, off by default there, is left out.
    """

    def __init__(self, dim: int, num_heads: int = 8, normaliser: str = "l2", kernel_size: int = 9) -> None:
        super().__init__()
        if normaliser not in ("l2", "layernorm"):
            raise ConfigError(f"Unknown attention normaliser {normaliser!r}: choose 'l2' or 'layernorm'.")
        _check_heads(dim, num_heads)
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.norm = nn.LayerNorm(dim, eps=EPS) if normaliser == "layernorm" else None
        self.dwconv = nn.Conv2d(
            num_heads, num_heads, (kernel_size, 1), padding=(kernel_size // 2, 0), groups=num_heads, bias=False
        )
        self.proj = nn.Linear(dim, dim)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """The kernel of Eq. 1 before its norm, V / 2 + Q^ (K^' V) / pi; all (B, h, N, d)."""
        # K^' V first: a d x d matrix per head, whatever the number of tokens.
        context = unit(k).to(v.dtype).transpose(-2, -1) @ v * (1 / math.pi)
        return torch.add(unit(q).to(v.dtype) @ context, v, alpha=0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = split_heads(self.qkv(tokens), self.num_heads)
        y, local = self.attend(q, k, v), self.dwconv(v)
        if self.norm is None:
            return self.proj(join_heads(unit(y) + local).to(tokens.dtype))
        return self.proj((layer_norm(self.norm, join_heads(y)) + join_heads(local)).to(tokens.dtype))


class CrossCovarianceAttention(nn.Module):
    r"""Attention over channels, Eq. 2: tokens (B, N, C) to tokens (B, N, C); one d x d map per head.

    dim: channels C. num_heads: h, a divisor of C (else ConfigError).
    Source: facebookresearch/xcit; with the same weights it equals the `XCA` of timm.
    """

    def __init__(self, dim: int, num_heads: int = 8) -> None:
        super().__init__()
        _check_heads(dim, num_heads)
        self.num_heads = num_heads
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def covariance(self, q: Tensor, k: Tensor) -> Tensor:
        """softmax(tau_h Q^ K^'), (B, h, d, d), rows summing to 1; q and k are (B, h, N, d).

        The unit lengths are put into the small d x d product, which spares two passes over all tokens.
        """
        cosine = (q.transpose(-2, -1) @ k) * (inverse_length(q, -2).transpose(-2, -1) * inverse_length(k, -2))
        return (cosine * full(self.temperature)).softmax(dim=-1)

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = split_heads(self.qkv(tokens), self.num_heads)
        # Tokens stand in rows, so A V is written V A'.
        return self.proj(join_heads(v @ self.covariance(q, k).to(v.dtype).transpose(-2, -1)))


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
    num_heads, normaliser: see `LinAngularAttention`; hidden, spatial_map, combine: see `CrossAttentionFusion`.
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
