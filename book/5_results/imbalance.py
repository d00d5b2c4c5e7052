# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Uneven classes
#
# **You will learn** what uneven classes do to a classifier and to its accuracy, what class weights change, and whether CG-RecNet needs them less than its baseline on simulated cells.
#
# **You need** {doc}`/book/5_results/classes`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from sklearn.metrics import balanced_accuracy_score

from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.planned_contrasts import judge_family
from cgrecnet.evaluation.sign_flip import balanced_contrast, class_mean
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import majority_share
from cgrecnet.figures.shares import draw_shares
from cgrecnet.figures.style import MODEL_COLOURS, letter, use_book_style
from cgrecnet.figures.tables import decisions_table, interval, points, span, wide_table, with_interval
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.runs.planned import balanced_change, imbalance_decisions
from cgrecnet.runs.pooled import paired_predictions
from cgrecnet.runs.query import needed
from cgrecnet.runs.series import PAIR, imbalance_runs, planned_shares, shares_text
from cgrecnet.training.loop import class_weights

use_book_style()
PARTS = (("imbalance", "cytometer"), ("noise", "cytometer"))
RARE, COMMON = 1, 2  # oligodendrocytes and neurons
BASE, FULL = PAIR
plan = load_plan()
for part in PARTS:
    needed(*part, PAIR, complete=part == PARTS[0])
runs = imbalance_runs()
records = [record for here in runs.values() for record in here.values()]
even, usual, uneven = planned_shares()
answers = dict(zip(runs, imbalance_decisions(runs), strict=True))
# Of the noise series only two runs belong here; the others are not missing from this page.
middle = runs.get(CytometerOptions().shares, {})
missing = missing_runs(*(PARTS[:1] if {(model, False) for model in PAIR} <= set(middle) else PARTS))


def name_of(key):
    """`CG-RecNet, weights`."""
    model, weights = key
    return title_of(model) + ", weights" * weights


def in_order(here):
    """The runs at one setting: the baseline first, without weights first."""
    return sorted(here.items(), key=lambda one: (PAIR.index(one[0][0]), one[0][1]))

# %% tags=["remove-input"]
def need_of_weights(here):
    """How much more balanced accuracy the baseline gains by class weights than CG-RecNet; None without the four runs."""
    order = [(BASE, True), (BASE, False), (FULL, True), (FULL, False)]
    if not set(order) <= set(here):
        return None
    cells = paired_predictions([here[key] for key in order])
    steps = np.array([1, -1, -1, 1]) @ np.array(cells.right, dtype=int)
    return class_mean(cells.labels, steps, reach=2)


needs = {shares: need_of_weights(here) for shares, here in runs.items()}
most, need = answers[uneven].result, needs[uneven]
holds(
    "CG-RecNet is no remedy for uneven classes",
    most.interval95[1] < 0 and not any(found and found.interval95[0] > 0 for found in needs.values()),
)
holds(
    "CG-RecNet has the lower balanced accuracy at every setting, with even classes too",
    all(a.outcome is Outcome.DIFFERENCE and a.result.difference < 0 for a in answers.values()),
)
holds("cells) holds zero: who needs them less is open", need.interval95[0] < 0 < need.difference < need.interval95[1])
tell(
    most=points(most.difference), most_ends=interval(most.interval95), n=most.n, margin=f"{plan['P7'].margin:g}",
    uneven=shares_text(uneven), even=shares_text(even), usual=shares_text(usual), even_lost=abs(answers[even].result.difference),
    need=need.difference, need_ends=interval(need.interval95),
)  # fmt: skip
rare = {key: run.test["per_class"][RARE] for key, run in runs[uneven].items()}
common = {key: run.test["per_class"][COMMON]["recall"] for key, run in runs[uneven].items()}
holds(
    "and without weights (filled) the oligodendrocytes are mostly lost in both networks",
    all(rare[model, False]["recall"] < 0.5 for model in PAIR),
)
holds(
    "In C weights (hollow) lift the rare class at the price of the common one.",
    all(
        rare[model, True]["recall"] > rare[model, False]["recall"] and common[model, True] < common[model, False]
        for model in PAIR
    ),
)
holds("So weights found more of the rare cells", all(rare[m, True]["recall"] > rare[m, False]["recall"] for m in PAIR))
holds(
    "and called more cells rare that are not",
    all(rare[m, True]["precision"] < rare[m, False]["precision"] for m in PAIR),
)
tell(
    rare_n=rare[BASE, False]["support"],
    base_f1=points(100 * (rare[BASE, True]["f1"] - rare[BASE, False]["f1"])),
    full_f1=points(100 * (rare[FULL, True]["f1"] - rare[FULL, False]["f1"])),
)  # fmt: skip

def gain_name(model, shares):
    """How a table names what weights do to a network."""
    return f"{title_of(model)} with weights against without, {shares_text(shares)}"


def gains():
    """What class weights do to the balanced accuracy of each network, exploratory, one family (margin of P7)."""
    made = {
        gain_name(model, shares): balanced_change(here[model, True], here[model, False])
        for shares, here in runs.items()
        for model in PAIR
        if {(model, True), (model, False)} <= set(here)
    }
    return judge_family(made, plan["P7"].margin, plan.alpha)


weighted = {answer.name: answer for answer in gains()}
gain = {(m, s): weighted[gain_name(m, s)].result for m in PAIR for s in (even, uneven)}
counts = runs[even][BASE, False].data["counts"].values()
off = max(abs(sum(counts) / (len(counts) * one) - 1) for one in counts)
holds("so that with and without weights is nearly the same training", off < 0.1)
holds("At ... the baseline gained ... points", gain[BASE, uneven].interval95[0] > 0)
tell(
    base_gain=points(gain[BASE, uneven].difference), base_gain_ends=interval(gain[BASE, uneven].interval95),
    full_gain=points(gain[FULL, uneven].difference), full_gain_ends=interval(gain[FULL, uneven].interval95),
    luck=points(gain[BASE, even].difference), off=100 * off,
)  # fmt: skip

# %% [markdown]
# **The answer.** CG-RecNet is no remedy for uneven classes: its balanced accuracy minus the baseline's is {glue:text}`most` points (95 % interval {glue:text}`most_ends`; n = {glue:text}`n` simulated cells).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels one below the other, from even to very uneven class shares; in each the recall of astrocytes, oligodendrocytes and neurons with intervals, circles for the baseline and diamonds for CG-RecNet, filled without and hollow with class weights."}, "figure": {"name": "fig-imbalance-recall", "caption": "From A to C the classes grow uneven, and without weights (filled) the oligodendrocytes are mostly lost in both networks. In C weights (hollow) lift the rare class at the price of the common one. Recall of each class on simulated test cells, one run per mark; bars: 95 % intervals over cells; B was run without weights only. Titles: shares of astrocytes, oligodendrocytes and neurons."}}
KEYS = [(model, weights) for model in PAIR for weights in (False, True)]
SHIFT = dict(zip(KEYS, (-0.24, -0.08, 0.08, 0.24), strict=True))
figure, panels = plt.subplots(len(runs), 1, figsize=(4.4, 7.6), sharey=True)
for axes, (shares, here), mark in zip(panels, runs.items(), "ABC", strict=True):
    for key, run in in_order(here):
        classes = run.test["per_class"]
        places = np.arange(len(classes)) + SHIFT[key]
        found = [(row[k], sum(row)) for k, row in enumerate(run.test["confusion"])]
        style = {"fmt": "D" if key[0] == FULL else "o", "fillstyle": "none" if key[1] else "full"}
        draw_shares(axes, places, found, color=MODEL_COLOURS[key[0]], capsize=2, label=name_of(key), **style)
    axes.set_xticks(range(len(classes)), [f"{one['name']}\nn = {one['support']}" for one in classes], fontsize=9)
    axes.set(ylim=(-3, 103), ylabel="recall (%)", title=f"   {shares_text(shares)}")
    letter(axes, mark)
handles, labels = panels[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=2)
plt.show()
provenance_of(records, *PARTS)

# %% [markdown]
# In the paper's data most cells are neurons and few are oligodendrocytes; the authors keep it so and say that no oversampling is needed (claim C34), without a comparison.
# The plan asked before the runs ({doc}`plan`, P7): is CG-RecNet less in need of class weights than the baseline where classes are uneven?
# The answer is for the most uneven shares, {glue:text}`uneven`, and training without weights.
# CG-RecNet has the lower balanced accuracy at every setting, with even classes too ({glue:text}`even_lost:.1f` points); so it is behind in general, and not because of the shares.
# By weights the baseline gained {glue:text}`need:.1f` points more than CG-RecNet at {glue:text}`uneven`, and the 95 % interval ({glue:text}`need_ends`, n = {glue:text}`n` cells) holds zero: who needs them less is open.
# These are simulated cells, one run for each network and setting; whether the paper's cells need oversampling they do not tell.

# %% tags=["hide-input"]
def told(shares, key):
    """The plan's outcome and difference, where CG-RecNet without weights stands against the baseline; else nothing."""
    if key != (FULL, False):
        return "", ""
    return str(answers[shares].outcome), with_interval(answers[shares].result)


def scores_of(run):
    """Balanced accuracy; accuracy with its floor."""
    score, floor = 100 * run.test["accuracy"], 100 * majority_share(run)
    return f"{100 * run.test['balanced_accuracy']:.1f}", f"{score:.1f} (floor {floor:.1f})"


rows = []
for shares, here in runs.items():
    for key, run in in_order(here):
        name = f"{shares_text(shares)}: {name_of(key)}"
        rows.append((name, *told(shares, key), *scores_of(run)))
headers = ("shares and network", "outcome (P7)")
headers += ("against the baseline (points)", "balanced accuracy (%)")
table = wide_table((*headers, "accuracy (%)"), rows, "Balanced accuracy")
display(table, missing)

# %% [markdown]
# n = {glue:text}`n` simulated test cells, one run for each number; *floor* is the accuracy of always naming the largest class (balanced 1/3).
# The contrast is of balanced accuracy without weights, with its 95 % interval; margin {glue:text}`margin` points.
#
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
# The reading `clean` has the skip, and also one linear layer fewer.
#
# ## What weights do: exploratory
#
# A network that is better at every setting, the even one included, is just better; it does not need weights *less*.
# The need shows in the **gain**: how much balanced accuracy a network wins when it is given weights.
# At {glue:text}`uneven` the baseline gained {glue:text}`base_gain` points (95 % interval {glue:text}`base_gain_ends`) and CG-RecNet {glue:text}`full_gain` ({glue:text}`full_gain_ends`; n = {glue:text}`n` cells).
#
# How much of it is luck?
# At {glue:text}`even` every class weight is 1 to within {glue:text}`off:.0f` %, so that with and without weights is nearly the same training.
# Yet the baseline's balanced accuracy moved by {glue:text}`luck` points (n = 1 pair of runs): a difference of this size on this page may be nothing else, whatever its interval over cells says.

# %%
decisions_table(list(weighted.values()), "Gain by weights")

# %% [markdown]
# ## The rare class
#
# The claim would be decided by the F1 of the oligodendrocytes with and without weights.
# F1 asks for both at once, that the rare cells are found and that what is called rare is rare.
# At {glue:text}`uneven`, weights changed it by {glue:text}`base_f1` points for the baseline and {glue:text}`full_f1` for CG-RecNet (n = {glue:text}`rare_n` test cells of the class, one run each).
# So weights found more of the rare cells, and called more cells rare that are not.

# %%
rows = []
for shares, here in runs.items():
    for key, run in in_order(here):
        cells, names = paired_predictions([run]), run.data["classes"]
        f1 = class_f1_intervals(cells.labels, *cells.probabilities, names)
        counted = run.test["confusion"][RARE]
        found, n = counted[RARE], sum(counted)
        rows.append((
            f"{shares_text(shares)}: {name_of(key)}",
            f"{100 * found / n:.1f} ({span(wilson(found, n))})",
            f"{100 * f1[RARE].f1:.1f} ({span(f1[RARE].interval95)})",
            str(n),
        ))  # fmt: skip
headers = ("shares and network", "recall (%)", "F1 (%)", "n")
wide_table(headers, rows, "Oligodendrocytes")

# %% [markdown]
# Oligodendrocytes among simulated test cells; in brackets 95 % intervals over cells (recall: Wilson; F1: bootstrap).
#
# ## How this was measured
#
# ````{dropdown} Why accuracy looks away, and what class weights do
# Suppose that a network has learned nothing and names the largest class for every cell.
# Its accuracy is that class's share.
# So under uneven classes a high accuracy may say little, and a rare class can be lost almost unseen.
# The **balanced accuracy** asks each class alike.
# With $K$ classes, of which class $k$ has $n_k$ test cells and $h_k$ of them are recognised,
#
# $$
# A = \frac{\sum_k h_k}{\sum_k n_k} ,
# \qquad
# B = \frac1K \sum_{k=1}^{K} \frac{h_k}{n_k} .
# $$ (eq-imbalance-balanced)
#
# $h_k / n_k$ is the **recall** of class $k$.
# A network that names one class always has $B = 1/K$, however uneven the classes are.
#
# Training lowers the mean loss over cells, so that a class with many cells has a large say.
# A **class weight** takes that back: the loss of a cell of class $k$ is multiplied by
#
# $$
# w_k = \frac{n}{K\, n_k} ,
# $$ (eq-imbalance-weights)
#
# where $n_k$ now counts training cells and $n$ is their sum, so that every class has the same say in total.
# To show rare cells again and again (*oversampling*) does on average the same.
#
# The contrast is CG-RecNet against the baseline on the same simulated cells, at each of the class shares; p-values are corrected by Holm over all of these.
# The shares {glue:text}`usual` are the paper's.
# What weights do to each network was not planned.
# ````

# %%
counts = np.array(list(runs[uneven][BASE, False].data["counts"].values()))
weights = counts.sum() / (3 * counts)
print("at the most uneven shares:", weights.round(1))

# %%
display(show_code(class_weights), *all_read(*PARTS))

# %% [markdown]
# **What this does not tell.**
# The simulated classes overlap as we made them overlap, and how much weights matter depends on that overlap.
# Few cells of a class means two things at once, that it is rare and that little can be learned about it; weights mend the first and not the second.
# The luck of training is in every difference; {doc}`/book/4_training/seeds` measures it.
#
# **Take-away.**
# Whether uneven classes need a remedy is a question for the balanced accuracy and for the gain by the remedy, not for the accuracy.
#
# ```{exercise} Weights after the fact
# :label: exercise-imbalance-prior
#
# A network that was trained without weights gives probabilities that contain the class shares.
# Divide each probability by its class's share in training, name the class with the largest result, and compare the balanced accuracies.
# Why does it work, as far as it does, without any training?
# ```
#
# ````{solution} exercise-imbalance-prior
# :class: dropdown
#
# By Bayes' rule a probability is proportional to (how well the class explains the picture) times (the share of the class).
# Dividing by the share leaves the first factor, which is what a network for even classes would go by.
# It works as far as the probabilities are honest, which {doc}`calibration` asks.
# The next cell does it for the runs of this page.
# ````

# %% tags=["hide-cell"]
def named_after_division(probabilities, shares):
    """The most probable class after the shares are divided out."""
    return (probabilities / np.asarray(shares)).argmax(axis=1)


cases = {
    f"{title_of(model)}, {shares_text(shares)}": (here[model, False], shares)
    for shares, here in runs.items()
    for model in PAIR
    if (model, False) in here
}
for name, (record, shares) in cases.items():
    cells = paired_predictions([record])
    divided = named_after_division(cells.probabilities[0], shares)
    before, after = (
        100 * balanced_accuracy_score(cells.labels, named)
        for named in (cells.predicted[0], divided)
    )
    n = len(cells.labels)
    print(f"{name}: balanced {before:.1f}, divided {after:.1f} % (n = {n})")

# The largest class of a test part has about its share of the data, as the table at the top says; and the contrast is the equation's.
for shares, here in runs.items():
    for record in here.values():
        n, largest = record.test["n"], max(shares)
        assert abs(majority_share(record) - largest) < 5 * np.sqrt(largest * (1 - largest) / n)
record, _ = next(iter(cases.values()))  # one run
cells = paired_predictions([record])
nothing = np.full(len(cells.labels), cells.labels[0])
made = balanced_contrast(  # the contrast by the function of the page
    cells.labels, cells.predicted[0], nothing
)
assert abs(made.difference - 100 * (record.test["balanced_accuracy"] - 1 / 3)) < 1e-6

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why is accuracy a poor judge of a remedy against uneven classes?
# It rewards a network for leaning to the common class, which is just what the remedy takes back.
# The balanced accuracy counts each class alike.
# :::
#
# :::{dropdown} 2. What do class weights change?
# What a mistake on a rare class costs in training.
# They move the decision towards rare classes and bring no new information about them.
# :::
#
# :::{dropdown} 3. A network needs no oversampling. How would you test that?
# Train it with and without the remedy, at several shares, and ask whether the gain in balanced accuracy is smaller than the baseline's.
# One run without a remedy shows nothing.
# :::
