# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The plan
#
# **You will learn** what each experiment of this part is to decide, by which rule, and how you can check that the rule was there before the result.
#
# **You need** {doc}`/book/1_question/claims`, and what a confidence interval is.
# Reading takes about {reading-time}`this page`.
#
# Whoever looks at a result in enough ways will find one that pleases.
# Compare two networks by accuracy, by F1, by the F1 of each class, with and without the last epoch, and some comparison will look like a discovery even if the networks are equally good {cite}`simmons2011false`.
# The cure is old and simple: say what you will look at, and what you will conclude, **before** you look {cite}`nosek2018preregistration`.
# This page is that plan.
# It is made from a file, `plan.yaml`, which the program reads, and which judges the results on the pages that follow.

# %% tags=["remove-input"]
import json

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from scipy.stats import binom

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan, outcome_of
from cgrecnet.evaluation.score_intervals import score_upper
from cgrecnet.figures.forest import COLOURS, contrast_in_words
from cgrecnet.figures.headline import comparisons
from cgrecnet.figures.provenance import Provenance, from_records, hardware_text
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import dropdown, wide_table
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paths import RESULTS
from cgrecnet.runs.preregistration import (
    PlanState,
    changes_of_plan,
    check_records,
    planned_records,
    progress,
    violations,
)

use_book_style()
plan = load_plan()
counts, changes, records = progress(plan), changes_of_plan(), planned_records(plan)
checks = check_records(records, plan)
known = [check for check in checks if check.plan_came_first is not None]
ends = [f"{changes[k].date:%Y-%m-%d at %H:%M:%S %Z} (commit {changes[k].commit[:10]})" if changes else "unknown" for k in (0, -1)]
tell(
    questions=len(plan.questions), first=plan.questions[0].id, last=plan.questions[-1].id, sweeps=len(counts),
    contrasts=sum(len(q.contrasts) for q in plan.questions), comparisons=sum(comparisons(q.id) for q in plan.questions),
    runs=sum(n for _, n in counts.values()), done=sum(done for done, _ in counts.values()),
    alpha=plan.alpha, at_ten=1 - (1 - plan.alpha) ** 10, undecided=Outcome.UNDECIDED,
    committed=ends[0], changed=ends[1], checks=len(checks), known=len(known), came_first=sum(check.plan_came_first for check in known),
)  # fmt: skip

# %% [markdown]
# There are **{glue:text}`questions` questions**, {glue:text}`first` to {glue:text}`last`, with {glue:text}`contrasts` pairs of networks or readings, some of them at several settings, which makes {glue:text}`comparisons` **planned comparisons**.
# They are answered by {glue:text}`sweeps` sweeps with {glue:text}`runs` runs in all, of which {glue:text}`done` have a record here.
#
# On every page, *p (Holm)* or *corrected p* is one thing: the p-value of a comparison after Holm's correction for its family, in which planned comparisons that were not run yet count as if nothing had been found.
# The family of a planned comparison is named below; where a page compares what was not planned, its family is all that it compares there.

# %% [markdown]
# ## The rule
#
# For each comparison we compute a difference $d$ in percentage points, a p-value, and an interval.
# Two questions are asked of them, and they are different questions.
#
# *Is there a difference?*
# : The p-value is the chance of a difference at least this large if there were none.
#   A question with several comparisons gets several chances to be wrong, so p-values are corrected for the family they belong to (Holm's method), and only then compared with the level $\alpha$.
#
# *Does it matter?*
# : Before the runs, each question got a **margin** $m$: a difference smaller than this is of no interest here.
#   If the whole 90 % interval lies between $-m$ and $m$, the data say that the difference is too small to matter.
#   This is the test of equivalence by two one-sided tests {cite}`lakens2017equivalence`, each at the level $\alpha$, which is why it takes the 90 % interval.
#
# The two answers give four outcomes:
#
# $$
# \begin{array}{l|ll}
#  & [d_{\text{low}}, d_{\text{high}}] \subset (-m, m) & \text{otherwise} \\ \hline
# p < \alpha & \text{too small to matter} & \text{difference} \\
# p \ge \alpha & \text{no difference beyond } m & \text{undecided}
# \end{array}
# $$ (eq-plan-rule)

# %%
show_code(outcome_of)

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Panel A: four horizontal intervals around a grey band that marks the margin. One lies right of the band, one inside it and right of zero, one inside it across zero, and one reaches from inside to outside. Panel B: a rising curve of the chance of a false finding over the number of looks, far above a flat line."}, "figure": {"name": "fig-plan-rule", "caption": "A: not to find a difference and to find that there is none that matters are two things. The last interval is compatible with no difference and with one twice the margin: it is undecided, and more runs would be needed. Invented results; grey, the margin. B: why p-values are corrected. Among looks at data without any difference, the chance of at least one finding grows with their number (computed for independent looks)."}}
#: Made-up results for the picture of the rule: p-value (corrected) and ends of the 90 % interval.
EXAMPLES = ((0.001, (1.6, 3.0)), (0.01, (0.2, 0.8)), (0.40, (-0.7, 0.5)), (0.20, (-0.6, 2.4)))
margin = plan["P1"].margin
figure, (rule, looks) = plt.subplots(2, 1, figsize=(4.4, 5.6))
rule.axvspan(-margin, margin, color="0.92")
rule.axvline(0, color="0.5", linewidth=1)
for row, (p, (low, high)) in enumerate(EXAMPLES):
    outcome = outcome_of(p, (low, high), margin, plan.alpha)
    rule.plot([low, high], [row, row], linewidth=4, color=COLOURS[outcome], solid_capstyle="butt")
    rule.plot((low + high) / 2, row, "o", color=COLOURS[outcome])
    rule.annotate(f"{outcome} (p = {p:g})", (-1.9, row), xytext=(0, 9), textcoords="offset points", fontsize=8)
rule.set(xlim=(-2, 3.5), ylim=(len(EXAMPLES) - 0.4, -0.7), yticks=[])
rule.set(xlabel="difference (points), 90 % interval")
rule.spines["left"].set_visible(False)
tries = range(1, 21)
looks.plot(tries, [1 - (1 - plan.alpha) ** n for n in tries], color=PALETTE[3], label="each look alone")
looks.axhline(plan.alpha, color=PALETTE[2], label="corrected, at most")
looks.set(xlabel="looks without difference", ylabel="chance of a finding", ylim=(0, 1), xticks=[1, 5, 10, 15, 20])
looks.legend(fontsize=8, loc="upper left")
letter(rule, "A")
letter(looks, "B")
plt.show()

# %% [markdown]
# The level of this plan is {glue:text}`alpha:g`.
# {numref}`fig-plan-rule` B shows what ten uncorrected looks would do: a false finding in {glue:text}`at_ten:.0%` of the studies in which there is nothing to find.
# The outcome *{glue:text}`undecided`* is the honest answer when runs are few.
#
# ## Does the rule keep its promises?
#
# The second question is answered by an interval, and the interval promises two things.
# It holds the true difference as often as its level says; and where the true difference is just as large as the margin, no more studies than $\alpha$ allows are told that there is none beyond it.
# Where the truth is known, this can be checked.
# So two networks were made up, with known chances for each cell, and compared on test cells drawn at random, many times over.
#
# The plan named the *bootstrap* for comparisons over cells: draw the test cells again, with replacement, and keep the middle of what comes out.
# Just where little differs, it fails.
# Two networks that agree on every test cell agree on every cell that is drawn again, so that the interval has no length and lies inside every margin.
# Yet with a true difference of $d$ the chance that $n$ cells show none of it is $(1 - d)^n$, and that is small only where $n$ is large beside $1/d$.
#
# *Tango's interval* {cite}`tango1998equivalence` asks the other way round: which differences $d$ would not make the observed counts a surprise?
# Of $n$ cells, $b$ are right by the first network alone and $c$ by the second alone; $d$ belongs to the interval if
#
# $$
# |b - c - n d| \le z \sqrt{n \, (2 \hat p_d + d - d^2)} ,
# $$ (eq-plan-tango)
#
# where $\hat p_d$ is the likeliest chance of a cell that the second network alone has right, *if the difference is $d$*, and $z$ belongs to the level.
# With $b = c = 0$ it still has a length.
# For few cells the normal law behind $z$ is too rough, and the interval is computed exactly.
# {numref}`fig-plan-coverage` shows both rules.

# %% tags=["remove-input"]
coverage = json.loads((RESULTS / "interval-coverage" / "coverage.json").read_text())
rows = coverage["rows"]
RULES = ("bootstrap", "now")


def extremes(rule, measure="accuracy"):
    """(most draws taken for none, fewest intervals that hold the truth) where the difference equals the margin."""
    found = [row[rule] for row in rows if row["measure"] == measure and row["truth"] and row[rule]["none"] < 0.5]
    return max(one["inside"] for one in found), min(one["holds"] for one in found)


def counted_out(margin, cells):
    """Exact chance, for each number of cells, that a difference as large as the margin is taken for none.

    The worse network is never right alone; intervals of that are Tango's.
    """
    ahead = np.arange(int(margin * cells[-1]) + 1)
    ends = score_upper(*np.broadcast_arrays(ahead, 0), cells[:, None], coverage["nominal_inside"])
    return binom.cdf((ends < margin).sum(axis=1) - 1, cells, margin)


def points_text(margin):
    """A margin in points."""
    return f"{margin:g} point{'s' * (margin != 1)}"


worst = {rule: {measure: extremes(rule, measure) for measure in dict.fromkeys(row["measure"] for row in rows)} for rule in RULES}
sizes = np.arange(coverage["exact_up_to"] + 1, 2001)
erring = {margin: counted_out(margin / 100, sizes) for margin in {q.margin for q in plan.questions}}
errs_at = max(erring, key=lambda margin: erring[margin].max())
errs, errs_n = erring[errs_at].max(), sizes[erring[errs_at].argmax()]
error = (coverage["nominal_inside"] * (1 - coverage["nominal_inside"]) / coverage["draws"]) ** 0.5
kept = [row for row in rows if row["measure"] == "accuracy" and not row["truth"] and row["n"] >= 900]
cost = max(row["bootstrap"]["inside"] - row["now"]["inside"] for row in kept)
fewest = min(row["n"] for row in kept)
holds("Between these settings the rule errs a little more often", worst["now"]["accuracy"][0] < errs < coverage["nominal_inside"] + 0.015)
holds(
    "the bootstrap took differences for none that were as large as the margin; the present intervals do not",
    worst["bootstrap"]["accuracy"][0] > 0.5
    and worst["now"]["accuracy"][0] < coverage["nominal_inside"] + 0.015
    and worst["now"]["accuracy"][1] > coverage["level"] - 0.03,
)
tell(
    nominal_inside=coverage["nominal_inside"], level=coverage["level"], sampling_error=2 * error,
    draws=f"{coverage['draws']:,}", fewest=fewest, none_beyond=Outcome.NO_DIFFERENCE, cost=100 * cost,
    counted_from=int(sizes[0]), counted_to=f"{sizes[-1]:,}", errs=errs, errs_n=int(errs_n), errs_margin=points_text(errs_at),
)  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, one below the other, over the number of test cells on a logarithmic axis, grey lines for the bootstrap and blue ones for the present intervals, three line styles for how often the networks disagree. Panel A: how often a difference as large as the margin is taken for none; grey starts far above the black line and comes down to it, blue never rises clearly above it. Panel B: how often the interval holds the truth; grey starts far below the black line, blue at or above it; both meet it for many cells."}, "figure": {"name": "fig-plan-coverage", "caption": "With few cells, or few on which the networks differ, the bootstrap took differences for none that were as large as the margin; the present intervals do not. Simulated comparisons of accuracies, true difference equal to the margin, two points. A: share of studies that are told that there is no difference beyond the margin; B: share of 90 % intervals that hold the truth. Black: nominal. Line style: share of cells that the worse network alone has right."}}
def draw_shares_of(axes, what):
    """A share over the number of test cells, a colour per rule, a line style per share that one network alone has right."""
    for rule, colour in zip(RULES, ("0.55", PALETTE[0]), strict=True):
        for against, style in zip(sorted({row["against"] for row in rows}), ("-", "--", ":"), strict=True):
            here = [row for row in rows if row["measure"] == "accuracy" and row["truth"] and row["against"] == against]
            shares = [100 * row[rule][what] for row in here]
            axes.plot([row["n"] for row in here], shares, style, marker=".", color=colour, label=f"{rule}, {100 * against:g} %")


source = Provenance(
    (
        ("Record", "results/interval-coverage/coverage.json"),
        ("Made by", "benchmarks/interval_coverage.py"),
        ("Draws", f"{coverage['draws']:,}, {len(rows)} settings; {coverage['resamples']:,} resamples"),
        ("Commit", coverage["commit"][:10]),
        ("Hardware", hardware_text(coverage["hardware"])),
    )
)
wanted = (
    ("inside", "taken for none (%)", coverage["nominal_inside"]),
    ("holds", "truth held (%)", coverage["level"]),
)
figure, panels = plt.subplots(2, 1, figsize=(4.4, 6.4), sharex=True)
for axes, (what, title, nominal) in zip(panels, wanted, strict=True):
    draw_shares_of(axes, what)
    axes.axhline(100 * nominal, color="black", linewidth=0.8)
    axes.set(xscale="log", ylabel=title)
panels[1].set_xlabel("test cells")
for axes, mark in zip(panels, "AB", strict=True):
    letter(axes, mark)
named = panels[0].get_legend_handles_labels()
figure.legend(*named, loc="outside lower center", ncols=2)
plt.show()
source

# %%
table = []
for measure, now in worst["now"].items():
    before = worst["bootstrap"][measure]
    shares = [one for pair in zip(before, now, strict=True) for one in pair]
    table.append((measure, *(f"{share:.1%}" for share in shares)))
headers = ("measure", "none, bootstrap", "now")
headers += ("truth held, bootstrap", "now")
wide_table(headers, table, "The worst")

# %% [markdown]
# These are the worst of all settings, where the true difference equals the margin: how often it was taken for none, and how often the interval held the truth.
# Nominal are {glue:text}`nominal_inside:.0%` and {glue:text}`level:.0%`; chance moves the first by {glue:text}`sampling_error:.1%` (two standard errors, n = {glue:text}`draws` draws).
# Between these settings the rule errs a little more often.
# Counted out for every number of cells from {glue:text}`counted_from` to {glue:text}`counted_to` and every margin of the plan, where the worse network is never right alone, it takes at most {glue:text}`errs:.1%` for none (n = {glue:text}`errs_n` cells, margin {glue:text}`errs_margin`).
# For fewer cells the intervals are exact.
# A change is a difference of differences (questions P5 and P6), a sum over cells with its own score interval; for balanced accuracy (P7) the intervals of the classes are added up.
# The price is small: where two networks do not differ and there are {glue:text}`fewest` cells or more, the bootstrap found *{glue:text}`none_beyond`* in at most {glue:text}`cost:.1f` of a hundred studies more.

# %% tags=["hide-input"]
def both(row, what):
    """A share under both rules, and how often a rule gave no interval."""
    return (f"{row[rule][what]:.1%}" + (f"\n(no interval: {row[rule]['none']:.0%})" if row[rule]["none"] else "") for rule in RULES)


settings = []
for row in rows:
    truth, margin = 100 * row["truth"], 100 * row["margin"]
    setting = f"{truth:g} (margin {margin:g})", f"{row['against']:.0%}"
    shares = *both(row, "inside"), *both(row, "holds")
    settings.append((row["measure"], f"{row['n']:,}", *setting, *shares))
headers = ("measure", "cells", "true difference (points)")
headers += ("worse alone right", "none: bootstrap", "now")
headers += ("truth held: bootstrap", "now")
dropdown("Every setting", wide_table(headers, settings, "Coverage"))

# %% [markdown]
# The rule's form is as it was; its intervals over cells are others, and the amendment below says what had been seen by then.
#
# ## The questions
#
# A comparison is written as first − second, and is positive where the first is better.
# The claims are those of {doc}`/book/1_question/claims`.
# No answer to these questions decides a claim of the paper, because the cells are others: a result on real Jurkat cells or on simulated cells is shown *beside* the claim and is called what it is.

# %% tags=["hide-input"]
def cells_text(data):
    """Which cells a question is asked of."""
    return data.replace("jurkat", "Jurkat cells (real)").replace("cytometer", "simulated cells")


def unit_of(question):
    """What is paired, and so the test; sums over cells have a test of their own."""
    summed = question.unit == "cells" and question.measure.startswith(("change", "balanced"))
    return "sums" if summed else question.unit


rows = []
for q in plan.questions:
    family = [one.id for one in plan.questions if one.family == q.family]
    claims = ", ".join(q.claims) or "none"
    pairs = "\n".join(map(contrast_in_words, q.contrasts)) or "none"
    rows.append((
        f"{q.id} {q.question}\n(claims: {claims})",
        f"{q.measure.replace('f1', 'F1')}\non {cells_text(q.data)}", pairs,
        f"{unit_of(q)}\n{q.family}: {' and '.join(family)}",
        f"{points_text(q.margin)}\n{q.why.replace('`', '')}",
    ))  # fmt: skip
headers = ("question", "what is measured", "comparisons")
headers += ("rule", "margin, and why")
wide_table(headers, rows, "Questions")

# %% [markdown]
# The fourth column says what is paired, and so which test decides, and in which family p-values are corrected by Holm; a difference below the margin does not matter.
#
# *folds*
# : Both are trained and tested on the same folds, and the differences of the folds are put to a corrected resampled t-test.
#
# *cells*
# : Both are tested on the same cells; McNemar's exact test looks at the cells that only one of them has right, and the interval is exact for few cells and Tango's for many.
#
# *sums*
# : Both are tested on the same cells, and the measure is a sum over cells.
#   An exact test asks how large it would be if each cell's part had its sign by chance (for plain accuracy this is McNemar's test, which the plan names); the interval is the score interval of that sum.
#
# *settings*
# : The test cells differ, so the difference has the error of two shares.
#
# *seeds*
# : Nothing is tested: the spread over seeds is shown with its interval.
#
# **The settings of the runs.**

# %%
Markdown(plan.settings.strip())

# %% [markdown]
# **Amendments.**
# What was changed after the plan had been committed, and what had been seen by then:

# %%
amendments = "\n".join(f"- {text.strip()}" for text in plan.amendments)
Markdown(amendments)

# %% [markdown]
# Whatever is not in the table is called *exploratory* where it is shown: it may give an idea, and it settles nothing.
#
# ## Was it there before?
#
# You need not take our word for it.
# The plan is under version control, each record names the commit of the code that made it, and so the two can be compared.
# The next cells ask the history of this checkout: which commits changed the plan, and, for every record of a planned sweep, whether the commit that the record names holds the same questions and is older than the run.

# %%
for change in changes:
    print(change.commit[:10], f"{change.date:%Y-%m-%d %H:%M:%S %Z}")

# %% [markdown]
# The plan was first committed on {glue:text}`committed`, and last changed on {glue:text}`changed`.
# A copy without the whole history cannot tell, and says *unknown*: clone the repository with its whole history and build the book again.

# %%
late = violations(check_records(records, plan))
print("\n".join(late) or "no violations")

# %% tags=["remove-input"]
def date_text(date):
    """A date to the second, where the history has it."""
    return "no date here" if date is None else f"{date:%Y-%m-%d %H:%M:%S}"


def commit_text(check):
    """The commit of a record and its date."""
    return f"{check.commit[:10]} ({date_text(check.committed)})" + " with uncommitted changes" * check.uncommitted


def first_text(check):
    """Whether the plan came first."""
    return {True: "yes", False: "no", None: str(PlanState.UNKNOWN)}[check.plan_came_first]


# %%
rows = []
for name, (done, planned) in counts.items():
    own = [check for check in checks if check.experiment == name]
    own.sort(key=lambda check: check.started)
    texts = [[commit_text(check) for check in own]]
    texts += [[date_text(check.started) for check in own][:1]]
    texts += [[str(check.plan) for check in own]]
    texts += [[first_text(check) for check in own]]
    facts = ["\n".join(dict.fromkeys(each)) for each in texts]
    facts[0] = facts[0] or "not run yet"
    rows.append((name, f"{done} of {planned}", *facts))
headers = ("sweep", "records", "their commits", "first start")
headers += ("plan in these", "plan came first")
wide_table(headers, rows, "Sweeps")

# %% [markdown]
# Of {glue:text}`checks` records, {glue:text}`known` could be checked; for {glue:text}`came_first` of them the plan came first.

# %%
rows = []
for check in checks:
    commit = f"{check.commit[:10]} ({date_text(check.committed)})"
    facts = date_text(check.started), str(check.plan), first_text(check)
    rows.append((check.run_id, commit, *facts))
headers = ("run", "commit", "started", "plan in that", "plan came first")
each = dropdown("Every record", wide_table(headers, rows, "Records"))
display(each, from_records(records, side_by_side=True))

# %% [markdown]
# What this shows, and what it does not.
# A date in a history is what the clock of a computer said, and a history can be rewritten by whoever owns it.
# So the check guards against mistakes and against a plan that slides after the results, and it is no proof against bad faith.
# That would take a registry kept by somebody else.
#
# Two more limits are our own.
# The plan was written by people who had seen earlier runs at other settings, and it says which.
# And its margins are judgements; they are written down with their reasons so that you can put yours in their place, as the exercise does.
#
# **Take-away.**
# A result is worth what the rule was worth that was fixed before it, and *undecided* is a result.
#
# ```{exercise} Another margin
# :label: exercise-plan-margin
#
# Take the last of the invented results in {numref}`fig-plan-rule` A, the undecided one.
# For which margins is the outcome *no difference beyond the margin*?
# What would be wrong with choosing such a margin now?
# ```
#
# ````{solution} exercise-plan-margin
# :class: dropdown
#
# The whole interval has to lie inside, so any margin beyond its farther end gives that outcome, as the next cell shows.
# Chosen now, it would be chosen to give the answer; and with so wide a margin, the gain that the paper reports over its baseline would not matter either.
# ````

# %% tags=["hide-cell"]
from cgrecnet.paper.claims import load_claims

p, interval = EXAMPLES[-1]
for margin in (1.0, 2.0, 2.4, 2.5, 3.0):
    print(f"margin {margin:.1f}: {outcome_of(p, interval, margin, plan.alpha)}")
print(f"the paper's gain: {load_claims()['C20'].value('gain').printed} points")

# %% [markdown]
# ```{exercise} How many findings by chance?
# :label: exercise-plan-chance
#
# Imagine that in none of the plan's comparisons there is any difference.
# How many would come out below the level without a correction, on average, and with what chance at least one?
# ```
#
# ````{solution} exercise-plan-chance
# :class: dropdown
#
# The expected number needs no independence, the chance of at least one does.
# ````

# %% tags=["hide-cell"]
looks = sum(comparisons(question.id) for question in plan.questions)
print(f"{looks} comparisons: {looks * plan.alpha:.2f} on average")
print(f"one or more: {1 - (1 - plan.alpha) ** looks:.0%}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. The interval lies within the margin on both sides of zero. What is said?
# That there is no difference beyond the margin.
# It is a finding, and not the same as *undecided*, where the interval reaches beyond the margin.
# :::
#
# :::{dropdown} 2. Why is a plan amended and never edited?
# An edit would let a result choose its own question.
# An amendment stands beside the first version with its date, so that a reader sees what was known when it was made.
# :::
#
# :::{dropdown} 3. Many comparisons are made at one level. What happens without a correction?
# Each has its own chance of a false finding, and with enough of them one is to be expected even if nothing differs.
# A correction asks more of each.
# :::
