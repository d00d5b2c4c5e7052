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

# %% tags=["remove-input"]
from collections import Counter, namedtuple

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from cgrecnet.data.cytometer import CytometerOptions  # whose class shares are the paper's
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.bootstrap import bootstrap_interval
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.forest import draw_forest, planned_table
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import (
    COMPARED,
    PAPER_NAME,
    count_network,
    majority_share,
    printed,
    right_counts,
    zhu_scores,
)
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter, use_book_style
from cgrecnet.figures.tables import span, wide_table
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.models.complexity import cost_of
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paths import RESULTS
from cgrecnet.runs.planned import decide_over_cells
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import read_predictions

use_book_style()
part = ("comparison", "jurkat")
question, paper = load_plan()["P4"], AuditedPaper.load()
found = experiment(*part)
records = sorted(found.records, key=lambda r: COMPARED.index(r.config["model"])) if found else []
assert all(record.config["weights"] is None for record in records)  # "every system starts from random weights"
runs = {record.config["model"]: record for record in records}
decisions = decide_over_cells("P4", runs) if runs else []
absent = "No runs here."
said = Counter(d.words for d in decisions)
tell(
    contrasts=len(question.contrasts), judged=len(decisions), ahead=said["ahead"], behind=said["behind"],
    neither=len(decisions) - said["ahead"] - said["behind"], here=len(records), systems=len(COMPARED), margin=f"{question.margin:g}",
)  # fmt: skip

#: A system in the plane of accuracy (per cent, with an interval) and cost; MACs of one image.
Point = namedtuple("Point", ["model", "accuracy", "low", "high", "parameters", "macs"])


def in_print(model):
    """A system of the paper: its printed accuracy with the printed SD, its cost counted at the paper's image size."""
    score, cost = paper.scores[PAPER_NAME[model]], cost_of(model)
    mean, sd = float(score.mean), float(score.sd)
    return Point(model, mean, mean - sd, mean + sd, cost.parameters, cost.layers)


def front(points, cost):
    """The points that no other beats, the cheapest first; cost: macs or parameters."""
    best = []
    for point in sorted(points, key=lambda p: (getattr(p, cost), -p.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best


theirs = [in_print(model) for model in ("cg_recnet", "mobilenet_v2", "densenet121", "vgg16", "vit_b_16", "resnet50")]
dear, cheap, *_ = theirs
fronts = {cost: [p.model for p in front(theirs, cost)] for cost in ("macs", "parameters")}
holds(
    "the one since it is by far the cheapest, the other since it is the most accurate",
    min(p.macs for p in theirs if p is not cheap) > 2 * cheap.macs and dear.accuracy == max(p.accuracy for p in theirs),
)
holds(
    "for ... times the operations: a price, no optimum.",
    all(stair[0] == "mobilenet_v2" and stair[-1] == "cg_recnet" for stair in fronts.values()),
)
tell(
    step=dear.accuracy - cheap.accuracy, dear_sd=dear.high - dear.accuracy, cheap_sd=cheap.high - cheap.accuracy,
    macs=dear.macs / cheap.macs, parameters=dear.parameters / cheap.parameters, networks=len(theirs),
    lowest=min(p.accuracy for p in theirs), highest=max(p.accuracy for p in theirs), floor=100 * max(CytometerOptions().shares),
)  # fmt: skip

# %% [markdown]
# **The answer so far.** In print, CG-RecNet buys {glue:text}`step:.2f` points over MobileNetV2 (SDs {glue:text}`dear_sd:.2f`, {glue:text}`cheap_sd:.2f`; the paper's cells) for {glue:text}`macs:.0f` times the operations: a price, no optimum.

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two panels of the paper's printed accuracies, MACs in A and parameters in B on logarithmic axes; MobileNetV2 stands far left and high, CG-RecNet highest and farther right, VGG and ViT far right and lower."}, "figure": {"name": "fig-comparison-paper", "caption": "MobileNetV2 and CG-RecNet are both on the front (grey stair), the one since it is by far the cheapest, the other since it is the most accurate: the choice between them is a price and not an optimum. Printed accuracies with printed SDs, the paper's cells; costs counted by us for its image size."}}
OTHERS = {"mobilenet_v2": 3, "densenet121": 4, "vgg16": 5, "vit_b_16": 8, "zhu_xception": 9}
COLOURS = {model: PALETTE[place] for model, place in OTHERS.items()} | MODEL_COLOURS


def draw_trade_off(points, pretrained=(), floor=None, size=224):
    """Accuracy against MACs (A) and parameters (B), the front as a stair; hollow: from ImageNet weights, not in it."""
    figure, panels = plt.subplots(2, 1, figsize=(4.4, 7.0))
    costs = (("macs", 1e9, f"MACs at {size} px (10⁹)"), ("parameters", 1e6, "parameters (10⁶)"))
    for axes, (cost, unit, label), mark in zip(panels, costs, "AB", strict=True):
        for p, shape, fill in [(p, "o", "full") for p in points] + [(p, "D", "none") for p in pretrained]:
            bars = np.clip([[p.accuracy - p.low], [p.high - p.accuracy]], 0, None)
            style = {"color": COLOURS[p.model], "fillstyle": fill, "label": title_of(p.model)}
            axes.errorbar(getattr(p, cost) / unit, p.accuracy, bars, fmt=shape, capsize=2, **style)
        if pretrained:
            axes.plot([], [], "D", color="0.3", fillstyle="none", label="from ImageNet weights")
        if floor is not None:
            axes.axhline(floor, color="black", linestyle=":", linewidth=1, label="largest class alone")
        stair = front(points, cost)
        axes.step([getattr(p, cost) / unit for p in stair], [p.accuracy for p in stair], where="post", color="0.6", linewidth=1, zorder=1, label="front")
        axes.set(xscale="log", xlabel=label, ylabel="accuracy (%)")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.margins(x=0.18)
        letter(axes, mark)
    handles, labels = panels[0].get_legend_handles_labels()
    once = dict(zip(reversed(labels), reversed(handles), strict=True))  # the filled mark of a network that has both
    figure.legend([once[name] for name in dict.fromkeys(labels)], dict.fromkeys(labels), loc="outside lower center", ncols=2, fontsize=9)


draw_trade_off(theirs)
plt.show()

# %% [markdown]
# The paper's Table 4 argues that CG-RecNet has the best of accuracy and cost; its {glue:text}`networks` networks lie between {glue:text}`lowest:.2f` and {glue:text}`highest:.2f` %, where the largest class alone gives {glue:text}`floor:.0f` % (balanced values are not printed).
# Such a table mixes the architecture, the weights that it starts from, and the recipe of training.
# So the plan asked, before any run ({doc}`plan`, P4): when **every system starts from random weights**, by one recipe, on one split of Jurkat cells (real), is CG-RecNet ahead?
# Of the runs of {glue:text}`systems` systems {glue:text}`here` are here; of {glue:text}`contrasts` planned contrasts {glue:text}`judged` can be judged: CG-RecNet is ahead in {glue:text}`ahead`, behind in {glue:text}`behind`, and neither in {glue:text}`neither`.
# One run each ranks trained networks and not architectures, and no claim about the paper's cells is decided by it.

# %%
display(planned_table(decisions, "P4"), missing_runs(part))

# %% [markdown]
# Accuracy, CG-RecNet minus each other system, Jurkat cells (real), one run each; n counts test cells; margin {glue:text}`margin` points; p corrected by Holm for all planned contrasts, those that are not run yet included.
#
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
# The reading `clean` has the skip, and also one linear layer fewer.

# %% [markdown]
# ## The scores
#
# The counterpart of the paper's **Table 4**.
# Its columns are of other cells, and its networks were, as far as the text says, pretrained; *lost* is what the text that we have does not show.

# %% tags=["hide-input"]
def scores_in_print(model):
    """Printed accuracy and F1, of the paper's Table 3 where Table 4 has no such row."""
    name = PAPER_NAME.get(model)
    if name is None:
        return ["not in it"] * 2
    table = 4 if name in paper.tables["4"].rows else 3
    return [printed(paper.find(f"{table}/{name}/{column}")) for column in ("accuracy", "f1")]


def scores_of_run(run):
    """Accuracy with its interval, balanced value and floor; and the number of test cells."""
    if run is None:
        return ["not run", ""]
    even, floor = 100 * run.test["balanced_accuracy"], 100 * majority_share(run)
    ends = span(wilson(*right_counts(run)))
    return [f"{100 * run.test['accuracy']:.1f} ({ends})\nbalanced {even:.1f}, floor {floor:.1f}", f"{run.test['n']:,}"]


rows = []
for model in COMPARED:
    ours = scores_of_run(runs.get(model))
    rows.append((title_of(model), *scores_in_print(model), *ours))
headers = ("system", "paper: accuracy (%)", "paper: F1 (%)")
headers += ("Jurkat: accuracy (%)", "n (cells)")
table = wide_table(headers, rows, "Table 4's counterpart")
display(table, provenance_of(records, part))
systems = {title_of(model): model for model in COMPARED}
parts = "comparison", "ablation"
display(*zhu_scores(systems, *parts, f1="weighted F1"))

# %% [markdown]
# The paper's: mean ± SD as printed, the baseline's of its Table 3. *Floor*: always naming the largest class.
# A second table, for the paper's own cells (`zhu`), stands there when somebody has run the sweeps for it.

# %% [markdown]
# ## Is CG-RecNet ahead on Jurkat cells?
#
# All systems are tested on the same cells, so the cells on which two of them disagree decide: of those that only one has right, do both have half (McNemar's test)?

# %% mystnb={"image": {"alt": "A forest plot: one row per system that CG-RecNet is compared with, a dot for the difference in accuracy, thick and thin bars for its intervals, a vertical line at zero, a grey band for the margin, and the outcome as a word."}, "figure": {"name": "fig-comparison-forest", "caption": "Intervals over cells are narrow, and they are only half of the truth: they say what other test cells would change, and not what another seed would. A bar may miss zero and still be undecided, since bars are of one contrast and the outcome is corrected for all. CG-RecNet minus each other system; 90 % intervals (thick), 95 % intervals (thin); grey: the margin; Jurkat cells, real, n = 1 run each."}}
draw_forest(decisions) if decisions else draw_absent(absent)
plt.show()
provenance_of(records, part)

# %% [markdown]
# "Optimal trade-off" has a plain meaning.
# A system is **beaten** if another is at least as accurate and at least as cheap, and better in one of the two.
# Those that nothing beats form the *front* (of Pareto); every one of them is optimal for somebody, and none is *the* optimum.

# %%
show_code(front)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of accuracy against cost on a logarithmic axis, MACs in A and parameters in B. Filled dots with error bars are systems from random weights; hollow diamonds are the ResNet-50 family from ImageNet weights; a grey stair is the front; a dotted line is the share of the largest class."}, "figure": {"name": "fig-comparison-front", "caption": "Compare filled with filled, and hollow with hollow. The filled dots differ in architecture alone and form the front; the hollow diamonds are networks of the ablation, from ImageNet weights, on the same test cells. A network near the dotted line has learned hardly more than which class is the largest. Wilson's 95 % intervals over cells; Jurkat cells, real, n = 1 run each."}}
def measured(record):
    """A run: accuracy with Wilson's 95 % interval over its test cells, MACs at its own image size."""
    right, n = right_counts(record)
    counted = count_network(record)
    ends = (100 * end for end in wilson(right, n))
    return Point(record.config["model"], 100 * right / n, *ends, counted.parameters, counted.macs[record.config["image_size"]])


own = [measured(run) for run in records]
ablation = experiment("ablation", "jurkat")
twins = ablation.of(fold=0) if ablation else []
if records:
    first = records[0]
    same = first.split["manifest"]  # on the same test cells
    twins = [run for run in twins if run.split["manifest"] == same]
    hollow = [measured(run) for run in twins]
    floor, size = 100 * majority_share(first), first.config["image_size"]
    draw_trade_off(own, hollow, floor, size)
else:
    draw_absent(absent)
plt.show()
provenance_of([*records, *twins], part)

# %% [markdown]
# ## How this was measured
#
# ````{dropdown} An interval for an accuracy, and the costs
# An accuracy is a share $k/n$ of test cells, and its interval should never leave 0 to 1, as the textbook's $p \pm 1.96\sqrt{p(1-p)/n}$ may.
# Wilson's interval {cite}`wilson1927probable` asks instead which shares $p$ the observed one would not contradict:
#
# $$
# \frac{\lvert k/n - p \rvert}{\sqrt{p(1-p)/n}} \le 1.96 .
# $$ (eq-comparison-wilson)
#
# Table 4 gives no cost for the comparators, so parameters and MACs are counted in the networks, for the paper's image size, layer by layer ({doc}`/book/3_model/comparators`).
# CG-RecNet has {glue:text}`parameters:.0f` times the parameters of MobileNetV2.
# The accuracies printed for the four comparators cannot be reconciled with their class F1s ({doc}`/book/1_question/audit`), so the printed front stands on numbers of which some are in doubt.
# Zhu's own network is left out of it: the paper quotes its accuracy from another test set.
# The ablation's networks also halve the map at another place in each stage, as the weights file asks ({doc}`/book/7_judgement/deviations`), so what parts them from networks from random weights is not the weights alone.
# ````

# %% tags=["remove-input"]
display(*all_read(part, ("ablation", "jurkat")))

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
#
# **Take-away.**
# A comparison needs one recipe, one start and one set of test cells, and more runs than one.

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
    _, labels, probabilities = read_predictions(RESULTS, runs["cg_recnet"])
    right = probabilities.argmax(axis=1) == labels
    share, n = right.mean(), len(right)
    reach = 1.96 * np.sqrt(share * (1 - share) / n)
    three = {
        "textbook": (share - reach, share + reach),
        "Wilson": wilson(int(right.sum()), n),
        "bootstrap": bootstrap_interval(np.mean, right, resamples=500),
    }
    for name, (low, high) in three.items():
        print(f"{name}: {100 * low:.2f} to {100 * high:.2f} %, n = {n}")
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
for title, plane in (("the paper's numbers", theirs), ("ours", own)):
    full = next((p.macs for p in plane if p.model == "cg_recnet"), 0)
    allowed = [p for p in plane if p.macs <= full / 10]
    best = sorted(allowed, key=lambda p: p.accuracy)[-1:]
    print(f"{title}: {title_of(best[0].model) if best else 'none'}")

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
