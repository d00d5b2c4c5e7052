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
#
# In the paper's data most cells are neurons and few are oligodendrocytes.
# The authors keep it so, and say that no oversampling is needed (claim C34).
# The paper shows no comparison, so on its own data this cannot be checked.
# On simulated cells the shares are a dial, and class weights are a switch.
# **Everything on this page is simulated.**

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from sklearn.metrics import balanced_accuracy_score

from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.evaluation.change import balanced_contrast
from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.answers import answers_table, interval, points
from cgrecnet.figures.dose import NAMES, majority_share
from cgrecnet.figures.imbalanced import (
    MODELS,
    class_table,
    draw_recalls,
    imbalance_runs,
    luck_words,
    need_of_weights,
    planned_answers,
    planned_shares,
    shares_text,
    weight_answers,
)
from cgrecnet.figures.missing import all_read, missing_runs, provenance_of
from cgrecnet.figures.style import use_book_style
from cgrecnet.runs.same_cells import same_cells
from cgrecnet.training.loop import class_weights

use_book_style()
PARTS = (("imbalance", "cytometer"), ("noise", "cytometer"))
runs = imbalance_runs()
records = [record for here in runs.values() for record in here.values()]
middle = runs.get(CytometerOptions().shares, {})
# Of the noise series only two runs belong here; the others are not missing from this page.
Markdown(missing_runs(*(PARTS[:1] if {(model, False) for model in MODELS} <= set(middle) else PARTS)))

# %% [markdown]
# ## Why accuracy looks away
#
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

# %% tags=["remove-input"]
lines = ["| class shares | accuracy of naming the largest class | its balanced accuracy |", "|---|---:|---:|"]
lines += [f"| {shares_text(shares)} | {max(shares):.1%} | {1 / len(shares):.1%} |" for shares in planned_shares()]
Markdown(
    "The shares of astrocytes, oligodendrocytes and neurons on this page, and what it takes to know nothing:\n\n"
    + "\n".join(lines)
    + "\n\nThe middle row has the paper's shares."
)

# %% [markdown]
# ## What class weights do
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
# This is the package's code:

# %% tags=["remove-input"]
Markdown(f"```python\n{inspect.getsource(class_weights)}```")

# %% [markdown]
# ## The question, written down beforehand

# %% tags=["remove-input"]
plan = load_plan()
question = plan["P7"]
Markdown(
    f"**{question.id}.** *{question.question}* "
    f"Measure: {question.measure}. Margin: {question.margin:g} points. "
    "The contrast is CG-RecNet against the baseline on the same simulated cells, at each of the class shares; "
    "p-values are corrected over all of these. "
    "This is the plan's wording ({doc}`plan`), committed before any of these runs. "
    "What weights do to each network was not planned and is called *exploratory*."
)

# %% [markdown]
# ## What came out

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel per setting of the class shares, from even to very uneven; in each, the recall of astrocytes, oligodendrocytes and neurons with intervals, circles for the baseline and diamonds for CG-RecNet, filled without and hollow with class weights. Where no run is at hand the panel says so."}, "figure": {"name": "fig-imbalance-recall", "caption": "Read a panel by its unevenness: a network that follows the shares is good at the class with most cells and poor at the one with fewest, and class weights lift the hollow marks of the rare class at the price of the common one, if they do anything. Recall of each class on simulated test cells, one run per mark; bars: Wilson's 95 % intervals over cells; the middle setting was run without weights only."}}
draw_recalls(runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, *PARTS)

# %% tags=["remove-input"]
answers = planned_answers(runs)


def reading(found):
    """What the planned contrasts say, in words that follow from the outcomes."""
    if not found:
        return "Whether CG-RecNet needs class weights less cannot be said: not all of the runs for it are here."
    ahead = [a for a in found if a.outcome is Outcome.DIFFERENCE and a.result.difference > 0]
    behind = [a for a in found if a.outcome is Outcome.DIFFERENCE and a.result.difference < 0]
    alike = [a for a in found if a.outcome in (Outcome.NO_DIFFERENCE, Outcome.SMALL_DIFFERENCE)]
    where = {name: " and ".join(a.name.rpartition(", ")[2] for a in group) for name, group in (("ahead", ahead), ("behind", behind), ("alike", alike))}
    said = []
    if ahead:
        said.append(f"Without weights CG-RecNet has the higher balanced accuracy at {where['ahead']}.")
    if behind:
        said.append(f"Without weights CG-RecNet has the *lower* balanced accuracy at {where['behind']}.")
    if alike:
        said.append(f"At {where['alike']} the two do not differ beyond the margin.")
    if len(ahead) + len(behind) + len(alike) < len(found):
        said.append("The rest is undecided: these cells allow a difference beyond the margin and do not show one.")
    if len(found) < len(planned_shares()):
        said.append(f"That is {len(found)} of {len(planned_shares())} settings; the runs of the others are not here.")
    return " ".join(said)


Markdown(
    f"**{question.id}.** {reading(answers)}"
    + (f"\n\n{answers_table(answers)}\n\nBalanced accuracy without class weights, simulated cells, one run each." if answers else "")
)

# %% [markdown]
# A network that is better at every setting, the even one included, is just better; it does not need weights *less*.
# The need shows in the **gain**: how much balanced accuracy a network wins when it is given weights.

# %% tags=["remove-input"]
weighted = weight_answers(runs)
luck = luck_words(runs, weighted)
needs = []
for shares, here in runs.items():
    found = need_of_weights(here)
    if found:
        gain, ends, n = found
        needs.append(
            f"At {shares_text(shares)} the baseline gained {abs(gain):.1f} points {'more' if gain >= 0 else 'less'} by weights than CG-RecNet "
            f"(95 % interval of the difference {interval(ends)}, n = {n} simulated cells)"
            + (": CG-RecNet needed them less." if ends[0] > 0 else ": CG-RecNet needed them more." if ends[1] < 0 else ": the two cannot be told apart in this.")
        )
Markdown(
    "**Exploratory.** " + " ".join(needs) + "\n\n" + answers_table(weighted) + "\n\nBalanced accuracy with class weights minus without, simulated cells, one run each; margin and correction as above."
    + (f"\n\n**A yardstick.** {luck}" if luck else "")
    if weighted
    else "The runs with class weights are not here, so that the gain is not known yet."
)

# %% [markdown]
# ## The rare class
#
# The claim would be decided by the F1 of the oligodendrocytes with and without weights.
# F1 asks for both at once, that the rare cells are found and that what is called rare is rare.

# %% tags=["remove-input"]
text = class_table(runs, 1) if runs else "There are no runs here, so there is no table."
if runs:
    text += "\n\nOligodendrocytes among simulated test cells; in brackets 95 % intervals over cells (recall: Wilson; F1: bootstrap); n: test cells of the class; one run each."
    pairs = []
    for shares, here in runs.items():
        for model in MODELS:
            if {(model, False), (model, True)} <= set(here):
                without, given = (here[model, w].test["per_class"][1]["f1"] for w in (False, True))
                pairs.append(f"{NAMES[model]} at {shares_text(shares)}: {points(100 * (given - without))} points (n = 1 run each)")
    if pairs:
        text += "\n\nWhat weights changed in the F1 of oligodendrocytes: " + "; ".join(pairs) + "."
Markdown(text)

# %% tags=["remove-input"]
provenance_of(records, *PARTS)

# %% [markdown]
# ## What this does not tell
#
# - It is about simulated cells, whose classes overlap as we made them overlap; how much weights matter depends on that overlap.
# - There is one run per setting, and the luck of training is in every difference; {doc}`/book/4_training/seeds` measures it.
# - Few cells of a class means two things at once, that it is rare and that little can be learned about it.
#   Weights mend the first and not the second.
#
# **Take-away.**
# Whether uneven classes need a remedy is a question for the balanced accuracy and for the gain by the remedy, not for the accuracy.

# %% tags=["remove-input"]
Markdown(
    reading(answers)
    + (" " + " ".join(needs) if needs else " Which of the two networks gains more by weights is open until the runs with weights are here.")
    + (" All of this is about simulated cells, and one run of each network at each setting" + (", whose luck alone can move a score by points." if luck else ".") if answers else "")
)

# %% [markdown]
# ## Every run that this page read

# %% tags=["remove-input"]
read = all_read(*PARTS)
display(*read or [Markdown("None is here.")])

# %% [markdown]
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
# It works as far as the probabilities are honest, which the chapter on calibration asks.
# The next cell does it for the runs of this page, or for a made-up one-dimensional world if there are none.
# ````

# %% tags=["hide-cell"]
def named_after_division(probabilities, shares):
    """The class with the largest probability after the shares are divided out."""
    return (probabilities / np.asarray(shares)).argmax(axis=1)


cases = {
    f"{NAMES[model]}, {shares_text(shares)}": (here[model, False], shares)
    for shares, here in runs.items()
    for model in MODELS
    if (model, False) in here
}
for name, (record, shares) in cases.items():
    cells = same_cells([record])
    scores = [
        100 * balanced_accuracy_score(cells.labels, named)
        for named in (cells.predicted[0], named_after_division(cells.probabilities[0], shares))
    ]
    print(f"{name}: balanced accuracy {scores[0]:.1f} %, after the division {scores[1]:.1f} % (n = {len(cells.labels)} simulated cells)")
if not cases:
    rng, shares = np.random.default_rng(0), np.array([0.15, 0.05, 0.80])
    truth = rng.choice(3, size=3000, p=shares)
    seen = truth + rng.normal(0, 0.7, size=truth.size)
    likely = shares * np.exp(-((seen[:, None] - np.arange(3)) ** 2) / (2 * 0.7**2))
    likely /= likely.sum(axis=1, keepdims=True)
    for word, named in (("before", likely.argmax(axis=1)), ("after", named_after_division(likely, shares))):
        print(f"made-up world, {word} the division: balanced accuracy {100 * balanced_accuracy_score(truth, named):.1f} %")

# %% tags=["remove-cell"]
# The largest class of a test part has about its share of the data, as the table at the top says; and the contrast is the equation's.
for shares, here in runs.items():
    for record in here.values():
        n, largest = record.test["n"], max(shares)
        assert abs(majority_share(record) - largest) < 5 * np.sqrt(largest * (1 - largest) / n)
if cases:
    record, _ = next(iter(cases.values()))
    cells = same_cells([record])
    nothing = np.full(len(cells.labels), cells.labels[0])
    made = balanced_contrast(cells.labels, cells.predicted[0], nothing)
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
