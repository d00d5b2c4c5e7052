# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Ablation
#
# **You will learn** what each of the two modules adds to the baseline on real cells, how to compare networks over folds that share their training cells, and what the result is worth.
#
# **You need** {doc}`/book/5_results/plan` and {doc}`/book/3_model/assembled`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.paired import corrected_resampled_t, differences_vary, paired_t
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.forest import draw_forest, planned_table
from cgrecnet.figures.provenance import missing_runs, provenance_of
from cgrecnet.figures.scores import (
    MARKS,
    ROWS,
    by_model,
    count_network,
    fold_scores,
    majority_share,
    mean_text,
    printed,
    right_counts,
    score_of,
    zhu_scores,
)
from cgrecnet.figures.shares import draw_shares
from cgrecnet.figures.style import MODEL_COLOURS, letter, use_book_style
from cgrecnet.figures.tables import interval, p_equal, points, wide_table
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.planned import decide_over_folds, overlap, rarest_class
from cgrecnet.runs.pooled import pool
from cgrecnet.runs.query import needed

use_book_style()
part, pair = ("ablation", "jurkat"), ("resnet50", "cg_recnet")
plan, table3 = load_plan(), load_tables()["3"]
jurkat = needed(*part, pair)
records = list(jurkat.records)
groups = by_model(records)
config, share = records[0].config, overlap(records)

pooled = pool(records, pair)
apart = mcnemar(pooled.labels, pooled.predicted(pair[1]), pooled.predicted(pair[0]))
decisions = [d for name in ("P1", "P2", "P3") for d in decide_over_folds(name, records)]
p1 = next((d for d in decisions if d.question == "P1"), None)
said = Counter(d.words for d in decisions)


def balanced(model):
    """Mean recall of the classes on the test cells of all folds, in per cent."""
    counts = pooled.confusion(model)
    return 100 * (counts.diagonal() / counts.sum(axis=1)).mean()


tell(
    folds=len(pooled.folds_in), of_folds=config["folds"], n=f"{len(pooled):,}", verdict=p1.outcome if p1 else "not decided yet",
    over_folds=points(p1.result.difference) if p1 else "no", over_folds_ends=interval(p1.result.interval95) if p1 else "none yet",
    full=100 * pooled.right(pair[1]).mean(), base=100 * pooled.right(pair[0]).mean(),
    full_balanced=balanced(pair[1]), base_balanced=balanced(pair[0]), floor=100 * np.bincount(pooled.labels).max() / len(pooled),
    here=len(records), planned=jurkat.planned, contrasts=sum(len(plan[name].contrasts) for name in ("P1", "P2", "P3")), judged=len(decisions),
    ahead=said["ahead"], behind=said["behind"], neither=len(decisions) - said["ahead"] - said["behind"],
    ends=interval(apart.interval95), alone=apart.only_first, base_alone=apart.only_second,
    gain=table3.cell("CG-RecNet", "accuracy").number - table3.cell("Baseline", "accuracy").number,
    margin=f"{plan['P1'].margin:g}", rare_margin=f"{plan['P3'].margin:g}",
    jurkat_floor=100 * np.mean([majority_share(run) for run in records]),
    share=share, larger=np.sqrt(1 / config["folds"] + share) / np.sqrt(1 / config["folds"]),
)  # fmt: skip

# %% [markdown]
# **The answer so far**, Jurkat cells: CG-RecNet minus baseline is {glue:text}`over_folds` points of accuracy (95 % interval {glue:text}`over_folds_ends`; n = {glue:text}`folds` of {glue:text}`of_folds` folds): {glue:text}`verdict`.
# It is right for {glue:text}`full:.2f` % of the cells (balanced {glue:text}`full_balanced:.2f`), the baseline for {glue:text}`base:.2f` % (balanced {glue:text}`base_balanced:.2f`), and always naming the largest class for {glue:text}`floor:.1f` %.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One group of marks for each fold, in it one mark with an interval for each network that was run on the fold, over its accuracy on the fold's test cells."}, "figure": {"name": "fig-ablation-boxes", "caption": "Compare the marks of one fold, not those of two: some folds are harder than others for every network, and a network that is better is ahead in most of them. Accuracy on the test cells of each fold, one run per mark; bars: Wilson's 95 % intervals over cells, which do not hold the luck of training; Jurkat cells, real."}}
folds = sorted({run.config["fold"] for run in records})
figure, axes = plt.subplots(figsize=(4.4, 1.5 + 0.7 * len(folds)))
for place, (name, model) in enumerate(ROWS.items()):
    own = groups.get(model, [])
    rows = [folds.index(run.config["fold"]) + 0.18 * (place - 1.5) for run in own]
    counts = [right_counts(run) for run in own]
    draw_shares(axes, rows, counts, across=True, fmt=MARKS[model], color=MODEL_COLOURS[model], label=name)
axes.set_yticks(range(len(folds)), [f"fold {fold}" for fold in folds])
axes.set(xlabel="accuracy (%)", ylim=(len(folds) - 0.5, -0.5))
figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()
provenance_of(records, part)

# %% [markdown]
# An ablation takes a thing apart to see what each part does: the baseline ResNet-50, with the fusion alone (ResCMNet), with the gate alone (ResGDNet), with both (CG-RecNet).
# The plan asked before the runs ({doc}`plan`, P1 to P3): over five folds of Jurkat cells (real), is CG-RecNet more accurate than its baseline, does each module help alone and both more than either, and does the rarest class gain?
# Of {glue:text}`planned` runs {glue:text}`here` have a record, so that of {glue:text}`contrasts` planned contrasts {glue:text}`judged` can be judged: the network with more modules is ahead in {glue:text}`ahead`, behind in {glue:text}`behind`, and neither in {glue:text}`neither`.
# Counted over the {glue:text}`n` test cells of those folds, which was not planned, the interval is {glue:text}`ends`: CG-RecNet alone has {glue:text}`alone` of them right, the baseline alone {glue:text}`base_alone`.
# It is narrower because it leaves out what another split would change; neither of the two knows what another seed would.
# Nothing here decides the claim about the paper's cells, for which it prints a gain of {glue:text}`gain:.2f` points: ours are other cells, smaller images, and {glue:text}`epochs` epochs in place of {glue:text}`their_epochs`.

# %%
table = planned_table(decisions, "P1", "P2", "P3")
display(table, provenance_of(records, part), missing_runs(part))

# %% [markdown]
# P1 and P2: accuracy; P3: F1 of the rarest class; n counts the folds that both networks have, and two are the fewest that a test can take.
# Margins in points: {glue:text}`margin` for P1 and P2, {glue:text}`rare_margin` for P3; p corrected by Holm for all planned contrasts of a question's family, those that are not run yet included.
#
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
# The reading `clean` has the skip, and also one linear layer fewer, so that a difference between the two is not the skip's alone.

# %% [markdown]
# ## The scores
#
# The counterpart of the paper's **Table 3**.
# Its columns are of other cells; ours should not be expected to equal them.

# %%
rows = []
for name, model in ROWS.items():
    theirs = table3.cell(name, "accuracy"), table3.cell(name, "f1")
    ours = fold_scores(groups.get(model, ()))
    rows.append((name, *map(printed, theirs), *ours))
headers = ("network", "paper: accuracy (%)", "paper: F1 (%)")
headers += ("Jurkat: scores (%)", "n (folds)")
table = wide_table(headers, rows, "Ablation's scores")
display(table, provenance_of(records, part))
display(*zhu_scores(ROWS, "ablation"))

# %% [markdown]
# Mean ± SD over the folds that a network has, which need not be the same ones; always naming the largest class gives {glue:text}`jurkat_floor:.1f` % (balanced 1/3).
# The paper's are as printed, over its folds; *lost*: not in the text that we have.
# A second table, for the paper's own cells (`zhu`), stands there when somebody has run `sweeps/ablation.yaml` on them.

# %% [markdown]
# What do the modules cost?
# A MAC is one multiplication with one addition; the printed GFLOPs follow no convention that we could find ({doc}`/book/1_question/audit`).

# %%
rows = []
for name, model in ROWS.items():
    theirs = table3.cell(name, "parameters"), table3.cell(name, "gflops")
    counted = count_network(groups[model][0], 224)
    millions, billions = counted.parameters / 1e6, counted.macs[224] / 1e9
    ours = f"{millions:.2f}", f"{billions:.2f}"
    rows.append((name, *map(printed, theirs), *ours))
headers = ("network", "paper: parameters (M)", "paper: GFLOPs")
headers += ("parameters (M)", "GMAC at 224 px")
wide_table(headers, rows, "Printed and counted")

# %% [markdown]
# Counted in the networks of these runs.
# A ResCMNet, with the fusion alone, has the parameters of the row that the paper labels ResGDNet, and the other way round: that is a reading, argued in {doc}`/book/3_model/recovery`, and we name a network by what is in it.
#
# ## Folds share their training cells
#
# Each fold gives one difference $d_i$ between two networks.
# If the folds were independent, the standard error of their mean would be $s_d/\sqrt n$, and that is the paired t-test that the paper used.
# But the folds are not independent: any two of them share most of their training cells, so they repeat the same luck.
# Nadeau and Bengio {cite}`nadeau2003inference` found that the error is larger, about
#
# $$
# \operatorname{SE}(\bar d) = s_d \sqrt{\frac{1}{n} + \frac{n_\text{test}}{n_\text{train}}} ,
# $$ (eq-ablation-corrected)
#
# with the numbers of test and training cells of one fold.
# The plan asks for this one.

# %%
show_code(corrected_resampled_t)

# %% [markdown]
# Here $n_\text{test}/n_\text{train}$ is {glue:text}`share:.2f`, and with {glue:text}`of_folds` folds {eq}`eq-ablation-corrected` makes the standard error {glue:text}`larger:.2f` times that of the plain test.

# %% mystnb={"image": {"alt": "A forest plot: one row per contrast, with a dot for the mean difference in accuracy, a thick bar for its 90 % interval and a thin one for its 95 % interval, a vertical line at zero and a grey band for the margin; a word over each row says the outcome."}, "figure": {"name": "fig-ablation-forest", "caption": "The grey band is the margin that was fixed before the runs: a thick bar that lies inside it says that a difference does not matter, one that reaches out of it and across zero that more runs are needed; where it is clear of zero, p decides, corrected for all planned contrasts. Difference in accuracy over the folds that both networks have, with 90 % intervals (thick) and 95 % intervals (thin) of the corrected resampled t-test; Jurkat cells, real."}}
over_folds = [d for d in decisions if d.question in ("P1", "P2")]
draw_forest(over_folds) if over_folds else draw_absent("One fold only.")
plt.show()
provenance_of(records, part)

# %% [markdown]
# ## The rarest class
#
# The paper's largest gain is in its rarest class, the oligodendrocytes.
# P3 asks the same of the rarest class here; it is *{glue:text}`rare`*.
# Rare and hard are two things, and only the rarest was planned.

# %% tags=["remove-input"]
def f1_of(model):
    """F1 of each class in per cent, a row for each fold."""
    return np.array([[100 * one["f1"] for one in run.test["per_class"]] for run in groups[model]])


rare = next((d for d in decisions if d.question == "P3"), None)
tell(rare=rare.outcome if rare else "not decided yet")

def validation(own, epoch):
    """Mean validation accuracy over the folds after an epoch, in per cent."""
    return np.mean([100 * run.history[epoch]["validation_accuracy"] for run in own])


begin, end = ({model: validation(groups[model], epoch) for model in pair} for epoch in (0, -1))
tell(
    begin=points(begin["cg_recnet"] - begin["resnet50"]), end=points(end["cg_recnet"] - end["resnet50"]),
)  # fmt: skip

recipe = load_tables()["S"]
fresh = {name for run in records for name in run.weights["fresh_parts"]}
holds(
    "Every network starts from the same ImageNet weights, except for its fusion, its gate and its last layers",
    fresh <= {"fc", "classifier", "classifier_extra", "fusion", "gate"} and len({run.weights["sha256"] for run in records}) == 1,
)
tell(
    size=config["image_size"], epochs=config["epochs"], batch=config["batch_size"], rate=f"{config['learning_rate']:g}",
    seed=config["seed"], their_epochs=recipe.cell("Epochs", "setting").value,
)  # fmt: skip

# %%
classes, cells = records[0].data["classes"], records[0].data["counts"]
f1 = {model: f1_of(model) for model in pair}
hardest = sum(each.mean(axis=0) for each in f1.values()).argmin()
marks = {int(hardest): "hardest", rarest_class(records[0]): "rarest"}
rows = []
for k, name in enumerate(classes):
    own = [f"{mean_text(f1[m][:, k])}\nn = {len(f1[m])}" for m in pair]
    marked = f"{name} ({marks[k]})" if k in marks else name
    rows.append((marked, f"{cells[name]:,}", *own))
headers = ("class", "cells", *(f"{title_of(m)}: F1 (%)" for m in pair))
runs = [run for m in pair for run in groups[m]]
display(wide_table(headers, rows, "F1 by class"), provenance_of(runs, part))

# %% [markdown]
# Mean ± SD over n folds.
#
# ## Were they trained enough?
#
# The counterpart of the curves in the paper's **Figure 5**.
# The two networks of a contrast need not be equally far.
# The baseline starts with every layer pretrained but its last.
# The others start with an untrained module *between* pretrained stages, so that the stages behind it see maps that they have not been trained for, until the module has learned to pass on what they need.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the epochs, one below the other: validation loss and validation accuracy. One colour for each network; thick lines are means over folds, thin lines single folds."}, "figure": {"name": "fig-ablation-curves", "caption": "Where the networks begin tells what the untrained modules cost; where the lines still move at the end, the comparison is one of speed as much as of what a network can reach. The dotted line marks the epoch from which the learning rate is a tenth: curves that flatten there do so because the schedule tells them to. Thick: means over folds; thin: single folds; Jurkat cells, real."}}
def draw_curves(axes, name, scale=1):
    """A score after each epoch: the mean over folds thick, single folds thin, a colour for each network."""
    for model, own in groups.items():
        epochs = range(1, min(len(run.history) for run in own) + 1)
        lines = np.array([[scale * run.history[epoch - 1][name] for epoch in epochs] for run in own])
        axes.plot(epochs, lines.T, color=MODEL_COLOURS[model], linewidth=0.7, alpha=0.4)
        axes.plot(epochs, lines.mean(axis=0), "o-", color=MODEL_COLOURS[model], markersize=3, label=title_of(model))


figure, panels = plt.subplots(2, 1, figsize=(4.4, 5.4), sharex=True)
draw_curves(panels[0], "validation_loss")
draw_curves(panels[1], "validation_accuracy", scale=100)
for axes, mark in zip(panels, "AB", strict=True):
    axes.axvline(config["step_size"] + 0.5, color="0.5", linestyle=":")
    letter(axes, mark)
panels[0].set(ylabel="validation loss", yscale="log")
panels[0].set_yticks([0.25, 0.5, 1, 2], ["0.25", "0.5", "1", "2"])
panels[0].minorticks_off()
panels[1].set(ylabel="validation accuracy (%)", xlabel="epoch")
panels[1].xaxis.get_major_locator().set_params(integer=True)
named = panels[0].get_legend_handles_labels()
figure.legend(*named, loc="outside lower center", ncols=2)
plt.show()
provenance_of(records, part)

# %%
rows = []
for model, own in groups.items():
    first, before, last = (validation(own, epoch) for epoch in (0, -2, -1))
    best = sum(run.history[-1]["reported"] for run in own)
    rows.append((
        title_of(model), f"{first:.1f}", f"{last:.1f}",
        points(last - before), f"{best} of {len(own)}",
    ))  # fmt: skip
headers = ("network", "after epoch 1 (%)", "after the last (%)")
headers += ("last gain (points)", "last was best")
wide_table(headers, rows, "Validation accuracy")

# %% [markdown]
# After the first epoch the mean validation accuracy of CG-RecNet differed from that of the baseline by {glue:text}`begin` points, after the last by {glue:text}`end`.

# %% [markdown]
# ## How this was measured
#
# ````{dropdown} The runs
# Images of {glue:text}`size` pixels, {glue:text}`epochs` epochs, batches of {glue:text}`batch`, first learning rate {glue:text}`rate` (whether another suits a network better is asked in {doc}`choices`), one seed ({glue:text}`seed`).
# Every network starts from the same ImageNet weights, except for its fusion, its gate and its last layers, which have none.
# It is a small copy of the paper's experiment and says what these networks do after this little training.
# The planned tests and the interval of the page's first sentence are over folds; the interval over test cells (Tango's, for two networks on the same cells) was not planned.
# ````
#
# ## What this does not tell
#
# - **Few epochs.**
#   A module that starts untrained has more to learn than a pretrained stage, so a loss here may be a loss of time and not of ability.
# - **Folds overlap**, and all runs have one seed.
#   {eq}`eq-ablation-corrected` repairs the first on average; what the seed alone does is the subject of {doc}`spread`.
# - **Small images.**
#   After the second stage the map is small, so a module that is meant to see far has little to look across.
# - **A path that may be dead.**
#   Whether the fusion recalibrates at all in a trained network is looked into in {doc}`/book/7_judgement/limitations`.
# - **Other cells.**
#   No outcome on this page decides a claim about the paper's cells; {doc}`headline` sets them side by side.
# - **A random split.**
#   It can part near copies of a cell ({doc}`/book/2_data/splits`), the same for all four networks.
#
# **Take-away.**
# An ablation is read along the folds, with an error that knows that folds overlap, against a margin that was fixed before; one fold is one draw.

# %% [markdown]
# ```{exercise} The plain test
# :label: exercise-ablation-plain
#
# Do the paper's test, the plain paired t-test, on the accuracies of CG-RecNet and the baseline over the folds, by hand and with the library.
# How do the p-value and the interval change against {eq}`eq-ablation-corrected`, and why does the difference itself not change?
# ```
#
# ````{solution} exercise-ablation-plain
# :class: dropdown
#
# The correction only makes the standard error larger; the mean of the differences is the same.
# ````

# %% tags=["hide-cell"]
common = sorted(set.intersection(*({r.config["fold"] for r in groups.get(m, [])} for m in pair)))
if len(common) > 1:
    ours, base = ([next(r for r in groups[m] if r.config["fold"] == f).test["accuracy"] for f in common] for m in ("cg_recnet", "resnet50"))
    d = 100 * (np.array(ours) - np.array(base))
if len(common) > 1 and differences_vary(ours, base):
    by_hand = d.mean() / (d.std(ddof=1) / np.sqrt(len(d)))
    plain, corrected = paired_t(ours, base), corrected_resampled_t(ours, base, overlap(records))
    assert np.isclose(by_hand, plain.statistic)
    for test in (plain, corrected):
        print(f"{test.method}: {points(test.difference)} points, 95 % interval {interval(test.interval95)}, t = {test.statistic:.2f}, p {p_equal(test.p_value)}, n = {test.n} folds")
else:
    print("no spread")

# %% [markdown]
# ```{exercise} Is a fold hard, or a network bad?
# :label: exercise-ablation-fold
#
# How much of the spread in {numref}`fig-ablation-boxes` belongs to the folds, which all networks share?
# Split the variance of the accuracies into a part between networks, a part between folds, and the rest.
# ```
#
# ````{solution} exercise-ablation-fold
# :class: dropdown
#
# Take the mean of each network and of each fold away, and see what is left.
# It needs the folds that all four networks have.
# ````

# %% tags=["hide-cell"]
complete = [f for f in range(config["folds"]) if all(any(r.config["fold"] == f for r in groups.get(m, [])) for m in ROWS.values())]
if len(complete) > 1:
    table = np.array([[score_of(next(r for r in groups[m] if r.config["fold"] == f), "accuracy") for f in complete] for m in ROWS.values()])
    networks, folds_part = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - networks - folds_part + table.mean()
    squares = {"networks": len(complete) * networks.var() * len(ROWS), "folds": len(ROWS) * folds_part.var() * len(complete), "rest": (rest**2).sum()}
    assert np.isclose(sum(squares.values()), table.var() * table.size)
    for name, value in squares.items():
        print(f"{name}: {value / sum(squares.values()):.0%}")
else:
    print("too few folds")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why are differences taken fold by fold before they are averaged?
# Folds differ in how hard their cells are, and that hits all networks alike.
# The difference within a fold is free of it, so its spread is smaller.
# :::
#
# :::{dropdown} 2. Five folds share most of their training cells. What does an ordinary t-test get wrong?
# It takes the differences for independent, and so the error of their mean for smaller than it is.
# The corrected test adds a term for the shared cells.
# :::
#
# :::{dropdown} 3. The network with both modules is not ahead of the baseline beyond chance. What has *not* been shown?
# That the modules are useless.
# These are other cells at a smaller size, with few epochs; an interval says how large an advantage would still go with what was seen.
# :::
