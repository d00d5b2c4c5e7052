# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Auditing the printed numbers
#
# **You will learn** how much can be learned about a study from its printed numbers alone, with nothing but arithmetic: what supports what, what does not fit together, and what cannot be told.
#
# **You need** {doc}`/book/1_question/claims`, and what a confusion matrix is.
# Reading takes about {reading-time}`this page`.
#
# We have no image of the paper and no line of its code.
# We do have its tables {cite}`li2026cgrecnet`, as far as they are known.
# Numbers that come from one experiment are not free: class sizes add up, an accuracy and an F1 come from the same confusion matrix, a model with two modules costs what the modules cost.
# Each section below takes one such tie and pulls at it.
#
# A knot that does not hold tells us that *two printed things do not go together*.
# It never tells which of them is right, or why.
# A table can describe another split than its neighbour, a cell can slip in typesetting, and a caption can be shorter than the method.

# %% tags=["remove-cell"]
from contextlib import suppress
from itertools import cycle, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy import stats

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.planned_contrasts import holm
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import dropdown, wide_table
from cgrecnet.judgement.audited import CLASSES, COMPARATORS, LEVEL, AuditedPaper
from cgrecnet.judgement.claims import verdicts
from cgrecnet.judgement.counts import LAPTOP_FLOPS
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paper.audit.attainable import accuracy_range, constraints, extreme_matrix, precision_range
from cgrecnet.paper.audit.complexity import additivity, increase
from cgrecnet.paper.audit.compute_time import TORCHVISION_GMACS, protocol_cost
from cgrecnet.paper.audit.counting import resnet50_parameters
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.printed_t_test import p_over_correlations, paired_t, smallest_correlation, unpaired_t
from cgrecnet.paper.audit.schedule import first_lost_epoch, last_useful_epoch, left_shares
from cgrecnet.paper.audit.split import fold_supports, last_batch
from cgrecnet.paper.audit.standard_deviations import check_floor, common_sd, variance_ratio_p, weighted_recall
from cgrecnet.paper.claims import load_contradictions

use_book_style()
paper = AuditedPaper.load()
counts = [int(paper.printed(f"1/{name}/count")) for name in CLASSES]
folds, epochs = (int(paper.printed(f"S/{name}/setting")) for name in ("Folds", "Epochs"))
tell(lost=sum(len(table.lost()) for table in paper.tables.values()))
assert folds == 5 and LAPTOP_FLOPS == 3e12  # as the text says

# %% [markdown]
# In our copy of the text {glue:text}`lost` cells of the tables cannot be read.
# They are marked as lost in `tables.yaml` and never guessed; whoever has the full text can fill them in, and this page follows.
#
# Throughout, a printed number stands for every number that rounds to it.
# 96.40 means anything from 96.395 to 96.405.
# Where a section says that two things cannot be reconciled, or gives a bound on p, this holds for all of these; other figures take the numbers at face value.
#
# ## 1. Which split gives the printed test set?
#
# **Idea.**
# The paper splits its cells "70% for model training, 15% for validation, and 15% as an independent test set", stratified by class.
# Fifteen per cent of a class is rarely a whole number.
# How it is rounded depends on the order of the steps, and so the class sizes in Table 5 are a trace of the code that was run.
#
# **Equation.**
# With $N_c$ cells of class $c$, the test set should hold about
#
# $$
# n_c \approx 0.15\, N_c , \qquad \sum_c n_c = n_{\text{test}} ,
# $$ (eq-audit-split)
#
# and rounding each $n_c$ by itself need not give the whole number $n_{\text{test}}$ that rounding jointly gives.
#
# **Code.**
# Each rule is run on the class counts of Table 1, with scikit-learn where the rule uses it.

# %%
outcome = paper.splits[0]
print(outcome.calls, outcome.test, "as printed" if outcome.matches else "")
print("15 per cent:", [round(0.15 * n, 2) for n in counts])

# %% tags=["computed"] mystnb={"image": {"alt": "A table of coloured tiles, one row per split rule and one column per class. The upper eight rows are all marked as printed; each of the lower five has at least one class that is off by one or two images."}, "figure": {"name": "fig-audit-splits", "caption": "The printed test supports single out stratified splitting of all classes at once: every such rule gives them to the image, and every rule that rounds class by class or works in twentieths misses by one or two. Numbers: images more or fewer than printed."}}
rules = [outcome.rule for outcome in paper.splits]
tested = np.array([outcome.test for outcome in paper.splits])
figure, axes = plt.subplots(figsize=(4.6, 0.27 * len(rules) + 0.8))
for (y, x), miss in np.ndenumerate(tested - paper.supports):
    colour = PALETTE[3 if miss else 2]
    box = {"color": colour, "alpha": 0.35}
    axes.add_patch(plt.Rectangle((x, y), 0.94, 0.88, **box))
    said = f"{miss:+d}" if miss else "as printed"
    axes.text(x + 0.47, y + 0.44, said, ha="center", va="center", size=8.5)
axes.set_yticks(np.arange(len(rules)) + 0.5, rules)
axes.set_xticks(np.arange(len(CLASSES)) + 0.5, CLASSES)
axes.set(xlim=(0, 3), ylim=(len(rules), 0))
axes.tick_params(length=0, labeltop=True, labelbottom=False, labelsize=8)
axes.spines[:].set_visible(False)
plt.show()

# %% [markdown]
# **Result.**
# {glue:text}`good_rules` of {glue:text}`rules` rules give {glue:text}`supports`.
# The paper's account of its split **holds**: these are exactly the numbers that the usual call of scikit-learn gives.
#
# **In fairness**, it cannot be told which of the {glue:text}`good_rules` it was.
# There is a small hint: {glue:text}`single_rules` of them ({glue:text}`single_names`) leave a last batch of one single image, on which batch normalisation has little to average.
# We use the first rule.
#
# (audit-attainable)=
# ## 2. Table 4's accuracies against Table 5's F1s
#
# This is the heart of the page.
#
# **Idea.**
# Table 4 prints the accuracy of each model.
# Table 5 prints, for the same models, the F1 of each class, and how many cells of each class were tested.
# Both come from confusion matrices.
# Many matrices give the same three F1s, and they differ in accuracy, but not by much.
# So we ask: over **all** matrices that have the printed F1s, what is the highest accuracy?
#
# **Equation.**
# Let $n_{ij}$ be the number of cells of class $i$ that were taken for class $j$, not necessarily whole.
# The row sums are the supports $r_i$, and with the column sums $c_i=\sum_j n_{ji}$
#
# $$
# \mathrm{F1}_i = \frac{2\,n_{ii}}{r_i + c_i}, \qquad \text{accuracy} = \frac1N \sum_i n_{ii} .
# $$ (eq-audit-f1)
#
# That looks curved, but "F1 lies between $\ell_i$ and $h_i$" can be multiplied by the denominator:
#
# $$
# \ell_i\,(r_i + c_i) \;\le\; 2\,n_{ii} \;\le\; h_i\,(r_i + c_i), \qquad \sum_j n_{ij} = r_i, \qquad n_{ij}\ge 0 .
# $$ (eq-audit-programme)
#
# These are straight lines in the nine unknowns.
# To find the largest and the smallest accuracy under them is a *linear programme*, and its answer is no estimate: nothing outside the interval exists.
#
# **Code.**

# %%
show_code(constraints, accuracy_range)

# %% tags=["computed"] mystnb={"image": {"alt": "One row per model with a grey bar for the attainable accuracies and a dot for the printed one. For Baseline and CG-RecNet the dot lies on the bar; for MobileNetV2, DenseNet, VGG and ViT the dot lies to the right of the bar, by a growing distance."}, "figure": {"name": "fig-audit-attainable", "caption": "For the four comparators the printed accuracy lies above anything that the printed class F1s allow; for the baseline and CG-RecNet both tables agree. Grey: all accuracies of confusion matrices with the F1s and supports of Table 5, rounding included; dots: Tables 3 and 4, whiskers: the printed SD."}}
checks = paper.accuracy_checks
figure, axes = plt.subplots(figsize=(4.6, 3.8))
for y, (model, check) in enumerate(checks.items()):
    ends = [check.attainable.low, check.attainable.high]
    axes.plot(ends, [y, y], color="0.6", linewidth=9, solid_capstyle="butt")
    x, sd = check.printed.middle, float(paper.scores[model].sd)
    colour = PALETTE[0 if check.fits else 3]
    axes.errorbar(x, y, xerr=sd, fmt="o", color=colour, capsize=3)
    said = "allowed" if check.fits else f"{check.discrepancy:.2f} too high"
    axes.text(x, y + 0.4, said, ha="center", fontsize=8)
axes.set_yticks(range(len(checks)), checks)
axes.set(ylim=(len(checks) - 0.4, -0.6), xlabel="accuracy (%)")
names = ("attainable by the F1s", "printed, with SD")
figure.legend(axes.lines[:2], names, loc="outside upper center", ncols=2)
plt.show()

# %%
rows = []
for model, check in checks.items():
    reach, cell = check.attainable, paper.accuracy(model)
    gap = ("none, fits", "")
    if not check.fits:
        gap = f"{check.discrepancy:.2f}", f"{check.discrepancy_in_sd:.1f}"
    attainable = f"{reach.low:.2f} to {reach.high:.2f}"
    rows.append((model, attainable, f"{cell.value} ± {cell.sd}", *gap))
headers = ["model", "attainable (%)", "printed (%)"]
headers += ["short by", "in printed SDs"]
wide_table(headers, rows, "Attainable accuracies")

# %% [markdown]
# To see why there is no way out, look at the matrix that gets MobileNetV2 as far as its F1s let it:

# %%
f1 = {
    model: [Interval.printed(x).scaled(0.01) for x in paper.class_f1(model)]
    for model in checks
}
matrix = extreme_matrix(paper.supports, f1["MobileNetV2"])
taken = [f"taken for {name.lower()}" for name in CLASSES]
pd.DataFrame(matrix, index=CLASSES, columns=taken).map("{:,.0f}".format)

# %% [markdown]
# It makes {glue:text}`errors` errors, and the printed accuracy allows only {glue:text}`allowed_errors`.
# Fewer errors would lift at least one F1 above its printed value.
#
# **Result.**
# For {glue:text}`models_apart` the two tables **cannot be reconciled** as results of the same predictions: the printed accuracies are {glue:text}`gap_least:.2f` to {glue:text}`gap_most:.2f` percentage points too high, or the F1s too low, which is {glue:text}`gap_sd_least:.1f` to {glue:text}`gap_sd_most:.1f` printed SDs.
# For CG-RecNet ({glue:text}`own_low:.2f` to {glue:text}`own_high:.2f` %, printed {glue:text}`own_printed:.2f`) and for the baseline they **agree**.
#
# **In fairness.**
# Both tables could be right if they describe different runs, for example Table 4 the mean over folds and Table 5 one split.
# The text does not say that they do.
# Then on that one split all four comparators would have done worse than their mean, by several SDs for three of them, while CG-RecNet and the baseline did not.
# An unlucky split hits all models alike, since they are tested on the same cells, so this is possible and not likely.
#
# Could Table 5 hold means over several runs on the same cells?
# That alone does not help, because the highest accuracy is almost a straight function of the F1s, so that the mean over runs obeys nearly the same bound.
# To see it, let two runs lie half a percentage point above and below the printed F1s, class by class in every combination, and average their highest accuracies:

# %%
def highest(model, shifts):
    """The highest accuracy (%) when each class F1 is moved by so much."""
    pairs = zip(f1[model], shifts, strict=True)
    moved = [Interval(reach.low + s, reach.high + s) for reach, s in pairs]
    return 100 * accuracy_range(paper.supports, moved).high


# %%
apart = [check for check in checks.values() if not check.fits]
for check in apart:
    gains = []
    for shifts in product((-0.005, 0, 0.005), repeat=3):
        with suppress(ConfigError):  # no matrix has such F1s
            one = highest(check.model, shifts)
            other = highest(check.model, [-s for s in shifts])
            gains.append((one + other) / 2 - check.attainable.high)
    gain, gap = max(gains), check.discrepancy
    assert gain < gap / 10
    print(f"{check.model:12} raised by {gain:.3f}, short by {gap:.2f}")

# %% [markdown]
# All this matters for the paper's message: the leads of CG-RecNet over the comparators come from Table 4 on average, and from Table 5 class by class, and the two tables tell of leads of different size.

# %%
own, rows = checks["CG-RecNet"], []
for check in apart:
    low = own.attainable.low - check.attainable.high
    high = own.attainable.high - check.attainable.low
    gap = own.printed.middle - check.printed.middle
    rows.append((check.model, f"{gap:.2f}", f"{low:.2f} to {high:.2f}"))
headers = "CG-RecNet minus", "as printed", "by Table 5"
wide_table(headers, rows, "Two margins")

# %% [markdown]
# Read by Table 5 the advantage of CG-RecNet would be larger, not smaller.
#
# **What holds.**
# For CG-RecNet there are two more ties: Figure 7 prints the recall of each class, and Table 4 the weighted precision.
# From these and the F1s follow:

# %%
recall = [
    Interval.printed(paper.printed(f"F7/{name}/recall")).scaled(0.01)
    for name in CLASSES
]
known = paper.supports, f1["CG-RecNet"], recall
ranges = {"accuracy": accuracy_range, "precision": precision_range}
for name, range_of in ranges.items():
    reach = range_of(*known).scaled(100)
    printed = paper.printed(f"4/CG-RecNet/{name}")
    print(f"{name}: {reach.low:.3f} to {reach.high:.3f}; printed {printed}")
    assert reach.overlaps(Interval.printed(printed))

# %% [markdown]
# Four separate things that are printed about CG-RecNet, its class F1s, its recalls, its accuracy and its precision, all go together to the last digit.
#
# ## 3. Weighted recall is accuracy
#
# **Idea.**
# Table 4 prints accuracy and recall as two columns.
# If recall is averaged over the classes with their supports as weights, it is not a second number.
#
# **Equation.**
#
# $$
# \sum_i \frac{r_i}{N}\cdot\frac{n_{ii}}{r_i} \;=\; \frac1N\sum_i n_{ii} \;=\; \text{accuracy} .
# $$ (eq-audit-recall)
#
# **Code.**

# %%
show_code(weighted_recall)

# %%
rng = np.random.default_rng(0)
errors = rng.dirichlet(np.ones(9), 300) * rng.uniform(0, 1, (300, 1))
hits = rng.dirichlet(np.ones(3), 300)
hits *= 1 - errors.sum(axis=1, keepdims=True)
confusions = errors.reshape(-1, 3, 3) + hits[:, :, None] * np.eye(3)
confusions = np.round(10_000 * confusions) + 1  # whole cells
accuracy = np.array([np.trace(c) / c.sum() for c in confusions])
weighted = np.array([weighted_recall(c) for c in confusions])
macro = np.array([np.mean(np.diag(c) / c.sum(axis=1)) for c in confusions])
assert np.abs(weighted - accuracy).max() < 1e-12

# %% tags=["computed"] mystnb={"image": {"alt": "Two scatter plots of recall against accuracy for random confusion matrices. Weighted recall lies exactly on the diagonal; macro recall scatters widely around it."}, "figure": {"name": "fig-audit-recall", "caption": "Weighted recall repeats accuracy whatever the confusion matrix, so the two columns of Table 4 hold one number; macro recall would have been a second one. Each dot is one of 300 random confusion matrices of three classes; no cells involved."}}
figure, panels = plt.subplots(1, 2, figsize=(4.6, 2.6), sharey=True)
for axes, mark, values in zip(panels, "AB", (weighted, macro), strict=True):
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot(accuracy, values, ".", markersize=4)
    axes.set(xlabel="accuracy")
    letter(axes, mark)
panels[0].set(ylabel="recall", title="weighted recall")
panels[1].set(title="macro recall")
plt.show()

# %% [markdown]
# **Result.**
# No random matrix gives a difference above 10⁻¹², which is rounding.
# The paper prints recall {glue:text}`recall` and accuracy {glue:text}`accuracy`: this **holds**.
# Their SDs are printed as {glue:text}`recall_sd` and {glue:text}`accuracy_sd`, although they are the SD of one and the same number: both can only be right if it is exactly {glue:text}`shared_sd:.3f`, rounded down once and up once.
#
# **In fairness**, there is an innocent way to get both.
# Some programs divide by $n$ in an SD and others by $n-1$; with five folds they differ by a factor of {glue:text}`sd_factor:.3f`, and {glue:text}`recall_sd` becomes {glue:text}`other_low:.3f` to {glue:text}`other_high:.3f`, which agrees with {glue:text}`accuracy_sd`.
#
# ## 4. Standard deviations against the binomial floor
#
# **Idea.**
# The paper reads the small SD of CG-RecNet as a sign of stability.
# But folds test different cells, and drawing cells is a lottery: even a network that never changed would score differently from fold to fold.
# An SD far below that lottery would be suspicious, and an SD near it says nothing about the network.
#
# **Equation.**
# For an accuracy $p$ on $n$ cells per fold the floor is
#
# $$
# s_0=\sqrt{\frac{p\,(1-p)}{n}}, \qquad (k-1)\,\frac{s^2}{s_0^2}\ \sim\ \chi^2_{k-1}.
# $$ (eq-audit-floor)
#
# The second part says how the SD $s$ over $k$ folds scatters around the floor if nothing but the drawing of cells varies.
#
# **Code.**

# %%
show_code(check_floor)

# %% tags=["computed"] mystnb={"image": {"alt": "One column per model. A grey bar shows the standard deviations that chance alone gives over five folds, with a line at the binomial floor near 0.1; dots show the printed standard deviations. CG-RecNet, ResCMNet, Baseline, MobileNetV2 and DenseNet lie on their bars, VGG and ViT above."}, "figure": {"name": "fig-audit-floor", "caption": "The SDs of CG-RecNet and of four other models are what drawing the test cells gives by itself, so they cannot show that one network is more stable than another; those of VGG and ViT are larger than that. Bars: central 95 per cent of SDs over five folds when the network itself never varies."}}
per_fold, scores = sum(fold_supports(counts, folds)[0]), paper.scores
chance = (stats.chi2.ppf([0.025, 0.975], folds - 1) / (folds - 1)) ** 0.5
figure, axes = plt.subplots(figsize=(4.6, 3.2))
for x, score in enumerate(scores.values()):
    mean, sd = float(score.mean), float(score.sd)
    floor = check_floor(mean, sd, per_fold, folds).floor
    axes.vlines(x, *(floor * chance), color="0.75", linewidth=10)
    axes.hlines(floor, x - 0.2, x + 0.2, color="black", linewidth=1)
    axes.plot(x, sd, "o", color=PALETTE[0])
axes.set_xticks(range(len(scores)), scores, rotation=40, ha="right")
axes.set(ylabel="SD (percentage points)", ylim=(0, None))
names = ("chance alone, 95%", "binomial floor", "printed")
shown = [*axes.collections[:2], axes.lines[0]]
figure.legend(shown, names, loc="outside upper center", ncols=2)
plt.show()

# %% [markdown]
# **Result.**
# The SD of CG-RecNet, {glue:text}`own_sd`, stands beside a floor of {glue:text}`floor:.3f` for {glue:text}`per_fold` cells per fold.
# By chance an SD this small or smaller comes up with probability {glue:text}`floor_tail:.2f`, so it is nothing unusual.
# That it is smaller than the comparators' SDs is true as printed; whether it is more than chance, a one-sided F test of five values against five tells: {glue:text}`sd_tests`.
# At the paper's level of {glue:text}`level` it is shown against {glue:text}`sd_under`, and after a correction for four comparisons against none.
#
# **In fairness**, the text does not say what the SDs are over.
# If they are over three seeds on one test set, there is no such floor, because the same cells are tested each time.
#
# ## 5. Which p-values follow?
#
# **Idea.**
# The paper states p below 0.001 for the gain over the baseline, from a paired t-test over five folds.
# A paired test needs the differences fold by fold, which are not printed.
# But means and SDs are, and all that is missing is one number between -1 and 1: how strongly the scores of the two models rise and fall together.
# We can simply try them all.
#
# **Equation.**
# With SDs $s_a$, $s_b$, correlation $\rho$ and $k$ folds
#
# $$
# t = \frac{\bar d}{\sqrt{(s_a^2+s_b^2-2\rho\,s_a s_b)\,/\,k}}, \qquad k-1 \text{ degrees of freedom.}
# $$ (eq-audit-t)
#
# Folds share most of their training cells, so their scores are not independent.
# Nadeau and Bengio {cite}`nadeau2003inference` replace $1/k$ by $1/k + n_{\text{test}}/n_{\text{train}}$, which makes $t$ smaller.
#
# **Code.**

# %%
show_code(paired_t, unpaired_t, smallest_correlation)

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two panels, above for five and below for three runs, of p on a logarithmic axis against the correlation from -1 to 1, one line per comparison. With five runs the line of Baseline lies far below the printed 0.001 everywhere and that of ResCMNet above 0.05 until correlations are strong; with three runs all lines lie higher and Baseline crosses 0.001 near zero."}, "figure": {"name": "fig-audit-p", "caption": "That CG-RecNet beats the baseline follows from the printed numbers whatever the correlation, if the five folds are the unit; that the second module adds anything follows only for strongly correlated folds. A, five folds; B, the same means and SDs read as three seeds."}}
own_score, others = scores["CG-RecNet"], ["Baseline", "ResCMNet", *COMPARATORS]
lines = cycle(("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))))
styles = dict(zip(others, zip(PALETTE, lines, strict=False), strict=False))
figure, panels = plt.subplots(2, 1, figsize=(4.6, 5.6), sharex=True)
for axes, runs, mark in zip(panels, (folds, 3), "AB", strict=True):
    for name, (colour, line) in styles.items():
        gap = float(own_score.mean) - float(scores[name].mean)
        rho, p = p_over_correlations(gap, float(own_score.sd), float(scores[name].sd), runs)
        axes.plot(rho, np.maximum(p, 1e-12), linestyle=line, color=colour, label=name)
    for level in (0.05, 0.001):
        axes.axhline(level, color="0.6", linewidth=0.8)
        axes.text(1.03, level, f"{level}", va="center", fontsize=8)
    axes.set(yscale="log", ylim=(1e-8, 1.2), xlim=(-1, 1), ylabel="p, two-sided", title=f"{runs} runs")
    axes.set_xticks((-1, -0.5, 0, 0.5, 1))
    letter(axes, mark)
axes.set_xlabel("correlation")
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8)
plt.show()

# %% tags=["remove-input"]
rows = []
for name in others:
    c = paper.comparison(name, folds)
    need = [smallest_correlation(c.difference, float(own_score.sd), float(paper.scores[name].sd), folds, lv) for lv in (LEVEL, 0.001)]
    ps = (c.uncorrelated.p, c.lowest_p, c.highest_p, c.corrected.p, c.unpaired.p)
    equal, lowest, highest, corrected, unpaired = (f"{p:.1e}".replace("-", "\N{MINUS SIGN}") for p in ps)
    words = ["never" if r is None else "always" if r <= -1 else f"from ρ = {r:.2f}" for r in need]
    rows.append(
        (name, f"{c.difference:+.2f}", f"{c.uncorrelated.t:.2f}, {equal}", f"{lowest} to {highest}",
         f"{c.corrected.t:.2f}, {corrected}", unpaired, *words)
    )  # fmt: skip
wide_table(
    ("CG-RecNet minus", "difference", "t, p at ρ = 0", "p over all ρ", "corrected resampled t, p", "p, unpaired", "p < 0.05", "p < 0.001"),
    rows, "Tests of comparisons",
)  # fmt: skip

# %% [markdown]
# **Result.**
# Over folds, p against the baseline is at most {glue:text}`p_highest:.1e` for every correlation and every rounding: the stated p below 0.001 **holds**, and so it does with the corrected test (p = {glue:text}`p_corrected:.1e` at ρ = 0) and with an unpaired one.
#
# Section 3.1 credits the same bound to seeds.
# Three seeds leave two degrees of freedom, and with the printed SDs p is {glue:text}`p_seeds:.4f` at ρ = 0 and at most {glue:text}`p_seeds_highest:.4f`: the bound follows only for correlations above {glue:text}`seeds_correlation:.2f`.
# Nor is an SD over seeds printed, so that this can only be a what-if.
#
# The last step of the ablation, from ResCMNet to CG-RecNet, is {glue:text}`last_step:+.2f` percentage points with p = {glue:text}`p_last:.2f` at ρ = 0 ({glue:text}`p_last_corrected:.2f` corrected).
# That both modules are needed is not shown by the printed numbers.
#
# **In fairness**, "not shown" is not "shown not to be".
# Fold scores of similar networks often do rise and fall together, and with the scores of each fold the authors could settle it in a minute.
#
# ## 6. What the step schedule leaves
#
# **Idea.**
# A learning rate that is divided by ten every seven epochs is soon too small to change anything.
# How soon is shown, with its picture and code, in {doc}`/book/4_training/one_run`; here only its use as evidence counts.
#
# **Equation.**
# After $e$ epochs a share of about $10^{-\lfloor e/7\rfloor}$ of all learning is left:
#
# $$
# \eta_e = \eta_1 \cdot \gamma^{\lfloor (e-1)/7 \rfloor}, \qquad \gamma = 0.1 .
# $$ (eq-audit-steplr)
#
# **Code.**

# %%
rates = paper.rates
last = last_useful_epoch(rates, 0.001)  # a thousandth of the sum is left
print("last useful epoch:", last)
late = 30
print(f"left after {late}: {left_shares(rates)[late - 1]:.1e}")
for initial in (1e-3, 1e-4):
    # steps of Adam, for a weight of 0.01 in float32
    lost = first_lost_epoch(initial * rates)
    print(f"first rate {initial:g}: lost from {lost}")

# %% [markdown]
# **Result.**
# That training comes to rest within the printed 100 epochs **holds**; it could not do otherwise.
# A visible decline of the loss far beyond the thirtieth epoch is not to be expected from this schedule.
#
# **In fairness**, the first rate is not in our copy of the text, and there are ways to call a scheduler that leave the rate unchanged by mistake, which no reader of a paper could see.
#
# ## 7. Does the complexity table add up?
#
# **Idea.**
# Table 3 has four rows: the backbone, the backbone with one module, with the other, and with both.
# Whatever the modules are, the four rows hold only three unknowns.
#
# **Equation.**
#
# $$
# \text{backbone} \;=\; \text{attention only} + \text{gate only} - \text{both} .
# $$ (eq-audit-additivity)
#
# **Code.**

# %%
show_code(additivity)

# %% tags=["computed"] mystnb={"image": {"alt": "Two panels, parameters and GFLOPs. In each, the value implied by three rows and the printed value of the baseline are points with short error bars that do not touch; implied is larger in both."}, "figure": {"name": "fig-audit-additivity", "caption": "The three rows with modules imply a larger backbone than the one that is printed, in parameters and in GFLOPs, and rounding cannot bridge either gap. Bars: everything that rounds to the printed numbers."}}
rows, costs = ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline"), {}
figure, panels = plt.subplots(2, 1, figsize=(4.6, 3.0))
columns = "parameters", "gflops"
for axes, mark, column in zip(panels, "AB", columns, strict=True):
    printed = [paper.printed(f"3/{row}/{column}") for row in rows]
    costs[column] = one = additivity(*printed)
    for y, reach in enumerate((one.implied, one.printed)):
        bar = {"fmt": "o", "capsize": 4, "color": ("0.5", PALETTE[3])[y]}
        axes.errorbar(reach.middle, y, xerr=reach.half_width, **bar)
    axes.set_yticks([0, 1], ["implied", "printed"])
    axes.set(ylim=(1.5, -0.5), xmargin=0.2)
    letter(axes, mark)
panels[0].set_xlabel("million parameters")
panels[1].set_xlabel("GFLOPs")
plt.show()

# %% [markdown]
# **Result.**
# The rows imply {glue:text}`parameters_implied:.2f` ± {glue:text}`parameters_half:.3f` M parameters where {glue:text}`parameters_printed:.2f` is printed, and {glue:text}`gflops_implied:.2f` ± {glue:text}`gflops_half:.3f` GFLOPs where {glue:text}`gflops_printed:.2f` is printed: the Baseline row **cannot be reconciled** with the others.
# The implied number of parameters is that of the standard ResNet-50 with its 1000-way layer, {glue:text}`resnet50:.2f` M.
#
# What **holds**: the relative costs in the text.
# From the printed rows, CG-RecNet has {glue:text}`more_parameters:.1f` % more parameters and {glue:text}`more_gflops:.0f` % more GFLOPs than the baseline, as stated.
#
# **In fairness**, an off row in a table of costs says nothing about accuracies.
# What the rows reveal about the modules is told in {doc}`/book/3_model/recovery`.
#
# ## 8. What would the whole protocol cost?
#
# **Idea.**
# Five folds, 100 epochs and eight models are stated, and one laptop.
# How long does that take?
#
# **Equation.**
# A training step costs about three forward passes, and a multiply-add is two operations:
#
# $$
# \text{time} = \frac{2 \cdot 3 \cdot \text{MACs} \cdot \text{images} \cdot \text{epochs} \cdot \text{folds}}{\text{operations per second}} .
# $$ (eq-audit-cost)
#
# **Assumption.**
# The effective speed is *assumed* to be 3 · 10¹² operations per second, about a third of what such a card can do at best in single precision.
# Everything below scales with one over it.
#
# **Code.**

# %%
show_code(protocol_cost)

# %% tags=["computed"] mystnb={"image": {"alt": "Horizontal bars of days of training per model, from MobileNetV2 with less than one day up to VGG-16 and ViT-B/16, whose bars are by far the longest, with about a month each."}, "figure": {"name": "fig-audit-cost", "caption": "Five folds of 100 epochs would keep the stated laptop busy for months, and most of it for two comparators. Lower bound at an assumed effective speed of 3 TFLOP/s, one seed; loading, validation and testing left out."}}
gmacs = paper.gmacs(paper.recovered) | {
    "DenseNet-121": TORCHVISION_GMACS["densenet121"],
    "VGG-16": TORCHVISION_GMACS["vgg16"],
    "MobileNetV2": TORCHVISION_GMACS["mobilenet_v2"],
    "ViT-B/16": TORCHVISION_GMACS["vit_b_16"],
}
in_fold = sum(counts) - per_fold
cost = protocol_cost(gmacs, in_fold, epochs, folds, 1, LAPTOP_FLOPS)
days = pd.Series(cost.days_by_model).sort_values()
figure, axes = plt.subplots(figsize=(4.6, 3.0))
axes.barh(days.index, days, color=PALETTE[0])
axes.set(xlabel="days", title=f"{days.sum():.0f} days together")
plt.show()

# %% [markdown]
# **Result.**
# About {glue:text}`days:.0f` days for one seed and {glue:text}`days_three:.0f` for three.
# Five folds of the four models of the ablation alone take {glue:text}`days_ablation:.0f` days, and one single split of all {glue:text}`models` models {glue:text}`days_once:.0f`.
# The paper prints no training time, so nothing here contradicts it: the claim **cannot be tested here**.
#
# **In fairness**, mixed precision can be two or three times faster, early stopping can end runs long before epoch {glue:text}`epochs`, and other machines may have helped.
#
# ## 9. Statements that do not go together
#
# **Idea.**
# Not only numbers can disagree.
# The table sets a few words of the paper beside a few others, with their sections.
# There is no equation here, only reading; each quotation was compared with the text by a program.

# %% tags=["remove-input"]
pairs = load_contradictions()
rows = [
    (f"{x.id} {x.title}", "\n".join(f"{s.place}: “{s.quote}”" for s in x.statements), x.why) for x in pairs.values()
]
dropdown(f"{len(rows)} pairs of statements", wide_table(("", "the paper's words", "why"), rows, "Contradictions"))

# %% [markdown]
# **In fairness**, most of these are what happens when several people write one text.
# A few touch the results: what the SDs are over, whether folds or seeds carry the p-values, and where the labels come from.
#
# ## What holds, in one list
#
# An audit that lists only what fails is unfair.
# These follow from arithmetic alone; running the code adds a few more, which the {doc}`first page </book/index>` counts.

# %% tags=["remove-input"]
outcomes = verdicts(paper)
kept = [name for name, o in outcomes.items() if o.verdict is Verdict.HOLDS]
display(Markdown(
    "\n".join(f"- **{paper.claims[name].title}** ({name}): {outcomes[name].reason}" for name in kept)
    + "".join(
        f"\n\n{len(names)} more: *{word}*. " + "; ".join(f"{paper.claims[name].title} ({name})" for name in names) + "."
        for word in (Verdict.HOLDS_IN_PART, Verdict.CONSISTENT_IN_PRINT)
        if (names := [name for name, o in outcomes.items() if o.verdict is word])
    )
))  # fmt: skip

# The numbers of the prose above, and what it says of them. 1: the split.
good = [o for o in paper.splits if o.matches]
batches = {o.rule: last_batch(sum(o.train), int(paper.printed("S/Batch size/setting")))[1] for o in good}
single = [rule for rule, left in batches.items() if left == 1]
tell(
    good_rules=len(good), rules=len(paper.splits), supports=" / ".join(f"{n:,}" for n in paper.supports),
    single_rules=len(single), single_names="; ".join(single),
)  # fmt: skip
# 2: accuracies and F1s.
holds(
    "For the four comparators the printed accuracy lies above anything that the printed class F1s allow",
    {check.model for check in apart} == set(COMPARATORS),
)
assert abs(100 * np.trace(matrix) / matrix.sum() - checks["MobileNetV2"].attainable.high) < 1e-6
right = float(paper.printed("4/MobileNetV2/accuracy")) / 100 * matrix.sum()
tell(errors=f"{matrix.sum() - np.trace(matrix):,.0f}", allowed_errors=f"{matrix.sum() - right:,.0f}")
tell(
    models_apart=", ".join(c.model for c in apart), gap_least=min(c.discrepancy for c in apart),
    gap_most=max(c.discrepancy for c in apart), gap_sd_least=min(c.discrepancy_in_sd for c in apart),
    gap_sd_most=max(c.discrepancy_in_sd for c in apart), own_low=own.attainable.low, own_high=own.attainable.high,
    own_printed=own.printed.middle,
)  # fmt: skip
# 3: weighted recall.
hit, rec = paper.known("4/CG-RecNet/accuracy"), paper.known("4/CG-RecNet/recall")
shared = common_sd(hit.sd, rec.sd)
factor = (folds / (folds - 1)) ** 0.5
reach = Interval.printed(rec.sd).scaled(factor)
explained = reach.overlaps(Interval.printed(hit.sd))
assert shared.half_width < 1e-9 and explained
tell(
    recall=rec.value, accuracy=hit.value, recall_sd=rec.sd, accuracy_sd=hit.sd, shared_sd=shared.low,
    sd_factor=factor, other_low=reach.low, other_high=reach.high,
)  # fmt: skip
# 4: the floor.
floor = check_floor(float(own_score.mean), float(own_score.sd), per_fold, folds)
ratios = {m: variance_ratio_p(float(own_score.sd), float(paper.scores[m].sd), folds) for m in COMPARATORS}
under = [m for m, p in ratios.items() if p < LEVEL]
assert under and min(holm(list(ratios.values()))) >= LEVEL
tell(
    own_sd=own_score.sd, floor=floor.floor, per_fold=f"{per_fold:,}", floor_tail=floor.tail,
    sd_tests=", ".join(f"{m} p = {p:.3f}" for m, p in ratios.items()), level=LEVEL,
    sd_under=", ".join(under),
)  # fmt: skip

# 5: p-values.
base5, base3, cm = paper.comparison("Baseline", folds), paper.comparison("Baseline", 3), paper.comparison("ResCMNet", folds)
assert base5.with_rounding.high < 0.001
need3 = smallest_correlation(base3.difference, float(own_score.sd), float(paper.scores["Baseline"].sd), 3, 0.001)
assert -1 < need3 < 1
tell(
    p_highest=base5.with_rounding.high, p_corrected=base5.corrected.p, p_seeds=base3.uncorrelated.p,
    p_seeds_highest=base3.highest_p, seeds_correlation=need3, last_step=cm.difference,
    p_last=cm.uncorrelated.p, p_last_corrected=cm.corrected.p,
)  # fmt: skip
# 7: complexity.
million, giga = costs.values()
ratio = {c: increase(paper.printed(f"3/CG-RecNet/{c}"), paper.printed(f"3/Baseline/{c}")) for c in ("parameters", "gflops")}
full = resnet50_parameters(1000) / 1e6
assert million.discrepancy > 0 and giga.discrepancy > 0 and million.implied.contains(full)
tell(
    parameters_implied=million.implied.middle, parameters_half=million.implied.half_width,
    parameters_printed=million.printed.middle, gflops_implied=giga.implied.middle,
    gflops_half=giga.implied.half_width, gflops_printed=giga.printed.middle, resnet50=full,
    more_parameters=ratio["parameters"].middle, more_gflops=ratio["gflops"].middle,
)  # fmt: skip
# 8: the cost.
once = protocol_cost(gmacs, sum(good[0].train), epochs, 1, 1, LAPTOP_FLOPS)
four = {m: gmacs[m] for m in ("CG-RecNet", "ResCMNet", "ResGDNet", "Baseline")}
ablation = protocol_cost(four, in_fold, epochs, folds, 1, LAPTOP_FLOPS)
tell(
    days=cost.days, days_three=3 * cost.days, days_ablation=ablation.days, models=len(gmacs),
    days_once=once.days, epochs=epochs,
)  # fmt: skip

# %% [markdown]
# **Take-away.**
# Printed numbers are tied to each other, and the ties can be tested without any data.
# What is printed about CG-RecNet and its gain over the baseline goes together; the accuracies of the four comparators and their class F1s do not, nor do the rows of the complexity table.
#
# ```{exercise} Which F1 would have to change?
# :label: exercise-audit-f1
#
# Suppose that MobileNetV2's accuracy in Table 4 is right, and that **one** of its three F1s in Table 5 is not.
# Which one can it be?
# By how much would that F1 have to rise at least, in steps of 0.01?
# ```
#
# ````{solution} exercise-audit-f1
# :class: dropdown
#
# Leave one F1 free, anything from 0 to 1, and look at the highest accuracy that the other two allow.
# Only one class is large enough; then raise its F1 until the linear programme reaches the printed accuracy.
# Oligodendrocytes, the hardest class, are not the one.
# ````

# %% tags=["hide-cell"]
goal = Interval.printed(paper.printed("4/MobileNetV2/accuracy")).scaled(0.01)
able = []  # places in CLASSES of the F1s that could be the one
for k, name in enumerate(CLASSES):
    free = [Interval(0.0, 1.0) if i == k else reach for i, reach in enumerate(f1["MobileNetV2"])]
    top = accuracy_range(paper.supports, free).high
    print(f"{name} free: up to {100 * top:.2f} %, printed {paper.printed('4/MobileNetV2/accuracy')}")
    able += [k] if top >= goal.low else []
assert [CLASSES[k] for k in able] == ["Neurons"]
astro, oligo, neuron = paper.class_f1("MobileNetV2")
value = float(neuron)
while accuracy_range(paper.supports, [Interval.printed(x).scaled(0.01) for x in (astro, oligo, f"{value:.2f}")]).high < goal.low:
    value += 0.01
print(f"at least {value:.2f}, not {neuron}; CG-RecNet: {paper.printed('5/Neurons/CG-RecNet')}")

# %% [markdown]
# ```{exercise} Several comparisons
# :label: exercise-audit-holm
#
# CG-RecNet is compared with six models.
# Correct the six p-values (five folds, ρ = 0) with Holm's method.
# Which differences remain at the level of 0.05?
# ```
#
# ````{solution} exercise-audit-holm
# :class: dropdown
#
# Holm multiplies the smallest p by six, the next by five, and so on.
# ````

# %% tags=["hide-cell"]
plain = [paper.comparison(name, folds).uncorrelated.p for name in others]
for name, before, after in zip(others, plain, holm(plain), strict=True):
    print(f"{name:12s} {before:.2g} -> {after:.2g}{'' if after < 0.05 else '   not below 0.05'}")

# %% [markdown]
# ```{exercise} A faster laptop
# :label: exercise-audit-speed
#
# How fast would a machine have to be, in operations per second, to finish five folds of all eight models within one week?
# ```
#
# ````{solution} exercise-audit-speed
# :class: dropdown
#
# Time falls as one over the speed.
# ````

# %% tags=["hide-cell"]
needed = LAPTOP_FLOPS * cost.days / 7  # operations per second
assert abs(protocol_cost(gmacs, in_fold, epochs, folds, 1, needed).days - 7) < 1e-9
print(f"{needed / 1e12:.0f} TFLOP/s, sustained")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why can the F1 scores of all classes bound the accuracy, although many confusion matrices have them?
# Both are made from one matrix with known row sums.
# The conditions are linear once the denominators are multiplied out, so a linear programme finds the highest and the lowest accuracy that any such matrix has.
# Outside that range there is none.
# :::
#
# :::{dropdown} 2. Weighted recall and accuracy stand in two columns. What can be learned from the second?
# Nothing new: weighted by the supports, the recalls add up to the share of all cells that were right, which is the accuracy.
# If the columns differ, the average was another one, or one number slipped.
# :::
#
# :::{dropdown} 3. The spread over folds lies near the binomial floor. Does that show that the network is stable?
# No.
# The floor is the spread that a network which never changes would have, because the folds test different cells.
# To see the network's own spread, one has to repeat the training on the same cells.
# :::
