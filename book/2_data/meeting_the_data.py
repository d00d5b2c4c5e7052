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
# **You will learn** what an imaging flow cytometer hands over, which three data sets this book knows, what is wrong with each, and why no number of one may be shown as a number of another.
#
# **You need** {doc}`/book/1_question/how_to_read`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-cell"]
import io
import json
import tempfile
from contextlib import redirect_stdout
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import display
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict

from cgrecnet.cli import main
from cgrecnet.data import available, jurkat, open_dataset
from cgrecnet.data.audit.confounding import CORNER, contingency, corner_features, cramers_v, groups_apart
from cgrecnet.data.audit.probes import border_features
from cgrecnet.data.cards import load_card
from cgrecnet.data.cytometer import phantom, simulate
from cgrecnet.data.cytometer.parameters import FILE, read_numbers
from cgrecnet.errors import UserError
from cgrecnet.evaluation.bootstrap import f1_of_counts
from cgrecnet.figures.cards import CardTable
from cgrecnet.figures.cells import draw_gallery, draw_row
from cgrecnet.figures.provenance import Provenance, from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.pages import holds, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS

use_book_style()

tasks = {task: open_dataset("jurkat", task=task) for task in ("cycle", "cycle_e1", "stage7")}
cycle, stages = tasks["cycle"], tasks["stage7"]
simulated = open_dataset("cytometer", options={"cells": 500, "seed": 1})
for task, cells in tasks.items():
    most = max(cells.counts(), key=cells.counts().get)
    tell(**{f"{task}_most": most, f"{task}_floor": 100 * cells.counts()[most] / len(cells)})
PUBLISHED, WANTED = {}, {}  # of each kind, the paper's cells and its baseline's F1
for kind in ("Astrocytes", "Oligodendrocytes", "Neurons"):
    name = kind.lower().removesuffix("s")
    PUBLISHED[name] = int(load_tables()["1"].cell(kind, "count").number)
    WANTED[name] = float(load_tables()["5"].cell(kind, "Baseline").number) / 100
tell(shares=PUBLISHED["neuron"] / PUBLISHED["oligodendrocyte"], paper_cells=f"{sum(PUBLISHED.values()):,}")

# %% mystnb={"image": {"alt": "Two blocks of two rows of five small grey pictures. Above, real cells: round, with a dark rim and a brighter, grainy inside, on an even background. Below, simulated cells: round blobs with bright or dark rims on backgrounds of different grey."}, "figure": {"name": "fig-meeting-cells", "caption": "What the networks of this book see: a small grey picture of one cell, without any dye, and nothing in it that says what the cell is. Above, real Jurkat cells, one grey scale; below, simulated cells, one grey scale of their own. Drawn at random, none picked for its looks."}}
figure, grid = plt.subplots(4, 5, figsize=(4.6, 3.9))
blocks = {"real": (grid[:2], stages), "simulated": (grid[2:], simulated)}
for name, (rows, data) in blocks.items():
    rng = np.random.default_rng(0)
    drawn = rng.choice(len(data), size=rows.size, replace=False)
    draw_row(rows.ravel(), [data.images[i] for i in drawn], data.window)
    rows[0, 0].set_title(name, fontsize=10)
plt.show()
display(from_dataset(stages), from_dataset(simulated))

# %% [markdown]
# An imaging flow cytometer lets cells float past a microscope one by one and takes several pictures of each.
# The *brightfield* picture needs no dye: light passes through the cell, and what the cell bends or swallows makes it visible.
# Other channels show dyes, such as one that binds DNA.
# A *label-free* classifier may look at the brightfield picture alone; the dyes are for checking.
#
# The paper {cite}`li2026cgrecnet` classifies neural stem cells that were led to become astrocytes, oligodendrocytes or neurons, photographed by Zhu and colleagues {cite}`zhu2021deep`.
# Those images are not part of this project, and no page shows any.
# Two other data sets stand in for them, and each has its own job.
#
# | name | what it is | its job |
# |---|---|---|
# | `jurkat` | real cells from a real instrument {cite}`blasi2016label`, which come with this book | the same method on real brightfield images |
# | `cytometer` | simulated cells, made on the spot | cells of which everything is known |
# | `zhu` | the paper's own images | the reproduction itself, for whoever has fetched them |
#
# Each data set has a **card**: a table that says where the cells come from, who may use them, how many there are, what is known to be wrong, and what they must not be used for.
# Every fact on a card names its source, and what nobody could confirm is marked as unconfirmed.
# A card is the first thing to read and the first thing to ask for: many a mistake with data is made before the first network is trained.
#
# ## Real cells that anyone can get
#
# `jurkat` holds cells of a human leukaemia line at different stages of the cell cycle {cite}`blasi2016label`.
# The pictures come with this book, pixel for pixel as they were published, so every page that needs real cells shows these.

# %%
counted = {task: cells.counts() for task, cells in tasks.items()}
CardTable(load_card("jurkat"), counted=counted)

# %% [markdown]
# The pictures were published as montages: sheets of 30 by 30 tiles, 40 by 40 pixels each, filled column by column.
# Unused tiles at the end of a sheet are padding: they repeat one row of pixels, the top row of the last cell, from top to bottom.
# In no real cell are even two neighbouring rows equal, so a tile whose rows are all equal is padding; the reader drops it by that rule.
#
# A cell doubles its DNA before it divides, and the DNA stain shows it ({numref}`fig-dna`).
# The brightfield picture does not show the DNA, so that asking a network for the stage from brightfield alone is a fair label-free task, as the paper's is.
# There are three tasks: `cycle` asks for **G1** (before DNA is copied), **S+G2** (copying, or done copying) or **M** (dividing) in all cells; `cycle_e1` asks the same inside Experiment 1; `stage7` asks for all seven stages inside Experiment 1.
# {numref}`fig-jurkat-cells` shows them.

# %% mystnb={"image": {"alt": "Seven rows of eight real brightfield images of Jurkat cells, one row each for G1, S, G2, prophase, metaphase, anaphase and telophase: round cells with dark rims on an even grey background; only in the last rows do some show two halves."}, "figure": {"name": "fig-jurkat-cells", "caption": "The stage of a real cell can rarely be read off at a glance: G1, S and G2 look alike, and of the dividing cells (the last four rows, together the class M) only the latest show two halves. Eight Jurkat cells of each stage of Experiment 1, drawn at random, brightfield, all at one grey scale."}}
draw_gallery(stages, per_class=8, seed=0)
plt.show()
from_dataset(stages)

# %% [markdown]
# Whoever always names the commonest class is right in `cycle` {glue:text}`cycle_floor:.1f` % of the time ({glue:text}`cycle_most`), in `cycle_e1` {glue:text}`cycle_e1_floor:.1f` % ({glue:text}`cycle_e1_most`), and in `stage7` {glue:text}`stage7_floor:.1f` % ({glue:text}`stage7_most`).
# Any accuracy has to be read against that.
#
# The DNA channel is a reference, never an input: the labels rest on it, so a network that saw it would not be label-free.
# The reader refuses to hand it over as input, and says why.

# %%
try:
    open_dataset("jurkat", options={"channel": 4})
except UserError as error:
    print(error)

# %% mystnb={"image": {"alt": "Violin plot of integrated DNA stain per cell for seven cell-cycle stages of experiment 1; it rises from G1 through S and G2 to the early stages of division."}, "figure": {"name": "fig-dna", "caption": "The stages follow the DNA stain, as they must, because they rest on it: the signal rises from G1 over S to G2 and into division. Each violin shows the integrated DNA stain of the cells of one stage, Experiment 1; the white dot is the median."}}
dna = jurkat.dna_stain(stages.table)
places = range(1, len(stages.classes) + 1)
groups = [dna[stages.labels == place - 1] for place in places]
medians = [np.median(group) for group in groups]
assert np.all(np.diff(medians[:5]) > 0)
figure, axes = plt.subplots(figsize=(4.6, 3.0))
axes.violinplot(groups, showextrema=False, widths=0.8)
axes.plot(places, medians, "o", color="white", markeredgecolor="black")
axes.set_xticks(places, stages.classes, rotation=30, ha="right")
axes.set_ylabel("DNA stain (10⁴)")
plt.show()
from_dataset(stages)

# %% [markdown]
# ### A fault that has to be measured
#
# The card says that experiment and class are confounded: all cells of Experiment 2 are G1.
# One number says how much: Cramér's $V$, which is 0 where class and group have nothing to do with each other and 1 where one names the other,
#
# $$ V = \sqrt{\frac{\chi^2}{n \, (\min(r, c) - 1)}} $$ (eq-meeting-cramer)
#
# with $n$ cells in a table of $r$ classes and $c$ groups, and $\chi^2$ the usual sum over the table of (found − expected)² / expected.
#
# That the two are tied is harmless as long as the pictures of the two experiments look alike.
# So we also ask whether they do: within G1, where the class cannot help, can a logistic regression that sees only the border of a picture, where there is hardly any cell, tell the experiments apart?

# %%
table = contingency(cycle)
apart = groups_apart(cycle, label=0)
corners = groups_apart(cycle, label=0, kind=corner_features)
g1 = np.flatnonzero(cycle.labels == 0)
border = pd.Series([border_features(cycle.images[i])[0] for i in g1])
levels = border.groupby(cycle.table["group"].to_numpy()[g1])
print(f"V {cramers_v(table):.2f}; border {apart}; corners {corners}")

# %% [markdown]
# In `cycle`, Cramér's $V$ of class and experiment is {glue:text}`tied:.2f`; in `cycle_e1` and `stage7`, with their single experiment, there is nothing to be tied to, and it is {glue:text}`untied:.0f` by convention.
# The border of a G1 cell tells its experiment with an area under the ROC curve of {glue:text}`apart` (95 % interval in brackets; 0.5 would be chance, 1 perfect).
# The four corners alone, {glue:text}`corner` by {glue:text}`corner` pixels each and farthest from the cell, tell it with {glue:text}`corners`.
# {numref}`fig-jurkat-confounding` shows how little it takes: the medians of the border differ by {glue:text}`step:.1f` of some {glue:text}`grey:.0f` grey levels.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Panel A: a table of three classes by two experiments with the number of cells; the second experiment has cells in the first row only. Panel B: two overlapping curves of the mean border level of G1 cells, one per experiment, slightly shifted against each other."}, "figure": {"name": "fig-jurkat-confounding", "caption": "Experiment and class are confounded, because the second experiment holds G1 cells only (A), and the border of G1 cells differs a little between the experiments (B), so that a network could learn the experiment in place of the cell. Task cycle; lines in B: medians; Jurkat cells."}}
figure, (left, right) = plt.subplots(2, 1, figsize=(4.6, 4.8), height_ratios=(1, 1.25))
shares = table.div(table.sum(axis=1), axis=0)
sns.heatmap(shares, annot=table, fmt=",", annot_kws={"color": "black"}, cmap="Blues", vmin=0, vmax=2, cbar=False, ax=left)
left.set(xlabel="", ylabel="")
left.tick_params(length=0, labelrotation=0)
left.set_title("   cells")
edges = np.linspace(*border.quantile([0.001, 0.999]), 41)
for (group, here), colour, line in zip(levels, PALETTE, ("-", "--"), strict=False):
    style = {"color": colour, "linestyle": line}
    right.stairs(np.histogram(here, edges)[0] / len(here), edges, label=f"{group} ({len(here):,})", linewidth=1.6, **style)
    right.axvline(here.median(), linewidth=1, **style)
right.set(xlabel="mean border grey", ylabel="share of cells", yticks=[])
right.set_title("   border, G1 cells")
right.legend(loc="upper left", fontsize=8)
letter(left, "A")
letter(right, "B")
plt.show()
from_dataset(cycle)

# %% [markdown]
# So the background knows something about the experiment, and the experiment knows something about the class.
# Whether a classifier gains anything by it is measured in {doc}`shortcuts`.
#
# ## Simulated cells
#
# `cytometer` computes what a microscope would see: a cell is a thin object that delays and dims light, the light travels on to a camera that is slightly out of focus, and the camera adds noise ({doc}`how_a_cytometer_sees` shows the steps).

# %%
CardTable(load_card("cytometer"))

# %% [markdown]
# One line opens it.

# %%
simulated = open_dataset("cytometer", options={"cells": 500, "seed": 1})
simulated.counts()

# %% [markdown]
# The class shares follow the paper's Table 1, which has {glue:text}`shares:.1f` neurons for each oligodendrocyte.
# {numref}`fig-simulated-cells` shows cells drawn at random; none was picked for its looks.

# %% mystnb={"image": {"alt": "Three rows of eight small grey images of simulated cells, one row each for astrocytes, oligodendrocytes and neurons: round blobs with bright or dark rims and small granules on flat backgrounds of different grey."}, "figure": {"name": "fig-simulated-cells", "caption": "The background does not tell the class of a simulated cell, because its grey is set by the acquisition run: what the cell looks like must decide. Eight simulated cells of each class, drawn at random, all at one grey scale."}}
draw_gallery(simulated, per_class=8, seed=0)
plt.show()
from_dataset(simulated)

# %% [markdown]
# Because these cells are computed, their causes are known: the simulation hands over a mask of each cell and its nucleus ({numref}`fig-simulated-masks`), and every number that shaped it.
# With a mask one can ask, for instance, whether a network's heat map points at the cell.

# %%
truth = simulate(simulated.options)
of_cells = ["radius_um", "elongation", "granules", "processes"]
of_pictures = ["defocus_um", "background", "doublet"]
truth.causes[of_cells + of_pictures].head(4).round(2)

# %% mystnb={"image": {"alt": "Four simulated cells above the same four cells with the outlines of cell and nucleus drawn over them."}, "figure": {"name": "fig-simulated-masks", "caption": "What a simulation gives that a microscope cannot: the exact outline of the cell (orange) and of its nucleus (blue), whatever the defocus does to the picture. A, the images; B, the same with the true outlines."}}
places = [np.flatnonzero(simulated.labels == kind) for kind in range(3)]
chosen = [places[0][0], places[1][0], places[2][0], places[2][1]]
outlines = {"tab:orange": truth.cell_masks, "tab:blue": truth.nucleus_masks}
figure, rows = plt.subplots(2, 4, figsize=(4.6, 2.6))
for row, mark in zip(rows, "AB", strict=True):
    draw_row(row, [simulated.images[i] for i in chosen], simulated.window)
    letter(row[0], mark)
for place, i in zip(rows[1], chosen, strict=True):
    for colour, masks in outlines.items():
        place.contour(masks[i], levels=[0.5], colors=colour, linewidths=1)
plt.show()
from_dataset(simulated)

# %% [markdown]
# ### How hard is the task?
#
# A simulated task can be made trivial or hopeless at will, so it has to be said how its difficulty was set.
# The traits of the three kinds overlap: {numref}`fig-simulated-overlap` shows the distributions that the cells are drawn from.

# %%
rng, kinds = np.random.default_rng(0), np.repeat(np.arange(3), 3000)
normal = {name: rng.standard_normal(len(kinds)) for name in phantom.NORMAL}
uniform = {name: rng.random(len(kinds)) for name in phantom.UNIFORM}
drawn = phantom.draw_causes(kinds, normal, uniform)
# all that differs between the kinds:
causes = pd.DataFrame({name: drawn[name] for name in phantom.TRAITS})

# %% tags=["hide-input"] mystnb={"image": {"alt": "Ten small panels, each with three overlapping outlined histograms, one per kind of cell, for radius, elongation, irregularity, size of the nucleus, density, absorption, number and strength of granules, number and length of processes."}, "figure": {"name": "fig-simulated-overlap", "caption": "No single trait tells all three kinds apart, so that a classifier has to weigh several. Distributions of the traits that simulated cells are drawn from; these are causes, known for simulated cells only."}}
TRAITS = {
    "radius_um": "radius (µm)",
    "elongation": "elongation",
    "irregularity": "irregularity",
    "nucleus_ratio": "nucleus per cell radius",
    "density": "density (refractive index)",
    "absorption_per_um": "absorption (1/µm)",
    "granules": "granules",
    "granule_path_um": "granule strength (µm)",
    "processes": "processes",
    "process_um": "length of processes (µm)",
}
figure, panels = plt.subplots(5, 2, figsize=(4.6, 8.5))
for axes, (trait, label), mark in zip(panels.flat, TRAITS.items(), "ABCDEFGHIJ", strict=False):
    values = causes[trait].to_numpy(float)
    edges = np.linspace(values.min(), values.max(), 21)
    if np.array_equal(values, np.rint(values)) and np.ptp(values) <= 40:  # counts: a bin for each
        edges = np.arange(values.min() - 0.5, values.max() + 1)
    for kind, line in enumerate(("-", "--", ":")):
        here = values[kinds == kind]
        share = np.histogram(here, edges)[0] / len(here)
        axes.stairs(share, edges, color=PALETTE[kind], linestyle=line, linewidth=1.5, label=phantom.KINDS[kind])
    axes.set(xlabel=label, yticks=[])
    letter(axes, mark)
figure.legend(*panels.flat[0].get_legend_handles_labels(), ncol=3, loc="outside lower center")
plt.show()

# %%
def in_bins(groups, bins):
    """Share of each group's cells in every bin."""
    together = np.concatenate(groups)
    edges = np.linspace(together.min(), together.max(), bins + 1)
    return np.array([np.histogram(x, edges)[0] / len(x) for x in groups])


# %%
shared, names = pd.DataFrame(), phantom.KINDS
for trait, label in TRAITS.items():
    values = causes[trait].to_numpy(float)
    groups = [values[kinds == kind] for kind in range(3)]
    for a, b in combinations(range(3), 2):
        common = np.minimum(*in_bins([groups[a], groups[b]], 20)).sum()
        shared.loc[label, f"in common: {names[a]} and {names[b]}"] = common
    # whoever names the likeliest kind of each bin is right so often:
    shared.loc[label, "alone"] = in_bins(groups, 40).max(axis=0).sum() / 3
shared.map("{:.2f}".format)

# %% [markdown]
# Causes of {glue:text}`causes` cells, drawn from `cgrecnet/data/cytometer/parameters.yaml` (version {glue:text}`version`); no picture was computed for this figure.
# Whoever knew one of these numbers without any error, and its distributions, could name the kind with a balanced accuracy of {glue:text}`alone_least:.2f` to {glue:text}`alone_most:.2f` (*alone*; best: {glue:text}`best_trait`; chance 0.33).
# Two of the kinds can be all but apart in one trait: {glue:text}`least_pair` have only {glue:text}`least_common:.2f` of the distribution of {glue:text}`least_trait` in common.
#
# Whoever knew all {glue:text}`traits` numbers without error could name the kind almost always: balanced accuracy {glue:text}`together:.3f` (linear discriminant analysis, five folds).
# So it is not the overlap alone that makes the task hard.
# A network has to read the traits off a small picture that is out of focus and noisy and may hold particles or a second cell, and it has to learn from few examples.
#
# How far the traits should overlap was not guessed but calibrated.
# A ResNet-50, the paper's baseline, is trained on simulated cells, and the traits are changed until its F1 of each class comes near the one that the paper prints for its baseline (Table 5): astrocytes easiest, oligodendrocytes hardest.
# (F1 is the harmonic mean of precision and recall.)
# No other model's score enters the choice; otherwise a comparison of models on these cells would be rigged.
# {numref}`fig-simulated-calibration` shows every attempt, from its record (`benchmarks/calibrate_cytometer.py`).

# %%
folder = RESULTS / "cytometer-calibration"
files = sorted(folder.glob("*.json"))
attempts = [json.loads(file.read_text()) for file in files]
now = read_numbers(FILE)
frozen = [one for one in attempts if one["parameters"] == now]
assert frozen, "calibrate anew: benchmarks/calibrate_cytometer.py"

# %% tags=["hide-input"] mystnb={"image": {"alt": "Panel A: three lines, one per class, over the attempts, each with a dashed line of the paper's value. Panel B: for each class a filled bar beside a hatched one."}, "figure": {"name": "fig-simulated-calibration", "caption": "The traits are changed until the baseline finds the classes about as hard as the paper's baseline did (A: attempts, dashed: the paper's F1), and then frozen (B: the parameters as they are now, filled, beside the paper's, hatched). F1 on simulated test cells; the paper's are of its own cells, and only the difficulty is compared."}}
figure, (left, right) = plt.subplots(2, 1, figsize=(4.6, 5.4))
for x, (kind, paper), colour, shape in zip(range(3), WANTED.items(), PALETTE, "os^", strict=False):
    scores = [attempt["f1"][kind] for attempt in attempts]
    left.plot(range(1, len(scores) + 1), scores, marker=shape, color=colour, label=kind)
    left.axhline(paper, color=colour, linestyle="--", linewidth=1)
    chosen = [attempt["f1"][kind] for attempt in frozen]
    right.bar(x - 0.2, np.mean(chosen), 0.38, color=colour)
    right.bar(x + 0.2, paper, 0.38, color="white", edgecolor=colour, hatch="///")
    right.plot([x - 0.2] * len(chosen), chosen, "k_", markersize=9)
left.set(xlabel="attempt", ylabel="F1 of the baseline", ylim=(0, 1.02), xticks=range(1, len(attempts) + 1))
left.legend(loc="lower right", fontsize=8)
right.set(ylabel="F1 of the baseline", ylim=(0, 1.02))
right.set_xticks(range(3), WANTED)
right.set_title("   simulated (filled), paper (hatched)")
letter(left, "A")
letter(right, "B")
plt.show()

# %%
rows = []
for number, attempt in enumerate(attempts, 1):
    recipe = attempt["recipe"]
    step, epochs = recipe["step_size"], recipe["epochs"]
    falls = f"after epoch {step}" if step < epochs else "never"
    f1 = [f"{attempt['f1'][kind]:.3f}" for kind in WANTED]
    tested = f"{recipe['test_cells']:,}"
    rows.append((number, attempt["note"], falls, tested, *f1))
paper = [f"{f1:.3f}" for f1 in WANTED.values()]
rows.append(("", "the paper's baseline", "", "", *paper))
headers = "attempt", "what changed", "learning rate falls", "test cells"
wide_table((*headers, *WANTED), rows, "Attempts")

# %% [markdown]
# With the frozen parameters the baseline reaches an F1 of {glue:text}`f1_reached` after {glue:text}`epochs` epochs on {glue:text}`train_cells` simulated cells of {glue:text}`size` pixels ({glue:text}`hardware`).
# The farthest off is the {glue:text}`farthest`, by {glue:text}`farthest_by:.3f`.
# By the chance of the test cells alone the frozen attempt's F1 could be {glue:text}`f1_ends`: 95 % intervals, which hold the paper's value for {glue:text}`inside` of {glue:text}`classes` classes.
#
# What these numbers do not say:
#
# - *How much another training would differ.* Of {glue:text}`attempts` attempts, {glue:text}`frozen` used the frozen parameters, and every attempt was trained once, with the same seed.
# - *How it would go on fresh cells.* Attempts {glue:text}`same_cells` were tested on the same cells, drawn from the same random numbers and changed only by the parameters, and their scores decided where to stop.
#   So the frozen attempt may lie nearer to the paper's profile than fresh cells would.
# - *How hard the task is for another recipe.* The paper trained on 70 % of its {glue:text}`paper_cells` cells; here are {glue:text}`train_cells` and {glue:text}`epochs` epochs.
#   With more cells or epochs the F1 can be expected to end higher, which was not measured.
# - *How it would go on a new run.* Training and test cells come from the same {glue:text}`runs` acquisition runs.
# - *Anything about the paper's cells.* A task was made about as hard, not alike.

# %% tags=["remove-input"]
marks = ("", " with uncommitted changes")
commits = [one["commit"] for one in frozen]
commits = [commit[:10] + marks["+" in commit] for commit in commits]
version = simulated.options["version"]
facts = {
    "Data": f"cytometer (simulated cells), version {version}",
    "Records": f"results/{folder.name}, {len(frozen)} of {len(attempts)}",
    "Commit": "; ".join(dict.fromkeys(commits)),
}
Provenance(tuple(facts.items()))

# %% [markdown]
# ## The paper's own cells
#
# Here are no pictures: whoever wants to see them has to fetch them.

# %%
here = {}
if available("zhu"):
    files = open_dataset("zhu", options={"hash": "names"})
    here["lineage"] = files.counts()
CardTable(load_card("zhu"), published={"lineage": PUBLISHED}, counted=here)

# %% [markdown]
# The files carry their story in their names, and the reader takes it from there.
# The rule is `<kind>_<day>d<replicate>_<object>_Ch1.ome.bmp`, where the kind is `a`, `o` or `n`, or the name of another inducer; or else the words of the folders tell the class.

# %%
from cgrecnet.data.base import Unusable
from cgrecnet.data.images.listing import channel_of, parts_of
from cgrecnet.data.zhu.names import describe


def story(name):
    """What the name of a file tells."""
    folders, file, _ = parts_of(name)
    channel = channel_of(folders, file)
    if channel not in (None, 1):
        return f"left out: channel {channel}"
    try:
        kind, day, replicate = describe(folders, file)
    except Unusable as reason:
        return f"set aside: {reason}"
    return f"{kind}, day {day}, replicate {replicate or 'not given'}"


# %%
for name in (
    "a_1d1_10_Ch1.ome.bmp",
    "neurons/n_3d2_7_Ch1.ome.tif",
    "nt4_1d_5_Ch1.ome.bmp",
    "neuron/day 3/rep 2/cell 12.png",
    "astrocytes/n_1d1_4_Ch1.ome.bmp",
    "n_1d1_4_Ch11.ome.bmp",
):
    print(f"{name}\n    {story(name)}")

# %% [markdown]
# Day and replicate become the acquisition *group*, which a grouped split keeps together ({doc}`splits`).
# Sets of other inducers are never trained on: they are a test set of their own (`task="inducer"`).
#
# From the files to a data set it takes four commands.
#
# 1. `cgrecnet data fetch zhu --doi DOI` downloads the files that the repository lists, checks each against the listed checksum, and goes on where it was cut off. The DOI stands in the data-availability statement of the source article {cite}`zhu2021deep`; we name no DOI here, because we have not seen that statement.
# 2. `cgrecnet data check zhu FOLDER` reads every file and compares the folder with the paper's Table 1.
# 3. `cgrecnet data pack zhu FOLDER` packs the many small files into one store that opens at once ({doc}`store`).
# 4. `cgrecnet data audit zhu FOLDER` looks for copies and shortcuts ({doc}`shortcuts`).
#
# The second step can be watched here.
# `cgrecnet data simulate` writes simulated cells in the same layout, so that the real reader reads them; three faults are then planted among the files.

# %%
def plant_faults(folder):
    """A copy, a cell filed under another class, and a file cut off."""
    first, second, third, *_ = sorted((folder / "neuron").iterdir())
    copy = folder / "neuron" / "n_1d1_900_Ch1.ome.bmp"
    copy.write_bytes(first.read_bytes())
    astray = folder / "astrocyte" / "n_1d1_901_Ch1.ome.bmp"
    astray.write_bytes(second.read_bytes())
    short = folder / "neuron" / "n_1d1_902_Ch1.ome.bmp"
    short.write_bytes(third.read_bytes()[:500])


# %%
said = io.StringIO()
with tempfile.TemporaryDirectory() as parent, redirect_stdout(said):
    cells_folder = str(Path(parent).resolve() / "cells")
    assert main(["data", "simulate", cells_folder, "--cells", "60"]) == 0
    plant_faults(Path(cells_folder))
    status = main(["data", "check", "zhu", cells_folder])
assert status == 1  # something is amiss in the data
print(said.getvalue().replace(cells_folder, "FOLDER"))

# %% [markdown]
# These files are simulated.
# The report counts them against Table 1 and says in so many words that they are not the cells of the paper.
# It names the cut-off file, the wrongly filed one and the copy, and reads the others all the same.
# The table of grey levels by class and group is the one to look at first: whoever has the paper's images sees there whether a class stands apart by its background.

# %% tags=["remove-input"]
# The numbers of the prose above, and what it says of them. Experiments:
holds("The border of a G1 cell tells its experiment with an area under the ROC curve of", apart.low > 0.5)
holds("pixels each and farthest from the cell, tell it with", corners.low > 0.5)
holds("because the second experiment holds G1 cells only (A)", cramers_v(table) > 0.5)
tell(
    tied=cramers_v(table), untied=cramers_v(contingency(stages)), apart=str(apart), corner=CORNER, corners=str(corners),
    step=abs(np.diff(levels.median()))[0], grey=border.median(),
)  # fmt: skip
# Traits:
assert list(TRAITS) == list(causes)
pairs = [column for column in shared if column != "alone"]
least = shared[pairs].min().idxmin()
guessed = cross_val_predict(LinearDiscriminantAnalysis(), causes.to_numpy(float), kinds, cv=5)
together = balanced_accuracy_score(kinds, guessed)
holds("No single trait tells all three kinds apart, so that a classifier has to weigh several.", shared["alone"].max() < 0.9)
holds("numbers without error could name the kind almost always", together > 0.95)
tell(
    causes=f"{len(kinds):,}", version=simulated.options["version"], alone_least=shared["alone"].min(),
    alone_most=shared["alone"].max(), best_trait=shared["alone"].idxmax(), least_pair=least.removeprefix("in common: "),
    least_common=shared[least].min(), least_trait=shared[least].idxmin(), traits=len(TRAITS), together=together,
)  # fmt: skip
# Calibration: an interval of each F1 by the chance of the test cells alone (bootstrap within each true class).
assert all(abs(WANTED[kind] - value) < 1e-6 for kind, value in attempts[0]["paper_f1"].items())
reached = {kind: np.mean([attempt["f1"][kind] for attempt in frozen]) for kind in WANTED}
holds(
    "comes near the one that the paper prints for its baseline (Table 5): astrocytes easiest, oligodendrocytes hardest",
    all(
        (max(one, key=one.get), min(one, key=one.get)) == ("astrocyte", "oligodendrocyte") for one in (reached, WANTED)
    ),
)
holds(
    "used the frozen parameters, and every attempt was trained once, with the same seed",
    len({(attempt["recipe"]["seed"], attempt["recipe"]["epochs"]) for attempt in attempts}) == 1,
)
recipe, where, test = frozen[-1]["recipe"], frozen[-1]["hardware"], frozen[-1]["test"]
rng, confusion = np.random.default_rng(0), np.array(test["confusion"])
again = f1_of_counts(np.stack([rng.multinomial(row.sum(), row / row.sum(), size=2000) for row in confusion], axis=1))
ends = dict(zip((one["name"] for one in test["per_class"]), np.quantile(again, (0.025, 0.975), axis=0).T, strict=True))
off = {kind: abs(reached[kind] - WANTED[kind]) for kind in WANTED}
tell(
    f1_reached=", ".join(f"{reached[kind]:.3f} ({kind}; paper {WANTED[kind]:.3f})" for kind in WANTED),
    f1_ends=", ".join(f"{low:.3f} to {high:.3f} ({kind})" for kind, (low, high) in ends.items()),
    inside=sum(low <= WANTED[kind] <= high for kind, (low, high) in ends.items()), classes=len(ends),
    epochs=recipe["epochs"], train_cells=f"{recipe['train_cells']:,}", size=recipe["image_size"],
    hardware=where.get("gpu") or where["cpu"], farthest=max(off, key=off.get), farthest_by=max(off.values()),
    attempts=len(attempts), frozen=len(frozen), runs=recipe["runs"],
    same_cells=", ".join(str(n) for n, attempt in enumerate(attempts, 1) if attempt["recipe"] == recipe),
)  # fmt: skip

# %% [markdown]
# **Take-away.**
# There are three data sets: one simulated, one real and public, one real and the paper's own, which we do not have.
# Every figure says which one it is from, and each has faults that a card should name before anyone trains on it.
#
# ```{exercise} Read the background
# :label: exercise-background
#
# Open the simulated cells and compute the mean grey level of the outermost pixels of each cell (`border_features` of `cgrecnet.data.audit.probes`).
# Do the classes differ? Do the acquisition runs (`simulated.table["group"]`)?
# Then open them again with `options={"confounding": 1.0}`, which takes cells of a class from runs of their own, and repeat.
# ```
#
# ````{solution} exercise-background
# :class: dropdown
#
# The next cell is the solution, and it runs.
# The runs differ by far more than the classes do.
# Without confounding the classes differ only because chance deals a few more cells of one class to one run.
# With complete confounding each class takes on the level of its own runs, and the background alone would name it.
# ````

# %% tags=["hide-cell"]
for confounding in (0.0, 1.0):
    cells = open_dataset(
        "cytometer",
        options={"cells": 240, "seed": 1, "confounding": confounding},
    )
    levels = np.array([border_features(image)[0] for image in cells.images])
    by_class = [levels[cells.labels == label].mean() for label in range(3)]
    print(
        f"confounding {confounding:.0f}: by class",
        np.round(by_class, 1),
    )
    runs = cells.table["group"].to_numpy()
    print(
        "               by run  ",
        np.round(by_run := [levels[runs == run].mean() for run in np.unique(runs)], 1),
    )
    if confounding == 0:
        assert np.ptp(by_class) < np.ptp(by_run) / 2

# %% [markdown]
# ```{exercise} Write a card
# :label: exercise-meeting-card
#
# Take the ten questions of a card (`cgrecnet.data.cards.PARTS`, printed below) and answer them for a data set that you use yourself.
# Which answers have no source? Which faults did you know, but never write down?
# ```
#
# ````{solution} exercise-meeting-card
# :class: dropdown
#
# There is no right answer; the questions are printed by the next cell.
# Licence, source of the labels and acquisition groups are good places to look for answers that nobody wrote down.
# ````

# %% tags=["hide-cell"]
from cgrecnet.data.cards import PARTS

for number, question in enumerate(PARTS.values(), 1):
    print(f"{number:>2}. {question}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why may the network not see the DNA channel of the Jurkat cells?
# The labels rest on it.
# A network that sees it does not do the task from brightfield alone, so its score would say nothing about a label-free method.
# :::
#
# :::{dropdown} 2. All cells of one experiment are of one class. When does that do harm?
# When the pictures of the experiments also look different, for example in their background.
# Then the background names the experiment and the experiment names the class, without a look at the cell.
# :::
#
# :::{dropdown} 3. The traits of the simulated cells were set by one network's scores alone. Why only one, and why the baseline?
# Because the cells are meant to compare networks.
# Had another network's score entered the choice, the cells would have been shaped for or against it, and the comparison would be rigged.
# :::
