# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The gated CNN block
#
# ```{index} ! gate
# ```
#
# **You will learn** what a gate is, how the block that the paper describes differs from its Equation 4, what values a gate can take, and why a closed gate does not silence the background.
#
# **You need** {doc}`/book/3_model/tokens`, and what a depthwise convolution is.
# Reading takes about {reading-time}`this page`.

# %%
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import HTML
from torch.nn import functional as F

# %%
from cgrecnet.figures.cells import (
    draw_row,
    example_cells,
    example_images,
    grey,
)
from cgrecnet.figures.modules import draw_place, stage2_map
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import create_model
from cgrecnet.models.cg_recnet import GatedCNNBlock
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.tables import load_tables

use_book_style()

# %% [markdown]
# ## The idea
#
# A gate is a second opinion.
# One part of the network computes what it has to say, the *content*; another part, the *gate*, computes a factor for every number of the content; the two are multiplied.
# The factor depends on the input, so the network can treat each position and each channel in its own way.
# The paper describes the purpose so: the gate "opens" for features that belong to differentiation markers, and "closes" for ambiguous background (section 2.4.2 of {cite}`li2026cgrecnet`).
#
# ## The two equations, and the block in the prose
#
# **Eq. 4** of the paper is, by its description, the *gated linear unit* of Dauphin and colleagues {cite}`dauphin2017language`:
#
# $$
# h(X) = (X * W + b) \odot \sigma(X * V + c), \qquad \sigma(t) = \frac{1}{1 + e^{-t}} .
# $$ (eq-gated-glu)
#
# The star is a convolution, $\odot$ multiplies number by number, and $\sigma$ is the sigmoid.
#
# **Eq. 5** is the *depthwise convolution*, which filters each channel $k$ by itself with its own small kernel $K$:
#
# $$
# \mathrm{DW}(X)_{i,j,k} = \sum_{m,n} K_{m,n,k}\; X_{i+m,\,j+n,\,k} .
# $$ (eq-gated-depthwise)
#
# The prose, which refers to Figure 4C, describes something that contains both ideas but is neither equation:
# layer normalisation, a linear layer into a wider space, a split into gate, information and context, GELU on the gate, a depthwise convolution on the context, and a residual connection.
# (We could read the figure's caption and not its picture.)
# It fits the block of MambaOut {cite}`yu2024mambaout`, which the paper does not name:
#
# $$
# \begin{aligned}
# {[\,g,\; i,\; c\,]} &= \mathrm{LN}(x)\, W_1 + b_1, \\
# u &= [\, i \,;\, \mathrm{DW}(c) \,], \\
# y &= x + \big( \operatorname{GELU}(g) \odot u \big) W_2 + b_2 .
# \end{aligned}
# $$ (eq-gated-block)
#
# Here LN is the layer normalisation, which brings the numbers of each position to mean 0 and spread 1; $W_1, b_1, W_2, b_2$ are learned; the semicolon puts two parts side by side, and $u$ is the content.
# GELU is a smooth cousin of the ReLU, the number times the share of a normal distribution that lies below it.
#
# | | Eq. 4 | the block |
# |---|---|---|
# | gate | $\sigma$, between 0 and 1 | GELU, not bounded above |
# | content | one convolution | a part as it is, a part filtered by Eq. 5 |
# | way out | none | a linear layer, then the input is added |
#
# We build the block, and keep the sigmoid as an option.
# This is the package's code; `fc1` and `fc2` are the two linear layers, `splits` the sizes of the three parts, and `act` is GELU or the sigmoid:

# %%
show_code(GatedCNNBlock._expanded, GatedCNNBlock.forward)

# %% [markdown]
# {numref}`fig-gate-place` shows the place in the network.

# %% tags=["computed"] mystnb={"image": {"alt": "The shape strip of CG-RecNet: a row of boxes from the image of 224 pixels to the classes, with the gate coloured between layer2 and layer3."}, "figure": {"name": "fig-gate-place", "caption": "Where we are: the gate is the last thing that happens at 28 by 28 positions, and it hands on the shape that it was given. Recorded while the network ran on an empty image."}}
draw_place("gate")
plt.show()

# %% [markdown]
# ## Which part is convolved
#
# The wide layer makes $2h$ numbers from 512, with $h = \lfloor 8 \cdot 512 / 3 \rfloor$, and deals them out.

# %%
block = GatedCNNBlock(512)
hidden, information, context = block.splits
{"gate g": hidden, "information i": information, "context c": context}

# %% [markdown]
# The gate has as many numbers as information and context together: {glue:text}`hidden` = {glue:text}`information` + {glue:text}`context`.
# The convolution filters the context, {glue:text}`context_share:.1%` of the content.
# The gate itself is not filtered: at each position it is computed from that position alone.
#
# The paper writes of depthwise convolution "within the gating mechanism".
# In this block, as in the paper's sentence on the context, the convolved part belongs to the content and not to the gate.
# That is a matter of words as long as one remembers it when a gate map is interpreted: the gate decides from one token, without a look at its neighbours.
# (The token itself has seen a neighbourhood: the layers before it are convolutions.)
#
# ## A live check
#
# We write the block down once more, as plainly as the equations stand, and compare on random numbers.

# %%
def normalised(x, norm):
    """LN of the last axis, written out."""
    mean = x.mean(-1, keepdim=True)
    variance = x.var(-1, unbiased=False, keepdim=True)
    return (x - mean) / (variance + 1e-6).sqrt() * norm.weight + norm.bias


def filtered(c, conv):
    """Eq. 5: a sum of shifted copies of the context."""
    kernel, size = conv.weight[:, 0], conv.kernel_size[0]
    padded, total = F.pad(c, (0, 0) + (size // 2,) * 4), conv.bias
    for m, n in product(range(size), repeat=2):
        copy = padded[:, m : m + c.shape[1], n : n + c.shape[2]]
        total = total + kernel[:, m, n] * copy
    return total


# %%
def by_hand(block, x):
    """The block's equation, line by line."""
    x = x.permute(0, 2, 3, 1)
    wide = normalised(x, block.norm) @ block.fc1.weight.T + block.fc1.bias
    g, i, c = wide.split(block.splits, dim=-1)
    u = torch.cat((i, filtered(c, block.conv)), dim=-1)
    gelu = g / 2 * (1 + torch.erf(g / 2**0.5))
    y = (gelu * u) @ block.fc2.weight.T + block.fc2.bias
    return (x + y).permute(0, 3, 1, 2)


# %%
torch.manual_seed(0)
generator = torch.Generator().manual_seed(0)
for dtype in (torch.float32, torch.float64):
    small = GatedCNNBlock(24).to(dtype)
    x = torch.randn(2, 24, 9, 11, generator=generator, dtype=dtype)
    with torch.no_grad():
        ours = small(x)
        apart = (ours - by_hand(small, x)).abs().max().item()
    allowed = 50 * torch.finfo(dtype).eps * ours.abs().max().item()
    assert apart < allowed
    print(f"{dtype}: difference {apart:.1e}, allowed {allowed:.1e}")

# %% [markdown]
# Allowed are fifty units in the last place of the largest number, for rounding.
# In double precision the difference shrinks as the unit does: what differs is rounding and nothing else.
#
# ## What a gate can do
#
# {numref}`fig-gated-activations` compares the two candidates.
# For the numbers of panel B, one batch of cells went through an untrained network up to the gate.

# %%
torch.manual_seed(0)
# the gate alone behind layer2; untrained
network = create_model("resgdnet").train()
dataset, indices = example_cells(per_class=1)
images = example_images(dataset, indices)
maps = stage2_map(network, images)
with torch.no_grad():
    normal = network.gate.norm(maps[:1].permute(0, 2, 3, 1))
    before = network.gate.fc1(normal)[..., : network.gate.splits[0]]
functions = {"GELU": F.gelu, "sigmoid": torch.sigmoid}
grid, bins = torch.linspace(-5, 3, 401), np.linspace(-0.5, 3, 106)

# %% mystnb={"image": {"alt": "Left: two curves; GELU dips slightly below zero, then rises without bound; the sigmoid rises from 0 to 1. Right: two histograms of gate values; the sigmoid's lies around one half, the GELU's has a tall peak just below zero and a tail to the right."}, "figure": {"name": "fig-gated-activations", "caption": "Only a sigmoid runs between closed (0) and open (1); GELU has no open end, and where it is negative it turns the sign of the content. A, the two functions; B, their values on one cell at all positions and channels of an untrained gate."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(4.6, 2.8))
for name, function in functions.items():
    left.plot(grid, function(grid), label=name)
    values = function(before).flatten().numpy()
    right.hist(values, bins, alpha=0.6, density=True)
for value in (0, 1):
    left.axhline(value, color="grey", linewidth=0.8, linestyle=":")
    right.axvline(value, color="grey", linewidth=0.8, linestyle=":")
left.set(xlabel="before activation", ylabel="gate value")
left.legend()
right.set(xlabel="gate value", ylabel="density", xlim=(-0.5, 2.5))
letter(left, "A")
letter(right, "B")
plt.show()
from_dataset(dataset)

# %% [markdown]
# On this cell the GELU gate takes values from {glue:text}`gelu_min:.2f` to {glue:text}`gelu_max:.2f`, the sigmoid gate from {glue:text}`sigmoid_min:.2f` to {glue:text}`sigmoid_max:.2f`.
# {glue:text}`negative:.0%` of the GELU values are negative, but none can lie below {glue:text}`curve_min:.2f`.
# At rest, for the number 0, GELU is shut (0) and the sigmoid is half open ({glue:text}`sigmoid_zero:.1f`).
#
# The sentence about a gate that opens with "values approaching 1" and closes with "values approaching 0" describes a sigmoid.
# The same section names GELU.
# A GELU gate can close, but it does not open to 1: it amplifies without limit.
# Taken at their word, the two cannot be reconciled; `gate_activation` is therefore an option of the model, with GELU, on which the prose and the public code agree, as default.
#
# ## A closed gate does not silence the background
#
# The block adds its input at the end.
# If the gate is shut everywhere, then $y = x + b_2$: the background passes as it came.

# %%
shut = GatedCNNBlock(512, activation="sigmoid")
gate = slice(shut.splits[0])
with torch.no_grad():
    shut.fc1.weight[gate] = 0
    shut.fc1.bias[gate] = -100  # sigmoid(-100) is 0 for all purposes
    added = shut(maps[:1]) - maps[:1]
    remains = (added - shut.fc2.bias[:, None, None]).abs().max().item()
print(f"besides its bias, the block adds at most {remains:.0e}")
assert remains < 1e-5

# %% [markdown]
# To take something away from the background, the block has to *open* its gate there and let through content that cancels the input.
# So "gate closed" and "background suppressed" are not the same, and may even be opposites.
# Whoever wants to test the claim has to compare the map behind the block with the map before it, on and off the cell, in a trained network.
#
# ## A picture, and what it does not show
#
# The gate of {numref}`fig-gated-maps` is **untrained**: its weights are random numbers.
# From its channels we pick, after the fact, the one that is most open in the middle of the image, and the one that is most shut there.

# %%
gates = network.gate.gate(maps[:1])[0].detach()  # (28, 28, channels)
from_middle = torch.arange(28) / 27 - 0.5
away = (from_middle[:, None] ** 2 + from_middle**2).sqrt()
rim = torch.ones(28, 28, dtype=torch.bool)
rim[3:-3, 3:-3] = False
opens = gates[away < 0.25].mean(0) - gates[rim].mean(0)
picked = int(opens.argmax()), int(opens.argmin())

# %% mystnb={"image": {"alt": "Four panels. A grey cell; the mean over all gates, a noisy map that is nearly the same everywhere; one gate that is bright where the cell is; one gate that is dark where the cell is."}, "figure": {"name": "fig-gated-maps", "caption": "A gate map that follows the cell proves nothing: among so many random gates some open on the cell and some shut on it. A, one cell; B, mean over all channels of an untrained GELU gate; C, the channel that is most open in the middle against the border; D, the one that is most shut. C and D were picked for this."}}
figure, panels = plt.subplots(2, 2, figsize=(4.6, 4.8))
panels = panels.ravel()
draw_row(panels[:1], [grey(images[0])], (0.0, 1.0))
shown = {f"mean of {gates.shape[2]:,}": gates.mean(2)}
shown |= {f"gate {channel}": gates[..., channel] for channel in picked}
for axes, (title, values) in zip(panels[1:], shown.items(), strict=True):
    picture = axes.imshow(values.numpy(), cmap="viridis")
    axes.set(title=title, xticks=[], yticks=[])
    figure.colorbar(picture, ax=axes, location="bottom", shrink=0.9)
for axes, name in zip(panels, "ABCD", strict=True):
    letter(axes, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# Of the {glue:text}`gate_channels` untrained gates, {glue:text}`opened` are more open in the middle than at the border ({glue:text}`opened_share:.0%`).
# About half is what chance gives, and it is the yardstick for a trained gate.
# The picture says nothing about suppression, in this network or in the authors'.
#
# ## Parameters, counted by hand

# %%
dim = 512
parts = {
    "layer normalisation": ("2 · 512", 2 * dim),
    "wide layer W₁, b₁": ("512 · 2730 + 2730", (dim + 1) * 2 * hidden),
    "depthwise 7 × 7, with bias": ("512 · 49 + 512", context * (49 + 1)),
    "way back W₂, b₂": ("1365 · 512 + 512", (hidden + 1) * dim),
}
total = sum(count for _, count in parts.values())
assert total == sum(p.numel() for p in block.parameters()) == 2_126_506
rows = [(part, how, f"{count:,}") for part, (how, count) in parts.items()]
rows.append(("together", "", f"{total:,}"))
HTML(wide_table(("part", "sum", "parameters"), rows, "Parameters"))

# %% tags=["remove-cell"]
gelu, sigmoid = F.gelu(before), torch.sigmoid(before)
curve = F.gelu(torch.linspace(-3, 0, 30001, dtype=torch.float64))
opened = int((opens > 0).sum())
table = load_tables()["3"]
full, gated, fused = (table.cell(row, "parameters").number for row in ("CG-RecNet", "ResGDNet", "ResCMNet"))
tell(
    hidden=f"{hidden:,}", information=information, context=context, context_share=context / hidden,
    gelu_min=gelu.min(), gelu_max=gelu.max(), sigmoid_min=sigmoid.min(), sigmoid_max=sigmoid.max(),
    negative=(gelu < 0).float().mean(), curve_min=curve.min(), sigmoid_zero=torch.sigmoid(torch.tensor(0.0)),
    gate_channels=f"{gates.shape[2]:,}", opened=f"{opened:,}", opened_share=opened / gates.shape[2],
    full=full, full_less_gated=full - gated, full_less_fused=full - fused, total=total / 1e6,
)  # fmt: skip

# %% [markdown]
# In the paper's Table 3, CG-RecNet has {glue:text}`full` million parameters.
# It exceeds the row labelled ResGDNet, by its name the gate alone, by {glue:text}`full_less_gated:.2f` million, which should be the size of the fusion; and the row labelled ResCMNet, the fusion alone, by {glue:text}`full_less_fused:.2f`, which should be the size of the gate.
# The block with the public defaults has {glue:text}`total:.2f`: it fits if the two rows are exchanged.
#
# **Take-away.**
# The block normalises, widens, splits, filters a part of the content and multiplies by a gate that sees one position at a time.
# Its GELU gate has no "open" end, and because the input is added, a shut gate leaves the background as it was.
# Some gate maps of an untrained network follow the cell too, so a picture of a gate is evidence only against that yardstick.
#
# ```{exercise} Why depthwise?
# :label: exercise-gated-depthwise
#
# How many parameters would the 7 by 7 convolution of the context have if it were an ordinary one, which mixes all channels?
# How does that compare with the whole block?
# ```
#
# ````{solution} exercise-gated-depthwise
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
ordinary = sum(
    p.numel() for p in torch.nn.Conv2d(context, context, 7).parameters()
)
depthwise = sum(p.numel() for p in block.conv.parameters())
print(f"ordinary {ordinary:,}, depthwise {depthwise:,}, whole block {total:,}")

# %% [markdown]
# ```{exercise} How far does the block look?
# :label: exercise-gated-reach
#
# Change the input of the block at a single position, the middle of a map of 28 by 28.
# At how many positions does the output change?
# And at how many does the gate?
# ```
#
# ````{solution} exercise-gated-reach
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
before, after = maps[:1], maps[:1].clone()
after[0, :, 14, 14] += torch.randn(512, generator=generator)
with torch.no_grad():
    moved = (block(after) != block(before)).any(1)
    changed = moved.sum().item()  # positions where the output changes
    moved = (block.gate(after) != block.gate(before)).any(-1)
    changed_gate = moved.sum().item()  # positions where the gate does
assert changed == 7 * 7 and changed_gate == 1
print(
    f"positions changed: {changed}, "
    f"where the gate does: {changed_gate}"
)

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Which part of the block does the depthwise convolution filter?
# A part of the content, not the gate.
# The gate of a position is computed from that position's token alone, which by then has seen a neighbourhood through earlier layers.
# :::
#
# :::{dropdown} 2. The gate is shut everywhere. What comes out of the block?
# The input, plus a constant for each channel, because the input is added at the end.
# So a shut gate does not silence the background; it lets it pass.
# :::
#
# :::{dropdown} 3. Why can a GELU gate not be read as a share between closed and open?
# It has no upper end: it amplifies without limit and can be slightly negative.
# A sigmoid has both ends; the paper's words describe one and its text names the other.
# :::
