# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Cross-covariance attention
#
# **You will learn** how channels can attend to channels, why the table of comparisons keeps its size when the image grows, and what the temperature does.
#
# **You need** {doc}`/book/3_model/tokens`, and what a cosine between vectors is.
# Reading takes about {reading-time}`this page`.
#
# ## The idea
#
# Usual attention asks of each *place*: which other places matter for you?
# Cross-covariance attention (XCA) {cite}`elnouby2021xcit` asks of each *channel*: which other channels matter for you?
# A channel is an image of one pattern.
# Two channels are alike if they are strong at the same places.
# Each channel is then replaced by a weighted mean of channels, the more alike the heavier.
# In the words of the paper, its learned temperature highlights "co-activated feature channels" (section 2.4.1 of {cite}`li2026cgrecnet`).
#
# ## The equation
#
# The tokens are mapped to queries, keys and values by a learned table, and split into $h = 8$ heads of $d = 16$ channels.
# One head, with channels in rows and tokens in columns, computes (**Eq. 2** of the paper)
#
# $$
# \begin{aligned}
# Y &= A\, V, \qquad Q, K, V \in \mathbb R^{d \times N}, \\
# A &= \operatorname{softmax}_{\text{row}}\!\big( \tau\, \hat Q \hat K^{\top} \big) .
# \end{aligned}
# $$ (eq-xcov-attention)
#
# The hat means: each row is divided by its length, taken over all $N$ tokens.
# So $(\hat Q \hat K^{\top})_{ab}$ is the cosine of the angle between query channel $a$ and key channel $b$, a number between -1 and 1.
# The table $A$ is $d \times d$, and $N$ does not appear in its size.
# The softmax turns each row of numbers into positive weights that sum to 1, the larger the number the heavier.
# The number $\tau$, one per head, is learned and starts at 1; the paper calls it a temperature.
#
# This is the package's code:

# %% tags=["remove-cell"]
import math

import matplotlib.pyplot as plt
import numpy as np
import torch

from cgrecnet.figures.cells import draw_row, example_cells, example_images, grey
from cgrecnet.figures.modules import draw_place, stage2_map
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import letter, use_book_style
from cgrecnet.models import create_model
from cgrecnet.models.complexity import macs_products
from cgrecnet.models.fusion import CrossCovarianceAttention, split_heads, unit
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.claims import load_claims

use_book_style()

# %%
attention = CrossCovarianceAttention
show_code(attention.covariance, attention.forward)

# %% [markdown]
# {numref}`fig-xca-place` shows the place in the network.

# %% tags=["computed"] mystnb={"image": {"alt": "The shape strip of CG-RecNet: a row of boxes from the image of 224 pixels to the classes, with the fusion coloured between layer2 and layer3."}, "figure": {"name": "fig-xca-place", "caption": "Where we are: cross-covariance attention is one of the two branches inside the fusion, at 28 by 28 positions. Recorded while the network ran on an empty image."}}
draw_place("fusion")
plt.show()

# %% [markdown]
# Tokens stand in rows here, so the equation appears transposed.
# Instead of dividing all of $Q$ and $K$ by their lengths first, the code divides the small $d \times d$ product: the same numbers for less work.
#
# ## A live check
#
# The equation once more, head by head, as it stands above.

# %%
def one_head(q, k, v, tau):
    """Eq. 2 of one head; q, k and v with d rows and N columns."""
    q = q / q.norm(dim=1, keepdim=True)
    k = k / k.norm(dim=1, keepdim=True)
    weights = (tau * q @ k.T).exp()
    return weights / weights.sum(1, keepdim=True) @ v


def by_hand(module, image):
    """The module's output for the tokens (N, C) of one image."""
    qkv = (image @ module.qkv.weight.T).T.chunk(3)  # each C x N
    parts = (x.chunk(module.num_heads) for x in qkv)
    heads = map(one_head, *parts, module.temperature.flatten())
    joined = torch.cat(list(heads)).T
    return joined @ module.proj.weight.T + module.proj.bias


# %%
generator = torch.Generator().manual_seed(0)
for dtype in (torch.float32, torch.float64):
    small = CrossCovarianceAttention(24, num_heads=4).to(dtype)
    tokens = torch.randn(2, 50, 24, generator=generator, dtype=dtype)
    with torch.no_grad():
        temperatures = torch.tensor([0.5, 1.0, 2.0, 5.0])
        small.temperature.copy_(temperatures.view(4, 1, 1))
        ours = small(tokens)
        plain = torch.stack([by_hand(small, image) for image in tokens])
    apart = (ours - plain).abs().max().item()
    allowed = 50 * torch.finfo(dtype).eps * ours.abs().max().item()
    assert apart < allowed
    print(f"{dtype}: difference {apart:.1e}, allowed {allowed:.1e}")

# %% [markdown]
# Allowed are fifty units in the last place of the largest number, for rounding.
#
# ## The size of the table
#
# The claim C06 of {doc}`our list <../1_question/claims>` says that this attention works over channels.
# It holds if the table is $16 \times 16$ per head for every number of tokens, and if its rows sum to 1.

# %%
tolerance = load_claims()["C06"].tolerance.absolute
torch.manual_seed(0)
module = CrossCovarianceAttention(128)
for side in (4, 8, 28, 56):
    tokens = torch.randn(1, side * side, 128, generator=generator)
    with torch.no_grad():
        q, k, v = split_heads(module.qkv(tokens), 8)
        table = module.covariance(q, k)
    error = (table.sum(-1) - 1).abs().max().item()
    shape = tuple(table.shape[1:])
    print(f"N = {side**2:5}: table {shape}, sums off by {error:.0e}")
    assert shape == (8, 16, 16) and error < tolerance

# %% [markdown]
# ## On a cell
#
# We send a batch of cells through an untrained network up to the fusion and look at the first head.
# Untrained means: the weights are random, so the picture shows what the operation does, not what was learned.

# %%
torch.manual_seed(0)
# the fusion alone behind layer2; untrained
network = create_model("rescmnet").train()
dataset, indices = example_cells(per_class=1)
images = example_images(dataset, indices)
with torch.no_grad():
    maps = stage2_map(network, images)
    tokens = network.fusion.reduce(maps.flatten(2).transpose(1, 2))[:1]
    attention = network.fusion.cross_covariance
    q, k, v = split_heads(attention.qkv(tokens), 8)
    rows, columns = (unit(x.transpose(-2, -1)) for x in (q, k))
    cosines = rows @ columns.transpose(-2, -1)
    table = attention.covariance(q, k)

# %%
cosine = cosines[0, 0]
pictures = {
    "cosine": (cosine, "RdBu_r", -1, 1),
    "softmax, τ = 1": (cosine.softmax(1), "viridis", 0, None),
    "softmax, τ = 10": ((10 * cosine).softmax(1), "viridis", 0, None),
}

# %% mystnb={"image": {"alt": "Four panels. A grey cell; a 16 by 16 table of cosines in red and blue; the softmax of its rows at temperature factor 1, where values differ little; the same at 10, where a few cells per row are bright and the rest dark."}, "figure": {"name": "fig-xcov-cell", "caption": "At its start the attention is a mean of 16 channels with mild preferences; only a large factor makes it choose. A, one cell; B, cosines between the query channels (rows) and key channels (columns) of one head of an untrained network; C, its attention at the starting value 1; D, the same cosines at 10. Mind the scales of C and D."}}
figure, panels = plt.subplots(2, 2, figsize=(4.6, 4.8))
panels = panels.ravel()
draw_row(panels[:1], [grey(images[0])], (0.0, 1.0))
for axes, title in zip(panels[1:], pictures, strict=True):
    values, colours, low, high = pictures[title]
    shown = axes.imshow(values, colours, vmin=low, vmax=high)
    axes.set(title=title, xticks=[], yticks=[])
    figure.colorbar(shown, ax=axes, location="bottom", shrink=0.9)
for axes, name in zip(panels, "ABCD", strict=True):
    letter(axes, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# On this cell the cosines of all heads lie between {glue:text}`cosine_min:.2f` and {glue:text}`cosine_max:.2f`, and the weights between {glue:text}`map_min:.3f` and {glue:text}`map_max:.3f`; a plain mean has {glue:text}`even:.4f`.
# This is no accident.
# With $\tau = 1$ and cosines between -1 and 1, two weights of a row can differ at most by the factor $e^2$ = {glue:text}`e_squared:.2f`, and no weight can exceed {glue:text}`bound:.2f`.
# To select channels, the network has to learn a larger $\tau$.
#
# ## Multiply or divide?
#
# The article on XCA divides by the temperature, as physicists do: hot means undecided.
# Its public code multiplies, so that a large value means decided.
# CG-RecNet's text says that the parameter "scales the inner product", which fits both.
# At the starting value 1 they agree:

# %%
for tau in (1.0, 2.0):
    multiplied = (cosines * tau).softmax(-1).max()
    divided = (cosines / tau).softmax(-1).max()
    print(f"tau = {tau:.0f}, largest weight: ", end="")
    print(f"{multiplied:.3f} multiplied, {divided:.3f} divided")

# %% [markdown]
# Any function that one form can reach with a positive $\tau$, the other reaches with $1/\tau$.
# But the way there differs, because a step of the optimiser changes $\tau$ and not $1/\tau$.
# We multiply, as the public code does.
#
# ## What this attention cannot see
#
# The cosine of two channels sums over all places, and a sum does not know the order.
# If all tokens are shuffled, the table $A$ stays as it is, and the output is shuffled in the same way.

# %%
order = torch.randperm(tokens.shape[1], generator=generator)
with torch.no_grad():
    first = attention(tokens[:, order])  # shuffled before
    last = attention(tokens)[:, order]  # shuffled after
apart = (first - last).abs().max().item()
size = last.abs().max().item()
print(f"largest difference {apart:.0e}, largest output {size:.1f}")
assert apart < 1e-4 * size

# %% [markdown]
# So XCA by itself knows which patterns occur together in an image, but not how they are arranged.
# The paper calls its result a "global covariance map"; global it is, because every place counts, and blind to shape for the same reason.
# What the tokens know about shape they know from the convolutions before.
#
# ## What it costs
#
# We count multiply-accumulate operations (MACs) while the module runs.

# %% tags=["computed"] mystnb={"image": {"alt": "Cost against number of tokens on logarithmic axes: two parallel straight lines of slope one; the line of the whole module lies about seventeen times above that of the attention proper."}, "figure": {"name": "fig-xcov-cost", "caption": "Cost grows in proportion to the number of tokens, and the attention itself is the small part of it: the learned tables for queries, keys, values and output dominate. MACs of one module of 128 channels with 8 heads, counted while it ran."}}
counts = [16, 64, 196, 784, 3136]
whole = [macs_products(module, (1, n, 128)) for n in counts]
# Without the C x C tables for Q, K, V and the way out:
learned = [4 * 128 * 128 * n for n in counts]
proper = [a - b for a, b in zip(whole, learned, strict=True)]
figure, axes = plt.subplots(figsize=(4.6, 2.9))
axes.loglog(counts, whole, "o-", markersize=4, label="whole module")
axes.loglog(counts, proper, "o-", markersize=4, label="attention proper")
axes.set(xlabel="tokens N", title="MACs")
axes.legend(fontsize=8)
plt.show()

# %% tags=["remove-cell"]
d = 16
power = np.polyfit(np.log(counts), np.log(whole), 1)[0]
assert abs(power - 1) < 0.01 and proper == [2 * 128 * d * n for n in counts]
tell(
    cosine_min=cosines.min(), cosine_max=cosines.max(), map_min=table.min(), map_max=table.max(), even=1 / d,
    e_squared=math.e ** 2, bound=math.e / (math.e + (d - 1) / math.e),
    power=power, proper_mega=proper[3] / 1e6, proper_share=proper[3] / whole[3],
    dense_mega=2 * 128 * 784 ** 2 / 1e6,
)  # fmt: skip

# %% [markdown]
# The slope is {glue:text}`power:.3f`: cost is proportional to $N$.
# The attention proper takes $2\,C\,d\,N$ MACs, that is {glue:text}`proper_mega:.1f` million for 784 tokens, {glue:text}`proper_share:.0%` of the module.
# A table of all pairs of tokens would take $2\,C\,N^2$, {glue:text}`dense_mega:.0f` million.
#
# **Take-away.**
# Cross-covariance attention replaces each channel by a weighted mean of the 16 channels of its head.
# Its table is 16 by 16 whatever the image, its cost is linear in the number of tokens, and it cannot see how things are arranged.
# At the start it hardly selects; a learned factor has to sharpen it.
#
# ```{exercise} How sharp must it be?
# :label: exercise-xcov-sharp
#
# Which $\tau$ lets a channel give nine tenths of its weight to one other channel, if that one has cosine 1 and the other 15 have cosine 0?
# Work it out by hand, then check.
# ```
#
# ````{solution} exercise-xcov-sharp
# :class: dropdown
#
# The weight is $e^\tau / (e^\tau + 15)$.
# It is 0.9 when $e^\tau = 9 \cdot 15$, so $\tau = \ln 135$.
# ````

# %% tags=["hide-cell"]
tau = math.log(135)
scores = torch.zeros(16)
scores[3] = 1.0
weight = (tau * scores).softmax(0)[3].item()  # of that one channel
assert abs(weight - 0.9) < 1e-6
print(f"tau = {tau:.2f} gives the weight {weight:.3f}")

# %% [markdown]
# ```{exercise} Is it a covariance?
# :label: exercise-xcov-centred
#
# A covariance takes the mean off each variable first; Eq. 2 does not.
# Take the mean over the tokens off the queries and keys of the cell above, and compare the cosines with and without.
# ```
#
# ````{solution} exercise-xcov-centred
# :class: dropdown
#
# The next cell is the solution, and it runs.
# With the mean taken off, the cosines are correlations.
# The two tables differ, so "cross-covariance" is a name to be taken loosely: without centring, it also counts how strong two channels are on average.
# ````

# %% tags=["hide-cell"]
centred_q, centred_k = (
    (x - x.mean(2, keepdim=True)).transpose(-2, -1) for x in (q, k)
)
correlations = unit(centred_q) @ unit(centred_k).transpose(-2, -1)
print(f"mean size, Eq. 2: {cosines.abs().mean():.2f}")
print(f"mean size, centred: {correlations.abs().mean():.2f}")
print(
    f"mean difference: {(cosines - correlations).abs().mean():.2f}"
)

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why does the table of comparisons not grow with the image?
# Channels are compared with channels, and their number is fixed.
# The tokens are summed over inside each cosine, so a larger image only makes that sum longer.
# :::
#
# :::{dropdown} 2. All tokens are shuffled. What happens to the table, and what does that say?
# It stays the same, since a sum does not know its order.
# The attention knows which patterns occur together and not how they are arranged.
# :::
#
# :::{dropdown} 3. The factor starts at one. What does that mean for the weights at the start?
# Cosines lie between minus one and one, so the softmax of a row is nearly even.
# The attention begins as an average over the head's channels and selects only once the factor has grown.
# :::
