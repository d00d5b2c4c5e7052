# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Model card
#
# **You will learn** what a model card says, and what this book's own CG-RecNet may and may not be used for.
#
# **You need** {doc}`/book/5_results/classes`.
# Reading takes about {reading-time}`this page`.
#
# A trained network is a file of numbers that does not say what it is for.
# A **model card** {cite}`mitchell2019model` is the leaflet that goes with it: what it was made from, for whom, how well it works for each group it will meet, and where it must not be used.
# This card describes the CG-RecNet networks of the ablation on Jurkat cells ({doc}`/book/5_results/ablation`).
# Every number is read from the records of their runs.

# %% tags=["remove-input"]
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.explained import PATHS, load_study, path_rows, provenance_of_study
from cgrecnet.figures.provenance import hardware_text, missing_runs, provenance_of
from cgrecnet.figures.tables import wide_table
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import tell
from cgrecnet.runs.pooled import pool
from cgrecnet.runs.query import needed

MODEL, PART, DATA = "cg_recnet", "ablation", "jurkat"
found = needed(PART, DATA, [MODEL])
records = found.of(model=MODEL)
pooled = pool(records, [MODEL])
right, counts = pooled.right(MODEL), pooled.confusion(MODEL)
low, high = wilson(int(right.sum()), len(pooled))
over_folds = 100 * np.array([record.test["accuracy"] for record in records])
tell(
    n=f"{len(pooled):,}", share=100 * right.mean(), low=100 * low, high=100 * high,
    mean=over_folds.mean(), least=over_folds.min(), most=over_folds.max(), folds=len(over_folds),
    balanced=100 * (counts.diagonal() / counts.sum(axis=1)).mean(),
    commonest=100 * np.bincount(pooled.labels).max() / len(pooled),
    error=100 * expected_calibration_error(pooled.labels, pooled.probabilities[MODEL]),
)  # fmt: skip


def facts(rows, label):
    """A card's section as a table of two columns."""
    return Markdown(wide_table(("what", "value"), rows, label))


def each(values):
    """Every different value once, in order."""
    return "; ".join(dict.fromkeys(map(str, values)))


def span(values):
    """The only value, or the smallest and the largest."""
    return " to ".join(dict.fromkeys(f"{value:,}" for value in (min(values), max(values))))


def percent(share, ends):
    """A share in per cent and its interval."""
    low, high = ends
    return f"{100 * share:.1f} ({100 * low:.1f} to {100 * high:.1f})"


Markdown(missing_runs((PART, DATA)) or "All runs here.")

# %% [markdown]
# ## The model

# %% tags=["remove-input"]
config, data, weights = records[0].config, records[0].data, records[0].weights
facts([
    ("model", f"{title_of(MODEL)}, reading '{config['preset']}'"),
    ("parameters", span([record.parameters for record in records])),
    ("networks", f"{len(records)}, one for each of the folds {', '.join(str(fold) for fold in sorted(r.config['fold'] for r in records))} of {config['folds']}"),
    ("start", f"{weights['source']}; fresh: {', '.join(weights.get('fresh_parts', [])) or 'nothing'}"),
    ("input", f"brightfield, {config['image_size']} by {config['image_size']} pixels, one channel three times"),
    ("output", f"a probability for each of {', '.join(data['classes'])}"),
    ("training", f"{config['epochs']} epochs, batch {config['batch_size']}, learning rate {config['learning_rate']:g} times "
                 f"{config['gamma']:g} every {config['step_size']} epochs, {config['precision']}; epoch reported: {config['report']}"),
    ("class weights", "yes" if config["class_weights"] else "no"),
    ("seeds", f"{each(r.config['seed'] for r in records)}; split {each(r.split['seed'] for r in records)}"),
    ("code", each(record.code[:10] for record in records)),
], "The model")  # fmt: skip

# %% [markdown]
# No network is handed out with this book: the records, the settings and the code are enough to train them again.
#
# ## Intended use
#
# *For*
# : teaching, for comparing networks under one protocol, and for trying out methods of explanation and calibration on real brightfield cells.
#
# *Not for*
# : any decision about a patient, a sample or a drug; cells of another kind, instrument or laboratory; the neural cells of the paper, which these networks have never seen.
#
# *By*
# : readers who train their own copy and judge it on their own cells.
#
# ## The data

# %%
kind = "simulated" if data["simulated"] else "real"
counts = [f"{name} {n:,}" for name, n in data["counts"].items()]
rows = [
    ("data set", f"{data['name']}, {kind} cells, task {data['task']}"),
    ("cells", "; ".join([f"{data['cells']:,}", *counts])),
    ("sha256", data["fingerprint"][:10]),
]
for part in ("train", "validation", "test"):
    sizes = [record.split["sizes"][part] for record in records]
    rows.append((f"cells in {part}", span(sizes)))
facts(rows, "Its cells")

# %% [markdown]
# The cells' own card, with licence and known faults, stands in {doc}`/book/2_data/meeting_the_data`.
# The labels rest on a DNA stain that the network does not see.
#
# ## How well it works
#
# In a cross-validation each cell is tested once, by a network that was not trained on it.
# The table puts these answers together; the intervals speak of the choice of cells, not of training again.
#
# Of {glue:text}`n` test cells {glue:text}`share:.1f` % are named right (95 % interval over cells {glue:text}`low:.1f` to {glue:text}`high:.1f` %); the mean over folds is {glue:text}`mean:.2f` % (n = {glue:text}`folds` folds, from {glue:text}`least:.2f` to {glue:text}`most:.2f`).
# Always naming the commonest class would be right for {glue:text}`commonest:.1f` %; in balanced accuracy, the mean recall of the classes, the networks reach {glue:text}`balanced:.1f` %, where that gives a third.
# The expected calibration error is {glue:text}`error:.1f` percentage points (n = {glue:text}`n` cells): on average, the stated probability is as far as that from the share that is right.

# %%
def scores(pooled, model):
    """Each class over the test cells of all folds, each tested once."""
    probabilities, rows = pooled.probabilities[model], []
    ones = class_f1_intervals(pooled.labels, probabilities, pooled.classes)
    for index, one in enumerate(ones):
        table = pooled.confusion(model)
        hits, cells = int(table[index, index]), int(table[index].sum())
        named = table[:, index].sum()
        precision = f"{100 * hits / named:.1f}" if named else "never named"
        recall = percent(hits / cells, wilson(hits, cells))
        f1 = percent(one.f1, one.interval95)
        rows.append((one.name, f"{cells:,}", precision, recall, f1))
    return rows


# %%
headers = (
    "class", "cells", "precision (%)", "recall (%), 95 % interval",
    "F1 (%), 95 % interval",
)  # fmt: skip
table = wide_table(headers, scores(pooled, MODEL), "Scores by class")
display(table, provenance_of(list(found.records), (PART, DATA)))

# %% [markdown]
# The block names all runs of the ablation, of which the card describes those of CG-RecNet.
#
# ## What it cost

# %%
minutes = [record.wall_seconds / 60 for record in records]
seen = [len(r.history) * r.split["sizes"]["train"] for r in records]
each_run = f"{min(minutes):.0f} to {max(minutes):.0f} min for each"
whole = f"{sum(minutes):.0f} min in all; {each_run}"
rows = [
    ("time", f"{whole} of n = {len(records)} runs"),
    ("hardware", each(hardware_text(r.hardware) for r in records)),
    ("crops seen", f"{sum(seen):,} in training, all runs together"),
]
facts(rows, "What training took")

# %% [markdown]
# ## Limits
#
# - **One source.**
#   The cells are of one line, one instrument and two experiments, and one class comes from both experiments while the others come from one.
#   A network may use traces of the experiment ({doc}`/book/2_data/shortcuts`).
# - **Small and short.**
#   Images are smaller and epochs fewer than the paper's, so these scores are no measure of what the architecture can do.
# - **One split.**
#   The folds are random over cells, so a few near copies may stand on both sides ({doc}`/book/2_data/splits`).
# - **Rare classes.**
#   Where a class has few cells its interval is wide, and a mean over classes hides it.
# - **A reading.**
#   The network is our reading of a text that leaves choices open ({doc}`/book/7_judgement/deviations`); it has no skip around its fusion, and what that changes is asked in {doc}`/book/5_results/choices`.
# - **Perhaps a plain sum.**
#   Where the spatial path of its fusion is dead, the network adds its two branches but for a constant, and recalibrates nothing ({doc}`/book/3_model/fusion`).
#   The table says what a study found in one network of this kind; the others may be alike.

# %%
study = load_study("explain-jurkat")
studies = [study] if study else []
rows = [row for row in path_rows(studies) if row[0] == title_of(MODEL)]
display(
    Markdown(wide_table(PATHS, rows, "Spatial paths")),
    *map(provenance_of_study, studies),
)

# %% [markdown]
# **Take-away.**
# The question about a model is not how good it is, but how good it is for whom, on what, and how surely one knows.
#
# ```{exercise} Another card
# :label: exercise-model-card
#
# Write the table of scores for the baseline of the same experiment.
# In which class do the intervals of the two networks overlap least?
# ```
#
# ````{solution} exercise-model-card
# :class: dropdown
#
# The next cell is the solution; it needs the records of both networks.
# ````

# %% tags=["hide-cell"]
both = pool(found.records, [MODEL, "resnet50"])
for own, other in zip(scores(both, MODEL), scores(both, "resnet50"), strict=True):
    print(f"{own[0]:<6} CG-RecNet {own[-1]:<24} baseline {other[-1]}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why does a card give scores by group and not one score?
# A user meets one group.
# A network may do well on average and fail on just the cells that this user has.
# :::
#
# :::{dropdown} 2. The card says that the network must not be used on neural stem cells. Why, although the method was made for them?
# These weights have never seen one.
# A method carries over to other cells by training on them, and not by the name of the method.
# :::
#
# :::{dropdown} 3. Which line of a card is most often missing?
# What it must not be used for, and how surely the numbers are known.
# Both need somebody to say what was not tested.
# :::
