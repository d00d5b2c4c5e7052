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
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.code_outcomes import machinery_outcomes
from cgrecnet.figures.headline import CELLS, line_of, planned_answers
from cgrecnet.figures.inside_modules import HEADERS as PATHS
from cgrecnet.figures.inside_modules import all_studies, path_rows, sources
from cgrecnet.figures.main_result import main_answers, main_table, skip_effect, standing_runs
from cgrecnet.figures.provenance import from_records
from cgrecnet.figures.rules.runs import RUN_JUDGES
from cgrecnet.figures.rules_from_runs import run_outcomes
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.tables import dropdown, wide_table
from cgrecnet.figures.verdict_overview import GROUPS, HEADERS, change_rows, draw_groups, records_of, verdict_source
from cgrecnet.figures.verdict_table import verdict_counts, verdicts
from cgrecnet.pages import tell

use_book_style()
paper = AuditedPaper.load()
own = run_outcomes(paper)
outcomes = verdicts(paper, machinery_outcomes() | own)
counts = verdict_counts(outcomes)
answers = planned_answers()
plan = load_plan()
tell(
    claims=len(outcomes), verdicts="; ".join(f"{word} {number}" for word, number in counts.items() if number),
    decided=len(own) or "none",
)  # fmt: skip

# %% [markdown]
# > **In one sentence.** The verdicts on {glue:text}`claims` claims: {glue:text}`verdicts`; runs on the paper's own cells decided {glue:text}`decided` of them.
#
# ## Where the claims stand

# %% tags=["hide-input"] mystnb={"image": {"alt": "Seven horizontal bars, one per group of claims, each cut into coloured pieces with a letter and a number: H for holds, P for holds in part, C for consistent in print but untested, X for cannot be reconciled, T for cannot be tested here, N for not specified."}, "figure": {"name": "fig-verdict-groups", "caption": "A claim can be judged as soon as something printed, counted or run can be held against it; the grey pieces (T) still wait for images, runs or a machine. Claims by what they are about, and by verdict."}}
draw_groups(outcomes)
plt.show()

# %% tags=["remove-input"]
verdict_source()

# %% tags=["remove-input"]
lines = []
for group, names in GROUPS.items():
    words = {word: [n for n in names if outcomes[n].verdict is word] for word in Verdict}
    said = "; ".join(f"*{word}*: {', '.join(found)}" for word, found in words.items() if found)
    lines.append(f"**{group[0].upper()}{group[1:]}**\n: {said}.")
Markdown("\n\n".join(lines))

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
# {glue:text}`standing` of the {glue:text}`planned` planned runs stand so far, and this is what their comparisons came to.
# The skip around the fusion, which the paper does not print, is judged apart: its effect on accuracy is {glue:text}`skip` ({doc}`/book/5_results/choices`).

# %% tags=["remove-input"]
main = main_answers()
runs_standing, planned = standing_runs()
tell(standing=len(runs_standing), planned=planned, skip=skip_effect(main))
Markdown(main_table(main))

# %% [markdown]
# Question by question:

# %% tags=["remove-input"]
rows = []
for question in plan.questions:
    found = answers.get(question.id)
    if found is None:
        continue
    unit = "folds" if question.unit == "folds" else "cells"
    said = "\n".join(line_of(answer, unit) for answer in found) or "not yet"
    rows.append((f"{question.id} {question.question}", CELLS[question.data], said, ", ".join(question.claims) or "none"))
tell(elsewhere=", ".join(question.id for question in plan.questions if question.id not in answers))
Markdown(wide_table(("planned question", "cells", "what came out", "beside claims"), rows, "Planned questions"))

# %% [markdown]
# Not in the table, because they are about no claim or compare no networks: {glue:text}`elsewhere` ({doc}`/book/5_results/choices`, {doc}`/book/5_results/spread`).

# %% tags=["remove-input"]
from_records(records_of(), side_by_side=True)

# %% [markdown]
# **A caveat to C07, C20 and C21.**
# Where the fusion's spatial path is dead, the fusion is a plain sum of its two branches but for a constant ({doc}`/book/3_model/fusion`).
# What our runs say of ResCMNet and CG-RecNet may then be said of that sum, and not of a recalibration; networks that no study looked into may be alike.

# %% tags=["remove-input"]
studies = all_studies()
display(Markdown(wide_table(PATHS, path_rows(studies), "Spatial paths")), *sources(studies))

# %% [markdown]
# ## What would change it
#
# Three things could arrive, and each moves other claims.

# %% tags=["remove-input"]
waiting = [name for name in RUN_JUDGES if outcomes[name].verdict is not Verdict.HOLDS]
open_claims = [name for name, outcome in outcomes.items() if outcome.verdict is Verdict.NOT_SPECIFIED]
tell(
    waiting=len(waiting), which=", ".join(waiting), lost=sum(len(table.lost()) for table in paper.tables.values()),
    choices=len(paper.choices), open_claims=", ".join(open_claims),
)  # fmt: skip

# %% [markdown]
# **The paper's cells.**
# Runs on them can move {glue:text}`waiting` claims ({glue:text}`which`), by tolerances that stand in `claims.yaml` since before any run.
# Whoever has the images types `make reproduce DATA=/path/to/zhu`.
#
# **The whole text.**
# In the text at hand {glue:text}`lost` cells of the tables are lost.
# Filling them in may move claims about the tables in both directions, and needs no computer beyond this page's.
#
# **The authors' code or weights.**
# They would settle {glue:text}`choices` open choices ({doc}`/book/7_judgement/deviations`), and with them the claims that are *not specified* ({glue:text}`open_claims`).
# A reading other than ours could also turn claims about parameters and operations that now *cannot be reconciled*.
#
# Claim by claim:

# %% tags=["remove-input"]
Markdown(
    "\n\n".join(
        dropdown(f"{group[0].upper()}{group[1:]} ({len(names)})", wide_table(HEADERS, change_rows(paper, outcomes, group), group))
        for group, names in GROUPS.items()
    )
)

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
for name, outcome in verdicts(corrected, machinery_outcomes() | own).items():
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
