# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Limitations
#
# **You will learn** on one page what this book cannot say, why, and what would lift each limit.
#
# **You need** {doc}`/book/5_results/headline`.
# Reading takes about {reading-time}`this page`.
#
# Every limit is written so that it can be used against us: what it is, which of our statements it touches, and what it would take.

# %% tags=["remove-input"]
from IPython.display import Markdown, display

from cgrecnet.evaluation.plan import load_plan
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.dead_path import all_studies, dead_paths, living_words, sources
from cgrecnet.figures.limits import HEADERS, limit_rows, settings_of
from cgrecnet.figures.machinery import machinery_outcomes
from cgrecnet.figures.plan import progress
from cgrecnet.figures.rules_from_runs import run_outcomes
from cgrecnet.figures.standing import verdict_source
from cgrecnet.figures.verdict_table import verdict_counts, verdicts
from cgrecnet.figures.wide_table import wide_table

paper = AuditedPaper.load()
counts = verdict_counts(verdicts(paper, machinery_outcomes() | run_outcomes(paper)))
done = progress(load_plan())
runs, planned = (sum(pair[k] for pair in done.values()) for k in (0, 1))
Markdown(
    f"In numbers: {counts[str(Verdict.CANNOT_BE_TESTED_HERE)]} of {len(paper.claims)} claims *{Verdict.CANNOT_BE_TESTED_HERE}*, "
    f"{sum(len(table.lost()) for table in paper.tables.values())} cells of the paper's tables are lost in the text at hand, "
    f"{len(paper.choices)} choices are left open by it, and {runs} of {planned} planned runs have a record."
)

# %% tags=["remove-input"]
verdict_source()

# %% [markdown]
# ## What we do not have

# %% tags=["remove-input"]
Markdown(wide_table(HEADERS, limit_rows("have"), "What we do not have"))

# %% [markdown]
# ## What our runs are

# %% tags=["remove-input"]
studies = all_studies()
dead = dead_paths(studies)
Markdown(f"{settings_of()}\n\n" + wide_table(HEADERS, limit_rows("runs", dead), "What our runs are"))

# %% tags=["remove-input"]
display(Markdown(living_words(studies)), *sources(studies))

# %% [markdown]
# ## What our methods assume

# %% tags=["remove-input"]
Markdown(wide_table(HEADERS, limit_rows("methods"), "What our methods assume"))

# %% [markdown]
# ## What follows from this
#
# *May be said*
# : which printed numbers go together and which do not; what the described modules do when they are run; how networks compare on the cells, sizes and seeds that a page names.
#
# *May not be said*
# : that CG-RecNet is better or worse than its baseline on neural cells; that the paper's accuracies are right or wrong; that a network sees biology; that anything here holds for another instrument.
#
# **Take-away.**
# A result is as wide as what it was measured on, and a limit that is written down can be lifted by somebody else.
#
# ```{exercise} Find one that is missing
# :label: exercise-limitations-own
#
# Take any figure of this book and look at the block below it.
# Which change of one line in it (the data, the seeds, the hardware) could change the sentence in the caption, and does this page have it?
# ```
#
# ````{solution} exercise-limitations-own
# :class: dropdown
#
# There is no single answer.
# A useful test is to ask of each line: would I have written the same sentence had this line been different?
# The cell below lists what a sweep fixes and what it varies; what is fixed is what no result of it can speak about.
# ````

# %% tags=["hide-cell"]
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.grid import read_sweep

configs = [config.model_dump() for config in read_sweep(SWEEP_FILES / "jurkat-ablation.yaml")]
varied = {name for name in configs[0] if len({str(config[name]) for config in configs}) > 1}
print("varied:", ", ".join(sorted(varied)))
print("fixed: ", ", ".join(f"{name}={configs[0][name]}" for name in ("data", "image_size", "epochs", "seed", "learning_rate")))

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why does a page of limits say what would lift each of them?
# A limit with a remedy is an invitation.
# Without one it only protects its author.
# :::
#
# :::{dropdown} 2. All runs of an experiment share one setting. What can the result not tell?
# Whether it would be the same under another one.
# What was held fixed is where the result ends, until somebody varies it.
# :::
#
# :::{dropdown} 3. Small pictures and few epochs: in which direction does that push the result?
# Nobody knows beforehand.
# It may favour either network, so the honest statement is that the result belongs to this size and not that it is a lower bound.
# :::
