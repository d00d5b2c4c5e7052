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

# %% tags=["remove-input"]
from IPython.display import Markdown

from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.machinery import machinery_outcomes
from cgrecnet.figures.main_result import HEADERS, main_answers, main_rows, skip_effect, standing_runs
from cgrecnet.figures.pages import link
from cgrecnet.figures.provenance import from_records
from cgrecnet.figures.rules_from_runs import run_outcomes
from cgrecnet.figures.standing import verdict_source
from cgrecnet.figures.verdict_table import verdict_counts, verdict_table, verdicts
from cgrecnet.figures.verdict_tiles import LETTERS, verdict_tiles
from cgrecnet.figures.wide_table import dropdown, wide_table
from cgrecnet.pages import holds, tell
from cgrecnet.paper.tables import load_tables

table = load_tables()["3"]
full, base = table.cell("CG-RecNet", "accuracy"), table.cell("Baseline", "accuracy")
Markdown(
    f"> **The claim.** CG-RecNet is right for {full.value} ± {full.sd} % of the cells, "
    f"{full.number - base.number:.2f} percentage points more than a plain ResNet-50 (the paper's Table 3)."
)

# %% tags=["remove-cell"]
answers = main_answers()
records, planned = standing_runs()
tell(standing=len(records), planned=planned, skip=skip_effect(answers))

# %% [markdown]
# **The main result so far.**
# On cells that anyone can get, real and simulated, does a network with more of the paper's modules beat one with fewer?
# {glue:text}`standing` of the {glue:text}`planned` runs that {doc}`our plan </book/5_results/plan>` asks for stand today; this is how often each answer came out of them.

# %% tags=["remove-input"]
Markdown(wide_table(HEADERS, main_rows(answers)[-1:], "The main result: outcomes of the planned comparisons"))

# %% tags=["remove-input"]
from_records(records, side_by_side=True) if records else None

# %% [markdown]
# One choice that the paper does not print is judged apart: a skip around the fusion.
# Its effect on accuracy is {glue:text}`skip` ({doc}`/book/5_results/choices`).
# The paper's own cells were not available to us, so none of this decides what the paper says of them; {doc}`/book/5_results/headline` has every comparison.

# %% tags=["remove-input"]
holds("The paper's own cells were not available to us", not run_outcomes(AuditedPaper.load()))

# %% tags=["remove-input"]
paper = AuditedPaper.load()
own = run_outcomes(paper)
measured = machinery_outcomes() | own
outcomes = verdicts(paper, measured)
counts = verdict_counts(outcomes)
fit = [model for model, check in paper.accuracy_checks.items() if check.fits]
apart = [model for model, check in paper.accuracy_checks.items() if not check.fits]
repeated = (
    f"Runs on the paper's own cells decided {len(own)} of them. "
    if own
    else "No accuracy of the paper has been repeated, since its images are not at hand. "
)
Markdown(
    f"> **The verdict so far**, of {len(outcomes)} claims: "
    + ", ".join(f"*{word}* {number}" for word, number in counts.items())
    + f". {repeated}"
    f"By arithmetic, the printed accuracies of {' and '.join(sorted(fit, reverse=True))} go together with their class scores; "
    f"those of {', '.join(apart)} do not.\n>\n"
    f"> **Three doors.** {link('1_question/how_to_read', 'Read')}, {link('4_training/one_run', 're-run')}, "
    f"or {link('3_model/one_page', 'teach')} and {link('4_training/sweeps', 'sweep')}."
)

# %% [markdown]
# There is no code from the authors and there are no weights.
# This book rebuilds the method, runs it, and asks of each claim: does it follow, does it hold, can it be checked at all?
# Every number of ours comes from the record of a run or was computed by the page it stands on, and you can make both again.
#
# ## The verdicts at a glance
#
# Each tile is one claim of the paper, and opens it: what is printed, how near is near enough, and why the verdict is what it is.

# %% tags=["remove-input"]
verdict_tiles(paper.claims, outcomes, "1_question/claims.html")

# %% tags=["remove-input"]
source = verdict_source()
source

# %% tags=["remove-input"]
said = (
    "The verdicts follow from **arithmetic on the printed numbers**, from **running the rebuilt modules** and from **runs on the paper's own cells**; no result on other cells is counted here."
    if own
    else "The verdicts follow from **arithmetic on the printed numbers** and from **running the rebuilt modules**; the paper's images are not at hand, and no result on other cells is counted here."
)
lines = ["| | verdict | claims | what it means |", "|---|---|---:|---|"]
lines += [f"| {LETTERS[word]} | **{word}** | {counts[str(word)]} | {word.definition} |" for word in Verdict]
Markdown(f"{said}\n\n" + "\n".join(lines))

# %% tags=["remove-input"]
frame = verdict_table(paper, measured)
shown = frame[~frame["verdict"].isin([str(Verdict.CANNOT_BE_TESTED_HERE), str(Verdict.NOT_SPECIFIED)])]
order = {str(word): place for place, word in enumerate(Verdict)}
shown = shown.sort_values(by="verdict", key=lambda column: column.map(order), kind="stable")
rows = [(f"{row.id} {row.title}", row.verdict, row.reason) for row in shown.itertuples()]
title = f"The {len(shown)} claims that can be judged so far, one by one"
Markdown(
    dropdown(title, wide_table(("claim", "verdict", "why"), rows, title))
    + f"\n\nWhat the same networks did on cells that anyone can get stands in {link('5_results/headline', 'the headline')}, and what would change a verdict in {link('7_judgement/verdict', 'the last part')}."
)

# %% [markdown]
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
# ## Where to look

# %% tags=["remove-input"]
questions = {
    "What does the paper claim, and is it consistent?": ("1_question/claims", "1_question/audit"),
    "Where is the counterpart of a figure or table?": ("1_question/figures",),
    "Do the modules help on other cells?": ("5_results/headline", "5_results/ablation", "5_results/comparison"),
    "Is a difference more than luck?": ("5_results/plan", "5_results/spread", "4_training/seeds"),
    "What if there is noise, debris, or a rare class?": ("5_results/noise", "5_results/imbalance"),
    "Could a network cheat?": ("2_data/shortcuts", "5_results/shortcut"),
    "Where do networks look?": ("6_explanation/grad_cam", "6_explanation/do_maps_mean_anything"),
    "Which cells are taken for which?": ("5_results/classes", "5_results/failures", "5_results/calibration"),
    "What did we have to guess?": ("7_judgement/deviations", "3_model/recovery"),
    "What can this book not say, and what would change its verdict?": ("7_judgement/limitations", "7_judgement/verdict"),
}
Markdown("\n".join(f"- {question} {', '.join(map(link, pages))}" for question, pages in questions.items()))

# %% [markdown]
# ## Which cells are shown
#
# The paper's own images are **not** among them.
# Pages show *real* cells of another kind, from a public data set, and *simulated* cells; each figure and table says which.
# Numbers of the paper stand beside ours for comparison and are marked as the paper's.
