# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Linear-angular attention
#
# **You will learn** how attention over positions is made cheap, what is given up for it, and four places where the public code does something that the formula does not say.
#
# **You need** {doc}`/book/3_model/tokens` and {doc}`/book/3_model/cross_covariance`.
# Reading takes about {reading-time}`this page`.
#
# ## The idea
#
# Attention over positions compares each token with every other: 784 tokens, 614,656 comparisons.
# The usual comparison is a softmax, and a softmax has to see all comparisons of a token before it can weigh one.
# If the comparison is a plain product of two vectors instead, the sums can be taken in another order, and the table of comparisons is never made.
# Linear-angular attention {cite}`you2022castling` starts from the *angle* between two vectors and keeps the part of it that is such a product.
#
# ## From the angle to a product
#
# Let $q$ be the query of one token and $k$ the key of another, both of length one, and $\theta$ the angle between them.
# The *angular kernel* is 1 for the same direction, $\tfrac12$ for a right angle and 0 for opposite directions:
#
# $$
# \begin{aligned}
# s(q, k) &= 1 - \frac{\theta}{\pi} = \frac12 + \frac1\pi \arcsin(q^\top k) \\
# &= \underbrace{\frac12 + \frac1\pi\, q^\top k}_{\text{kept}} \\
# &+ \underbrace{\tfrac1\pi \Big( \tfrac{(q^\top k)^3}{6} + \tfrac{3\,(q^\top k)^5}{40} + \cdots \Big)}_{\text{dropped}} .
# \end{aligned}
# $$ (eq-linang-kernel)
#
# What is kept is linear in $q^\top k$.
# As elsewhere, the channels are split into heads of $d = 16$.
# In one head, let $\hat Q$, $\hat K$ and $V$ hold one row of $d$ numbers per token: its query and key at length one, and its value.
# In the sum over the values, weighted by the linear part, the brackets may be moved:
#
# $$
# \big(\hat Q \hat K^\top\big) V = \hat Q \big(\hat K^\top V\big) .
# $$ (eq-linang-order)
#
# The left side makes an $N \times N$ table, the right side a $d \times d$ one.
# **Eq. 1** of the paper {cite}`li2026cgrecnet`, in the form of the public code of {cite}`you2022castling`, is
#
# $$
# \begin{aligned}
# Y &= \tfrac12 V + \tfrac1\pi \hat Q (\hat K^\top V), \\
# \mathrm{LA}(T) &= \big[ \operatorname{norm}(Y) + \mathrm{DW}(V) \big] W_o + b_o .
# \end{aligned}
# $$ (eq-linang-module)
#
# The norm brings each token back to a fixed size (see oddity four), the brackets put the heads side by side, and $W_o$ and $b_o$ are learned.
# $\mathrm{DW}$ is a depthwise filter, one for each head, that is to make up for what was dropped.
# For this attention the paper cites "Zhou et al., 2023b", which its list of references does not resolve; by name and content it is that of {cite}`you2022castling`.
# The paper speaks of an "empirical angular scaling factor"; if $1/\pi$ is meant, it is not empirical but the coefficient of the expansion.
#
# This is the package's code:

# %% tags=["remove-cell"]
import math
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import HTML
from matplotlib.patches import Rectangle
from torch import nn
from torch.nn import functional as F

from cgrecnet.figures.cells import draw_row, example_cells, example_images, grey
from cgrecnet.figures.modules import draw_place, stage2_map
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters, macs_products
from cgrecnet.models.fusion import LinAngularAttention, join_heads, split_heads, unit
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.claims import load_claims

use_book_style()

# %%
show_code(LinAngularAttention.attend, LinAngularAttention.forward)

# %% [markdown]
# {numref}`fig-linang-place` shows the place in the network.

# %% tags=["computed"] mystnb={"image": {"alt": "The shape strip of CG-RecNet: a row of boxes from the image of 224 pixels to the classes, with the fusion coloured between layer2 and layer3."}, "figure": {"name": "fig-linang-place", "caption": "Where we are: linear-angular attention is one of the two branches inside the fusion, where the list of tokens has 784 entries. Recorded while the network ran on an empty image."}}
draw_place("fusion")
plt.show()

# %% [markdown]
# ## A live check: the expensive form
#
# We write the module with its $N \times N$ table and with the filter as a sum of shifted lists, and compare.

# %%
def one_head(q, k, v, kernel):
    """Eq. 1 of one head by its N x N table; q, k, v (N, d); L2 norm."""
    count, reach = len(v), len(kernel) // 2
    q = q / q.norm(dim=-1, keepdim=True)
    k = k / k.norm(dim=-1, keepdim=True)
    table = q @ k.T / math.pi  # N x N
    y = (table + torch.eye(count, dtype=v.dtype) / 2) @ v
    padded = F.pad(v, (0, 0, reach, reach))
    copies = (padded[m : m + count] for m in range(len(kernel)))
    local = sum(a * copy for a, copy in zip(kernel, copies, strict=True))
    return y / y.norm(dim=-1, keepdim=True) + local

# %%
def by_hand(module, image):
    """The module's output for the tokens (N, C) of one image."""
    qkv = (image @ module.qkv.weight.T).chunk(3, dim=-1)
    parts = (x.chunk(module.num_heads, dim=-1) for x in qkv)
    heads = map(one_head, *parts, module.dwconv.weight[:, 0, :, 0])
    joined = torch.cat(list(heads), dim=-1)
    return joined @ module.proj.weight.T + module.proj.bias


# %%
generator = torch.Generator().manual_seed(0)
torch.manual_seed(0)
for dtype in (torch.float32, torch.float64):
    small = LinAngularAttention(24, num_heads=4).to(dtype)
    tokens = torch.randn(2, 50, 24, generator=generator, dtype=dtype)
    with torch.no_grad():
        ours = small(tokens)
        plain = torch.stack([by_hand(small, image) for image in tokens])
    apart = (ours - plain).abs().max().item()
    allowed = 50 * torch.finfo(dtype).eps * ours.abs().max().item()
    assert apart < allowed
    print(f"{dtype}: difference {apart:.1e}, allowed {allowed:.1e}")

# %% [markdown]
# Allowed are fifty units in the last place of the largest number, for rounding.
# The two orders give the same numbers.
#
# ## What the cheap order saves
#
# The claim C05 of {doc}`our list <../1_question/claims>` says that the cost is linear in the number of tokens.
# As the rival we take softmax attention with the same learned tables, in the fused form that torch offers, which is much faster than one written by hand.

# %%
class SoftmaxAttention(nn.Module):
    """The attention of the transformer, with the same learned tables."""

    def __init__(self, dim, num_heads=8):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def forward(self, tokens):
        q, k, v = split_heads(self.qkv(tokens), self.num_heads)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.proj(join_heads(mixed))

# %% [markdown]
# Times are taken in turn, and the fastest of each module counts, since other work can only slow a run.

# %%
@torch.no_grad()
def fastest(modules, tokens, repeats=8):
    """Seconds of each module's fastest run; they take turns."""
    times = {name: [] for name in modules}
    for _ in range(repeats):
        for name, module in modules.items():
            start = time.perf_counter()
            module(tokens)
            times[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}

# %%
modules = {
    "linear-angular": LinAngularAttention(128),
    "softmax": SoftmaxAttention(128),
}
counts = [64, 196, 784, 1764, 3136]
macs = {
    name: [macs_products(module, (1, n, 128)) for n in counts]
    for name, module in modules.items()
}

# %%
threads, ratio = torch.get_num_threads(), []
torch.set_num_threads(1)
for n in counts:
    tokens = torch.randn(1, n, 128, generator=generator)
    times = fastest(modules, tokens)
    ratio.append(times["softmax"] / times["linear-angular"])
torch.set_num_threads(threads)

# %% tags=["computed"] mystnb={"image": {"alt": "Two panels over the number of tokens, logarithmic axes. Above: operations; the straight line of linear-angular attention lies below the upward bending curve of softmax attention. Below: the ratio softmax to linear-angular for operations and for measured time; both rise with the number of tokens."}, "figure": {"name": "fig-linang-cost", "caption": "The saving grows with the image: linear cost pays for long lists of tokens and matters little for short ones. A, multiply-accumulate operations of one module (128 channels, 8 heads), counted while it ran; B, softmax attention relative to linear-angular attention, in operations and in time on one core of the machine that made this page. Times vary from run to run."}}
operations = [b / a for a, b in zip(*macs.values(), strict=True)]
relative = {"operations": operations, "time": ratio}
figure, (left, right) = plt.subplots(2, 1, figsize=(4.6, 5.4))
for axes, title, lines, name in (
    (left, "MACs", macs, "A"),
    (right, "softmax / linear-angular", relative, "B"),
):
    for label, values in lines.items():
        axes.loglog(counts, values, "o-", markersize=4, label=label)
    axes.set(xlabel="tokens N", title=title)
    axes.legend(fontsize=8)
    letter(axes, name)
plt.show()

# %% [markdown]
# Without the learned tables, which both have, the operations grow as $N$ to the power {glue:text}`power_linear:.2f` for linear-angular and {glue:text}`power_softmax:.2f` for softmax attention.
# At the {glue:text}`far_tokens` tokens of the paper, softmax attention takes {glue:text}`far_operations:.1f` times the operations; at the {glue:text}`near_tokens` tokens of an image of 64 pixels, {glue:text}`near_operations:.1f` times.
# In time it was {glue:text}`far_ratio:.1f` and {glue:text}`near_ratio:.1f` in this run.
#
# So the claim **holds**.
#
# ## What truncation drops
#
# For the picture, a batch of cells goes through an untrained network up to the fusion, and we take the cosines between all queries and keys of one cell.

# %%
torch.manual_seed(0)
# the fusion alone behind layer2; untrained
network = create_model("rescmnet").train()
dataset, indices = example_cells(per_class=1)
images = example_images(dataset, indices)
attention = network.fusion.linear_angular
with torch.no_grad():
    maps = stage2_map(network, images)
    tokens = network.fusion.reduce(maps.flatten(2).transpose(1, 2))[:1]
    q, k, v = split_heads(attention.qkv(tokens), 8)
    cosines = unit(q) @ unit(k).transpose(-2, -1)
cosines = cosines[0].numpy()  # (heads, N, N)

# %%
def angular(cosine):
    """The angular kernel, 1 - theta / pi."""
    return 1 - np.arccos(np.clip(cosine, -1, 1)) / math.pi


def truncated(cosine):
    """What is kept of it."""
    return 0.5 + cosine / math.pi


grid = np.linspace(-1, 1, 200_001)

# %% mystnb={"image": {"alt": "Three panels. Above: the angular kernel, an S-shaped curve from 0 to 1, and a straight line that runs from about a fifth to four fifths. Middle: their difference, nearly zero in the middle and nearly a fifth up or down at the ends. Below: a histogram of cosines, a broad bell around zero."}, "figure": {"name": "fig-linang-kernel", "caption": "The truncation is good where tokens are unrelated and bad where it counts, for tokens that are alike or opposite. A, the angular kernel and what is kept of it; B, the difference; C, the cosines between queries and keys of one cell, all heads, in an untrained network."}}
figure, panels = plt.subplots(3, 1, figsize=(4.6, 6.4), sharex=True)
above, middle, below = panels
above.plot(grid, angular(grid), label="1 − θ/π")
above.plot(grid, truncated(grid), label="½ + cos θ/π")
above.set(title="kernel", ylim=(0, 1))
above.legend(loc="upper left")
middle.plot(grid, angular(grid) - truncated(grid), color=PALETTE[2])
middle.set_title("what is dropped")
below.hist(cosines.ravel(), np.linspace(-1, 1, 81), density=True)
below.set(title="token pairs (density)", xlabel="cos θ")
below.set_xticks((-1, -0.5, 0, 0.5, 1))
for axes, name in zip(panels, "ABC", strict=True):
    letter(axes, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# The largest error is $\tfrac12 - \tfrac1\pi$ = {glue:text}`largest:.3f`, at both ends.
# The weights that are kept lie between {glue:text}`low:.2f` and {glue:text}`high:.2f`: no token can be ignored, and the most similar one counts at most {glue:text}`high_low:.1f` times as much as the most opposite one.
# On this cell the mean error over all pairs is only {glue:text}`typical:.4f`, because random queries and keys are mostly far from parallel.
# What is lost is contrast: training can make queries and keys parallel, but the weights cannot follow.
#
# The authors of linear-angular attention know this.
# They add a depthwise filter on $V$ and, during training only, a sparse softmax part.
# The public code has the sparse part switched off by default; we leave it out.
#
# ## Oddity one: half of what?
#
# Put the kept kernel into the sum over all tokens $m$:
#
# $$
# \begin{aligned}
# y_n &= \sum_m \Big( \tfrac12 + \tfrac1\pi \hat q_n^\top \hat k_m \Big) v_m \\
# &= \tfrac12 \sum_m v_m + \tfrac1\pi \Big( \sum_m v_m \hat k_m^\top \Big) \hat q_n .
# \end{aligned}
# $$ (eq-linang-half)
#
# The constant gives half of the **sum** of all values, the same for every token.
# The public code adds half of the token's **own** value, $\tfrac12 v_n$.
# This is another weighting: without the constant, weights may be negative.

# %%
i, j = 10, 14
row = cosines[0, 28 * i + j].reshape(28, 28)
own = row / math.pi
own[i, j] += 0.5
weights = {"1 − θ/π": angular(row), "½ + cos θ/π": truncated(row)}
weights["public code"] = own

# %% mystnb={"image": {"alt": "Four panels. A grey cell with one position marked; three maps of the weights that this position gives to all others. The first two look alike, the second with a smaller range; the third has the same pattern but reaches below zero and has one bright square at the marked position."}, "figure": {"name": "fig-linang-weights", "caption": "The weights of the public code are no longer a similarity: they can be negative, and the token itself stands apart. A, one cell and one position; B, weights of the angular kernel; C, of its truncation; D, of the public code, which moves the constant one half to the token itself. First head, untrained network. Mind the scales."}}
figure, panels = plt.subplots(2, 2, figsize=(4.6, 4.8))
panels = panels.ravel()
draw_row(panels[:1], [grey(images[0])], (0.0, 1.0))
mark = {"fill": False, "edgecolor": PALETTE[1], "linewidth": 2}
panels[0].add_patch(Rectangle((8 * j, 8 * i), 8, 8, **mark))
for axes, (title, values) in zip(panels[1:], weights.items(), strict=True):
    shown = axes.imshow(values, "viridis")
    axes.plot(j, i, "s", color=PALETTE[1], markerfacecolor="none")
    axes.set(title=title, xticks=[], yticks=[])
    figure.colorbar(shown, ax=axes, location="bottom", shrink=0.9)
for axes, name in zip(panels, "ABCD", strict=True):
    letter(axes, name)
plt.show()
from_dataset(dataset)

# %%
with torch.no_grad():
    product = unit(q) @ (unit(k).transpose(-2, -1) @ v) / math.pi
    half_own, half_sum = v / 2, v.sum(2, keepdim=True).expand_as(v) / 2
    as_code, as_kernel = unit(half_own + product), unit(half_sum + product)
    parts = {"product": product, "half own": half_own, "half sum": half_sum}
    agreement = (as_code * as_kernel).sum(-1).mean().item()
    without = (as_code * unit(product)).sum(-1).mean().item()
    # Mean cosine of all pairs: the squared length of the mean unit vector.
    both = {"code": as_code, "kernel": as_kernel}
    means = {name: x.mean(2) for name, x in both.items()}
    alike = {n: m.square().sum(-1).mean() for n, m in means.items()}
lengths = {name: x.norm(dim=-1).mean() for name, x in parts.items()}

# %% [markdown]
# How much does it matter?
# On this cell, the mean length of the parts is {glue:text}`length_product:.1f` for the product, {glue:text}`length_half:.2f` for half of the own value, and {glue:text}`length_sum:.0f` for half of the sum.
# The product sums over 784 tokens and the own value does not: the half that the code adds is {glue:text}`length_share:.1%` of the product.
# After the norm, the output of the code has a mean cosine of {glue:text}`without:.4f` with the product alone, and of {glue:text}`agreement:.2f` with what the kernel would give.
#
# So the half that is added hardly matters, and the half of the sum that is left out matters much.
# Leaving it out may well be wise: with it, the tokens of a head would hardly differ (mean cosine of two tokens {glue:text}`alike_kernel:.4f`), without it they do ({glue:text}`alike_code:.2f`).
# These are numbers of an untrained network on one cell.
#
# The constant has no parameters, so counting cannot tell what the authors ran.
# We keep what the public code does.
#
# ## Oddity two: a filter that turns the corner
#
# The depthwise filter of the public code has the shape $9 \times 1$ and slides along the **list** of tokens.
# The list is the image read line by line.
# So the filter is horizontal, with nothing from above or below, and at the end of a row it goes on with the start of the next.

# %%
def response(row, column, side=28):
    """What the filter of the first head makes of a single 1."""
    impulse = torch.zeros(1, 8, side * side, 16)
    impulse[0, 0, row * side + column, 0] = 1.0
    with torch.no_grad():
        found = attention.dwconv(impulse)[0, 0, :, 0]
    return found.reshape(side, side).numpy()


middle, end = response(14, 14), response(14, 26)

# %% tags=["computed"] mystnb={"image": {"alt": "Two maps of 28 by 28. Left: a horizontal bar of nine coloured squares in the middle. Right: a bar at the right edge, six squares long, and its remaining three squares at the left edge one row below."}, "figure": {"name": "fig-linang-wrap", "caption": "At the edge of the image the filter leaves on the right and comes back on the left, one row below: two places that have nothing to do with each other are mixed. Response of the untrained filter of the first head to a single 1 at row 14; A, column 14; B, column 26."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(4.6, 2.8))
reach = abs(middle).max()
for axes, values, column in ((left, middle, 14), (right, end, 26)):
    axes.imshow(values, "RdBu_r", vmin=-reach, vmax=reach)
    axes.set(xlabel="column", ylabel="row")
    axes.set_title(f"1 at column {column}")
letter(left, "A")
letter(right, "B")
plt.show()

# %%
rows, columns = np.nonzero(end)
print("from row 14, column 26, rows reached:", sorted(set(rows.tolist())))
print("columns reached in row 15:", columns[rows == 15].tolist())
assert columns[rows == 15].tolist() == [0, 1, 2]

# %% [markdown]
# Whether this harms is another question: near the edge there is mostly background.
# A filter of $3 \times 3$ on the map would have nine numbers as well and look around evenly.
#
# ## Oddity three: division by a length that may be zero
#
# Three vectors are divided by their length: queries, keys, and the result.
# The public code divides without a floor.
# If one token is zero, its query, key and value are zero, and $0 / 0$ is "not a number" (NaN).
# Let us see how far one such token reaches.

# %%
def without_floor(q, k, v):
    """The kernel and its norm with plain divisions."""
    q = q / q.norm(dim=-1, keepdim=True)
    k = k / k.norm(dim=-1, keepdim=True)
    y = v / 2 + q @ (k.transpose(-2, -1) @ v) / math.pi
    return y / y.norm(dim=-1, keepdim=True)


def broken_tokens(output):
    """Tokens with a NaN in them."""
    return output.isnan().any(-1).sum().item()

# %%
broken = tokens.clone()
broken[0, 100] = 0.0  # one of 784 tokens
with torch.no_grad():
    zero = split_heads(attention.qkv(broken), 8)
    plain = broken_tokens(join_heads(without_floor(*zero)))
    floored = broken_tokens(attention(broken))
print(f"NaN with plain division: {plain} of {broken.shape[1]} tokens")
print(f"with a floor under the length: {floored}")
assert plain == broken.shape[1] and floored == 0

# %% [markdown]
# One zero token spoils the whole image, because $\hat K^\top V$ sums over all tokens; in training, one such step would spoil the weights.
# It is a rare event: behind a linear layer with a bias an exact zero hardly happens.
# If the attention runs on the 512 channels of the map itself, all of them would have to be cut to zero by the ReLU at one position.
# Our version puts a floor of $10^{-6}$ under every length, which changes nothing for vectors longer than that.
#
# ## Oddity four: L2 norm or LayerNorm
#
# The paper's text says that the norm of Eq. 1 is Layer Normalization.
# The public code divides each token's vector, head by head, by its own length.
# Both forget how large the result was; they differ in what they hand on.

# %%
torch.manual_seed(0)
with_layernorm = LinAngularAttention(128, normaliser="layernorm")
with torch.no_grad():
    y = attention.attend(q, k, v)
    results = {
        "L2, per head": join_heads(unit(y)),
        "LayerNorm, all channels": with_layernorm.norm(join_heads(y)),
    }
    local = join_heads(attention.dwconv(v)).norm(dim=-1).mean().item()

# %%
parameters = (0, count_parameters(with_layernorm.norm))
rows = []
for (name, x), count in zip(results.items(), parameters, strict=True):
    length, mean = x.norm(dim=-1).mean().item(), x.mean(-1).abs().mean()
    share = f"{local / length:.2f}"
    rows.append((name, str(count), f"{length:.2f}", f"{mean:.3f}", share))
headers = ("norm", "parameters", "token's length", "mean over channels")
HTML(wide_table((*headers, "local part"), rows, "Two norms"))

# %% tags=["remove-cell"]
learned = [4 * 128 * 128 * n for n in counts]
powers = {
    name: np.polyfit(np.log(counts), np.log([a - b for a, b in zip(values, learned, strict=True)]), 1)[0]
    for name, values in macs.items()
}
tolerance = load_claims()["C05"].tolerance.absolute
assert abs(powers["linear-angular"] - 1) < tolerance and abs(powers["softmax"] - 2) < tolerance
largest = np.abs(angular(grid) - truncated(grid)).max()
assert math.isclose(largest, 0.5 - 1 / math.pi, abs_tol=1e-9)
low, high = truncated(np.array([-1.0, 1.0]))
tell(
    power_linear=powers["linear-angular"], power_softmax=powers["softmax"], far_tokens=counts[2],
    far_operations=relative["operations"][2], near_tokens=counts[0],
    near_operations=relative["operations"][0], far_ratio=ratio[2], near_ratio=ratio[0],
    largest=largest, low=low, high=high, high_low=high / low,
    typical=np.abs(angular(cosines) - truncated(cosines)).mean(),
    length_product=lengths["product"], length_half=lengths["half own"], length_sum=lengths["half sum"],
    length_share=lengths["half own"] / lengths["product"], without=without, agreement=agreement,
    alike_kernel=alike["kernel"], alike_code=alike["code"],
)  # fmt: skip

# %% [markdown]
# The last column is the length of the local part, DW(V), over that of the token.
# With the L2 norm a token has the length $\sqrt 8$, one for each head; with LayerNorm it starts at $\sqrt{128}$, four times as much.
# So the local filter weighs four times less against the attention if LayerNorm is used, at least at the start.
# LayerNorm also takes the mean over the channels off, and lets one strong head outweigh the others, which the L2 norm forbids.
# The number of parameters cannot decide between them: 256 more in 28 million do not show in the printed digits.
# The choice is the option `normaliser` of the model.
#
# **Take-away.**
# Linear-angular attention keeps the constant and the linear term of the angular kernel, so that products may be taken in the cheap order; the cost is linear in the number of tokens, as the paper says.
# The price is contrast.
# The public code differs from the formula in ways that parameters do not show: it leaves out the sum that the kernel's constant stands for, which changes the output of an untrained network much; its filter wraps around the edges; and without a floor under its lengths a zero token would turn a whole image into NaN.
#
# ```{exercise} Would one more term help?
# :label: exercise-linang-terms
#
# The next term of the expansion is $(q^\top k)^3 / (6 \pi)$.
# How far does the largest error fall with one, two, ten more terms?
# ```
#
# ````{solution} exercise-linang-terms
# :class: dropdown
#
# The next cell is the solution, and it runs.
# The series of the arcsine converges slowly at its ends, where the kernel is steepest; in the cheap order a cubic term would also replace the $d$ numbers of each query and key by $d^3$ products of them.
# ````

# %% tags=["hide-cell"]
kept = truncated(grid)
coefficient, terms = 1.0, 0
print(f"linear term only: {np.abs(angular(grid) - kept).max():.3f}")
for m in range(1, 11):
    coefficient *= (2 * m - 1) / (2 * m)
    kept = kept + coefficient * grid ** (2 * m + 1) / ((2 * m + 1) * math.pi)
    if m in (1, 2, 10):
        print(f"{m:2} more: {np.abs(angular(grid) - kept).max():.3f}")

# %% [markdown]
# ```{exercise} How many tokens does the corner touch?
# :label: exercise-linang-wrap
#
# In a map of 28 by 28, how many tokens get something from a row that is not their own?
# Count first, then compare the filter on the list with the filter on each row by itself.
# And at 8 by 8 positions, for images of 64 pixels?
# ```
#
# ````{solution} exercise-linang-wrap
# :class: dropdown
#
# The four leftmost tokens of each row but the first look into the row above, the four rightmost of each row but the last into the row below.
# At 8 by 8 only eight tokens are spared, four in the first row and four in the last.
# ````

# %% tags=["hide-cell"]
for side in (28, 8):
    values = torch.randn(1, 8, side * side, 16, generator=generator)
    with torch.no_grad():
        by_list = attention.dwconv(values)
        by_row = torch.cat(
            [attention.dwconv(row) for row in values.split(side, dim=2)], dim=2
        )
    touched = ((by_list - by_row).abs().amax((0, 1, 3)) > 1e-4).sum().item()
    assert touched == 8 * (side - 1)
    print(
        f"{side} x {side}: {touched} of {side * side} tokens, "
        f"{touched / side**2:.0%}"
    )

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why may the brackets be moved, and what is gained?
# A matrix product does not care in which order it is worked out.
# Multiplying keys by values first gives a small table whose size does not depend on the image, so the cost is linear in the tokens.
# A softmax between the products would forbid it.
# :::
#
# :::{dropdown} 2. What is given up when only the linear part of the kernel is kept?
# Contrast.
# Without the higher terms a very similar pair counts hardly more than a fairly similar one, so the weights are flatter; a depthwise filter is to make up for it.
# :::
#
# :::{dropdown} 3. The filter slides along the list of tokens. Which neighbours does it get wrong?
# Those at the edges: the last position of a row and the first of the next stand side by side in the list and far apart in the image, so the filter wraps around.
# :::
