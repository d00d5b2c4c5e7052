# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Comparison
#
# **You will learn** how to compare systems that differ in everything at once, what "an optimal trade-off" would have to mean, and why a network that starts from ImageNet must not stand in one ranking with networks that do not.
#
# **You need** {doc}`/book/5_results/plan` and {doc}`/book/3_model/comparators`.
# Reading takes about {reading-time}`this page`.
#
# The paper's Table 4 sets CG-RecNet against MobileNetV2, DenseNet, VGG and ViT, and argues that it has the best of accuracy and cost.
# Such a table mixes three things: the architecture, the weights it starts from, and the recipe it is trained by.
# ImageNet weights are at hand here for ResNet-50 alone.
# So in this experiment **every system starts from random weights**, by one recipe, on one split of Jurkat cells (real).
# Question P4 of {doc}`plan` was fixed before it: without ImageNet weights, is CG-RecNet ahead?

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.evaluation.bootstrap import bootstrap_interval
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.answers import HEADERS, points
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.comparison import (
    MODELS,
    comparison_headers,
    comparison_rows,
    draw_trade_off,
    front,
    names,
    one_fold,
    point_of,
    printed_points,
)
from cgrecnet.figures.decisions import decision_rows, draw_forest
from cgrecnet.figures.folds import by_model, mean_text, score_of, title_of
from cgrecnet.figures.missing import missing_runs, provenance_of
from cgrecnet.figures.planned import decide_over_cells
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.record import read_predictions

use_book_style()
results, part = RESULTS, ("comparison", "jurkat")
plan, paper = load_plan(), AuditedPaper.load()
found, zhu = experiment(*part, results), experiment("comparison", "zhu", results)
records = sorted(found.records, key=lambda r: MODELS.index(r.config["model"])) if found else []
runs = {record.config["model"]: record for record in records}
absent = "The runs of sweeps/jurkat-comparison.yaml are not here."
Markdown(missing_runs(part, results=results))

# %% tags=["remove-input"]
if records:
    config = records[0].config
    assert all(record.config["weights"] is None for record in records)  # "every system starts from random weights"
    text = (
        f"The runs: {len(records)} of {found.planned} systems, **n = 1 run each** (fold {config['fold']} of {config['folds']}, seed {config['seed']}), images of {config['image_size']} pixels, {config['epochs']} epochs, batches of {config['batch_size']}, "
        f"first learning rate {config['learning_rate']:g} for all, {records[0].test['n']:,} test cells. "
        "One run each cannot tell a system from its seed; how far seeds alone move a network is measured in {doc}`spread`. Whatever follows is about these trained networks and cells."
    )
else:
    text = ""
Markdown(text)

# %% [markdown]
# ## The scores
#
# The counterpart of the paper's **Table 4**.
# Its columns are of other cells, and its networks were, as far as the text says, pretrained.

# %% tags=["remove-input"]
ablation_zhu = experiment("ablation", "zhu", results)
read_zhu = [r for runs_of in (zhu, ablation_zhu) if runs_of for r in runs_of.records]
theirs = [r for r in read_zhu if r.config["model"] in MODELS]
simulated = bool(theirs) and theirs[0].data["simulated"]
zhu_title = "zhu, simulated" if simulated else "zhu"
Markdown(
    wide_table(comparison_headers(records, theirs, zhu_title), comparison_rows(paper, records, theirs), "Counterpart of Table 4 of the paper: scores of the comparison")
    + "\n\n" + ("Ours: Jurkat cells, real, n = 1 run each from random weights; in brackets Wilson's 95 % interval over the test cells; precision, recall and F1 are averages over classes weighted by their cells. " if records else "") + "The paper's: mean ± SD as printed; *lost*: not in the text at hand. "
    + ("The columns of `zhu` are simulated cells in the layout of the paper's files and say nothing about its cells." if simulated else "" if theirs else "A column for the paper's own cells (`zhu`) appears when the sweeps for it have been run.")
)

# %% tags=["remove-input"]
provenance_of(records, part)

# %% tags=["remove-input"]
if read_zhu:
    display(provenance_of(read_zhu, ("comparison", "zhu")))  # noqa: F821

# %% [markdown]
# An accuracy is a share $k/n$ of test cells, and its interval should never leave 0 to 1, as the textbook's $p \pm 1.96\sqrt{p(1-p)/n}$ may.
# Wilson's interval {cite}`wilson1927probable` asks instead which shares $p$ the observed one would not contradict:
#
# $$
# \frac{\lvert k/n - p \rvert}{\sqrt{p(1-p)/n}} \le 1.96 .
# $$ (eq-comparison-wilson)
#
# ## Is CG-RecNet ahead?
#
# All systems were tested on the same cells, so the cells on which two of them disagree decide: of those that only one has right, do both have half (McNemar's test)?
# The six comparisons are corrected together.

# %% tags=["remove-input"]
decisions = decide_over_cells("P4", runs, results) if runs else []
planned = plan["P4"].contrasts

# %% tags=["hide-input"] mystnb={"image": {"alt": "A forest plot: one row per system that CG-RecNet is compared with, a dot for the difference in accuracy, thick and thin bars for its intervals, a vertical line at zero, a grey band for the margin, and the outcome as a word."}, "figure": {"name": "fig-comparison-forest", "caption": "Intervals over cells are narrow, and they are only half of the truth: they say what other test cells would change, and not what another seed would. Difference in accuracy, CG-RecNet minus each other system, all from random weights; 90 % intervals (thick) and 95 % intervals (thin) by bootstrap over cells; grey: the margin; Jurkat cells, real, n = 1 run each."}}
draw_forest(decisions) if decisions else draw_absent(absent if not records else "No planned pair of systems is complete.")
plt.show()

# %% tags=["remove-input"]
provenance_of(records, part)

# %% tags=["remove-input"]
missing = [c for c in planned if c not in {d.contrast for d in decisions}]
ahead = [d for d in decisions if d.outcome is Outcome.DIFFERENCE and d.result.difference > 0]
behind = [d for d in decisions if d.outcome is Outcome.DIFFERENCE and d.result.difference < 0]
rest = [d for d in decisions if d not in ahead and d not in behind]


def others(chosen):
    """The systems that CG-RecNet is compared with in these decisions."""
    return ", ".join(title_of(d.contrast[1]) for d in chosen) or "none"


Markdown(
    (wide_table(HEADERS, decision_rows(decisions), "Outcomes of the planned question P4") if decisions else "There is nothing to compare yet.")
    + (f"\n\n**P4.** On these cells, from random weights, CG-RecNet comes out ahead of: {others(ahead)}. Behind: {others(behind)}. No outcome *difference*: {others(rest)}." if decisions else "")
    + (f" {len(missing)} of {len(planned)} planned contrasts lack a run; the correction counts them as if they were there." if missing and decisions else "")
)

# %% [markdown]
# ## Accuracy and cost
#
# "Optimal trade-off" has a plain meaning.
# A system is **beaten** if another is at least as accurate and at least as cheap, and better in one of the two.
# Those that nothing beats form the *front* (of Pareto); every one of them is optimal for somebody, and none is *the* optimum.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of accuracy against cost on a logarithmic axis, MACs in A and parameters in B. Filled dots with error bars are systems from random weights; hollow diamonds are the ResNet-50 family from ImageNet weights; a grey stair is the front; a dotted line is the share of the largest class."}, "figure": {"name": "fig-comparison-front", "caption": "Compare filled with filled, and hollow with hollow. The filled dots differ in architecture alone and form the front; the hollow diamonds are networks of the ablation, from ImageNet weights, on the same test cells. A network near the dotted line has learned hardly more than which class is the largest. Wilson's 95 % intervals over cells; Jurkat cells, real, n = 1 run each."}}
own = [point_of(record) for record in records]
ablation = experiment("ablation", "jurkat", results)
fold = records[0].config["fold"] if records else 0
twins = one_fold(by_model(ablation.records), fold) if ablation and records else []
assert not twins or {r.split["manifest"] for r in twins} == {records[0].split["manifest"]}  # "on the same test cells"
pretrained = [point_of(record) for record in twins]
floor = 100 * max(e["support"] for e in records[0].test["per_class"]) / records[0].test["n"] if records else None
draw_trade_off(own, pretrained, floor, records[0].config["image_size"]) if own else draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
provenance_of([*records, *(ablation.records if ablation else [])], part)

# %% tags=["remove-input"]
if own:
    fronts = {cost: front(own, cost) for cost in ("macs", "parameters")}
    cg = "cg_recnet" in {p.model for p in own}
    text = f"By MACs the front is: {names(fronts['macs'])}; by parameters: {names(fronts['parameters'])}. "
    if cg:
        inside = [label for cost, label in (("macs", "MACs"), ("parameters", "parameters")) if any(p.model == "cg_recnet" for p in fronts[cost])]
        text += f"CG-RecNet is {'on the front by ' + ' and by '.join(inside) if inside else 'on neither front: for either cost another system is at least as accurate and cheaper'}. "
    level = [p for p in own if p.low <= floor]
    if level:
        text += f"The interval of {names(level)} reaches down to the share of the largest class ({floor:.1f} %), or lies below it: after so few epochs from random weights, nothing more was shown for it."
else:
    text = absent
Markdown(text)

# %% tags=["remove-input"]
pairs = [(next(p for p in own if p.model == q.model), q) for q in pretrained if q.model in runs]
lines = [f"{title_of(p.model)} {points(q.accuracy - p.accuracy)} points (from {p.accuracy:.1f} to {q.accuracy:.1f} %)" for p, q in pairs]
every_fold = [f"{title_of(m)} {mean_text([score_of(r, 'accuracy') for r in rs])} % (n = {len(rs)} folds)" for m, rs in by_model(ablation.records if ablation else []).items()]
spread = max(p.accuracy for p in own) - min(p.accuracy for p in own) if own else 0
Markdown(
    f"**What the weights do.** On the same test cells, ImageNet weights in place of random ones changed: {'; '.join(lines)}. "
    f"The systems from random weights lie {spread:.1f} points apart, from the best to the worst. "
    "The ablation's networks also halve the map at another place in each stage, as the weights file asks ({doc}`/book/7_judgement/deviations`), so the change is not of the weights alone. n = 1 run each. "
    + f"Over all the folds that have been run, the networks from ImageNet weights reached: {'; '.join(every_fold)}."
    if lines
    else "What ImageNet weights do cannot be shown: that takes runs of this comparison and of the ablation on the same fold."
)

# %% [markdown]
# ## The paper's own trade-off
#
# The same picture from the paper's printed accuracies, on its own cells.
# Table 4 gives no cost for the comparators, so parameters and MACs are counted in the networks, for the paper's image size, layer by layer ({doc}`/book/3_model/comparators`).

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two panels of the paper's printed accuracies, MACs in A and parameters in B on logarithmic axes; MobileNetV2 stands far left and high, CG-RecNet highest and farther right, VGG and ViT far right and lower."}, "figure": {"name": "fig-comparison-paper", "caption": "In the paper's numbers CG-RecNet is on the front since it is the most accurate, and MobileNetV2 since it is by far the cheapest: the choice between them is a price and not an optimum. Printed accuracies with printed SDs, the paper's cells; costs counted by us."}}
theirs_printed = printed_points(paper)
draw_trade_off(theirs_printed)
plt.show()

# %% tags=["remove-cell"]
for cost in ("macs", "parameters"):
    stair = [p.model for p in front(theirs_printed, cost)]
    assert stair[0] == "mobilenet_v2" and stair[-1] == "cg_recnet"

# %% tags=["remove-input"]
by_name = {p.model: p for p in theirs_printed}
cheap, dear = by_name["mobilenet_v2"], by_name["cg_recnet"]
Markdown(
    f"In the paper's numbers, the step from MobileNetV2 to CG-RecNet buys {dear.accuracy - cheap.accuracy:.2f} points of accuracy for {dear.macs / cheap.macs:.0f} times the MACs and {dear.parameters / cheap.parameters:.0f} times the parameters. "
    f"The {len(theirs_printed)} networks lie between {min(p.accuracy for p in theirs_printed):.2f} and {max(p.accuracy for p in theirs_printed):.2f} %. "
    "The accuracies printed for the four comparators cannot be reconciled with their class F1s ({doc}`/book/1_question/audit`), so this front stands on numbers of which some are in doubt. "
    "Zhu's own network is left out: the paper quotes its accuracy from another test set."
)

# %% [markdown]
# ## What this does not tell
#
# - **One run each.**
#   Another seed may change an order; the intervals above do not contain that.
# - **One recipe for all.**
#   A learning rate that suits one network may starve another, and transformers are known to need more data and longer training than convolutional networks when they start from nothing {cite}`dosovitskiy2020image`.
#   A fair comparison tunes each system by itself, on validation cells.
# - **Few epochs from random weights.**
#   What is compared is how fast a system learns these cells as much as how well.
# - **Small images.**
#   VGG-16 and ViT were made for larger ones; at this size the MACs of systems stand in other proportions than at the paper's.
# - **Other cells.**
#   No claim of the paper is decided here.

# %% tags=["remove-input"]
if not decisions:
    take = "A comparison needs one recipe, one start and one set of test cells, and more runs than one."
else:
    take = (
        f"From random weights, after so few epochs, CG-RecNet came out ahead of {len(ahead)} and behind {len(behind)} of {len(decisions)} systems, one run each; "
        "that ranks these runs, and not yet the architectures."
    )
Markdown(f"**Take-away.** {take}")

# %% [markdown]
# ```{exercise} Two ways to an interval
# :label: exercise-comparison-interval
#
# Compute the 95 % interval for the accuracy of CG-RecNet in three ways: the textbook's formula, Wilson's, and a bootstrap over cells.
# When would they disagree?
# ```
#
# ````{solution} exercise-comparison-interval
# :class: dropdown
#
# With so many cells and an accuracy away from 0 and 1 they agree almost completely.
# They part for few cells, or where nearly all are right: the textbook's interval then leaves the scale.
# ````

# %% tags=["hide-cell"]
if "cg_recnet" in runs:
    _, labels, probabilities = read_predictions(results, runs["cg_recnet"])
    right = probabilities.argmax(axis=1) == labels
    share, n = right.mean(), len(right)
    reach = 1.96 * np.sqrt(share * (1 - share) / n)
    three = {"textbook": (share - reach, share + reach), "Wilson": wilson(int(right.sum()), n), "bootstrap": bootstrap_interval(np.mean, right, resamples=500)}
    for name, (low, high) in three.items():
        print(f"{name}: {100 * low:.2f} to {100 * high:.2f} % (n = {n} cells)")
else:
    print(absent)

# %% [markdown]
# ```{exercise} Your own front
# :label: exercise-comparison-front
#
# Suppose that your microscope's computer allows one tenth of CG-RecNet's MACs.
# Which system would you take by the paper's numbers, and which by ours?
# ```
#
# ````{solution} exercise-comparison-front
# :class: dropdown
#
# It is the most accurate one to the left of a line, so it is always a member of the front, or there is none.
# ````

# %% tags=["hide-cell"]
for title, plane in (("the paper's numbers", theirs_printed), ("ours", own)):
    limit = next((p.macs for p in plane if p.model == "cg_recnet"), 0) / 10
    allowed = [p for p in plane if p.macs <= limit]
    print(f"{title}: {names([max(allowed, key=lambda p: p.accuracy)]) if allowed else 'none' if plane else 'not run here'}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why must all systems of one ranking start alike?
# Otherwise the table compares starts as well as networks.
# Weights from photographs are worth more on few cells than most differences of architecture.
# :::
#
# :::{dropdown} 2. What would an optimal trade-off of accuracy and cost have to mean?
# That no other system is at least as good in both and better in one.
# Such systems form a front, usually several; which of them is best depends on what a mistake and a second cost.
# :::
#
# :::{dropdown} 3. One run of each system on one split: what is known about the order?
# How these trained networks do on these cells.
# Another seed or split could reorder those that lie close, so a claim about architectures needs more runs.
# :::
