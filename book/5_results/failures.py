# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Failures
#
# **You will learn** how to look at mistakes instead of counting them: whether networks share them, what the mistaken cells have in common, and how far a mistake may be the label's.
#
# **You need** {doc}`/book/5_results/classes`.
# Reading takes about {reading-time}`this page`.
#
# A score says how many cells were wrong.
# It does not say which, and it is the *which* that tells whether more data, another network, or better labels would help.
# Here are the four networks of the ablation on Jurkat cells, each cell judged by networks that were not trained on it (as in {doc}`classes`).
#
# **Everything on this page is exploratory.**
# None of it was planned ({doc}`plan`); with so many looks, some difference will show by chance, and what is found here has to be asked again of new cells.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from cgrecnet.data import open_dataset
from cgrecnet.data.duplicates import find_duplicates
from cgrecnet.data.jurkat import dna_stain
from cgrecnet.data.traits import TRAITS
from cgrecnet.evaluation.counts import mcnemar, wilson
from cgrecnet.evaluation.plan import load_plan
from cgrecnet.evaluation.shared_errors import shared_errors
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.classes import NAMES, signed, span
from cgrecnet.figures.failure_drawings import draw_contrasts, draw_shared, draw_stages
from cgrecnet.figures.failures import (
    BEYOND,
    LEAST,
    contrasts,
    failure_frame,
    in_order,
    measured,
    nearer_to_neighbour,
    sample,
)
from cgrecnet.figures.gallery import gallery
from cgrecnet.figures.missing import missing_runs, provenance_of
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.figures.widget import chances
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import command, experiment
from cgrecnet.runs.pooled import pool

use_book_style()
MODELS = ("resnet50", "rescmnet", "resgdnet", "cg_recnet")
FULL, BASE = "cg_recnet", "resnet50"
SURE = 0.9
ALPHA = load_plan().alpha
PART = ("ablation", "jurkat")
runs = experiment(*PART, RESULTS)
records = runs.records if runs else ()
pooled = pool(records, MODELS, RESULTS) if runs else None
frame = failure_frame(pooled, FULL, BASE, SURE) if pooled is not None else None
no_runs = "There are too few runs yet: " + command(*PART).removeprefix(".venv/bin/")
cells = open_dataset("jurkat")
assert pooled is None or cells.fingerprint == pooled.records[0].data["fingerprint"]  # the pictures that the runs saw
why_not = no_runs if pooled is None else "No stage has enough cells that all networks miss"
said = missing_runs(PART, results=RESULTS)
if pooled is not None:
    ALL = len(MODELS)
    failed = frame["missed"].eq(ALL)
    said += (
        f"\n\n**Here:** n = {len(frame):,} test cells of {len(pooled.folds_in)} {'fold' if len(pooled.folds_in) == 1 else 'folds'}, {ALL} networks. "
        f"All networks miss {failed.sum():,} cells ({failed.mean():.1%}), at least one misses {(frame['missed'] > 0).sum():,}."
    )
Markdown(said)

# %% [markdown]
# ## Do networks share their mistakes?
#
# Suppose the networks erred independently.
# If network $m$ misses a share $e_m$ of a class, then all of them would miss
#
# $$
# \Pr(\text{all wrong}) = \prod_m e_m
# $$ (eq-failures-independent)
#
# of it: four networks that miss a tenth each would all miss the same cell once in ten thousand.
# {numref}`fig-failures-shared` compares this with the count.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels, one per class. Bars on a logarithmic scale count the cells that zero, one, two, three and all four networks miss; diamonds give the number that would be expected if the networks erred independently."}, "figure": {"name": "fig-failures-shared", "caption": "Look at the rightmost bar of each panel: bars above their diamonds at both ends mean that some cells are hard for every network and most are easy for all, so that the mistakes belong to the cells more than to the networks. Bars: Jurkat test cells of the folds put together; diamonds: expected if the networks erred independently within a class."}}
if pooled is not None:
    draw_shared(pooled)
else:
    draw_absent(no_runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% tags=["remove-input"]
if pooled is None:
    text = f"{no_runs}."
else:
    observed, expected = shared_errors(pooled.labels, [pooled.predicted(m) for m in MODELS], len(pooled.classes))
    wrong_somewhere = int((frame["missed"] > 0).sum())
    also = float((frame["missed"] * (frame["missed"] - 1)).sum() / max((ALL - 1) * frame["missed"].sum(), 1))
    ratio = observed[:, -1].sum() / expected[:, -1].sum()
    text = (
        f"All {ALL} networks miss {observed[:, -1].sum():,} cells; independence would give {expected[:, -1].sum():.1f}, so that the count is {ratio:.3g} times the expected one. "
        f"Of the cells that any network misses, all networks miss {observed[:, -1].sum() / max(wrong_somewhere, 1):.0%}. "
        f"Where one network is wrong, another one is wrong too in {also:.0%} of the cases (all pairs of the {ALL} networks together); over all cells, a network is wrong in {frame['missed'].mean() / ALL:.0%}. "
    )
    text += (
        "The mistakes are largely shared: they go with the cells more than with the modules."
        if ratio > 2
        else "The mistakes are not much more shared than independence would have it."
    )
Markdown(text)

# %% [markdown]
# The four have much in common: the same backbone, the same first weights, the same training cells.
# So shared mistakes may come from the cells, from the labels, or from what the networks share.
#
# ## Wrong and sure
#
# A network that is wrong and unsure can ask for help; one that is wrong and sure cannot.

# %% tags=["remove-input"]
if pooled is None:
    shown = f"{no_runs}."
else:
    rows = []
    for model in MODELS:
        top, wrong = pooled.probabilities[model].max(axis=1), ~pooled.right(model)
        sure = top >= SURE
        both = int((wrong & sure).sum())
        among = f"{100 * both / sure.sum():.1f} %\n({span(wilson(both, int(sure.sum())))})" if sure.any() else "no cell"
        rows.append([NAMES[model], f"{wrong.sum():,}", f"{sure.sum():,}", f"{both:,}", among])
    head = ["network", "wrong cells", f"sure cells (at least {SURE:g})", "wrong and sure", "of the sure ones, wrong"]
    shown = wide_table(head, rows, "Cells on which each network is wrong and sure") + (
        f"\n\nJurkat, n = {len(frame):,} test cells; in brackets Wilson's 95 % interval. "
        f"If the probabilities were true, fewer than {1 - SURE:.0%} of the sure cells would be wrong ({{doc}}`calibration`)."
    )
Markdown(shown)

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% [markdown]
# ## Where CG-RecNet and the baseline disagree
#
# The cells on which two networks disagree are all that their difference rests on.

# %% tags=["remove-input"]
if pooled is None:
    shown = f"{no_runs}."
else:
    rows = []
    one, other = pooled.predicted(FULL), pooled.predicted(BASE)
    for index, name in enumerate((*pooled.classes, "all")):
        inside = np.ones(len(pooled), bool) if name == "all" else pooled.labels == index
        if not inside.any():
            continue
        found = mcnemar(pooled.labels[inside], one[inside], other[inside])
        neither = int((~pooled.right(FULL) & ~pooled.right(BASE) & inside).sum())
        rows.append([
            name, f"{found.n:,}", f"{found.n - found.only_first - found.only_second - neither:,}", f"{found.only_first:,}", f"{found.only_second:,}", f"{neither:,}",
            f"{signed(found.difference, 2)}\n({span(found.interval95, 1, 2, sign=True)})", f"{found.p_value:.2g}",
        ])  # fmt: skip
    head = ["class", "cells", "both right", "only CG-RecNet", "only baseline", "both wrong", "difference in recall", "McNemar p"]
    shown = wide_table(head, rows, "Cells that CG-RecNet and the baseline have right") + (
        "\n\nJurkat; difference in percentage points, CG-RecNet minus baseline, 95 % interval over cells (Tango's, or exact where they are few). "
        "*Exploratory*: p-values are not corrected, and speak of these trained networks, not of training again. "
        "The planned comparison (P1), over folds, is in {doc}`ablation`."
    )
Markdown(shown)

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% [markdown]
# ## Which stage fails?
#
# The classes S+G2 and M were put together from finer stages, and the networks never saw these.
# So we can ask where inside a class the mistakes sit ({numref}`fig-failures-stages`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per stage of the cell cycle, G1 of the second experiment apart. A dot with an interval shows the share of cells that all networks miss, a vertical tick the mean share that one network misses."}, "figure": {"name": "fig-failures-stages", "caption": "A class is no block: where rows of one class lie far apart, its mistakes sit in one stage, and a mean over the class hides it. Dots: share of a stage's cells that all four networks miss, with Wilson's 95 % interval; ticks: share that a single network misses, mean over the four networks. Jurkat test cells of the folds put together; G1 of the second experiment is shown apart."}}
if pooled is not None:
    draw_stages(frame, ALL)
else:
    draw_absent(no_runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% tags=["remove-input"]
if pooled is None:
    text = f"{no_runs}."
else:
    rate = frame.groupby("stratum")["missed"].agg(lambda m: m.eq(ALL).mean())
    size = frame["stratum"].value_counts()
    steady = [name for name in in_order(frame["stratum"]) if size[name] >= LEAST]
    worst, best = max(steady, key=rate.get), min(steady, key=rate.get)
    named = frame[failed & frame["stratum"].eq(worst)]["named"].value_counts()
    text = (
        f"Among strata of at least {LEAST} cells, all networks together miss most often in {worst} ({rate[worst]:.1%} of {size[worst]:,} cells) "
        f"and least often in {best} ({rate[best]:.1%} of {size[best]:,}). "
    )
    if len(named):
        text += f"What CG-RecNet calls the missed cells of {worst}: " + ", ".join(f"{name} {count}" for name, count in named.items()) + "."
Markdown(text)

# %% [markdown]
# ## What do the missed cells look like?
#
# Now the pictures.
# We compare cells that **all** networks miss with cells that **none** misses, *within one stage* (and experiment), so that a difference is not just the difference between stages.
# For every trait the effect is the **probability of superiority**: draw one missed cell and one that nobody misses; how often has the missed one the larger value?
#
# $$
# \begin{aligned}
# A = {} & \Pr(x_m > x_r) \\
# & + \tfrac{1}{2} \Pr(x_m = x_r) ,
# \end{aligned}
# $$ (eq-failures-superiority)
#
# where $x_m$ is the value of a missed cell and $x_r$ that of one that no network misses.
# One half means no difference.
# $A$ is the Mann-Whitney statistic divided by its largest value, so that the test that goes with it makes no assumption about how the trait is distributed.
# The traits are measured on the picture as in {doc}`/book/2_data/meeting_the_data`, by a program that knows neither labels nor networks.

# %% tags=["remove-input"]
chosen = sample(frame, ALL) if pooled is not None else None
found = contrasts(measured(chosen, cells)) if chosen is not None else []
if pooled is None:
    text = f"{no_runs}."
elif not found:
    text = f"No stage has {LEAST} cells that all networks miss and {LEAST} that none misses, so that there is nothing to compare."
else:
    counts = chosen.groupby(["stratum", "failed"]).size().unstack()
    text = "Measured: " + "; ".join(f"{name}, {counts.loc[name, True]} missed and {counts.loc[name, False]} right cells" for name in in_order(counts.index)) + "."
Markdown(text)

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel per measured trait: diameter, aspect, background, noise, contrast, slope of the spectrum. In each, one row per stage with a mark and an interval on an axis from 0 to 1, a dotted line at one half."}, "figure": {"name": "fig-failures-traits", "caption": "Marks on the dotted line: missed cells look like the others of their stage in this respect. Marks far from it, filled, say what kind of cell is missed. Probability that a missed cell has the larger value than one that no network misses, within a stage; 95 % bootstrap intervals; filled: p below the level of the plan after Holm's correction over all marks. Jurkat, real cells."}}
if found:
    draw_contrasts(found, ALPHA)
else:
    draw_absent(why_not)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% tags=["remove-input"]
clear = sorted((one for one in found if one.corrected < ALPHA), key=lambda one: -abs(one.found.probability - 0.5))
if not found:
    text = ""
elif not clear:
    text = f"None of the {len(found)} comparisons stays below {ALPHA:g} after correction: by these traits, missed cells look like the others of their stage."
else:
    parts = [
        f"{TRAITS[one.trait].label} in {one.stratum}: {'larger' if one.found.probability > 0.5 else 'smaller'} in missed cells (A = {one.found.probability:.2f}, {span(one.found.interval95, 1, 2)})"
        for one in clear[:5]
    ]
    text = (
        f"Of {len(found)} comparisons, {len(clear)} stay below {ALPHA:g} after Holm's correction. "
        f"The strongest: {'; '.join(parts)}. "
        "A trait that goes with failure need not be its cause: traits hang together, and the networks may use what goes along with them."
    )
    if any(one.trait in ("background", "noise") for one in clear):
        text += " Background and noise are no property of the cell; where they go with failure, the networks lean on the acquisition ({doc}`/book/2_data/shortcuts`)."
Markdown(text)

# %% [markdown]
# ## Is it the label?
#
# "Wrong" means: not what the label says.
# The labels rest on the DNA stain, and between G1 and S the amount of DNA grows without a step, so that someone had to draw a line.
# The networks never see the stain; we may look at it afterwards.
#
# Take the cells of Experiment 1 with the label S that all networks miss, and that CG-RecNet calls G1.
# How many of them have a stain nearer to the median of G1 than to that of S?
# And how many of those S cells that no network misses?
# The same the other way round for G1 cells that are called S+G2.
# Both comparisons stay within one stage, so that G2, which has more DNA than S and is missed at another rate, cannot make the difference.
# (M is left out: it has as much DNA as G2, and the stain cannot tell.)

# %% tags=["remove-input"]
stain = pd.Series(dna_stain(cells.table), index=cells.table["cell_id"])
if pooled is None:
    text = f"{no_runs}."
else:
    near = nearer_to_neighbour(frame, stain, ALL)
    rows, by_key = [], {}
    for row in near.itertuples():
        share = wilson(row.nearer, row.cells) if row.cells else None
        by_key[row.stage, row.failed] = share, row
        rows.append([
            row.stage, f"all, and CG-RecNet calls it {BEYOND[row.stage]}" if row.failed else "none",
            f"{row.cells:,}", f"{row.nearer:,}", "no cells" if share is None else f"{100 * row.nearer / row.cells:.1f} %\n({span(share)})",
        ])  # fmt: skip
    text = wide_table(["label", "networks that miss it", "cells", "stain nearer to the other stage", "share"], rows, "Cells whose DNA stain is nearer to the other stage")
    text += "\n\nJurkat, Experiment 1; in brackets Wilson's 95 % interval.\n\n"
    for name in BEYOND:
        (bad, one), (good, two) = by_key[name, True], by_key[name, False]
        if bad is None or good is None:
            text += f"For {name} there are no cells to compare. "
        elif bad[0] > good[1]:
            text += f"Missed cells of {name} have a stain like the other stage's more often than the others: {one.nearer / one.cells:.0%} of these mistakes lie beyond the line between the medians, the rest do not. "
        elif bad[1] < good[0]:
            text += f"Missed cells of {name} have a stain like the other stage's *less* often than the others. "
        else:
            text += f"For {name} the intervals overlap: no sign that missed cells lie nearer to the line. "
Markdown(text)

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% [markdown]
# This does not show that a label is *wrong*.
# A cell in early S phase has a little more DNA than in G1 and looks like it; the label can be right and the picture silent.
# What it can show is where a mistake is cheap to excuse and where it is not.
#
# Another sign of a doubtful label would be one cell that is in the data twice, with two labels.
# The search for copies of {doc}`/book/2_data/splits` tells.

# %% tags=["remove-input"]
first = np.flatnonzero(cells.table["experiment"] == 1)
pairs = find_duplicates([cells.images[i] for i in first])
ids, labels, stages = (cells.table[name].to_numpy()[first] for name in ("cell_id", "class_name", "stage"))
torn = [pair for pair in pairs if labels[pair.first] != labels[pair.second]]
apart = [pair for pair in pairs if stages[pair.first] != stages[pair.second]]
lost = set(frame.loc[failed, "cell_id"]) if pooled is not None else set()
hit = [pair for pair in pairs if {ids[pair.first], ids[pair.second]} & lost]
Markdown(
    f"Among the {len(first):,} cells of Experiment 1 (Experiment 2 is G1 alone, and has no second label to give) the search finds {len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} of exact or near copies. "
    f"Pairs with two different classes: {len(torn) or 'none'}; with two different stages: {len(apart) or 'none'}; with a cell that all networks miss: {len(hit) or 'none'}. "
    + (
        "So copies with two labels do not explain the mistakes. The search finds copies of one picture, not two pictures of one cell."
        if not torn
        else "Such a pair shows that one of its labels cannot be right: " + "; ".join(f"`{ids[p.first]}` and `{ids[p.second]}`" for p in torn) + "."
    )
)

# %% [markdown]
# ## The gallery
#
# Numbers end here, and looking begins.
# {numref}`fig-failures-gallery` shows cells drawn at random from each group, none chosen for its looks.

# %% tags=["remove-input"]
PER_GROUP = 26
GROUPS = ("all wrong, sure", "all wrong, unsure", "only CG-RecNet right", "only the baseline right", "all right")
gallery_cells = []
if pooled is not None:
    rng = np.random.default_rng(2)
    for name in GROUPS:
        members = np.flatnonzero(frame["group"] == name)
        gallery_cells += rng.permutation(rng.choice(members, min(PER_GROUP, len(members)), replace=False)).tolist()
    sizes = frame["group"].value_counts()
    text = (
        f"It holds {len(gallery_cells)} cells, at most {PER_GROUP} of each group. In the data the groups have: "
        + ", ".join(f"*{name}* {sizes.get(name, 0):,}" for name in GROUPS)
        + f" cells. *Sure*: CG-RecNet gives its class at least {SURE:g}."
    )
else:
    text = f"{no_runs}."
Markdown(text)

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-failures-gallery", "caption": "Before you read the label, decide yourself; then compare the group that all networks miss with the one that none misses, inside one stage. Below each picture: its id, label and stage, and the probabilities of CG-RecNet. Jurkat test cells of the folds put together, drawn at random from each group. Pictures: brightfield, one grey scale for all; Blasi et al. 2016, repository MLCP, BSD-3-Clause."}}
if gallery_cells:
    part = frame.iloc[gallery_cells]
    shown = gallery(
        part["cell_id"].tolist(),
        {
            "group": part["group"].tolist(),
            "true class": part["class_name"].tolist(),
            "stage": part["stage"].tolist(),
            "CG-RecNet names": part["named"].tolist(),
            "certainty": ["sure" if top >= SURE else "unsure" for top in part["top"]],
        },
        [f"{row.class_name} ({row.stage}); {chances(p, pooled.classes)}" for row, p in zip(part.itertuples(), pooled.probabilities[FULL][gallery_cells], strict=True)],
        "Jurkat cells that networks miss, and some that none misses",
        cells,
    )
else:
    shown = draw_absent(no_runs)
shown

# %% tags=["remove-input"]
provenance_of(records, PART)

# %% [markdown]
# ## What this does not tell
#
# - *Missed by all four* depends on these four, which are relatives. A stranger might have them right.
# - Traits are compared within a stage, but a stage is no point: cells grow within G1, too.
# - A cell in the gallery looks wrong more easily once one knows that it is. The group *all right* is there to compare.
#
# **Take-away.**
# Mistakes are data.
# Ask whether networks share them, in which stage they sit, what they look like and how near to the label's own border they lie, before building another module.
#
# ```{exercise} Relatives
# :label: exercise-failures-relatives
#
# For two networks, let $J$ be the number of cells that both miss, divided by the number that at least one misses.
# Compute $J$ for each pair of the four networks.
# Which pair is most alike, and is it the one that shares a module?
# ```
#
# ````{solution} exercise-failures-relatives
# :class: dropdown
#
# The next cell computes it.
# Compare the pairs with a module in common (ResCMNet or ResGDNet with CG-RecNet) with the others.
# Training the same network twice, with two seeds, would be the yardstick for how alike two networks can be.
# ````

# %% tags=["hide-cell"]
if pooled is not None:
    for number, first in enumerate(MODELS):
        for second in MODELS[number + 1 :]:
            a, b = ~pooled.right(first), ~pooled.right(second)
            print(f"{NAMES[first]:>9} and {NAMES[second]:<9}: J = {(a & b).sum() / max((a | b).sum(), 1):.2f}")
else:
    print(no_runs)

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Four networks make mistakes on the same cells. What does that speak for?
# For something in the cells or their labels rather than in one network.
# Another module will hardly help where all of them fail together.
# :::
#
# :::{dropdown} 2. A cell lies near the border of its label. How can a mistake be the label's?
# Labels are cut from a continuous measurement.
# Just beside the cut the class is a coin toss, and no picture can tell what the cut decided.
# :::
#
# :::{dropdown} 3. Everything on this page is exploratory. What must happen before it counts as a finding?
# It has to be asked again, of cells that did not suggest it, by a rule that was written first.
# :::
