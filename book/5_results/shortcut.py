# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The shortcut, trained
#
# **You will learn** what accuracy a random split reports when class and acquisition run are tied, how much of it is left on new runs, and whether standardising each image is a cure.
#
# **You need** {doc}`/book/2_data/shortcuts` and {doc}`/book/2_data/splits`.
# Reading takes about {reading-time}`this page`.
#
# {doc}`/book/2_data/shortcuts` asked whether pictures *could* betray their class without the cell, with simple classifiers.
# Here networks are trained on such pictures, and we look at what they report.
#
# The paper says that its network classifies by intrinsic morphology (claim C37), and judges it on a random split.
# A random split cannot tell that from a shortcut, since its test cells come from the very runs that the network was trained on.
# On the paper's cells nobody here can try.
# On simulated cells we can plant a shortcut, from not at all to wholly, and see.
# **Everything on this page is simulated**; it shows what a random split *can* hide, and not that the paper's split hides it.

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.data import open_dataset
from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.gap import gap_change, share_gap
from cgrecnet.evaluation.plan import load_plan
from cgrecnet.figures.answers import answers_table, interval, points
from cgrecnet.figures.dose import right_counts
from cgrecnet.figures.missing import all_read, missing_runs, provenance_of, say_not_run
from cgrecnet.figures.shortcut_trained import (
    INTENSITIES,
    SPLITS,
    by_run,
    draw_by_run,
    draw_shortcut,
    expectations,
    gap_answers,
    gaps,
    shortcut_runs,
)
from cgrecnet.figures.style import use_book_style

use_book_style()
PARTS = tuple((part, "cytometer") for part in SPLITS.values())
runs = shortcut_runs()
Markdown(missing_runs(*PARTS))

# %% [markdown]
# ## The dial, and two ways to test
#
# Each simulated cell is recorded in one of several runs, each with its own background, contrast and focus.
# The dial is the **confounding**: the share of cells whose run was chosen by their class.
# At 0 the run says nothing about the class; at 1 each class has its own runs, and the background alone gives the class away.
# The cells themselves are the same at every setting.
#
# The baseline network is trained and tested in two ways.
# Under the **random split** half of the cells test, wherever they come from.
# Under the **grouped split** half of the *runs* test, and none of their cells was in training ({doc}`/book/2_data/splits`).
# With $h$ of $n$ test cells recognised, the gap between the two accuracies is
#
# $$
# G = 100 \left( \frac{h_\mathrm{random}}{n_\mathrm{random}} - \frac{h_\mathrm{grouped}}{n_\mathrm{grouped}} \right)
# $$ (eq-shortcut-gap)
#
# percentage points: what the random split promised and new runs did not keep.
# The test cells differ, so the gap has the error of two shares (Newcombe's interval {cite}`newcombe1998interval`):

# %% tags=["remove-input"]
Markdown(f"```python\n{inspect.getsource(share_gap)}```")

# %% [markdown]
# Both are done twice: with the grey levels as they are, and with each image **standardised**, which takes off its own mean and divides by its own spread, so that a run's background and contrast are gone ({doc}`/book/2_data/geometry`).
#
# ## What was expected

# %% tags=["remove-input"]
plan = load_plan()
question = plan["P8"]
Markdown(
    f"**{question.id}.** *{question.question}* Margin: {question.margin:g} points. "
    f"The plan ({{doc}}`plan`), committed before any of these runs, goes on: *{question.why}*"
)

# %% [markdown]
# ## What came out

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the confounding from 0 to 1: grey levels as they are, and each image standardised. In each, a solid line with circles for the random split and a dashed line with triangles for the grouped split, with intervals, and a dotted line for the share of the largest class. Where no run is at hand the panel says so."}, "figure": {"name": "fig-shortcut-trained", "caption": "The distance between the two lines is what a random split does not say: the same kind of network on the same kind of cells, tested where it was trained (circles) and on new runs (triangles), while class and run are tied more and more closely. A, grey levels as they are; B, each image standardised. Baseline on simulated cells, one run per mark; bars: Wilson's 95 % intervals over cells."}}
draw_shortcut(runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(list(runs.values()), *PARTS)

# %% tags=["remove-input"]
answers = gap_answers(runs)
lines = ["| confounding | grey levels | random split (%) | grouped split (%) |", "|---:|---|---:|---:|"]


def share(record):
    """Accuracy with its interval and n."""
    right, n = right_counts(record)
    low, high = wilson(right, n)
    return f"{100 * right / n:.1f} ({100 * low:.1f} to {100 * high:.1f}; n = {n})"


for intensity, words in INTENSITIES.items():
    for level in sorted({level for _, _, level in runs}):
        here = [runs.get((split, intensity, level)) for split in SPLITS]
        lines.append(f"| {level:g} | {words} | " + " | ".join(share(record) if record else "not run" for record in here) + " |")
Markdown(
    "\n".join(lines)
    + "\n\nAccuracy in per cent with 95 % intervals over simulated test cells, one run each.\n\n"
    + (f"The gaps {{eq}}`eq-shortcut-gap`, judged by the plan's rule:\n\n{answers_table(answers)}" if answers else "")
    if runs
    else "There are no runs here, so there is no table."
)

# %% tags=["remove-input"]
made = expectations(runs)
lines = ["| expected before the runs | what came out | the expectation |", "|---|---|---|"]
lines += [f"| {one.words} | {one.found} | **{one.state}** |" for one in made]
whole = gaps(runs).get(("none", 1.0))
if gaps(runs):
    text = "The three expectations of the plan, one by one (95 % intervals in brackets):\n\n" + "\n".join(lines)
else:
    text = "A gap needs a run of each split at one setting, and no setting has both here. So none of the plan's expectations can be judged yet."
if whole:
    random, grouped = (runs[split, "none", 1.0].test["accuracy"] for split in SPLITS)
    text += (
        f"\n\nSo where each class has its own runs and grey levels are left as they are, a random split reports an accuracy of {random:.1%}, "
        f"and on new runs {grouped:.1%} is left (n = {whole.n[0]} and {whole.n[1]} simulated cells): a gap of {points(whole.difference)} points."
    )
Markdown(text)

# %% [markdown]
# ## New runs come in few
#
# The intervals above count cells.
# But cells of one run share lamp and focus, so that they succeed or fail together, and there are only a few test runs.
# {numref}`fig-shortcut-runs` takes the grouped split at complete confounding apart, run by run.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per test run with its class and number of cells; a point with an interval for the share of its cells that the network recognised. Without runs, a note that says so."}, "figure": {"name": "fig-shortcut-runs", "caption": "New runs differ from each other by more than their cells' intervals allow for where the points spread wider than the bars: the true uncertainty of the grouped accuracy is then that of a handful of runs. Grouped split, confounding 1, grey levels as they are; simulated cells; bars: Wilson's 95 % intervals; exploratory."}}
worst = runs.get(("grouped", "none", 1.0))
if worst:
    table = open_dataset("cytometer", options=worst.data["options"]).table
    tested = by_run(worst, table)
    draw_by_run(tested)
else:
    figure, axes = plt.subplots(figsize=(7.0, 1.2))
    say_not_run(axes)
plt.show()

# %% tags=["remove-input"]
provenance_of([worst] if worst else [], *PARTS[1:])

# %% tags=["remove-input"]
if worst:
    tested["share"] = tested["right"] / tested["n"]
    parts, kinds = tested["share"], tested.groupby("class_name")["share"]
    by_class = "; ".join(f"{name}s {' and '.join(f'{one:.0%}' for one in group)}" for name, group in kinds)
    text = f"The {len(tested)} test runs range from {parts.min():.0%} to {parts.max():.0%} of their cells recognised. At complete confounding a run holds one class, so this is a difference between classes, too: {by_class}. "
    free = len(tested) - len(kinds)
    if free:
        within = np.sqrt(((parts - kinds.transform("mean")) ** 2).sum() / free)
        chance_alone = np.sqrt((kinds.transform("mean") * (1 - kinds.transform("mean")) / tested["n"]).mean())
        text += f"Within a class the runs have a standard deviation of {100 * within:.0f} points (n = {len(tested)} runs of {len(kinds)} classes); if cells did not care which run they come from, it would be about {100 * chance_alone:.0f}. " + (
            "So the runs count, not the cells, and the interval over cells is too narrow." if within > 2 * chance_alone else "So here the cells' intervals are not far off."
        )
else:
    text = "The run that this section takes apart is not here."
Markdown(text)

# %% [markdown]
# ## What it means for the paper, and what not
#
# The paper's split is random, its classes were grown in dishes of their own, and the public samples of its data differ in their background by class and day ({doc}`/book/2_data/shortcuts`).
# Whether its network uses that cannot be known from a random split.
# This page shows how large the difference *can* be for a network of this family, on simulated cells in which the tie was planted on purpose.
# It does not measure the paper's cells, and a gap is no proof that morphology plays no part: new runs are also simply harder.
#
# What would decide it is not expensive: a split by day and replicate, which the file names of the data allow.
#
# **Take-away.**
# A random split grades a network on the runs that it knows; only new runs tell what is left.

# %% tags=["remove-input"]
clean = gaps(runs).get(("standardise", 1.0))
if whole and clean:
    change, ends = gap_change(whole, clean)
    kept = made[2].state
    text = (
        f"On these simulated cells the gap at complete confounding was {points(whole.difference)} points, and {points(clean.difference)} where each image was standardised "
        f"(a difference of {points(change)}, 95 % interval {interval(ends)}): "
        + {
            "came true": "standardising takes part of the shortcut away" + (", and not all of it." if clean.interval95[0] > 0 else "."),
            "did not come true": "standardising made the gap larger.",
            "left open": "whether standardising helps is open.",
        }[kept]
    )
else:
    text = "How large it is on these simulated cells will stand here with the runs."
Markdown(text)

# %% [markdown]
# ## Every run that this page read

# %% tags=["remove-input"]
read = all_read(*PARTS)
display(*read or [Markdown("None is here.")])

# %% [markdown]
# ```{exercise} A network that knows only the run
# :label: exercise-shortcut-run
#
# A network looks at nothing but the background and always recognises the run, if it was in training.
# What accuracy does a random split report for it at confounding 1, and at 0?
# And what does a grouped split report, when a new run's background resembles that of a random training run?
# Compute it with the class shares of the simulation.
# ```
#
# ````{solution} exercise-shortcut-run
# :class: dropdown
#
# At confounding 1 the run names the class, and the random split reports that it is always right.
# At 0 the run says nothing, and the best that it can do is to name the largest class.
# On new runs at confounding 1 it names the class of some training run; if every class has equally many runs, it names each class one time in three, and is right with a chance of one third, whatever the shares are.
# The next cell computes this and, if the runs are here, what the trained network did.
# ````

# %% tags=["hide-input"]
shares = np.array(CytometerOptions().shares)
blind = {("random", 1): 1.0, ("random", 0): shares.max(), ("grouped", 1): float(shares @ np.full(3, 1 / 3))}
for (split, level), accuracy in blind.items():
    trained = runs.get((split, "none", float(level)))
    print(
        f"{split} split, confounding {level}: {accuracy:.1%} by the run alone"
        + (f", {trained.test['accuracy']:.1%} by the trained network" if trained else "")
    )

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Class and run are tied, and the random split reports a high score. What does a grouped one add?
# What is left on runs that were never seen.
# The difference is what the network owed to the runs it knew.
# :::
#
# :::{dropdown} 2. Why is standardising each picture not a cure for all shortcuts?
# It takes off mean and spread, and nothing else.
# What the run leaves in the texture of the noise, the blur or the shape of the background stays.
# :::
#
# :::{dropdown} 3. Does this page show that the paper's network uses a shortcut?
# No.
# It shows what a random split *can* hide, on simulated cells with a planted shortcut.
# On the paper's cells nobody has tried here.
# :::
