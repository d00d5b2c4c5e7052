# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The comparators
#
# **You will learn** which nine networks are compared, which variant stands for a family where the paper names none, what each costs, and why two honest counters give different costs.
#
# **You need** {doc}`/book/3_model/one_page`.
# Reading takes about {reading-time}`this page`.
#
# The paper compares CG-RecNet with its own ablations (Table 3) and with four known architectures (Table 4), and names a fifth, the network of Zhu and colleagues {cite}`zhu2021deep`.
# Section 2.4.4 introduces them; for a reproduction a family's name is not enough, since DenseNet, VGG and ViT come in several sizes.

# %% tags=["remove-cell"]
import matplotlib.pyplot as plt
import numpy as np
import torch
import torchvision
from IPython.display import HTML, Markdown
from torch.nn.functional import interpolate

from cgrecnet.data import open_dataset
from cgrecnet.data.transforms import to_unit
from cgrecnet.figures.cells import draw_row, example_images, grey
from cgrecnet.figures.modules import draw_shape_strip, trace_shapes
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import complexity
from cgrecnet.models.complexity import cost_of, count_parameters, macs_layers
from cgrecnet.models.xception import ZhuXception
from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.audit import counting
from cgrecnet.paper.claims import load_claims
from cgrecnet.paper.deviations import load_deviations
from cgrecnet.paper.tables import load_tables

use_book_style()
tables, claims = load_tables(), load_claims()
ROW = {"resnet50": "Baseline", "rescmnet": "ResCMNet", "resgdnet": "ResGDNet", "cg_recnet": "CG-RecNet", "densenet121": "DenseNet", "vgg16": "VGG", "mobilenet_v2": "MobileNetV2", "vit_b_16": "ViT"}
KEY = {"resnet50": "he2016deep", "densenet121": "huang2017densely", "vgg16": "simonyan2014very", "mobilenet_v2": "sandler2018mobilenetv2", "vit_b_16": "dosovitskiy2020image", "zhu_xception": "zhu2021deep"}

# %%
lines = ["| name | network | row | input |", "|---|---|---|---|"]
for name, system in SYSTEMS.items():
    cited = f" {{cite}}`{KEY[name]}`" if name in KEY else ""
    row = ROW.get(name, "in no table")
    size = "×".join(map(str, (system.native_channels, *system.native_size)))
    lines.append(f"| `{name}` | {system.title}{cited} | {row} | {size} |")
Markdown("\n".join(lines))

# %% [markdown]
# ## Which variant, and why
#
# Each choice stands in the ledger of open choices with its options and its reason; these lines are read from there.

# %%
ledger, rows = load_deviations(), []
questions = ("densenet_variant", "vgg_variant", "vit_variant")
for name in (*questions, "comparator_weights", "baseline_head"):
    entry = ledger[name]
    options = ", ".join(map(str, entry.options))
    rows.append((entry.title, options, str(entry.chosen), entry.why))
HTML(wide_table(("question", "options", "chosen", "why"), rows, "Variants"))

# %% [markdown]
# How much hangs on the choice?
# With three classes the members of each family have these sizes:

# %%
members = ("densenet121", "densenet169", "densenet201")
members += ("vgg16", "vgg16_bn", "vgg19")
members += ("vit_b_16", "vit_b_32", "mobilenet_v2")
family = {}
with torch.device("meta"):
    for member in members:
        model = getattr(torchvision.models, member)(num_classes=3).eval()
        parameters = count_parameters(model)
        macs = macs_layers(model, (1, 3, 224, 224))
        family[member] = parameters / 1e6, macs / 1e9
for member, (millions, macs) in family.items():
    counted = f"{millions:7.2f} M parameters, {macs:6.2f} · 10⁹ MACs"
    print(f"{member:13} {counted} by layers")

# %% [markdown]
# ## Two counters
#
# A convolution with $k \times k$ kernels, $C_{\mathrm{in}}$ channels in, $C_{\mathrm{out}}$ out and $g$ groups has, for an output of $H \times W$ positions,
#
# $$
# \text{parameters} = \frac{k^2\, C_{\mathrm{in}} C_{\mathrm{out}}}{g} + C_{\mathrm{out}} , \qquad
# \text{MACs} = H W\, \frac{k^2\, C_{\mathrm{in}} C_{\mathrm{out}}}{g} .
# $$ (eq-comparators-macs)
#
# One MAC is a multiplication with an addition.
# Counters agree on this, and differ on the rest.
#
# - **By layers**, as the tool thop counts: hooks on the modules, with a charge for normalisation too. Products that are written in a forward method, not as a layer, are invisible.
# - **By products**: every convolution and matrix product that torch executes, seen from below. Normalisation is free.

# %%
show_code(complexity._layer_macs, complexity.macs_products)

# %% [markdown]
# ## The nine systems
#
# All have three classes here and are counted at the input that they were made for, one image.
# The printed numbers stand beside them, where the paper has any.

# %%
costs = {name: cost_of(name) for name in SYSTEMS}

# %%
def known(table, row, column):
    """A printed cell; '-' where there is none, 'lost' if not readable."""
    if row not in table.rows or column not in table.columns:
        return "-"
    cell = table.cell(row, column)
    return cell.value if cell else "lost"


# %%
rows = []
for name, cost in costs.items():
    row = ROW.get(name, "")
    own = tables["4" if row in tables["4"].rows else "3"]
    printed = known(tables["3"], row, "parameters")
    if name == "vgg16":
        printed = f"about {claims['C36'].value('VGG-16').printed}"
    counted = (f"{macs / 1e9:.3f}" for macs in (cost.layers, cost.products))
    gflops = known(tables["3"], row, "gflops")
    accuracy = known(own, row, "accuracy")
    count = f"{cost.parameters:,}"
    rows.append((name, count, printed, *counted, gflops, accuracy))
headers = ("system", "parameters", "printed (M)", "10⁹ MACs, layers")
headers += ("products", "GFLOPs", "accuracy (%)")
HTML(wide_table(headers, rows, "Systems and costs"))

# %% [markdown]
# The last two columns are as printed.
# The parameters and GFLOPs printed for ResCMNet and ResGDNet stand here as the paper labels them; {doc}`recovery` shows that the parameters fit when exchanged, and that the GFLOPs fit none of our counters.
# For the comparators the paper prints accuracies, and parameters of VGG alone.

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Log-log plot of MACs per image against parameters, one labelled dot per system. MobileNetV2 and Zhu's network lie at the lower left with a few million parameters and a third of a billion MACs; DenseNet-121 above them; the four ResNet-50 systems form a short column at some twenty-five million parameters and a few billion MACs; ViT and VGG lie at the upper right. A ring for the second counter sits on the dot everywhere but for ViT, where it is clearly higher."}, "figure": {"name": "fig-comparators-cost", "caption": "The systems differ by a factor of about sixty in parameters and in multiplications, and cheap does not mean small: DenseNet-121 has few parameters and uses each of them often. Dots, counted by layers; rings, every matrix product; the two part for the Transformer, most of whose attention a layer counter cannot see. Each at its native input: Zhu's network takes 45 by 30 pixels, the others 224 by 224."}}
# Where a label stands from its dot, in points: right of it unless another dot is there.
places = {
    "resnet50": (-8, -4, "right"),
    "rescmnet": (9, -10, "left"),
    "resgdnet": (-8, 4, "right"),
    "cg_recnet": (9, 1, "left"),
    "vit_b_16": (-8, -4, "right"),
    "mobilenet_v2": (-3, 9, "left"),
    "zhu_xception": (9, -6, "left"),
}
figure, axes = plt.subplots(figsize=(7.0, 4.2))
ring = {"markerfacecolor": "none", "markersize": 9}
for name, cost in costs.items():
    colour = MODEL_COLOURS.get(name, PALETTE[4])
    x, low, high = cost.parameters / 1e6, cost.layers / 1e9, cost.products / 1e9
    axes.plot([x, x], [low, high], color=colour, linewidth=1)
    axes.plot(x, low, "o", color=colour)
    axes.plot(x, high, "o", markeredgecolor=colour, **ring)
    title = SYSTEMS[name].title.split(" (")[0]
    if name == "zhu_xception":
        title = "Zhu's Xception, 45×30"
    dx, dy, side = places.get(name, (9, -3, "left"))
    axes.annotate(title, (x, low), xytext=(dx, dy), textcoords="offset points", ha=side, fontsize=9)
axes.plot([], [], "o", color="0.4", label="layers")
axes.plot([], [], "o", markeredgecolor="0.4", label="all products", **ring)
axes.set(xscale="log", xlim=(1.5, 300), xlabel="parameters (millions)")
axes.set(yscale="log", ylim=(0.15, 40), ylabel="MACs an image (10⁹)")
for axis in (axes.xaxis, axes.yaxis):
    axis.set_major_formatter("{x:g}")
axes.legend(loc="upper left", title="counted by")
plt.show()

# %% [markdown]
# CG-RecNet needs {glue:text}`vgg_parameters:.0%` of VGG-16's parameters and {glue:text}`vgg_layers:.0%` of its MACs: that it is more efficient, as section 3.2.1 says, **holds**.
# Next to MobileNetV2 it is the other way round: {glue:text}`mobile_parameters:.0f` times the parameters and {glue:text}`mobile_layers:.0f` times the MACs, for a printed accuracy that is {glue:text}`mobile_gain:.2f` percentage points higher.
# Section 3.2.1 itself says that the plain ResNet-50 may be the better bargain on limited hardware.
#
# ## VGG and its printed 138 million
#
# Section 2.4.4 gives VGG "approx. 138M" parameters.
# That is VGG-16 with ImageNet's thousand classes:

# %%
with torch.device("meta"):
    imagenet = {
        member: count_parameters(getattr(torchvision.models, member)())
        for member in ("vgg16", "vgg16_bn", "vgg19")
    }
assert imagenet["vgg16"] == counting.vgg16_parameters(1000)
assert costs["vgg16"].parameters == counting.vgg16_parameters(3)
printed = claims["C36"].value("VGG-16").printed
for member, count in imagenet.items():
    said = "as printed" if f"{count / 1e6:.0f}" == printed else "not so"
    print(f"{member:9} 1000 classes: {count:,}, {said}")
print(f"vgg16        3 classes: {costs['vgg16'].parameters:,}")

# %% [markdown]
# So the printed 138 M **holds** for the published network, with or without batch normalisation, and speaks against VGG-19, which has more with either head.
# The network that classifies three kinds of cells is a little smaller.
# Where the parameters sit, by block:

# %%
names = ("densenet121", "vgg16", "mobilenet_v2", "vit_b_16")
rows = []
for name in (*names, "zhu_xception", "resnet50", "cg_recnet"):
    cost = costs[name]
    parts = [
        f"{block} {count:,} ({count / cost.parameters:.0%})"
        for block, count in cost.blocks.items()
    ]
    rows.append((name, ", ".join(parts)))
HTML(wide_table(("system", "blocks"), rows, "Parameters by block"))

# %% [markdown]
# In VGG-16, {glue:text}`share:.0%` of the parameters sit in the three linear layers at its end, which are used once per image, while its cost comes from the convolutions.
# Parameters and MACs measure different things: memory, and work.
#
# ## Live check: what the layer counter misses in a Transformer
#
# ViT-B/16 cuts an image into 196 patches and adds one token, so that $N = 197$, each of $D = 768$ numbers, through $L = 12$ blocks.
# Torch's attention keeps its four $D \times D$ matrices where hooks do not reach, and the two products over all pairs of tokens are no layers at all.
# In return the layer counter charges four operations per value in each of $2L + 1$ normalisations.
# The counters must therefore differ by exactly
#
# $$
# L\,\big(4 N D^2 + 2 N^2 D\big) - (2L + 1) \cdot 4 N D .
# $$ (eq-comparators-vit)

# %%
vit = costs["vit_b_16"]
N, D, L = 197, 768, 12
expected = L * (4 * N * D**2 + 2 * N**2 * D) - (2 * L + 1) * 4 * N * D
assert vit.products - vit.layers == expected
print(f"products minus layers: {vit.products - vit.layers:,}")
print(f"formula:               {expected:,}")

# %% [markdown]
# ## The network of Zhu and colleagues
#
# The paper's data set comes with a network of its own, made for small pictures: one channel, 45 pixels high, 30 wide {cite}`zhu2021deep`.
# Section 2.4.4 counts it among the comparators; in the tables of results it does not appear, and section 3.2.2 quotes its published accuracy.
# We build it, so that it can be trained on the same cells as the others.
# Its parts are few:

# %%
show_code(ZhuXception)

# %% tags=["computed"] mystnb={"image": {"alt": "The shape strip of Zhu's network: boxes from an image of 45 by 30 pixels with one channel to 2048 channels on a few positions and three classes."}, "figure": {"name": "fig-comparators-zhu", "caption": "A small picture leaves little room for halving: the network of Zhu and colleagues halves its map three times where ResNet-50 does so five times. Height: positions along one side; width: number of channels, on logarithmic scales. Recorded while the network ran on an empty image."}}
steps = trace_shapes(ZhuXception().eval(), torch.zeros(1, 1, 45, 30))
draw_shape_strip(steps)
plt.show()

# %%
dataset = open_dataset("jurkat")
i = int(np.flatnonzero(dataset.labels == 2)[0])
large = grey(example_images(dataset, [i])[0])
pixels = to_unit(dataset.images[i], dataset.window)[None]
small = interpolate(pixels, (45, 30), mode="bilinear", antialias=True)[0, 0]

# %% [markdown]
# It has {glue:text}`zhu_parameters` parameters with three classes and needs {glue:text}`zhu_layers:.2f` · 10⁹ MACs for its own small input, {glue:text}`large_layers:.1f` · 10⁹ for 224 by 224 pixels: {glue:text}`large_times:.0f` times as many, as there are {glue:text}`size_times:.0f` times the pixels.
# CG-RecNet at 224 needs {glue:text}`cg_times:.0f` times what this network needs for the same cell.

# %% mystnb={"image": {"alt": "The same cell twice: left as a smooth square of 224 by 224 pixels, right as a coarse upright rectangle of 45 by 30 pixels, where the cell is squeezed in width."}, "figure": {"name": "fig-comparators-inputs", "caption": "The larger picture holds no more of the cell: it is the same few pixels, blown up. One cell as the two kinds of networks are given it. A, 224 by 224 pixels, resized and cut at the centre, as in the paper's Algorithm 1; B, 45 by 30 pixels, squeezed, for the network of Zhu and colleagues."}}
figure, axes = plt.subplots(1, 2, figsize=(4.6, 2.6))
draw_row(axes, [large, small.numpy()], (0.0, 1.0))
letter(axes[0], "A")
letter(axes[1], "B")
plt.show()
from_dataset(dataset)

# %% tags=["remove-cell"]
vgg, cg, mobile, zhu = (costs[name] for name in ("vgg16", "cg_recnet", "mobilenet_v2", "zhu_xception"))
accuracy = {row: tables["4"].cell(row, "accuracy").number for row in ("CG-RecNet", "MobileNetV2")}
zhu_at_224 = cost_of("zhu_xception", (1, 224, 224))
tell(
    vgg_parameters=cg.parameters / vgg.parameters, vgg_layers=cg.layers / vgg.layers,
    mobile_parameters=cg.parameters / mobile.parameters, mobile_layers=cg.layers / mobile.layers,
    mobile_gain=accuracy["CG-RecNet"] - accuracy["MobileNetV2"],
    share=vgg.blocks["classifier"] / vgg.parameters,
    zhu_parameters=f"{zhu.parameters:,}", zhu_layers=zhu.layers / 1e9,
    large_layers=zhu_at_224.layers / 1e9, large_times=zhu_at_224.layers / zhu.layers,
    size_times=224 * 224 / (45 * 30), cg_times=cg.layers / zhu.layers,
)  # fmt: skip

# %% [markdown]
# **Take-away.**
# Nine systems; where the paper leaves a family's variant open, we chose one, and each choice is in the ledger with its reason.
# Parameters are exact; a number of operations means nothing without its counter.
#
# ```{exercise} Count a layer by hand
# :label: exercise-comparators-layer
#
# The first convolution of ResNet-50 has 64 kernels of $7 \times 7$ over 3 channels, no bias, and halves the side of a 224-pixel image.
# Compute its parameters and MACs with {eq}`eq-comparators-macs` and check both.
# ```
#
# ````{solution} exercise-comparators-layer
# :class: dropdown
#
# Without a bias the $C_{\mathrm{out}}$ falls away.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
weights = 7 * 7 * 3 * 64
macs = 112 * 112 * weights
with torch.device("meta"):
    convolution = torch.nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
    assert count_parameters(convolution) == weights
    assert (
        macs_layers(torch.nn.Sequential(convolution), (1, 3, 224, 224)) == macs
    )
print(f"{weights:,} parameters, {macs:,} MACs")

# %% [markdown]
# ```{exercise} Smaller pictures
# :label: exercise-comparators-size
#
# The network of Zhu and colleagues takes images 45 pixels high.
# How do the MACs of CG-RecNet fall when its input has 224, 128, 64 or 45 pixels a side?
# Do its parameters change?
# ```
#
# ````{solution} exercise-comparators-size
# :class: dropdown
#
# The parameters stay: convolutions and attention over tokens are made for any number of positions.
# The MACs fall roughly with the number of pixels.
# ````

# %% tags=["hide-cell"]
for side in (224, 128, 64, 45):
    cost = cost_of("cg_recnet", (3, side, side))
    gmacs = cost.layers / 1e9
    print(
        f"{side:3} pixels: {cost.parameters:,} parameters, "
        f"{gmacs:.2f} · 10⁹ MACs"
    )

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. The paper says DenseNet. Why is that not enough to repeat its row?
# The family has several sizes with other parameters and costs.
# We choose one, write the choice into the ledger, and say what speaks for it.
# :::
#
# :::{dropdown} 2. Two counters give different costs for one network. Is one of them wrong?
# Not necessarily: one may count biases, norms or attention products that the other leaves out.
# A cost without the name of its counter means little.
# :::
#
# :::{dropdown} 3. A network has fewer parameters than another. Is it faster?
# Not for that reason.
# A weight that is used at every position costs much and one that is used once costs little; memory traffic counts as well.
# :::
