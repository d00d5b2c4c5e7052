# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The fusion, and what the paper leaves open
#
# **You will learn** how the two attention branches are joined, where the paper's words and the public module differ, and why the module starts out as a plain sum.
#
# **You need** {doc}`/book/3_model/linear_angular` and {doc}`/book/3_model/cross_covariance`.
# Reading takes about {reading-time}`this page`.
#
# Two branches look at the same map.
# Linear-angular attention (LA, Eq. 1) lets positions exchange information, cross-covariance attention (XCA, Eq. 2) lets channels do so.
# Each returns a map of the size it was given: $F_1$ from LA and $F_2$ from XCA, both with $C$ channels at $N$ positions.
# The fusion (Eq. 3) makes one map of the two.
#
# ## What the paper says
#
# The formula itself is missing from the text that we could read; the sentences around it are not.
# They say that it is a *cross-attention fusion* adapted from "Zhou et al. (2023a)", that it computes a "cross-covariance matrix" from both branches, and that it recalibrates "the spatial focus of the LinAngular branch with the channel-wise context of the XCA branch".
# They name a global context interaction $\mathcal G$, a sigmoid $\sigma$, and a multiplication number by number, $\odot$.
# Put together, Eq. 3 would read
#
# $$
# F = F_1 \odot \sigma\big(\mathcal G(F_1, F_2)\big) ,
# $$ (eq-fusion-prose)
#
# and what $\mathcal G$ is stays open, as does whether $F_2$ is added as well.
#
# ## What the public module computes
#
# The paper's list of references does not resolve "2023a".
# By content, we take it for {cite}`zhou2023attention`, whose module of that name is public, so that its equations can be read off its code.
# First, each branch is squeezed to one number per channel, by its mean and by its maximum over the positions $p$; small two-layer networks $W$ and $M$ follow:
#
# $$
# \begin{aligned}
# u_i &= W_i''\operatorname{ReLU}\!\big(W_i' \operatorname{mean}_p F_i\big) \\
# &\quad + M_i''\operatorname{ReLU}\!\big(M_i' \max_p F_i\big) \in \mathbb R^{C}, \\
# X &= u_1 u_2^{\top} \in \mathbb R^{C \times C}.
# \end{aligned}
# $$ (eq-fusion-scores)
#
# Second, $X$ mixes the channels of each branch, and two $3\times3$ convolutions $c_1, c_2$ turn the mixture into a map with one number per position:
#
# $$
# \begin{aligned}
# G_1 &= \operatorname{softmax}_{\mathrm{row}}(X)\, F_1, \\
# G_2 &= \operatorname{softmax}_{\mathrm{row}}(X^{\top})\, F_2, \\
# t_i &= \operatorname{ReLU}\big(c_1 * [\operatorname{mean}_c G_i ; \max_c G_i]\big), \\
# s_i &= \operatorname{softmax}_p ( c_2 * t_i ) \in \mathbb R^{N}.
# \end{aligned}
# $$ (eq-fusion-map)
#
# Third, both branches are recalibrated and added:
#
# $$
# F = F_1 \odot (1 + s_1) + F_2 \odot (1 + s_2) .
# $$ (eq-fusion-sum)
#
# Three things differ from the sentences.
#
# 1. There is no sigmoid: the map $s_i$ is a softmax over positions.
# 2. Both branches are recalibrated and both are added; in {eq}`eq-fusion-prose` only the first appears outside the bracket.
# 3. $X$ is the product of one column and one row, a matrix of rank one. A cross-covariance of two sets of channels, $F_1 F_2^{\top}/N$ with the means taken out, would be a sum of $N$ such products.
#
# A paper may adapt a module without keeping to its code, so none of the three is an error that we could prove.
# They are open choices, and we make each an option with a name.
#
# This is the package's code for {eq}`eq-fusion-scores` to {eq}`eq-fusion-sum`.
# Positions stand in rows here, channels in columns.

# %% tags=["remove-cell"]
import json
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import HTML
from torch.nn import functional

from cgrecnet.data import open_dataset
from cgrecnet.figures.cells import draw_row, example_images, grey
from cgrecnet.figures.modules import draw_place, stage2_map
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters
from cgrecnet.models.config import PRESETS
from cgrecnet.models.fusion import (
    COMBINATIONS,
    SPATIAL_MAPS,
    CrossAttentionFusion,
    FusionModule,
    fusion_effect,
    spatial_path_is_dead,
)
from cgrecnet.pages import show_code, tell
from cgrecnet.paths import RESULTS

use_book_style()

# %%
methods = ("channel_scores", "mixed", "spatial_weights", "forward")
show_code(*(getattr(CrossAttentionFusion, name) for name in methods))

# %% [markdown]
# {numref}`fig-fusion-place` shows the place in the network.

# %% tags=["computed"] mystnb={"image": {"alt": "The shape strip of CG-RecNet: a row of boxes from the image of 224 pixels to the classes, with the fusion coloured between layer2 and layer3."}, "figure": {"name": "fig-fusion-place", "caption": "Where we are: the fusion takes the map of stage 2 and gives back one of the same shape, so that it can be left out without changing anything else. Recorded while the network ran on an empty image."}}
draw_place("fusion")
plt.show()

# %% [markdown]
# ## Live check: the module equals its equations
#
# Here the equations are written once more, image by image and with channels in rows, as they stand above.
# The module must agree for every combination of its options, on random numbers.

# %%
def squeezed(network, column):
    """A two-layer network on one column, written out."""
    first, _, second = network
    inner = (first.weight @ column + first.bias).clamp(min=0)
    return second.weight @ inner + second.bias


def scores(m, f1, f2):
    """X of one image, for branches with C rows and N columns."""
    u1, u2 = (
        squeezed(mean, f.mean(1)) + squeezed(most, f.max(1).values)
        for mean, most, f in ((m.mean1, m.max1, f1), (m.mean2, m.max2, f2))
    )
    return torch.outer(u1, u2)


# %%
def spatial(m, g, size):
    """The map of one mixture of channels."""
    pooled = torch.stack([g.mean(0), g.max(0).values])
    inner = functional.conv2d(
        pooled.reshape(1, 2, *size), m.conv1.weight, m.conv1.bias, padding=1
    )
    logits = functional.conv2d(
        inner.clamp(min=0), m.conv2.weight, m.conv2.bias, padding=1
    ).flatten()
    if m.spatial_map == "sigmoid":
        return 1 / (1 + torch.exp(-logits))
    return torch.exp(logits) / torch.exp(logits).sum()


# %%
def eq3(m, f1, f2, size):
    """Eq. 3 of one image."""
    x = scores(m, f1, f2)
    s1 = spatial(m, torch.softmax(x, dim=1) @ f1, size)
    s2 = spatial(m, torch.softmax(x.T, dim=1) @ f2, size)
    if m.combine == "sum":
        return f1 * (1 + s1) + f2 * (1 + s2)
    return f1 * s1 + (f2 if m.combine == "recalibrate_plus_xca" else 0)


# %%
torch.manual_seed(0)
size, worst = (9, 7), 0.0
f1, f2 = torch.randn(2, 3, 63, 32, dtype=torch.float64)
for options in product(SPATIAL_MAPS, COMBINATIONS):
    module = CrossAttentionFusion(32, 16, *options).double()
    with torch.no_grad():
        ours = module(f1, f2, size)
        for one, a, b in zip(ours, f1, f2, strict=True):
            apart = (one - eq3(module, a.T, b.T, size).T).abs().max()
            worst = max(worst, apart.item())
assert worst < 1e-12
print(f"largest difference {worst:.1e}; allowed: 1e-12")

# %% [markdown]
# The rank of $X$ can be counted as well: how many singular values lie above a millionth of the largest.

# %%
with torch.no_grad():
    x = module.channel_scores(f1, f2)[0]
centred1, centred2 = f1[0] - f1[0].mean(0), f2[0] - f2[0].mean(0)
covariance = centred1.T @ centred2 / len(centred1)
rank, ranks = torch.linalg.matrix_rank, {}
for name, m in (("X", x), ("covariance", covariance)):
    ranks[name] = int(rank(m, rtol=1e-6))
assert ranks["X"] == 1
ranks

# %% [markdown]
# ## A softmax over 784 positions is small everywhere
#
# The numbers of a softmax over $N$ positions sum to 1, so that their mean is exactly $1/N$, whatever the weights are.
# At the fusion's place $N = 28 \cdot 28 = 784$.
# A fresh module has nothing to prefer one position by, so that $s_i \approx 1/N$ at every position, and {eq}`eq-fusion-sum` becomes
#
# $$
# F \approx \Big(1 + \frac1N\Big) (F_1 + F_2).
# $$ (eq-fusion-start)
#
# We measure it: fresh modules from several seeds, on random maps of several sizes, and the relative change $\lVert F - (F_1 + F_2)\rVert / \lVert F_1 + F_2 \rVert$.

# %%
def starts(maps, seeds, **options):
    """N, seed, change of LA + XCA, dead path? of fresh modules on maps."""
    found = []
    for seed in seeds:
        torch.manual_seed(seed)
        module = FusionModule(**options)
        for x in maps:
            change = fusion_effect(module, x)
            dead = spatial_path_is_dead(module, x)
            found.append((x[0, 0].numel(), seed, change, dead))
    return found


# %%
torch.manual_seed(0)
sides = (7, 14, 28, 56)
found = starts([torch.randn(1, 512, n, n).relu() for n in sides], range(5))
at784 = [change for n, _, change, _ in found if n == 784]
assert all(abs(n * change - 1) < 0.02 for n, _, change, _ in found)
print(f"28 x 28: {min(at784):.6f} to {max(at784):.6f}")
print(f"1/784 = {1 / 784:.6f}")

# %% [markdown]
# At the fusion's place the whole cross-attention fusion changes LA + XCA by {glue:text}`spread784:.2f` % when training starts.
# The sum is there from the first step; the recalibration has to be learned against a factor that starts at one part in 784.
#
# Could training make it large?
# The weights of the map sum to 1, and the best that a map can do is to give all of it to few positions.
# If $k$ of $N$ positions share it evenly, and all positions are about equally long vectors, the relative change is
#
# $$
# \sqrt{\frac{k \cdot (1/k)^2}{N}} = \frac{1}{\sqrt{kN}} ,
# $$ (eq-fusion-share)
#
# which runs from $1/N$ (all share) to $1/\sqrt N$ (one position has everything, and is doubled).
# {numref}`fig-fusion-start` shows both.

# %%
torch.manual_seed(0)
module = FusionModule()
with torch.no_grad():
    la, xca = module.branches(torch.randn(1, 512, 28, 28).relu())
plain = la + xca


def change_if_shared(k):
    """Change of LA + XCA if k positions, drawn at random, share the map."""
    order = torch.randperm(784, generator=torch.Generator().manual_seed(0))
    weights = torch.zeros(784)
    weights[order[:k]] = 1 / k
    return ((plain * weights[:, None]).norm() / plain.norm()).item()


sharing = np.array([1, 3, 10, 30, 100, 300, 784])
changes = [100 * change_if_shared(k) for k in sharing]

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two log-log plots. Above: the change of LA plus XCA by a fresh fusion in per cent against four numbers of positions; five dots per size lie on the falling line one over N. Below: the change against the number of positions that share the map, from a few per cent for one position down to little more than a tenth of a per cent for all 784, on the line one over the root of kN."}, "figure": {"name": "fig-fusion-start", "caption": "A softmax map starts at one part in N and can never become more than a local correction. A, fresh modules, five seeds for each size of map, on random numbers; B, artificial maps in which k of 784 positions share the weight evenly: even a map with all its weight on one position changes the sum by a few per cent only, all of it there."}}
figure, (left, right) = plt.subplots(2, 1, figsize=(4.6, 5.6))
sizes = np.array(sides) ** 2
left.loglog(sizes, 100 / sizes, color="0.6", label="100 % / N")
measured = [(n, 100 * change) for n, _, change, _ in found]
left.loglog(*zip(*measured, strict=True), "o", color=PALETTE[0], label="measured")
left.set(xlabel="positions N", ylabel="change, LA + XCA (%)")
left.set_xticks(sizes, [f"{n:,}" for n in sizes])
left.yaxis.set_major_formatter("{x:g}")
right.loglog(sharing, 100 / np.sqrt(sharing * 784), color="0.6", label="100 % / √(kN)")
right.loglog(sharing, changes, "o", color=PALETTE[1], label="measured")
right.set(xlabel="sharing positions k (of 784)", ylabel="change, LA + XCA (%)")
right.set_yticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
for axes, name in ((left, "A"), (right, "B")):
    axes.minorticks_off()
    axes.legend()
    letter(axes, name)
plt.show()

# %% [markdown]
# This is a statement about the public module at the place and size that the paper gives.
# With a sigmoid instead, as the sentences say, each number of the map starts near one half and does not shrink with $N$.
#
# ## On cells
#
# {numref}`fig-fusion-maps` follows two real cells through an untrained network to the fusion.

# %%
dataset = open_dataset("jurkat")
members = [np.flatnonzero(dataset.labels == label) for label in (0, 2)]
torch.manual_seed(0)
network = create_model("cg_recnet").eval()
images = example_images(dataset, [int(own[0]) for own in members])
features = stage2_map(network, images)
fuse = network.fusion.fuse
with torch.no_grad():
    la, xca = network.fusion.branches(features)
    pooled, _ = fuse.mixed(la, xca)
    logits = fuse.spatial_logits(pooled, (28, 28))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two columns, one cell each: the cell's image, the length of the LA vector and of the XCA vector at each of 28 by 28 positions, N times the softmax map, which is one even grey tone, and the sigmoid map, even as well and near one half."}, "figure": {"name": "fig-fusion-maps", "caption": "The branches vary from position to position before anything is learned; the maps that should recalibrate them do not. A, the first cell of the first and of the last class, cut as the network sees it; B and C, length of LA's and XCA's vector at each position, each panel on its own scale; D, N times the softmax map, where 1 (white) means no preference; E, the sigmoid map with the same weights. Untrained network."}}
panels = {
    "length of LA": (la.norm(dim=2), "viridis", None),
    "length of XCA": (xca.norm(dim=2), "viridis", None),
    "N · softmax": (784 * logits.softmax(1), "PuOr", 2),
    "sigmoid": (logits.sigmoid(), "PuOr", 1),
}
figure, axes = plt.subplots(5, 2, figsize=(4.6, 8.0))
axes = axes.T
draw_row(axes[:, 0], [grey(image) for image in images], (0.0, 1.0))
for column, (values, colours, top) in zip(axes.T[1:], panels.values(), strict=True):
    for place, tokens in zip(column, values, strict=True):
        shown = place.imshow(tokens.unflatten(0, (28, 28)), colours, vmin=top and 0, vmax=top)
        place.set(xticks=[], yticks=[])
        if top:
            figure.colorbar(shown, ax=place, shrink=0.7, ticks=[0, top / 2, top])
for place, name, title in zip(axes[0], "ABCDE", ("cell", *panels), strict=True):
    place.set_title(title, fontsize=9)
    letter(place, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# ## A path that can start dead
#
# The picture hides a second trait.
# Between the two small convolutions there is a single channel, and behind it a ReLU.
# What enters is close to zero, because a fresh $X$ mixes all channels about evenly and their mean is near zero.
# So the bias of $c_1$, drawn at random, decides the sign: if it is negative, the ReLU is zero at every position.
# Then nothing flows on, and nothing flows back.

# %%
cells_seen = starts([features], range(50))
dead = [seed for _, seed, _, is_dead in cells_seen if is_dead]
print(f"{len(dead)} of {len(cells_seen)} are dead")

# %%
torch.manual_seed(dead[0])
module = FusionModule()
assert spatial_path_is_dead(module, features)
la, xca = module.branches(features)
fused = module.fuse(la, xca, (28, 28))
factor = 1 + 1 / 784
exact = (fused - factor * (la + xca)).abs().max().item()
assert exact < 1e-5
print(f"largest difference: {exact:.1e}")

# %%
fused.square().mean().backward()
slopes = {name: p.grad for name, p in module.fuse.named_parameters()}
left = [name for name, slope in slopes.items() if slope.abs().max() > 0]
assert left == ["conv2.bias"]
assert module.linear_angular.qkv.weight.grad.abs().max() > 0
print(f"{len(slopes) - len(left)} of {len(slopes)} without gradient")
print("the other one:", left[0])

# %% [markdown]
# In such a module Eq. 3 is exactly a factor, and none of its {glue:text}`inert` parameters but one has a gradient.
# That one, the last bias, is added to every position alike, which a softmax cannot see; its gradient is rounding.
# So it has nothing to learn from, dead or not.
#
# The share was measured on these two cells behind an untrained backbone: with PyTorch's usual initial weights, the recalibration starts switched off in a good part of all seeds.
# It need not stay so.
# The branches in front of it do learn, what enters $c_1$ changes with them, and the path can wake up; whether it does in training has to be measured on trained networks and is not claimed here.
# Nor does it concern the accuracy that the paper reports: LA + XCA is there in any case.
#
# ## The open choices as options
#
# Every choice has a name in `cgrecnet.models.config.Options`; the first line is the default, the preset `recovered`.
# Each line below changes one option.
# Where the weights of the default fit, the same weights are used, and the change of the output is the option's alone.

# %%
torch.manual_seed(0)
default = FusionModule()
weights = default.state_dict()

# %%
@torch.no_grad()
def measure(**options):
    """Parameters, the output's spread, its change where weights fit."""
    torch.manual_seed(0)
    variant, change = FusionModule(**options), "-"
    own = variant.state_dict()
    if all(own[k].shape == v.shape for k, v in weights.items() if k in own):
        variant.load_state_dict(weights, strict=False)
        usual = default(features)
        apart = (variant(features) - usual).norm() / usual.norm()
        change = f"{apart.item():.1%}"
    count = count_parameters(variant)
    return f"{count:,}", f"{variant(features).std():.3f}", change

# %%
choices = [
    ("fusion_width", "width", 512, "no reduction named"),
    ("num_heads", "num_heads", 4, "public default 8"),
    ("normaliser", "normaliser", "layernorm", "public code: length"),
    ("cafm_hidden", "hidden", 32, "public default 64"),
    ("spatial_map", "spatial_map", "sigmoid", "the text's word"),
    ("combine", "combine", "recalibrate", "Eq. 3, by text"),
    ("combine", "combine", "recalibrate_plus_xca", "second branch added"),
    ("fusion_skip", "skip", True, "gated block's"),
]

# %%
reading, spread = PRESETS["recovered"].as_dict(), f"{features.std():.3f}"
rows = [("all defaults", *measure()[:2], "", f"input: {spread}")]
for name, argument, value, remark in choices:
    changed = f"{name}: {reading[name]} → {value}"
    rows.append((changed, *measure(**{argument: value}), remark))
headers = ("default → here", "parameters", "output's spread")
headers += ("output changes by", "remark")
HTML(wide_table(headers, rows, "Options changed"))

# %% [markdown]
# Only the width, the hidden size, the number of heads and the normaliser change a count, and only the first two change it enough to be seen in a table of millions with two decimals.
# Softmax or sigmoid, sum or recalibration, skip or no skip: counting cannot tell, and the output differs by a lot.
#
# `recalibrate` with a softmax deserves a warning.
# It multiplies the one branch that is left by about 1/784, so that all but {glue:text}`apart:.1%` of the output (by length) is the last layer's bias, the same for every cell.
# Read so, Eq. 3 needs the sigmoid that the text names; the preset `as_written` has both.
#
# ## Is our code a fair stand-in?
#
# A module that is slow because it is written badly would say nothing about the method's cost.
# So `benchmarks/fusion.py` times ours, forward and backward, in turn with a plain transcription of the equations, on the same input with the same weights.
# Matrix products and convolutions are the same in both, and by Amdahl's law their share $p$ bounds what any rewriting or compiling of the rest can gain: a factor of $1/p$.

# %%
paths = sorted((RESULTS / "bench-fusion").glob("*.json"))
bench, rows = [json.loads(path.read_text()) for path in paths], []
for one in bench:
    way = "ours compiled" if one["compile"] else "both eager"
    low, high = one["ratio_quartiles"]
    ratio = f"{one['ratio']:.2f} ({low:.2f} to {high:.2f})"
    kept = one["package_kept_bytes"] / one["plain_kept_bytes"]
    bound = f"{one['ratio_bound']:.2f}"
    rows.append((way, str(one["threads"]), ratio, bound, f"{kept:.2f}"))
headers = ("way", "threads", "plain / ours", "bound 1/p")
headers += ("kept, ours / plain",)
HTML(wide_table(headers, rows, "Ours and plain"))

# %% [markdown]
# Medians with quartiles over n = {glue:text}`pairs` pairs, batch {glue:text}`batch`, {glue:text}`size` by {glue:text}`size` positions; CPU ({glue:text}`cpu`), torch {glue:text}`torch`, commit {glue:text}`commit`.
# Above 1, ours is faster; *kept* is the memory that the backward pass needs.

# %% tags=["remove-cell"]
alone = FusionModule(combine="recalibrate")
alone.load_state_dict(weights)
with torch.no_grad():
    output = alone(features)
    apart = ((output - alone.expand.bias[None, :, None, None]).norm() / output.norm()).item()
eager = [one["ratio"] for one in bench if not one["compile"]]
compiled = [one["ratio"] for one in bench if one["compile"]]
bound = max(one["ratio_bound"] for one in bench)
assert apart < 0.05 and max(compiled) < 1.5 and bound < 1.7
first = bench[0]
tell(
    spread784=100 * np.mean(at784), inert=f"{sum(p.numel() for p in module.fuse.parameters()):,}", apart=apart,
    pairs=first["repeats"], batch=first["batch"], size=first["size"], cpu=first["hardware"]["cpu"],
    torch=first["torch"], commit=first["commit"].partition("+")[0][:10],
    eager_low=min(eager), eager_high=max(eager), compiled_low=min(compiled), compiled_high=max(compiled),
    bound=bound,
)  # fmt: skip

# %% [markdown]
# Eagerly ours takes about as long as the plain form, on two threads not less (plain / ours {glue:text}`eager_low:.2f` to {glue:text}`eager_high:.2f`).
# Compiled for the CPU it gains nothing ({glue:text}`compiled_low:.2f` to {glue:text}`compiled_high:.2f`), and it cannot gain much: even if everything but the products took no time at all, the factor would be {glue:text}`bound:.2f`.
# All this is for a CPU; on a GPU the balance between products and the rest is another.
#
# **Take-away.**
# The paper's sentences and the public module describe two different fusions.
# In the public one the recalibration starts at one part in 784, and in many fresh modules its path is silent; what works from the first step is the sum of the two attentions.
#
# ```{exercise} The sigmoid instead
# :label: exercise-fusion-sigmoid
#
# Repeat the measurement of the relative change with `spatial_map="sigmoid"` for maps of 7 by 7 and 28 by 28 positions.
# Does it depend on $N$?
# What would {eq}`eq-fusion-sum` be if every number of the map were one half?
# ```
#
# ````{solution} exercise-fusion-sigmoid
# :class: dropdown
#
# If $s_i = \tfrac12$ everywhere, then $F = \tfrac32 (F_1 + F_2)$, a change by one half whatever $N$ is.
# The next cell measures it, and it runs.
# ````

# %% tags=["hide-cell"]
torch.manual_seed(0)
inputs = [torch.randn(1, 512, n, n).relu() for n in (7, 28)]
for n, seed, change, _ in starts(inputs, range(3), spatial_map="sigmoid"):
    print(f"N = {n}, seed {seed}: {change:.3f}")

# %% [markdown]
# ```{exercise} More channels between the convolutions
# :label: exercise-fusion-channels
#
# If the bias decides, and its sign is a fair coin, what is the chance that all of $c$ channels between the two convolutions start dead?
# Check it with fresh first convolutions of 1, 2, 4 and 8 output channels, fed with a map of the two cells above.
# ```
#
# ````{solution} exercise-fusion-channels
# :class: dropdown
#
# $2^{-c}$, if what enters were zero.
# The next cell draws 400 convolutions for each $c$.
# What enters is not quite zero, which moves the share a little.
# ````

# %% tags=["hide-cell"]
with torch.no_grad():
    pooled = torch.cat(
        default.fuse.mixed(*default.branches(features))
    ).unflatten(2, (28, 28))
torch.manual_seed(0)
for channels in (1, 2, 4, 8):
    silent = 0
    for _ in range(400):
        fresh = torch.nn.Conv2d(2, channels, 3, padding=1)
        with torch.no_grad():
            silent += bool((fresh(pooled) <= 0).all())
    print(
        f"{channels} channels: {silent / 400:.3f} dead, "
        f"expected {0.5**channels:.3f}"
    )

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why does the public module begin as a plain sum?
# Its recalibration is a factor of one plus a softmax over positions.
# With hundreds of positions each gets a tiny share, so that the factor is nearly one everywhere.
# :::
#
# :::{dropdown} 2. What is a dead path here, and how does it come about?
# A ReLU that gives zero at every position, so that no slope passes.
# Fresh random weights can be silent from the start, and then the path itself learns nothing; only a change of the branches in front of it can wake it.
# :::
#
# :::{dropdown} 3. The paper's sentences and the public code differ. Is that an error?
# Not one that can be proved: a paper may adapt a module.
# It is an open choice, so it becomes an option with a name, and its effect is measured.
# :::
