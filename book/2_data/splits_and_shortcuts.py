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
# **You will learn** why a random split can flatter a classifier, how to split by acquisition instead, and how one call looks for copies and shortcuts in any data set.
#
# A test asks one question: how well does the model do on cells that it has not seen?
# The answer depends on what "not seen" means.
# Another cell from the same run was photographed with the same lamp, the same focus and the same camera setting as the training cells.
# A cell from a run of next month was not.
# Whoever wants to know how a model will do next month has to test it on a run that it never saw.

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.data import available, open_dataset
from cgrecnet.data.splits import joint_split
from cgrecnet.figures.cells import draw_absent, draw_row
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.splits import draw_optimism, draw_probes, draw_splits_by_group
from cgrecnet.figures.style import letter, use_book_style

use_book_style()


def show(thing):
    """The source of a function of the package."""
    return Markdown(f"```python\n{inspect.getsource(thing)}```")


# %% [markdown]
# ## Two ways to split
#
# We make simulated cells that come from twelve acquisition runs.
# The simulation has a dial called `confounding`: at 0 a cell's run has nothing to do with its class, at 1 every class has its own runs.

# %%
CELLS = {"cells": 450, "seed": 8, "runs": 12}
LEVELS = (0.0, 0.25, 0.5, 1.0)
by_level = {level: open_dataset("cytometer", options=CELLS | {"confounding": level}) for level in LEVELS}
fair, tied = by_level[0.0], by_level[1.0]

# %% [markdown]
# A **random** split deals the cells out one by one, class by class, whatever run they come from; the paper's 70/15/15 split is of this kind.
# A **grouped** split deals out whole runs.
# {numref}`fig-splits-schemes` shows both.

# %%
from cgrecnet.data.grouped import grouped_split

runs = fair.table["group"].to_numpy()
random = joint_split(fair.labels, seed=42)
grouped = grouped_split(fair.labels, runs, seed=42)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of marks, one row for each of twelve runs. In panel A, training, validation and test marks are mixed within every row. In panel B each row has one kind of mark only."}, "figure": {"name": "fig-splits-schemes", "caption": "In a random split (A) every run has cells in training and in test, so the test never asks about a new run; in a grouped split (B) each run stands in one part only. One row per run of the simulated cytometer, one mark per cell, at most 24 cells of each run drawn."}}
draw_splits_by_group({"random": random, "grouped": grouped}, runs)
plt.show()

# %% tags=["remove-input"]
from_dataset(fair)

# %% [markdown]
# Whole runs cannot be cut to exact shares, so the grouped split comes only as near to 70/15/15 as the runs allow.
# What it never does is part a run, and that can be counted.

# %%
from cgrecnet.data.integrity import leaks

for name, split in (("random", random), ("grouped", grouped)):
    found = leaks(split, [], runs)
    sizes = [len(part) for part in split.parts().values()]
    print(f"{name:<8} parts {sizes}, test cells whose run was trained on: {found.test_cells_of_trained_groups} of {found.test_cells}")

assert leaks(grouped, [], runs).test_cells_of_trained_groups == 0

# %% [markdown]
# Some data do not allow a grouped split at all.
# With three runs and complete confounding, each class lives in one run: test that run, and the class was never trained.
# The function then says which class is to blame instead of returning something that looks like a split.

# %%
from cgrecnet.errors import DataError

impossible = open_dataset("cytometer", options={"cells": 90, "seed": 8, "runs": 3, "confounding": 1.0})
try:
    grouped_split(impossible.labels, impossible.table["group"].to_numpy(), seed=42)
except DataError as error:
    print(error)

# %% [markdown]
# ## Plant a leak, catch it
#
# The plainest leak is a picture that stands in training and in test.
# A copy need not be equal pixel by pixel: it may have been mirrored, moved, or saved at another brightness.
# We take the cell with the most contrast and plant one copy of each kind.

# %%
from cgrecnet.data.duplicates import DETAIL, SHIFT, THRESHOLD, find_duplicates

clearest = int(np.argmax([image.std() for image in fair.images]))
original = fair.images[clearest]
planted = [
    original.copy(),
    original[:, ::-1],
    np.roll(original, (1, 2), axis=(0, 1)),
    np.rint(0.85 * original + 12).astype(np.uint8),
]
pairs = find_duplicates([*fair.images, *planted])
for pair in pairs:
    print(f"cell {pair.first} and cell {pair.second}: {'exact' if pair.exact else 'near'}, correlation {pair.correlation:.3f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Five small grey images of one simulated cell: the original, an equal copy, a mirrored one, one moved by two pixels, one at another brightness."}, "figure": {"name": "fig-splits-copies", "caption": "A simulated cell (A) and four copies of it: equal (B), mirrored (C), moved (D), brightness changed (E). A comparison pixel by pixel finds only the first; the comparison of the fine detail finds all four."}}
figure, places = plt.subplots(1, 5, figsize=(7.0, 1.6))
draw_row(places, [original, *planted], (30, 230))
for place, mark in zip(places, "ABCDE", strict=True):
    letter(place, mark)
plt.show()

# %% tags=["remove-input"]
from_dataset(fair)

# %% [markdown]
# How does it tell a copy from a cell that merely looks alike?
# Overall likeness is no proof: cells are round and stand in the middle.
# The fine detail is what is left when a blurred picture is subtracted, the granules and the noise; a copy keeps it, another cell has its own.
# Call two pictures $a$ and $b$, their fine detail $a - G * a$ and $b - G * b$ with a Gaussian blur $G$, and compute the correlation
#
# $$ r(a, b) = \max_{\text{mirror, shift}} \operatorname{corr}\bigl(a - G * a,\; \text{moved}(b - G * b)\bigr) . $$ (eq-splits-correlation)

# %% tags=["remove-input"]
Markdown(
    f"The blur has a standard deviation of {DETAIL:g} pixel, shifts go up to {SHIFT} pixels, and from $r$ = {THRESHOLD} on two pictures count as copies. "
    "Comparing all pairs that way would be slow, so that each cell is first compared with all others by the amplitude spectrum of its fine detail, which does not change when a picture is mirrored or moved, and only its likest few are looked at closely. "
    "The method has a limit: a second photograph of the same cell has noise of its own and is not found."
)

# %% tags=["hide-input"]
show(find_duplicates)

# %% [markdown]
# ## Can the class be known without looking at the cell?
#
# The second kind of leak is a **shortcut**: something in the picture that goes with the class but is not the cell.
# To find it, blindfold a simple classifier.
# It may see only the *border*, the outermost two pixels where there is hardly any cell; or only the *histogram*, which grey levels occur but not where; or only the *size* of the crop.
# We use a small forest of decision trees (no model of the paper) and score every cell with a forest that was grown without the cell's fold.
# The score is the balanced accuracy, the mean over classes of the share that was recognised: guessing gives one third for three classes, however unequal they are.
# The intervals come from drawing cells again and again, and are widened because the forests of different folds share most of their cells; even so, about one interval in twenty misses the truth.

# %%
from cgrecnet.data.probes import border_features

show(border_features)

# %%
from cgrecnet.data.integrity import audit, probe_shortcuts

reports = {level: audit(by_level[level], joint_split(by_level[level].labels, 42)) for level in (0.0, 1.0)}
print(reports[0.0])

# %% [markdown]
# Read it line by line.
# *Border only* tells how much the empty part of the picture knows about the class: here, where run and class have nothing to do with each other, the interval reaches down to chance or below it, as it should.
# *Histogram only* and, more faintly, *size only* rise over chance even in these honest data, and rightly so: a big cell makes dark pixels and a tall crop.
# So a probe above chance is a finding only where the probe cannot see the cell.
# The report therefore asks to look for a shortcut after one line only, the plain border.
#
# The line *border only, standardised* holds a trap.
# Standardising subtracts the picture's own mean and divides by its own spread, and both depend on the cell.
# So it carries some knowledge of the cell *into* the border, and a score above chance is no proof of a shortcut here.
#
# Now the same with complete confounding.

# %%
print(reports[1.0])

# %% tags=["remove-input"]
assert reports[1.0].probe("border").low > 0.8 and not reports[0.0].probe("border").exceeds(1 / 3)
border_fair, border_tied = (reports[level].probe("border") for level in (0.0, 1.0))
Markdown(
    f"The border alone now names the class with a balanced accuracy of {border_tied.balanced:.2f}, against {border_fair.balanced:.2f} before. "
    "The cells are the same; only the runs they were assigned to have changed. "
    "{numref}`fig-splits-probes` turns the dial step by step."
)

# %%
scores = {sees: {} for sees in ("border", "histogram", "size")}
for level, cells in by_level.items():
    report = reports.get(level)
    found = report.probes if report else probe_shortcuts(cells)
    for probe in found:
        if not probe.standardised:
            scores[probe.sees][level] = probe.score

# %% tags=["hide-input"] mystnb={"image": {"alt": "Line chart of balanced accuracy against confounding for three probes. The border probe starts at chance and climbs to the top; the histogram probe starts higher and climbs too; the size probe stays level a little above chance."}, "figure": {"name": "fig-splits-probes", "caption": "The border probe starts at chance and climbs with the confounding, so it measures the planted shortcut; the histogram probe starts above chance because it sees the cell as well; the size probe does not move because the runs do not change the size. Simulated cells, four settings of the dial, bars: 95 % intervals."}}
draw_probes(scores, chance=1 / 3)
plt.show()

# %% tags=["remove-input"]
from_dataset(tied)

# %% [markdown]
# ## The optimism gap
#
# A shortcut matters because a random split rewards it.
# The last lines of the report let a forest glance at the whole picture (25 simple numbers of it), once with random folds and once with grouped folds.
# The difference is the **optimism gap**: what the random split promised and a new run did not deliver.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of points with intervals, confounding 0 and 1 on the horizontal axis. Without confounding, random and grouped folds are close. With complete confounding the random folds are far above the grouped folds, less so after standardisation."}, "figure": {"name": "fig-splits-optimism", "caption": "Where run and class are tied, random folds promise what new runs do not keep (A); standardising each picture narrows the gap and does not close it (B). Whole-picture probe on simulated cells; bars: 95 % intervals, over cells for random folds, over runs for grouped ones."}}
draw_optimism({f"confounding {level:.0f}": report for level, report in reports.items()})
plt.show()

# %% tags=["remove-input"]
from_dataset(tied)

# %% tags=["remove-input"]
assert reports[1.0].whole.low > 0 and reports[1.0].whole.gap > reports[0.0].whole.gap
sentences = []
for level, report in reports.items():
    raw, clean = report.whole, report.whole_standardised
    sentences.append(
        f"At confounding {level:.0f} the gap is {raw.gap:.2f} (95 % interval {raw.low:.2f} to {raw.high:.2f}) with the grey levels as they are, "
        f"and {clean.gap:.2f} ({clean.low:.2f} to {clean.high:.2f}) after standardisation."
    )
Markdown(" ".join(sentences))

# %% [markdown]
# On new runs a classifier that lives on a shortcut can fall below chance: a new run's background may be one that it learned as the mark of another class.
#
# Even without confounding the gap need not be zero, above all when there are few runs to learn from.
# Every run has its own background and contrast, so a new run asks a forest of grey levels about grey levels that it never met.
# That is a real difficulty of new data and no leak, and it is why the report also gives the gap after standardisation.
# A gap that stays after standardisation and comes with a border above chance is the pattern to worry about.
#
# ## Real cells
#
# Now the same audit of real cells, where nobody knows the truth beforehand.

# %% tags=["remove-input"]
have_jurkat = available("jurkat")
absent = "The Jurkat images are not on this machine; run `cgrecnet data fetch jurkat`, then `make book`."
if have_jurkat:
    from cgrecnet.data.integrity import take

    everything = open_dataset("jurkat")
    chosen = np.sort(np.random.default_rng(0).choice(len(everything), 800, replace=False))
    jurkat = take(everything, chosen)
    real = audit(jurkat)
    print(real)
else:
    print(absent)

# %% tags=["remove-input"]
if have_jurkat:
    border = real.probe("border")
    text = (
        f"Of {len(everything):,} cells, {len(jurkat)} drawn at random were audited here. "
        f"The border names the class with a balanced accuracy of {border.balanced:.2f} ({border.low:.2f} to {border.high:.2f}), where chance is {real.chance:.2f}. "
        "There are two readings of such a number, and the audit alone cannot choose: the experiments may differ in background, or big and dividing cells may reach into the border. "
        "A grouped test would decide, but these data do not allow it, and the report names the class that stands in the way."
    )
else:
    text = absent
Markdown(text)

# %% tags=["remove-input"]
from_dataset(jurkat) if have_jurkat else Markdown(absent)

# %% [markdown]
# The whole set also holds a surprise that no table shows.
# Two rare stages, metaphase and telophase, are searched here for cells that were cut out twice.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Pairs of real brightfield cells that look the same; under each pair a third panel marks the differing pixels, a thin line at the margin."}, "figure": {"name": "fig-splits-jurkat-copies", "caption": "Near copies in a public data set: two entries of the table show one and the same picture of a cell, differing in a few pixels at the margin only, so that a search for equal files misses them. A and B, the two entries; C, where they differ (dark pixels). Jurkat cells in metaphase and telophase, if the images are at hand."}}
if have_jurkat:
    rare = take(everything, np.flatnonzero(everything.table["stage"].isin(["Metaphase", "Telophase"])))
    twins = find_duplicates(rare.images)
    figure, grid = plt.subplots(len(twins), 3, figsize=(4.6, 1.6 * len(twins)), squeeze=False)
    for row, pair in zip(grid, twins, strict=True):
        one, two = rare.images[pair.first], rare.images[pair.second]
        draw_row(row[:2], [one, two], rare.window)
        row[2].imshow(one != two, cmap="gray_r", vmin=-0.15, vmax=1)
        row[2].set_axis_off()
    for place, mark in zip(grid[0], "ABC", strict=True):
        letter(place, mark)
else:
    draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
if have_jurkat:
    rows = "; ".join(
        f"`{rare.table['cell_id'][pair.first]}` and `{rare.table['cell_id'][pair.second]}` ({int((rare.images[pair.first] != rare.images[pair.second]).sum())} of {rare.images[0].size:,} pixels differ)"
        for pair in twins
    )
    text = f"Found among {len(rare)} cells of the two stages: {len(twins)} pairs: {rows}."
else:
    text = absent
Markdown(text)

# %% tags=["remove-input"]
from_dataset(rare) if have_jurkat else Markdown(absent)

# %% [markdown]
# A handful of copies among thousands of cells moves no accuracy that anyone would print.
# It matters for the rarest stages, where a class may have a few dozen cells, and it shows why one has to look.
#
# ## What this means for the paper
#
# The paper {cite}`li2026cgrecnet` splits 70/15/15 by image, stratified by class, and says that no sample is in two subsets.
# Taken image by image, that is what its split does, and many papers split in the same way.
# What such a split does not rule out is that the images of one culture dish, one day and one run stand on both sides of it.
# The cells lie in folders named after the medium that their dish received, so dish and class are tied by design, and that is no one's mistake: it is how such cells are made.
# The data of Zhu and colleagues {cite}`zhu2021deep` carry day and replicate in their file names, so whoever has the files can group by them; Zhu and colleagues themselves also tested on other inducers.
#
# Whether the paper's accuracy leans on the acquisition is an open question.
# The paper's images are not at hand here, and nothing on this page measures them; what happens to simulated cells at full confounding shows what *can* happen, not what did.
# Whoever has the images can open them with `open_dataset("zhu")`, pick some thousand cells with `take`, and hand them to `audit`: the border probe and the gap between random and grouped folds will answer.
#
# **Take-away.**
# A score belongs to a question, and the split decides which question was asked.
# Split by acquisition where the data allow it, look for copies before training, and blindfold a classifier before trusting one that sees.
#
# ```{exercise} Plant a leak in the test set
# :label: exercise-splits-leak
#
# Take the simulated cells without confounding and the random split from above.
# Add mirrored copies of twenty training cells to the test part.
# Does `find_duplicates` catch them, and does `leaks` say between which parts they stand?
# ```
#
# ````{solution} exercise-splits-leak
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-input"]
from cgrecnet.data.splits import Split

copied = random.train[:20]
images = [*fair.images, *(fair.images[i][:, ::-1] for i in copied)]
new = np.arange(len(fair), len(images))
leaky = Split(random.train, random.validation, np.concatenate([random.test, new]))
caught = leaks(leaky, find_duplicates(images), np.concatenate([runs, runs[copied]]))
print("near copies across parts:", caught.near_across)
print("exact copies across parts:", caught.exact_across)

# %% [markdown]
# ```{exercise} Hide the background, keep the shortcut
# :label: exercise-splits-hide
#
# Someone proposes to hide the shortcut by subtracting the median of the border from every picture.
# Do that to the cells with complete confounding and audit them again with `probe_shortcuts`.
# Is the border blind now? If not, what is left in it?
# ```
#
# ````{solution} exercise-splits-hide
# :class: dropdown
#
# The median is gone, but the spread of the border is still there: runs with a higher gain have stronger noise, and noise stands in the border too.
# ````

# %% tags=["hide-input"]
from dataclasses import replace


def subtract_border(image):
    """Grey levels minus the median of the outermost two pixels."""
    ring = np.ones(image.shape, dtype=bool)
    ring[2:-2, 2:-2] = False
    return image - np.median(image[ring])


hidden = replace(tied, images=[subtract_border(image) for image in tied.images])
for name, cells in (("as they are", tied), ("border subtracted", hidden)):
    score = probe_shortcuts(cells, sees=("border",))[0].score
    print(f"{name:<18} border only {score.balanced:.2f} ({score.low:.2f} to {score.high:.2f}), chance 0.33")
