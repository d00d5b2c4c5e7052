"""The equations of the modules, written out plainly: what the package's faster forms are held against.

Every function takes the module that holds the weights and computes its output by another route.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

EPS = 1e-6


def unit(x: Tensor, dim: int) -> Tensor:
    return x / x.norm(dim=dim, keepdim=True).clamp_min(EPS)


def heads(x: Tensor, count: int) -> list[Tensor]:
    """(B, N, C) to one (B, N, d) per head."""
    return list(x.chunk(count, dim=-1))


def along_tokens(v: Tensor, kernel: Tensor) -> Tensor:
    """One filter along the list of tokens, by shifting the list: (B, N, d) and (k,) to (B, N, d)."""
    reach, count = len(kernel) // 2, v.shape[1]
    out = torch.zeros_like(v)
    for n in range(count):
        for j, weight in enumerate(kernel):
            if 0 <= n + j - reach < count:
                out[:, n] += weight * v[:, n + j - reach]
    return out


def linear_angular(module, tokens: Tensor) -> Tensor:
    """Eq. 1 with its N x N matrix of similarities written out."""
    q, k, v = (tokens @ module.qkv.weight.T).chunk(3, dim=-1)
    whole, local = [], []
    for h, (qh, kh, vh) in enumerate(zip(*(heads(x, module.num_heads) for x in (q, k, v)), strict=True)):
        similarity = unit(qh, 2) @ unit(kh, 2).transpose(1, 2) / math.pi
        y = (similarity + 0.5 * torch.eye(tokens.shape[1], dtype=tokens.dtype)) @ vh
        whole.append(unit(y, 2) if module.norm is None else y)
        local.append(along_tokens(vh, module.dwconv.weight[h, 0, :, 0]))
    y = torch.cat(whole, 2)
    if module.norm is not None:
        mean, var = y.mean(2, keepdim=True), y.var(2, keepdim=True, unbiased=False)
        y = (y - mean) / (var + module.norm.eps).sqrt() * module.norm.weight + module.norm.bias
    return (y + torch.cat(local, 2)) @ module.proj.weight.T + module.proj.bias


def fusion(module, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> Tensor:
    """Eq. 3, image by image, channels in rows as in the public code."""
    return torch.stack([_fuse_one(module, a.T, b.T, size).T for a, b in zip(f1, f2, strict=True)])


def _bottleneck(block, x: Tensor) -> Tensor:
    inner = torch.clamp(block[0].weight @ x + block[0].bias, min=0)
    return block[2].weight @ inner + block[2].bias


def _softmax(x: Tensor, dim: int) -> Tensor:
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)


def _fuse_one(m, f1: Tensor, f2: Tensor, size: tuple[int, int]) -> Tensor:
    u1 = _bottleneck(m.mean1, f1.mean(1)) + _bottleneck(m.max1, f1.max(1).values)
    u2 = _bottleneck(m.mean2, f2.mean(1)) + _bottleneck(m.max2, f2.max(1).values)
    x = torch.outer(u1, u2)
    g1, g2 = _softmax(x, 1) @ f1, _softmax(x.T, 1) @ f2
    s1, s2 = _spatial(m, g1, size), _spatial(m, g2, size)
    return {
        "sum": f1 * (1 + s1) + f2 * (1 + s2),
        "recalibrate": f1 * s1,
        "recalibrate_plus_xca": f1 * s1 + f2,
    }[m.combine]


def _correlate(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """3 x 3 correlation with zeros around: (c, H, W) and (c, 3, 3) to (H, W)."""
    _, height, width = x.shape
    out = bias.expand(height, width).clone()
    for i in range(height):
        for j in range(width):
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    if 0 <= i + di < height and 0 <= j + dj < width:
                        out[i, j] += (kernel[:, di + 1, dj + 1] * x[:, i + di, j + dj]).sum()
    return out


def _spatial(m, g: Tensor, size: tuple[int, int]) -> Tensor:
    pooled = torch.stack((g.mean(0), g.max(0).values)).reshape(2, *size)
    inner = torch.clamp(_correlate(pooled, m.conv1.weight[0], m.conv1.bias), min=0)
    logits = _correlate(inner[None], m.conv2.weight[0], m.conv2.bias).flatten()
    return _softmax(logits, 0) if m.spatial_map == "softmax" else 1 / (1 + (-logits).exp())


def plain_fusion(module, x: Tensor) -> Tensor:
    """The whole fusion module, equation by equation in the order they stand, in torch: the benchmark's yardstick.

    Linear in N, with the same weights, without any of the package's rearrangements.
    """
    batch, _, height, width = x.shape
    la, xca, m = module.linear_angular, module.cross_covariance, module.fuse
    y = _adapt(module.reduce, x)
    tokens = y.flatten(2).transpose(1, 2)
    count, dim = tokens.shape[1:]

    def split(linear, order: tuple[int, ...]) -> Tensor:
        return linear(tokens).reshape(batch, count, 3, la.num_heads, dim // la.num_heads).permute(*order)

    q, k, v = split(la.qkv, (2, 0, 3, 1, 4))
    q, k = q / q.norm(dim=-1, keepdim=True).clamp_min(EPS), k / k.norm(dim=-1, keepdim=True).clamp_min(EPS)
    y = 0.5 * v + 1 / math.pi * (q @ (k.transpose(-2, -1) @ v))
    y = y / y.norm(dim=-1, keepdim=True).clamp_min(EPS) + la.dwconv(v)
    f1 = la.proj(y.transpose(1, 2).reshape(batch, count, dim)).transpose(1, 2)

    q, k, v = split(xca.qkv, (2, 0, 3, 4, 1))
    q, k = q / q.norm(dim=-1, keepdim=True).clamp_min(EPS), k / k.norm(dim=-1, keepdim=True).clamp_min(EPS)
    y = ((q @ k.transpose(-2, -1)) * xca.temperature).softmax(-1) @ v
    f2 = xca.proj(y.permute(0, 3, 1, 2).reshape(batch, count, dim)).transpose(1, 2)

    u1 = m.mean1(f1.mean(2)) + m.max1(f1.amax(2))
    u2 = m.mean2(f2.mean(2)) + m.max2(f2.amax(2))
    scores = u1.unsqueeze(2) @ u2.unsqueeze(1)
    out = 0
    for f, a in ((f1, scores), (f2, scores.transpose(1, 2))):
        g = (a.softmax(-1) @ f).reshape(batch, dim, height, width)
        pooled = torch.cat((g.mean(1, keepdim=True), g.amax(1, keepdim=True)), 1)
        s = m.conv2(m.conv1(pooled).relu()).flatten(2).softmax(-1)
        out = out + f * s + f
    out = out.reshape(batch, dim, height, width)
    return _adapt(module.expand, out)


def _adapt(layer, x: Tensor) -> Tensor:
    """The 1x1 convolution that a linear layer over tokens is; nothing where the width is the map's own."""
    if isinstance(layer, torch.nn.Identity):
        return x
    return F.conv2d(x, layer.weight[:, :, None, None], layer.bias)
