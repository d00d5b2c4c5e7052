# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # CG-RecNet, assembled
#
# **You will learn** what each part of the whole network hands on and costs, what changes if a skip leads around the fusion, how the three presets differ, and which weights start fresh.
#
# **You need** {doc}`/book/3_model/gated_cnn` and {doc}`/book/3_model/fusion`.
# Reading takes about {reading-time}`this page`.
#
# Section 2.4.3 of the paper says where the two modules stand.
# The fusion is "introduced directly following ResBlock Stage 2", the gated block is "inserted immediately after the attention module", and then come "ResBlock Stage 3 and Stage 4".
# For an image $x$, with the stages $S_1$ to $S_4$ of ResNet-50 {cite}`he2016deep`, that is
#
# $$
# z = \operatorname{head}\Big( \operatorname{mean}_p\, S_4\, S_3\, \underbrace{G}_{\text{gate}}\, \underbrace{A}_{\text{fusion}}\, S_2\, S_1\, \operatorname{stem}(x) \Big) ,
# $$ (eq-assembled)
#
# read from right to left: $A$ is Eq. 1 to 3, $G$ is Eq. 4 and 5.
# Figure 4A of the paper shows the whole framework; we could read its caption and not its picture.
#
# The package writes it so:

# %% tags=["remove-cell"]
from collections import Counter
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torchvision
from IPython.display import HTML
from torch.nn.functional import cosine_similarity

from cgrecnet.data import open_dataset
from cgrecnet.figures.cells import draw_row, example_images, grey
from cgrecnet.figures.modules import draw_place, stage2_map, trace_shapes
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import create_model
from cgrecnet.models.cg_recnet import CGRecNet, GatedCNNBlock
from cgrecnet.models.complexity import count_parameters, macs_by_block, macs_layers, macs_products, parameters_by_block
from cgrecnet.models.config import PRESETS
from cgrecnet.models.fusion import FusionModule
from cgrecnet.models.weights import load_into
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.tables import load_tables

use_book_style()
tables = load_tables()
titles = {
    "conv1": "7×7, half size",
    "bn1": "its normalisation",
    "layer1": "stage 1, 3 blocks",
    "layer2": "stage 2, 4 blocks",
    "fusion": "LinAngular-XCA fusion",
    "gate": "gated CNN block",
    "layer3": "stage 3, 6 blocks",
    "layer4": "stage 4, 3 blocks",
    "avgpool": "mean over positions",
    "fc": "ImageNet's 1000-way layer",
    "classifier_extra": "to the classes",
}

# %%
show_code(CGRecNet.features, CGRecNet.forward)

# %% [markdown]
# {numref}`fig-assembled-place` shows the place in the network.

# %% tags=["computed"] mystnb={"image": {"alt": "The shape strip of CG-RecNet: a row of boxes from the image of 224 pixels to the classes, with the fusion and the gate coloured between layer2 and layer3."}, "figure": {"name": "fig-assembled-place", "caption": "Both new parts sit in the middle of the network and change no shape: before and after them everything is ResNet-50, up to the last layer. Recorded while the network ran on an empty image."}}
draw_place("fusion", "gate")
plt.show()

# %% [markdown]
# ## The layer table
#
# A network on torch's device `meta` knows its shapes and holds no numbers, so that it can be traced for nothing.
# The shapes below are recorded while one image of $3 \times 224 \times 224$ passes.
# MACs are multiplications with one addition each, counted layer by layer as the tool thop does; {numref}`fig-assembled-cost` draws them.

# %%
size = (1, 3, 224, 224)
with torch.device("meta"):
    whole = create_model("cg_recnet").eval()
    steps = trace_shapes(whole, torch.zeros(size))
parameters, macs = parameters_by_block(whole), macs_by_block(whole, size)
shapes = {
    step.name: step.shape
    for step in steps
    if step.name in parameters | macs  # what holds or computes something
}

# %%
rows = []
for name, shape in shapes.items():
    count, cost = parameters.get(name, 0), macs.get(name, 0) / 1e6
    output = "×".join(map(str, shape))
    rows.append((name, titles[name], output, f"{count:,}", f"{cost:,.1f}"))
total, cost = count_parameters(whole), macs_layers(whole, size) / 1e6
rows.append(("all", "", "", f"{total:,}", f"{cost:,.1f}"))
headers = ("name", "what", "output", "parameters", "MACs (10⁶)")
HTML(wide_table(headers, rows, "Every block"))

# %% tags=["computed"] mystnb={"image": {"alt": "Two bar charts with one bar per block of the network. Left, parameters: stage 4 has by far the most, the fusion a third of a million, the gate two million. Right, MACs: the gate has the longest bar, the fusion a short one."}, "figure": {"name": "fig-assembled-cost", "caption": "The gate is a small part of the parameters and the most expensive single block to run, because it acts at every one of 784 positions; the fusion is cheap in both. A, parameters; B, multiplications with one addition each for an image of 224 by 224 pixels; orange, the two new modules."}}
figure, both = plt.subplots(1, 2, figsize=(4.6, 4.0), sharey=True)
colours = [PALETTE[name in ("fusion", "gate")] for name in shapes]
for axes, counts, unit, label, name in (
    (both[0], parameters, 1e6, "parameters (millions)", "A"),
    (both[1], macs, 1e9, "MACs (10⁹)", "B"),
):
    widths = [counts.get(block, 0) / unit for block in shapes]
    bars = axes.barh(list(shapes), widths, color=colours)
    axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    axes.set(xlabel=label, xlim=(0, 1.35 * max(widths)))
    letter(axes, name)
both[0].invert_yaxis()
plt.show()

# %% [markdown]
# ## Against what the paper states
#
# Each statement of the paper about the assembly is compared with the table by code, not by eye.

# %%
order = list(shapes)
fusion, gate = order.index("fusion"), order.index("gate")
printed, printed_gflops = (
    tables["3"].cell("CG-RecNet", column).value
    for column in ("parameters", "gflops")
)
counters = (macs_layers, macs_products)
counted = [f"{count(whole, size) / 1e9:.2f}" for count in counters]
emptied, some = GatedCNNBlock(8), torch.ones(1, 8, 3, 3)
for parameter in emptied.fc2.parameters():
    torch.nn.init.zeros_(parameter)  # the last layer gives nothing

# %%
checks = [
    ("fusion after stage 2", "2.4.3", order[fusion - 1] == "layer2"),
    ("gate after fusion", "2.4.3", order[gate - 1] == "fusion"),
    (f"{printed} M parameters", "Table 3", f"{total / 1e6:.2f}" == printed),
    (f"{printed_gflops} GFLOPs", "Table 3", printed_gflops in counted),
    ("gate has a residual", "2.4.2", torch.equal(emptied(some), some)),
]

# %%
details = [" → ".join(order[2:8]), "same line", f"{total:,}"]
details += [" or ".join(f"{count} · 10⁹ MACs" for count in counted)]
details += ["hands on its input"]
verdict = {True: "holds", False: "cannot be reconciled"}
rows = [
    (what, where, verdict[found], detail)
    for (what, where, found), detail in zip(checks, details, strict=True)
]
rows.append(("pretrained backbone", "2.3", "not specified", "which file"))
headers = ("the paper states", "where", "here", "detail")
HTML(wide_table(headers, rows, "Statements compared"))

# %% [markdown]
# The MACs are counted by layers, and then by products; {doc}`recovery` tries other ways.
# With its last layer at zero the gated block hands on its input; the text names no such connection for the fusion.
# Which file the pretrained weights are in, and what is frozen, is not said.
#
# "Stage 2" can mean two things, as some authors count the stem's pooling as the first stage.
# We read it as torchvision's `layer2`, with 512 channels at 28 by 28 positions, since among the candidates of our search no gate of another width reaches the printed numbers of parameters; {doc}`recovery` shows it.
#
# ## Live check: the network equals the composition
#
# Torchvision's own ResNet-50 is given the same weights, and the two modules are called by hand at their place.
# The logits must agree.

# %%
torch.manual_seed(0)
network = create_model("cg_recnet").eval()
plain = torchvision.models.resnet50()
own = network.state_dict()
plain.load_state_dict({name: own[name] for name in plain.state_dict()})
plain.eval()

# %%
x = torch.randn(2, 3, 64, 64)
with torch.no_grad():
    y = plain.maxpool(plain.relu(plain.bn1(plain.conv1(x))))
    y = plain.layer2(plain.layer1(y))
    y = network.gate(network.fusion(y))
    y = plain.layer4(plain.layer3(y))
    y = network.classifier_extra(plain.fc(y.mean((2, 3))))
    logits = network(x)
difference = (logits - y).abs().max().item()
allowed = 1e-4 * logits.abs().max().item()
assert difference <= allowed
print(f"difference {difference:.1e}; allowed {allowed:.1e}")

# %% [markdown]
# ## With or without a skip around the fusion
#
# ResNet's blocks, and the gated block, add what they compute to what they were given, $y = x + f(x)$.
# If $f$ is small at first, $y \approx x$: a fresh block does no harm to what is already learned.
# The paper names no such connection for the fusion, and a skip has no parameters, so that counting is blind to it.
# Its effect is not small.
# We send cells through the first two stages, in training mode, so that batch normalisation sets the scale as it does in the first step of training, and put fresh fusions behind them.
# In the table *recovered* and *clean* are the readings that have the fusion so; they come further down.

# %%
dataset = open_dataset("jurkat")
members = [np.flatnonzero(dataset.labels == label) for label in (0, 2)]
chosen = [int(own[k]) for k in (0, 1) for own in members]
images = example_images(dataset, chosen)
before = stage2_map(network.train(), images)


@torch.no_grad()
def fresh_fusion(seed, skip):
    """Spread of what a fresh fusion hands on, and likeness to its input."""
    torch.manual_seed(seed)
    after = FusionModule(skip=skip)(before)
    likeness = cosine_similarity(before, after, dim=1).mean()
    return after.std().item(), likeness.item()

# %%
rows, means = [], {}
for skip, name in ((False, "none (recovered)"), (True, "skip (clean)")):
    found = [fresh_fusion(seed, skip) for seed in range(5)]
    spread, likeness = np.array(found).T
    means[skip] = likeness.mean()
    reach = f"{spread.min():.2f} to {spread.max():.2f}"
    alike = f"{round(means[skip], 2) + 0.0:.2f}"
    rows.append((name, f"{before.std():.2f}", reach, alike))
headers = ("fusion", "spread, input", "spread, output", "likeness")
HTML(wide_table(headers, rows, "Skip or none"))

# %% [markdown]
# Spread is the standard deviation over all numbers of the map, for five seeds.
# Likeness is the cosine between the vector that enters and the vector that leaves at the same position: 1 if they point the same way, 0 if they have nothing in common.
#
# Without a skip, the gate, and behind it stage 3, is handed a map that is several times smaller and points elsewhere.
# If stages 3 and 4 come from ImageNet, they meet features that they were never trained on, until the fusion has learned to make some.
# With a skip they meet nearly what they know.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two rows, one cell each: the cell, and three maps of 28 by 28 positions on one colour scale: the length of the vectors in front of the fusion shows the cell; behind the fusion without a skip the map is dark; with a skip it looks like the first map."}, "figure": {"name": "fig-assembled-skip", "caption": "Without a skip a fresh fusion lets little through of what the first stages found. Two cells; B to D, length of the vector at each position, on one scale per row; fresh weights, the same with and without skip."}}
torch.manual_seed(0)
with torch.no_grad():
    after = FusionModule()(before[:2])
figure, axes = plt.subplots(2, 4, figsize=(4.6, 2.6))
for row, image, x, y in zip(axes, images[:2], before, after, strict=False):
    draw_row(row, [grey(image)], (0.0, 1.0))
    lengths = [z.norm(dim=0).numpy() for z in (x, y, x + y)]
    for place, length in zip(row[1:], lengths, strict=True):
        shown = place.imshow(length, "viridis", vmin=0, vmax=np.max(lengths))
    figure.colorbar(shown, ax=row[3], shrink=0.8)
titles = ("cell", "before", "after, no skip", "after, skip")
for place, name, title in zip(axes[0], "ABCD", titles, strict=True):
    place.set_title(title, fontsize=8)
    letter(place, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# Which of the two the authors trained is not known.
# The default has no skip, because the text names none; the preset `clean` has one.
#
# ## Three readings side by side
#
# A preset is a complete reading of what the paper leaves open.
# **recovered** is the one whose counts are the printed ones.
# **as_written** follows the sentences wherever they differ from the public modules.
# **clean** is recovered without its two odd traits: the kept 1000-way layer goes, a skip comes.

# %%
variants = {"rescmnet": "fusion alone", "resgdnet": "gate alone"}
variants["cg_recnet"] = "both"
options = {preset: PRESETS[preset].as_dict() for preset in PRESETS}
readings = pd.DataFrame(options).astype(str)
readings = readings[readings.nunique(axis=1) > 1]  # where they differ

# %%
counts = {}
for preset, (name, what) in product(PRESETS, variants.items()):
    with torch.device("meta"):
        model = create_model(name, preset=preset).eval()
    counts[preset, name] = count = count_parameters(model)
    readings.loc[f"parameters, {what}", preset] = f"{count:,}"
    if what == "both":
        layers, products = (c(model, size) / 1e9 for c in counters)
        readings.loc["10⁹ MACs, layers", preset] = f"{layers:.2f}"
        readings.loc["10⁹ MACs, products", preset] = f"{products:.2f}"
readings

# %% tags=["remove-cell"]
assert total == sum(parameters.values()) and f"{total / 1e6:.2f}" == printed
assert all(found for what, _, found in checks if "GFLOPs" not in what) and order[gate + 1] == "layer3"
assert abs(means[False]) < 0.3 < 0.9 < means[True]
rows = {name: tables["3"].cell(row, "parameters").value for name, row in (("rescmnet", "ResCMNet"), ("resgdnet", "ResGDNet"), ("cg_recnet", "CG-RecNet"))}
shown = ", ".join(f"{counts['as_written', name] / 1e6:.2f} M ({what})" for name, what in variants.items())
assert f"{counts['as_written', 'cg_recnet'] / 1e6:.2f}" != rows["cg_recnet"]
tell(shown=shown, with_fusion=rows["rescmnet"], with_gate=rows["resgdnet"], with_both=rows["cg_recnet"])

# %% [markdown]
# Taken at its word, the text gives {glue:text}`shown`, where Table 3 prints {glue:text}`with_fusion`, {glue:text}`with_gate` and {glue:text}`with_both` M.
# The total with both modules comes near by accident: a wide fusion adds about as much as the 1000-way layer does.
# The two rows in between tell the readings apart, whichever way round they are read.
# One total alone would have misled us.
#
# The presets `recovered` and `clean` sit around the same modules, so that what is learned about one module in this book holds for both.
#
# ## Which weights are loaded, which start fresh
#
# Section 2.3 speaks of the backbone's pretrained weights.
# The package keeps torchvision's names in the backbone, so that a file of torchvision's fits.
# The new modules have names of their own, which no such file holds: they start fresh.
# No download is needed to see it; a fresh ResNet-50 of torchvision has the names and shapes of the file.

# %%
stand_in = torchvision.models.resnet50().state_dict()
wanted = "the stand-in", "conv1.weight", ("fc.weight", "fc.bias")


def fresh_parts(preset):
    """Parameters that start fresh, by part, of a model and in all."""
    model, parts = create_model("cg_recnet", preset=preset), Counter()
    report = load_into(model, stand_in, *wanted)
    for name, value in model.named_parameters():
        if name in report["fresh"]:
            parts[name.split(".")[0]] += value.numel()
    return parts, len(report["loaded"]), count_parameters(model)


# %%
fresh = {}
for preset in ("recovered", "clean"):
    fresh[preset], loaded, whole_count = fresh_parts(preset)
    print(f"{preset}: {loaded} tensors loaded;")
    start = f"{fresh[preset].total():,} of {whole_count:,}"
    print(f"    {start} parameters start fresh:")
    print("   ", dict(sorted(fresh[preset].items())))
assert set(fresh["recovered"]) == {"fusion", "gate", "classifier_extra"}
assert set(fresh["clean"]) == {"fusion", "gate", "fc"}

# %% [markdown]
# With `recovered`, ImageNet's last layer is kept; besides the two modules, only the small layer behind it is fresh.
# `create_model("cg_recnet", weights="imagenet")` does this with the real file, and the model carries the report in `weights_info`; every run record keeps it.
# A picture with one channel is no obstacle: the first convolution's kernels are summed over the colours.
#
# **Take-away.**
# The assembled network has the printed number of parameters and the order that the text gives.
# What the text leaves open around the fusion, the skip, changes what the fusion hands on at the start more than each option inside it for which the default's weights could be kept (the table in {doc}`fusion` has them side by side).
#
# ```{exercise} Any size, one channel
# :label: exercise-assembled-size
#
# Trace the network for an image with one channel, 45 pixels high and 30 wide, the size that {cite}`zhu2021deep` used.
# At how many positions does the fusion work, and what is the shape behind `layer4`?
# ```
#
# ````{solution} exercise-assembled-size
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
with torch.device("meta"):
    small = create_model("cg_recnet", in_channels=1).eval()
    steps = trace_shapes(small, torch.zeros(1, 1, 45, 30))
shapes = {step.name: step.shape for step in steps}
_, high, wide = shapes["fusion"]
print(
    f"fusion at {high} x {wide} = {high * wide} positions; "
    f"behind layer4: {shapes['layer4']}"
)

# %% [markdown]
# ```{exercise} Where else could it stand?
# :label: exercise-assembled-place
#
# Behind stages 1 to 4 of ResNet-50 there are 256, 512, 1024 and 2048 channels at $56^2$, $28^2$, $14^2$ and $7^2$ positions for an image of 224 pixels.
# How many parameters and multiplications would the gated block have at each place?
# Why do the multiplications hardly change?
# ```
#
# ````{solution} exercise-assembled-place
# :class: dropdown
#
# Its two linear layers have about $3 \cdot \tfrac83 C^2 = 8C^2$ weights, used once at each of $N$ positions.
# From stage to stage $C$ doubles and $N$ falls to a quarter, so that $8C^2N$ stays what it is.
# ````

# %% tags=["hide-cell"]
for stage, (channels, side) in enumerate(
    ((256, 56), (512, 28), (1024, 14), (2048, 7)), start=1
):
    with torch.device("meta"):
        block = GatedCNNBlock(channels).eval()
    macs = macs_layers(block, (1, channels, side, side))
    count = count_parameters(block)
    print(
        f"behind stage {stage}: {count:>10,} parameters, "
        f"{macs / 1e9:.2f} · 10⁹ MACs"
    )

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A skip is led around the fusion. Why does the number of parameters not tell whether it is there?
# An addition has no weights.
# So this choice has to be settled by other evidence, or stay open and be measured.
# :::
#
# :::{dropdown} 2. Which weights start fresh, although the network starts from ImageNet?
# Those of the two modules and of the last layer, which names the classes of cells.
# All others have a place in the ResNet-50 that was trained on photographs.
# :::
#
# :::{dropdown} 3. Why is it wise that both modules keep the shape of the map?
# The stages behind them then stay as they were, with their weights.
# Each module can be left out by itself, which is what an ablation needs.
# :::
