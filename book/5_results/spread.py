# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Folds, seeds and chance
#
# **You will learn** what a p-value over folds knows and what it does not, why folds of one data set are fewer than they look, and how many repeats a small difference needs.
#
# **You need** {doc}`/book/5_results/plan` and {doc}`/book/4_training/seeds`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from scipy import stats

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.counts import mcnemar, wilson
from cgrecnet.evaluation.null_study import FEATURES, count_false_alarms, fold_differences
from cgrecnet.evaluation.paired import corrected_resampled_t, paired_t
from cgrecnet.evaluation.power import power_of_paired_t, repeats_needed
from cgrecnet.evaluation.sd_interval import pooled_sd
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import majority_share
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter, use_book_style
from cgrecnet.figures.tables import interval, p_equal, p_text, points, span, wide_table, with_interval
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.planned import decide_over_folds, overlap
from cgrecnet.runs.pooled import pool, with_folds_of
from cgrecnet.runs.query import experiment, needed
from cgrecnet.runs.series import seed_records, seed_runs

use_book_style()
PARTS = (("ablation", "jurkat"), ("seeds", "jurkat"), ("seeds", "cytometer"))
plan, table3 = load_plan(), load_tables()["3"]
records = needed(*PARTS[0], ("resnet50", "cg_recnet")).records
needed(*PARTS[2])
margin = plan["P11"].margin

SETS, CELLS, FOLDS, ROUNDS = 800, 150, 5, 3
simulated = fold_differences(SETS, CELLS, FOLDS, ROUNDS, seed=0)
test_share = 1 / (FOLDS - 1)  # test cells over training cells
once = count_false_alarms(simulated[:, :FOLDS], test_share)
thrice = count_false_alarms(simulated, test_share)
alarms = {
    "plain, once": (once.plain, once.data_sets), "corrected, once": (once.corrected, once.data_sets),
    "plain, thrice": (thrice.plain, thrice.data_sets), "corrected, thrice": (thrice.corrected, thrice.data_sets),
}  # fmt: skip
rate = {name: 100 * count / n for name, (count, n) in alarms.items()}


def row(words, rounds):
    """A row of the table of false alarms."""
    texts = [f"{rate[key]:.1f} %\n({span(wilson(*alarms[key]))})" for key in (f"plain, {rounds}", f"corrected, {rounds}")]
    return words, *texts, f"{once.data_sets} data sets"


holds(
    "Between equal learners a t-test over five folds finds differences in ... % of n = ... simulated data sets (95 % interval ...), not",
    wilson(*alarms["plain, once"])[0] > plan.alpha,
)
holds(
    "call it ... independent pairs, and the plain test errs in",
    wilson(*alarms["plain, thrice"])[0] > wilson(*alarms["plain, once"])[1],
)
holds(
    "The test that knows of the overlap ..., which the plan prescribes (...), stays at",
    all(wilson(*alarms[f"corrected, {r}"])[0] <= plan.alpha for r in ("once", "thrice")),
)
tell(
    plain=rate["plain, once"], plain_ends=span(wilson(*alarms["plain, once"])), corrected=rate["corrected, once"],
    many=rate["plain, thrice"], many_corrected=rate["corrected, thrice"], sets=once.data_sets, cells=CELLS, features=FEATURES,
    rounds=ROUNDS, pairs=ROUNDS * FOLDS, promised=100 * plan.alpha,
)  # fmt: skip

# %% [markdown]
# **The answer.** Between equal learners a t-test over five folds finds differences in {glue:text}`plain:.0f` % of n = {glue:text}`sets` simulated data sets (95 % interval {glue:text}`plain_ends`), not {glue:text}`promised:.0f` %.

# %% tags=["computed", "hide-input"] mystnb={"image": {"alt": "Two rows, five folds once and cut three times; in each a grey and a blue dot with an interval for the share of false alarms of the plain and the corrected test. A dotted vertical line stands at one in twenty."}, "figure": {"name": "fig-spread-alarms", "caption": "The plain test (grey) lies to the right of what it promises (dotted), and the farther the more often the same cells are cut into folds; the corrected test (blue) does not. Share of simulated data sets in which a test finds a difference between two learners that are equal by construction; bars: Wilson's 95 % intervals."}}
figure, axes = plt.subplots(figsize=(4.4, 2.6))
for place, rounds in enumerate(("once", "thrice")):
    for shift, test, colour in ((-0.12, "plain", "0.45"), (0.12, "corrected", PALETTE[0])):
        low, high = wilson(*alarms[f"{test}, {rounds}"])
        axes.plot([100 * low, 100 * high], [place + shift] * 2, color=colour)
        axes.plot(rate[f"{test}, {rounds}"], place + shift, "o", color=colour, label=None if place else f"{test} t-test")
axes.axvline(100 * plan.alpha, color="black", linestyle=":")
axes.set_yticks((0, 1), (f"{FOLDS} folds", f"{FOLDS} folds,\ncut {ROUNDS} times"))
axes.set(ylim=(1.5, -0.5), xlim=(0, None), xlabel="false alarms (%)")
figure.legend(loc="outside upper center", ncols=2)
plt.show()

# %% [markdown]
# The paper compares its networks by a paired t-test over five folds (section 2.5); we asked how often that test errs where there is nothing to find.
# Cut the same cells {glue:text}`rounds` times, call it {glue:text}`pairs` independent pairs, and the plain test errs in {glue:text}`many:.0f` %: one can always *make* a small p-value by cutting more often.
# The test that knows of the overlap {cite}`nadeau2003inference`, which the plan prescribes ({doc}`plan`), stays at {glue:text}`corrected:.0f` and {glue:text}`many_corrected:.0f` %.
# How bad it gets depends on learner and data, and nothing here says whether a difference of the paper is a false alarm.

# %%
more = f"{FOLDS} folds, cut {ROUNDS} times: {ROUNDS * FOLDS} pairs"
rows = [row(f"{FOLDS} folds", "once"), row(more, "thrice")]
headers = ("test is given", "false alarms, plain")
headers += ("false alarms, corrected", "n")
wide_table(headers, rows, "False alarms")

# %% [markdown]
# Simulated numbers, drawn on this page; in brackets Wilson's 95 % intervals.
#
# ## Two tests over folds
#
# Train a network again and it scores differently.
# Three things change the score, and a statement about a difference must say which of them it has averaged over:
#
# - **the test cells**: other cells, other hits;
# - **the training cells**: another fold, another network;
# - **the seed**: the same cells in another order, from another random start.
#
# Let $d_1, \dots, d_n$ be the differences between two networks on $n$ folds, $\bar d$ their mean and $s_d$ their standard deviation.
# The paired t-test asks how large $\bar d$ is beside its error:
#
# $$
# t = \frac{\bar d}{s_d \sqrt{1/n}}.
# $$ (eq-spread-plain)
#
# Pairing is right: a hard fold is hard for both networks, and the difference does not care.
# But $1/n$ is right only if the $d_i$ know nothing of each other, and they do: with five folds, any two training sets share most of their cells.
# A difference that is due to the luck of these cells is then counted five times as if it had been found five times.
# No estimate of the variance from a single cross-validation can be without bias {cite}`bengio2004unbiased`, and the plain test tends to call too many differences real {cite}`dietterich1998approximate`.
# Nadeau and Bengio {cite}`nadeau2003inference` add a term for what is shared:
#
# $$
# t_\text{corrected} = \frac{\bar d}{s_d \sqrt{1/n + n_\text{test}/n_\text{train}}}.
# $$ (eq-spread-corrected)
#
# The term does not shrink with $n$: cutting the same cells again and again gives more numbers, and not more knowledge.
# This is all of it in code, over the simulated data sets of {numref}`fig-spread-alarms`, a row each.

# %%
d = simulated[:, :FOLDS]
error = d.std(axis=1, ddof=1)
for name, shared in (("plain", 0), ("corrected", test_share)):
    t = d.mean(axis=1) / (error * np.sqrt(1 / FOLDS + shared))
    p = 2 * stats.t.sf(abs(t), FOLDS - 1)
    print(f"{name}: p < 0.05 in {(p < 0.05).mean():.1%}")

# %% [markdown]
# ## Our folds
#
# Jurkat cells, real, and the contrasts of questions P1 and P2 of the plan ({doc}`plan`): accuracy, fold by fold.
# The corrected test decides, by the plan; the plain one is what the paper did, and exploratory here.
# p-values are corrected by Holm's method {cite}`holm1979simple` for the whole family: who asks five questions at the 5 % level gets one false alarm in four or five rounds, unless the smallest of five p-values is multiplied by five, the next by four, and so on.

# %% tags=["remove-input"]
def name_of(contrast):
    """As the tables name it: `CG-RecNet − Baseline`."""
    return " \N{MINUS SIGN} ".join(map(title_of, contrast))


def judged(records):
    """contrast -> its planned decision, its differences by fold in points, and the plain test of these."""
    scores = {}
    for record in records:
        scores.setdefault(record.config["model"], {})[record.config["fold"]] = record.test["accuracy"]
    found = {}
    for decision in (one for question in ("P1", "P2") for one in decide_over_folds(question, records)):
        first, second = (scores[model] for model in decision.contrast)
        folds = sorted(set(first) & set(second))
        pair = [np.array([one[fold] for fold in folds]) for one in (first, second)]
        found[decision.contrast] = decision, 100 * (pair[0] - pair[1]), paired_t(*pair)
    return found


ours = judged(records)

full, single, base = (table3.cell(name, "accuracy") for name in ("CG-RecNet", "ResCMNet", "Baseline"))
step = full.number - single.number
printed_sd = float(np.hypot(float(full.sd), float(single.sd)))
share = overlap(records)
holds(
    "By folds of the same cells it cannot be had, however finely they are cut.",
    repeats_needed(step, printed_sd, test_share=share) is None,
)
tell(
    full=f"{full.value} ± {full.sd}", single=f"{single.value} ± {single.sd}", base=f"{base.value} ± {base.sd}",
    whole=f"{full.number - base.number:.2f}", step=f"{step:.2f}", full_sd=full.sd, single_sd=single.sd, printed_sd=f"{printed_sd:.2f}",
    five=100 * power_of_paired_t(step, printed_sd, 5), need=repeats_needed(step, printed_sd),
)  # fmt: skip

pooled = pool(records, with_folds_of(records, "resnet50", "cg_recnet"))
by_cells = mcnemar(pooled.labels, *map(pooled.predicted, ("cg_recnet", "resnet50")))
holds("The interval leaves out zero, in the baseline's favour.", by_cells.interval95[1] < 0)
tell(
    n=f"{by_cells.n:,}", only_first=by_cells.only_first, only_second=by_cells.only_second,
    by_cells=points(by_cells.difference), by_cells_ends=interval(by_cells.interval95),
)  # fmt: skip

TITLES = {"jurkat": "Jurkat (real)", "cytometer": "cytometer (simulated)", "zhu": "zhu"}
by_data = {data: runs for data in TITLES if (runs := seed_runs(data))}
if "zhu" in by_data and next(iter(by_data["zhu"].values()))[0].data["simulated"]:
    TITLES["zhu"] = "zhu (simulated)"


def provenance_of_seeds():
    """Every record that was read, those with other settings than the three seeds' too."""
    return [provenance_of(own, ("seeds", data)) for data in TITLES if (own := seed_records(data))]

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per contrast of two networks: a dot for each fold's difference in accuracy, below it a grey bar for the plain interval and a longer blue bar for the corrected one, around a vertical line at zero."}, "figure": {"name": "fig-spread-folds", "caption": "What the folds share makes every interval longer. Differences in accuracy, fold by fold (dots), with 95 % intervals of the plain (grey) and the corrected paired t-test (blue); Jurkat cells, one seed."}}
def draw_folds(axes, place, decision, each, plain):
    """A row: the differences fold by fold, and the intervals of the plain (grey) and the corrected test."""
    axes.axvline(0, color="0.5", linewidth=1)
    axes.plot(each, np.full(len(each), place - 0.2), "o", color="0.3", alpha=0.6)
    for test, shift, colour in ((plain, 0.05, "0.55"), (decision.result, 0.25, PALETTE[0])):
        axes.plot(test.interval95, [place + shift] * 2, linewidth=2.5, color=colour)


if ours:
    size = (4.4, 0.9 * len(ours) + 1.0)
    figure, axes = plt.subplots(figsize=size)
    for place, found in enumerate(ours.values()):
        draw_folds(axes, place, *found)
    names = [name_of(one).replace(" − ", "\n− ") for one in ours]
    axes.set_yticks(range(len(ours)), names)
    axes.set(ylim=(len(ours) - 0.4, -0.6))
    axes.set_xlabel("difference in accuracy (points)")
    plt.show()
else:
    draw_absent("One fold only.")

# %% tags=["hide-input"]
def pairs_table(found, label):
    """A row per contrast: what the plan says, and both tests."""
    rows = [
        (
            f"{name_of(contrast)}\n(n = {len(each)} folds)",
            str(decision.outcome),
            f"{points(each.mean())}\nSD {each.std(ddof=1):.2f}",
            f"{interval(plain.interval95)}\np {p_equal(plain.p_value)}",
            f"{interval(decision.result.interval95)}\np (Holm) {p_equal(decision.p_corrected)}",
        )
        for contrast, (decision, each, plain) in found.items()
    ]
    return wide_table(("contrast", "outcome", "difference (points)", "plain, 95 %", "corrected, 95 %"), rows, label)


zhu = experiment("ablation", "zhu")
on_zhu = []  # what stands below the table where the paper's own cells were run
if zhu:
    kind = "simulated" if zhu.records[0].data["simulated"] else "the paper's cells"
    on_zhu = [pairs_table(theirs, f"Differences, {kind}")] if (theirs := judged(zhu.records)) else []
    on_zhu += [provenance_of(zhu.records, ("ablation", "zhu"))]
shown = [pairs_table(ours, "Differences, Jurkat")] if ours else []
shown += [provenance_of(records, PARTS[0]), missing_runs(PARTS[0])]
display(*shown, *on_zhu)

# %% [markdown]
# The paper prints no difference fold by fold.
# Its means and SDs are {glue:text}`full` (CG-RecNet), {glue:text}`single` (ResCMNet) and {glue:text}`base` (Baseline), so that its differences are {glue:text}`whole` and {glue:text}`step` points; what follows from them by arithmetic is in {doc}`/book/1_question/audit`.
# Ours are other cells, and nothing here confirms or contradicts them.
#
# ## The same cells
#
# In a cross-validation every cell is tested once.
# Put the folds together, and two networks can be compared cell by cell.
# Cells that both have right, or both wrong, say nothing; of the others, equally good networks would each win half.
# McNemar's test {cite}`mcnemar1947note` asks how far the count is from half.
# It is not the planned test of these contrasts, so everything in this section is **exploratory**.

# %%
rows = []
for contrast in (*plan["P1"].contrasts, *plan["P2"].contrasts):
    if set(contrast) <= set(pooled.models):
        named = [pooled.predicted(model) for model in contrast]
        one = mcnemar(pooled.labels, *named)
        alone = f"{one.only_first:,}", f"{one.only_second:,}"
        p = p_text(one.p_value)
        rows.append((name_of(contrast), with_interval(one), *alone, p))
headers = ("contrast", "difference (points)", "first right")
headers += ("second right", "p (exact)")
table = wide_table(headers, rows, "McNemar's test")
display(table, provenance_of(pooled.records, PARTS[0]))

# %% [markdown]
# Jurkat, real cells, n = {glue:text}`n`; intervals over cells (Tango's); p not corrected.
# Of these cells CG-RecNet alone has {glue:text}`only_first` right and the baseline alone {glue:text}`only_second`, so that their accuracies differ by {glue:text}`by_cells` points ({glue:text}`by_cells_ends`).
# The interval leaves out zero, in the baseline's favour.
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`choices`).
#
# With all folds such a p-value can be far smaller than one over folds, for there are thousands of cells and a handful of folds.
# It answers another question: *are these trained networks different on such cells?*
# It says nothing of whether training again would give the same order, and for the choice of an architecture that is the question.
#
# | | over folds | over cells |
# |---|---|---|
# | what is drawn again in thought | training and test cells together | test cells alone |
# | what is taken as given | the seed | the trained networks |
# | what it is honest about | that training varies | that the test is finite |
# | what it never sees | other seeds, days, instruments | other training, seeds, days, instruments |
#
# The interval of a class's F1 can be had in the same way: draw the cells again, with replacement, and compute it anew ({doc}`classes`).

# %% [markdown]
# ## How many repeats would show the paper's smallest step?
#
# The paper's CG-RecNet is {glue:text}`step` points above its variant with one module, as printed, and this is all that the second module adds.
# Could five folds show a difference of {glue:text}`step` points?
# That depends on how much the difference fluctuates between repeats.
# The paper prints an SD for each network; if the folds of two networks were unrelated, their difference would have one of {glue:text}`printed_sd` points, the root of {glue:text}`full_sd`² + {glue:text}`single_sd`² (less, if a hard fold is hard for both).
#
# The *power* of a test is the chance that it sees a difference that is there.
# {numref}`fig-spread-power` shows it over the number of repeats.
# A solid line is for independent repeats, each with new cells; a dashed one for ever more folds of the same cells, where the second term of {eq}`eq-spread-corrected` stays.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Power from 0 to 1 over the number of repeats on a logarithmic axis; solid curves rise to 1, earlier for the smaller standard deviation; dashed curves level off."}, "figure": {"name": "fig-spread-power", "caption": "Ever more folds of the same cells do not replace independent repeats. Chance that a paired t-test at the 5 % level sees the paper's smallest step; solid: independent repeats; dashed: folds of one data set, corrected test; grey: four times in five."}}
spreads = {"paper's SDs": printed_sd}
if ("cg_recnet", "rescmnet") in ours:
    by_fold = ours["cg_recnet", "rescmnet"][1]
    spreads["Jurkat, measured"] = float(by_fold.std(ddof=1))
repeats = np.unique(np.geomspace(2, 1000, 60).astype(int))
figure, axes = plt.subplots(figsize=(4.4, 3.4))
for colour, (label, sd) in zip(PALETTE, spreads.items(), strict=False):
    for shared, line in ((0.0, "-"), (share, "--")):
        power = [power_of_paired_t(step, sd, int(n), test_share=shared) for n in repeats]
        name = f"{label} ({sd:.2f})" if line == "-" else None
        axes.plot(repeats, power, line, color=colour, label=name)
axes.axhline(0.8, color="0.7", linewidth=1)
axes.set(xscale="log", xlabel="repeats (folds or seeds)")
axes.set(ylim=(0, 1.02), ylabel="chance to see it")
axes.set_xticks((2, 5, 10, 50, 200, 1000), (2, 5, 10, 50, 200, 1000))
axes.minorticks_off()
figure.legend(loc="outside upper center", ncols=2, title="SD (points)")
plt.show()
provenance_of(records, PARTS[0])

# %%
rows = []
for label, sd in spreads.items():
    five, need = power_of_paired_t(step, sd, 5), repeats_needed(step, sd)
    cut = repeats_needed(step, sd, test_share=share)
    cut = f"{cut:,}" if cut else "no number"
    rows.append((label, f"{sd:.2f}", f"{five:.0%}", f"{need:,}", cut))
headers = ("whose SD", "points", "five repeats", "repeats needed")
wide_table((*headers, "folds needed"), rows, "Repeats needed")

# %% [markdown]
# With the printed SDs, five independent repeats see the step with a chance of {glue:text}`five:.0f` %; to see it four times in five takes {glue:text}`need` of them.
# By folds of the same cells it cannot be had, however finely they are cut.
# A difference that a design is unlikely to see is not refuted by a large p-value, and not supported by a small standard deviation.
# It is simply not decided.

# %% [markdown]
# ## Seeds
#
# Now everything is kept but the seed, which draws the start of the new parts, the order of the cells and the crops (question P11).
# {numref}`fig-spread-seeds` shows every run.
# From three values one gets a standard deviation with two degrees of freedom, and that is hardly known at all: if $s$ is measured with $\nu$ degrees of freedom, the 95 % interval of the truth lies between
#
# $$
# \begin{aligned}
# & s \sqrt{\nu / \chi^2_{\nu;\,0.975}} \\
# \text{and} \quad & s \sqrt{\nu / \chi^2_{\nu;\,0.025}} ,
# \end{aligned}
# $$ (eq-spread-sd)
#
# where $\chi^2_{\nu;\,q}$ is the $q$ quantile of the chi-square law.

# %%
nu = 2  # three seeds
for q in (0.975, 0.025):
    print(f"{np.sqrt(nu / stats.chi2.ppf(q, nu)):.2f} times s")

# %% tags=["hide-input"] mystnb={"image": {"alt": "One panel per data set; for each network a column of dots, one dot per seed, with a short bar at their mean."}, "figure": {"name": "fig-spread-seeds", "caption": "Dots of one column are the same network on the same cells: what parts them is the seed alone. Accuracy on the test cells; each panel is of one data set, and scales of different panels have nothing to do with each other."}}
n = len(by_data)
size = (4.4, 2.8 * n)
figure, panels = plt.subplots(n, 1, figsize=size, squeeze=False)
shown = zip(panels[:, 0], by_data.items(), "ABC", strict=False)
for axes, (data, runs), mark in shown:
    for place, (model, own) in enumerate(runs.items()):
        scores = [100 * run.test["accuracy"] for run in own]
        colour = MODEL_COLOURS.get(model, PALETTE[4])
        axes.plot([place] * len(scores), scores, "o", color=colour)
        axes.plot(place, np.mean(scores), "k_", markersize=18)
    names = [f"{title_of(m)}\n(n = {len(own)})" for m, own in runs.items()]
    axes.set_xticks(range(len(runs)), names)
    axes.set(title=f"   {TITLES[data]}", ylabel="accuracy (%)")
    axes.margins(x=0.15)
    letter(axes, mark)
plt.show()
display(*provenance_of_seeds())

# %% tags=["hide-input"]
def spread_of(own):
    """The spread of accuracies between runs that differ in the seed, around each network's own mean; in points."""
    return pooled_sd([[100 * record.test["accuracy"] for record in runs] for runs in own])


def against(spread):
    """Where the interval of a spread lies, against the margin of the plan."""
    low, high = spread.interval95
    return "smaller" if high < margin else "larger" if low > margin else "undecided"


def seed_row(model, own):
    """Accuracies of a network by seed, their spread and where it lies."""
    spread = spread_of([own])
    floor = 100 * majority_share(own[0])
    accuracy, balanced = (", ".join(f"{100 * record.test[name]:.1f}" for record in own) for name in ("accuracy", "balanced_accuracy"))
    scores = f"{accuracy} (floor {floor:.1f})\nbalanced {balanced}"
    sd = f"{spread.sd:.2f}\n({span(spread.interval95, 1, 2)})"
    return title_of(model), scores, sd, against(spread), f"{spread.n} seeds"


for data, runs in by_data.items():
    rows = [seed_row(model, own) for model, own in runs.items()]
    headers = (TITLES[data], "accuracy by seed (%)", "SD (points)")
    headers += (f"than {margin:g} point", "n")
    display(wide_table(headers, rows, f"Accuracy by seed, {TITLES[data]}"))
display(missing_runs(*PARTS[1:]))

# %% tags=["remove-input"]
seeds = spread_of(by_data["cytometer"].values())
holds("larger than the plan's margin of ... point, and so is the whole interval", against(seeds) == "larger")
tell(
    seed_sd=f"{seeds.sd:.2f}", seed_ends=span(seeds.interval95, 1, 2), seed_n=seeds.n,
    apart=f"{np.sqrt(2) * seeds.sd:.1f}", margin=f"{margin:g}",
)  # fmt: skip

# %% [markdown]
# On simulated cells, runs that differ in the seed alone have a standard deviation of {glue:text}`seed_sd` points (95 % interval {glue:text}`seed_ends`, n = {glue:text}`seed_n` runs): larger than the plan's margin of {glue:text}`margin` point, and so is the whole interval.
# Two runs with different seeds therefore lie about {glue:text}`apart` points apart for no reason (one standard deviation).
#
# A seed does not touch which cells are tested, so a spread over seeds is not the error of an accuracy; it is only the part of it that one could remove by training more often.
# The paper's statement on seeds (claim C33) is about its own runs, of which no spread over seeds is printed: our sweep over seeds shows a spread and decides no claim.

# %% [markdown]
# ## How this was measured
#
# ````{dropdown} The simulated data sets, and what is kept
# A test can be tested where the truth is known.
# Each simulated data set has {glue:text}`cells` cells of two classes, and two learners (nearest class mean) compete that are **equal by construction**: each sees its own {glue:text}`features` of the features, and both halves follow the same law.
# Whatever a test calls a difference is a false alarm, and a test at the usual level should raise one in twenty.
# Data sets whose folds all agree, where no t-test is possible, are left out.
#
# Over folds of Jurkat cells, the test cells that come to one training cell give the second term of {eq}`eq-spread-corrected`.
# A contrast is judged over the folds that both of its networks have, and left out where these are fewer than two or agree to the cell.
# ````

# %%
display(show_code(fold_differences, corrected_resampled_t))
display(*all_read(PARTS[0], PARTS[1]), *all_read(PARTS[2]))

# %% [markdown]
# **Take-away.**
# A p-value knows the repeats that were given to it, and takes them for independent.
# Folds of the same cells are not, cells do not know of training, and three seeds hardly know their own spread.
# So say what was repeated, show the differences themselves, and ask before the experiment whether it could have seen what it looks for.
#
# ```{exercise} How many seeds?
# :label: exercise-how-many-seeds
#
# You may train both networks with as many seeds as you like, always on the same cells.
# How many seeds does a difference of 1 point need, so that it is seen nine times in ten?
# What would a spread four times as large do to that number?
# ```
#
# ````{solution} exercise-how-many-seeds
# :class: dropdown
#
# The next cell is the solution, from the measured spread of the simulated runs, and it runs.
# Two networks with different random starts have unrelated luck, so the difference has a standard deviation of $\sqrt 2$ times that of one network.
# The number grows with the square of the spread, so that four times the spread takes about sixteen times the seeds (a few less where numbers are small, because the t-test itself needs some).
# And whatever the number: it speaks of these cells alone.
# ````

# %% tags=["hide-cell"]
for sd in (seeds.sd, 4 * seeds.sd):
    print(f"seed SD {sd:.2f} points: {repeats_needed(1.0, np.sqrt(2) * sd, power=0.9)} seeds")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Which three things move a score, and which of them do folds repeat?
# Test cells, training cells and the seed.
# Folds change the first two, the second only in part, since any two of them share most of their training cells; a fixed seed is not repeated at all.
# :::
#
# :::{dropdown} 2. A p-value over five folds is small. What does it not know?
# Whether another seed, or other data of the same kind, would give the same.
# It takes the folds for independent, which they are not.
# :::
#
# :::{dropdown} 3. How do you find out whether an experiment could see what it looks for?
# Before it: from the spread of the differences and the size that matters, compute the power or the number of repeats.
# If that is out of reach, say so and ask something else.
# :::
