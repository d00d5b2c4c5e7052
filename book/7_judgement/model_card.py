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
from IPython.display import Markdown, display

from cgrecnet.figures.dead_path import dead_paths_of, dead_words, living_words, sources
from cgrecnet.figures.explained import load_study
from cgrecnet.figures.missing import provenance_of
from cgrecnet.figures.model_card import (
    DATA,
    MODEL,
    PART,
    SCORE_HEADERS,
    cost_rows,
    data_rows,
    identity_rows,
    score_rows,
    summary,
    what_is_missing,
)
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.runs.pooled import pool
from cgrecnet.runs.query import experiment

found = experiment(PART, DATA)
loaded = list(found.records) if found else []
records = found.of(model=MODEL) if found else []
pooled = pool(records, [MODEL]) if records else None
nothing = "There are no records of these networks here, so the card has nothing to say yet."


def facts(rows, label):
    """A card's section as a table of two columns."""
    return Markdown(wide_table(("what", "value"), rows, label))


Markdown(what_is_missing() or "All of the card's runs are here.")

# %% [markdown]
# ## The model

# %% tags=["remove-input"]
facts(identity_rows(records), "The model and its training") if records else Markdown(nothing)

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
facts(data_rows(records), "The cells that the model saw") if records else Markdown(nothing)

# %% [markdown]
# The cells' own card, with licence and known faults, stands in {doc}`/book/2_data/meeting_the_data`.
# The labels rest on a DNA stain that the network does not see.
#
# ## How well it works
#
# In a cross-validation each cell is tested once, by a network that was not trained on it.
# The table puts these answers together; the intervals speak of the choice of cells, not of training again.

# %% tags=["remove-input"]
if pooled:
    text = f"{summary(pooled, records)}\n\n" + wide_table(SCORE_HEADERS, score_rows(pooled), "Scores of each class")
else:
    text = nothing
Markdown(text)

# %% tags=["remove-input"]
provenance_of(loaded, (PART, DATA))

# %% [markdown]
# The block names all runs of the ablation, of which the card describes those of CG-RecNet.
#
# ## What it cost

# %% tags=["remove-input"]
facts(cost_rows(records), "What training took") if records else Markdown(nothing)

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

# %% tags=["remove-input"]
study = load_study("explain-jurkat")
studies = [study] if study else []
dead = [path for one in studies for path in dead_paths_of(one) if path.model == MODEL]
display(Markdown(dead_words(dead) or living_words(studies)), *sources(studies))

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
both = pool(loaded, [MODEL, "resnet50"]) if loaded else None
if both:
    for own, other in zip(score_rows(both), score_rows(both, "resnet50"), strict=True):
        print(f"{own[0]:<6} CG-RecNet {own[-1]:<24} baseline {other[-1]}")
else:
    print(nothing)

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
