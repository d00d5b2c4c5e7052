# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Calibration and cost
#
# **You will learn** whether a network that is nine tenths sure is right nine times out of ten, and what it takes to decide well where one kind of mistake costs more than another.
#
# **You need** {doc}`/book/5_results/classes`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.evaluation.bootstrap import bootstrap_interval
from cgrecnet.evaluation.calibration import brier, error_if_calibrated, expected_calibration_error, reliability
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.thresholds import costs_of_missing, decision_cost
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import accuracy_text
from cgrecnet.figures.shares import draw_shares
from cgrecnet.figures.style import MODEL_COLOURS, letter, use_book_style
from cgrecnet.figures.tables import interval, points, wide_table
from cgrecnet.figures.widgets.frame_slider import slider
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.planned import rarest_class
from cgrecnet.runs.pooled import pool
from cgrecnet.runs.query import experiment, needed

use_book_style()
PART = ("ablation", "jurkat")
MODELS = ("resnet50", "cg_recnet")
BINS = 15
records = needed(*PART, MODELS).records
pooled = pool(records, MODELS)
labels, rare = pooled.labels, rarest_class(records[0])

def calibration(pooled, model):
    """Confidence minus accuracy with its interval, the calibration error and what chance makes of it, in points."""
    given = pooled.probabilities[model]
    surplus = 100 * (given.max(axis=1) - pooled.right(model))
    return {
        "lean": surplus.mean(), "ends": bootstrap_interval(np.mean, surplus),
        "error": 100 * expected_calibration_error(pooled.labels, given, BINS),
        "chance": 100 * error_if_calibrated(given, BINS)[1], "brier": brier(pooled.labels, given),
    }  # fmt: skip


def modest(one):
    """How much less sure than right, as an interval."""
    return " to ".join(f"{-end:.1f}".replace("-", "\N{MINUS SIGN}") for end in reversed(one["ends"]))


full, base = (calibration(pooled, model) for model in reversed(MODELS))
settings = records[0].config
holds("CG-RecNet is less sure than right, by ... points", full["ends"][1] < 0)
holds("of the baseline this cannot be told", base["ends"][0] < 0 < base["ends"][1])
holds(
    "The calibration error of CG-RecNet is ... points, where true probabilities would stay below",
    full["error"] > full["chance"],
)
holds("that of the baseline is ..., within its", base["error"] <= base["chance"])
tell(
    n=f"{len(pooled):,}", folds=len(pooled.folds_in), of_folds=settings["folds"], epochs=settings["epochs"], bins=BINS,
    lean=-full["lean"], lean_ends=modest(full), base_ends=modest(base),
    error=full["error"], chance=full["chance"], base_error=base["error"], base_chance=base["chance"],
)  # fmt: skip
FEWEST = 10  # below this many cells the share of a bin is mostly chance


def bins(model):
    """Mean probability of the named class, cells named rightly, and cells of each bin that has enough of them."""
    given = pooled.probabilities[model].max(axis=1)
    curve = reliability(pooled.right(model).astype(int), np.column_stack([1 - given, given]), 1, BINS)
    enough = curve.counts >= FEWEST
    right = np.round(curve.observed * curve.counts)
    return curve.predicted[enough], right[enough], curve.counts[enough]


marks = [mark for model in MODELS for mark in zip(*bins(model), strict=True)]
curves = [(x, right / n, wilson(int(right), int(n))[0]) for x, right, n in marks]
holds(
    "Most marks lie there, but few of them by more than their bars.",
    np.mean([share > x for x, share, _ in curves]) > 0.5 and np.mean([low > x for x, _, low in curves]) < 0.25,
)

# %% [markdown]
# **The answer.** CG-RecNet is less sure than right, by {glue:text}`lean:.1f` points (95 % interval {glue:text}`lean_ends`; n = {glue:text}`n` Jurkat cells); of the baseline this cannot be told ({glue:text}`base_ends`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "One square panel: the share of cells that are named rightly over the probability that the network gave to the class it named, from one third to one. A line of points with vertical bars for each of two networks; a grey diagonal."}, "figure": {"name": "fig-calibration-reliability", "caption": "Above the diagonal a network is right more often than it says. Most marks lie there, but few of them by more than their bars. Share of test cells named rightly, over the probability given to the class that was named; bars: 95 % intervals within a bin; bins with few cells left out. Jurkat cells, the folds put together; exploratory."}}
figure, axes = plt.subplots(figsize=(4.4, 4.6))
axes.plot([100 / 3, 100], [100 / 3, 100], color="0.7", linewidth=1)
for model, shape in zip(MODELS, "o^", strict=True):
    given, right, n = bins(model)
    style = {"fmt": shape + "-", "color": MODEL_COLOURS[model], "capsize": 0, "linewidth": 1.3}
    draw_shares(axes, 100 * given, zip(right, n, strict=True), label=title_of(model), **style)
axes.set(xlim=(30, 102), ylim=(30, 102), xlabel="probability of the named class (%)", ylabel="named rightly (%)")
axes.legend(loc="upper left")
plt.show()
provenance_of(pooled.records, PART)

# %% [markdown]
# The paper reports accuracy, precision, recall, F1 and the area under the ROC curve (section 2.5), and none of them notices whether the probabilities are true.
# So we asked it of our own networks, and the plan ({doc}`plan`) did not: this page is **exploratory**.
# The calibration error of CG-RecNet is {glue:text}`error:.1f` points, where true probabilities would stay below {glue:text}`chance:.1f` in all but one of forty draws; that of the baseline is {glue:text}`base_error:.1f`, within its {glue:text}`base_chance:.1f`.
# This does not show what another training would give: the cells are those of {glue:text}`folds` of {glue:text}`of_folds` folds, and each network was trained once, for {glue:text}`epochs` epochs; longer training tends to make a network surer, whether or not it becomes more often right {cite}`guo2017calibration`.

# %% tags=["hide-input"]
def table(pooled, label):
    """The networks' calibration, a row each."""
    rows = []
    for model in pooled.models:
        one = calibration(pooled, model)
        error = f"{one['error']:.2f}\nchance: up to {one['chance']:.2f}"
        lean = f"{points(one['lean'])}\n({interval(one['ends'])})"
        rows.append((title_of(model), accuracy_text(pooled, model), lean, error, f"{one['brier']:.4f}"))
    headers = ("network", "accuracy (%)", "confidence minus accuracy (points)", "calibration error (points)", "Brier score")
    return wide_table(headers, rows, label)


zhu = experiment("ablation", "zhu")
on_zhu = []  # what stands below the table where the paper's own cells were run
if zhu and (other := pool(zhu.records, MODELS)):
    kind = "simulated, in the paper's layout" if zhu.records[0].data["simulated"] else "the paper's cells"
    on_zhu += [table(other, f"Calibration, {kind}"), Markdown(f"n = {len(other):,}; {kind}.")]
on_zhu += [provenance_of(zhu.records, ("ablation", "zhu"))] if zhu else []
display(table(pooled, "Calibration, Jurkat"), *on_zhu)
display(missing_runs(PART))

# %% [markdown]
# n = {glue:text}`n` Jurkat cells.
# *Floor* is the accuracy of always naming the largest class, *balanced* the mean recall of the three classes; *chance*: the error that true probabilities would exceed in one of forty draws.
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
# The paper prints nothing about calibration; a second table, of its own cells (`zhu`), stands there where somebody has run them.

# %% [markdown]
# ## Two numbers
#
# A network is **calibrated** if of all cells that it names with probability $p$, it names the share $p$ rightly.
# To see it, sort the cells into bins by $p$ and compare the mean $p$ of each bin with the share found there, as {numref}`fig-calibration-reliability` does.
#
# The **expected calibration error** {cite}`guo2017calibration` sums this up.
# With bins $b$ of the highest probability, $n_b$ cells in each,
#
# $$
# \mathrm{ECE} = \sum_b \frac{n_b}{n} \, \lvert a_b - c_b \rvert ,
# $$ (eq-calibration-ece)
#
# where $a_b$ is the accuracy in the bin and $c_b$ the mean of its highest probabilities, the confidence.

# %%
confidence = pooled.probabilities["cg_recnet"].max(axis=1)
right = pooled.right("cg_recnet")
place = np.minimum((BINS * confidence).astype(int), BINS - 1)
gaps = np.bincount(place, weights=right - confidence)
print(f"ECE: {100 * np.abs(gaps).sum() / len(right):.1f} points")

# %% [markdown]
# The **Brier score** {cite}`brier1950verification` is the squared distance of the probabilities from the truth, $\frac1n \sum_i \sum_c (p_{ic} - y_{ic})^2$, where $y_{ic}$ is 1 for the true class and 0 otherwise.
# It rewards being right and being honest about it; less is better.
#
# An absolute value cannot be negative, so chance alone makes {eq}`eq-calibration-ece` larger than 0.
# How large, can be drawn: take the network's probabilities for true, draw labels from them, and compute the error again, many times.
# Only an error beyond that says something.
#
# ## When a miss costs more
#
# A rare cell is often the one that is looked for.
# In the paper it is the oligodendrocyte, in Jurkat the dividing cell (M).

# %% [markdown]
# The paper's confusion matrix (its Figure 7) gives CG-RecNet {glue:text}`oligo_found` % of the oligodendrocytes, so of {glue:text}`oligo` in its test part between {glue:text}`missed_least` and {glue:text}`missed_most` are missed (the share is printed without decimals).
# At the printed accuracy it makes about {glue:text}`errors` mistakes in all.
# So a class with {glue:text}`oligo_share:.0f` % of the cells has {glue:text}`part_least:.0f` to {glue:text}`part_most:.0f` % of the mistakes, and an accuracy of {glue:text}`printed` % does not show it.
#
# Say, then, what a mistake costs.
# Let any mistake cost 1, but to miss a cell of the rare class $r$ times as much; write $C_{ck}$ for the cost of deciding for class $k$ where $c$ is true.
# If the probabilities are true, the decision with the least expected cost is
#
# $$
# \hat k = \operatorname*{arg\,min}_k \sum_c p_c \, C_{ck} ,
# $$ (eq-calibration-cost)
#
# and for $r = 1$ that is the most probable class.
# Nothing is trained again: {eq}`eq-calibration-cost` only uses what the network said already.

# %%
costs = 1.0 - np.eye(3)
costs[rare] *= 10  # to miss the rare class costs ten mistakes
decided = (pooled.probabilities["cg_recnet"] @ costs).argmin(axis=1)
missed = (decided[labels == rare] != rare).sum()
print(missed, "missed of", (labels == rare).sum())

# %% tags=["remove-input"]
tables = load_tables()
support = {row: tables["5"].cell(row, "support").number for row in tables["5"].rows}
total, oligo = sum(support.values()), support["Oligodendrocytes"]
found = tables["F7"].cell("Oligodendrocytes", "recall")
missed_range = [oligo * (1 - (found.number + side * found.half_unit) / 100) for side in (1, -1)]
accuracy = tables["3"].cell("CG-RecNet", "accuracy")
errors = total * (1 - accuracy.number / 100)
tell(
    oligo_found=found.value, oligo=f"{oligo:,.0f}", missed_least=f"{missed_range[0]:,.0f}", missed_most=f"{missed_range[1]:,.0f}",
    errors=f"{errors:,.0f}", oligo_share=100 * oligo / total, part_least=100 * missed_range[0] / errors,
    part_most=100 * missed_range[1] / errors, printed=accuracy.value,
)  # fmt: skip

RATIOS = (1, 2, 5, 10, 20, 50)
name, member = pooled.classes[rare], labels == rare


def weigh(model, ratio):
    """Cost per 100 cells, misses and false calls; each for the most probable class and for the least cost."""
    got = decision_cost(labels, pooled.probabilities[model], costs_of_missing(len(pooled.classes), rare, ratio))
    ways = got.decided_most_probable, got.decided_least_cost
    return {
        "cost": (100 * got.most_probable, 100 * got.least_cost),
        "missed": [int((member & (way != rare)).sum()) for way in ways],
        "called": [int((~member & (way == rare)).sum()) for way in ways],
    }


def cost_gap(ratio):
    """CG-RecNet minus the baseline in cost per 100 cells, each cell at its least cost; with the 95 % interval."""
    table = costs_of_missing(len(pooled.classes), rare, ratio)
    each = [100 * table[labels, (pooled.probabilities[model] @ table).argmin(axis=1)] for model in MODELS]
    return (each[1] - each[0]).mean(), bootstrap_interval(np.mean, each[1] - each[0])


weighed = {model: [weigh(model, ratio) for ratio in RATIOS] for model in MODELS}
equal, tenfold = cost_gap(1), cost_gap(10)
ten = {model: weigh(model, 10) for model in MODELS}
saved = {model: [1 - way["cost"][1] / way["cost"][0] for way in ways] for model, ways in weighed.items()}
holds(
    "Wherever a miss costs more than another mistake, weighing cost both networks less",
    all(share > 0 for shares in saved.values() for share in shares[1:]),
)
holds("though little where it costs twice as much", all(0 < shares[1] < 0.05 for shares in saved.values()))
holds("Where all mistakes cost alike, CG-RecNet costs more than the baseline", equal[1][0] > 0)
holds("Where a miss costs ten, the two cannot be told apart", tenfold[1][0] < 0 < tenfold[1][1])
tell(
    rare=name, rare_n=int(member.sum()), equal=points(equal[0]), equal_ends=interval(equal[1]), tenfold=points(tenfold[0]),
    tenfold_ends=interval(tenfold[1]), missed_before=ten["cg_recnet"]["missed"][0], missed_after=ten["cg_recnet"]["missed"][1],
    called_before=ten["cg_recnet"]["called"][0], called_after=ten["cg_recnet"]["called"][1],
)  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, a colour per network. Panel A: cost per hundred cells over the cost ratio; for each colour a dashed and a solid line rise from one point. Panel B: cells missed over cells wrongly called; lines run from an open mark down to the right."}, "figure": {"name": "fig-calibration-cost", "caption": "To weigh the cost pays where the solid line lies below the dashed one of its colour (A), and it pays in coin: fewer misses for more false calls (B). A: most probable class (dashed) and least expected cost (solid). B: least expected cost, along the ratios of A; open: most probable class. Rarest class of Jurkat, test cells of the folds put together; exploratory."}}
figure, (upper, lower) = plt.subplots(2, 1, figsize=(4.4, 6.2))
for model, ways in weighed.items():
    colour = MODEL_COLOURS[model]
    cost = np.array([way["cost"] for way in ways])
    upper.plot(RATIOS, cost[:, 0], "--", color=colour)
    upper.plot(RATIOS, cost[:, 1], color=colour, label=title_of(model))
    called = [way["called"][1] for way in ways]
    missed = [way["missed"][1] for way in ways]
    lower.plot(called, missed, ".-", color=colour)
    start = ways[0]["called"][0], ways[0]["missed"][0]
    lower.plot(*start, "o", color=colour, markerfacecolor="white")
upper.set(xscale="log", ylabel="cost per 100 cells", ylim=(0, None))
upper.set(xlabel=f"cost of missing {name}, in mistakes")
upper.set_xticks(RATIOS, RATIOS)
upper.minorticks_off()
upper.legend()
lower.set(xlabel=f"cells wrongly called {name}", xlim=(0, None))
lower.set(ylabel=f"cells of {name} missed", ylim=(0, None))
letter(upper, "A")
letter(lower, "B")
plt.show()
provenance_of(pooled.records, PART)

# %% [markdown]
# The rarest class is {glue:text}`rare`, {glue:text}`rare_n` of {glue:text}`n` cells.
# Where a miss costs as much as ten mistakes, weighing takes the missed cells of CG-RecNet from {glue:text}`missed_before` to {glue:text}`missed_after`, and its false calls from {glue:text}`called_before` to {glue:text}`called_after`.
# Wherever a miss costs more than another mistake, weighing cost both networks less, though little where it costs twice as much.
# Where all mistakes cost alike, CG-RecNet costs more than the baseline: {glue:text}`equal` for a hundred cells (95 % interval {glue:text}`equal_ends`, bootstrap over n = {glue:text}`n` cells).
# Where a miss costs ten, the two cannot be told apart: {glue:text}`tenfold` ({glue:text}`tenfold_ends`).

# %% [markdown]
# Move the ratio in {numref}`fig-calibration-ratio` and watch the two kinds of mistake trade places.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-calibration-ratio", "caption": "The dearer a miss, the fewer are missed and the more others are called by mistake. For each network the most probable class (light) and the least expected cost at the chosen ratio (full); counts of test cells, Jurkat, the folds put together."}}
def draw_ratio(place):
    """The two kinds of mistake at one ratio; the axes are the same at all of them."""
    figure, panels = plt.subplots(2, 1, figsize=(4.0, 4.4))
    for axes, what, words in zip(panels, ("missed", "called"), (f"cells of {name} missed", f"wrongly called {name}"), strict=True):
        for row, model in enumerate(MODELS):
            for way, (shift, alpha) in enumerate(((-0.2, 0.35), (0.2, 1))):
                count = weighed[model][place][what][way]
                axes.barh(row + shift, count, 0.36, color=MODEL_COLOURS[model], alpha=alpha)
                axes.annotate(count, (count, row + shift), (3, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(MODELS)), map(title_of, MODELS))
        end = max(max(way[what]) for ways in weighed.values() for way in ways)
        axes.set(xlim=(0, 1.12 * end), ylim=(len(MODELS) - 0.4, -0.6), xlabel=words)
    return figure


def in_words(place):
    """What a frame shows, for readers who hear the page."""
    return "; ".join(
        f"{title_of(model)}: missed {ways[place]['missed'][1]}, "
        f"wrongly called {ways[place]['called'][1]}"
        for model, ways in weighed.items()
    )


# The caption says this; it holds for any probabilities, whatever the records.
for ways in weighed.values():
    for low, high in zip(ways, ways[1:], strict=False):
        assert high["missed"][1] <= low["missed"][1] and high["called"][1] >= low["called"][1]
places = range(len(RATIOS))
frames = [draw_ratio(place) for place in places]
told = [in_words(place) for place in places]
label = f"cost of missing {name}, in mistakes"
ratios = [str(ratio) for ratio in RATIOS]
made = slider(frames, ratios, label, told, start=3)
display(made, provenance_of(pooled.records, PART))

# %% [markdown]
# What a miss costs is not for a network to know, nor for us: it depends on what is done with the cells.
# A ratio that was chosen because it makes one network look best would be a choice made after the result.
# And a network that is badly calibrated can still be made to decide well, by mapping its probabilities to the shares found on *other* cells, such as the validation cells.
#
# ## How this was measured
#
# ````{dropdown} Cells, bins, intervals
# The test cells of the folds that both networks have are put together; each cell is judged once, by networks that were not trained on it.
# The calibration error has {glue:text}`bins` bins of equal width.
# Confidence minus accuracy is a mean over cells, and its interval a bootstrap over cells; so is that of a difference in cost.
# These intervals speak of the choice of test cells and not of training again ({doc}`spread`).
# No probability was adjusted after training, and no ratio was chosen after a look at its result.
# ````

# %%
display(show_code(expected_calibration_error, decision_cost))
display(*all_read(PART))

# %% [markdown]
# **Take-away.**
# A probability is a statement that can be checked, and accuracy does not check it.
# Where mistakes do not cost alike, choose the decision by cost, and report the misses of the class that matters beside the accuracy.
#
# ```{exercise} Leave it to a person
# :label: exercise-leave-it
#
# Let the network keep silent when its highest probability is below a threshold, and give these cells to a person.
# How many cells must be given away so that CG-RecNet makes half as many mistakes on the rest, in numbers?
# ```
#
# ````{solution} exercise-leave-it
# :class: dropdown
#
# Sort the cells by their highest probability and give away the least sure ones first.
# The next cell is the solution, and it runs.
# If the share given away is well below the share of half, the network knows where it does not know.
# ````

# %% tags=["hide-cell"]
order = np.argsort(pooled.probabilities["cg_recnet"].max(axis=1))  # least sure first
wrong = ~pooled.right("cg_recnet")[order]
left = wrong.sum() - np.cumsum(wrong)  # mistakes left after giving away the first k + 1
given = int(np.argmax(left <= wrong.sum() / 2)) + 1
print(f"{given} of {len(order)} cells ({given / len(order):.1%}): half of {wrong.sum()} mistakes")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A network is right nine times out of ten and says so. Is it useful for single cells?
# Not for that reason: a network that says the same probability for every cell can be calibrated and useless.
# It must also tell sure cells from unsure ones.
# :::
#
# :::{dropdown} 2. The calibration error is above zero. Why is the network not yet shown to be badly calibrated?
# The error is a sum of absolute values, so chance alone makes it positive.
# Labels drawn from the network's own probabilities tell how large it would be if they were true; only what lies beyond says something.
# :::
#
# :::{dropdown} 3. Missing a rare class costs ten times a false alarm. Which decision is best?
# The one of least expected cost and not the likeliest class: a rare class is called as soon as its probability times its cost outweighs the rest.
# :::
