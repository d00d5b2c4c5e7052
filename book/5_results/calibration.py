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
#
# Accuracy asks only which class has the largest probability.
# But whoever sorts cells needs the probability itself: to set a cell aside when the network is unsure, or to call a rare cell rather than to miss it.
# The paper reports accuracy, precision, recall, F1 and the area under the ROC curve (section 2.5), and none of them notices whether the probabilities are true.

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.cost import costs_of_missing, decision_cost
from cgrecnet.figures.answers import points
from cgrecnet.figures.calibrated import (
    CALIBRATION_HEADERS,
    FEWEST,
    calibration_rows,
    calibration_sentence,
    draw_reliability,
)
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.costly import cost_gap, describe_ratio, draw_costs, draw_ratio, ends_of, weigh
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.missing import missing_runs, provenance_of
from cgrecnet.figures.planned import rarest_class
from cgrecnet.figures.slider import slider
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.pooled import pool

use_book_style()
results = RESULTS
PART = ("ablation", "jurkat")
jurkat, zhu = experiment(*PART, results), experiment("ablation", "zhu", results)
pooled = pool(jurkat.records, results=results) if jurkat else None
records = list(jurkat.records) if jurkat else []
absent = "No fold of sweeps/jurkat-ablation.yaml has all its networks yet."
Markdown(missing_runs(PART, results=results))

# %% tags=["remove-input"]
if pooled:
    text = (
        f"All networks of this page are judged on the same {len(pooled):,} Jurkat cells, real ones: the test cells of {len(pooled.folds_in)} of {records[0].config['folds']} folds put together, each tested once by a network that was not trained on it. "
        "What follows is **exploratory**: the plan ({doc}`plan`) asks no question about calibration."
    )
else:
    text = absent
Markdown(text)


# %% tags=["remove-input"]
def show(thing):
    """The source of a function of the package."""
    return Markdown(f"```python\n{inspect.getsource(thing)}```")


# %% [markdown]
# ## Is the probability true?
#
# A network is **calibrated** if of all cells to which it gives a class with probability $p$, the share $p$ is of that class.
# To see it, sort the cells into bins by $p$ and compare the mean $p$ of each bin with the share found there ({numref}`fig-calibration-reliability`).
# Below the diagonal the network promises more than it keeps; above, it is too modest.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One square panel per class; for each network a line of points with vertical bars near the diagonal, the share of cells of the class over the probability given to it."}, "figure": {"name": "fig-calibration-reliability", "caption": "Where a line leaves the diagonal by more than its bars, the probability of this class is not to be believed as it stands. Share of test cells that are of the class, over the probability given to it; bars: 95 % intervals within a bin; bins with few cells left out; Jurkat cells, the folds put together."}}
draw_reliability(pooled) if pooled else draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% [markdown]
# Two numbers sum this up.
# The **expected calibration error** {cite}`guo2017calibration` looks at the winning class alone.
# With bins $b$ of the highest probability, $n_b$ cells in each,
#
# $$
# \mathrm{ECE} = \sum_b \frac{n_b}{n} \, \lvert a_b - c_b \rvert ,
# $$ (eq-calibration-ece)
#
# where $a_b$ is the accuracy in the bin and $c_b$ the mean of its highest probabilities, the confidence.
# The **Brier score** {cite}`brier1950verification` is the squared distance of the probabilities from the truth, $\frac1n \sum_i \sum_c (p_{ic} - y_{ic})^2$, where $y_{ic}$ is 1 for the true class and 0 otherwise.
# It rewards both to be right and to be honest about it; less is better.

# %%
show(expected_calibration_error)

# %% [markdown]
# An absolute value cannot be negative, so chance alone makes {eq}`eq-calibration-ece` larger than 0.
# How large, can be drawn: take the network's probabilities for true, draw labels from them, and compute the error again, many times.
# Only an error beyond that says something.

# %% tags=["remove-input"]
if pooled:
    text = (
        wide_table(CALIBRATION_HEADERS, calibration_rows(pooled), "Calibration of the networks on Jurkat cells")
        + f"\n\nJurkat, real cells. In {{numref}}`fig-calibration-reliability` bins with fewer than {FEWEST} cells are left out. "
        + " ".join(calibration_sentence(pooled, model) for model in pooled.models)
        + f" These networks were trained for {records[0].config['epochs']} epochs; longer training tends to make a network surer, whether or not it becomes more often right {{cite}}`guo2017calibration`."
    )
else:
    text = absent
Markdown(text)

# %% tags=["remove-input"]
paper_pool = pool(zhu.records, results=results) if zhu else None
if paper_pool:
    kind = "simulated cells in the paper's layout" if zhu.records[0].data["simulated"] else "the paper's own cells"
    display(Markdown(f"The same on {kind}:\n\n" + wide_table(CALIBRATION_HEADERS, calibration_rows(paper_pool), f"Calibration on {kind}")))  # noqa: F821
else:
    state = "have not been run on all networks of a fold yet" if zhu else "have not been run here"
    display(Markdown(f"The paper prints nothing about calibration, and its own cells (`zhu`) {state}."))  # noqa: F821
if zhu:
    display(provenance_of(zhu.records, ("ablation", "zhu")))  # noqa: F821

# %% [markdown]
# ## When a miss costs more
#
# A rare cell is often the one that is looked for.
# In the paper it is the oligodendrocyte, in Jurkat the dividing cell (M).

# %% tags=["remove-input"]
tables = load_tables()
support = {row: tables["5"].cell(row, "support").number for row in tables["5"].rows}
total, rare = sum(support.values()), support["Oligodendrocytes"]
diagonal = tables["F7"].cell("Oligodendrocytes", "recall")
missed = [rare * (1 - (diagonal.number + side * diagonal.half_unit) / 100) for side in (1, -1)]
errors = total * (1 - tables["3"].cell("CG-RecNet", "accuracy").number / 100)
Markdown(
    f"The paper's confusion matrix (its Figure 7) gives CG-RecNet {diagonal.value} % of the oligodendrocytes, so of {rare:,.0f} in its test part between {missed[0]:,.0f} and {missed[1]:,.0f} are missed (the share is printed without decimals). "
    f"At the printed accuracy it makes about {errors:,.0f} mistakes in all. "
    f"So a class with {rare / total:.0%} of the cells has {missed[0] / errors:.0%} to {missed[1] / errors:.0%} of the mistakes, and an accuracy of {tables['3'].cell('CG-RecNet', 'accuracy').value} % does not show it."
)

# %% [markdown]
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
show(costs_of_missing)

# %%
show(decision_cost)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, a colour per network. Panel A: cost per hundred cells over the cost ratio; for each colour a dashed and a solid line rise from one point. Panel B: cells missed over cells wrongly called; lines run from an open mark down to the right."}, "figure": {"name": "fig-calibration-cost", "caption": "To weigh the cost pays where the solid line lies below the dashed one of its colour (A), and it pays in coin: fewer misses for more false calls (B). A: most probable class (dashed) and least expected cost (solid). B: least expected cost, along the ratios of A; open: most probable class. Rarest class of Jurkat, test cells of the folds put together."}}
RATIOS = (1, 2, 5, 10, 20, 50)
index = rarest_class(records[0]) if pooled else 0
draw_costs(pooled, index, RATIOS) if pooled else draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% tags=["remove-input"]
if pooled:
    name, size = pooled.classes[index], int((pooled.labels == index).sum())
    words = []
    for ratio in (RATIOS[0], 10):
        at = {model: weigh(pooled, model, index, ratio) for model in pooled.models}
        order = sorted(at, key=lambda model: at[model].cost[1])
        words.append(f"With a ratio of {ratio} the least cost is that of {title_of(order[0])}, {at[order[0]].cost[1]:.1f} for a hundred cells")
        if len(order) > 1:
            second, low, high = cost_gap(pooled, index, ratio, *order[:2])
            words[-1] += f"; {title_of(order[1])} comes next with {second:.1f} more (95 % interval {points(low)} to {points(high)}, bootstrap over cells)"
        words[-1] += "."
    top = {r: min(pooled.models, key=lambda m, r=r: weigh(pooled, m, index, r).cost[1]) for r in RATIOS}
    changed = [f"{title_of(model)} at {r}" for r, model in top.items() if model != top[RATIOS[0]]]
    every = [weigh(pooled, model, index, ratio).cost for model in pooled.models for ratio in RATIOS[1:]]
    worse = sum(careful > usual for usual, careful in every)
    text = (
        f"The rarest class is {name}, {size} of {len(pooled):,} cells. "
        + " ".join(words)
        + (f" At other ratios another network costs least ({', '.join(changed)}), which need not be more than chance." if changed else " Which network costs least does not change with the ratio here.")
        + (f" In {worse} of {len(every)} cases (a network at a ratio above 1) weighing did not pay: where probabilities are off, {{eq}}`eq-calibration-cost` trusts what it should not." if worse else f" In none of {len(every)} cases (a network at a ratio above 1) did weighing cost more than taking the most probable class.")
    )
else:
    text = absent
Markdown(text)

# %% [markdown]
# Move the ratio in {numref}`fig-calibration-ratio` and watch the two kinds of mistake trade places.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-calibration-ratio", "caption": "The dearer a miss, the fewer are missed and the more others are called by mistake. For each network the most probable class (light) and the least expected cost at the chosen ratio (full); counts of test cells, Jurkat, the folds put together."}}
if pooled:
    ends = ends_of(pooled, index, RATIOS)
    shown = slider(
        [draw_ratio(pooled, index, ratio, ends) for ratio in RATIOS],
        [str(ratio) for ratio in RATIOS],
        f"cost of missing a cell of {pooled.classes[index]}, in mistakes",
        [describe_ratio(pooled, index, ratio) for ratio in RATIOS],
        start=3,
    )
else:
    shown = Markdown(absent)
shown

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% tags=["remove-cell"]
# The caption says this; it holds for any probabilities, whatever the records.
if pooled:
    for model in pooled.models:
        for before, after in zip(RATIOS, RATIOS[1:], strict=False):
            low, high = (weigh(pooled, model, index, ratio) for ratio in (before, after))
            assert high.missed[1] <= low.missed[1] and high.false_calls[1] >= low.false_calls[1]

# %% [markdown]
# What a miss costs is not for a network to know, nor for us: it depends on what is done with the cells.
# A ratio that was chosen because it makes one network look best would be a choice made after the result.
# And a network that is badly calibrated can still be made to decide well, by mapping its probabilities to the shares found on *other* cells, such as the validation cells.
#
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
if pooled and "cg_recnet" in pooled.models:
    order = np.argsort(pooled.probabilities["cg_recnet"].max(axis=1))  # least sure first
    wrong = ~pooled.right("cg_recnet")[order]
    left = wrong.sum() - np.cumsum(wrong)  # mistakes left after giving away the first k + 1
    given = int(np.argmax(left <= wrong.sum() / 2)) + 1
    print(f"Jurkat: {given} of {len(order)} cells ({given / len(order):.1%}) hold half of the {wrong.sum()} mistakes")
else:
    print("CG-RecNet has no run yet.")

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
