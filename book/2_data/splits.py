# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Splits that tell the truth
#
# **You will learn** what the paper's printed counts tell about its split, why a random split can flatter a classifier, how to split by acquisition instead, and how to plant a leak and catch it.
#
# **You need** {doc}`/book/2_data/meeting_the_data`.
# Reading takes about {reading-time}`this page`.
#
# A test asks one question: how well does the model do on cells that it has not seen?
# The answer depends on what "not seen" means.
# Another cell from the same run was photographed with the same lamp, the same focus and the same camera setting as the training cells.
# (A *run*, or *acquisition*, is one session at the instrument.)
# A cell from a run of next month was not.
# Whoever wants to know how a model will do next month has to test it on a run that it never saw.

# %% tags=["remove-cell"]
import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.duplicates import DETAIL, SHIFT, THRESHOLD, find_duplicates
from cgrecnet.data.audit.integrity import leaks, take
from cgrecnet.data.splits import joint_split
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.pages import show_code, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS

use_book_style()
tell(detail=DETAIL, shift=SHIFT, threshold=THRESHOLD)

# %% [markdown]
# ## The paper's split
#
# The paper {cite}`li2026cgrecnet` divides its images 70/15/15 into training, validation and test, stratified by class (section 3.1), and names three seeds.
# It prints how many cells of each class it tested (Table 5).
# That is enough to rebuild a rule that gives these counts: draw 15 % of all cells, class shares kept, and then the validation part from the rest.

# %%
tables = load_tables()
counts = {
    kind: int(tables["1"].cell(kind, "count").number)
    for kind in tables["1"].rows
}
labels_of_the_paper = np.repeat(np.arange(3), list(counts.values()))
printed = [int(tables["5"].cell(kind, "support").number) for kind in counts]
print("printed:", printed)
for seed in (42, 123, 999):
    parts = joint_split(labels_of_the_paper, seed).parts()
    tested = np.bincount(labels_of_the_paper[parts["test"]])
    sizes = [len(part) for part in parts.values()]
    print(f"{seed:>3}: {sizes}, tested {tested.tolist()}")
    assert tested.tolist() == printed

# %% [markdown]
# The rule gives the printed numbers for every seed, to the cell.
# How much does that say? We try some other rules: 15 % of each class on its own, rounded down, to the nearest and up; and 30 % of all cells first, halved into validation and test.

# %%
from sklearn.model_selection import train_test_split

alone = 0.15 * np.array(list(counts.values()))
rules = {
    "class, rounded down": np.floor(alone),
    "class, to nearest": np.rint(alone),
    "class, rounded up": np.ceil(alone),
}
labels = labels_of_the_paper
everyone = np.arange(len(labels))
_, rest = train_test_split(
    everyone, test_size=0.3, stratify=labels, random_state=42
)
_, halved = train_test_split(
    rest, test_size=0.5, stratify=labels[rest], random_state=42
)

# %%
rules["30 % first, then halved"] = np.bincount(labels[halved])
fits = {name: np.array_equal(rules[name], printed) for name in rules}
for name, found in rules.items():
    said = "as printed" if fits[name] else "not as printed"
    print(f"{name:<26} {found.astype(int).tolist()}  {said}")
assert list(fits.values()) == [False, False, False, True]

# %% [markdown]
# Rounding each class on its own misses by a cell or two, so the classes were rounded together, as the usual library does.
# In which of the two orders the parts were cut, these counts cannot tell; we use the first.
# Which cells were drawn is another matter: that depends on the order of the files and on the program, and neither is printed.
#
# ## Two ways to split
#
# We make simulated cells that come from twelve acquisition runs.
# A **random** split deals the cells out one by one, class by class, whatever run they come from; the paper's is of this kind.
# A **grouped** split deals out whole runs.
# {numref}`fig-splits-schemes` shows both.

# %%
from cgrecnet.data.splits import grouped_split

options = {"cells": 450, "seed": 8, "runs": 12}
cells = open_dataset("cytometer", options=options)
runs = cells.table["group"].to_numpy()
random = joint_split(cells.labels, seed=42)
grouped = grouped_split(cells.labels, runs, seed=42)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of marks, one row for each of twelve runs. In panel A, training, validation and test marks are mixed within every row. In panel B each row has one kind of mark only."}, "figure": {"name": "fig-splits-schemes", "caption": "In a random split (A) every run has cells in training and in test, so the test never asks about a new run; in a grouped split (B) each run stands in one part only. One row per run of the simulated cytometer, one mark per cell, at most 16 cells of each run drawn."}}
PARTS = {"train": (PALETTE[7], "o"), "validation": (PALETTE[1], "s"), "test": (PALETTE[0], "^")}
names = sorted(set(runs), key=lambda name: (len(name), name))
figure, panels = plt.subplots(1, 2, figsize=(4.6, 0.22 * len(names) + 1.3), sharey=True)
for axes, mark, title, split in zip(panels, "AB", ("random", "grouped"), (random, grouped), strict=True):
    for row, name in enumerate(names):
        members = np.flatnonzero(runs == name)[:16]
        for part, (colour, shape) in PARTS.items():
            x = np.flatnonzero(np.isin(members, split.parts()[part]))
            axes.plot(x, np.full(len(x), row), shape, color=colour, markersize=4.5, label=part if row == 0 else None)
    axes.set(xlabel="the run's cells", xticks=[], ylim=(len(names) - 0.4, -0.6))
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.set_title(f"   {title}")
    letter(axes, mark)
handles = [plt.Line2D([], [], linestyle="", marker=shape, color=colour) for colour, shape in PARTS.values()]
figure.legend(handles, list(PARTS), ncol=3, loc="outside lower center")
plt.show()
from_dataset(cells)

# %% [markdown]
# Whole runs cannot be cut to exact shares, so the grouped split comes only as near to the paper's 70/15/15 as the runs allow.
# What it never does is part a run, and that can be counted: of the test cells, so many are from known runs.

# %%
for name, split in (("random", random), ("grouped", grouped)):
    found = leaks(split, [], runs)
    sizes = [len(part) for part in split.parts().values()]
    known = found.test_cells_of_trained_groups
    print(f"{name:<8} parts {sizes}, {known} of {found.test_cells} known")

assert set(runs[random.train]) & set(runs[random.test]) == set(runs)
assert known == 0

# %% [markdown]
# ## Every cell tested once
#
# Cross-validation repeats the test in turns, so that each cell is tested once, by a model that did not see it.
# It too comes in two kinds, and {numref}`fig-splits-folds` shows who is tested when.

# %%
from cgrecnet.data.splits import grouped_folds, stratified_folds

FOLDS = 4
folds = {
    "stratified": stratified_folds(cells.labels, FOLDS, seed=42),
    "grouped": grouped_folds(cells.labels, runs, FOLDS, seed=42),
}
for several in folds.values():
    assert np.array_equal(
        np.sort(np.concatenate([fold.test for fold in several])),
        np.arange(len(cells)),
    )
for fold in folds["stratified"]:
    assert set(runs[fold.test]) == set(runs)

# %% mystnb={"image": {"alt": "Two tables of percentages, one row for each of twelve runs and one column for each of four folds. In panel A a part of every run stands in each column. In panel B each run has all of it in one column and zeros elsewhere."}, "figure": {"name": "fig-splits-folds", "caption": "Stratified folds (A) test a share of every run each time; grouped folds (B) test whole runs, each once. Share of a run's cells that is tested in each of four folds; simulated cells."}}
figure, panels = plt.subplots(1, 2, figsize=(4.6, 3.6), sharey=True)
small = {"fontsize": 8, "color": "black"}
look = {"cmap": "Blues", "vmin": 0, "vmax": 2, "cbar": False, "fmt": ".0%"}
for axes, mark, title in zip(panels, "AB", folds, strict=True):
    tested = np.zeros(len(runs), int)
    for k, fold in enumerate(folds[title], 1):
        tested[fold.test] = k
    share = pd.crosstab(runs, tested, normalize="index").loc[names]
    sns.heatmap(share, annot=True, annot_kws=small, ax=axes, **look)
    axes.set(xlabel="tested in fold", ylabel="")
    axes.tick_params(length=0, labelrotation=0)
    axes.set_title(f"   {title}")
    letter(axes, mark)
plt.show()
from_dataset(cells)

# %% [markdown]
# Some data do not allow a grouped split at all.
# The simulation has a dial called `confounding`: at 0 a cell's run has nothing to do with its class, at 1 every class has its own runs.
# With three runs and complete confounding, each class lives in one run: test that run, and the class was never trained.
# The function then says which class is to blame instead of returning something that looks like a split.

# %%
from cgrecnet.data.splits import draw
from cgrecnet.errors import DataError

options = {"cells": 90, "seed": 8, "runs": 3, "confounding": 1.0}
impossible = open_dataset("cytometer", options=options)
try:
    draw(impossible, "grouped", seed=42)
except DataError as error:
    print(error)

# %% [markdown]
# ## Nobody is tested on what they saw
#
# A split is an object that cannot be built wrong: a cell in two parts is refused.

# %%
from cgrecnet.data.splits import Split

try:
    Split(
        train=np.arange(10),
        validation=np.arange(10, 13),
        test=np.arange(12, 15),
    )
except DataError as error:
    print(error)

# %% [markdown]
# A split lives as long as a program runs; a **manifest** is a split in a file.
# It names every cell and gives it a letter (`t` train, `v` validation, `e` test), and carries hashes of the cells and of itself.
# So whoever has the file can test the same cells again, and a change in either is noticed.
# The command `cgrecnet data split jurkat --out FOLDER` writes one for each of the paper's three seeds.

# %%
from cgrecnet.data.manifest import make_manifest

SEEDS = (42, 123, 999)
manifests = {seed: make_manifest(cells, "joint", seed) for seed in SEEDS}
for seed, manifest in manifests.items():
    assert manifest == make_manifest(cells, "joint", seed)
    tested = manifest.splits_for(cells)[0].test
    common = np.isin(tested, manifests[42].splits_for(cells)[0].test).mean()
    start = manifest.splits[0][:24]
    print(f"seed {seed:>3}: {start}...  in common: {common:.0%}")

# %% [markdown]
# Now tamper with one: move a single test cell into the training part.

# %%
from cgrecnet.data.manifest import read_manifest, write_manifest

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "split.json"
    write_manifest(manifests[42], path)
    assert read_manifest(path) == manifests[42]
    written = json.loads(path.read_text())
    written["splits"][0] = written["splits"][0].replace("e", "t", 1)
    path.write_text(json.dumps(written))
    try:
        read_manifest(path)
    except DataError as error:
        print(str(error).replace(str(path), "split.json"))
    else:
        raise AssertionError("unnoticed")

# %% [markdown]
# Or change a single pixel of the data by one grey level.

# %%
from dataclasses import replace

from cgrecnet.data.base import fingerprint

brighter = cells.images[0].copy()
brighter[0, 0] ^= 1
images = [brighter, *cells.images[1:]]
fresh = fingerprint(images, cells.labels, cells.table["cell_id"].tolist())
changed = replace(cells, images=images, fingerprint=fresh)
try:
    manifests[42].splits_for(changed)
except DataError as error:
    print(error)
else:
    raise AssertionError("unnoticed")

# %% [markdown]
# The manifests of the Jurkat cells come with the book (`results/splits`), so that everyone tests the same cells.

# %%
everything = open_dataset("jurkat")
parts = {"t": "train", "v": "validation", "e": "test"}
paths = sorted((RESULTS / "splits").glob("jurkat-cycle-joint-*.json"))
assert {read_manifest(path).seed for path in paths} == set(SEEDS)
for path in paths:
    manifest = read_manifest(path)
    letters = manifest.splits[0]
    sizes = {parts[one]: letters.count(one) for one in parts}
    said = ", ".join(f"{name} {n:,}" for name, n in sizes.items())
    assert len(manifest.splits_for(everything)) == 1
    print(f"{path.name}: {said}; fits the cells")

# %% [markdown]
# ## Plant a leak, catch it
#
# No cell stands in two parts, and yet there may be a leak: the same *picture* under two names.
# A copy need not be equal pixel by pixel: it may have been mirrored, moved, or saved at another brightness.
# We take the cell with the most contrast and plant one copy of each kind ({numref}`fig-splits-copies`).

# %%
clearest = int(np.argmax([image.std() for image in cells.images]))
original = cells.images[clearest]
planted = [
    original.copy(),
    original[:, ::-1],
    np.roll(original, (1, 2), axis=(0, 1)),
    np.rint(0.85 * original + 12).astype(np.uint8),
]
pairs = find_duplicates([*cells.images, *planted])

# %%
for pair in pairs:
    how = "exact" if pair.exact else "near"
    said = f"{how}, correlation {pair.correlation:.3f}"
    print(f"{pair.first} and {pair.second}: {said}")

found = {pair.second for pair in pairs}
assert found == {len(cells) + k for k in range(len(planted))}

# %% mystnb={"image": {"alt": "Five small grey images of one simulated cell: the original, an equal copy, a mirrored one, one moved by two pixels, one at another brightness."}, "figure": {"name": "fig-splits-copies", "caption": "A simulated cell (A) and four copies of it: equal (B), mirrored (C), moved (D), brightness changed (E). A comparison pixel by pixel finds only the first; the comparison of the fine detail finds all four."}}
figure, places = plt.subplots(1, 5, figsize=(4.6, 1.3))
draw_row(places, [original, *planted], (30, 230))
for place, mark in zip(places, "ABCDE", strict=True):
    letter(place, mark)
plt.show()
from_dataset(cells)

# %% [markdown]
# How does it tell a copy from a cell that merely looks alike?
# Overall likeness is no proof: cells are round and stand in the middle.
# The fine detail is what is left when a blurred picture is subtracted, the granules and the noise; a copy keeps it, another cell has its own.
# Call two pictures $a$ and $b$, write $G * a$ for $a$ after a Gaussian blur, and compute the correlation $r$ of the fine detail
#
# $$
# \begin{aligned}
# \tilde a &= a - G * a, \quad \tilde b = b - G * b, \\
# r &= \max_{\text{mirror, shift}} \operatorname{corr}\bigl(\tilde a,\, \text{moved } \tilde b\bigr) .
# \end{aligned}
# $$ (eq-splits-correlation)
#
# The blur has a standard deviation of {glue:text}`detail:g` pixel, shifts go up to {glue:text}`shift` pixels, and from $r$ = {glue:text}`threshold` on two pictures count as copies.
# Comparing all pairs that way would be slow, so that each cell is first compared with all others by the amplitude spectrum of its fine detail, which does not change when a picture is mirrored or moved, and only its likest few are looked at closely.
# The method has a limit: a second photograph of the same cell has noise of its own and is not found.

# %%
show_code(find_duplicates)

# %% [markdown]
# ## Copies among real cells
#
# A public data set holds a surprise that no table shows.
# Two rare stages of the Jurkat cells, metaphase and telophase, are searched here for cells that were cut out twice ({numref}`fig-splits-jurkat-copies`).

# %% mystnb={"image": {"alt": "Pairs of real brightfield cells that look the same; beside each pair a third panel marks the differing pixels, a thin line at the margin."}, "figure": {"name": "fig-splits-jurkat-copies", "caption": "Near copies in a public data set: two entries of the table show one and the same picture of a cell, differing in a few pixels at the margin only, so that a search for equal files misses them. A and B, the two entries; C, where they differ (dark pixels). Jurkat cells in metaphase and telophase."}}
stage = everything.table["stage"]
chosen = stage.isin(["Metaphase", "Telophase"])
rare = take(everything, np.flatnonzero(chosen))
twins = find_duplicates(rare.images)
figure = plt.figure(figsize=(4.6, 1.6 * len(twins)))
grid = figure.subplots(len(twins), 3, squeeze=False)
for row, pair in zip(grid, twins, strict=True):
    one, two = rare.images[pair.first], rare.images[pair.second]
    draw_row(row[:2], [one, two], rare.window)
    row[2].imshow(one != two, cmap="gray_r", vmin=-0.15, vmax=1)
    row[2].set_axis_off()
for place, mark in zip(grid[0], "ABC", strict=True):
    letter(place, mark)
plt.show()
from_dataset(rare)

# %% tags=["remove-cell"]
assert twins and not any(pair.exact for pair in twins)
rows = "; ".join(
    f"{rare.table['cell_id'][pair.first]} and {rare.table['cell_id'][pair.second]} ({int((rare.images[pair.first] != rare.images[pair.second]).sum())} of {rare.images[0].size:,} pixels)"
    for pair in twins
)
tell(rare=len(rare), twins=len(twins), rows=rows)

# %% [markdown]
# Among {glue:text}`rare` cells of the two stages the search found {glue:text}`twins` pairs: {glue:text}`rows`.
#
# A pair of copies can put one test cell into the training part, not more.
# That matters for the rarest stages, where a class may have a few dozen cells, and it shows why one has to look.
#
# ## What this means for the paper
#
# The paper splits by image, stratified by class, and says that no sample is in two subsets.
# Taken image by image, that is what its split does, and many papers split in the same way.
# What such a split does not rule out is that the images of one culture dish, one day and one run stand on both sides of it.
# The cells lie in folders named after the medium that their dish received, so dish and class are tied by design, and that is no one's mistake: it is how such cells are made.
# The data of Zhu and colleagues {cite}`zhu2021deep` carry day and replicate in their file names, so whoever has the files can group by them.
# How much the choice of split changes the score is the subject of {doc}`shortcuts`.
#
# **Take-away.**
# A score belongs to a question, and the split decides which question was asked.
# Split by acquisition where the data allow it, look for copies before training, and keep the split beside the score.
#
# ```{exercise} Plant a leak in the test set
# :label: exercise-splits-leak
#
# Take the simulated cells and the random split from above.
# Add mirrored copies of twenty training cells to the test part.
# Does `find_duplicates` catch them, and does `leaks` say between which parts they stand?
# ```
#
# ````{solution} exercise-splits-leak
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
copied = random.train[:20]
images = [*cells.images, *(cells.images[i][:, ::-1] for i in copied)]
new = np.arange(len(cells), len(images))
leaky = Split(
    random.train, random.validation, np.concatenate([random.test, new])
)
caught = leaks(
    leaky, find_duplicates(images), np.concatenate([runs, runs[copied]])
)
print("near copies across:", caught.near_across)
print("exact copies across:", caught.exact_across)

# %% [markdown]
# ```{exercise} How much does a leak flatter?
# :label: exercise-splits-flatter
#
# Let a classifier that only remembers pictures (the nearest neighbour, pixel by pixel) be tested on the random split.
# The crops differ in height, so take a middle from each that all of them have.
# Then replace a quarter, a half and all of the test cells by exact copies of training cells.
# How does its accuracy grow, and what has it learned in the meantime?
# ```
#
# ````{solution} exercise-splits-flatter
# :class: dropdown
#
# It grows in step with the share of copies and reaches 1, although nothing was learned: the classifier is the same in every line.
# ````

# %% tags=["hide-cell"]
from sklearn.neighbors import KNeighborsClassifier

SIDE = min(min(image.shape) for image in cells.images)


def middle(image):
    """The central square that all crops have, as one row of numbers."""
    top, left = ((length - SIDE) // 2 for length in image.shape)
    return image[top : top + SIDE, left : left + SIDE].ravel().astype(float)


pixels = np.array([middle(image) for image in cells.images])
nearest = KNeighborsClassifier(1).fit(
    pixels[random.train], cells.labels[random.train]
)
accuracies = []  # a list: with no copies, a quarter, a half, all
for share in (0.0, 0.25, 0.5, 1.0):
    tested = random.test.copy()
    swapped = int(round(share * len(tested)))
    tested[:swapped] = random.train[:swapped]
    accuracies.append(nearest.score(pixels[tested], cells.labels[tested]))
    print(f"{share:>4.0%} copies: accuracy {accuracies[-1]:.2f}")
assert accuracies == sorted(accuracies) and accuracies[-1] == 1

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A random split reports a high accuracy. Which question did it answer?
# How well the network does on other cells of the *same* runs.
# How well it does on a new run is another question, and needs a grouped split.
# :::
#
# :::{dropdown} 2. When is a grouped split impossible?
# When a class lives in too few runs.
# If a class has one run and that run is tested, the class was never trained; the function then names the class instead of returning something.
# :::
#
# :::{dropdown} 3. Why look for copies before the split is made?
# Two pictures of one cell on both sides of a split turn a test into a memory task.
# A search for equal files is not enough: copies may differ in a few pixels, or be mirrored.
# :::
