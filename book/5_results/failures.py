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

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.duplicates import find_duplicates
from cgrecnet.data.jurkat import dna_stain
from cgrecnet.data.traits import TRAITS, traits
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.counts import mcnemar, wilson
from cgrecnet.evaluation.planned_contrasts import holm
from cgrecnet.evaluation.roc_auc import probability_of_superiority
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import accuracy_text
from cgrecnet.figures.shares import draw_shares
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import p_equal, span, wide_table, with_interval
from cgrecnet.figures.widgets.base import chances
from cgrecnet.figures.widgets.gallery import gallery
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.runs.pooled import pool, with_folds_of
from cgrecnet.runs.query import needed

use_book_style()
FULL, BASE = "cg_recnet", "resnet50"
LEAST, MOST = 20, 200  # fewest cells of either group for a comparison of traits, and most cells that are measured
SURE, ALPHA = 0.9, load_plan().alpha
#: The height is 40 pixels for all, and the ratio of two other traits says nothing new.
COMPARED = ["diameter", "aspect", "background", "noise", "contrast", "slope"]
STAGES = ("G1", "S", "G2", "Prophase", "Metaphase", "Anaphase", "Telophase")  # in the order of the cell cycle
PART = ("ablation", "jurkat")
records = needed(*PART, (BASE, FULL)).records
pooled = pool(records, (BASE, FULL))
labels, classes = pooled.labels, pooled.classes
cells = open_dataset("jurkat")
assert cells.fingerprint == records[0].data["fingerprint"]  # the pictures that the runs saw
place_of = {name: i for i, name in enumerate(cells.table["cell_id"])}

wrong = {model: ~pooled.right(model) for model in (BASE, FULL)}
names = np.array(classes)
frame = pd.DataFrame({"cell_id": pooled.cell_ids.astype(str), "class_name": names[labels], "named": names[pooled.predicted(FULL)]})
frame[["experiment", "stage"]] = frame["cell_id"].str.extract(r"^e(\d+)-([A-Za-z0-9]+)-")  # an id tells where a cell is from
frame["missed"] = wrong[FULL].astype(int) + wrong[BASE]  # by how many of the two
frame["stratum"] = frame["stage"].where(frame["experiment"] == "1", frame["stage"] + ", exp. " + frame["experiment"])
frame["group"] = np.select(
    [~wrong[FULL] & ~wrong[BASE], ~wrong[FULL], ~wrong[BASE], pooled.probabilities[FULL].max(axis=1) >= SURE],
    ["both right", f"only {title_of(FULL)} right", f"only the {title_of(BASE).lower()} right", f"both wrong, {title_of(FULL)} sure"],
    f"both wrong, {title_of(FULL)} unsure",
)
failed = frame["missed"].eq(2)
shared = []  # of each class: cells, missed by the baseline, by CG-RecNet, by both, and by both if independent
for k in range(len(classes)):
    base, full = wrong[BASE][labels == k], wrong[FULL][labels == k]
    shared.append((len(base), int(base.sum()), int(full.sum()), int((base & full).sum()), base.mean() * full.sum()))
both, expected = int(failed.sum()), sum(row[-1] for row in shared)
holds(
    "Both networks miss the same ... % of the cells (95 % interval ...; n = ... Jurkat cells); independent mistakes would share",
    wilson(both, len(frame))[0] > expected / len(frame),
)
holds(
    "In every class both networks miss more of the same cells (dots) than independent mistakes would give",
    all(wilson(count, size)[0] > chance / size for size, _, _, count, chance in shared),
)
tell(
    n=f"{len(frame):,}", folds=len(pooled.folds_in), of_folds=records[0].config["folds"], both=both, share=100 * both / len(frame),
    share_ends=span(wilson(both, len(frame))), chance=100 * expected / len(frame), expected=expected,
    full_wrong=int(wrong[FULL].sum()), base_wrong=int(wrong[BASE].sum()),
    also=100 * 2 * both / int(wrong[FULL].sum() + wrong[BASE].sum()), sure=SURE, not_sure=100 * (1 - SURE), least=LEAST, alpha=ALPHA, most=MOST,
)  # fmt: skip

# %% [markdown]
# **The answer.** Both networks miss the same {glue:text}`share:.1f` % of the cells (95 % interval {glue:text}`share_ends`; n = {glue:text}`n` Jurkat cells); independent mistakes would share {glue:text}`chance:.1f` %.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per class. A dot with an interval shows the share of its cells that both networks miss; to the left of it a diamond shows the share that independent mistakes would give."}, "figure": {"name": "fig-failures-shared", "caption": "In every class both networks miss more of the same cells (dots) than independent mistakes would give (diamonds): the mistakes belong to the cells more than to the modules. CG-RecNet and the baseline on Jurkat test cells, the folds put together; bars: Wilson's 95 % intervals; exploratory."}}
figure, axes = plt.subplots(figsize=(4.4, 2.8))
places = range(len(classes))
draw_shares(axes, places, [(row[3], row[0]) for row in shared], across=True, color=PALETTE[0], label="counted")
axes.plot([100 * row[4] / row[0] for row in shared], places, "D", color=PALETTE[1], label="if independent")
axes.set_yticks(places, [f"{name}\nn = {row[0]:,}" for name, row in zip(classes, shared, strict=True)])
axes.set(ylim=(len(classes) - 0.5, -0.5), xlim=(0, None), xlabel="missed by both networks (%)")
figure.legend(loc="outside upper center", ncols=2)
plt.show()
provenance_of(pooled.records, PART)

# %% [markdown]
# A score says how many cells were wrong and not which, and it is the *which* that tells whether more data, another network or better labels would help.
# So we asked whether CG-RecNet and the baseline err on the same cells; the plan ({doc}`plan`) did not ask, and this page is **exploratory**: with so many looks some difference shows by chance, and what is found has to be asked again of new cells.
# CG-RecNet misses {glue:text}`full_wrong` cells and the baseline {glue:text}`base_wrong`; {glue:text}`both` of them are the same, where independence within each class would give {glue:text}`expected:.0f`.
# Where one of them is wrong, the other is wrong too in {glue:text}`also:.0f` % of the cases.
# The two have much in common, the same backbone, first weights and training cells, so this does not show whether shared mistakes come from the cells, from their labels, or from what the networks share; and it is {glue:text}`folds` of {glue:text}`of_folds` folds.

# %% tags=["remove-input"]
rows = [
    (f"{name} (n = {size:,})", f"{same} ({100 * same / size:.1f} %)", f"{chance:.1f}", full, base)
    for name, (size, base, full, same, chance) in zip(classes, shared, strict=True)
]
headers = ("class", "missed by both", "if independent", "by CG-RecNet", "by the baseline")
display(wide_table(headers, rows, "Cells missed"), missing_runs(PART))

order = sorted(set(frame["stratum"]), key=lambda name: (STAGES.index(name.partition(",")[0]), name))
stages = {name: (int(own["missed"].eq(2).sum()), len(own)) for name in order if len(own := frame[frame["stratum"] == name])}

def sample():
    """Of each stratum at most MOST cells that both networks miss, and as many that neither does, at random."""
    rng, parts = np.random.default_rng(0), []
    for stratum in order:
        groups = [frame.index[(frame["stratum"] == stratum) & (frame["missed"] == count)] for count in (2, 0)]
        if min(map(len, groups)) >= LEAST:
            drawn = [np.sort(rng.choice(group, min(MOST, len(group)), replace=False)) for group in groups]
            parts += [frame.loc[rows].assign(failed=rows is drawn[0]) for rows in drawn]
    return pd.concat(parts)

# %% [markdown]
# ## Independent mistakes
#
# Suppose the networks erred independently.
# If network $m$ misses a share $e_m$ of a class, then all of them would miss
#
# $$
# \Pr(\text{all wrong}) = \prod_m e_m
# $$ (eq-failures-independent)
#
# of it: two networks that miss a tenth each would both miss the same cell once in a hundred.

# %%
for k, name in enumerate(classes):
    full, base = (wrong[model][labels == k] for model in (FULL, BASE))
    together, chance = (full & base).mean(), full.mean() * base.mean()
    print(f"{name:>5}: both {together:.1%}, by chance {chance:.1%}")

# %% [markdown]
# ## Wrong and sure
#
# A network that is wrong and unsure can ask for help; one that is wrong and sure cannot.

# %%
rows, sure_wrong = [], {}
for model in (BASE, FULL):
    sure = pooled.probabilities[model].max(axis=1) >= SURE
    count, size = int((wrong[model] & sure).sum()), int(sure.sum())
    sure_wrong[model] = count, size
    share = f"{100 * count / size:.1f} %\n({span(wilson(count, size))})"
    score = accuracy_text(pooled, model)
    rows.append((title_of(model), score, f"{size:,}", count, share))
headers = ("network", "accuracy (%)", "sure cells", "sure and wrong")
table = wide_table((*headers, "sure: share wrong"), rows, "Wrong and sure")
display(table, provenance_of(pooled.records, PART))

# %% [markdown]
# Jurkat, n = {glue:text}`n` test cells; *sure*: a class has a probability of {glue:text}`sure` or more; in brackets Wilson's 95 % interval.
# *Floor* is the accuracy of always naming the largest class, *balanced* the mean recall of the three classes.
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
# Neither network is wrong more often than it admits: if the probabilities were true, fewer than {glue:text}`not_sure:.0f` % of the sure cells would be wrong ({doc}`calibration`).

# %% [markdown]
# ## Where the two disagree
#
# The cells on which two networks disagree are all that their difference rests on.

# %%
named = [pooled.predicted(FULL), pooled.predicted(BASE)]
rows, apart_by_class = [], {}
for k, name in enumerate((*classes, "all")):
    inside = labels == k if name != "all" else labels >= 0
    one = mcnemar(labels[inside], *(each[inside] for each in named))
    apart_by_class[name] = one
    said = f"{with_interval(one)}\np {p_equal(one.p_value)}"
    lost = int(failed[inside].sum())
    name = f"{name} (n = {one.n:,})"
    rows.append((name, said, one.only_first, one.only_second, lost))
headers = ("class", "difference in recall (points)")
headers += ("CG-RecNet right", "baseline right", "both wrong")
table = wide_table(headers, rows, "Who is right")
display(table, provenance_of(pooled.records, PART))

# %% [markdown]
# Jurkat; CG-RecNet minus baseline, 95 % interval over cells (Tango's, or exact where they are few); p by McNemar's test, not corrected.
# In G1, and in all classes together, the baseline is right more often; in the two other classes the intervals hold zero.
# This speaks of these trained networks and not of training again; the planned comparison (P1), over folds, is in {doc}`ablation`.

# %% [markdown]
# ## Which stage fails?
#
# The classes S+G2 and M were put together from finer stages, and the networks never saw these.
# So we can ask where inside a class the mistakes sit ({numref}`fig-failures-stages`).

# %% mystnb={"image": {"alt": "One row per stage of the cell cycle, G1 of the second experiment apart. A dot with an interval shows the share of cells that both networks miss, a vertical tick the mean share that one network misses."}, "figure": {"name": "fig-failures-stages", "caption": "A class is no block: S and G2 are one class, and S is missed far more often. Dots: share of a stage's cells that both networks miss, with Wilson's 95 % interval; ticks: share that a single network misses, mean over both. Jurkat test cells of the folds put together; G1 of the second experiment is shown apart."}}
figure, axes = plt.subplots(figsize=(4.4, 4.2))
places = range(len(order))
style = {"across": True, "color": PALETTE[0], "label": "missed by both"}
draw_shares(axes, places, stages.values(), **style)
mean = 50 * frame.groupby("stratum")["missed"].mean()[order]
label = "one network, mean"
axes.plot(mean, places, "k|", markersize=12, label=label)
axes.set_yticks(places, [f"{s}\nn = {stages[s][1]:,}" for s in order])
axes.set(ylim=(len(order) - 0.5, -0.5), xlim=(0, None))
axes.set_xlabel("share of the cells (%)")
axes.grid(axis="x", color="#ddd")
figure.legend(loc="outside upper center", ncols=2)
plt.show()
provenance_of(pooled.records, PART)

# %% [markdown]
# Among strata of at least {glue:text}`least` cells, both networks miss most often in {glue:text}`worst` ({glue:text}`worst_share:.0f` % of n = {glue:text}`worst_n` cells) and least often in {glue:text}`best` ({glue:text}`best_share:.0f` % of {glue:text}`best_n:,`).
# Of the {glue:text}`worst_missed` missed cells of {glue:text}`worst`, CG-RecNet calls {glue:text}`taken` {glue:text}`taken_for`, the stage before it.

# %% [markdown]
# ## What do the missed cells look like?
#
# Now the pictures.
# We compare cells that **both** networks miss with cells that **neither** misses, *within one stage* (and experiment), so that a difference is not just the difference between stages.
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

# %%
chosen = sample()
pictures = [cells.images[place_of[name]] for name in chosen["cell_id"]]
seen = pd.DataFrame([traits(each, cells.window) for each in pictures])
seen.index = chosen.index
compared = []
for stratum, own in seen.groupby(chosen["stratum"], sort=False):
    lost = chosen.loc[own.index, "failed"]
    for trait in COMPARED:
        missed, others = own.loc[lost, trait], own.loc[~lost, trait]
        found = probability_of_superiority(missed, others)
        compared.append((stratum, trait, found, found.p_value))
columns = ["stratum", "trait", "found", "p"]
compared = pd.DataFrame(compared, columns=columns)
compared["p"] = holm(compared["p"])

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel per measured trait: diameter, aspect, background, noise, contrast, slope of the spectrum. In each, one row per stage with a mark and an interval on an axis from 0 to 1, a dotted line at one half."}, "figure": {"name": "fig-failures-traits", "caption": "Failure shows in G1: cells that are missed are larger, and in the second experiment they also have less contrast and another slope; open marks may be chance. Probability that a missed cell has the larger value than one that neither network misses, within a stage; 95 % bootstrap intervals; filled: p below the level of the plan after Holm's correction over all marks. Jurkat, real cells; exploratory."}}
strata = list(compared["stratum"].unique())
figure, panels = plt.subplots(-(-len(COMPARED) // 2), 2, figsize=(4.4, 5.6), sharex=True, sharey=True)
for axes, trait, mark in zip(panels.flat, COMPARED, "ABCDEF", strict=True):
    for one in compared[compared["trait"] == trait].itertuples():
        value, (low, high) = one.found.probability, one.found.interval95
        filled = {} if one.p < ALPHA else {"markerfacecolor": "white"}
        axes.errorbar(value, strata.index(one.stratum), xerr=[[value - low], [high - value]], fmt="o", color=PALETTE[0], **filled)
    axes.axvline(0.5, color="#999", linestyle=":")
    axes.set(title=f"   {TRAITS[trait].label}", xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(len(strata) - 0.5, -0.5))
    axes.set_yticks(range(len(strata)), strata)
    letter(axes, mark)
figure.supxlabel("probability of superiority", fontsize=10)
plt.show()
provenance_of(pooled.records, PART)

# %% [markdown]
# Of {glue:text}`compared` comparisons {glue:text}`clear` stay below {glue:text}`alpha` after Holm's correction.
# The strongest: the spectrum of missed G1 cells of the second experiment has another slope (A = {glue:text}`effect:.2f`, {glue:text}`effect_ends`; p {glue:text}`p`; n = {glue:text}`n_missed` missed cells and {glue:text}`n_right` others).
# These cells have less contrast, too, and they are larger (A = {glue:text}`large:.2f`, {glue:text}`large_ends`), as missed G1 cells of the first experiment are.
# Their size fits a network that takes size for progress in the cycle: a large G1 cell looks like one that has gone on.
# With fewer folds, missed S cells passed the correction too, as smaller ones, and missed G2 cells by their contrast; now neither does, which is what to expect of a search.
# But a trait that goes with failure need not be its cause: traits hang together, and the networks may use what goes along with them.
# Of background and noise, which are no property of the cell, nothing shows here; where they go with failure, networks lean on the acquisition ({doc}`/book/2_data/shortcuts`).

# %% [markdown]
# ## Is it the label?
#
# "Wrong" means: not what the label says.
# The labels rest on the DNA stain, and between G1 and S the amount of DNA grows without a step, so that someone had to draw a line.
# The networks never see the stain; we may look at it afterwards.
#
# Take the cells of Experiment 1 with the label S that both networks miss, and that CG-RecNet calls G1.
# How many of them have a stain nearer to the median of G1 than to that of S?
# And how many of those S cells that neither misses?
# The same the other way round for G1 cells that are called S+G2.
# Both comparisons stay within one stage, so that G2, which has more DNA than S and is missed at another rate, cannot make the difference.
# (M is left out: it has as much DNA as G2, and the stain cannot tell.)

# %%
within = frame["stage"].isin(["G1", "S"]) & (frame["experiment"] == "1")
pair = frame[within].copy()
stain = pd.Series(dna_stain(cells.table), index=cells.table["cell_id"])
pair["stain"] = pair["cell_id"].map(stain)
middle = pair.groupby("stage")["stain"].median()
own = (pair["stain"] - pair["stage"].map(middle)).abs()
strange = pair["stage"].map({"G1": middle["S"], "S": middle["G1"]})
pair["nearer"] = (pair["stain"] - strange).abs() < own

# %%
rows, near = [], {}
for stage, called in (("G1", "S+G2"), ("S", "G1")):
    here = pair[pair["stage"] == stage]
    lost = here[here["missed"].eq(2) & here["named"].eq(called)]
    groups = {f"both, called {called}": lost}
    groups["neither"] = here[here["missed"] == 0]
    near[stage] = []
    for who, group in groups.items():
        count, n = int(group["nearer"].sum()), len(group)
        near[stage].append(wilson(count, n))
        share = f"{100 * count / n:.1f} %\n({span(wilson(count, n))})"
        rows.append((stage, who, n, count, share))
headers = ("label", "missed by", "cells", "nearer the other", "share")
table = wide_table(headers, rows, "DNA stain")
display(table, provenance_of(pooled.records, PART))

# %% [markdown]
# Jurkat, Experiment 1: cells whose stain is nearer to the median of the other stage; in brackets Wilson's 95 % interval.
# In both stages the intervals come apart: of the cells that both networks miss, more have a stain nearer to the other stage than of those that neither misses.
# The missed cells are few, and their intervals wide.

# %% [markdown]
# Such a difference does not show that a label is *wrong*.
# A cell in early S phase has a little more DNA than in G1 and looks like it; the label can be right and the picture silent.
# What the stain can show is which mistakes lie near the border that the label itself was cut at, and which do not.
#
# Another sign of a doubtful label would be one cell that is in the data twice, with two labels.
# The search for copies of {doc}`/book/2_data/splits` tells.

# %%
first = np.flatnonzero(cells.table["experiment"] == 1)
pairs = find_duplicates([cells.images[i] for i in first])
table = cells.table.iloc[first].reset_index(drop=True)
lost, torn, hit = set(frame.loc[failed, "cell_id"]), [], []
for pair in pairs:
    one, other = table.loc[pair.first], table.loc[pair.second]
    if any(one[name] != other[name] for name in ("class_name", "stage")):
        torn.append(pair)
    if {one["cell_id"], other["cell_id"]} & lost:
        hit.append(pair)
print(f"{len(torn)} of {len(pairs)} pairs differ")

# %% [markdown]
# Among the {glue:text}`searched` cells of Experiment 1 (Experiment 2 is G1 alone, and has no second label to give) it finds {glue:text}`pairs` pairs of exact or near copies.
# None of them has two classes or two stages, and none holds a cell that both networks miss.
# So copies with two labels do not explain the mistakes; but the search finds copies of one picture, not two pictures of one cell.

# %% [markdown]
# ## The gallery
#
# Numbers end here, and looking begins.
# {numref}`fig-failures-gallery` shows cells drawn at random from each group, none chosen for its looks.

# %%
PER_GROUP = 26
rng, shown = np.random.default_rng(2), []
sizes = frame["group"].value_counts().sort_index()
for name, size in sizes.items():
    members = np.flatnonzero(frame["group"] == name)
    drawn = rng.choice(members, min(PER_GROUP, size), replace=False)
    shown += rng.permutation(drawn).tolist()
rows = [(name, f"{size:,}") for name, size in sizes.items()]
wide_table(("group", "cells"), rows, "Gallery")

# %% [markdown]
# The gallery holds {glue:text}`shown` cells, at most {glue:text}`per_group` of each group; *sure*: CG-RecNet gives its class at least {glue:text}`sure`.

# %% mystnb={"figure": {"name": "fig-failures-gallery", "caption": "Before you read the label, decide yourself; then compare the cells that both networks miss with those that neither misses, inside one stage. Below each picture: its id, label and stage, and the probabilities of CG-RecNet. Jurkat test cells of the folds put together, drawn at random from each group. Pictures: brightfield, one grey scale for all; Blasi et al. 2016, repository MLCP, BSD-3-Clause."}}
part, given = frame.iloc[shown], pooled.probabilities[FULL][shown]
sure = np.where(given.max(axis=1) >= SURE, "sure", "unsure")
filters = {"group": part["group"], "true class": part["class_name"]}
filters |= {"stage": part["stage"], "CG-RecNet names": part["named"]}
filters |= {"certainty": pd.Series(sure)}
filters = {name: each.tolist() for name, each in filters.items()}
words = part["class_name"] + " (" + part["stage"] + "); "
words += [chances(each, classes) for each in given]
ids, label = part["cell_id"].tolist(), "Jurkat cells, missed"
made = gallery(ids, filters, words.tolist(), label, cells)
display(made, provenance_of(pooled.records, PART))

# %% tags=["remove-input"]
steady = {name: count / size for name, (count, size) in stages.items() if size >= LEAST}
worst, best = max(steady, key=steady.get), min(steady, key=steady.get)
taken_for = frame[failed & frame["stratum"].eq(worst)]["named"].value_counts()
clear = compared[compared["p"] < ALPHA]
strongest = compared.loc[compared["p"].idxmin(), "found"]
holds(
    "Neither network is wrong more often than it admits",
    all(wilson(*counts)[1] < 1 - SURE for counts in sure_wrong.values()),
)
holds(
    "In G1, and in all classes together, the baseline is right more often",
    all(apart_by_class[name].interval95[1] < 0 for name in ("G1", "all")),
)
holds(
    "in the two other classes the intervals hold zero",
    all(apart_by_class[name].interval95[0] < 0 < apart_by_class[name].interval95[1] for name in ("S+G2", "M")),
)
holds("S and G2 are one class, and S is missed far more often", wilson(*stages["S"])[0] > wilson(*stages["G2"])[1])
holds(
    "Of the ... missed cells of ..., CG-RecNet calls ... ..., the stage before it.",
    (worst, taken_for.index[0]) == ("S", "G1"),
)
found = {(one.trait, one.stratum): one.found for one in clear.itertuples()}
large = found.get(("diameter", "G1, exp. 2"), strongest)
holds(
    "Of background and noise, which are no property of the cell, nothing shows here",
    not {"background", "noise"} & {trait for trait, _ in found},
)
shown_by = {name: found[name].probability > 0.5 for name in found}
holds(
    "cells that are missed are larger, and in the second experiment they also have less contrast and another slope",
    shown_by == {
        ("diameter", "G1"): True, ("diameter", "G1, exp. 2"): True, ("contrast", "G1, exp. 2"): False,
        ("slope", "G1, exp. 2"): True,
    },
)  # fmt: skip
holds(
    "The strongest: the spectrum of missed G1 cells of the second experiment has another slope",
    strongest is found.get(("slope", "G1, exp. 2")),
)
holds(
    "In both stages the intervals come apart: of the cells that both networks miss, more have a stain nearer",
    all(near[stage][0][0] > near[stage][1][1] for stage in ("G1", "S")),
)
holds("None of them has two classes or two stages", not torn)
holds("and none holds a cell that both networks miss", not hit)
tell(
    worst=worst, worst_share=100 * steady[worst], worst_n=stages[worst][1], best=best, best_share=100 * steady[best],
    best_n=stages[best][1], taken_for=taken_for.index[0], taken=int(taken_for.iloc[0]), worst_missed=stages[worst][0],
    compared=len(compared), clear=len(clear), large=large.probability, large_ends=span(large.interval95, 1, 2), effect=strongest.probability, effect_ends=span(strongest.interval95, 1, 2),
    p=p_equal(compared["p"].min()), n_missed=strongest.n_first, n_right=strongest.n_second,
    searched=f"{len(first):,}", pairs=len(pairs), shown=len(shown), per_group=PER_GROUP,
)  # fmt: skip

# %% [markdown]
# ## What this does not tell
#
# - *Missed by both* depends on these two, which are relatives. A stranger might have them right.
# - Traits are compared within a stage, but a stage is no point: cells grow within G1, too.
# - A cell in the gallery looks wrong more easily once one knows that it is. The group *both right* is there to compare.
#
# ## How this was measured
#
# ````{dropdown} Cells, traits, correction
# The test cells of the folds that both networks have are put together; each cell is judged once, by networks that were not trained on it.
# Traits are measured on a random sample of each stage, at most {glue:text}`most` cells that both networks miss and as many that neither does; stages with fewer than {glue:text}`least` of a kind are left out.
# P-values of the traits are corrected by Holm over all marks of {numref}`fig-failures-traits`; nothing else on this page is corrected, and nothing was planned.
# ````

# %%
display(show_code(probability_of_superiority), *all_read(PART))

# %% [markdown]
# **Take-away.**
# Mistakes are data.
# Ask whether networks share them, in which stage they sit, what they look like and how near to the label's own border they lie, before building another module.
#
# ```{exercise} Relatives
# :label: exercise-failures-relatives
#
# For two networks, let $J$ be the number of cells that both miss, divided by the number that at least one misses.
# Compute $J$ for each pair of the networks of the ablation that have the same folds.
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
models = with_folds_of(records, BASE, FULL)
every = pool(records, models)
for number, first in enumerate(models):
    for second in models[number + 1 :]:
        a, b = ~every.right(first), ~every.right(second)
        print(f"{title_of(first)} and {title_of(second)}: J = {(a & b).sum() / (a | b).sum():.2f}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Two networks make mistakes on the same cells. What does that speak for?
# For something in the cells or their labels rather than in one network.
# Another module will hardly help where both fail together.
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
