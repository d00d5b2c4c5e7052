# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The paper's figures, redrawn
#
# **You will learn** what the first four figures of the paper are about, what their counterparts look like when they are drawn from data and code that anyone has, and where every other figure and table has its counterpart in this book.
#
# **You need** {doc}`/book/1_question/how_to_read`.
# Reading takes about {reading-time}`this page`.
#
# A figure in a paper is a choice: somebody picked the cells, the scale and the arrows.
# When we cannot show the original, we can do something else that is useful: make the same figure from things that can be run, and say of each part where it comes from.
# The paper's own pictures {cite}`li2026cgrecnet` are not copied here, and we do not have its cells.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display

from cgrecnet.data import jurkat, open_dataset
from cgrecnet.data.audit.integrity import take
from cgrecnet.data.cytometer import MARKERS, simulate
from cgrecnet.figures.cells import draw_channels, draw_row, pick
from cgrecnet.figures.modules import draw_place, trace_shapes
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.models.cg_recnet import GatedCNNBlock
from cgrecnet.models.fusion import FusionModule

use_book_style()

# %%
simulated = open_dataset("cytometer", options={"cells": 96, "seed": 4})
truth = simulate(simulated.options)
real = open_dataset("jurkat")

# %% [markdown]
# | the paper | shows | counterpart | what stands there |
# |---|---|---|---|
# | Figure 1 | workflow | {doc}`/book/1_question/figures` | the steps of this book beside the paper's |
# | Figure 2 | a cell of each class | {doc}`/book/1_question/figures` | simulated and Jurkat cells, drawn at random |
# | Figure 3 | the same cells in all channels | {doc}`/book/1_question/figures` | simulated markers, Jurkat references |
# | Figure 4 | architecture | {doc}`/book/1_question/figures` | shapes recorded while the network ran |
# | Figure 5 | curves and boxes over folds | {doc}`/book/5_results/ablation` | the same on Jurkat cells |
# | Figure 6 | ROC curves | {doc}`/book/5_results/classes` | each class against the rest, with intervals |
# | Figure 7 | confusion matrices | {doc}`/book/5_results/classes` | counts, shares and intervals |
# | Figure 8 | Grad-CAM | {doc}`/book/6_explanation/grad_cam` | maps of several methods, with controls |
# | Table 1 | cells per class | {doc}`/book/2_data/meeting_the_data` | counts of each data set |
# | Table 2 | implementation parameters | {doc}`/book/7_judgement/deviations` | open choices and what was chosen |
# | Table 3 | ablation | {doc}`/book/5_results/ablation` | the four systems on Jurkat cells |
# | Table 4 | comparison | {doc}`/book/5_results/comparison` | CG-RecNet against other systems |
# | Table 5 | F1 of each class | {doc}`/book/5_results/classes` | the same with intervals |
#
# ## Figure 1: the workflow
#
# The paper's workflow has four stages: images are collected, preprocessed, classified and explained.
# {numref}`fig-figures-workflow` sets them above the steps of this book.
# Each step below has a column, a row, and whether the paper's overview names nothing like it.

# %%
names = "data\nacquisition", "preprocessing", "model\ntraining"
names += ("interpretation\n(Grad-CAM)",)
paper = {name: (column, 0, False) for column, name in enumerate(names)}
book = {
    "images": (0, 0, False), "store\n(one file)": (1, 0, True),
    "audit (copies,\nshortcuts)": (2, 0, True),
    "split (cells,\nruns)": (3, 0, False),
    "crops and\nnormalisation": (3, 1, False),
    "training\n(folds, seeds)": (2, 1, False),
    "record\nper run": (1, 1, True),
    "maps, scored\n(masks)": (0, 1, True),
    "claims with\ntolerances": (0, 2, True),
    "planned\ncomparisons": (1, 2, True),
    "verdicts": (2, 2, True), "arithmetic\non print": (3, 2, True),
}  # fmt: skip

# %% tags=["drawing", "hide-input"] mystnb={"image": {"alt": "Two flow charts. Above, four boxes in a row: data acquisition, preprocessing, model training, interpretation by Grad-CAM. Below, twelve boxes in three rows: images, store, audit and split; then crops, training, a record of each run, and maps scored by masks; then claims with tolerances, planned comparisons, verdicts and arithmetic on printed numbers. Eight of the twelve are in a second colour."}, "figure": {"name": "fig-figures-workflow", "caption": "What a re-run adds to a workflow is mostly what can go wrong between the steps: an audit before the split, a record after each run, and rules that were written before the result. A, the paper's stages; B, the steps of this book, orange where the paper's overview names nothing like them. A drawing; nothing in it was measured."}}
def draw_steps(axes, title, steps, arrows):
    """A box for each step, name: (column, row, new or not), and an arrow for each pair of names."""
    boxes = {}
    for name, (x, y, new) in steps.items():
        colour = PALETTE[1 if new else 0]
        look = {"boxstyle": "round,pad=0.35", "facecolor": (*colour, 0.25), "edgecolor": colour}
        text = axes.text(x, y, name, ha="center", va="center", fontsize=8, bbox=look)
        boxes[name] = text.get_bbox_patch()
    for start, end in arrows:
        line = {"arrowstyle": "-|>", "color": "0.35", "patchA": boxes[start], "patchB": boxes[end]}
        axes.annotate("", steps[end][:2], steps[start][:2], arrowprops=line)
    columns, rows, _ = zip(*steps.values(), strict=True)
    axes.set(xlim=(min(columns) - 0.5, max(columns) + 0.5), ylim=(max(rows) + 0.5, min(rows) - 0.5), title=title)
    axes.set_axis_off()


assert (len(book), sum(new for *_, new in book.values())) == (12, 8)
steps = list(book)
arrows = [*zip(steps[:7], steps[1:8], strict=True), (steps[6], steps[9])]
arrows += [(steps[8], steps[9]), (steps[9], steps[10]), (steps[11], steps[10])]
figure, (above, below) = plt.subplots(2, 1, figsize=(4.6, 4.2), height_ratios=(1, 2.6))
draw_steps(above, "A   the paper, section 2.1", paper, list(zip(names, names[1:], strict=False)))
draw_steps(below, "B   this book", book, arrows)
plt.show()

# %% [markdown]
# ## Figure 2: the classes
#
# The paper shows one image of each of its three classes, with a scale bar.
# {numref}`fig-figures-classes` shows several of each, and none was picked for its looks.
# The simulated cells carry the paper's class names because they were made to be sorted into three kinds; they are no neural cells, and nothing about the biology follows from them.
# Of simulated cells the size of a pixel is known, so they can have a scale bar.

# %%
def scale_bar(axes):
    """Ten micrometres at the lower right of a simulated cell."""
    right, low = axes.get_xlim()[1] - 3, axes.get_ylim()[0] - 4
    ends, line = [right - 10 / truth.optics.pixel_um, right], [low, low]
    for colour, width in (("black", 3.5), ("white", 2)):
        look = {"linewidth": width, "solid_capstyle": "butt"}
        axes.plot(ends, line, color=colour, **look)
    ground = {"facecolor": "white", "alpha": 0.7, "pad": 0.5, "lw": 0}
    place = np.mean(ends), low - 3
    axes.text(*place, "10 µm", ha="center", fontsize=8, bbox=ground)


# %% mystnb={"image": {"alt": "Panel A: three rows of four small grey pictures of simulated cells, astrocytes, oligodendrocytes and neurons, with a scale bar of ten micrometres. Panel B: three rows of four Jurkat cells, G1, S+G2 and M, most of them round."}, "figure": {"name": "fig-figures-classes", "caption": "Cells of one class do not look alike, which is why one picture of each class says little about how hard a task is. A, simulated cells of three kinds; B, real Jurkat cells of three stages of the cell cycle. Drawn at random, brightfield; the size of a Jurkat pixel does not come with the images, so they have no scale bar."}}
figure = plt.figure(figsize=(4.6, 6.4))
panels = figure.subfigures(2, 1)
shown = zip(panels, (simulated, real), "AB", strict=True)
for panel, dataset, name in shown:
    axes, drawn = panel.subplots(3, 4), pick(dataset, 4)
    for label, row in enumerate(axes):
        pictures = [dataset.images[i] for i in drawn[label]]
        draw_row(row, pictures, dataset.window)
        row[0].set_title(dataset.classes[label], fontsize=9)
    letter(axes[0, 0], name)
scale_bar(panels[0].axes[3])
plt.show()
display(from_dataset(simulated), from_dataset(real))

# %% [markdown]
# ## Figure 3: the channels
#
# An imaging flow cytometer takes several pictures of each cell at once.
# The network is given the brightfield picture alone; in the others, a dye shows a marker of the cell's fate.
# The paper's figure has brightfield in channel 1 and the markers GFAP, Oligo2 and NeuN in channels 2, 3 and 11.
# {numref}`fig-figures-channels` has the same four channels for simulated cells.

# %% mystnb={"image": {"alt": "A table of pictures: one row for each of three simulated cells, one column each for brightfield and three marker channels. In the marker columns most pictures are dark; usually one per row is bright, another one in each row."}, "figure": {"name": "fig-figures-channels", "caption": "The markers answer the question that the brightfield picture only hints at; a network that saw them would not be label-free. One simulated cell of each kind, drawn at random; each channel has one grey scale for all three cells. GFAP fills the cytoplasm, the other two the nucleus. All channels are computed."}}
chosen = [index for indices in pick(simulated, 1) for index in indices]
images = {"Ch1 brightfield": [simulated.images[i] for i in chosen]}
for name, channel in MARKERS.items():
    images[f"Ch{channel} {name}"] = truth.markers(channel, chosen)
figure = draw_channels(images, simulated.classes)
scale_bar(figure.axes[0])
plt.show()
from_dataset(simulated)

# %% [markdown]
# Real cells come with reference channels as well, though with others.
# For Jurkat cells one shows the DNA, on which their labels rest, and one the light that a cell scatters to the side ({numref}`fig-figures-jurkat`).

# %% mystnb={"image": {"alt": "A table of pictures: three rows of real Jurkat cells, G1, S+G2 and M, with columns for brightfield, DNA stain and side scatter. The DNA picture shows a bright nucleus; side scatter shows a dark disc with a few bright specks at its rim."}, "figure": {"name": "fig-figures-jurkat", "caption": "The stage of a cell stands in its DNA picture, from which the labels were made; a network sees the brightfield picture alone and has to infer the stage. One real Jurkat cell of each class, drawn at random; each channel has one grey scale for all three cells."}}
known = take(real, np.flatnonzero(jurkat.has_reference(real.table)))
chosen = [index for indices in pick(known, 1, seed=1) for index in indices]
names = {3: "Ch3 brightfield", 4: "Ch4 DNA", 6: "Ch6 side scatter"}
rows = known.table.iloc[chosen]
images = {names[n]: list(jurkat.read_channel(n, rows)) for n in names}
draw_channels(images, known.classes)
plt.show()
block = from_dataset(known)
beside = ("Of the same cells", f"{names[4]}, {names[6]}")
replace(block, facts=(*block.facts, beside))

# %% [markdown]
# ## Figure 4: the architecture
#
# The paper draws the whole network (A), the fusion (B) and the gated block (C).
# Our counterparts are not drawn by hand: the network is run, and each box gets the shape of what left the part.
# {numref}`fig-figures-network` is panel A.

# %% tags=["computed"] mystnb={"image": {"alt": "A row of boxes, one per stage of the network, falling in height and, but for the last, growing in width; the fusion and the gate stand side by side in the middle in a second colour."}, "figure": {"name": "fig-figures-network", "caption": "A ResNet-50 with two more parts at one place: everything before and behind them is the standard network. Counterpart of panel A. Height: positions along one side; width: channels; both logarithmic, recorded while the network ran."}}
draw_place("fusion", "gate")
plt.show()

# %% [markdown]
# {numref}`fig-figures-modules` is panels B and C, in the reading of the text that fits the printed numbers of parameters ({doc}`/book/3_model/recovery`).
# Whether the authors' own drawing has the same boxes, we cannot say from its caption and the text.
# This cell records the shapes inside the fusion, and the next one those inside the gated block.

# %%
def shapes_of(module, *size):
    """What each part of a module makes of an input: its shape."""
    steps = trace_shapes(module, torch.zeros(1, *size))
    return {step.name: step.shape for step in steps}


shapes = shapes_of(FusionModule(), 512, 28, 28)
shapes

# %%
block = GatedCNNBlock(512)
inside = shapes_of(block, 512, 28, 28)
inside

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two flow charts. B: a map is narrowed, goes through linear-angular and cross-covariance attention side by side, is joined by the cross-attention fusion and widened again. C: a map is normalised and widened, then split into gate, information and context; the context is convolved; the product of the gate with the other two is brought back and added to the input. Each box holds the shape of what leaves it."}, "figure": {"name": "fig-figures-modules", "caption": "Both modules hand on the shape that they were given, so that either can be left out for an ablation. B, the fusion works at a quarter of the channels; C, the gated block works at more than twice of them. Each box: positions and channels of what leaves it, recorded while the module ran."}}
def boxed(name, shape):
    """The words of a box: a part, and the shape of what leaves it."""
    return f"{name}\n" + "×".join(map(str, shape))


fusion = {
    boxed("map", shapes["image"]): (0, 0, False), boxed("narrow (1×1)", shapes["reduce"]): (1, 0, False),
    boxed("linear-angular\nattention", shapes["linear_angular"]): (2, -0.6, True),
    boxed("cross-covariance\nattention", shapes["cross_covariance"]): (2, 0.6, True),
    boxed("cross-attention\nfusion", shapes["fuse"]): (3, 0, True),
    boxed("widen (1×1)", shapes["expand"]): (4, 0, False), boxed("map ", shapes["image"]): (5, 0, False),
}  # fmt: skip
assert shapes["fuse"][-1] * 4 == shapes["image"][0] and block.splits[0] > 2 * 512  # as the caption says
of_gate, of_information, of_context = ((28, 28, channels) for channels in block.splits)
gated = {
    boxed("map", inside["image"]): (0, 0, False), boxed("LayerNorm,\nFC1", inside["fc1"]): (1, 0, False),
    boxed("gate g: GELU", of_gate): (2, -1.05, True), boxed("information i", of_information): (2, 0, False),
    boxed("context c:\ndepthwise conv.", of_context): (2, 1.05, True),
    boxed("g times\n[i; c]", of_gate): (3, 0, True), boxed("FC2", inside["fc2"]): (4, 0, False),
    boxed("plus the input", inside["image"]): (5, 0, False),
}  # fmt: skip
a, b, c, d, e, f, g = fusion
fusion_arrows = [(a, b), (b, c), (b, d), (c, e), (d, e), (e, f), (f, g)]
a, b, c, d, e, f, g, h = gated
gated_arrows = [(a, b), (b, c), (b, d), (b, e), (c, f), (d, f), (e, f), (f, g), (g, h)]
figure, (above, below) = plt.subplots(2, 1, figsize=(7.6, 4.6), height_ratios=(1, 1.25))
draw_steps(above, "B   fusion", fusion, fusion_arrows)
draw_steps(below, "C   gated block", gated, gated_arrows)
plt.show()

# %% [markdown]
# **Take-away.**
# A figure that is made by code can be checked, and can be made again for other cells and other sizes.
#
# ```{exercise} A smaller image
# :label: exercise-figures-shapes
#
# Which numbers in the drawing of the fusion change for an image of 64 pixels, and which stay?
# Guess first, then record the shapes.
# ```
#
# ````{solution} exercise-figures-shapes
# :class: dropdown
#
# Only the number of positions changes, since no part of the module knows the size of the map.
# The next cell records both.
# ````

# %% tags=["hide-cell"]
large = shapes_of(FusionModule(), 512, 28, 28)  # a dictionary of shapes, at 224 pixels
small = shapes_of(FusionModule(), 512, 8, 8)  # the same at 64 pixels
for part in large:
    print(f"{part:<17} {large[part]!s:<15} {small[part]}")
assert all(a[-1] == b[-1] for a, b in zip(large.values(), small.values(), strict=True) if len(a) == 2)
assert torch.Size(small["image"]).numel() < torch.Size(large["image"]).numel()

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. What can a redrawn figure show that a copy of the original could not?
# How it comes about.
# It can be made again for other cells, another size or another network, and each part says where it comes from.
# What it cannot show is the authors' own cells.
# :::
#
# :::{dropdown} 2. The simulated cells carry the paper's class names. What follows about neurons?
# Nothing.
# The names say that three kinds are to be told apart; the pictures were computed, and no biology went into them.
# :::
#
# :::{dropdown} 3. The boxes of the architecture are not drawn by hand. Where do their shapes come from?
# The network is run, and each part's output is recorded.
# So the drawing cannot disagree with the code that it shows.
# :::
