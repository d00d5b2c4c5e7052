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

# %% tags=["remove-cell"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.data.cytometer import CytometerOptions  # whose class shares are the paper's
from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.evaluation.bootstrap import bootstrap_interval
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.ablation import printed
from cgrecnet.figures.accuracy_cost import (
    MODELS,
    PAPER_NAME,
    draw_trade_off,
    front,
    names,
    one_fold,
    point_of,
    printed_points,
)
from cgrecnet.figures.analysis_plan import contrast_in_words
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.contrast_table import HEADERS
from cgrecnet.figures.decisions import decision_rows, draw_forest
from cgrecnet.figures.dose_response import majority_share
from cgrecnet.figures.folds import by_model, mean_text, score_of, title_of
from cgrecnet.figures.missing import missing_runs, provenance_of
from cgrecnet.figures.planned import decide_over_cells
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.pages import holds, tell
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import read_predictions

use_book_style()
results, part = RESULTS, ("comparison", "jurkat")
question, paper = load_plan()["P4"], AuditedPaper.load()
found = experiment(*part, results)
records = sorted(found.records, key=lambda r: MODELS.index(r.config["model"])) if found else []
assert all(record.config["weights"] is None for record in records)  # "every system starts from random weights"
runs = {record.config["model"]: record for record in records}
decisions = decide_over_cells("P4", runs, results) if runs else []
absent = "No runs here."
theirs = printed_points(paper)
by_name = {p.model: p for p in theirs}
cheap, dear = by_name["mobilenet_v2"], by_name["cg_recnet"]
apart = [d.result.difference for d in decisions if d.outcome is Outcome.DIFFERENCE]
tell(
    step=dear.accuracy - cheap.accuracy, dear_sd=dear.high - dear.accuracy, cheap_sd=cheap.high - cheap.accuracy,
    macs=dear.macs / cheap.macs, parameters=dear.parameters / cheap.parameters, networks=len(theirs),
    lowest=min(p.accuracy for p in theirs), highest=max(p.accuracy for p in theirs), contrasts=len(question.contrasts),
    judged=len(decisions), ahead=sum(value > 0 for value in apart), behind=sum(value < 0 for value in apart),
    floor=100 * max(CytometerOptions().shares), neither=len(decisions) - len(apart), here=len(records), systems=len(MODELS), margin=f"{question.margin:g}",
)  # fmt: skip

# %% [markdown]
# **The answer so far.** In print, CG-RecNet buys {glue:text}`step:.2f` points over MobileNetV2 (SDs {glue:text}`dear_sd:.2f`, {glue:text}`cheap_sd:.2f`; the paper's cells) for {glue:text}`macs:.0f` times the operations: a price, no optimum.

# %% tags=["remove-input"]
fronts = {cost: [p.model for p in front(theirs, cost)] for cost in ("macs", "parameters")}
holds("a price, no optimum", all(stair[0] == "mobilenet_v2" and stair[-1] == "cg_recnet" for stair in fronts.values()))

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two panels of the paper's printed accuracies, MACs in A and parameters in B on logarithmic axes; MobileNetV2 stands far left and high, CG-RecNet highest and farther right, VGG and ViT far right and lower."}, "figure": {"name": "fig-comparison-paper", "caption": "MobileNetV2 and CG-RecNet are both on the front (grey stair), the one since it is by far the cheapest, the other since it is the most accurate: the choice between them is a price and not an optimum. Printed accuracies with printed SDs, the paper's cells; costs counted by us for its image size."}}
draw_trade_off(theirs)
plt.show()

# %% [markdown]
# The paper's Table 4 argues that CG-RecNet has the best of accuracy and cost; its {glue:text}`networks` networks lie between {glue:text}`lowest:.2f` and {glue:text}`highest:.2f` %, where the largest class alone gives {glue:text}`floor:.0f` % (balanced values are not printed).
# Such a table mixes the architecture, the weights that it starts from, and the recipe of training.
# So the plan asked, before any run ({doc}`plan`, P4): when **every system starts from random weights**, by one recipe, on one split of Jurkat cells (real), is CG-RecNet ahead?
# Of the runs of {glue:text}`systems` systems {glue:text}`here` are here; of {glue:text}`contrasts` planned contrasts {glue:text}`judged` can be judged: ahead {glue:text}`ahead`, behind {glue:text}`behind`, neither {glue:text}`neither`.
# One run each ranks trained networks and not architectures, and no claim about the paper's cells is decided by it.

# %% tags=["remove-input"]
known = {d.contrast: row for d, row in zip(decisions, decision_rows(decisions), strict=True)}
rows = [known.get(c) or (f"P4: {contrast_in_words(c)}", "not run yet", "", "", "") for c in question.contrasts]
Markdown(wide_table(HEADERS, rows, "P4, Jurkat"))

# %% [markdown]
# Accuracy, CG-RecNet minus each other system, Jurkat cells (real), one run each; n counts test cells; margin {glue:text}`margin` points; p corrected by Holm for all planned contrasts, those that are not run yet included.
#
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
# The reading `clean` has the skip, and also one linear layer fewer.

# %% tags=["remove-input"]
Markdown(missing_runs(part, results=results))

# %% [markdown]
# ## The scores
#
# The counterpart of the paper's **Table 4**.
# Its columns are of other cells, and its networks were, as far as the text says, pretrained; *lost* is what the text at hand does not have.

# %% tags=["remove-input"]
def in_print(model, column):
    """A printed score, of the paper's Table 3 where Table 4 has no such row."""
    name = PAPER_NAME.get(model)
    if name is None:
        return "not in it"
    return printed(paper.find(f"{4 if name in paper.tables['4'].rows else 3}/{name}/{column}"))


rows = []
for model in MODELS:
    ours = ("not run", "")
    if model in runs:
        test = runs[model].test
        low, high = (100 * end for end in wilson(int(np.trace(test["confusion"])), test["n"]))
        ours = (f"{100 * test['accuracy']:.1f} ({low:.1f} to {high:.1f})\nbalanced {100 * test['balanced_accuracy']:.1f}, floor {100 * majority_share(runs[model]):.1f}", f"{test['n']:,}")
    rows.append((title_of(model), in_print(model, "accuracy"), in_print(model, "f1"), *ours))
headers = ("system", "paper: accuracy (%)", "paper: F1 (%)", "Jurkat: accuracy (%)", "n (cells)")
Markdown(wide_table(headers, rows, "Table 4's counterpart"))

# %% tags=["remove-input"]
provenance_of(records, part)

# %% [markdown]
# The paper's: mean ± SD as printed, the baseline's of its Table 3. *Floor*: always naming the largest class.
# A table for the paper's own cells (`zhu`) follows when somebody has run the sweeps for it.

# %% tags=["remove-input"]
zhu = [r for name in ("comparison", "ablation") if (own := experiment(name, "zhu", results)) for r in own.records]
on_zhu = by_model([r for r in zhu if r.config["model"] in MODELS])
if on_zhu:
    kind = "zhu, simulated" if zhu[0].data["simulated"] else "zhu"
    rows = [(title_of(m), *(mean_text([score_of(r, s) for r in own]) for s in ("accuracy", "balanced accuracy", "weighted F1")), str(len(own))) for m, own in on_zhu.items()]
    display(
        Markdown(wide_table((kind, "accuracy (%)", "balanced (%)", "F1 (%)", "n (folds)"), rows, f"Scores on {kind}")),
        provenance_of(zhu, ("comparison", "zhu")),
    )

# %% [markdown]
# ## Is CG-RecNet ahead on Jurkat cells?
#
# All systems are tested on the same cells, so the cells on which two of them disagree decide: of those that only one has right, do both have half (McNemar's test)?

# %% tags=["hide-input"] mystnb={"image": {"alt": "A forest plot: one row per system that CG-RecNet is compared with, a dot for the difference in accuracy, thick and thin bars for its intervals, a vertical line at zero, a grey band for the margin, and the outcome as a word."}, "figure": {"name": "fig-comparison-forest", "caption": "Intervals over cells are narrow, and they are only half of the truth: they say what other test cells would change, and not what another seed would. A bar may miss zero and still be undecided, since bars are of one contrast and the outcome is corrected for all. CG-RecNet minus each other system; 90 % intervals (thick), 95 % intervals (thin); grey: the margin; Jurkat cells, real, n = 1 run each."}}
draw_forest(decisions) if decisions else draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, part)

# %% [markdown]
# "Optimal trade-off" has a plain meaning.
# A system is **beaten** if another is at least as accurate and at least as cheap, and better in one of the two.
# Those that nothing beats form the *front* (of Pareto); every one of them is optimal for somebody, and none is *the* optimum.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of accuracy against cost on a logarithmic axis, MACs in A and parameters in B. Filled dots with error bars are systems from random weights; hollow diamonds are the ResNet-50 family from ImageNet weights; a grey stair is the front; a dotted line is the share of the largest class."}, "figure": {"name": "fig-comparison-front", "caption": "Compare filled with filled, and hollow with hollow. The filled dots differ in architecture alone and form the front; the hollow diamonds are networks of the ablation, from ImageNet weights, on the same test cells. A network near the dotted line has learned hardly more than which class is the largest. Wilson's 95 % intervals over cells; Jurkat cells, real, n = 1 run each."}}
own = [point_of(record) for record in records]
ablation = experiment("ablation", "jurkat", results) if own else None
twins = one_fold(by_model(ablation.records), 0) if ablation else []
test = records[0].split["manifest"] if records else None
twins = [r for r in twins if r.split["manifest"] == test]
floor = 100 * majority_share(records[0]) if records else None
size = records[0].config["image_size"] if records else None
if own:
    draw_trade_off(own, [point_of(r) for r in twins], floor, size)
else:
    draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
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
#
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
    _, labels, probabilities = read_predictions(results, runs["cg_recnet"])
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
    print(f"{title}: {names(best) or 'none'}")

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
