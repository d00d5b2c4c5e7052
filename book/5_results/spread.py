# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Folds, seeds and chance
#
# **You will learn** what a p-value over folds knows and what it does not, why folds of one data set are fewer than they look, and how many repeats a small difference needs.
#
# **You need** {doc}`/book/5_results/plan` and {doc}`/book/4_training/seeds`.
# Reading takes about {reading-time}`this page`.
#
# Train a network again and it scores differently.
# Three things change the score, and a statement about a difference must say which of them it has averaged over:
#
# - **the test cells**: other cells, other hits;
# - **the training cells**: another fold, another network;
# - **the seed**: the same cells in another order, from another random start.
#
# The paper compares its networks by a paired t-test over five folds (section 2.5), and names three seeds (section 3.1).
# This page does the same on our records, and puts beside it what we think such a comparison needs.

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.null_study import FEATURES, count_false_alarms, fold_differences
from cgrecnet.evaluation.plan import load_plan
from cgrecnet.evaluation.power import power_of_paired_t, repeats_needed
from cgrecnet.figures.answers import interval, p_text, points
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.missing import missing_runs, provenance_of
from cgrecnet.figures.planned import decide_over_folds, overlap
from cgrecnet.figures.seed_spread import (
    SEED_HEADERS,
    draw_seeds,
    records_read,
    seed_rows,
    seed_runs,
    seed_verdict,
    spread_of,
)
from cgrecnet.figures.spread import PAIR_HEADERS, draw_class_f1, draw_pairs, draw_power, fold_pairs, pair_rows
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.pooled import pool

use_book_style()
results = RESULTS
PARTS = (("ablation", "jurkat"), ("seeds", "jurkat"), ("seeds", "cytometer"))
plan, table3 = load_plan(), load_tables()["3"]
full, single, base = (table3.cell(row, "accuracy") for row in ("CG-RecNet", "ResCMNet", "Baseline"))
step = full.number - single.number
jurkat, zhu = experiment("ablation", "jurkat", results), experiment("ablation", "zhu", results)
records = list(jurkat.records) if jurkat else []
contrasts = [*plan["P1"].contrasts, *plan["P2"].contrasts]
pairs = fold_pairs(records, contrasts) if records else []
no_pairs = "It takes two folds with two networks of sweeps/jurkat-ablation.yaml."
Markdown(missing_runs(*PARTS, results=results))


# %% tags=["remove-input"]
def show(thing):
    """The source of a function of the package."""
    return Markdown(f"```python\n{inspect.getsource(thing)}```")


# %% [markdown]
# ## Two tests over folds
#
# Let $d_1, \dots, d_n$ be the differences between two networks on $n$ folds, $\bar d$ their mean and $s_d$ their standard deviation.
# The paired t-test asks how large $\bar d$ is beside its error:
#
# $$
# t = \frac{\bar d}{s_d \sqrt{1/n}}.
# $$ (eq-spread-plain)
#
# Pairing is right: a hard fold is hard for both networks, and the difference does not care.
# But $1/n$ is right only if the $d_i$ know nothing of each other, and they do: with five folds, any two training sets share most of their cells.
# A difference that is due to the luck of these cells is then counted five times as if it had been found five times.
# No estimate of the variance from a single cross-validation can be without bias {cite}`bengio2004unbiased`, and the plain test tends to call too many differences real {cite}`dietterich1998approximate`.
# Nadeau and Bengio {cite}`nadeau2003inference` add a term for what is shared:
#
# $$
# t_\text{corrected} = \frac{\bar d}{s_d \sqrt{1/n + n_\text{test}/n_\text{train}}}.
# $$ (eq-spread-corrected)
#
# The term does not shrink with $n$: cutting the same cells again and again gives more numbers, and not more knowledge.
# This is all of it in code.

# %%
from cgrecnet.evaluation.paired import corrected_resampled_t

show(corrected_resampled_t)

# %% [markdown]
# ## How often is each wrong?
#
# A test can be tested where the truth is known.
# We draw simulated data sets of two classes and let two learners compete that are **equal by construction**: each sees its own half of the features, and both halves follow the same law.
# Whatever a test calls a difference is a false alarm, and a test at the usual level should raise one in twenty.

# %%
SETS, CELLS, FOLDS, ROUNDS = 800, 150, 5, 3
differences = fold_differences(SETS, CELLS, FOLDS, ROUNDS, seed=0)
share = 1 / (FOLDS - 1)  # test cells over training cells
once = count_false_alarms(differences[:, :FOLDS], share)
thrice = count_false_alarms(differences, share)

# %% tags=["remove-input"]
from cgrecnet.evaluation.counts import wilson


def rate(alarms, n):
    low, high = wilson(alarms, n)
    return f"{alarms / n:.1%} ({low:.1%} to {high:.1%})"


rows = [
    (f"{FOLDS} folds", rate(once.plain, once.data_sets), rate(once.corrected, once.data_sets), f"{once.data_sets} data sets"),
    (f"{FOLDS} folds, cut {ROUNDS} times, taken for {ROUNDS * FOLDS} pairs", rate(thrice.plain, thrice.data_sets), rate(thrice.corrected, thrice.data_sets), f"{thrice.data_sets} data sets"),
]
Markdown(
    wide_table(("what is given to the test", "false alarms, plain", "false alarms, corrected", "n"), rows, "False alarms of two tests between equal learners, simulated")
    + f"\n\nSimulated numbers, drawn on this page: {SETS} data sets of {CELLS} cells with {FEATURES} features for each learner; 95 % intervals (Wilson's)."
)

# %% tags=["remove-input"]
plain, fixed = once.plain / once.data_sets, once.corrected / once.data_sets
many = thrice.plain / thrice.data_sets
words = [
    f"The plain test over one cross-validation raises a false alarm in {plain:.0%} of the data sets"
    + (", more than the one in twenty that it promises." if wilson(once.plain, once.data_sets)[0] > 0.05 else "; in so few data sets that cannot be told from one in twenty."),
    f"Cut the same cells {ROUNDS} times and call it {ROUNDS * FOLDS} independent pairs, and it is {many:.0%}"
    + (": one can always *make* a small p-value by cutting more often." if wilson(thrice.plain, thrice.data_sets)[0] > plain else "."),
    f"The corrected test stays at {fixed:.0%} and {thrice.corrected / thrice.data_sets:.0%}.",
    "How bad it gets depends on learner and data; the direction does not.",
]
Markdown(" ".join(words))

# %% [markdown]
# ## Our folds
#
# Jurkat cells, real, four networks, the contrasts of questions P1 and P2 of the plan ({doc}`plan`).
# {numref}`fig-spread-folds` shows each fold, and both tests.
# The columns *corrected* decide, by the plan; *plain* is what the paper did, and exploratory here.
# p-values are corrected by Holm's method {cite}`holm1979simple` for the whole family: who asks five questions at the 5 % level gets one false alarm in four or five rounds, unless the smallest of five p-values is multiplied by five, the next by four, and so on.
# $d_z = \bar d / s_d$ is the effect size: how large the difference is beside its own fluctuation from fold to fold.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per contrast of two networks: a dot for each fold's difference in accuracy, below it a grey bar for the plain interval and a longer blue bar for the corrected one, around a vertical line at zero."}, "figure": {"name": "fig-spread-folds", "caption": "What the folds share makes every interval longer. Differences in accuracy, fold by fold (dots), with 95 % intervals of the plain (grey) and the corrected paired t-test (blue); Jurkat cells, one seed."}}
draw_pairs(pairs) if pairs else draw_absent(no_pairs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PARTS[0])

# %% tags=["remove-input"]
decisions = [d for name in ("P1", "P2") for d in decide_over_folds(name, records)] if pairs else []
if pairs:
    factor = 1 / np.sqrt(1 + pairs[0].plain.n * overlap(records))
    text = (
        wide_table(PAIR_HEADERS, pair_rows(pairs, decisions), "Differences between networks over folds, Jurkat cells, with both tests")
        + f"\n\nJurkat, real cells; points of accuracy, first minus second. In a fold {overlap(records):.3f} test cells come to one training cell, "
        f"so over {pairs[0].plain.n} folds the correction multiplies $t$ by {factor:.2f}. "
    )
    lost = [p.name for p in pairs if p.plain.p_value < plan.alpha <= p.corrected.p_value]
    text += (
        f"Below {plan.alpha:g} with the plain test and not with the corrected one: {', '.join(lost)}."
        if lost
        else f"For no contrast do the two tests, each taken alone, fall on different sides of {plan.alpha:g}."
    )
    shown = {pair.contrast for pair in pairs}
    if gone := [" \N{MINUS SIGN} ".join(map(title_of, contrast)) for contrast in contrasts if contrast not in shown]:
        text += f" Left out, because fewer than two folds have both networks or because their differences are alike to the cell: {', '.join(gone)}."
else:
    text = no_pairs
Markdown(text)

# %% tags=["remove-input"]
if zhu:
    own = list(zhu.records)
    theirs = fold_pairs(own, contrasts)
    kind = "simulated cells in the paper's layout" if own[0].data["simulated"] else "the paper's own cells"
    rows = pair_rows(theirs, [d for n in ("P1", "P2") for d in decide_over_folds(n, own)])
    display(Markdown(f"The same on {kind}:\n\n" + wide_table(PAIR_HEADERS, rows, f"The same on {kind}") if rows else f"On {kind} no two folds have two networks yet."))  # noqa: F821
    display(provenance_of(own, ("ablation", "zhu")))  # noqa: F821
else:
    text = (
        "The paper prints no difference fold by fold. "
        f"Its means and SDs are {full.value} ± {full.sd} (CG-RecNet), {single.value} ± {single.sd} (ResCMNet) and {base.value} ± {base.sd} (Baseline), "
        f"so that its differences are {full.number - base.number:.2f} and {step:.2f} points; what follows from them by arithmetic is in {{doc}}`/book/1_question/audit`. "
        "These are other cells, and nothing here confirms or contradicts them."
    )
    display(Markdown(text))  # noqa: F821

# %% [markdown]
# ## The same cells
#
# In a cross-validation every cell is tested once.
# Put the folds together, and two networks can be compared cell by cell.
# Cells that both have right, or both wrong, say nothing; of the others, equally good networks would each win half.
# McNemar's test {cite}`mcnemar1947note` asks how far the count is from half.
# It is not the planned test of these contrasts, so everything in this section is **exploratory**.

# %% tags=["remove-input"]
pooled = pool(records, results=results) if records else None
if pooled is None:
    text = "No fold has all its networks yet."
else:
    rows = []
    for first, second in contrasts:
        if first in pooled.models and second in pooled.models:
            got = mcnemar(pooled.labels, pooled.predicted(first), pooled.predicted(second))
            rows.append(
                (f"{title_of(first)} \N{MINUS SIGN} {title_of(second)}", f"{got.only_first:,}", f"{got.only_second:,}", points(got.difference), interval(got.interval95), p_text(got.p_value), f"{got.n:,} cells")
            )
    headers = ("contrast", "only the first right", "only the second right", "difference (points)", "95 % interval", "p (exact)", "n")
    text = (
        wide_table(headers, rows, "McNemar's test on the pooled test cells of Jurkat")
        + f"\n\nJurkat, real cells, {len(pooled.folds_in)} of {records[0].config['folds']} folds together; intervals over cells (Tango's); p not corrected."
    )
Markdown(text)

# %% [markdown]
# These p-values can be far smaller than those over folds, for there are thousands of cells and a handful of folds.
# They answer another question: *are these trained networks different on such cells?*
# They say nothing of whether training again would give the same order, and for the choice of an architecture that is the question.
#
# | | over folds | over cells |
# |---|---|---|
# | what is drawn again in thought | training and test cells together | test cells alone |
# | what is taken as given | the seed | the trained networks |
# | what it is honest about | that training varies | that the test is finite |
# | what it never sees | other seeds, days, instruments | other training, seeds, days, instruments |
#
# The interval of a class's F1 can be had in the same way: draw the cells again, with replacement, and compute it anew ({numref}`fig-spread-f1`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "For each class one group of points with vertical intervals, one point per network; groups are labelled with class and number of cells."}, "figure": {"name": "fig-spread-f1", "caption": "How well an F1 is known depends on the cells behind it: F1 of each class with its 95 % bootstrap interval over cells, test cells of the folds put together; Jurkat cells. Exploratory."}}
draw_class_f1(pooled) if pooled else draw_absent("No fold of sweeps/jurkat-ablation.yaml has all its networks yet.")
plt.show()

# %% tags=["remove-input"]
provenance_of(list(pooled.records) if pooled else [], PARTS[0])

# %% tags=["remove-input"]
if pooled:
    widths = {}
    for model in pooled.models:
        for entry in class_f1_intervals(pooled.labels, pooled.probabilities[model], pooled.classes):
            widths.setdefault((entry.support, entry.name), []).append(100 * (entry.interval95[1] - entry.interval95[0]))
    listed = [f"{name} ({support:,} cells): {np.mean(w):.1f} points" for (support, name), w in sorted(widths.items())]
    text = f"Mean width of the 95 % interval, over {len(pooled.models)} networks: {'; '.join(listed)}."
    if pooled.left_out:
        text += f" Folds not complete yet and left out: {', '.join(map(str, pooled.left_out))}."
else:
    text = "No fold has all its networks yet."
Markdown(text)

# %% [markdown]
# ## How many repeats would show the paper's smallest step?

# %% tags=["remove-input"]
sds = [float(cell.sd) for cell in (full, single)]
printed_sd = float(np.hypot(*sds))
spreads = {"paper's SDs, no correlation": printed_sd}
ours = next((p for p in pairs if p.contrast == ("cg_recnet", "rescmnet")), None)
if ours:
    spreads["Jurkat, measured"] = ours.sd
test_share = overlap(records) if records else share
Markdown(
    f"The paper's CG-RecNet is {step:.2f} points above its variant with one module, as printed, and this is all that the second module adds. "
    f"Could five folds show a difference of {step:.2f} points? "
    "That depends on how much the difference fluctuates between repeats. "
    f"The paper prints an SD for each network; if the folds of two networks were unrelated, their difference would have one of $\\sqrt{{{sds[0]}^2 + {sds[1]}^2}} = {printed_sd:.2f}$ points (less, if a hard fold is hard for both). "
    + (f"Ours, measured on {ours.plain.n} folds of Jurkat cells between our networks of these names, is {ours.sd:.2f} points." if ours else "Ours is not measured yet.")
)

# %% [markdown]
# The *power* of a test is the chance that it sees a difference that is there.
# {numref}`fig-spread-power` shows it over the number of repeats.
# A solid line is for independent repeats, each with new cells; a dashed one for ever more folds of the same cells, where the second term of {eq}`eq-spread-corrected` stays.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Power from 0 to 1 over the number of repeats on a logarithmic axis; solid curves rise to 1, earlier for the smaller standard deviation; dashed curves level off."}, "figure": {"name": "fig-spread-power", "caption": "Ever more folds of the same cells do not replace independent repeats. Chance that a paired t-test at the 5 % level sees the paper's smallest step; solid: independent repeats; dashed: folds of one data set, corrected test; grey: four times in five."}}
draw_power(spreads, step, test_share)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PARTS[0])

# %% tags=["remove-input"]
sentences = []
for label, sd in spreads.items():
    need, cut = repeats_needed(step, sd), repeats_needed(step, sd, test_share=test_share)
    sentences.append(
        f"With an SD of {sd:.2f} points ({label}), five independent repeats see {step:.2f} points with a chance of {power_of_paired_t(step, sd, 5):.0%}; "
        f"to see it four times in five takes {need:,} of them. "
        + (f"By folds of the same cells it would take {cut:,}." if cut else "By folds of the same cells it cannot be had, however finely they are cut.")
    )
Markdown(" ".join(sentences))

# %% [markdown]
# A difference that a design is unlikely to see is not refuted by a large p-value, and not supported by a small standard deviation.
# It is simply not decided.

# %% [markdown]
# ## Seeds
#
# Now everything is kept but the seed, which draws the start of the new parts, the order of the cells and the crops (question P11).
# {numref}`fig-spread-seeds` shows every run.
# From three values one gets a standard deviation with two degrees of freedom, and that is hardly known at all: if $s$ is measured with $\nu$ degrees of freedom, the 95 % interval of the truth lies between
#
# $$
# \begin{aligned}
# & s \sqrt{\nu / \chi^2_{\nu;\,0.975}} \\
# \text{and} \quad & s \sqrt{\nu / \chi^2_{\nu;\,0.025}} ,
# \end{aligned}
# $$ (eq-spread-sd)
#
# where $\chi^2_{\nu;\,q}$ is the $q$ quantile of the chi-square law.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel per data set; for each network a column of dots, one dot per seed, with a short bar at their mean."}, "figure": {"name": "fig-spread-seeds", "caption": "Dots of one column are the same network on the same cells: what parts them is the seed alone. Accuracy on the test cells; Jurkat cells are real, those of the cytometer simulated, and the two scales have nothing to do with each other."}}
titles = {"jurkat": "Jurkat (real)", "cytometer": "cytometer (simulated)", "zhu": "zhu (the paper's)"}
by_data = {data: seed_runs(data, results) for data in titles}
by_data = {data: runs for data, runs in by_data.items() if runs}
if "zhu" in by_data and next(iter(by_data["zhu"].values()))[0].data["simulated"]:
    titles["zhu"] = "zhu (simulated)"
draw_seeds({titles[data]: runs for data, runs in by_data.items()}) if by_data else draw_absent(
    "No network was run with two seeds."
)
plt.show()

# %% tags=["remove-input"]
# Every record that was read is named, those with other settings than the three seeds' too.
read = {data: records_read(data, results) for data in titles}
for data, own in read.items():
    if own:
        display(provenance_of(own, ("seeds", data)))  # noqa: F821
if not any(read.values()):
    display(provenance_of([], *PARTS[1:]))  # noqa: F821

# %% tags=["remove-input"]
margin = plan["P11"].margin
if by_data:
    tables = [wide_table(SEED_HEADERS, seed_rows(titles[data], runs), f"Accuracy by seed, {titles[data]}") for data, runs in by_data.items()]
    words = []
    for data, runs in by_data.items():
        spread = spread_of(runs)
        words.append(
            f"On {titles[data]}, runs that differ in the seed alone have a standard deviation of {spread.sd:.2f} points (95 % interval {spread.interval95[0]:.2f} to {spread.interval95[1]:.2f}, n = {spread.n} runs of {len(runs)} networks): {seed_verdict(spread, margin)}."
        )
    text = "\n\n".join(tables) + "\n\n" + " ".join(words)
    one = next((pair for pair in pairs if pair.contrast in plan["P1"].contrasts), None)
    if "jurkat" in by_data and one:
        seed_sd = spread_of(by_data["jurkat"]).sd
        text += (
            f" On Jurkat cells, two runs with different seeds therefore differ by about {np.sqrt(2) * seed_sd:.2f} points (one standard deviation) for no reason. "
            f"The difference that P1 asks about, {one.name} over {one.plain.n} folds, is {points(one.plain.difference)} points, "
            + ("more than that." if abs(one.plain.difference) > np.sqrt(2) * seed_sd else "not more than that.")
        )
else:
    text = "No network has been run with two seeds yet."
Markdown(text)

# %% [markdown]
# A seed does not touch which cells are tested, so a spread over seeds is not the error of an accuracy; it is only the part of it that one could remove by training more often.
# The paper's statement on seeds (claim C33) is about its own cells and cannot be tested here.
#
# **Take-away.**
# A p-value knows the repeats that were given to it, and takes them for independent.
# Folds of the same cells are not, cells do not know of training, and three seeds hardly know their own spread.
# So say what was repeated, show the differences themselves, and ask before the experiment whether it could have seen what it looks for.
#
# ```{exercise} How many seeds?
# :label: exercise-how-many-seeds
#
# You may train both networks with as many seeds as you like, always on the same cells.
# How many seeds does a difference of 1 point need, so that it is seen nine times in ten?
# What would a spread four times as large do to that number?
# ```
#
# ````{solution} exercise-how-many-seeds
# :class: dropdown
#
# The next cell is the solution, and it runs.
# Two networks with different random starts have unrelated luck, so the difference has a standard deviation of $\sqrt 2$ times that of one network.
# The number grows with the square of the spread, so that four times the spread takes about sixteen times the seeds (a few less where numbers are small, because the t-test itself needs some).
# And whatever the number: it speaks of these cells alone.
# ````

# %% tags=["hide-cell"]
measured = spread_of(by_data["jurkat"]).sd if "jurkat" in by_data else 0.5  # half a point where nothing is measured
origin = "from the measured one" if "jurkat" in by_data else "from an assumed one"
for sd in (measured, 4 * measured):
    print(f"seed SD {sd:.2f} points ({origin}): {repeats_needed(1.0, np.sqrt(2) * sd, power=0.9)} seeds")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Which three things move a score, and which of them do folds repeat?
# Test cells, training cells and the seed.
# Folds change the first two, the second only in part, since any two of them share most of their training cells; a fixed seed is not repeated at all.
# :::
#
# :::{dropdown} 2. A p-value over five folds is small. What does it not know?
# Whether another seed, or other data of the same kind, would give the same.
# It takes the folds for independent, which they are not.
# :::
#
# :::{dropdown} 3. How do you find out whether an experiment could see what it looks for?
# Before it: from the spread of the differences and the size that matters, compute the power or the number of repeats.
# If that is out of reach, say so and ask something else.
# :::
