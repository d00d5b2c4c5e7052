# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # CG-RecNet, re-run and audited
#
# In February 2026, Li and colleagues described **CG-RecNet** {cite}`li2026cgrecnet`: a neural network that looks at ordinary microscope images of single cells, without any dye, and tells whether a neural stem cell has become a neuron, an astrocyte or an oligodendrocyte.
# It is a ResNet-50 with two added modules, one that relates distant parts of the image and one that is to silence the background.

# %% tags=["remove-cell"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.data import open_dataset
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.claims import LETTERS, verdict_source, verdict_tiles
from cgrecnet.figures.headline import (
    HEADERS,
    ROWS,
    comparisons,
    completed_runs,
    main_rows,
    planned_decisions,
    skip_effect,
    skip_simulated,
)
from cgrecnet.figures.provenance import from_records, provenance_of
from cgrecnet.figures.style import MODEL_COLOURS, use_book_style
from cgrecnet.figures.tables import dropdown, interval, points, wide_table
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import judge, run_outcomes, verdict_counts
from cgrecnet.pages import holds, tell
from cgrecnet.runs.pooled import pool
from cgrecnet.runs.query import needed

use_book_style()
PART, PAIR = ("ablation", "jurkat"), ("resnet50", "cg_recnet")
pooled = pool(needed(*PART, PAIR).records, PAIR)
right = {model: pooled.right(model) for model in PAIR}
apart = mcnemar(pooled.labels, *(pooled.predicted(model) for model in reversed(PAIR)))
paper = AuditedPaper.load()
full, base = (paper.known(f"3/{model}/accuracy") for model in ("CG-RecNet", "Baseline"))
recalls = {model: (counts := pooled.confusion(model)).diagonal() / counts.sum(axis=1) for model in PAIR}
answers = planned_decisions(questions=[question for asked in ROWS.values() for question in asked])
records, planned = completed_runs()
favour, against, alike, undecided, lacking = map(int, main_rows(answers)[-1][1:])
(p1,) = answers["P1"] or [None]
tell(
    printed=f"{full.value} ± {full.sd}", gain=full.number - base.number,
    ours=100 * right["cg_recnet"].mean(), plain=100 * right["resnet50"].mean(), n=f"{len(pooled):,}",
    ends=interval(apart.interval95),
    planned_gain=points(p1.result.difference) if p1 else "no", planned_word=p1.outcome if p1 else "not decided yet",
    planned_ends=interval(p1.result.interval95) if p1 else "none yet",
    ours_balanced=100 * recalls["cg_recnet"].mean(), plain_balanced=100 * recalls["resnet50"].mean(),
    floor=100 * np.bincount(pooled.labels).max() / len(pooled), folds=len(pooled.folds_in),
    standing=len(records), planned=planned, skip=skip_effect(answers), counted=favour + against + alike + undecided + lacking,
    every=sum(comparisons(question.id) for question in load_plan().questions),
)  # fmt: skip

dials, (without, within) = skip_simulated()
tell(
    without=points(without.result.difference), without_ends=interval(without.result.interval95),
    within=points(within.result.difference), within_ends=interval(within.result.interval95),
    dials_n=without.result.n,
)  # fmt: skip
outcomes = judge(paper)
counts = verdict_counts(outcomes)
checks = {fits: [model for model, check in paper.accuracy_checks.items() if check.fits is fits] for fits in (True, False)}
tell(
    claims=len(outcomes), verdicts="; ".join(f"{word} {number}" for word, number in counts.items()),
    fit=" and ".join(sorted(checks[True], reverse=True)), torn=", ".join(checks[False]),
)  # fmt: skip

# %% [markdown]
# > **The claim.** CG-RecNet is right for {glue:text}`printed` % of the cells, {glue:text}`gain:.2f` percentage points more than a plain ResNet-50 (the paper's Table 3).
#
# **The answer so far**, on public real cells: CG-RecNet minus a plain ResNet-50 is {glue:text}`planned_gain` points of accuracy (95 % interval {glue:text}`planned_ends`; n = {glue:text}`folds` folds): {glue:text}`planned_word`.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Two rows of five small grey pictures of real, round cells. Above each stands its class; below each a circle for the plain ResNet-50 and a diamond for CG-RecNet, filled where the network named the class rightly and hollow where it did not."}, "figure": {"name": "fig-home-cells", "caption": "Ten of the cells that the answer counts: the two networks are mostly right, and mostly wrong, on the same ones. Real Jurkat cells without any dye, test cells drawn at random; above, the stage of the cell cycle that was to be named; below, circle: plain ResNet-50, diamond: CG-RecNet, filled where right, hollow where wrong."}}
cells = open_dataset("jurkat", task="cycle")
where = {name: place for place, name in enumerate(cells.table["cell_id"])}
drawn = np.random.default_rng(0).choice(len(pooled), size=10, replace=False)
figure, grid = plt.subplots(2, 5, figsize=(4.4, 2.6))
draw_row(grid.ravel(), [cells.images[where[pooled.cell_ids[i]]] for i in drawn], cells.window)
for axes, i in zip(grid.ravel(), drawn, strict=True):
    axes.set_title(pooled.classes[pooled.labels[i]], loc="center", fontsize=9)
    for x, mark, model in zip((0.35, 0.65), "oD", PAIR, strict=True):
        axes.plot(x, -0.13, mark, color=MODEL_COLOURS[model], fillstyle="full" if right[model][i] else "none",
                  markersize=7, transform=axes.transAxes, clip_on=False)  # fmt: skip
plt.show()
provenance_of(list(pooled.records), PART)

# %% [markdown]
# CG-RecNet is right for {glue:text}`ours:.1f` % of {glue:text}`n` Jurkat cells, the plain ResNet-50 for {glue:text}`plain:.1f` %, and always naming the commonest class would be for {glue:text}`floor:.1f` %; in balanced accuracy, which counts the classes alike, it is {glue:text}`ours_balanced:.1f` against {glue:text}`plain_balanced:.1f` %.
# Over these cells alone the interval of the difference is {glue:text}`ends`; what another split would change makes the planned one wider.
# That is one comparison, over {glue:text}`folds` of five folds ({doc}`/book/5_results/ablation`).
# In {glue:text}`counted` of its {glue:text}`every` comparisons {doc}`our plan </book/5_results/plan>` asks, on real and on simulated cells, whether a network with more of the paper's modules beats one with fewer.
# Here is what they gave, from the {glue:text}`standing` of {glue:text}`planned` planned runs that stand today:

# %% tags=["remove-input"]
display(
    Markdown(wide_table(HEADERS, main_rows(answers)[-1:], "The main result")),
    from_records([*records, *dials], side_by_side=True),
)
holds("CG-RecNet is behind the plain ResNet-50 without it", without.words == "behind")
holds("and with it nothing tells the two apart", within.words == "undecided")
holds("The paper's own cells were not available to us", not run_outcomes(paper))
both = right["resnet50"] == right["cg_recnet"]
wrong = {model: ~hit for model, hit in right.items()}
holds(
    "the two networks are mostly right, and mostly wrong, on the same ones",
    both.mean() > 0.8 and (wrong["resnet50"] & wrong["cg_recnet"]).sum() > 0.5 * max(own.sum() for own in wrong.values()),
)

# %% [markdown]
# One choice that the paper does not print is judged apart: a skip around the fusion.
# On simulated cells (one run each, and not planned) CG-RecNet is behind the plain ResNet-50 without it ({glue:text}`without` points, 95 % interval {glue:text}`without_ends`; n = {glue:text}`dials_n` cells), and with it nothing tells the two apart ({glue:text}`within` points, {glue:text}`within_ends`).
# Over the folds of real cells its effect is {glue:text}`skip` ({doc}`/book/5_results/choices`).
# The paper's own cells were not available to us, so none of this decides what the paper says of them; {doc}`/book/5_results/headline` has every comparison.

# %% [markdown]
# > **The verdict so far**, of {glue:text}`claims` claims: {glue:text}`verdicts`.
# > No accuracy of the paper has been repeated, since we do not have its images.
# > By arithmetic, the printed accuracies of {glue:text}`fit` go together with their class scores; those of {glue:text}`torn` do not.
#
# There is no code from the authors and there are no weights.
# This book rebuilds the method, runs it, and asks of each claim: does it follow, does it hold, can it be checked at all?
# Every number of ours comes from the record of a run or was computed by the page it stands on, and you can make both again.
#
# ## The verdicts at a glance
#
# Each tile is one claim of the paper, and opens it: what is printed, how near is near enough, and why the verdict is what it is.

# %% tags=["remove-input"]
display(verdict_tiles(paper.claims, outcomes, "1_question/claims.html"), verdict_source())

# %% [markdown]
# The verdicts follow from **arithmetic on the printed numbers** and from **running the rebuilt modules**; we do not have the paper's images, and no result on other cells is counted here.

# %% tags=["remove-input"]
meaning = [(LETTERS[word], str(word), str(counts[str(word)]), word.definition) for word in Verdict]
unjudged = (Verdict.CANNOT_BE_TESTED_HERE, Verdict.NOT_SPECIFIED)
judged = [
    (f"{name} {paper.claims[name].title}", str(word), outcome.reason)
    for word in Verdict if word not in unjudged
    for name, outcome in outcomes.items() if outcome.verdict is word
]  # fmt: skip
display(
    Markdown(wide_table(("letter", "verdict", "claims", "meaning"), meaning, "What verdicts mean")),
    Markdown(dropdown(f"{len(judged)} claims, judged", wide_table(("claim", "verdict", "why"), judged, "Claims judged"))),
)

# %% [markdown]
# What the same networks did on cells that anyone can get stands in {doc}`/book/5_results/headline`, and what would change a verdict in {doc}`/book/7_judgement/verdict`.
#
# A verdict is about a sentence or a number in the paper, never about its authors.
# *Cannot be reconciled* means that a printed thing does not go together with another, or with what can be computed; it does not say which one is right.
#
# ## Three doors
#
# ::::{grid} 1 1 3 3
# :gutter: 3
#
# :::{grid-item-card} Read
# :link: /book/1_question/how_to_read
# :link-type: doc
# Start with how to read a page, meet the cells, and follow the method to its results on cells that anyone can get.
# :::
#
# :::{grid-item-card} Re-run
# :link: /book/4_training/one_run
# :link-type: doc
# `make book` makes all of this on a laptop. Watch one run from its parameters to its record, killed on the way and resumed.
# :::
#
# :::{grid-item-card} Teach and sweep
# :link: /book/teach/index
# :link-type: doc
# Three ready courses, exercises with solutions that run, notebooks for a class. A small file describes a whole grid of experiments.
# :::
# ::::
#
# ## The book in thirty minutes
#
# Each results page gives its answer, and one picture of it, in its first screen; on this route you read no more than that.
#
# 1. *Five minutes*: this page down to here. The claim, what came out on other cells, and where the verdicts stand.
# 2. *Four*: {doc}`/book/2_data/meeting_the_data`, its pictures and the three data sets. What a network gets to see.
# 3. *Six*: {doc}`/book/3_model/one_page`. The whole network, with its two modules.
# 4. *Five*: {doc}`/book/5_results/ablation` and {doc}`/book/5_results/choices`, the first screens. Do the modules help, and what would another guess have changed?
# 5. *Three*: {doc}`/book/5_results/shortcut`, the first screen. How a network can be right for a wrong reason.
# 6. *Three*: {doc}`/book/6_explanation/do_maps_mean_anything`, the first screen. Why a pretty map is no evidence.
# 7. *Four*: {doc}`/book/7_judgement/verdict`. Which sentences of the paper hold, and what would change that.
#
# ## Where to look
#
# - What does the paper claim, and is it consistent? {doc}`/book/1_question/claims`, {doc}`/book/1_question/audit`
# - Where is the counterpart of a figure or table? {doc}`/book/1_question/figures`
# - Do the modules help on other cells? {doc}`/book/5_results/headline`, {doc}`/book/5_results/ablation`, {doc}`/book/5_results/comparison`
# - Is a difference more than luck? {doc}`/book/5_results/plan`, {doc}`/book/5_results/spread`, {doc}`/book/4_training/seeds`
# - What if there is noise, debris, or a rare class? {doc}`/book/5_results/noise`, {doc}`/book/5_results/imbalance`
# - Could a network cheat? {doc}`/book/2_data/shortcuts`, {doc}`/book/5_results/shortcut`
# - Where do networks look? {doc}`/book/6_explanation/grad_cam`, {doc}`/book/6_explanation/do_maps_mean_anything`
# - Which cells are taken for which? {doc}`/book/5_results/classes`, {doc}`/book/5_results/failures`, {doc}`/book/5_results/calibration`
# - What if the cells are my own? {doc}`/book/2_data/your_own_cells`
# - How do I run a grid of my own, and what does it cost? {doc}`/book/4_training/sweeps`, {doc}`/book/4_training/costs`
# - What did we have to guess? {doc}`/book/7_judgement/deviations`, {doc}`/book/3_model/recovery`
# - What can this book not say, and what would change its verdict? {doc}`/book/7_judgement/limitations`, {doc}`/book/7_judgement/verdict`
#
# ## Which cells are shown
#
# The paper's own images are **not** among them.
# Pages show *real* cells of another kind, from a public data set, and *simulated* cells; each figure and table says which.
# Numbers of the paper stand beside ours for comparison and are marked as the paper's.
