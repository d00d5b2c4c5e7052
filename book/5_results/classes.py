# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Class by class
#
# **You will learn** what an accuracy hides, how to read F1, a confusion matrix and an ROC curve with their intervals, and how to look at the cells behind a number.
#
# **You need** {doc}`/book/5_results/ablation`, and what recall and precision are.
# Reading takes about {reading-time}`this page`.
#
# Accuracy counts every cell alike, so a class with few cells hardly moves it.
# A network could miss every dividing cell and still look good.
# The paper therefore gives F1 for each class (its Table 5), a confusion matrix (its Fig. 7) and ROC curves (its Fig. 6).
# This page has the counterpart of each, for the four networks of the ablation on Jurkat cells.
#
# In a five-fold cross-validation every cell is tested exactly once, by a network that was not trained on it.
# So the test cells of the folds can be put together, and each counts once.
# The price: what is scored is then not one network but the procedure that made one for each fold.
#
# **What is planned and what is not.**
# Of single classes the plan ({doc}`plan`) asks one question, whether CG-RecNet gains most in the rarest one (P3), and {doc}`ablation` decides it, over folds.
# Everything on this page is *exploratory*: it shows, and suggests, and decides nothing.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.data import open_dataset
from cgrecnet.evaluation.areas import areas
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.class_claims import claim_rows
from cgrecnet.figures.class_drawings import draw_f1, draw_pooled_confusions, draw_roc
from cgrecnet.figures.classes import (
    NAMES,
    area_table,
    clear,
    commonest_mistake,
    f1_table,
    gain_table,
    gains,
    paper_f1_table,
)
from cgrecnet.figures.confusion_cells import confusion_cells
from cgrecnet.figures.gallery import gallery
from cgrecnet.figures.missing import missing_runs, provenance_of
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.threshold import threshold_slider
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.figures.widget import chances
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import command, experiment
from cgrecnet.runs.pooled import pool

use_book_style()
MODELS = ("resnet50", "rescmnet", "resgdnet", "cg_recnet")
FULL, BASE = "cg_recnet", "resnet50"
table5 = load_tables()["5"]
runs = {data: experiment("ablation", data, RESULTS) for data in ("jurkat", "zhu")}
# As a sentence names the data sets.
DATA = {"jurkat": "Jurkat", "zhu": "zhu, simulated" if runs["zhu"] and runs["zhu"].records[0].data["simulated"] else "zhu"}
pooled = {data: pool(found.records, MODELS, RESULTS) if found else None for data, found in runs.items()}
jurkat, zhu = pooled["jurkat"], pooled["zhu"]
records = runs["jurkat"].records if runs["jurkat"] else ()
no_runs = "There are too few runs yet: " + command("ablation", "jurkat").removeprefix(".venv/bin/")
cells = open_dataset("jurkat")
assert jurkat is None or cells.fingerprint == jurkat.records[0].data["fingerprint"]  # the pictures that the runs saw


def counted(found):
    """How many cells and folds a table stands on."""
    left = f"; left out, because not all networks were run on it: fold {', '.join(map(str, found.left_out))}" if found.left_out else ""
    return f"n = {len(found):,} test cells of {len(found.folds_in)} {'fold' if len(found.folds_in) == 1 else 'folds'}, each cell tested once{left}"


said = missing_runs(("ablation", "jurkat"), results=RESULTS)
if jurkat is not None:
    config = jurkat.records[0].config
    said += (
        f"\n\n**Here:** {counted(jurkat)}; pictures of {config['image_size']} pixels, {config['epochs']} epochs, "
        f"seed {', '.join(str(seed) for seed in sorted({r.config['seed'] for r in jurkat.records}))}. "
        "Smaller and shorter than in the paper, and on other cells."
    )
Markdown(said)

# %% [markdown]
# ## F1, the paper's Table 5
#
# For one class, call a cell *positive* when the network names that class.
# With true positives TP, false positives FP and false negatives FN,
#
# $$
# \begin{aligned}
# P &= \frac{\text{TP}}{\text{TP} + \text{FP}}, \\
# R &= \frac{\text{TP}}{\text{TP} + \text{FN}}, \\
# F_1 &= \frac{2 P R}{P + R} \\
# &= \frac{2\,\text{TP}}{2\,\text{TP} + \text{FP} + \text{FN}} .
# \end{aligned}
# $$ (eq-classes-f1)
#
# **Precision** $P$ asks how many of those called are right, **recall** $R$ how many of those there are get called, and $F_1$ is low as soon as one of the two is.
#
# How sure is such a number?
# We draw as many cells again, with replacement, compute $F_1$ anew, do this very often, and keep the central 95 %: the *bootstrap*.
# It answers what other cells of the same kind would have given to the same networks.
# It knows nothing of training again, which is the subject of {doc}`spread`.

# %% tags=["remove-input"]
parts = []
if jurkat is not None:
    parts.append(f1_table(jurkat, "F1 of each class of Jurkat cells, four networks"))
    parts.append(f"*Jurkat, real cells.* F1 in per cent, in brackets the 95 % bootstrap interval over cells; {counted(jurkat)}.")
else:
    parts.append(f"*Jurkat*: {no_runs}.")
Markdown("\n\n".join(parts))

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% [markdown]
# And this is what the paper prints, for **other cells**, which is why the classes are others and the numbers are not what ours should equal.

# %% tags=["remove-input"]
parts = [
    paper_f1_table(table5, "Table 5 of the paper: F1 of each class and model"),
    "*The paper's Table 5*, as printed: F1 in per cent, its own test cells, no intervals given.",
]
if zhu is not None:
    whose = "Simulated cells in the paper's layout" if zhu.records[0].data["simulated"] else "The paper's cells"
    parts += [f1_table(zhu, f"F1 of each class, our runs. {whose}"), f"*{whose}, our runs.* {counted(zhu)}."]
Markdown("\n\n".join(parts))

# %% tags=["remove-input"]
if runs["zhu"]:
    display(provenance_of(runs["zhu"].records, ("ablation", "zhu")))  # noqa: F821

# %% [markdown]
# The paper's table has other architectures as well.
# Here they belong to another experiment ({doc}`comparison`), on one fold and from random weights: its columns compare with each other, and not with those of the tables above.

# %% tags=["remove-input"]
others = experiment("comparison", "jurkat", RESULTS)
systems = pool(others.records, results=RESULTS) if others else None
parts = [missing_runs(("comparison", "jurkat"), results=RESULTS)]
if systems is not None:
    parts += [
        f1_table(systems, "F1 of each class of Jurkat cells, all systems without ImageNet weights"),
        f"*Jurkat, real cells, no ImageNet weights.* F1 in per cent, 95 % bootstrap intervals over cells; {counted(systems)}. *Exploratory*.",
    ]
Markdown("\n\n".join(part for part in parts if part))

# %% tags=["remove-input"]
provenance_of(others.records if others else (), ("comparison", "jurkat"))

# %% [markdown]
# {numref}`fig-classes-f1` puts the ablation and the paper side by side.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels with F1 in per cent on a shared vertical axis. Panel A: the three classes of Jurkat cells, one mark with an interval for each of four networks. Panel B: the three classes of the paper's cells, one mark for each of six networks, no intervals."}, "figure": {"name": "fig-classes-f1", "caption": "Look first at the distance between classes, then at the distance between networks: which class it is matters more than which network, here (A) as in the paper (B), wherever the clusters of marks do not reach into each other. A: pooled folds, 95 % bootstrap intervals over cells. B: the paper's Table 5 as printed, other cells."}}
if jurkat is not None:
    draw_f1(jurkat, table5)
else:
    draw_absent(no_runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% tags=["remove-input"]
if jurkat is None:
    text = "Which class is the hardest, and whether it is the rarest, will stand here when there are runs."
else:
    values = {model: 2 * np.diag(c) / (c.sum(0) + c.sum(1)) for model in MODELS for c in [jurkat.confusion(model)]}
    hardest = {jurkat.classes[score.argmin()] for score in values.values()}
    rarest = jurkat.classes[np.bincount(jurkat.labels).argmin()]
    between = np.mean([np.ptp(score) for score in values.values()])
    within = np.mean(np.ptp(np.array([*values.values()]), axis=0))
    text = (
        f"Between the easiest and the hardest class lie {100 * between:.1f} points of F1 (mean over the {len(MODELS)} networks); "
        f"between the best and the worst network in a class, {100 * within:.1f} (mean over the {len(jurkat.classes)} classes). "
        f"So the {'class' if between > within else 'network'} matters more. "
    )
    if len(hardest) > 1:
        text += f"The networks do not agree on the hardest class: it is {' or '.join(sorted(hardest))}. "
    else:
        text += f"The hardest class is {next(iter(hardest))} for every network. "
    text += f"The rarest is {rarest}. "
    text += (
        "In the paper, the rarest class is the hardest one as well; here it is not, so that rarity alone does not make a class hard."
        if rarest not in hardest
        else "As in the paper, the rarest class is the hardest, for at least one network."
    )
Markdown(text)

# %% [markdown]
# ### What does CG-RecNet add, class by class?
#
# Two networks that judge the same cells should be compared on the same cells: the cells are drawn once for both, so that easy and hard ones drop out of the difference.

# %% tags=["remove-input"]
parts = []
for data, found in pooled.items():
    if found is not None:
        difference = gains(found)
        parts.append(gain_table(found, f"F1 of CG-RecNet less that of each other network, {DATA[data]}"))
        parts.append(
            f"*{DATA[data]}*: F1 of CG-RecNet less that of another network, percentage points, 95 % bootstrap interval over the same cells; {counted(found)}. *Exploratory.* "
            f"{clear(difference)} of {len(difference)} intervals leave out zero; if there were no difference at all, about {0.05 * len(difference):.1f} would."
        )
Markdown("\n\n".join(parts) or f"{no_runs}.")

# %% [markdown]
# An interval that leaves out zero says that these trained networks differ on such cells.
# It does not say that the *architectures* do: train both again, with other seeds, and the sign may change ({doc}`spread`).
#
# ## Confusion, the paper's Fig. 7
#
# A confusion matrix shows who is taken for whom.
# Row: the true class; column: the class that the network names.
# Each share is an estimate, and has an interval.
# For $k$ of $n$ cells we use Wilson's, which solves $|k/n - p| = z \sqrt{p (1 - p) / n}$ for $p$:
#
# $$
# \begin{aligned}
# p_{\pm} &= \frac{1}{1 + z^2/n} \left( \frac{k}{n} + \frac{z^2}{2n} \pm z\, s \right), \\
# s^2 &= \frac{k (n - k)}{n^3} + \frac{z^2}{4n^2}, \\
# z &= 1.96 .
# \end{aligned}
# $$ (eq-classes-wilson)
#
# Unlike the simple interval, it never leaves 0 to 1, and it has a width even where $k = 0$.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four confusion matrices, two by two: Baseline, ResCMNet, ResGDNet and CG-RecNet. Rows are true classes, columns predicted ones, each place has a count, a share of its row and an interval; the darker, the larger the share."}, "figure": {"name": "fig-classes-confusion", "caption": "Compare the same place in the four matrices: where the intervals overlap widely, these cells do not tell the networks apart, whatever their modules. Counts of test cells of the folds put together, shares of the true class, and Wilson's 95 % intervals; the number of cells of each class stands at the left. Jurkat, real cells."}}
if jurkat is not None:
    draw_pooled_confusions(jurkat)
else:
    draw_absent(no_runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% tags=["remove-input"]
if jurkat is None:
    text = f"{no_runs}."
else:
    sentences = []
    for model in MODELS:
        true, guess, count, wrong = commonest_mistake(jurkat, model)
        sentences.append(f"{NAMES[model]}: {true} taken for {guess}, {count} of {wrong} wrong cells")
    far = sum(int(jurkat.confusion(m)[0, 2] + jurkat.confusion(m)[2, 0]) for m in MODELS)
    all_wrong = sum(int((~jurkat.right(m)).sum()) for m in MODELS)
    first, last = jurkat.classes[0], jurkat.classes[2]
    text = (
        f"The commonest mistake of each network in {{numref}}`fig-classes-confusion`: {'; '.join(sentences)}. "
        f"Mistakes between {first} and {last}, which have {jurkat.classes[1]} between them until the cell divides, make up {far / max(all_wrong, 1):.1%} of all mistakes (n = {all_wrong:,}, four networks together)."
    )
Markdown(text)

# %% [markdown]
# ### The cells behind the counts
#
# A count is a heap of cells, and one should look at them.
# Choose a count in {numref}`fig-classes-open` by mouse, or by the Tab key and Enter; Escape closes it.
# The cells are drawn at random from those that are counted, not chosen for their looks.
# The probabilities are those of the network that was not trained on the cell.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-classes-open", "caption": "What the network mistook: open a count off the diagonal and one on it, and try to tell the two groups apart by eye. CG-RecNet on Jurkat cells, test cells of the folds put together; below each picture the cell's id and the network's probabilities. Pictures: brightfield, one grey scale for all; Blasi et al. 2016, repository MLCP, BSD-3-Clause."}}
if jurkat is not None:
    shown = confusion_cells(
        jurkat.cell_ids, jurkat.labels, jurkat.probabilities[FULL], jurkat.classes,
        "CG-RecNet on Jurkat cells: counts and shares of the true class.", cells,
    )  # fmt: skip
else:
    shown = draw_absent(no_runs)
shown

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% [markdown]
# ## ROC, the paper's Fig. 6
#
# So far a cell belonged to the class with the largest probability.
# But a network gives probabilities, and one may ask for more or less certainty before calling a class.
# Take one class against the rest, call every cell whose probability $p$ for it is at least a threshold $t$, and let $t$ fall from 1 to 0.
# Recall rises from 0 to 1, and so does the share of the *other* cells that are called, the false positive rate.
# Recall over false positive rate is the **ROC curve**.
# The area under it has a plain meaning:
#
# $$
# \text{AUC} = \Pr(p_{\text{class}} > p_{\text{rest}}) ,
# $$ (eq-classes-auc)
#
# where $p_{\text{class}}$ is the probability of a cell drawn from the class, $p_{\text{rest}}$ that of a cell drawn from the rest, and a tie counts one half.
# It is one half for a coin and 1 for a perfect order, and it does not depend on how rare the class is.
# The *macro* AUC is the mean over the three classes.

# %% tags=["remove-input"]
RESAMPLES = 1000
by_model = {data: {m: areas(found.labels, found.probabilities[m], RESAMPLES) for m in MODELS} for data, found in pooled.items() if found}
parts = []
for data, found in pooled.items():
    if found is not None:
        parts.append(area_table(found, by_model[data], f"Areas under the ROC curves, {DATA[data]}"))
        parts.append(f"*{DATA[data]}*: areas by scikit-learn, 95 % bootstrap intervals over cells ({RESAMPLES:,} resamples); {counted(found)}.")
Markdown("\n\n".join(parts) or f"{no_runs}.")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels, one per class, each with the ROC curves of four networks, the false positive rate on a root scale, and a shaded band around the curve of CG-RecNet; below, the areas of each class and their mean as marks with intervals."}, "figure": {"name": "fig-classes-roc", "caption": "Which curve lies on top is a matter for intervals, not for the eye: where a curve runs inside the shaded band of another, drawing other cells could swap the two. Top: one class against the rest; the horizontal axis is stretched near zero (a root scale), and the shade is the 95 % bootstrap band of CG-RecNet, at each false positive rate apart. Bottom: areas with 95 % intervals; macro is the mean of the three. Jurkat, test cells of the folds put together."}}
if jurkat is not None:
    draw_roc(jurkat, by_model["jurkat"])
else:
    draw_absent(no_runs)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% tags=["remove-input"]
if jurkat is None:
    text = f"{no_runs}."
else:
    mine = by_model["jurkat"]
    best = [max(MODELS, key=lambda m, i=i: mine[m].values[i]) for i in range(len(jurkat.classes))]
    apart = {(name, other): mine[FULL].less(mine[other], i) for i, name in enumerate(jurkat.classes) for other in MODELS if other != FULL}
    text = (
        f"The largest area belongs to {', '.join(f'{NAMES[m]} ({name})' for m, name in zip(best, jurkat.classes, strict=True))}. "
        f"Of the {len(apart)} differences between CG-RecNet and another network in a class, {clear(apart)} have a 95 % interval that leaves out zero. *Exploratory.*"
    )
Markdown(text)

# %% [markdown]
# The last line of the table is a warning.
# Pooling puts probabilities of different networks on one scale.
# If one fold's network is bolder than another's, the pooled order mixes them, and the pooled area differs from the mean of the folds' own areas.
#
# ## A threshold of your own
#
# An ROC curve hides the threshold; the slider in {numref}`fig-classes-threshold` shows it.
# Choose a class, move the threshold (arrow keys work), and see who is called, who of them rightly, and who is missed.
# The column beside it is the usual rule: the largest probability wins.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-classes-threshold", "caption": "As the threshold rises fewer cells are called, so recall can only fall, while precision mostly rises; F1 weighs the two. For one class against the rest; CG-RecNet on Jurkat cells, test cells of the folds put together. Every number was computed beforehand; the slider only shows it."}}
if jurkat is not None:
    shown = threshold_slider(jurkat.labels, jurkat.probabilities[FULL], jurkat.classes, f"CG-RecNet on {len(jurkat):,} Jurkat cells, each tested once.")
else:
    shown = draw_absent(no_runs)
shown

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% [markdown]
# Do not choose a threshold here and then report its F1: these are the test cells, and the best of many thresholds flatters itself.
# A threshold is chosen on the validation cells, and what a miss *costs* belongs into the choice ({doc}`calibration`).
#
# ## Look for yourself

# %% tags=["remove-input"]
PER_PLACE = 14
SURE = 0.9
chosen = []
if jurkat is not None:
    rng = np.random.default_rng(1)
    guess, top = jurkat.predicted(FULL), jurkat.probabilities[FULL].max(axis=1)
    for true in range(len(jurkat.classes)):
        for other in range(len(jurkat.classes)):
            members = np.flatnonzero((jurkat.labels == true) & (guess == other))
            chosen += sorted(rng.choice(members, min(PER_PLACE, len(members)), replace=False).tolist())
    chosen = rng.permutation(chosen)
Markdown(
    f"{{numref}}`fig-classes-gallery` holds {len(chosen)} cells: up to {PER_PLACE} drawn at random for each pair of true and predicted class, so that rare mistakes are seen too. "
    f"*Sure* means that the largest probability is at least {SURE:g}."
    if jurkat is not None
    else f"{no_runs}."
)

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-classes-gallery", "caption": "Filter by true class, predicted class, right or wrong, sure or unsure: a cell is shown where it fits all choices. The shares in this gallery are not those of the data, because every kind of mistake was given the same room. CG-RecNet, test cells of the folds put together. Pictures: brightfield, one grey scale for all; Blasi et al. 2016, repository MLCP, BSD-3-Clause."}}
if jurkat is not None:
    names = jurkat.classes
    shown = gallery(
        [str(jurkat.cell_ids[i]) for i in chosen],
        {
            "true class": [names[jurkat.labels[i]] for i in chosen],
            "predicted class": [names[guess[i]] for i in chosen],
            "verdict": ["right" if jurkat.right(FULL)[i] else "wrong" for i in chosen],
            "certainty": ["sure" if top[i] >= SURE else "unsure" for i in chosen],
        },
        [f"{names[jurkat.labels[i]]}; {chances(jurkat.probabilities[FULL][i], names)}" for i in chosen],
        "Jurkat cells and what CG-RecNet says of them",
        cells,
    )
else:
    shown = draw_absent(no_runs)
shown

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% [markdown]
# Which cells *all* networks get wrong, and what these have in common, is the subject of {doc}`failures`.
#
# ## The paper's claims on single classes
#
# Six claims of the paper speak of single classes ({doc}`/book/1_question/claims`).
# Here is what it prints, and beside it what the same measure gives on the Jurkat cells.
# **None of them is decided here**: they are about other cells, at another size of pictures, after other training.

# %% tags=["remove-input"]
rows = claim_rows(jurkat, by_model.get("jurkat"), table5, load_tables()["F7"])
Markdown(
    wide_table(["claim", "the paper, its cells", "here, Jurkat cells"], rows, "The paper's claims on single classes beside our numbers")
    + (f"\n\nHere: {counted(jurkat)}; in brackets 95 % intervals over cells. *Exploratory.*" if jurkat is not None else f"\n\n{no_runs}.")
)

# %% tags=["remove-input"]
provenance_of(records, ("ablation", "jurkat"))

# %% [markdown]
# ## What this does not tell
#
# - One seed per fold: the intervals are over cells, and do not contain the luck of training.
# - The split is random over cells, as in the paper; all cells of the second experiment are G1, so a network may know the experiment ({doc}`/book/2_data/meeting_the_data`).
# - The labels are taken as true.
#   Where a label rests on a threshold of a dye, a cell near the threshold can be *wrong* by the label alone ({doc}`failures`).
#
# **Take-away.**
# Read a score class by class, with its count and its interval, before comparing networks.
# A difference between classes can be far larger than one between networks, and a curve on top is no ranking until the intervals say so.
#
# ```{exercise} Does pooling matter?
# :label: exercise-classes-pooling
#
# Compute F1 of each class for CG-RecNet in every fold apart, take the mean over folds, and compare it with the pooled value.
# Why are the two not equal, and for which class would you expect the largest distance?
# ```
#
# ````{solution} exercise-classes-pooling
# :class: dropdown
#
# F1 is a ratio, and a mean of ratios is not the ratio of sums.
# The distance is largest where the folds differ most, which is likeliest in the class with the fewest cells.
# The next cell computes both.
# ````

# %% tags=["hide-cell"]
if jurkat is not None:
    own = [[entry["f1"] for entry in r.test["per_class"]] for r in jurkat.records if r.config["model"] == FULL]
    counts = jurkat.confusion(FULL)
    together = 2 * np.diag(counts) / (counts.sum(0) + counts.sum(1))
    for name, fold_mean, fold_sd, all_cells in zip(jurkat.classes, np.mean(own, 0), np.std(own, 0, ddof=len(own) > 1), together, strict=True):
        print(f"{name:>5}: mean of n = {len(own)} folds {fold_mean:.4f} (SD {fold_sd:.4f}), pooled {all_cells:.4f}")
else:
    print(no_runs)

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A network never finds the rarest class. How much accuracy does that cost?
# No more than the share of that class.
# That is why recall and F1 are shown class by class, with their counts.
# :::
#
# :::{dropdown} 2. Why may the test cells of all folds be put together?
# Each cell is tested exactly once, by a network that was not trained on it.
# The price is that the score belongs to the procedure and not to one network.
# :::
#
# :::{dropdown} 3. One ROC curve lies above another. Is its network better?
# Only if the interval of the difference says so.
# Curves of the same cells move together, and a small gap may be chance.
# :::
