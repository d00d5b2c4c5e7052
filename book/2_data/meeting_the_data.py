# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Meeting the data
#
# **You will learn** what an imaging flow cytometer hands over, which cells this book trains on, and why no number of one data set may be shown as a number of another.
#
# An imaging flow cytometer lets cells float past a microscope one by one and takes several pictures of each.
# The *brightfield* picture needs no dye: light passes through the cell, and what the cell bends or swallows makes it visible.
# Other channels show dyes, such as one that binds DNA.
# A *label-free* classifier may look at the brightfield picture alone; the dyes are for checking.
#
# The paper {cite}`li2026cgrecnet` classifies neural stem cells that were led to become astrocytes, oligodendrocytes or neurons, photographed by Zhu and colleagues {cite}`zhu2021deep`.
# Those images are not part of this project, and this page does not show any.
# Two other data sets stand in, and each has its own job.
#
# | name | what it is | its job |
# |---|---|---|
# | `jurkat` | real cells from a real instrument {cite}`blasi2016label`, a public download | the same method on real brightfield images |
# | `cytometer` | simulated cells, made on the spot | a default that needs no download, and cells of which everything is known |
# | `zhu` | the paper's own images | the reproduction itself, for whoever has fetched them; `cgrecnet data check zhu FOLDER` compares a folder with the paper's counts |

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.data import available, open_dataset
from cgrecnet.figures.cells import draw_absent, draw_gallery, draw_row
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import letter, use_book_style

use_book_style()

# %% [markdown]
# ## Simulated cells
#
# `cytometer` computes what a microscope would see: a cell is a thin object that delays and dims a plane wave, the wave travels on to a camera that is slightly out of focus, and the camera adds noise.
# One line opens it.

# %%
simulated = open_dataset("cytometer", options={"cells": 600, "seed": 1})
simulated.counts()

# %% [markdown]
# The class shares follow the paper's Table 1, where neurons outnumber oligodendrocytes more than four to one.
# {numref}`fig-simulated-cells` shows cells drawn at random; none was picked for its looks.

# %% mystnb={"image": {"alt": "Three rows of eight small grey images of simulated cells, one row each for astrocytes, oligodendrocytes and neurons: round blobs with bright or dark rims and small granules on flat backgrounds of different grey."}, "figure": {"name": "fig-simulated-cells", "caption": "Simulated cells resemble each other across classes: shape alone must decide, because the background grey is set by the acquisition run and not by the class. Eight cells of each class, drawn at random, all at one grey scale."}}
draw_gallery(simulated, per_class=8, seed=0)
plt.show()

# %% tags=["remove-input"]
from_dataset(simulated)

# %% [markdown]
# Because these cells are computed, their causes are known: the simulation hands over a mask of each cell and its nucleus, and every number that shaped it.
# Later chapters use the masks to ask whether a heat map points at the cell.

# %%
from cgrecnet.data.cytometer import simulate

truth = simulate(simulated.options)
truth.causes.iloc[:3].T

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four simulated cells above the same four cells with the outlines of cell and nucleus drawn over them."}, "figure": {"name": "fig-simulated-masks", "caption": "What a simulation gives that a microscope cannot: the exact outline of the cell (orange) and of its nucleus (blue), whatever the defocus does to the picture. A, the images; B, the same with the true outlines."}}
chosen = [int(np.flatnonzero(simulated.labels == label)[k]) for label, k in ((0, 0), (1, 0), (2, 0), (2, 1))]
figure, (top, bottom) = plt.subplots(2, 4, figsize=(7.0, 3.6))
for row in (top, bottom):
    draw_row(row, [simulated.images[i] for i in chosen], simulated.window)
for place, i in zip(bottom, chosen, strict=True):
    place.contour(truth.cell_masks[i], levels=[0.5], colors="tab:orange", linewidths=1)
    place.contour(truth.nucleus_masks[i], levels=[0.5], colors="tab:blue", linewidths=1)
letter(top[0], "A")
letter(bottom[0], "B")
plt.show()

# %% tags=["remove-input"]
from_dataset(simulated)

# %% [markdown]
# ## Real cells
#
# `jurkat` holds cells of a human leukaemia line at different stages of the cell cycle {cite}`blasi2016label`.
# The pictures come as montages: sheets of 30 by 30 tiles, 40 by 40 pixels each, filled column by column.
# Unused tiles at the end of a sheet are padding: they repeat one row of pixels, the top row of the last cell, from top to bottom.
# In no real cell are even two neighbouring rows equal, so a tile whose rows are all equal is padding; the reader drops it by that rule.
# One cell appears twice and is kept once.
#
# The stages are known from the DNA channel: a cell doubles its DNA before it divides.
# The brightfield picture shows no DNA, so that asking a network for the stage from brightfield alone is a fair label-free task, as the paper's is.
# We ask for three classes: **G1** (before DNA is copied), **S+G2** (copying, or done copying), **M** (dividing).

# %% tags=["remove-input"]
have_jurkat = available("jurkat")
absent = "The Jurkat images are not on this machine."
if have_jurkat:
    jurkat = open_dataset("jurkat")
    said = ", ".join(f"{count:,} {name}" for name, count in jurkat.counts().items())
    share = max(jurkat.counts().values()) / len(jurkat)
    text = f"There are {len(jurkat):,} cells: {said}. Who always answers {jurkat.classes[0]} is right {share:.1%} of the time; any accuracy has to be read against that."
else:
    text = (
        f":::{{note}}\n{absent} The pictures of this section are left out. "
        "Run `cgrecnet data fetch jurkat`, then `make book`, to see them.\n:::"
    )
Markdown(text)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rows of eight real brightfield images of Jurkat cells, one row each for the stages G1, S and G2, and M: round cells with dark rims on an even grey background."}, "figure": {"name": "fig-jurkat-cells", "caption": "The stage of a real cell cannot be read off at a glance: cells that divide (M) look much like cells that do not. Eight Jurkat cells of each class, drawn at random, brightfield, all at one grey scale."}}
if have_jurkat:
    draw_gallery(jurkat, per_class=8, seed=0)
else:
    draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
from_dataset(jurkat) if have_jurkat else Markdown(absent)

# %% [markdown]
# The DNA channel is a reference, never an input: the labels were made from it, so a network that saw it would not be label-free.
# The reader refuses to hand it over as input, and says why.

# %% tags=["remove-input"]
from cgrecnet.errors import UserError

try:
    open_dataset("jurkat", options={"channel": 4})
except UserError as error:
    print(error)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Violin plot of integrated DNA stain per cell for seven cell-cycle stages of experiment 1; it rises from G1 through S and G2 to the early stages of division."}, "figure": {"name": "fig-dna", "caption": "The labels make biological sense: the DNA signal rises from G1 over S to G2 and into division. Each violin shows the integrated DNA stain of the cells of one stage, Experiment 1; the white dot is the median."}}
if have_jurkat:
    from cgrecnet.data.jurkat import read_channel

    stages = open_dataset("jurkat", task="stage7")
    dna = read_channel(4, stages.table).reshape(len(stages), -1).astype(float)
    dna = (dna - np.median(dna, axis=1, keepdims=True)).clip(0).sum(axis=1) / 1e4
    groups = [dna[stages.labels == label] for label in range(len(stages.classes))]
    figure, axes = plt.subplots(figsize=(7.0, 3.0))
    axes.violinplot(groups, showextrema=False, widths=0.8)
    axes.plot(range(1, len(groups) + 1), [np.median(g) for g in groups], "o", color="white", markeredgecolor="black")
    axes.set_xticks(range(1, len(groups) + 1), stages.classes)
    axes.set_ylabel("integrated DNA stain (10⁴ grey levels)")
else:
    draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
from_dataset(stages) if have_jurkat else Markdown(absent)

# %% [markdown]
# ## A warning that the whole book takes seriously
#
# All cells of the second Jurkat experiment are G1.
# If the two experiments differ in anything but biology (lamp, focus, camera), then part of the task can be solved without looking at the cell.
# The simplest test is to look at the border of the image only, where there is no cell.

# %% tags=["remove-input"]
def border(image):
    """Mean and spread of the outermost two pixels on every side."""
    ring = np.ones(image.shape, dtype=bool)
    ring[2:-2, 2:-2] = False
    return image[ring].mean(), image[ring].std()


if have_jurkat:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    g1 = np.flatnonzero(jurkat.labels == 0)
    features = np.array([border(jurkat.images[i]) for i in g1])
    second = (jurkat.table["group"].iloc[g1] == jurkat.table["group"].iloc[g1].mode()[0]).to_numpy()
    judge = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    guess = cross_val_predict(judge, features, second, cv=folds, method="predict_proba")[:, 1]
    area = roc_auc_score(second, guess)
    text = (
        f"For G1 cells of Jurkat, a logistic regression that sees two numbers of the border, mean and spread, tells the experiments apart "
        f"with an area under the ROC curve of {area:.2f} (five folds; 0.5 would be chance, 1 perfect). "
        "The empty border knows something about the experiment, and the experiment knows something about the class."
    )
else:
    text = absent
Markdown(text)

# %% [markdown]
# In the paper's own data this question is open, and a later part of the book is about it.
#
# **Take-away.**
# There are two data sets here, one simulated and one real, and neither is the paper's.
# Every figure says which one it is from.
#
# ```{exercise} Read the background
# :label: exercise-background
#
# Open the simulated cells and compute the mean grey level of the outermost pixels of each cell.
# Do the classes differ? Do the acquisition runs (`simulated.table["group"]`)?
# Then open them again with `options={"confounding": 1.0}`, which takes cells of a class from runs of their own, and repeat.
# ```
#
# ````{solution} exercise-background
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-input"]
for confounding in (0.0, 1.0):
    cells = open_dataset("cytometer", options={"cells": 600, "seed": 1, "confounding": confounding})
    levels = np.array([border(image)[0] for image in cells.images])
    by_class = [levels[cells.labels == label].mean() for label in range(3)]
    print(f"confounding {confounding:.0f}: mean border per class", np.round(by_class, 1))
    runs = cells.table["group"].to_numpy()
    print("               mean border per run  ", np.round([levels[runs == run].mean() for run in np.unique(runs)], 1))
