# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Shortcuts
#
# **You will learn** how to find out whether a classifier could know the class without looking at the cell, how to test the finder itself, and what it says of real cells.
#
# **You need** {doc}`/book/2_data/splits`, and what a classifier's chance level is.
# Reading takes about {reading-time}`this page`.
#
# A **shortcut** is something in a picture that goes with the class but is not the cell: the grey of the background, the noise of the camera, the size of the crop.
# Shortcuts come about when class and acquisition are tied: astrocytes on Monday, neurons on Tuesday, and another lamp.
# A network that finds a shortcut will take it, and a random split ({doc}`splits`) will not notice, because its test cells carry the same shortcut.

# %% tags=["remove-cell"]
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import beta
from sklearn.model_selection import StratifiedKFold

from cgrecnet.data import available, open_dataset
from cgrecnet.data.audit import probes
from cgrecnet.data.audit.confounding import corner_features, kept_in_a_new_group
from cgrecnet.data.audit.integrity import audit, take
from cgrecnet.data.audit.probes import border_features
from cgrecnet.data.cytometer.parameters import hash_of_numbers
from cgrecnet.data.splits import joint_split
from cgrecnet.data.traits import background
from cgrecnet.figures.provenance import Provenance, from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paths import RESULTS

use_book_style()


def brief(report):
    """The report without its table of grey levels, which has a line for every class and group."""
    lines = str(report).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith(("sizes and grey levels", "balanced accuracy"))]
    return "\n".join([*lines[: starts[0]], *lines[starts[-1] :]])

record = json.loads((RESULTS / "audit-dials" / "audit.json").read_text())
assert record["parameters_sha256"] == hash_of_numbers(), "run benchmarks/audit_dials.py anew"
tell(sets=record["seeds"], cells=record["cells"], version=record["audits"][0]["version"], runs=record["runs"])
have_zhu = available("zhu")
if have_zhu:
    zhu = open_dataset("zhu", options={"hash": "names"})
    rng, found = np.random.default_rng(0), []
    for (kind, group), here in zhu.table.groupby(["class_name", "group"], sort=False).indices.items():
        for i in sorted(rng.choice(here, min(100, len(here)), replace=False)):
            level, noise = background(zhu.images[i])
            height = zhu.images[i].shape[0]
            found.append({"kind": kind, "group": group, "background": level, "noise": noise, "height": height})
    crops, origin = pd.DataFrame(found), from_dataset(zhu)
else:
    samples = json.loads((RESULTS / "zhu-samples" / "traits.json").read_text())
    black, white = samples["window"]
    crops = pd.DataFrame([{"kind": one["kind"], "group": one["group"]} | one["traits"] for one in samples["cells"]])
    crops["background"] = black + (white - black) * crops["background"]
    crops["noise"] *= white - black
    facts = {
        "Data": f"Zhu samples, {len(crops)} real cells", "Record": "results/zhu-samples/traits.json",
        "Made by": "benchmarks/zhu_samples.py", "Commit": samples["commit"][:10],
    }  # fmt: skip
    origin = Provenance(tuple(facts.items()))

# %% [markdown]
# ## Blindfold a classifier
#
# To find a shortcut, take a simple classifier and let it see everything but the cell.
# It may see only the *border*, the outermost two pixels where there is hardly any cell; or only the *histogram*, which grey levels occur but not where; or only the *size* of the crop.
# We use a small forest of decision trees (no model of the paper) and score every cell with a forest that was grown without the cell's fold.
# The score is the balanced accuracy, the mean over classes of the share that was recognised: guessing gives one third for three classes, however unequal they are.
# The intervals come from drawing cells again and again, and are widened because the forests of different folds share most of their cells.
# An interval of 95 % is meant to miss the truth about once in twenty times.

# %%
show_code(border_features)

# %% [markdown]
# ## Where the truth is known
#
# The simulated cytometer has a dial called `confounding`: at 0 a cell's run has nothing to do with its class, at 1 every class has its own runs.
# So we know what the audit ought to say.
# First, nothing planted.

# %%
CELLS = {"cells": 360, "seed": 8, "runs": 12}
by_level = {
    level: open_dataset("cytometer", options=CELLS | {"confounding": level})
    for level in (0.0, 1.0)
}
fair, tied = by_level.values()
reports = {
    level: audit(cells, joint_split(cells.labels, 42))
    for level, cells in by_level.items()
}
print(brief(reports[0.0]))

# %% [markdown]
# Read it line by line (a table of grey levels by class and group, which comes first, is left out on this page).
# *Cramer's V* measures how closely class and group go together, from 0 (not at all) to 1 (the group names the class); chance alone lifts it a little above 0 in so few cells.
# The lines about the *whole picture* are the subject of a section below.
# *Border only* tells how much the empty part of the picture knows about the class.
# *Histogram only* and, more faintly, *size only* may rise over chance even in honest data, and rightly so: a big cell makes dark pixels and a tall crop.
# So a probe above chance is a finding only where the probe cannot see the cell.
# The report therefore asks to look for a shortcut after one line only, the plain border.
#
# The line *border only, standardised* holds a trap.
# Standardising subtracts the picture's own mean and divides by its own spread, and both depend on the cell.
# So it carries some knowledge of the cell *into* the border, and a score above chance is no proof of a shortcut here.
#
# Now the same with complete confounding.

# %%
print(brief(reports[1.0]))
from_dataset(tied)

# %% [markdown]
# The border alone now names the class with a balanced accuracy of {glue:text}`border_tied:.2f`, against {glue:text}`border_fair:.2f` before.
# The cells are the same, with the same shapes; only the runs they were assigned to have changed.
#
# ## Does the finder find, and is it silent?
#
# One data set proves little: an interval of 95 % is wrong now and then.
# So the dial was turned step by step and a new data set made and audited each time, many times over (`benchmarks/audit_dials.py`; the record is read here).
# {numref}`fig-shortcuts-dial` and the table show what the audit said.

# %%
rows = []
for one in record["audits"]:
    border, gap = one["border"], one["gap"]
    standardised = one["gap_standardised"]
    rows.append({
        "confounding": one["confounding"],
        "seed": one["seed"],
        "border": border["balanced"],
        "found": border["low"] > record["chance"],
        "gap": gap["gap"],
        "gap_found": gap["low"] > 0,
        "gap_standardised": standardised["gap"],
        "gap_standardised_found": standardised["low"] > 0,
    })

# %%
audits = pd.DataFrame(rows)
by_dial = audits.groupby("confounding")
by_dial.agg(**{
    "data sets": ("found", "size"),
    "shortcut found": ("found", "sum"),
    "border only, median": ("border", "median"),
    "gap above 0": ("gap_found", "sum"),
}).round(2)

# %% [markdown]
# {glue:text}`sets` data sets of {glue:text}`cells` simulated cells (version {glue:text}`version`) from {glue:text}`runs` runs at each setting.
# *Shortcut found*: the interval of the border's score lies above chance.
# *Gap above 0*: so does that of the optimism gap, which is explained below.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the confounding from 0 to 1. Panel A: one circle per data set, the balanced accuracy of the border probe; near chance and mostly hollow at 0, rising and filled towards 1. Panel B: two curves of the optimism gap with bars, rising with the confounding; the curve after standardisation runs lower at the right end."}, "figure": {"name": "fig-shortcuts-dial", "caption": "The audit is silent where nothing was planted, with few false alarms, and finds what was planted, the more surely the stronger it is (A); the gap between random and new runs is largest where they are tied completely (B). Each circle is one simulated data set, filled where the audit asks to look for a shortcut; B: medians over data sets, bars from the 10 % to the 90 % quantile."}}
figure, (left, right) = plt.subplots(2, 1, figsize=(4.6, 5.6))
apart = 0.048 * (audits["seed"] / record["seeds"] - 0.5)
for found, fill in ((True, PALETTE[0]), (False, "white")):
    chosen = audits["found"] == found
    x = audits["confounding"] + apart
    look = {"markersize": 4, "color": fill, "markeredgecolor": PALETTE[0]}
    left.plot(x[chosen], audits["border"][chosen], "o", label="found" if found else "silent", **look)
left.axhline(record["chance"], color="black", linestyle="--", linewidth=1, label="chance")
left.set(ylabel="balanced accuracy", ylim=(0.2, 1.03))
for name, shape, colour, label in (
    ("gap", "o", PALETTE[7], "grey levels"), ("gap_standardised", "^", PALETTE[2], "standardised"),
):  # fmt: skip
    low, middle, high = (by_dial[name].quantile(q) for q in (0.1, 0.5, 0.9))
    reach = [middle - low, high - middle]
    right.errorbar(middle.index, middle, yerr=reach, marker=shape, capsize=3, color=colour, label=label)
right.axhline(0, color="black", linestyle="--", linewidth=1)
right.set(ylabel="optimism gap")
for axes, mark in ((left, "A"), (right, "B")):
    axes.legend(loc="upper left")
    axes.set_xlabel("confounding")
    letter(axes, mark)
plt.show()
commit, changed = record["commit"], "+" in record["commit"]
facts = {
    "Data": f"cytometer (simulated cells), {len(audits)} times {record['cells']}",
    "Record": "results/audit-dials/audit.json", "Made by": "benchmarks/audit_dials.py",
    "Seeds": f"0 to {record['seeds'] - 1}", "Hardware": record["hardware"]["cpu"],
    "Commit": commit[:10] + " with uncommitted changes" * changed,
}  # fmt: skip
Provenance(tuple(facts.items()))

# %% [markdown]
# Where nothing was planted, the audit raised a false alarm in {glue:text}`false_alarms` of {glue:text}`tried` data sets; so few data sets cannot exclude a rate of up to {glue:text}`rate:.0%` (one-sided 95 % limit).
# From a confounding of {glue:text}`sure:g` on, it missed {glue:text}`missed` of {glue:text}`planted` shortcuts.
# At weaker settings above 0 it missed {glue:text}`faint_missed` of {glue:text}`faint`.
# There, so few cells do not carry enough evidence, and *not above chance* is no certificate.
#
# The table's first line counts false alarms, the price of the method; the next ones show the limit of its sight.
# Both belong to data sets of this size, and to shortcuts that lie in the border.
#
# ## The optimism gap
#
# A shortcut matters because a random split rewards it.
# The last lines of a report let a forest glance at the whole picture (25 simple numbers of it), once with random folds and once with grouped folds.
# The difference is the **optimism gap**: what the random split promised and a new run did not deliver ({numref}`fig-shortcuts-optimism`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of points with intervals, confounding 0 and 1 on the horizontal axis. With complete confounding the random folds are far above the grouped folds in both panels."}, "figure": {"name": "fig-shortcuts-optimism", "caption": "Where run and class are tied, random folds promise what new runs do not keep, with the grey levels as they are (A) and also after each picture was standardised (B). Whole-picture probe on simulated cells; bars: 95 % intervals, over cells for random folds, over runs for grouped ones."}}
figure, panels = plt.subplots(1, 2, figsize=(4.6, 3.0), sharey=True)
titles = {"whole": "grey levels", "whole_standardised": "standardised"}
for axes, mark, (which, title) in zip(panels, "AB", titles.items(), strict=True):
    for x, report in enumerate(reports.values()):
        whole = getattr(report, which)
        for place, colour, shape, score in ((x - 0.1, 7, "o", whole.random), (x + 0.1, 0, "^", whole.grouped)):
            reach = [[abs(score.balanced - score.low)], [abs(score.high - score.balanced)]]
            axes.errorbar(place, score.balanced, yerr=reach, fmt=shape, color=PALETTE[colour], capsize=3)
    axes.axhline(1 / 3, color="black", linestyle="--", linewidth=1)
    axes.set_xticks(range(2), [f"{level:.0f}" for level in reports])
    axes.set(xlim=(-0.5, 1.5), ylim=(0, 1.03), xlabel="confounding")
    axes.set_title(f"   {title}")
    letter(axes, mark)
panels[0].set_ylabel("balanced accuracy")
shown = [*axes.containers[:2], axes.lines[-1]]
figure.legend(shown, ["random folds", "grouped folds", "chance"], ncol=3, fontsize=8, loc="outside lower center")
plt.show()
from_dataset(tied)

# %% [markdown]
# At confounding 0 the gap is {glue:text}`gap_fair` with the grey levels as they are, and {glue:text}`gap_fair_standard` after standardisation.
# At confounding 1 it is {glue:text}`gap_tied`, and {glue:text}`gap_tied_standard`.
#
# On new runs a classifier that lives on a shortcut can fall below chance: a new run's background may be one that it learned as the mark of another class.
# Where a class lives in few runs there are fewer folds, of both kinds.
#
# Even without confounding the gap need not be zero.
# Every run has its own background and contrast, so a new run asks a forest of grey levels about grey levels that it never met.
# In the record, the interval of the gap lay above 0 in {glue:text}`gaps_found` of {glue:text}`unplanted` data sets without any confounding, and after standardisation in {glue:text}`gaps_standardised`; the medians of the gap are {glue:text}`median_gap:.2f` and {glue:text}`median_standardised:.2f`.
# That is a real difficulty of new data and no leak, and it is why the report also gives the gap after standardisation.
# So a gap is no proof of a shortcut; it says how much worse new runs are.
# `cgrecnet data audit` ends with findings ("Look at this"), which ask for a second look, and remarks ("Note"), which do not.
# A gap that standardising removes, with a border that does not tell the class, is a remark; here are both for the two reports above.

# %%
for level, report in reports.items():
    print(f"confounding {level:.0f}")
    print(report.conclusion())

# %% [markdown]
# A gap that stays after standardisation and comes with a border above chance is the pattern to worry about.
# The record has it in this many of the data sets: {glue:text}`patterns`.
# It is sparing with alarms and misses much, so its absence is no acquittal.
#
# ## Real cells, where class and experiment are tied
#
# Now real cells, where nobody knows the truth beforehand.
# In the Jurkat cells all of Experiment 2 is G1 ({doc}`meeting_the_data`), so that experiment and class are tied.
# Here is the report of a random part of them.

# %%
both = open_dataset("jurkat")
alone = open_dataset("jurkat", task="cycle_e1")
rng = np.random.default_rng(0)
some = np.sort(rng.choice(len(both), 600, replace=False))
real = audit(take(both, some))
print(brief(real))

# %% [markdown]
# The border knows something of the class.
# There are two readings: the experiments may differ in background, or big and dividing cells may reach into the border.
# The audit alone cannot choose, and a grouped test is not possible, as the report says.
# But three other tests are.
#
# **First**, take the shortcut away: inside Experiment 1 alone (task `cycle_e1`) the experiment is the same for every cell and cannot be the shortcut.
# **Second**, look farther from the cell: at the four corners only.
# {numref}`fig-shortcuts-jurkat` shows both, and the third test follows it.

# %%
show_code(corner_features)

# %%
sights = {
    "histogram": probes.histogram_features,
    "border": border_features,
    "corners": corner_features,
}
folds, seen = StratifiedKFold(5, shuffle=True, random_state=0), {}
for cells in (both, alone):
    labels = cells.labels
    cuts = list(folds.split(labels, labels))
    for name, kind in sights.items():
        features = probes.features(cells.images, kind)
        said = probes.predict_out_of_fold(features, labels, cuts, 0)
        rng = np.random.default_rng(0)
        score = probes.score_by_cells(said == labels, labels, rng)
        seen[cells.task, name] = score

# %% mystnb={"image": {"alt": "Three rows of points with intervals: histogram, border, corners, in falling order of balanced accuracy; in each row the marks of the two tasks lie close together."}, "figure": {"name": "fig-shortcuts-jurkat", "caption": "What the border knows of a Jurkat cell's class, it knows inside a single experiment as well, and at the corners, farthest from the cell, much of it is gone. Balanced accuracy of three probes for both experiments (cycle) and for Experiment 1 alone (cycle_e1), all cells, five random folds, 95 % intervals; Jurkat cells."}}
figure, axes = plt.subplots(figsize=(4.6, 3.2))
for task, shape, step in (("cycle", "o", -0.09), ("cycle_e1", "^", 0.09)):
    scores = [seen[task, name] for name in sights]
    middle = np.array([score.balanced for score in scores])
    ends = np.array([[score.low, score.high] for score in scores]).T
    y = np.arange(len(sights)) + step
    bars = {"xerr": np.abs(ends - middle), "fmt": shape, "capsize": 3}
    axes.errorbar(middle, y, label=task, **bars)
axes.axvline(1 / 3, color="k", linestyle="--", linewidth=1, label="chance")
axes.set_yticks(range(len(sights)), sights)
axes.set(ylim=(2.5, -0.5), xlabel="balanced accuracy")
figure.legend(ncol=3, loc="outside lower center")
plt.show()
from_dataset(both)

# %% [markdown]
# With both experiments the border reaches {glue:text}`border_two:.3f`, inside Experiment 1 {glue:text}`border_one:.3f`: the experiment, although the border can tell it ({doc}`meeting_the_data`), adds little to what the border knows of the class.
# At the corners it is {glue:text}`corners:.3f` ({glue:text}`corners_low:.3f` to {glue:text}`corners_high:.3f`, chance 0.333) inside Experiment 1, which fits a cell that reaches into the border.
# A rest above chance remains even there: light that the cell scatters may reach the corners, or something else may go with the stage; this test cannot tell.
#
# **Third**, a grouped test of the one class that lives in both experiments.
# A forest that glances at whole pictures of Experiment 1 alone recognises a share of {glue:text}`old` of the G1 cells there, and {glue:text}`new` of those of Experiment 2, which it never saw (95 % intervals over cells).
#
# So in these data experiment and class are tied, and yet the measurements find little use for the shortcut: for this kind of classifier, in these two experiments.
# Two experiments are not many, and a deep network may see what a forest does not; {doc}`/book/5_results/shortcut` trains deep networks on simulated cells with a planted shortcut.
# That is how an audit of real data ends: with what was tested, and what was not.
#
# ## What the paper's cells allow
#
# The paper's images {cite}`zhu2021deep` are not part of this project.
# Fifteen of them stand in public repositories that re-use the data; we measured them and show the numbers only.
# Whoever has the images and builds this page sees those measured instead.
# Their names tell class, day and replicate: `a_1d1` is an astrocyte of day 1, replicate 1; `nt4` stands for neurotrophin-4, one of the inducers that Zhu and colleagues kept for tests.
# The table and {numref}`fig-shortcuts-zhu` show background and noise.

# %%
rows = []
for (kind, group), here in crops.groupby(["kind", "group"], sort=False):
    spans = []
    for name, digits in (("background", 1), ("noise", 2), ("height", 0)):
        ends = here[name].min(), here[name].max()
        spans.append(" to ".join(f"{end:.{digits}f}" for end in ends))
    rows.append((kind, group, str(len(here)), *spans))
headers = "class or inducer", "group", "crops"
headers += ("background", "noise", "height")
wide_table(headers, rows, "Background and noise")

# %% mystnb={"image": {"alt": "Two panels, one row per class or inducer and one mark per crop, with background and noise in grey levels on the horizontal axes."}, "figure": {"name": "fig-shortcuts-zhu", "caption": "Background (A) and noise (B) of single crops of the paper's data: where a class stands with one acquisition group only, a property of the class cannot be told from one of the run. One mark per crop; measured numbers of real cells."}}
names = list(crops["kind"].unique())
figure, panels = plt.subplots(1, 2, figsize=(4.6, 3.7), sharey=True)
shown = zip(panels, "AB", ("background", "noise"), strict=True)
for axes, mark, name in shown:
    for k, (group, here) in enumerate(crops.groupby("group", sort=False)):
        beside = np.arange(len(here)) - (len(here) - 1) / 2
        y = here["kind"].map(names.index) + 0.12 * beside
        axes.plot(here[name], y, "o^sDvP*X"[k % 8], label=group)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel=f"{name}\n(grey levels)", ylim=(len(names) - 0.5, -0.5))
    letter(axes, mark)
named = axes.get_legend_handles_labels()
figure.legend(*named, ncol=3, loc="outside lower center")
plt.show()
origin

# %% [markdown]
# The medians of the background are {glue:text}`medians` grey levels; within a group the crops differ by {glue:text}`within:.1f` at most.
# It is tempting to compute a p-value for a difference between the classes from that, and it would be wrong: cells of one run are not independent witnesses.
# These stand here with a single group: {glue:text}`alone`.
# For such a class there is *one* observation, however many cells it has, and one observation has no spread.
#
# And the audit itself?
# Its probes need some dozens of cells of each class; with fewer, sizes and grey levels are all that remains.

# %%
if have_zhu:
    print(audit(zhu, partly=True, cells=600))
crops["kind"].value_counts()

# %% [markdown]
# With the {glue:text}`few` measured crops of a class that stand in public, forests in five folds cannot be grown and tested.
# What can be said: among the three classes, in these few files, the grey level would name the oligodendrocytes without a look at the cell, and a network that is handed the grey levels as they are can see it.
# But cells of another inducer ({glue:text}`inducers`) have the same grey level, so it need not belong to the class; it may belong to the run.
# What cannot be said: whether the other images of the data are like these, whether a network uses it, and how much of an accuracy would be left without it.
#
# ## What this means for the paper
#
# Whether the paper's accuracy {cite}`li2026cgrecnet` leans on the acquisition is an open question.
# Nothing on this page measures it; what happens to simulated cells at full confounding shows what *can* happen, not what did.
# Whoever has the images can answer it: `cgrecnet data check zhu FOLDER` prints the grey levels by class and group, and `cgrecnet data audit zhu FOLDER` the border probe and the gap between random and grouped folds.
# If the gap is small, the paper's claim stands firmer than before.
# Zhu and colleagues themselves also tested on other inducers, which is a test of that kind.

# %% tags=["remove-input"]
# The numbers of the prose above, and what it says of them: nothing planted and all planted.
border_fair, border_tied = (reports[level].probe("border") for level in (0.0, 1.0))
holds(
    "The border alone now names the class with a balanced accuracy of",
    border_tied.low > 0.8 and border_fair.balanced < 0.5,
)
assert fair.table["radius_um"].equals(tied.table["radius_um"])
assert reports[0.0].remarks() and not reports[0.0].findings()
assert len(reports[1.0].findings()) > 1 and not reports[1.0].remarks()
tell(border_tied=border_tied.balanced, border_fair=border_fair.balanced)
# The dial.
share = by_dial["found"].mean()
top = share.index.max()
gaps = audits.groupby("confounding")[["gap", "gap_standardised"]].median()
holds("The audit is silent where nothing was planted, with few false alarms", share[0.0] <= 0.15)
holds(
    "and finds what was planted, the more surely the stronger it is (A)",
    share[top] == 1 and share.iloc[-3:].min() > 0.9 and (share.diff().dropna() > -0.11).all(),
)
holds(
    "the gap between random and new runs is largest where they are tied completely (B)",
    gaps["gap"].idxmax() == top and gaps["gap"][top] > gaps["gap"][0.0] + 0.1,
)
holds(
    "the curve after standardisation runs lower at the right end",
    gaps["gap_standardised"][top] < gaps["gap"][top],
)
sure = share.index[(share[::-1].cummin()[::-1] >= 0.95)].min()
false_alarms, tried = (
    int(audits.query("confounding == 0")["found"].sum()),
    int((audits["confounding"] == 0).sum()),
)
rate = beta.ppf(0.95, false_alarms + 1, tried - false_alarms)
clear = audits.query("confounding >= @sure")["found"]
faint_ones = audits.query("0 < confounding < @sure")["found"]
missed, planted = int((~clear).sum()), len(clear)
faint_missed, faint = int((~faint_ones).sum()), len(faint_ones)
tell(
    false_alarms=false_alarms, tried=tried, rate=rate, sure=sure, missed=missed, planted=planted,
    faint_missed=faint_missed, faint=faint,
)  # fmt: skip

# The gap between random and new runs.
holds(
    "Where run and class are tied, random folds promise what new runs do not keep, with the grey levels as they are (A)",
    reports[1.0].whole.low > 0 and reports[1.0].whole.gap > reports[0.0].whole.gap,
)
holds("and also after each picture was standardised (B)", reports[1.0].whole_standardised.gap > 0.05)
none, all_of_it = reports.values()


def reach(gap):
    """A gap with its interval."""
    return f"{gap.gap:.2f} (95 % interval {gap.low:.2f} to {gap.high:.2f})".replace("-", "−")


tell(
    gap_fair=reach(none.whole), gap_fair_standard=reach(none.whole_standardised),
    gap_tied=reach(all_of_it.whole), gap_tied_standard=reach(all_of_it.whole_standardised),
)  # fmt: skip
none = audits.query("confounding == 0")
assert none["gap_standardised"].median() > -0.005
tell(
    gaps_found=int(none["gap_found"].sum()), unplanted=len(none),
    gaps_standardised=int(none["gap_standardised_found"].sum()), median_gap=none["gap"].median(),
    median_standardised=abs(round(none["gap_standardised"].median(), 2)),
)  # fmt: skip
worry = (audits["found"] & audits["gap_standardised_found"]).groupby(audits["confounding"]).sum()
tried_at = audits.groupby("confounding").size()
assert worry[0.0] == 0 and worry.idxmax() == top
patterns = ", ".join(f"{worry[level]} of {tried_at[level]} (confounding {level:g})" for level in worry.index)
tell(patterns=patterns)

# %% tags=["remove-input"]
# Real cells.
two, one = ({name: seen[cells.task, name] for name in sights} for cells in (both, alone))
assert two["border"].low > 1 / 3 and one["border"].low > 1 / 3
assert (
    abs(two["border"].balanced - one["border"].balanced) < 0.05
    and one["corners"].high < one["border"].low
)
old, new = kept_in_a_new_group(both, 0, "experiment-1")
corners = one["corners"]
assert corners.exceeds(1 / 3)
tell(
    border_two=two["border"].balanced, border_one=one["border"].balanced, corners=corners.balanced,
    corners_low=corners.low, corners_high=corners.high, old=str(old), new=str(new),
)  # fmt: skip
# The paper's cells.
homes = crops.groupby("kind", sort=False)["group"].nunique()
lone = homes.index[homes == 1].tolist()
middle = crops.groupby("kind", sort=False)["background"].median()
within = (
    crops.groupby(["kind", "group"], sort=False)["background"]
    .agg(lambda levels: levels.max() - levels.min())
    .max()
)
medians = ", ".join(f"{level:.0f} ({kind})" for kind, level in middle.items())
assert lone
tell(medians=medians, within=within, alone=", ".join(lone))
few = crops["kind"].value_counts()[["astrocyte", "oligodendrocyte", "neuron"]].min()
if not have_zhu:
    lineages = middle[["astrocyte", "oligodendrocyte", "neuron"]]
    other = middle.drop(lineages.index)
    assert (other - lineages["oligodendrocyte"]).abs().max() < 2 and len(other)
    rest = lineages.drop("oligodendrocyte").max()
    assert lineages["oligodendrocyte"] - rest > 30 and set(lineages.index) <= set(lone)
inducers = ", ".join(middle.index.difference(["astrocyte", "oligodendrocyte", "neuron"]))
tell(few=few, inducers=inducers)

# %% [markdown]
# **Take-away.**
# Blindfold a classifier before trusting one that sees.
# Test the finder where the truth is known, and then report of real data what was tested, what was found, and what these data cannot tell.
#
# ```{exercise} Hide the background, keep the shortcut
# :label: exercise-shortcuts-hide
#
# Someone proposes to hide the shortcut by subtracting the median of the border from every picture.
# Do that to the cells with complete confounding (`tied`) and audit them again: `probe_shortcuts(cells, sees=("border",))[0].score`, from `cgrecnet.data.audit.integrity`.
# Is the border blind now? If not, what is left in it?
# As a control, do the same to the cells without confounding (`fair`).
# ```
#
# ````{solution} exercise-shortcuts-hide
# :class: dropdown
#
# The median is gone, but the spread of the border is still there: runs with a higher gain have stronger noise, and noise stands in the border too.
# Is it the runs, and not cells that reach into the border? Cells without confounding tell, treated in the same way: their borders should then know the class as well.
# ````

# %% tags=["hide-cell"]
from dataclasses import replace

from cgrecnet.data.audit.integrity import probe_shortcuts


def subtract_border(image):
    """Grey levels minus the median of the outermost two pixels."""
    ring = np.ones(image.shape, dtype=bool)
    ring[2:-2, 2:-2] = False
    return image - np.median(image[ring])


hidden = replace(tied, images=[subtract_border(image) for image in tied.images])
control = replace(fair, images=[subtract_border(image) for image in fair.images])
results = {}  # scores, under "border subtracted" and "the same, confounding 0"
for name, cells in (
    ("as they are", tied),
    ("border subtracted", hidden),
    ("the same, confounding 0", control),
):
    score = probe_shortcuts(cells, sees=("border",))[0].score
    print(
        f"{name:<24} {score.balanced:.2f} ({score.low:.2f} to {score.high:.2f})"
    )
    results[name] = score
assert results["border subtracted"].low > 1 / 3
assert results["the same, confounding 0"].high < results["border subtracted"].low

# %% [markdown]
# ```{exercise} A p-value from one run
# :label: exercise-shortcuts-one-run
#
# Take simulated cells without confounding, and pick two runs.
# Compare four backgrounds of the one with four of the other by a rank test, as if the cells were independent.
# How often, over all pairs of runs, is the difference "significant", although neither run has anything to do with a class?
# ```
#
# ````{solution} exercise-shortcuts-one-run
# :class: dropdown
#
# Almost always: the test asks whether two *runs* differ, and they do.
# It says nothing about whatever else, such as the class, happens to differ between them.
# ````

# %% tags=["hide-cell"]
from itertools import combinations

from scipy.stats import mannwhitneyu

runs = fair.table["group"].to_numpy()
levels = np.array([border_features(image)[0] for image in fair.images])
first_four = {
    run: levels[runs == run][:4]
    for run in np.unique(runs)
    if (runs == run).sum() >= 4
}
significant = [  # True or False for each pair of runs
    mannwhitneyu(a, b).pvalue < 0.05
    for a, b in combinations(first_four.values(), 2)
]
print(
    f"{sum(significant)} of {len(significant)} pairs of runs differ"
)
assert np.mean(significant) > 0.8

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A probe of the border is above chance. What are two readings, and how can they be told apart?
# The runs may differ in background, or the cells may reach into the border.
# Look farther away, at the corners, or inside one experiment, where the background cannot name the class.
# :::
#
# :::{dropdown} 2. Why is the border of *standardised* pictures no clean probe?
# Standardising divides by the picture's own spread, which the cell determines.
# So knowledge of the cell leaks into the border, and a score above chance proves no shortcut.
# :::
#
# :::{dropdown} 3. The gap between random and grouped folds is not zero, although nothing was planted. Why?
# New runs bring backgrounds that were never met, which is a real difficulty and no leak.
# A gap says how much worse new runs are; it does not say why.
# :::
