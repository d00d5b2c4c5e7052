"""Outcomes of the claims that running the code decides."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, eval_transform
from cgrecnet.evaluation.verdicts import Judgement, verdict_of
from cgrecnet.judgement.reasons import Finding, judged
from cgrecnet.models.fusion import CrossCovarianceAttention, LinAngularAttention
from cgrecnet.paper.claims import Claim, load_claims

TOKENS = (196, 784, 3136)  # maps of 14, 28 and 56 on a side
HEADS, HEAD_CHANNELS = 8, 16


def code_outcomes() -> dict[str, Judgement]:
    """The outcomes of C03, C05 and C06 by claim id; takes seconds and leaves the global generator as it was."""
    claims = load_claims()
    generator = torch.Generator().manual_seed(0)
    rules = {"C03": evaluation_transform, "C05": linear_in_tokens, "C06": over_channels}
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn from the global generator
        return {name: judged(claims[name], rule(claims[name], generator)) for name, rule in rules.items()}


@torch.no_grad()
def evaluation_transform(claim: Claim, generator: torch.Generator) -> Finding:
    """C03: sizes after each step, the normalisation, and that nothing is random, on an image 60 high and 45 wide."""
    short, crop = (int(value.number) for value in claim.values)
    transform, image = eval_transform(), torch.rand(1, 60, 45, generator=generator)
    resized = transform.transforms[0](image)
    start = [(size - crop) // 2 for size in resized.shape[1:]]
    middle = resized[:, start[0] : start[0] + crop, start[1] : start[1] + crop]
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in (IMAGENET_MEAN, IMAGENET_STD))
    first = transform(image)
    checks = [
        min(resized.shape[1:]) == short,
        tuple(first.shape) == (3, crop, crop),
        first.shape[1:] == middle.shape[1:] and torch.allclose(first, (middle - mean) / std, atol=1e-5),
        torch.equal(first, transform(image)),
    ]
    (height, width), (crop_height, crop_width) = resized.shape[1:], first.shape[1:]
    values = {
        "height": height, "width": width, "crop_height": crop_height, "crop_width": crop_width,
        "held": sum(checks), "checks": len(checks),
    }  # fmt: skip
    return Finding(verdict_of(checks), values, as_written=all(checks))


def _products(function, *tensors: Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        function(*tensors)
    return counter.get_total_flops() // 2


def _explicit(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Eq. 1 before its norm with the N x N matrix written out."""
    similarity = torch.nn.functional.normalize(q, dim=-1) @ torch.nn.functional.normalize(k, dim=-1).transpose(-2, -1)
    return v / 2 + similarity @ v / math.pi


def _softmax(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.transpose(-2, -1)).softmax(-1) @ v


@torch.no_grad()
def linear_in_tokens(claim: Claim, generator: torch.Generator) -> Finding:
    """C05: growth of the multiply-adds with N between the largest two maps, and equality with the N x N form."""
    attention = LinAngularAttention(HEADS * HEAD_CHANNELS, HEADS)
    counts = {"slope": [], "softmax": []}
    for tokens in TOKENS:
        q, k, v = torch.rand(3, 1, HEADS, tokens, HEAD_CHANNELS, generator=generator).unbind(0)
        counts["slope"].append(_products(attention.attend, q, k, v))
        counts["softmax"].append(_products(_softmax, q, k, v))
    ratio = math.log(TOKENS[-1] / TOKENS[-2])
    slope = {name: math.log(found[-1] / found[-2]) / ratio for name, found in counts.items()}
    q, k, v = (torch.rand(3, 2, HEADS, TOKENS[0], HEAD_CHANNELS, generator=generator, dtype=torch.float64) - 0.5)
    same = torch.allclose(attention.attend(q, k, v), _explicit(q, k, v), atol=1e-9)
    wanted = {"slope": 1, "softmax": 2}
    checks = [abs(slope[name] - wanted[name]) <= claim.tolerance.absolute for name in wanted]
    values = slope | {"fewest": TOKENS[0], "most": TOKENS[-1]}
    return Finding(verdict_of([*checks, same]), values, as_written=same)


@torch.no_grad()
def over_channels(claim: Claim, generator: torch.Generator) -> Finding:
    """C06: the attention map is d x d for any N, and its rows sum to one."""
    attention = CrossCovarianceAttention(HEADS * HEAD_CHANNELS, HEADS)
    maps = []
    for tokens in TOKENS:
        q, k = (torch.rand(2, 1, HEADS, tokens, HEAD_CHANNELS, generator=generator) - 0.5).unbind(0)
        maps.append(attention.covariance(q, k))
    square = all(tuple(m.shape[-2:]) == (HEAD_CHANNELS, HEAD_CHANNELS) for m in maps)
    error = max(float((m.sum(-1) - 1).abs().max()) for m in maps)
    rows, columns = maps[0].shape[-2:]
    values = {"rows": rows, "columns": columns, "tokens": ", ".join(map(str, TOKENS)), "error": error}
    return Finding(verdict_of([square, error <= claim.tolerance.absolute]), values, as_written=square)
