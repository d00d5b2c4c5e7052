# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The verdict, and what would change it
#
# **You will learn** where the claims of the paper stand after everything in this book, what other cells can and cannot add, and which evidence would turn each verdict.
#
# **You need** {doc}`/book/5_results/headline` and {doc}`/book/7_judgement/limitations`.
# Reading takes about {reading-time}`this page`.
#
# A verdict that nothing could change is not a finding but a belief.
# So this page says for every group of claims what is known, and then what would have to turn up for us to say something else.
# It is written by the program from the verdicts and the records, and it changes when they do.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown, display

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.claims import COLOURS, LETTERS, verdict_source, what_would_change
from cgrecnet.figures.explained import PATHS, all_studies, path_rows, provenance_of_study
from cgrecnet.figures.headline import (
    CELLS,
    HEADERS,
    completed_runs,
    line_of,
    main_rows,
    planned_decisions,
    skip_effect,
    skip_simulated,
)
from cgrecnet.figures.provenance import from_records
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.tables import dropdown, interval, points, wide_table
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import judge, run_outcomes, verdict_counts
from cgrecnet.judgement.runs import RULES
from cgrecnet.pages import holds, tell
from cgrecnet.runs.query import SWEEPS, experiment

use_book_style()
#: The claims by what they are about; each is in one group.
GROUPS = {
    "cells, crops, split": ("C01", "C02", "C03", "C04", "C43"),
    "module effects": ("C05", "C06", "C07", "C08", "C09"),
    "network costs": ("C10", "C11", "C12", "C13", "C14", "C15", "C36", "C38", "C42", "C44"),
    "accuracy": ("C16", "C17", "C25", "C27", "C28", "C33", "C34"),
    "module gains": ("C18", "C19", "C20", "C21", "C32", "C40"),
    "against other systems": ("C22", "C23", "C24", "C26", "C29", "C30", "C31", "C39", "C41"),
    "where it looks": ("C35", "C37"),
}
paper, plan = AuditedPaper.load(), load_plan()
outcomes = judge(paper)
assert sorted(name for names in GROUPS.values() for name in names) == sorted(outcomes)
answers = planned_decisions()
standing, planned = completed_runs()
dials, (without, within) = skip_simulated()
favour = int(main_rows(answers)[-1][1])
waiting = [name for name in RULES if outcomes[name].verdict is not Verdict.HOLDS]
open_claims = [name for name, outcome in outcomes.items() if outcome.verdict is Verdict.NOT_SPECIFIED]
tell(
    without=points(without.result.difference), within=points(within.result.difference),
    without_ends=interval(without.result.interval95), within_ends=interval(within.result.interval95), n=without.result.n,
    claims=len(outcomes), decided=len(run_outcomes(paper)) or "none",
    verdicts="; ".join(f"{word} {number}" for word, number in verdict_counts(outcomes).items() if number),
    standing=len(standing), planned=planned, skip=skip_effect(answers),
    elsewhere=", ".join(question.id for question in plan.questions if question.id not in answers),
    waiting=len(waiting), which=", ".join(sorted(waiting)), lost=sum(len(table.lost()) for table in paper.tables.values()),
    choices=len(paper.choices), open_claims=", ".join(open_claims),
)  # fmt: skip

holds("no comparison that was run favours more of the paper's modules", favour == 0)

# %% [markdown]
# > **In one sentence.** The verdicts on {glue:text}`claims` claims: {glue:text}`verdicts`; runs on the paper's own cells decided {glue:text}`decided` of them.
# >
# > **On other cells** no comparison that was run favours more of the paper's modules; {doc}`/book/5_results/headline` has the count.
#
# ## Where the claims stand

# %% tags=["hide-input"] mystnb={"image": {"alt": "Seven horizontal bars, one per group of claims, each cut into coloured pieces with a letter and a number: H for holds, P for holds in part, C for consistent in print but untested, X for cannot be reconciled, T for cannot be tested here, N for not specified."}, "figure": {"name": "fig-verdict-groups", "caption": "A claim can be judged as soon as something printed, counted or run can be held against it; the grey pieces (T) still wait for images, runs or a machine. Claims by what they are about, and by verdict."}}
figure, axes = plt.subplots(figsize=(4.4, 4.2))
for row, names in enumerate(GROUPS.values()):
    left = 0
    for word in Verdict:
        if count := sum(outcomes[name].verdict is word for name in names):
            axes.barh(row, count, left=left, color=(*COLOURS[word], 0.45), edgecolor="0.2", linewidth=0.8)
            axes.text(left + count / 2, row, f"{LETTERS[word]} {count}", ha="center", va="center", fontsize=9)
        left += count
axes.set_yticks(range(len(GROUPS)), list(GROUPS))
axes.invert_yaxis()
axes.set_xlabel("claims")
handles = [plt.Rectangle((0, 0), 1, 1, color=(*COLOURS[word], 0.45), label=f"{LETTERS[word]}: {word}") for word in Verdict]
figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, columnspacing=1)
axes.tick_params(axis="y", length=0)
plt.show()
verdict_source()

# %%
lines = [
    (group, word, ", ".join(found))
    for group, names in GROUPS.items()
    for word in Verdict
    if (found := [name for name in names if outcomes[name].verdict is word])
]
headers = ("about", "verdict", "claims")
table = wide_table(headers, lines, "Where claims stand")
Markdown(dropdown("Which claims these are", table))

# %% [markdown]
# In fairness to the authors, three things belong beside these counts.
# Most of the claims that *cannot be tested here* could be tested by whoever has the images; that we do not have them says nothing about the claims.
# Printed tables that cannot be reconciled have many possible reasons, and a slip of the pen is one of them.
# And a paper that prints less would have given us less to disagree with.
#
# ## What other cells add
#
# The same networks were trained on cells that anyone can get, under a plan that was written down first ({doc}`/book/5_results/plan`).
# Their results decide no claim, because a gain on neural cells may well be absent on others.
# They can say whether the mechanism that a claim names is *seen somewhere*.
#
# {glue:text}`standing` of the {glue:text}`planned` planned runs stand so far; the table counts their comparisons.
# The skip around the fusion, which the paper does not print, is judged apart: its effect over folds of real cells is {glue:text}`skip` ({doc}`/book/5_results/choices`).
# On simulated cells (exploratory, one run each) CG-RecNet minus baseline is {glue:text}`without` points without it (95 % interval {glue:text}`without_ends`; n = {glue:text}`n` cells) and {glue:text}`within` with it ({glue:text}`within_ends`).

# %%
Markdown(wide_table(HEADERS, main_rows(answers), "The main result"))

# %% [markdown]
# Question by question:

# %%
lines = []
for asked in plan.questions:
    if (found := answers.get(asked.id)) is None:
        continue
    unit = "folds" if asked.unit == "folds" else "cells"
    said = "\n".join(line_of(answer, unit) for answer in found)
    beside = ", ".join(asked.claims) or "none"
    about = f"{asked.id} {asked.question}"
    lines.append((about, CELLS[asked.data], said or "not yet", beside))
headers = ("planned question", "cells", "result", "beside claims")
Markdown(wide_table(headers, lines, "Planned questions"))

# %% [markdown]
# Not in the table, because they are about no claim or compare no networks: {glue:text}`elsewhere` ({doc}`/book/5_results/choices`, {doc}`/book/5_results/spread`).

# %%
records = {
    record.run_id: record
    for part, sets in SWEEPS.items()
    for data in sets
    if (found := experiment(part, data))
    for record in found.records
}
from_records(list(records.values()), side_by_side=True)

# %% [markdown]
# **A caveat to C07, C20 and C21.**
# Where the fusion's spatial path is dead, the fusion is a plain sum of its two branches but for a constant ({doc}`/book/3_model/fusion`).
# What our runs say of ResCMNet and CG-RecNet may then be said of that sum, and not of a recalibration; networks that no study looked into may be alike.

# %%
studies = all_studies()
display(
    Markdown(wide_table(PATHS, path_rows(studies), "Spatial paths")),
    *map(provenance_of_study, studies),
)

# %% [markdown]
# ## What would change it
#
# Three things could arrive, and each moves other claims.
#
# **The paper's cells.**
# Runs on them can move {glue:text}`waiting` claims ({glue:text}`which`), by tolerances that stand in `claims.yaml` since before any run.
# Whoever has the images types `make reproduce DATA=/path/to/zhu`.
#
# **The whole text.**
# In the text that we have {glue:text}`lost` cells of the tables are lost.
# Filling them in may move claims about the tables in both directions, and needs no computer beyond this page's.
#
# **The authors' code or weights.**
# They would settle {glue:text}`choices` open choices ({doc}`/book/7_judgement/deviations`), and with them the claims that are *not specified* ({glue:text}`open_claims`).
# A reading other than ours could also turn claims about parameters and operations that now *cannot be reconciled*.
#
# Claim by claim; where the tolerance is *none*, nothing is printed to compare with, and a margin has to be set before anything is run:

# %%
headers = ("claim", "verdict now", "what changes it")
folded = []
for group, names in GROUPS.items():
    lines = []
    for name in names:
        claim, now = paper.claims[name], outcomes[name]
        change = what_would_change(claim, now.verdict)
        verdict = f"{now.verdict}\n{now.reason}"
        lines.append((f"{name} {claim.title}", verdict, change))
    title = f"{group[0].upper()}{group[1:]} ({len(names)})"
    folded.append(dropdown(title, wide_table(headers, lines, group)))
Markdown("\n\n".join(folded))

# %% [markdown]
# ## Against our own interest
#
# Our verdicts can be wrong as well, and it should be easy to show it.
# A count of parameters is wrong if somebody finds an architecture that the text allows and that gives every printed row.
# A contradiction between two tables is wrong if a confusion matrix exists that has the printed scores; the program says that none does, and the proof is a page of code ({doc}`/book/1_question/audit`).
# A verdict from runs is wrong if the same sweep, started by somebody else, ends outside of the interval that we print.
#
# **Take-away.**
# Say what you found, and say what would make you take it back.
#
# ```{exercise} Turn a verdict
# :label: exercise-verdict-turn
#
# Suppose that a correction of the paper appeared, which prints 25.56 million parameters for the baseline in place of 25.51.
# Which verdicts would change?
# ```
#
# ````{solution} exercise-verdict-turn
# :class: dropdown
#
# The next cell prints the table anew with that number, judges every claim again and compares.
# ````

# %% tags=["hide-cell"]
from cgrecnet.paper.tables import load_tables

new = "25.56"
tables = load_tables()
row = tables["3"].rows["Baseline"]
row["parameters"] = row["parameters"].model_copy(update={"value": new})
claim = paper.claims["C13"]
values = tuple(value.model_copy(update={"printed": new}) for value in claim.values)
corrected = AuditedPaper({**paper.claims, "C13": claim.model_copy(update={"values": values})}, tables, paper.choices)
for name, outcome in judge(corrected).items():
    if outcome.verdict is not outcomes[name].verdict:
        print(f"{name} {paper.claims[name].title}: from {outcomes[name].verdict!s} to {outcome.verdict!s}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A verdict that nothing could change: what is it?
# A belief, whether or not it is true.
# A finding names the evidence that would turn it, so that somebody can go and look.
# :::
#
# :::{dropdown} 2. Could our own result on other cells turn a verdict about the paper's cells?
# No, whichever way it goes.
# It can make a claim more or less expected; the verdict waits for the cells that the claim is about.
# :::
#
# :::{dropdown} 3. How could somebody show that a verdict of ours is wrong?
# With an architecture that the text allows and that gives every printed row, with a confusion matrix that has the printed scores, or with runs on the paper's cells.
# :::
