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

# %% tags=["remove-cell"]
import inspect
import json

import matplotlib.pyplot as plt
from cgrecnet.figures.analysis_plan import draw_rule, question_rows, record_rows, sweep_rows
from IPython.display import Markdown

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan, outcome_of
from cgrecnet.figures.headline import comparisons
from cgrecnet.figures.provenance import Provenance, from_records, hardware_text
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import dropdown, wide_table
from cgrecnet.pages import tell
from cgrecnet.paths import RESULTS
from cgrecnet.runs.preregistration import changes_of_plan, check_records, planned_records, progress, violations

use_book_style()
plan = load_plan()
counts = progress(plan)
tell(
    questions=len(plan.questions), first=plan.questions[0].id, last=plan.questions[-1].id, sweeps=len(counts),
    contrasts=sum(len(q.contrasts) for q in plan.questions), comparisons=sum(comparisons(q.id) for q in plan.questions),
    runs=sum(n for _, n in counts.values()), done=sum(done for done, _ in counts.values()),
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

# %% tags=["remove-input"]
Markdown(f"```python\n{inspect.getsource(outcome_of)}```")

# %% tags=["computed"] mystnb={"image": {"alt": "Panel A: four horizontal intervals around a grey band that marks the margin. One lies right of the band, one inside it and right of zero, one inside it across zero, and one reaches from inside to outside. Panel B: a rising curve of the chance of a false finding over the number of looks, far above a flat line."}, "figure": {"name": "fig-plan-rule", "caption": "A: not to find a difference and to find that there is none that matters are two things. The last interval is compatible with no difference and with one twice the margin: it is undecided, and more runs would be needed. Invented results; grey, the margin. B: why p-values are corrected. Among looks at data without any difference, the chance of at least one finding grows with their number (computed for independent looks)."}}
draw_rule(plan["P1"].margin, plan.alpha)
plt.show()

# %% tags=["remove-cell"]
at_ten = 1 - (1 - plan.alpha) ** 10
tell(alpha=plan.alpha, at_ten=at_ten, undecided=str(Outcome.UNDECIDED))

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
RULES = {"bootstrap": ("0.55", "bootstrap"), "now": (PALETTE[0], "now")}


def draw_coverage(rows):
    """A: draws inside the margin although the difference equals it; B: intervals that hold the truth; accuracies."""
    figure, panels = plt.subplots(1, 2, figsize=(7.0, 3.1))
    for axes, what, title, nominal in zip(panels, ("inside", "holds"), ("taken for none (%)", "truth held (%)"), (coverage["nominal_inside"], coverage["level"]), strict=True):
        for against, style in zip(sorted({row["against"] for row in rows}), ("-", "--", ":"), strict=True):
            here = [row for row in rows if row["measure"] == "accuracy" and row["truth"] and row["against"] == against]
            for rule, (colour, label) in RULES.items():
                label = f"{label}, {100 * against:g} %"
                axes.plot([row["n"] for row in here], [100 * row[rule][what] for row in here], style, marker=".", color=colour, label=label)
        axes.axhline(100 * nominal, color="black", linewidth=0.8)
        axes.set(xscale="log", title=title, xlabel="test cells")
    for axes, text in zip(panels, "AB", strict=True):
        letter(axes, text)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


# %% tags=["remove-input"] mystnb={"image": {"alt": "Two panels over the number of test cells on a logarithmic axis, grey lines for the bootstrap and blue ones for the present intervals, three line styles for how often the networks disagree. Panel A: how often a difference as large as the margin is taken for none; grey starts far above the black line and comes down to it, blue never rises clearly above it. Panel B: how often the interval holds the truth; grey starts far below the black line, blue at or above it; both meet it for many cells."}, "figure": {"name": "fig-plan-coverage", "caption": "With few cells, or few on which the networks differ, the bootstrap took differences for none that were as large as the margin; the present intervals do not. Simulated comparisons of accuracies, true difference equal to the margin, two points. A: share of studies that are told that there is no difference beyond the margin; B: share of 90 % intervals that hold the truth. Black: nominal. Line style: share of cells that the worse network alone has right."}}
draw_coverage(rows)
plt.show()

# %% tags=["remove-input"]
Provenance(
    (
        ("Record", "results/interval-coverage/coverage.json"),
        ("Made by", "benchmarks/interval_coverage.py"),
        ("Draws", f"{coverage['draws']:,}, {len(rows)} settings; {coverage['resamples']:,} resamples"),
        ("Commit", coverage["commit"][:10]),
        ("Hardware", hardware_text(coverage["hardware"])),
    )
)

# %% tags=["remove-input"]
def extremes(rule, measure="accuracy"):
    """(most draws taken for none, fewest intervals that hold the truth) where the difference equals the margin."""
    found = [row[rule] for row in rows if row["measure"] == measure and row["truth"] and row[rule]["none"] < 0.5]
    return max(one["inside"] for one in found), min(one["holds"] for one in found)


worst = {rule: {measure: extremes(rule, measure) for measure in dict.fromkeys(row["measure"] for row in rows)} for rule in RULES}
error = (coverage["nominal_inside"] * (1 - coverage["nominal_inside"]) / coverage["draws"]) ** 0.5
kept = [row for row in rows if row["measure"] == "accuracy" and not row["truth"] and row["n"] >= 900]
cost = max(row["bootstrap"]["inside"] - row["now"]["inside"] for row in kept)
fewest = min(row["n"] for row in kept)
table = [(measure, *(f"{worst[rule][measure][k]:.1%}" for k in (0, 1) for rule in RULES)) for measure in worst["now"]]
headers = ("measure", "none, bootstrap", "now", "truth held, bootstrap", "now")
Markdown(wide_table(headers, table, "The worst"))

# %% tags=["remove-cell"]
tell(
    nominal_inside=coverage["nominal_inside"], level=coverage["level"], sampling_error=2 * error,
    draws=f"{coverage['draws']:,}", fewest=fewest, none_beyond=str(Outcome.NO_DIFFERENCE), cost=100 * cost,
)  # fmt: skip

# %% [markdown]
# These are the worst of all settings, where the true difference equals the margin: how often it was taken for none, and how often the interval held the truth.
# Nominal are {glue:text}`nominal_inside:.0%` and {glue:text}`level:.0%`; chance moves the first by {glue:text}`sampling_error:.1%` (two standard errors, n = {glue:text}`draws` draws).
# A change is a difference of differences (questions P5 and P6), a sum over cells with its own score interval; for balanced accuracy (P7) the intervals of the classes are added up.
# The price is small: where two networks do not differ and there are {glue:text}`fewest` cells or more, the bootstrap found *{glue:text}`none_beyond`* in at most {glue:text}`cost:.1f` of a hundred studies more.

# %% tags=["remove-input"]
def both(row, what):
    """A share under both rules, and how often a rule gave no interval."""
    return (f"{row[rule][what]:.1%}" + (f"\n(no interval: {row[rule]['none']:.0%})" if row[rule]["none"] else "") for rule in RULES)


settings = [
    (row["measure"], f"{row['n']:,}", f"{100 * row['truth']:g} (margin {100 * row['margin']:g})", f"{row['against']:.0%}", *both(row, "inside"), *both(row, "holds"))
    for row in rows
]
headers = ("measure", "cells", "true difference (points)", "worse alone right", "none: bootstrap", "now", "truth held: bootstrap", "now")
Markdown(dropdown("Every setting", wide_table(headers, settings, "Coverage")))

# %% tags=["remove-cell"]
assert worst["now"]["accuracy"][0] < coverage["nominal_inside"] + 0.015, "the page says that the present rule keeps its promise"
assert worst["bootstrap"]["accuracy"][0] > 0.5 and worst["now"]["accuracy"][1] > coverage["level"] - 0.03

# %% [markdown]
# The rule's form is as it was; its intervals over cells are others, and the amendment below says what had been seen by then.
#
# ## The questions
#
# A comparison is written as first − second, and is positive where the first is better.
# The claims are those of {doc}`/book/1_question/claims`.
# No answer to these questions decides a claim of the paper, because the cells are others: a result on real Jurkat cells or on simulated cells is shown *beside* the claim and is called what it is.

# %% tags=["remove-input"]
headers = ("question", "what is measured", "comparisons", "rule", "margin, and why")
Markdown(wide_table(headers, question_rows(plan), "Questions"))

# %% [markdown]
# **The settings of the runs.**

# %% tags=["remove-input"]
Markdown(plan.settings.strip())

# %% [markdown]
# **Amendments.**
# What was changed after the plan had been committed, and what had been seen by then:

# %% tags=["remove-input"]
amendments = "\n".join(f"- {text.strip()}" for text in plan.amendments)
# %% tags=["remove-input"]
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
changes = changes_of_plan()
for change in changes:
    print(change.commit[:10], f"{change.date:%Y-%m-%d %H:%M:%S %Z}")

# %% tags=["remove-cell"]
first, last = (f"{changes[k].date:%Y-%m-%d at %H:%M:%S %Z} (commit {changes[k].commit[:10]})" if changes else "unknown" for k in (0, -1))
tell(committed=first, changed=last)

# %% [markdown]
# The plan was first committed on {glue:text}`committed`, and last changed on {glue:text}`changed`.
# A copy without the whole history cannot tell, and says *unknown*: clone the repository with its whole history and build the book again.

# %%
records = planned_records(plan)
checks = check_records(records, plan)
late = violations(checks)
print("\n".join(late) or "no violations")

# %% tags=["remove-input"]
firsts = ("sweep", "records", "their commits", "first start", "plan in these", "plan came first")
each = ("run", "commit", "started", "plan in that", "plan came first")
known = [check for check in checks if check.plan_came_first is not None]
came_first = sum(check.plan_came_first for check in known)
tell(checks=len(checks), known=len(known), came_first=came_first)
Markdown(wide_table(firsts, sweep_rows(counts, checks), "Sweeps"))

# %% [markdown]
# Of {glue:text}`checks` records, {glue:text}`known` could be checked; for {glue:text}`came_first` of them the plan came first.

# %% tags=["remove-input"]
Markdown(dropdown("Every record", wide_table(each, record_rows(checks), "Records")))

# %% tags=["remove-input"]
from_records(records, side_by_side=True) if records else Provenance((("Runs", "none here yet"),))

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
from cgrecnet.figures.analysis_plan import EXAMPLES

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
