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

from cgrecnet.bench.record import cards_measured
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.claims import verdict_source
from cgrecnet.figures.explained import PATHS, all_studies, path_rows, provenance_of_study
from cgrecnet.figures.tables import wide_table
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import judge, verdict_counts
from cgrecnet.pages import holds, tell
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.preregistration import progress

paper = AuditedPaper.load()
counts = verdict_counts(judge(paper))
plan = load_plan()
done = progress(plan)
runs, planned = (sum(pair[k] for pair in done.values()) for k in (0, 1))
sweeps = dict.fromkeys(name for question in plan.questions for name in question.sweeps)
asked = [config for name in sweeps for config in read_sweep(SWEEP_FILES / f"{name}.yaml")]
settings = paper.tables["S"]


def reach(field):
    """The values of a field over all planned runs: one, or the smallest and the largest."""
    known = sorted({getattr(config, field) for config in asked})
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"


tell(
    untested=counts[str(Verdict.CANNOT_BE_TESTED_HERE)], claims=len(paper.claims), word=str(Verdict.CANNOT_BE_TESTED_HERE),
    lost=sum(len(table.lost()) for table in paper.tables.values()), choices=len(paper.choices), runs=runs, planned=planned,
    asked=len(asked), size=reach("image_size"), epochs=reach("epochs"), batch=reach("batch_size"),
    their_size=paper.claims["C03"].value("centre crop").printed,
    their_epochs=settings.cell("Epochs", "setting").value, their_batch=settings.cell("Batch size", "setting").value,
)  # fmt: skip
holds("There are no measurements on a graphics card.", not cards_measured())

# %% [markdown]
# In numbers: {glue:text}`untested` of {glue:text}`claims` claims *{glue:text}`word`*, {glue:text}`lost` cells of the paper's tables are lost in the text that we have, {glue:text}`choices` choices are left open by it, and {glue:text}`runs` of {glue:text}`planned` planned runs have a record.

# %%
verdict_source()

# %% [markdown]
# ## What we do not have
#
# **We do not have the paper's images.**
# : *It touches:* every claim on accuracy: none can be repeated, and results on other cells stand beside it, never for it.
# : *It would be lifted by:* the images, and the command `make reproduce`; the columns for `zhu` then fill by themselves.
#
# **Some cells of the paper's tables, its equations as printed and Table 2 are lost in the text that we have.**
# : *It touches:* claims on those cells, the initial learning rate, the readings of the equations.
# : *It would be lifted by:* the whole text; each cell is one line in `tables.yaml`.
#
# **There is no code of the authors and there are no weights.**
# : *It touches:* the architecture, which is a reading, found by a search for what fits the printed counts after these were known.
# : *It would be lifted by:* the authors' code, or a count that was not used in the search.
#
# **There are no measurements on a graphics card.**
# : *It touches:* sizes, epochs and seeds of all runs; the cost of the paper's protocol is computed, or measured on a CPU.
# : *It would be lifted by:* any card: the sweeps are the same files with other sizes.
#
# ## What our runs are
#
# The planned sweeps have {glue:text}`asked` runs: images of {glue:text}`size` pixels, {glue:text}`epochs` epochs, batches of {glue:text}`batch`.
# The paper has images of {glue:text}`their_size` pixels, {glue:text}`their_epochs` epochs and batches of {glue:text}`their_batch`; see {doc}`what it costs </book/4_training/costs>`.
#
# **The real cells are Jurkat cells in stages of the cell cycle.**
# : *It touches:* the question itself, which is another one than lineage: a gain or its absence there need not carry over.
# : *It would be lifted by:* other public sets of label-free cells, and the paper's own.
#
# **One class of the Jurkat cells comes from two experiments, the others from one; folds are random over cells.**
# : *It touches:* accuracies, which may be flattered: networks may use traces of the experiment.
# : *It would be lifted by:* a set in which every class was recorded in several runs, and folds that keep runs whole.
#
# **Images are small, epochs few, arithmetic short (bfloat16).**
# : *It touches:* all scores: they say how networks compare at this size, not what they reach at the paper's.
# : *It would be lifted by:* the same sweeps at the paper's size.
#
# **Most comparisons have one seed, many one fold.**
# : *It touches:* every difference, which includes the luck of one training; intervals over cells do not know of it.
# : *It would be lifted by:* more seeds; {doc}`/book/4_training/seeds` says how many a given difference needs.
#
# **Simulated cells follow assumed laws.**
# : *It touches:* what they show: what can happen, under known truth, and nothing about living cells.
# : *It would be lifted by:* traits measured on real cells, with masks.
#
# **The spatial path of a fusion can be dead.**
# : *It touches:* C07, C20 and C21: such a fusion is a plain sum of its two branches but for a constant ({doc}`/book/3_model/fusion`), not a recalibration. Networks that no study looked into may be alike.
# : *It would be lifted by:* a look at every network with the fusion, and one whose spatial map is not even.
#
# What studies found of the spatial path of trained networks:

# %%
studies = all_studies()
display(
    Markdown(wide_table(PATHS, path_rows(studies), "Spatial paths")),
    *map(provenance_of_study, studies),
)

# %% [markdown]
# ## What our methods assume
#
# **Training sets of different folds overlap.**
# : *It touches:* p-values: those of the plain paired t-test are too small, and the corrected one is approximate.
# : *It would be lifted by:* separate data for each repetition, which nobody has.
#
# **The p-values of the audit are computed from printed means and SDs.**
# : *It touches:* the p-values, which are ranges, because the correlation of the folds is unknown.
# : *It would be lifted by:* the scores of the single folds.
#
# **Tolerances and margins are judgements, written down by people who had seen the printed numbers.**
# : *It touches:* verdicts near a limit.
# : *It would be lifted by:* your own tolerance: change the file, and every page follows.
#
# **Maps are scored against masks: of simulated cells exactly, of real cells by a segmentation.**
# : *It touches:* what a map on the cell shows: where a network looks, not that it sees what a biologist sees.
# : *It would be lifted by:* experiments that change the cell and not the picture around it.
#
# **All pages and runs were made by one project, on one kind of machine.**
# : *It touches:* everything: mistakes that we share with ourselves.
# : *It would be lifted by:* somebody else's run of the same files.
#
# ## What follows from this
#
# *May be said*
# : which printed numbers go together and which do not; what the described modules do when they are run; how networks compare on the cells, sizes and seeds that a page names.
#
# *May not be said*
# : that CG-RecNet is better or worse than its baseline on neural cells, or would be with a skip around its fusion ({doc}`/book/5_results/choices`); that the paper's accuracies are right or wrong; that a network sees biology; that anything here holds for another instrument.
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
