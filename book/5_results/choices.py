# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Open choices
#
# **You will learn** how to ask whether a guess that a repetition had to make decides its result, for the learning rate, for whole readings of the paper's text, and for one option at a time.
#
# **You need** {doc}`/book/5_results/ablation` and {doc}`/book/7_judgement/deviations`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.forest import colour_of, contrast_in_words, decision_rows, outcome_key
from cgrecnet.figures.headline import ASK
from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of
from cgrecnet.figures.scores import MARKS, majority_share, right_counts
from cgrecnet.figures.shares import draw_shares
from cgrecnet.figures.style import MODEL_COLOURS, letter, use_book_style
from cgrecnet.figures.tables import HEADERS, decision_row, dropdown, interval, points, wide_table, with_interval
from cgrecnet.models.config import PRESETS
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, tell
from cgrecnet.paths import RESULTS
from cgrecnet.runs.planned import choice_effects, chosen_rate, compare, conclusions, rate_decisions, validation_f1
from cgrecnet.runs.query import needed
from cgrecnet.runs.series import (
    PAIR,
    option_runs,
    planned_options,
    planned_rates,
    rate_runs,
    reading_runs,
    seed_runs,
)

use_book_style()
RATES = (("learning rate", "cytometer"), ("noise", "cytometer"))
READINGS = (("presets", "jurkat"), ("ablation", "jurkat"))
OPTIONS = (("presets", "cytometer"), ("noise", "cytometer"))
BASE, FULL = PAIR
OWN = 1e-4  # the rate of every other page
plan = load_plan()
for name, data in RATES:
    needed(name, data, PAIR, complete=name == "learning rate")
for name, data in (*READINGS, OPTIONS[0]):
    needed(name, data)
rates, readings, options = rate_runs(), reading_runs(), option_runs()
at_rates = [run for runs in rates.values() for run in runs.values()]

# %% tags=["remove-input"]
found_rates = {answer.name: answer for answer in rate_decisions()}
asked = [f"both at {rate:g}" for rate in planned_rates()]
[chosen] = [answer for name, answer in found_rates.items() if name not in asked]
behind = compare(rates[OWN][FULL], rates[OWN][BASE])
picked = chosen_rate(rates, BASE)
holds(
    "At the learning rates that validation cells choose, CG-RecNet is behind its baseline",
    chosen.result.interval95[1] < 0,
)
holds(
    "Both choose ... (the baseline with a macro F1 of ...); every other page of ours uses",
    chosen_rate(rates, FULL) == picked != OWN,
)
holds("CG-RecNet is behind at either rate.", chosen.result.interval95[1] < 0 and behind.interval95[1] < 0)
tell(
    chosen=points(chosen.result.difference), chosen_ends=interval(chosen.result.interval95), n=chosen.result.n,
    own=f"{OWN:g}", picked=f"{picked:g}", picked_f1=validation_f1(rates[picked][BASE]), margin=f"{plan['P10'].margin:g}",
)  # fmt: skip


def learned(run):
    """Whether a run is clearly above naming the largest class for every cell."""
    return wilson(*right_counts(run))[0] > majority_share(run)


by_accuracy = sorted((runs[BASE] for runs in rates.values() if BASE in runs), key=lambda run: run.test["accuracy"])
sound = [run for run in by_accuracy if learned(run)]
blank = [run for run in by_accuracy if not learned(run)]
moved, among = compare(by_accuracy[-1], by_accuracy[0]), compare(sound[-1], sound[0])
climb = [rates[rate][BASE].test["accuracy"] for rate in sorted(rates) if BASE in rates[rate]]
highest, failed = found_rates[asked[-1]], rates[planned_rates()[-1]][FULL]
ahead = [name for name in asked if found_rates[name].result.difference > 0]
seeds = seed_runs("cytometer")
holds(
    "it is right for fewer cells than always naming the largest class would be",
    len(blank) == 1 and blank[0].test["accuracy"] < majority_share(blank[0]),
)
holds(
    "The baseline's line rises to its third rate and falls far below the dotted share of the largest class at the fourth",
    len(climb) == 4 and climb[:3] == sorted(climb[:3]) and climb[3] < 0.8 * majority_share(blank[0]),
)
holds(
    "There alone the order turns (... points), and there CG-RecNet too stays below the largest class.",
    ahead == asked[-1:] and failed.test["accuracy"] < majority_share(failed),
)
tell(
    lowest=100 * by_accuracy[0].test["accuracy"], highest=100 * by_accuracy[-1].test["accuracy"],
    moved=points(moved.difference), ends=interval(moved.interval95),
    blank=" and ".join(f"{run.config['learning_rate']:g}" for run in blank), floor=100 * majority_share(by_accuracy[0]),
    among=among.difference, among_ends=interval(among.interval95), order_turned=points(highest.result.difference),
    luck=max(100 * np.ptp([run.test["accuracy"] for run in own]) for own in seeds.values()), seeds=max(map(len, seeds.values())),
)  # fmt: skip

# %% [markdown]
# **The answer.** At the learning rates that validation cells choose, CG-RecNet is behind its baseline: {glue:text}`chosen` points (95 % interval {glue:text}`chosen_ends`; n = {glue:text}`n` simulated cells).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, one below the other, over the initial learning rate on a logarithmic axis: test accuracy with intervals, and validation macro F1 with a ring around the best rate of a network that has them all. The baseline's line rises to its third rate and falls far below the dotted share of the largest class at the fourth; CG-RecNet has a mark wherever it was run."}, "figure": {"name": "fig-choices-rates", "caption": "The baseline's line climbs and then falls off a cliff: whoever compares two networks at one fixed rate compares the heights at one vertical cut, and the cut decides. Validation cells (ring in B, where all rates were run) choose a rate without a look at the test. A, accuracy on simulated test cells, Wilson's 95 % intervals over cells; dotted: always naming the largest class. B, macro F1 on validation cells at the reported epoch. One run per mark."}}
figure, (test, validation) = plt.subplots(2, 1, figsize=(4.4, 5.4), sharex=True)
for model in PAIR:
    here = {rate: runs[model] for rate, runs in rates.items() if model in runs}
    style = {"color": MODEL_COLOURS[model], "marker": MARKS[model]}
    draw_shares(test, here, map(right_counts, here.values()), fmt="-", label=title_of(model), **style)
    validation.plot(list(here), [validation_f1(run) for run in here.values()], **style)
    if list(here) == planned_rates():  # among some, it is no choice
        best = chosen_rate(rates, model)
        validation.plot(best, validation_f1(here[best]), "o", markersize=15, fillstyle="none", color=style["color"])
test.axhline(100 * majority_share(by_accuracy[0]), color="black", linestyle=":", label="largest class")
test.set_ylabel("test accuracy (%)")
validation.set(ylabel="validation macro F1", xlabel="initial learning rate", xscale="log", xlim=(2e-5, 1.5e-3))
validation.set_xticks(list(rates), [f"{rate:g}" for rate in rates])
validation.minorticks_off()
validation.margins(y=0.12)
letter(test, "A")
letter(validation, "B")
figure.legend(*test.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)
plt.show()
provenance_of(at_rates, *RATES)

# %% [markdown]
# The paper's initial learning rate is lost with its Table 2, so that whoever repeats it has to guess.
# The plan asked before the runs ({doc}`plan`, P10): does the order of baseline and CG-RecNet depend on the rate, if each network chooses its own by validation cells?
# Both choose {glue:text}`picked` (the baseline with a macro F1 of {glue:text}`picked_f1:.3f`); every other page of ours uses {glue:text}`own`.
# CG-RecNet is behind at either rate.
# The rate alone takes the baseline from {glue:text}`lowest:.1f` to {glue:text}`highest:.1f` % ({glue:text}`moved` points, {glue:text}`ends`).
# At {glue:text}`blank` it is right for fewer cells than always naming the largest class would be ({glue:text}`floor:.1f` %): nothing was learned there, and among the other rates it moves by {glue:text}`among:.1f` points (95 % interval {glue:text}`among_ends`).
# There alone the order turns ({glue:text}`order_turned` points), and there CG-RecNet too stays below the largest class.
# So whoever fixes one rate for both decides much of the difference between them; these are single runs on simulated cells, and decide nothing on the paper's.

# %%
names = [*asked, chosen.name]
rows = [decision_row(found_rates[name], unit="cells") for name in names]
table = wide_table(HEADERS, rows, "P10, simulated")
display(table, provenance_of(at_rates, *RATES))

# %% [markdown]
# Accuracy, CG-RecNet minus baseline, same simulated cells, one run each; margin {glue:text}`margin` points; p corrected by Holm over all planned rates and the choice among them.
# For scale: runs of the baseline that differ in the seed alone lie up to {glue:text}`luck:.1f` points apart (n = {glue:text}`seeds` seeds).

# %%
rows = []
for run in at_rates:
    rate, model = run.config["learning_rate"], run.config["model"]
    rows.append((
        f"{rate:g}: {title_of(model)}",
        f"{100 * run.test['accuracy']:.1f}",
        f"{100 * run.test['balanced_accuracy']:.1f}",
        f"{validation_f1(run):.3f}",
        "yes" if learned(run) else "no",
    ))  # fmt: skip
headers = ("rate and network", "accuracy (%)", "balanced (%)")
headers += ("validation macro F1", "above the largest class")
table = wide_table(headers, rows, "Runs at rates")
display(dropdown("Every run", table))

# %% tags=["hide-input"]
# Of the noise series and of the ablation only two runs each belong here; the others are not missing from this page.
missing = [RATES[0], READINGS[0], OPTIONS[0]]
missing_runs(*missing)

# %% [markdown]
# ## When does a choice matter?
#
# Whoever rebuilds a network from a paper must choose what the paper leaves open ({doc}`/book/7_judgement/deviations`).
# If another choice turns the conclusion round, then the conclusion belongs to the choice and not to the method.
# So the test of a choice is not whether it changes a number, which it nearly always does, but whether it changes what we would say.
#
# Let $a_c$ be the accuracy of CG-RecNet under a choice $c$, and $a_0$ that of the baseline.
# Two differences matter,
#
# $$
# E_c = a_c - a_\mathrm{recovered} ,
# \qquad
# L_c = a_c - a_0 .
# $$ (eq-choices-lead)
#
# $E_c$ is the **effect** of the choice, $L_c$ the **lead** over the baseline under it.
# A conclusion changes where $L_c$ leads to another word than $L_\mathrm{recovered}$: ahead, behind, no difference beyond the margin, or undecided.

# %% [markdown]
# ## Whole readings, on real cells
#
# `recovered` is the reading whose parameter counts are the printed ones, `as_written` follows the sentences where they differ from the public modules, and `clean` is `recovered` without its two odd traits: it has a skip around the fusion, and one linear layer to the classes in place of two.
# So a difference between the two is not the skip's alone.

# %%
presets = {name: preset.as_dict() for name, preset in PRESETS.items()}
rows = []
for option in presets["recovered"]:
    values = [str(preset[option]) for preset in presets.values()]
    if len(set(values)) > 1:
        rows.append((option, *values))
wide_table(("option", *presets), rows, "Readings")

# %% [markdown]
# The plan asks two things of them on Jurkat cells (real): whether a reading changes the accuracy of CG-RecNet (P9, first fold, margin {glue:text}`reading_margin` points), and whether the fusion helps once a skip leads around it (P12, over the folds, margin {glue:text}`skip_margin`).
# P12 was planned because, among earlier records, the missing skip cost more than any other choice.

# %% tags=["remove-input"]
contrasts = [f"{first} against {second}" for first, second in plan["P9"].contrasts]
of_readings = choice_effects(readings, len(contrasts))
assert all(f"{one.name} against recovered" in contrasts for one in of_readings)
tell(reading_margin=f"{plan['P9'].margin:g}", skip_margin=f"{plan['P12'].margin:g}")

# %%
p9 = {f"{one.name} against recovered": one for one in of_readings}
p12 = ASK["P12"](RESULTS)
known = {
    name: decision_row(one, f"P9: {name}", "cells")
    for name, one in p9.items()
}
pairs = [one.contrast for one in p12]
known |= dict(zip(pairs, decision_rows(p12), strict=True))
lines = {f"P9: {name}": name for name in contrasts}
for pair in plan["P12"].contrasts:
    lines[f"P12: {contrast_in_words(pair)}"] = pair
absent = "not run yet", "", "", ""
rows = [known.get(key, (name, *absent)) for name, key in lines.items()]
table = wide_table(HEADERS, rows, "P9 and P12")
display(table, *all_read(*READINGS))

# %% [markdown]
# And the conclusion, under each reading?
# This is exploratory: the lead over the baseline on the first fold, judged by the plan's rule as one family.

# %% tags=["hide-input"]
LEADS = ("choice", "CG-RecNet is", "lead (points)", "effect (points)", "n (cells)")


def lead_rows(names, found, effects):
    """A row for each choice: the word for the lead, the lead and the effect with their 95 % intervals."""
    by_name, results = {one.name: one for one in found}, {one.name: one.result for one in effects}
    rows = []
    for name in names:
        if name not in by_name:
            rows.append((name, "not run yet", "", "", ""))
            continue
        lead, effect = by_name[name].result, results.get(name)
        rows.append((name, by_name[name].words, with_interval(lead), with_interval(effect) if effect else "0", f"{lead.n:,}"))
    return rows


on_jurkat = conclusions(readings, plan["P9"].margin, planned=len(PRESETS))
rows = lead_rows(presets, on_jurkat, of_readings)
table = wide_table(LEADS, rows, "Lead by reading")
display(table, provenance_of(list(readings.values()), *READINGS))

# %% [markdown]
# ## One option at a time, on simulated cells
#
# The readings change several options at once.
# Here each open choice of the fusion, the gate and the head is changed alone, from `recovered`.
# None of this was planned: **it is exploratory**, and with so many contrasts one or two will look like something; the correction counts all of them as one family.

# %% mystnb={"image": {"alt": "One row per option that was changed alone, with the difference in accuracy from the recovered reading, thick and thin intervals, and a grey band for the margin."}, "figure": {"name": "fig-choices-options", "caption": "What a single choice is worth, all else equal: rows inside the grey band may be left to taste, coloured rows outside of it are choices that a paper has to print. CG-RecNet on simulated cells, changed option (first) minus recovered reading (second); bars: thick the 90 % interval, thin the 95 % interval, over cells, one run each; colours: the outcome, with p corrected for the whole family, so that a bar may leave out zero and be undecided; exploratory."}}
of_options = choice_effects(options, len(planned_options()))
figure, axes = plt.subplots(figsize=(4.4, 0.45 * len(of_options) + 1.1))
axes.axvspan(-plan["P9"].margin, plan["P9"].margin, color="0.92")
axes.axvline(0, color="black", linewidth=1)
for place, answer in enumerate(of_options):
    found, at, colour = answer.result, [place, place], colour_of(answer)
    axes.plot(found.interval95, at, color=colour)
    axes.plot(found.interval90, at, color=colour, linewidth=4)
    axes.plot(found.difference, place, "o", color=colour)
axes.set_yticks(range(len(of_options)), [one.name for one in of_options])
axes.set(xlabel="difference in accuracy (points)")
axes.invert_yaxis()
outcome_key(of_options, axes)
plt.show()
provenance_of(list(options.values()), *OPTIONS)

# %%
names = ["recovered", *planned_options()]
on_simulated = conclusions(options, plan["P9"].margin, planned=len(names))
rows = lead_rows(names, on_simulated, of_options)
read = all_read(*OPTIONS, ("seeds", "cytometer"))
display(wide_table(LEADS, rows, "Lead by option"), *read)

# %% [markdown]
# Same simulated cells, one run each; words by the plan's rule with a margin of {glue:text}`reading_margin` points, one family.
# An effect of less than the {glue:text}`luck:.1f` points between seeds could be undone by training again.

# %% [markdown]
# ## Does any open choice change a conclusion?

# %% tags=["remove-input"]
others = [(one, found[0]) for found in (on_jurkat, on_simulated) for one in found[1:]]
tell(
    choices=len(PRESETS) - 1 + len(planned_options()), tried=len(others),
    changed=sum(one.words != first.words for one, first in others),
    turned=sum({one.words, first.words} == {"ahead", "behind"} for one, first in others),
    jurkat_word=next((one.words for one in on_jurkat), "not run yet"),
    simulated_word=next((one.words for one in on_simulated), "not run yet"),
)  # fmt: skip

# %% [markdown]
# Under the recovered reading CG-RecNet is, against its baseline: *{glue:text}`jurkat_word`* on the first fold of Jurkat cells, *{glue:text}`simulated_word`* on simulated ones.
# Of {glue:text}`choices` other readings and options {glue:text}`tried` have their runs; another word follows from {glue:text}`changed` of these, the opposite order from {glue:text}`turned`.
# Each comparison rests on one run per network at this book's small settings, and none was made on the paper's cells.
#
# The effects stand in the ledger too ({doc}`/book/7_judgement/deviations`), computed from the same records.
# Choices that no sweep compares (the crop's range, the weight decay, the patience and more) remain guesses there.
#
# **Take-away.**
# A choice matters where it changes the sentence and not just the number; and what a paper does not print, its readers have to guess, each in their own way.

# %% [markdown]
# ```{exercise} The rate that a paper would print
# :label: exercise-choices-forking
#
# Suppose that somebody tries every learning rate, keeps for each network the one with the best *test* accuracy, and prints those.
# By how much is the accuracy flattered, compared with choosing by validation?
# Try it on networks that are all equally good, so that every difference is luck.
# ```
#
# ````{solution} exercise-choices-forking
# :class: dropdown
#
# The best of several lucky numbers is luckier than one of them, and only the test cells know it.
# The next cell draws the accuracies of networks that are all right with the same chance, on as many test cells as this page has, and compares the maximum with the mean.
# ````

# %% tags=["hide-cell"]
tested, tries, truth = 900, max(len(rates), 4), 0.85
drawn = np.random.default_rng(0).binomial(tested, truth, size=(20_000, tries)) / tested
print(f"mean best {100 * drawn.max(axis=1).mean():.2f} %, truth {100 * truth:.0f} %")
if rates:
    for model in PAIR:
        here = {rate: runs[model] for rate, runs in rates.items() if model in runs}
        if not here:
            continue
        by_test = max(run.test["accuracy"] for run in here.values())
        by_validation = here[chosen_rate(rates, model)].test["accuracy"]
        print(f"{title_of(model)}: by test {by_test:.1%}, by validation {by_validation:.1%}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A choice changes the accuracy. Does it change the conclusion?
# Only if the word for the lead over the baseline changes: ahead, behind, no difference beyond the margin, or undecided.
# Nearly every choice moves a number.
# :::
#
# :::{dropdown} 2. Why is the learning rate chosen by validation cells and not by the test?
# Whoever chooses by the test reports the luckiest of several scores.
# The test cells have then taken part in the training.
# :::
#
# :::{dropdown} 3. A conclusion holds under one reading of the text and not under another. To what does it belong?
# To the reading.
# A reproduction then reports both, and says which words of the paper would settle it.
# :::
