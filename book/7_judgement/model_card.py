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

from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.explained import load_study
from cgrecnet.figures.inside_modules import HEADERS, path_rows, sources
from cgrecnet.figures.model_card import (
    DATA,
    MODEL,
    PART,
    SCORE_HEADERS,
    cost_rows,
    data_rows,
    identity_rows,
    score_rows,
)
from cgrecnet.figures.provenance import missing_runs, provenance_of
from cgrecnet.figures.tables import wide_table
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import tell
from cgrecnet.runs.pooled import pool
from cgrecnet.runs.query import experiment

found = experiment(PART, DATA)
records = found.of(model=MODEL)
pooled = pool(records, [MODEL])


def facts(rows, label):
    """A card's section as a table of two columns."""
    return Markdown(wide_table(("what", "value"), rows, label))


Markdown(missing_runs((PART, DATA)) or "All runs here.")

# %% [markdown]
# ## The model

# %% tags=["remove-input"]
facts(identity_rows(records), "The model")

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

# %% tags=["remove-input"]
facts(data_rows(records), "Its cells")

# %% [markdown]
# The cells' own card, with licence and known faults, stands in {doc}`/book/2_data/meeting_the_data`.
# The labels rest on a DNA stain that the network does not see.
#
# ## How well it works
#
# In a cross-validation each cell is tested once, by a network that was not trained on it.
# The table puts these answers together; the intervals speak of the choice of cells, not of training again.

# %% tags=["remove-cell"]
right = pooled.right(MODEL)
low, high = wilson(int(right.sum()), len(pooled))
over_folds = 100 * np.array([record.test["accuracy"] for record in records])
tell(
    n=f"{len(pooled):,}", share=100 * right.mean(), low=100 * low, high=100 * high,
    mean=over_folds.mean(), least=over_folds.min(), most=over_folds.max(), folds=len(over_folds),
    commonest=100 * np.bincount(pooled.labels).max() / len(pooled),
    error=100 * expected_calibration_error(pooled.labels, pooled.probabilities[MODEL]),
)  # fmt: skip

# %% [markdown]
# Of {glue:text}`n` test cells {glue:text}`share:.1f` % are named right (95 % interval over cells {glue:text}`low:.1f` to {glue:text}`high:.1f` %); the mean over folds is {glue:text}`mean:.2f` % (n = {glue:text}`folds` folds, from {glue:text}`least:.2f` to {glue:text}`most:.2f`).
# Always naming the commonest class would be right for {glue:text}`commonest:.1f` %.
# The expected calibration error is {glue:text}`error:.1f` percentage points (n = {glue:text}`n` cells): on average, the stated probability is as far as that from the share that is right.

# %% tags=["remove-input"]
Markdown(wide_table(SCORE_HEADERS, score_rows(pooled), "Scores by class"))

# %% tags=["remove-input"]
provenance_of(list(found.records), (PART, DATA))

# %% [markdown]
# The block names all runs of the ablation, of which the card describes those of CG-RecNet.
#
# ## What it cost

# %% tags=["remove-input"]
facts(cost_rows(records), "What training took")

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
#   The network is our reading of a text that leaves choices open ({doc}`/book/7_judgement/deviations`).
# - **Perhaps a plain sum.**
#   Where the spatial path of its fusion is dead, the network adds its two branches but for a constant, and recalibrates nothing ({doc}`/book/3_model/fusion`).
#   The table says what a study found in one network of this kind; the others may be alike.

# %% tags=["remove-input"]
study = load_study("explain-jurkat")
studies = [study] if study else []
rows = [row for row in path_rows(studies) if row[0] == title_of(MODEL)]
display(Markdown(wide_table(HEADERS, rows, "Spatial paths")), *sources(studies))

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
for own, other in zip(score_rows(both), score_rows(both, "resnet50"), strict=True):
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
