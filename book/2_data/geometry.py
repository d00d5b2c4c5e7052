# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Geometry and augmentation
#
# **You will learn** what happens to a picture of a cell on its way into the network, how much of the cell arrives, which invariances the random steps can teach and which not, and how all of it becomes two matrix products.
#
# **You need** {doc}`/book/2_data/meeting_the_data`, and matrix products.
# Reading takes about {reading-time}`this page`.
#
# A camera of a flow cytometer cuts out a few thousand pixels around each cell.
# ResNet-50 expects a square of 224 by 224.
# Between the two stands what the paper {cite}`li2026cgrecnet` calls Algorithm 1.
# It is short, ordinary, and decides what the network can know.

# %% tags=["remove-cell"]
import json

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Rectangle

from cgrecnet.data import intensity, open_dataset, transforms
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.batches.cells import central_crops, random_crops
from cgrecnet.data.batches.coverage import (
    evaluation_shares,
    kept_shares,
    seen_boxes,
    training_boxes,
    training_shares,
)
from cgrecnet.data.batches.reference import largest_difference
from cgrecnet.data.batches.transform import BatchTransform, axis_weights
from cgrecnet.data.cytometer import simulate
from cgrecnet.data.traits import deviating_area
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.claims import load_claims
from cgrecnet.paths import RESULTS

use_book_style()
simulated = open_dataset("cytometer", options={"cells": 300, "seed": 1})
truth = simulate(simulated.options)
cells = open_dataset("jurkat")
printed = {value.name: value for name in ("C03", "C04") for value in load_claims()[name].values}
short, size = int(printed["short side"].number), int(printed["centre crop"].number)
assert (short, size, printed["flip probability"].number) == (256, 224, 0.5)
assert transforms.IMAGENET_MEAN == (0.485, 0.456, 0.406) and transforms.IMAGENET_STD == (0.229, 0.224, 0.225)
assert intensity.SPAN == 5 and intensity.BORDER == 2 and intensity.INTENSITIES == ("none", "standardise", "background", "both")
zhu = json.loads((RESULTS / "zhu-samples" / "crops.json").read_text())["cells"]
own = [cell for cell in zhu if cell["kind"] in ("astrocyte", "oligodendrocyte", "neuron")]
(own_width,) = {cell["width"] for cell in own}
heights = [cell["height"] for cell in own]
usual = max(set(heights), key=heights.count)
tell(
    own=len(own), width=own_width, least_height=min(heights), most_height=max(heights),
    strangers=len(zhu) - len(own), usual_count=heights.count(usual), usual=usual,
)  # fmt: skip

# %% [markdown]
# Where no truth is needed, this page shows real cells (`jurkat`); where the outline of a cell must be known, simulated ones.
#
# ## Algorithm 1
#
# Cells to be judged are treated the same way every time: the short side is resized to 256 pixels, and the middle 224 by 224 are cut out.
# Cells to train on are treated at random: a box of random size, shape and place is cut out, resized to 224 by 224, and mirrored left to right half of the time.
# Both end with ImageNet's normalisation of each colour channel $c$, the grey value $u$ (black 0, white 1) copied into all three:
#
# $$
# \begin{aligned}
# x_c &= \frac{u - \mu_c}{\sigma_c}, \\
# \mu &= (0.485, 0.456, 0.406), \\
# \sigma &= (0.229, 0.224, 0.225).
# \end{aligned}
# $$ (eq-geometry-normalise)
#
# In torchvision this is two short lists, and they are the reference that everything below is held to.

# %%
show_code(transforms.train_transform, transforms.eval_transform)

# %% [markdown]
# The paper gives no range for the random box.
# We use torchvision's: of an image of $H \times W$ pixels, the area $A$ is uniform between 8 and 100 % and the ratio of width to height, $r$, is log-uniform between 3/4 and 4/3,
#
# $$
# \begin{aligned}
# w &= \operatorname{round}\sqrt{A r}, \\
# h &= \operatorname{round}\sqrt{A / r},
# \end{aligned}
# $$ (eq-geometry-box)
#
# drawn again until the box fits.
# Its place is uniform over all places where it fits.
# If ten draws in a row do not fit, the largest central box of an allowed ratio is taken.
# {numref}`fig-geometry-views` shows what comes out.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rows, one cell each. First the exported crop with five coloured frames drawn on it, then four training views, some of which show a cell filling the view, some a part of it, then the evaluation view with the cell in the middle."}, "figure": {"name": "fig-geometry-views", "caption": "The same cell looks different in every epoch, and always the same when it is judged. A, the crop as it was exported, with the boxes that are cut; B, the training views of four epochs, frames in the colours of the boxes; C, the evaluation view. The first cell of each class, each row on one grey scale."}}
first = [int(np.flatnonzero(cells.labels == label)[0]) for label in range(3)]
training, judged = (BatchedCells(cells, first, size, train=train, in_channels=1) for train in (True, False))
views = [(training.batch(np.array(first), epoch)[0], training.crops(np.array(first), epoch)) for epoch in range(4)]
views.append((judged.batch(np.array(first), 0)[0], judged.crops(np.array(first), 0)))
figure, axes = plt.subplots(3, 6, figsize=(4.6, 2.8))
for k, (row, index) in enumerate(zip(axes, first, strict=True)):
    black, white = cells.window
    exported = (cells.images[index].astype(float) - black) / (white - black)
    seen = [x[k, 0].numpy() * np.mean(transforms.IMAGENET_STD) + np.mean(transforms.IMAGENET_MEAN) for x, _ in views]
    draw_row(row, [exported, *seen], (seen[-1].min(), seen[-1].max()))
    for place, (_, crops), colour in zip(row[1:], views, [*PALETTE[:4], "black"], strict=True):
        top, left, height, width = seen_boxes(crops[k : k + 1], size)[0]
        row[0].add_patch(Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=colour))
        place.spines[:].set(visible=True, linewidth=2, edgecolor=colour)
        if crops.flip[k]:
            place.set_xlabel("flipped", fontsize=8, labelpad=1)
for column, name in ((0, "A"), (1, "B"), (5, "C")):
    letter(axes[0, column], name)
plt.show()
from_dataset(cells)

# %% [markdown]
# ## What evaluation keeps
#
# If $s$ is the short and $l$ the long side, the middle square of 224 pixels out of a picture whose short side is 256 covers
#
# $$
# \begin{aligned}
# &\frac{224}{256} \text{ of the short side and} \\
# &\frac{224}{256} \cdot \frac{s}{l} \text{ of the long one}.
# \end{aligned}
# $$ (eq-geometry-kept)
#
# {numref}`fig-geometry-kept` draws the share of the area, and the table below gives what is kept in exported pixels.
#
# The {glue:text}`own` public samples that we have of the paper's three classes are all {glue:text}`width` pixels wide, and {glue:text}`least_height` to {glue:text}`most_height` high.
# {glue:text}`usual_count` of them have {glue:text}`usual` rows.

# %%
rows = []
for height, width in ((45, 60), (37, 60), (57, 60)):
    crop = central_crops([height], [width], size)
    larger = crop.resized_height[0], crop.resized_width[0]
    _, _, tall, wide = seen_boxes(crop, size)[0]
    shares = wide / width, tall / height, kept_shares([height], [width])[0]
    kept = f"{wide:.0f} × {tall:.0f}", *(f"{share:.0%}" for share in shares)
    factor = f"{larger[0] / height:.1f}"
    sizes = f"{width} × {height}", f"{larger[1]} × {larger[0]}"
    rows.append((*sizes, factor, *kept))
headers = ["exported", "enlarged to", "factor", "kept"]
headers += ["of the width", "of the height", "of the area"]
wide_table(headers, rows, "What evaluation keeps")

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Above: a rising curve, falling again after the peak, of the kept share of the area against the height of a crop 60 pixels wide, from a third at height 26 to three quarters at height 60. Below: two grey rectangles with the kept squares framed in their middle."}, "figure": {"name": "fig-geometry-kept", "caption": "The flatter the exported crop, the less of it is judged: a square is cut out of a rectangle. A, the share of the area that the evaluation crop keeps of a crop 60 pixels wide, about three quarters at most; B and C, two crops (grey) and what is kept of them (orange)."}}
heights = np.arange(26, 95)
shares = kept_shares(heights, np.full_like(heights, 60))
figure, places = plt.subplot_mosaic("AA;BC", figsize=(4.6, 5.0))
curve, *drawn = places.values()
curve.plot(heights, shares)
curve.set(xlabel="crop height (pixels)", ylabel="area kept", ylim=(0, 1))
for axes, name, height in zip(drawn, "BC", (45, 37), strict=True):
    share = shares[heights == height][0]
    curve.plot(height, share, "o", color=PALETTE[1])
    curve.annotate(name, (height, share), (6, -10), textcoords="offset points")
    top, left, tall, wide = seen_boxes(central_crops([height], [60], size), size)[0]
    axes.add_patch(Rectangle((0, 0), 60, height, facecolor="0.85"))
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=PALETTE[1], linewidth=2))
    axes.set(xlim=(-1, 61), ylim=(61, -1), aspect="equal", title=f"60 × {height}: {share:.0%} kept", xlabel="source pixels")
for axes, name in zip((curve, *drawn), "ABC", strict=True):
    letter(axes, name)
assert shares.max() == kept_shares([60], [60])[0] and round(shares.max(), 2) == 0.77
assert central_crops([45], [60], size).resized_width[0] == 341
plt.show()

# %% [markdown]
# A share of the picture is not a share of the cell.
# An export is mostly wider than its cell, and the cell stands near the middle.
# So we measure what is kept *of the cell*: of simulated cells by their true outline, and of real cells by the largest region that deviates from the background.
# That region has the halo of the cell in it, and misses what is as faint as the noise, a thin process for one.

# %%
rng = np.random.default_rng(0)
some = np.sort(rng.choice(len(cells), 500, replace=False))
areas = [deviating_area(cells.images[i]) for i in some]
areas = [area for area in areas if area.any()]

# %%
kept = {
    "simulated": evaluation_shares(truth.cell_masks),
    "jurkat, real": evaluation_shares(areas),
    "Zhu samples, real": np.array([cell["kept_of_cell"] for cell in zhu]),
}
rows = []
for name, share in kept.items():
    whole = np.mean(share > 0.999)
    assert whole > 0.9
    rows.append((name, len(share), f"{whole:.1%}", f"{share.min():.1%}"))
headers = "cells", "number", "wholly kept", "least kept"
wide_table(headers, rows, "What is kept")

# %% [markdown]
# What the centre crop cuts off is background, in nearly every cell of these sets.
# The public samples (Zhu et al.) were measured beforehand; {glue:text}`strangers` of them are of another inducer.
# They are few, and `benchmarks/zhu_crops.py` measures any others in the same way.
#
# The paper says that this step works "without introducing artificial geometric distortions".
# For evaluation, which the sentence is about, that holds: both sides grow by the same factor, apart from the rounding of one side to whole pixels.
# In training a box of ratio $r$ becomes a square, which stretches a cell by up to a third along one side.
# Enlarging adds no information; the first exercise below counts how much there is.
#
# ## What training shows
#
# A random box can be small and can lie anywhere.
# How small, and how often does it miss the cell?
# {numref}`fig-geometry-boxes` shows some boxes, and {numref}`fig-geometry-shares` counts many.

# %% mystnb={"image": {"alt": "Four simulated cells with orange outlines, each with six blue boxes of differing size and place; some boxes contain the cell, some cut it."}, "figure": {"name": "fig-geometry-boxes", "caption": "Where the boxes lie: six epochs of four simulated cells. Orange, the true outline of the cell; blue, the boxes of the default range. Whatever a box shows of its cell, it carries the cell's label."}}
figure, axes = plt.subplots(2, 2, figsize=(4.6, 3.6))
draw_row(axes.ravel(), simulated.images[:4], simulated.window)
for i, place in enumerate(axes.ravel()):
    outline = truth.cell_masks[i]
    place.contour(outline, levels=[0.5], colors=[PALETTE[1]], linewidths=1)
    boxes = training_boxes(outline.shape, i, epochs=6, scale=(0.08, 1.0))
    for top, left, height, width in boxes:
        frame = Rectangle((left - 0.5, top - 0.5), width, height)
        frame.set(fill=False, edgecolor=PALETTE[0], linewidth=1.2)
        place.add_patch(frame)
plt.show()

# %%
ranges = {"8 to 100 %": 0.08, "50 to 100 %": 0.5, "80 to 100 %": 0.8}
inside, rows = {}, []
for name, least in ranges.items():
    scale = least, 1.0
    inside[name], fill = training_shares(truth.cell_masks, 20, scale)
    cases = inside[name] == 0, inside[name] < 0.5, inside[name] > 0.999
    counted = [f"{np.mean(case):.1%}" for case in cases]
    rows.append((name, *counted, f"{np.median(fill):.0%}"))
headers = ["area of the box", "no cell", "under half", "whole cell"]
headers += ["cell's median share"]
wide_table(headers, rows, "What training shows")

# %% [markdown]
# Of {glue:text}`boxes` boxes drawn for a crop of 60 × 45 pixels, the smallest has {glue:text}`least_wide:.0f` × {glue:text}`least_tall:.0f`, enlarged {glue:text}`times:.0f` times.
# The table counts {glue:text}`cells` simulated cells in {glue:text}`epochs` epochs each: how often a box shows none of its cell, less than half of it, or all, and the share of the box that the cell takes in the median.

# %% mystnb={"image": {"alt": "Cumulative curves of the share of the cell inside the crop. The curve of torchvision's default range starts a few per cent above zero and rises slowly; the curves of 50 to 100 per cent and 80 to 100 per cent and of evaluation stay near zero until the share is close to one."}, "figure": {"name": "fig-geometry-shares", "caption": "At torchvision's default range a part of all training crops shows little or nothing of the cell; at 50 to 100 % hardly any does. How many crops (up) show at most a share (right) of their cell; simulated cells, whose outline is known exactly."}}
figure, axes = plt.subplots(figsize=(4.6, 3.0))
for name, shares in inside.items():
    axes.ecdf(shares.ravel(), label=f"training, areas {name}")
axes.ecdf(kept["simulated"], label="evaluation", color="k", linestyle="--")
axes.set(xlabel="share inside crop", xlim=(-0.01, 1.01))
axes.set(ylabel="share of crops", ylim=(0, 1))
axes.legend(loc="upper left")
plt.show()
from_dataset(simulated)

# %% [markdown]
# A crop without a cell still has the cell's label.
# If the background says nothing about the class, such crops are noise, and a network learns in spite of them.
# If the background does say something, because classes were recorded in different runs, they are lessons in reading the background.
# So the range of areas, which the paper does not print, would matter most where runs and classes go together.
#
# ## A flip is not a rotation
#
# A cell in suspension arrives at any angle, and the paper adds the flip "to accommodate the rotational invariance inherent in suspension cell imaging".
# The reason is good, but a flip covers only a part of it.
# A horizontal flip and its repetition make two pictures, {numref}`fig-geometry-turns`.
# The other turns are never shown.

# %%
turns = {
    "as it is": lambda image: image,
    "flipped left-right": lambda image: image[..., ::-1],
    "flipped top-bottom": lambda image: image[..., ::-1, :],
    "turned by 90°": lambda image: np.rot90(image, axes=(-2, -1)),
    "turned by 180°": lambda image: np.rot90(image, 2, axes=(-2, -1)),
    "turned by 270°": lambda image: np.rot90(image, 3, axes=(-2, -1)),
}

# %% mystnb={"image": {"alt": "Six views of one cell: as it is, flipped left-right, flipped top-bottom, turned by 90, 180 and 270 degrees. The first two have orange frames."}, "figure": {"name": "fig-geometry-turns", "caption": "Of six ways to turn a cell, training with a horizontal flip shows two (framed). All six are the same cell, and a microscope could have seen any of them."}}
figure, axes = plt.subplots(2, 3, figsize=(4.6, 3.6))
cell = cells.images[first[0]]
pictures = [turn(cell) for turn in turns.values()]
draw_row(axes.ravel(), pictures, cells.window)
for place, name in zip(axes.ravel(), turns, strict=True):
    place.set_title(name, fontsize=9)
for place in axes.ravel()[:2]:
    place.spines[:].set(visible=True, linewidth=2, edgecolor="tab:orange")
plt.show()
from_dataset(cells)

# %% [markdown]
# What a model learns from flips can be shown with one that is simple enough to reason about.
# Train a logistic regression on the pixels of cells and of their mirror images.
# Its loss, with the usual penalty on large weights, is strictly convex and does not change when all pictures are mirrored, so its only minimum does not change either: the weights are symmetric, and a mirrored cell gets exactly the same answer.
# Nothing of the kind holds for the other turns.
# The share of n new cells whose class changes:

# %%
from sklearn.linear_model import LogisticRegression

chosen = np.random.default_rng(0).permutation(len(cells))[:900]
one = {"in_channels": 1, "batch_size": 900}
views = BatchedCells(cells, chosen, 24, train=False, **one)
pixels, labels, _ = next(iter(views))
pixels, labels = pixels[:, 0].numpy(), labels.numpy()
half = len(pixels) * 2 // 3
mirrored = np.concatenate([pixels[:half], pixels[:half, :, ::-1]])

# %%
rows = mirrored.reshape(len(mirrored), -1)
answer = np.tile(labels[:half], 2)
model = LogisticRegression(C=0.1, max_iter=300, class_weight="balanced")
model = model.fit(rows, answer)


def answers(turn):
    turned = np.ascontiguousarray(turn(pixels[half:]))
    return model.predict(turned.reshape(len(turned), -1))


same = answers(turns["as it is"])
changed = {}
for name, turn in turns.items():
    changed[name] = np.mean(answers(turn) != same)
    print(f"{name:20} {changed[name]:5.1%}")
assert changed["flipped left-right"] == 0
assert min(changed["flipped top-bottom"], changed["turned by 90°"]) > 0
print(f"n = {len(pixels) - half}")

# %% [markdown]
# The loss of a deep network is not convex, and its answers to a mirrored cell need not be exactly the same.
# But what it is not shown, it has no reason to learn either.
# A vertical flip would cost nothing and show two more of the six; quarter turns of a square view would show all.
# The paper names neither, and the reproduction follows the paper.
#
# ## Two matrix products
#
# Cropping, resizing and flipping are all *linear* in the pixels, and they act on rows and columns separately.
# So each view of a cell is
#
# $$
# Y = R\, P\, C,
# $$ (eq-geometry-map)
#
# where $P$ are the source pixels, $R$ (224 rows, one column per source row) mixes rows, and $C$ mixes columns.
# Whatever was drawn at random, box, shape and flip, stands in $R$ and $C$.
# A side of $L$ source pixels that becomes $N$ pixels long has the weights
#
# $$
# \begin{aligned}
# R_{ij} &= \frac{t_{ij}}{\sum_k t_{ik}}, \\
# t_{ij} &= \max\Big(0, 1 - \frac{d_{ij}}{2\max(L, N)}\Big), \\
# d_{ij} &= |(2j+1) N - (2i+1) L|,
# \end{aligned}
# $$ (eq-geometry-weights)
#
# a triangle over the source pixels $j$ about the middle of output pixel $i$; $C$ holds those of the columns, transposed.
# When a side grows, the triangle is one source pixel wide to either side: bilinear interpolation.
# When it shrinks, the triangle widens with it, so that no source pixel is skipped: this is what *antialias* means.
# The numbers between the bars are whole, and a computer holds them exactly.
# {numref}`fig-geometry-weights` shows such weights.
# For the evaluation crop, $i$ starts at the first pixel that is kept; for a flip, the source pixels are read backwards.

# %%
show_code(axis_weights)

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Above: a matrix of 224 rows and 15 columns as a grey picture with a dark diagonal band. Middle: weights of three neighbouring output pixels when 45 pixels become 224, each made of two source pixels. Below: the same when 300 pixels become 64, broad triangles over nine or ten source pixels."}, "figure": {"name": "fig-geometry-weights", "caption": "A resize is a band of weights along the diagonal, narrow when a side grows and broad when it shrinks. A, all weights of a small training box, dark is more; B, three neighbouring output pixels of an enlarged side: each is made of one or two source pixels; C, of a side that shrinks: each is a weighted mean over many."}}
def weights(length, resized):
    """The matrix of one side: a row for each output pixel, a column for each source pixel."""
    numbers = (torch.tensor([n]) for n in (length, resized, 0))
    return axis_weights(*numbers, resized, length)[0].numpy()


figure, (whole, *parts) = plt.subplots(3, 1, figsize=(4.6, 7.6))
whole.imshow(weights(15, 224), aspect="auto", cmap="gray_r", vmin=0)
whole.set(xlabel="source pixel j", ylabel="output pixel i", title="15 pixels to 224")
for axes, length, resized, fewest, most in zip(parts, (45, 300), (224, 64), (1, 8), (2, 11), strict=True):
    matrix, middle = weights(length, resized), resized // 2
    for i in range(middle, middle + 3):
        there = np.flatnonzero(matrix[i])
        span = np.arange(there[0] - 1, there[-1] + 2)
        axes.plot(span, matrix[i, span], "o-", markersize=3, label=f"i = {i}")
    axes.set(xlabel="source pixel j", ylabel="weight", title=f"{length} pixels to {resized}", ylim=(0, 1.3 * matrix[middle].max()))
    axes.legend(fontsize=8, ncol=3, loc="upper center", handlelength=1, columnspacing=0.7)
    axes.xaxis.get_major_locator().set_params(integer=True)
    used = (matrix > 0).sum(axis=1)[2:-2]
    assert fewest <= used.min() and used.max() <= most
for axes, name in zip((whole, *parts), "ABC", strict=True):
    letter(axes, name)
plt.show()

# %% [markdown]
# For a batch, the pixels lie in one array of shape (cells, rows, columns), padded to the largest box, and the weights in two more; what is padded has weight zero.
# Then a batch is two batched matrix products, and the same code serves a CPU and a GPU.
# Because the weights of a row sum to 1, the normalisation {eq}`eq-geometry-normalise` of the first channel can be done on the few source pixels before they are enlarged; the other two channels are straight lines in the first.

# %%
show_code(BatchTransform._resampled, BatchTransform._channels)

# %% [markdown]
# `BatchedCells` gives what a loader gives, batches of tensors, labels and indices.
# The box of a cell follows from three numbers, the seed, the epoch and the cell's index, through a generator that is computed and not stored, so that neither the order of the cells nor the number of threads can change it.

# %%
path = {"train": True, "seed": 42, "shuffle": True}
batches = BatchedCells(cells, chosen, size=224, **path)
batches.set_epoch(3)
tensors, labels, indices = next(iter(batches))
tuple(tensors.shape), labels[:5].tolist(), indices[:5].tolist()

# %% [markdown]
# ### Live check
#
# The batched path must equal torchvision, cell by cell, for the same boxes.
# torchvision computes the place of an output pixel in single precision; 60 source pixels from the edge that is good to about $60 \cdot 2^{-23} \approx 7 \cdot 10^{-6}$ of a pixel, and neighbouring pixels differ by 1 at most (white minus black).
# So we allow a difference of $10^{-5}$ on the scale where white is 1.

# %%
allowed, worst = 1e-5, {}
for side in (64, 224):
    for train in (True, False):
        some = range(100)
        how = {"train": train, "batch_size": 100}
        path = BatchedCells(simulated, some, side, **how)
        batch, _, index = next(iter(path))
        images = [simulated.images[i] for i in index]
        crops = path.crops(index.numpy(), 0)
        found = largest_difference(batch, images, simulated.window, crops)
        worst[side, train] = found
        what = "training" if train else "evaluation"
        print(f"{side:3} px, {what:10}  largest difference {found:.1e}")
assert max(worst.values()) < allowed

# %% [markdown]
# And its random boxes must have torchvision's distribution.
# The Kolmogorov-Smirnov test asks how likely two samples of one distribution would lie this far apart or farther; a small probability speaks against it.

# %%
from scipy.stats import ks_2samp
from torchvision.transforms import v2

torch.manual_seed(0)
crop, count = v2.RandomResizedCrop(224, antialias=True), 2000
drawn = [crop.make_params([torch.zeros(1, 45, 60)]) for _ in range(count)]
sides = "top", "left", "height", "width"
theirs = np.array([[box[side] for side in sides] for box in drawn])

# %%
heights, widths = [45] * count, [60] * count
cell = range(count)
ours = random_crops(heights, widths, cell, seed=0, epoch=0, size=224)
ours = np.stack([ours.top, ours.left, ours.height, ours.width], axis=1)
features = {
    "area": lambda b: b[:, 2] * b[:, 3],
    "ratio": lambda b: b[:, 3] / b[:, 2],
    "middle row": lambda b: b[:, 0] + b[:, 2] / 2,
    "middle column": lambda b: b[:, 1] + b[:, 3] / 2,
}
for name, feature in features.items():
    p = ks_2samp(feature(theirs), feature(ours)).pvalue
    assert p > 1e-4
    print(f"{name:14} p = {p:.2f}")

# %% [markdown]
# ### How fast
#
# The usual way is one image file per cell, PIL to read and resize it, and a `DataLoader` that collects batches.
# `benchmarks/input_path.py` runs both on the same simulated cells, written as files and packed into a store, in turn, in one process.
# For either it takes the better of no workers and one per core.
# The last column compares the processor time of both without workers, which other work on the machine does not enter.

# %% tags=["remove-input"]
records = [json.loads(path.read_text()) for path in sorted((RESULTS / "bench-input-path").glob("*.json"))]
record = max(records, key=lambda each: each["cells"])
hardware = record["hardware"]
headers = ("pixels, transform", "batch", "files, images/s", "batched, images/s", "ratio (quartiles)", "of processor time")
rows = []
for one in [one for each in records for one in each["speed"]]:
    tutorial, ours = (one["images_per_second"][one["best"][kind]]["median"] for kind in ("tutorial", "batched"))
    ratios = (f"{r['median']:.1f} ({r['lower']:.1f} to {r['upper']:.1f})" for r in (one["ratio"], one["processor_time_ratio"]))
    rows.append((f"{one['size']}, {one['transform']}", str(one["batch"]), f"{tutorial:,.0f}", f"{ours:,.0f}", *ratios))
same = {one["size"]: one for one in record["equality"]}
assert all(one["to_torchvision_v2_largest"] < allowed and one["to_tutorial_largest"] < 2 / 255 for one in same.values())
busy = [share for each in records for share in each["busy_with_other_work"]]
tell(
    numbers=" or ".join(sorted({format(each["cells"], ",") for each in records})), repeats=min(each["repeats"] for each in records),
    cores=hardware["cores"], cpu=hardware["cpu"], torch=record["software"]["torch"],
    least_busy=100 * min(busy), most_busy=100 * max(busy),
    most_off=same[224]["to_tutorial_largest"] * 255, mean_off=same[224]["to_tutorial_mean"] * 255,
)  # fmt: skip
default = inside["8 to 100 %"]
assert np.mean(default == 0) > np.mean(inside["50 to 100 %"] == 0)
assert np.mean(inside["50 to 100 %"] < 0.5) < 0.01 < np.mean(default < 0.5)
boxes = np.concatenate([training_boxes((45, 60), i, 20, (0.08, 1.0)) for i in range(100)])
smallest = boxes[np.argmin(boxes[:, 2] * boxes[:, 3])]
tell(
    boxes=f"{len(boxes):,}", least_wide=smallest[3], least_tall=smallest[2], times=size / smallest[3],
    cells=default.shape[0], epochs=default.shape[1],
)  # fmt: skip
wide_table(headers, rows, "Both ways")

# %% [markdown]
# The cells are {glue:text}`numbers` simulated ones, with at least {glue:text}`repeats` repeats, on {glue:text}`cores` cores ({glue:text}`cpu`), torch {glue:text}`torch`.
# The machine was shared: between the measurements, other work kept {glue:text}`least_busy:.0f` to {glue:text}`most_busy:.0f` % of its cores busy.
# Speeds are therefore lower bounds, and the ratios, taken repeat by repeat (so that they are not the quotients of the two columns before them), are the result.
# PIL resizes in 8 bits, so that its outputs differ from ours: by {glue:text}`most_off:.2f` grey levels at most, {glue:text}`mean_off:.2f` on average over the pixels of the evaluation views.
#
# The batched path opens no file per cell, calls the library per batch and not per image, and uses its memory again.
# How much that matters depends on the network: one that takes longer over an image than its input path gains nothing.
#
# ## Intensity: what the lamp did
#
# Algorithm 1 leaves grey levels as they are.
# Where runs differ in background or gain, a network may read the run off the brightness.
# Two steps, alone or together, take that away before the crop; each choice is one straight line per image, cut to the unit range:
#
# $$
# u' = \operatorname{clip}_{[0,1]}\!\Big(\tfrac12 + g\,(u - m)\Big) .
# $$ (eq-geometry-intensity)
#
# | option | $m$ | $g$ | what is kept |
# |---|---|---|---|
# | `none` | | | everything ($u' = u$); the default, and the paper's way |
# | `standardise` | mean of the image | $1 / (10\,\mathrm{sd})$ | the pattern, whatever its level and strength |
# | `background` | median of the border | 1 | differences between pixels, in grey levels |
# | `both` | median of the border | $1 / (10\,\mathrm{sd})$ | the pattern; the background is 1/2 in every image |
#
# Mean and standard deviation (sd) are those of the whole exported crop, and the border is its outermost two pixels.
# So 1/2 is the new middle, and 0 and 1 lie five standard deviations away.
# With any of the three, an image without contrast becomes 1/2 everywhere.
# {numref}`fig-geometry-intensity` shows the four side by side.

# %% mystnb={"image": {"alt": "Four rows of six simulated cells, two of each of three acquisition runs. In the first row the backgrounds have different greys; in the second and fourth row all cells have strong and equal contrast on mid grey; in the third row the background is mid grey and the contrast as faint or strong as before."}, "figure": {"name": "fig-geometry-intensity", "caption": "Taking off the background leaves the contrast of each run, standardising takes both. Two simulated cells of each of three acquisition runs, all pictures on the scale from 0 (black) to 1 (white)."}}
runs = simulated.table["group"].to_numpy()
three = np.unique(runs)[:3]
pairs = [i for run in three for i in np.flatnonzero(runs == run)[:2]]
figure, axes = plt.subplots(4, 6, figsize=(7.0, 3.3))
for row, option in zip(axes, intensity.INTENSITIES, strict=True):
    transform = intensity.Intensity(option)
    for place, i in zip(row, pairs, strict=True):
        unit = transforms.to_unit(simulated.images[i], simulated.window)
        draw_row([place], [transform(unit)[0].numpy()], (0, 1))
    row[0].set_ylabel(option, rotation=0, ha="right", va="center")
for place, i in zip(axes[0], pairs, strict=True):
    place.set_title(runs[i], fontsize=9)
plt.show()
from_dataset(simulated)

# %% [markdown]
# How much of the run is left?
# For each option and three numbers of an image, the table gives the share of the variance over cells that lies between runs, $\eta^2$ (0: the run says nothing about the number, 1: it says all), and the share of pixels that the cut to the unit range touches.

# %%
def between(values):
    """Share of the variance over images that lies between runs."""
    values = np.array(values)
    means = {run: values[runs == run].mean() for run in np.unique(runs)}
    return np.var([means[run] for run in runs]) / values.var()


def numbers(image):
    """Median and sd of the outermost two pixels, and sd of the image."""
    inner = np.zeros(image.shape, bool)
    inner[2:-2, 2:-2] = True
    border = image[~inner]
    return np.median(border), border.std(), image.std()


# %%
rows, eta = [], {}
units = [transforms.to_unit(x, simulated.window) for x in simulated.images]
for option in intensity.INTENSITIES:
    transform = intensity.Intensity(option)
    seen = [transform(unit)[0].numpy() for unit in units]
    medians, spreads, contrasts = zip(*map(numbers, seen), strict=True)
    eta[option] = [between(one) for one in (medians, spreads, contrasts)]
    pixels = np.concatenate([x.ravel() for x in seen])
    cut = np.mean((pixels <= 0) | (pixels >= 1))
    shares = [f"{value:.2f}" for value in eta[option]]
    rows.append((option, *shares, f"{cut:.2%}"))
headers = ["option", "border, median", "border, sd", "image, sd"]
headers += ["pixels cut"]
wide_table(headers, rows, "Runs in numbers")

# %% tags=["remove-cell"]
assert eta["none"][0] > 0.9 and max(eta["background"][0], eta["both"][0]) < 0.1 < eta["standardise"][0]
assert abs(eta["background"][2] - eta["none"][2]) < 0.01 and max(eta["standardise"][2], eta["both"][2]) < 0.1 < eta["none"][2]

# %% [markdown]
# In these simulated cells the level of the border gives the run away, and removing the background removes that.
# It leaves the contrast as it was, and the contrast differs between runs too.
# Standardising removes the contrast, but it moves the background: the mean that it subtracts depends on the cell and on the focus of its run, so that the border still tells something.
# `both` removes the two, and with them any difference in contrast that was biology.
# Which of these helps or harms a classifier is a question for runs with grouped splits, not for a figure.
#
# **Take-away.**
# Evaluation cuts off background and hardly any cell; training, at the default range, shows crops with little or no cell; a flip teaches a flip.
# All of it is one linear map per axis, and that makes it quick.
#
# ```{exercise} How much information is in a view?
# :label: exercise-geometry-rank
#
# A training box of 15 × 15 pixels becomes a view of 224 × 224.
# How many numbers can be chosen freely in it? Use {eq}`eq-geometry-weights` and the rank of a matrix.
# ```
#
# ````{solution} exercise-geometry-rank
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
number = torch.tensor
R = axis_weights(number([15]), number([224]), number([0]), 224, 15)[0]
rank = int(torch.linalg.matrix_rank(R))  # the rank of the weights of one axis
assert rank == 15
print(f"R {tuple(R.shape)}, rank {rank}: {rank**2} free numbers")
print(f"{224 * 224 / rank**2:.0f} times as many pixels")

# %% [markdown]
# ```{exercise} A range that keeps the cell
# :label: exercise-geometry-range
#
# Which smallest area of the random box, in steps of 5 %, makes 99 of 100 training crops show at least half of their cell?
# Use `training_shares` and the simulated cells.
# ```
#
# ````{solution} exercise-geometry-range
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
for least in np.arange(0.05, 1.0, 0.05):
    share, _ = training_shares(truth.cell_masks, epochs=10, scale=(least, 1.0))
    enough = np.mean(share >= 0.5)
    print(f"areas from {least:.0%}: {enough:.1%} of crops")
    if enough >= 0.99:
        break

# %% [markdown]
# ```{exercise} A half turn out of two flips
# :label: exercise-geometry-turn
#
# Reversing the rows of $R$ in {eq}`eq-geometry-map` flips the view top to bottom.
# Show that a horizontal and a vertical flip together are a turn by 180°, and that no number of flips is a turn by 90°.
# ```
#
# ````{solution} exercise-geometry-turn
# :class: dropdown
#
# The next cell is the solution, and it runs.
# Flips only reverse the order of rows or of columns, so that $R P C$ keeps rows as rows; a quarter turn makes rows into columns, which takes a transposition: $Y^\top = C^\top P^\top R^\top$.
# ````

# %% tags=["hide-cell"]
rng = np.random.default_rng(0)
view = rng.random((4, 4))  # any square picture
J = np.eye(4)[::-1]  # reverses the order of rows (from the left) or columns (from the right)
assert np.array_equal(J @ view @ J, np.rot90(view, 2))
assert np.array_equal(J @ view.T, np.rot90(view))
flips = [view, J @ view, view @ J, J @ view @ J]
print("a quarter turn:", any(np.array_equal(flip, np.rot90(view)) for flip in flips))

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A small crop is enlarged to the network's input. Does the network then see more?
# No.
# Enlarging computes new pixels from old ones; no detail is added.
# It changes the scale at which the filters meet the cell, and what each step costs.
# :::
#
# :::{dropdown} 2. Horizontal flips are used in training. Does the network learn that cells may be turned by a quarter?
# No.
# Flips teach flips.
# No chain of flips gives a quarter turn, so that invariance has to be taught by turns or built in.
# :::
#
# :::{dropdown} 3. Why can crop, flip and resize be written as two matrix products?
# Each is linear in the grey levels and treats rows and columns separately.
# So one matrix works on the rows and one on the columns, and their product with others is again one matrix for each axis.
# :::
