r"""The two attention branches of the fusion module: over tokens (Eq. 1) and over channels (Eq. 2).

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

Precision: lengths, norms and the softmax map are computed in float32 whatever the surroundings are (autocast of any
device, or a module cast to bfloat16); CPU autocast would leave them in bfloat16. Products over tokens follow autocast.
"""

import math

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError

#: Floor under every length that is divided by.
EPS = 1e-6


#: Types in which 1 + 1 / 784 is 1.
COARSE = (torch.bfloat16, torch.float16)


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
