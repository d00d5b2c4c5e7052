# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Class by class
#
# **You will learn** what an accuracy hides, how to read F1, a confusion matrix and an ROC curve with their intervals, and how to look at the cells behind a number.
#
# **You need** {doc}`/book/5_results/ablation`, and what recall and precision are.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.data import open_dataset
from cgrecnet.evaluation.bootstrap import class_f1_intervals, f1_differences
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.roc_auc import bootstrap_roc_auc, curve_band
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import f1_table
from cgrecnet.figures.style import MODEL_COLOURS, letter, use_book_style
from cgrecnet.figures.tables import dropdown, interval, points, span, wide_table, with_interval
from cgrecnet.figures.widgets.base import chances
from cgrecnet.figures.widgets.confusion_cells import confusion_cells
from cgrecnet.figures.widgets.gallery import gallery
from cgrecnet.figures.widgets.threshold import threshold_slider
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.pooled import pool, with_folds_of
from cgrecnet.runs.query import experiment, needed

use_book_style()
FULL, BASE = "cg_recnet", "resnet50"
PART = ("ablation", "jurkat")
records = needed(*PART, (BASE, FULL)).records
MODELS = with_folds_of(records, BASE, FULL)
jurkat = pool(records, MODELS)
labels, classes = jurkat.labels, jurkat.classes
cells = open_dataset("jurkat")
assert cells.fingerprint == records[0].data["fingerprint"]  # the pictures that the runs saw
tables = load_tables()
table5, figure7 = tables["5"], tables["F7"]
sizes = np.bincount(labels)

recalls = {}  # of CG-RecNet: class -> share and Wilson's interval, in per cent
for name, row in zip(classes, jurkat.confusion(FULL), strict=True):
    found, size = int(row[classes.index(name)]), int(row.sum())
    recalls[name] = 100 * found / size, tuple(100 * end for end in wilson(found, size))
f1 = {model: class_f1_intervals(labels, jurkat.probabilities[model], classes) for model in MODELS}
scores = 100 * np.array([[one.f1 for one in f1[model]] for model in MODELS])
hardest = {classes[row.argmin()] for row in scores}
rarest = classes[np.bincount(labels).argmin()]
least, most = min(recalls, key=recalls.get), max(recalls, key=recalls.get)
printed = [column for column in table5.columns if column not in ("support", "improvement")]
printed_full = {row: table5.cell(row, "CG-RecNet").number for row in table5.rows}
support = {row: table5.cell(row, "support").number for row in table5.rows}
printed_scores = np.array([[table5.cell(row, model).number for row in table5.rows] for model in printed])
holds(
    "CG-RecNet finds ... % of the ... cells (95 % interval ...; n = ... Jurkat cells), and ... % of the ... cells.",
    recalls[least][1][1] < recalls[most][1][0],
)
holds("The classes lie farther apart than the networks do", np.ptp(scores, axis=1).min() > np.ptp(scores, axis=0).max())
holds("The hardest class is ... for every network, and not the rarest one", hardest == {least} and least != rarest)
holds(
    "in the paper the rarest class is the hardest",
    {list(support)[row.argmin()] for row in printed_scores} == {min(support, key=support.get)},
)
holds(
    "here (A) as in the paper (B): which class it is matters more than which network",
    np.ptp(printed_scores, axis=1).mean() > np.ptp(printed_scores, axis=0).mean(),
)
tell(
    n=f"{len(jurkat):,}", folds=len(jurkat.folds_in), of_folds=records[0].config["folds"], networks=len(MODELS),
    least=least, least_recall=recalls[least][0], least_ends=span(recalls[least][1], 1), least_n=int(sizes[classes.index(least)]),
    most=most, most_recall=recalls[most][0], rarest=rarest, between=np.ptp(scores, axis=1).mean(),
    within=np.ptp(scores, axis=0).mean(), accuracy=100 * jurkat.right(FULL).mean(), floor=100 * sizes.max() / len(labels),
    balanced=np.mean([share for share, _ in recalls.values()]),
)  # fmt: skip

# %% [markdown]
# **The answer.** CG-RecNet finds {glue:text}`least_recall:.0f` % of the {glue:text}`least` cells (95 % interval {glue:text}`least_ends`; n = {glue:text}`least_n:,` Jurkat cells), and {glue:text}`most_recall:.0f` % of the {glue:text}`most` cells.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, one above the other, with F1 in per cent on a shared scale. Panel A: the three classes of Jurkat cells, one mark with an interval for each network. Panel B: the three classes of the paper's cells, one mark for each of its six networks, no intervals."}, "figure": {"name": "fig-classes-f1", "caption": "The classes lie farther apart than the networks do, here (A) as in the paper (B): which class it is matters more than which network. A: Jurkat cells, the folds put together, 95 % bootstrap intervals over cells. B: the paper's Table 5 as printed, other cells."}}
figure, (ours, theirs) = plt.subplots(2, 1, figsize=(4.4, 6.4), sharey=True)
for number, model in enumerate(MODELS):
    places = np.arange(len(classes)) + 0.14 * (number - (len(MODELS) - 1) / 2)
    ends = 100 * np.array([one.interval95 for one in f1[model]]).T
    style = {"color": MODEL_COLOURS[model], "label": title_of(model)}
    ours.errorbar(places, scores[number], np.abs(ends - scores[number]), fmt="osD^"[number], **style)
colours = {title_of(model): colour for model, colour in MODEL_COLOURS.items()}
for number, model in enumerate(printed):
    places = np.arange(len(table5.rows)) + 0.11 * (number - (len(printed) - 1) / 2)
    style = {"color": colours.get(model, "#777"), "markerfacecolor": None if model in colours else "none"}
    theirs.plot(places, [table5.cell(row, model).number for row in table5.rows], "X*Pv^o"[number], label=model, **style)
ours.set_xticks(range(len(classes)), classes)
theirs.set_xticks(range(len(table5.rows)), [name.replace("Oligo", "Oligo-\n") for name in table5.rows])
ours.set(title="   here: Jurkat cells", ylabel="F1 (%)", ylim=(55, 101))
theirs.set(title="   the paper: its own cells", ylabel="F1 (%)")
for axes, mark in ((ours, "A"), (theirs, "B")):
    axes.legend(ncols=3 if axes is theirs else 2, loc="lower center", columnspacing=1)
    axes.grid(axis="y", color="#ddd")
    axes.set_xlim(-0.5, 2.5)
    letter(axes, mark)
plt.show()
provenance_of(jurkat.records, PART)

# %% [markdown]
# The paper gives F1 for each class (its Table 5), a confusion matrix (its Figure 7) and ROC curves (its Figure 6); this page has the counterpart of each on Jurkat cells.
# The plan ({doc}`plan`) asks one question of single classes, whether CG-RecNet gains most in the rarest one (P3), and {doc}`ablation` decides it over folds; everything here is **exploratory**.
# Between the easiest and the hardest class lie {glue:text}`between:.0f` points of F1, between the networks in a class {glue:text}`within:.1f` (means over n = {glue:text}`networks` networks and three classes).
# The hardest class is {glue:text}`least` for every network, and not the rarest one, {glue:text}`rarest`; in the paper the rarest class is the hardest.
# The accuracy of CG-RecNet, {glue:text}`accuracy:.1f` % (balanced {glue:text}`balanced:.1f`; the largest class alone gives {glue:text}`floor:.1f`), shows none of this.
# And nothing here shows what another training would give: these are {glue:text}`n` test cells of {glue:text}`folds` of {glue:text}`of_folds` folds, each network trained once.

# %%
display(f1_table(jurkat, "F1 by class"), missing_runs(PART))

# %% [markdown]
# Jurkat, real cells, n = {glue:text}`n`; F1 in per cent, in brackets the 95 % bootstrap interval over cells.
# *Floor* is the accuracy of always naming the largest class, *balanced* the mean recall of the three classes.
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).

# %% tags=["hide-input"]
def other_tables(part, data, title):
    """The F1 of every network of another experiment, with what it is from; nothing where it was not run."""
    found = experiment(part, data)
    if not found:
        return []
    pooled = pool(found.records, with_folds_of(found.records, BASE, FULL) if part == "ablation" else None)
    kind = "simulated" if found.records[0].data["simulated"] else {"jurkat": "Jurkat cells", "zhu": "the paper's cells"}[data]
    shown = [f1_table(pooled, title), Markdown(f"n = {len(pooled):,} ({kind}); exploratory.")] if pooled else []
    return [*shown, provenance_of(found.records, (part, data))]


rows = []
for model in printed:
    scores_of = [table5.cell(row, model).value for row in table5.rows]
    rows.append((model, *scores_of))
table = wide_table(("network", *table5.rows), rows, "Table 5")
on_zhu = other_tables("ablation", "zhu", "F1, zhu")
display(dropdown("The paper's Table 5", table), *on_zhu)

# %% [markdown]
# ## F1
#
# For one class, call a cell *positive* when the network names that class.
# With true positives TP, false positives FP and false negatives FN,
#
# $$
# \begin{aligned}
# P &= \frac{\text{TP}}{\text{TP} + \text{FP}}, \\
# R &= \frac{\text{TP}}{\text{TP} + \text{FN}}, \\
# F_1 &= \frac{2 P R}{P + R} \\
# &= \frac{2\,\text{TP}}{2\,\text{TP} + \text{FP} + \text{FN}} .
# \end{aligned}
# $$ (eq-classes-f1)
#
# **Precision** $P$ asks how many of those called are right, **recall** $R$ how many of those there are get called, and $F_1$ is low as soon as one of the two is.

# %%
counts = jurkat.confusion("cg_recnet")  # rows: true, columns: named
named, there = counts.sum(axis=0), counts.sum(axis=1)
for k, name in enumerate(jurkat.classes):
    print(f"{name:>5}: F1 {2 * counts[k, k] / (named[k] + there[k]):.3f}")

# %% [markdown]
# How sure is such a number?
# We draw as many cells again, with replacement, compute $F_1$ anew, do this very often, and keep the central 95 %: the *bootstrap*.
# It answers what other cells of the same kind would have given to the same networks.
# It knows nothing of training again, which is the subject of {doc}`spread`.
#
# Two networks that judge the same cells should be compared on the same cells: the cells are drawn once for both, so that easy and hard ones drop out of the difference.

# %%
gains = {
    model: f1_differences(
        labels, jurkat.predicted(FULL), jurkat.predicted(model), classes
    )
    for model in MODELS if model != FULL
}
rows = []
for k, name in enumerate(classes):
    found = [each[k] for each in gains.values()]
    rows.append((name, *map(with_interval, found)))
headers = ("class", *(f"minus {title_of(model)}" for model in gains))
wide_table(headers, rows, "Differences in F1")

# %% [markdown]
# F1 of CG-RecNet less that of another network on the same n = {glue:text}`n` Jurkat cells, in percentage points, with the 95 % bootstrap interval.
# In one class, G1, the interval just leaves out zero, in the baseline's favour (its upper end is {glue:text}`g1_end`); in the two others the intervals hold it.
# That says that these trained networks differ on G1 cells, and not that the *architectures* do: train both again, with other seeds, and the sign may change.

# %% [markdown]
# The paper's table has other architectures as well.
# Here they belong to another experiment ({doc}`comparison`), on one fold and from random weights: its rows compare with each other, and not with those above.

# %%
systems = other_tables("comparison", "jurkat", "F1, all systems")
display(*systems, missing_runs(("comparison", "jurkat")))

# %% [markdown]
# ## Confusion
#
# A confusion matrix shows who is taken for whom.
# Row: the true class; column: the class that the network names.
# Each share is an estimate, and has an interval.
# For $k$ of $n$ cells we use Wilson's, which solves $|k/n - p| = z \sqrt{p (1 - p) / n}$ for $p$:
#
# $$
# \begin{aligned}
# p_{\pm} &= \frac{1}{1 + z^2/n} \left( \frac{k}{n} + \frac{z^2}{2n} \pm z\, s \right), \\
# s^2 &= \frac{k (n - k)}{n^3} + \frac{z^2}{4n^2}, \\
# z &= 1.96 .
# \end{aligned}
# $$ (eq-classes-wilson)
#
# Unlike the simple interval, it never leaves 0 to 1, and it has a width even where $k = 0$.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two confusion matrices, one above the other: Baseline and CG-RecNet. Rows are true classes, columns predicted ones, each place has a count, a share of its row and an interval; the darker, the larger the share."}, "figure": {"name": "fig-classes-confusion", "caption": "Compare the same place in the two matrices: where the intervals overlap widely, these cells do not tell the networks apart, whatever their modules. Counts of test cells of the folds put together, shares of the true class, and Wilson's 95 % intervals; the number of cells of each class stands at the left. Jurkat, real cells."}}
figure, panels = plt.subplots(2, 1, figsize=(4.4, 8.4))
for axes, model, mark in zip(panels, (BASE, FULL), "AB", strict=True):
    counts = jurkat.confusion(model)
    totals = counts.sum(axis=1)
    axes.imshow(counts / totals[:, None], cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share, ends = count / totals[row], wilson(int(count), int(totals[row]))
        colour = "white" if share > 0.6 else "black"
        axes.text(column, row, f"{count:,}\n{share:.1%}\n({span(ends)})", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), [f"{name}\n{total:,}" for name, total in zip(classes, totals, strict=True)])
    axes.set(xlabel="predicted", ylabel="true", title=f"   {title_of(model)}")
    letter(axes, mark)
plt.show()
provenance_of(jurkat.records, PART)

# %% tags=["remove-input"]
def commonest_mistake(model):
    """The wrong pair (true, named) with the most cells, its number, and all wrong cells."""
    counts = jurkat.confusion(model)
    wrong = {(i, j): int(counts[i, j]) for i, j in product(range(len(counts)), repeat=2) if i != j}
    pair = max(wrong, key=wrong.get)
    return pair, wrong[pair], sum(wrong.values())


(mistake, full_most, full_wrong), (base_mistake, base_most, base_wrong) = map(commonest_mistake, (FULL, BASE))
far = sum(int(jurkat.confusion(m)[0, 2] + jurkat.confusion(m)[2, 0]) for m in (FULL, BASE))
holds("The commonest mistake of both networks is ... taken for", mistake == base_mistake)
holds("make up only ... % of all mistakes", far / (full_wrong + base_wrong) < 0.05)
tell(
    taken=classes[mistake[0]], taken_for=classes[mistake[1]], full_most=full_most, full_wrong=full_wrong,
    base_most=base_most, base_wrong=base_wrong, first=classes[0], last=classes[2], middle=classes[1],
    far=100 * far / (full_wrong + base_wrong), wrong=full_wrong + base_wrong,
)  # fmt: skip

# %% [markdown]
# The commonest mistake of both networks is {glue:text}`taken` taken for {glue:text}`taken_for`: {glue:text}`full_most` of {glue:text}`full_wrong` wrong cells of CG-RecNet, {glue:text}`base_most` of {glue:text}`base_wrong` of the baseline.
# Mistakes between {glue:text}`first` and {glue:text}`last`, which have {glue:text}`middle` between them until the cell divides, make up only {glue:text}`far:.1f` % of all mistakes (n = {glue:text}`wrong:,`, both networks together).

# %% [markdown]
# ### The cells behind the counts
#
# A count is a heap of cells, and one should look at them.
# Choose a count in {numref}`fig-classes-open` by mouse, or by the Tab key and Enter; Escape closes it.
# The cells are drawn at random from those that are counted, not chosen for their looks.
# The probabilities are those of the network that was not trained on the cell.

# %% mystnb={"figure": {"name": "fig-classes-open", "caption": "What the network mistook: open a count off the diagonal and one on it, and try to tell the two groups apart by eye. CG-RecNet on Jurkat cells, test cells of the folds put together; below each picture the cell's id and the network's probabilities. Pictures: brightfield, one grey scale for all; Blasi et al. 2016, repository MLCP, BSD-3-Clause."}}
made = confusion_cells(
    jurkat.cell_ids, labels, jurkat.probabilities[FULL], classes,
    "CG-RecNet, Jurkat cells", cells,
)  # fmt: skip
display(made, provenance_of(jurkat.records, PART))

# %% [markdown]
# ## ROC
#
# So far a cell belonged to the class with the largest probability.
# But a network gives probabilities, and one may ask for more or less certainty before calling a class.
# Take one class against the rest, call every cell whose probability $p$ for it is at least a threshold $t$, and let $t$ fall from 1 to 0.
# Recall rises from 0 to 1, and so does the share of the *other* cells that are called, the false positive rate.
# Recall over false positive rate is the **ROC curve**.
# The area under it has a plain meaning:
#
# $$
# \text{AUC} = \Pr(p_{\text{class}} > p_{\text{rest}}) ,
# $$ (eq-classes-auc)
#
# where $p_{\text{class}}$ is the probability of a cell drawn from the class, $p_{\text{rest}}$ that of a cell drawn from the rest, and a tie counts one half.
# It is one half for a coin and 1 for a perfect order, and it does not depend on how rare the class is.
# The *macro* AUC is the mean over the three classes.

# %%
given = jurkat.probabilities["cg_recnet"][:, 2]  # for M, the third class
member = jurkat.labels == 2
pairs = given[member][:, None] - given[~member]
print(f"AUC of M: {(pairs > 0).mean() + (pairs == 0).mean() / 2:.4f}")

# %%
auc = {
    model: bootstrap_roc_auc(labels, each, resamples=1000)
    for model, each in jurkat.probabilities.items()
}
rows = []
for model, area in auc.items():
    texts = [
        f"{value:.4f}\n({span(area.interval(k), 1, 4)})"
        for k, value in enumerate(area.values)
    ]
    rows.append((title_of(model), *texts))
wide_table(("network", *classes, "macro"), rows, "Areas under curves")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels. A to C: one per class, each with the ROC curves of the networks, the false positive rate on a root scale, and a shaded band around the curve of CG-RecNet. D: the areas of each class and their mean as marks with intervals."}, "figure": {"name": "fig-classes-roc", "caption": "Where a curve runs inside the shaded band of another, drawing other cells could swap the two; which area is larger is a matter for intervals (D), not for the eye. A to C: one class against the rest; the horizontal axis is stretched near zero (a root scale), and the shade is the 95 % bootstrap band of CG-RecNet, at each false positive rate apart. D: areas with 95 % intervals; macro is the mean of the three. Jurkat, test cells of the folds put together."}}
rates = np.concatenate([np.linspace(0, 0.1, 101)[:-1], np.linspace(0.1, 1, 91)])
figure, panels = plt.subplots(2, 2, figsize=(4.4, 5.8))
for index, (axes, name) in enumerate(zip(panels.flat, classes, strict=False)):
    axes.plot(rates, rates, color="#bbb", linestyle=":")
    for model in MODELS:
        banded = 200 if model == FULL else 1
        curve, low, high = curve_band(labels, jurkat.probabilities[model], index, rates, banded)
        axes.plot(np.append(0, rates), np.append(0, curve), color=MODEL_COLOURS[model])
        if model == FULL:
            axes.fill_between(rates, low, high, color=MODEL_COLOURS[model], alpha=0.25, linewidth=0)
    # Good curves crowd near 0: the root gives them room and keeps the whole range.
    axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
    axes.set_xticks([0, 0.05, 0.25, 1], ["0", "0.05", "0.25", "1"])
    axes.set(title=f"   {name} against the rest", xlabel="false positive rate", xlim=(0, 1), ylim=(0, 1.02))
for number, (model, area) in enumerate(auc.items()):
    ends = np.array([area.interval(index) for index in range(len(area.values))]).T
    places = np.arange(len(area.values)) + 0.16 * (number - (len(auc) - 1) / 2)
    style = {"color": MODEL_COLOURS[model], "label": title_of(model)}
    panels[1, 1].errorbar(places, area.values, np.abs(ends - area.values), fmt="osD^"[number], **style)
panels[1, 1].set_xticks(range(len(classes) + 1), [*classes, "macro"])
panels[1, 1].set(title="   area", ylim=(None, 1))
for axes in panels[:, 0]:
    axes.set_ylabel("true positive rate")
for axes, mark in zip(panels.flat, "ABCD", strict=True):
    letter(axes, mark)
figure.legend(*panels[1, 1].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()
provenance_of(jurkat.records, PART)

# %% [markdown]
# Jurkat, n = {glue:text}`n` cells; 95 % bootstrap intervals over cells.
# In {glue:text}`apart` the interval tells the area of CG-RecNet from that of the baseline, and the baseline's is larger; their macro areas differ by {glue:text}`lead` hundredths ({glue:text}`lead_ends`), in the baseline's favour too.
#
# A warning: pooling puts probabilities of different networks on one scale.
# If one fold's network is bolder than another's, the pooled order mixes them, and the pooled area differs from the mean of the folds' own areas (for CG-RecNet {glue:text}`macro:.4f` pooled, and {glue:text}`own_macro:.4f` in the mean over n = {glue:text}`own_n` of {glue:text}`of_folds` folds).

# %% [markdown]
# ## A threshold of your own
#
# An ROC curve hides the threshold; the slider in {numref}`fig-classes-threshold` shows it.
# Choose a class, move the threshold (arrow keys work), and see who is called, who of them rightly, and who is missed.
# The column beside it is the usual rule: the largest probability wins.

# %% mystnb={"figure": {"name": "fig-classes-threshold", "caption": "As the threshold rises fewer cells are called, so recall can only fall, while precision mostly rises; F1 weighs the two. For one class against the rest; CG-RecNet on Jurkat cells, test cells of the folds put together. Every number was computed beforehand; the slider only shows it."}}
title = f"CG-RecNet, {len(jurkat):,} Jurkat cells."
given = jurkat.probabilities[FULL]
made = threshold_slider(labels, given, classes, title)
display(made, provenance_of(jurkat.records, PART))

# %% [markdown]
# Do not choose a threshold here and then report its F1: these are the test cells, and the best of many thresholds flatters itself.
# A threshold is chosen on the validation cells, and what a miss *costs* belongs into the choice ({doc}`calibration`).
#
# ## Look for yourself

# %%
PER_PLACE, SURE = 14, 0.9
rng, guess = np.random.default_rng(1), jurkat.predicted(FULL)
chosen = []
for true, other in product(range(len(classes)), repeat=2):
    members = np.flatnonzero((labels == true) & (guess == other))
    number = min(PER_PLACE, len(members))
    chosen += sorted(rng.choice(members, number, replace=False).tolist())
chosen = rng.permutation(chosen)

# %% [markdown]
# {numref}`fig-classes-gallery` holds {glue:text}`chosen` cells: up to {glue:text}`per_place` drawn at random for each pair of true and predicted class, so that rare mistakes are seen too.
# *Sure* means that the largest probability is at least {glue:text}`sure`.

# %% mystnb={"figure": {"name": "fig-classes-gallery", "caption": "Filter by true class, predicted class, right or wrong, sure or unsure: a cell is shown where it fits all choices. The shares in this gallery are not those of the data, because every kind of mistake was given the same room. CG-RecNet, test cells of the folds put together. Pictures: brightfield, one grey scale for all; Blasi et al. 2016, repository MLCP, BSD-3-Clause."}}
names = np.array(classes)
true, named = names[labels[chosen]], names[guess[chosen]]
given = jurkat.probabilities[FULL][chosen]
sure = given.max(axis=1) >= SURE
filters = {
    "true class": true.tolist(), "predicted class": named.tolist(),
    "verdict": np.where(true == named, "right", "wrong").tolist(),
    "certainty": np.where(sure, "sure", "unsure").tolist(),
}  # fmt: skip
pairs = zip(true, given, strict=True)
words = [f"{t}; {chances(p, classes)}" for t, p in pairs]
ids = jurkat.cell_ids[chosen].astype(str).tolist()
made = gallery(ids, filters, words, "Jurkat cells, named", cells)
display(made, provenance_of(jurkat.records, PART))

# %% [markdown]
# Which cells *all* networks get wrong, and what these have in common, is the subject of {doc}`failures`.
#
# ## The paper's claims on single classes
#
# Six claims of the paper speak of single classes ({doc}`/book/1_question/claims`).
# Here is what it prints, and beside it what the same measure gives on the n = {glue:text}`n` Jurkat cells.
# **None of them is decided here**: they are about other cells, at another size of pictures, after other training.
#
# - **C24, F1 of every class and model.**
#   The paper prints {glue:text}`their_f1_0`, {glue:text}`their_f1_1` and {glue:text}`their_f1_2` % for CG-RecNet on astrocytes, oligodendrocytes and neurons; here it has {glue:text}`f1_0:.1f` % on {glue:text}`class_0`, {glue:text}`f1_1:.1f` on {glue:text}`class_1` and {glue:text}`f1_2:.1f` on {glue:text}`class_2`.
# - **C25, the gain in the rarest class.**
#   The paper prints {glue:text}`their_gain` points over the baseline on oligodendrocytes; here it is {glue:text}`gain` ({glue:text}`gain_ends`) on {glue:text}`rarest`.
# - **C26, the best F1 in every class.**
#   In the paper CG-RecNet leads the best other model by {glue:text}`ahead_0`, {glue:text}`ahead_1` and {glue:text}`ahead_2` points; here it is {glue:text}`ours_0`, {glue:text}`ours_1` and {glue:text}`ours_2` against the best other network of the ablation.
# - **C27, the diagonal of the confusion matrix.**
#   The paper prints {glue:text}`their_recall_0`, {glue:text}`their_recall_1` and {glue:text}`their_recall_2` %; here it is {glue:text}`recall_0:.1f`, {glue:text}`recall_1:.1f` and {glue:text}`recall_2:.1f` %.
# - **C28, the macro AUC.**
#   The paper prints 0.9979; here it is {glue:text}`macro:.4f` ({glue:text}`macro_ends`).
# - **C29, the best ROC curve in every class.**
#   The areas are not in the text of the paper that we have; here CG-RecNet has the largest area in {glue:text}`best_in` of three classes, among {glue:text}`networks` networks, and the baseline's macro area is the larger one.

# %% tags=["remove-input"]
against_base = gains[BASE]
gain = next(one for one in against_base if one.name == rarest)
lead = {name: auc[FULL].less(auc[BASE], index) for index, name in enumerate((*classes, "macro"))}
own = [record.test["macro"]["auc"] for record in jurkat.records if record.config["model"] == FULL]
holds(
    "In one class, G1, the interval just leaves out zero, in the baseline's favour (its upper end is ...); in the two others the intervals hold it.",
    [one.interval95[0] < 0 < one.interval95[1] for one in against_base] == [False, True, True] and classes[0] == "G1" and -0.5 < against_base[0].interval95[1] < 0,
)
apart = [name for name in classes if not lead[name][1][0] < 0 < lead[name][1][1]]
holds(
    "the interval tells the area of CG-RecNet from that of the baseline, and the baseline's is larger",
    apart and all(lead[name][1][1] < 0 for name in apart),
)
holds("hundredths (...), in the baseline's favour too", lead["macro"][1][1] < 0)
holds("and the baseline's macro area is the larger one", lead["macro"][0] < 0)
best_other = {row: max(table5.cell(row, m).number for m in printed if m != "CG-RecNet") for row in table5.rows}
ahead = {row: table5.cell(row, "CG-RecNet").number - best_other[row] for row in table5.rows}
tell(
    g1_end=f"{against_base[0].interval95[1]:.2f}".replace("-", "\N{MINUS SIGN}"),
    **{f"f1_{k}": 100 * one.f1 for k, one in enumerate(f1[FULL])},
    **{f"class_{k}": name for k, name in enumerate(classes)},
    **{f"recall_{k}": recalls[name][0] for k, name in enumerate(classes)},
    **{f"ours_{k}": points(scores[MODELS.index(FULL), k] - max(np.delete(scores[:, k], MODELS.index(FULL)))) for k in range(3)},
    **{f"their_f1_{k}": table5.cell(row, "CG-RecNet").value for k, row in enumerate(table5.rows)},
    **{f"their_recall_{k}": figure7.cell(row, "recall").value for k, row in enumerate(table5.rows)},
    **{f"ahead_{k}": f"+{ahead[row]:.2f}" for k, row in enumerate(table5.rows)},
    gain=points(gain.difference), gain_ends=interval(gain.interval95), their_gain=table5.cell("Oligodendrocytes", "improvement").value,
    macro=auc[FULL].values[-1], macro_ends=span(auc[FULL].interval(-1), 1, 4), own_macro=np.mean(own), own_n=len(own),
    apart=" and in ".join(apart), lead=points(100 * lead["macro"][0]), lead_ends=interval(tuple(100 * end for end in lead["macro"][1])),
    best_in=sum(max(MODELS, key=lambda m, i=i: auc[m].values[i]) == FULL for i in range(len(classes))),
    chosen=len(chosen), per_place=PER_PLACE, sure=SURE,
)  # fmt: skip
provenance_of(jurkat.records, PART)

# %% [markdown]
# ## What this does not tell
#
# - One seed per fold: the intervals are over cells, and do not contain the luck of training.
# - The split is random over cells, as in the paper; all cells of the second experiment are G1, so a network may know the experiment ({doc}`/book/2_data/meeting_the_data`).
# - The labels are taken as true.
#   Where a label rests on a threshold of a dye, a cell near the threshold can be *wrong* by the label alone ({doc}`failures`).
#
# ## How this was measured
#
# ````{dropdown} Folds put together
# In a cross-validation every cell is tested once, by a network that was not trained on it.
# So the test cells of the folds can be put together, and each counts once; folds that not all networks have are left out.
# The price: what is scored is then not one network but the procedure that made one for each fold.
# A network joins the tables as soon as it has the folds that CG-RecNet and the baseline have.
# ````

# %%
display(show_code(f1_differences), *all_read(PART))

# %% [markdown]
# **Take-away.**
# Read a score class by class, with its count and its interval, before comparing networks.
# A difference between classes can be far larger than one between networks, and a curve on top is no ranking until the intervals say so.
#
# ```{exercise} Does pooling matter?
# :label: exercise-classes-pooling
#
# Compute F1 of each class for CG-RecNet in every fold apart, take the mean over folds, and compare it with the pooled value.
# Why are the two not equal, and for which class would you expect the largest distance?
# ```
#
# ````{solution} exercise-classes-pooling
# :class: dropdown
#
# F1 is a ratio, and a mean of ratios is not the ratio of sums.
# The distance is largest where the folds differ most, which is likeliest in the class with the fewest cells.
# The next cell computes both.
# ````

# %% tags=["hide-cell"]
own = [[one["f1"] for one in r.test["per_class"]] for r in jurkat.records if r.config["model"] == FULL]
for k, name in enumerate(classes):
    print(f"{name:>5}: {len(own)} folds {np.mean(own, 0)[k]:.4f}, pooled {f1[FULL][k].f1:.4f}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A network never finds the rarest class. How much accuracy does that cost?
# No more than the share of that class.
# That is why recall and F1 are shown class by class, with their counts.
# :::
#
# :::{dropdown} 2. Why may the test cells of all folds be put together?
# Each cell is tested exactly once, by a network that was not trained on it.
# The price is that the score belongs to the procedure and not to one network.
# :::
#
# :::{dropdown} 3. One ROC curve lies above another. Is its network better?
# Only if the interval of the difference says so.
# Curves of the same cells move together, and a small gap may be chance.
# :::
