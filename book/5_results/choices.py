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

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.answers import answers_table, points, sentence
from cgrecnet.figures.choices import (
    MODELS,
    chosen_rate,
    conclusion_table,
    conclusions,
    draw_differences,
    draw_rates,
    not_learned,
    option_answers,
    option_runs,
    rate_answers,
    rate_runs,
    reading_answers,
    reading_runs,
    validation_f1,
)
from cgrecnet.figures.dose import NAMES, majority_share, simulated_seeds, widest
from cgrecnet.figures.missing import all_read, missing_runs, provenance_of
from cgrecnet.figures.real_rates import real_rate_runs, real_rate_table, real_rate_words
from cgrecnet.figures.ruler import ruler_sentence
from cgrecnet.figures.style import use_book_style
from cgrecnet.models.config import PRESETS

use_book_style()
RATES = (("learning rate", "cytometer"), ("noise", "cytometer"))
REAL_RATES = (("learning rate", "jurkat"),)
READINGS = (("presets", "jurkat"), ("ablation", "jurkat"))
OPTIONS = (("presets", "cytometer"), ("noise", "cytometer"))
plan = load_plan()
rates, readings, options = rate_runs(), reading_runs(), option_runs()
# Of the noise series and of the ablation only two runs each belong here; the others are not missing from this page.
enough = [parts[1] for runs, parts in ((readings, READINGS), (options, OPTIONS)) if {"baseline", "recovered"} <= set(runs)]
Markdown(missing_runs(*(part for part in dict.fromkeys((*RATES, *READINGS, *OPTIONS)) if part not in enough)))

# %% [markdown]
# ## The learning rate, on simulated cells
#
# The paper's initial learning rate is lost with its Table 2.
# It is the choice that one should fear most: two networks rarely like the same rate, so that a fixed rate may favour one of them.
# The fair way is to let each network choose by its validation cells, which the test does not see.

# %% tags=["remove-input"]
question = plan["P10"]
Markdown(
    f"**{question.id}**, planned ({{doc}}`plan`): *{question.question}* Measure: {question.measure}. Margin: {question.margin:g} points. *{question.why}*"
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the initial learning rate on a logarithmic axis, one line for the baseline and one for CG-RecNet: test accuracy with intervals, and validation macro F1 with a ring around each network's best rate. Without runs the panels say so."}, "figure": {"name": "fig-choices-rates", "caption": "A comparison at one fixed rate is a vertical cut through these lines, and where they are not parallel the cut decides: so each network's rate is chosen by validation (rings in B), and the two choices are compared too. A, accuracy on simulated test cells, Wilson's 95 % intervals over cells; B, macro F1 on validation cells at the reported epoch; one run per mark."}}
draw_rates(rates)
plt.show()

# %% tags=["remove-input"]
rate_records = [run for runs in rates.values() for run in runs.values()]
provenance_of(rate_records, *RATES)

# %% tags=["remove-input"]
found_rates = rate_answers(rates)


def order(answer):
    """What a contrast says of the order of the two networks."""
    if answer.outcome is Outcome.DIFFERENCE:
        return "CG-RecNet ahead" if answer.result.difference > 0 else "CG-RecNet behind"
    return "undecided" if answer.outcome is Outcome.UNDECIDED else "no difference beyond the margin"


if found_rates:
    orders = list(dict.fromkeys(order(answer) for answer in found_rates))
    turned = {"CG-RecNet ahead", "CG-RecNet behind"} <= set(orders)
    text = f"**{question.id}.** " + (
        "The order of the two networks depends on the learning rate: it turns round between rates that were tried. "
        if turned
        else f"The word for the order is not the same at all rates ({'; '.join(orders)}), but it does not turn round. "
        if len(orders) > 1
        else f"At every rate that was compared the word for the order is the same: {orders[0]}. "
    )
    blank = not_learned(rates)
    if blank:
        shares = {(rate, model): f"{rates[rate][model].test['accuracy']:.1%}" for rate, models in blank.items() for model in models}
        each = "; ".join(
            f"at {rate:g} " + " and ".join(f"{NAMES[model]} with {shares[rate, model]}" for model in models)
            for rate, models in blank.items()
        )
        share = majority_share(next(rates[rate][model] for rate, models in blank.items() for model in models))
        text += (
            f"But to name the largest class for every cell is right for {share:.1%} of them, and a network that is not clearly better than that was hardly trained; its place says nothing of its modules. "
            f"By this criterion, which was not planned (95 % interval over cells, n = 1 run each), these drop out: {each}. "
        )
        both = [order(answer) for answer in found_rates if answer.name in [f"both at {rate:g}" for rate in rates if rate not in blank]]
        if both:
            text += f"At the rates that are left, the word for the order is: {' or '.join(dict.fromkeys(both))}. "
    picked = {model: chosen_rate(rates, model) for model in MODELS}
    if all(picked.values()):
        text += "By validation " + " and ".join(
            f"the {NAMES[model]} chooses {rate:g} (macro F1 {validation_f1(rates[rate][model]):.3f}, n = 1 run)" if model == "resnet50" else f"{NAMES[model]} {rate:g} ({validation_f1(rates[rate][model]):.3f}, n = 1 run)"
            for model, rate in picked.items()
        ) + ". "
    if found_rates[-1].name.startswith("each at its choice"):
        text += f"With these choices, the fair comparison, the word is: {order(found_rates[-1])} ({points(found_rates[-1].result.difference)} points, n = {found_rates[-1].result.n} simulated cells)."
    text += f"\n\n{answers_table(found_rates)}\n\nCG-RecNet against the baseline on the same simulated cells, one run each; positive: CG-RecNet is ahead."
else:
    text = f"**{question.id}.** Whether the order depends on the rate cannot be said: not all of the runs for it are here."
Markdown(text.replace("the Baseline", "the baseline").replace(" Baseline with", " the baseline with"))

# %% [markdown]
# ## The learning rate, on real cells
#
# The ablation on Jurkat cells ran at one rate.
# Afterwards, the rate that validation prefers on simulated cells was tried on the first of its folds.
# This was not planned: it is *exploratory*.

# %% tags=["remove-input"]
real_rates = real_rate_runs()
Markdown(
    f"{real_rate_table(real_rates)}\n\n{real_rate_words(real_rates)}\n\nReal cells (Jurkat), 95 % intervals over cells, which do not contain the luck of training."
    if len(real_rates) > 1
    else missing_runs(*REAL_RATES) or "The runs at another rate are not here."
)

# %% tags=["remove-input"]
provenance_of([run for here in real_rates.values() for run in here.values()] if len(real_rates) > 1 else [], *REAL_RATES)

# %% [markdown]
# ## Whole readings, on real cells
#
# `recovered` is the reading whose parameter counts are the printed ones, `as_written` follows the sentences where they differ from the public modules, and `clean` is `recovered` without its two odd traits: it has a skip around the fusion, and one linear layer to the classes in place of two.
# So a difference between the two is not the skip's alone.

# %% tags=["remove-input"]
presets = {name: preset.as_dict() for name, preset in PRESETS.items()}
lines = ["| option | " + " | ".join(f"`{name}`" for name in presets) + " |", "|---|" + "---|" * len(presets)]
for name in presets["recovered"]:
    values = [preset[name] for preset in presets.values()]
    if len(set(map(str, values))) > 1:
        lines.append(f"| `{name}` | " + " | ".join(f"`{value}`" for value in values) + " |")
asked = plan["P9"]
Markdown("\n".join(lines) + f"\n\n**{asked.id}**, planned: *{asked.question}* Margin: {asked.margin:g} points. *{asked.why}*")

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per other reading of the text with the difference of its accuracy from the recovered reading, thick and thin intervals, and a grey band for the margin. Without runs a note says so."}, "figure": {"name": "fig-choices-readings", "caption": "A reading whose whole thick bar lies in the grey band makes no difference that matters here; one whose thin bar misses zero does something, if it holds after correction. CG-RecNet on real Jurkat cells, first fold, other reading minus recovered one; bars: bootstrap over cells, thick the 90 % interval, thin the 95 % interval, one run each."}}
found_readings = reading_answers(readings)
draw_differences(found_readings, asked.margin, "difference in accuracy (percentage points), Jurkat")
plt.show()

# %% tags=["remove-input"]
reading_records = list(readings.values())
provenance_of(reading_records, *READINGS)

# %% tags=["remove-input"]
on_jurkat = conclusions(readings, asked.margin)
text = f"**{asked.id}.** " + (
    " ".join(sentence(answer).replace(answer.name.split()[0], f"`{answer.name.split()[0]}`", 1) for answer in found_readings) + f"\n\n{answers_table(found_readings)}\n\nReal cells (Jurkat), first fold, one run each."
    if found_readings
    else "Whether a reading changes the accuracy cannot be said: not all of the runs for it are here."
)
if len(on_jurkat) > 1:
    text += (
        "\n\nAnd the conclusion? The lead over the baseline under each reading (exploratory, one family):\n\n"
        + conclusion_table(on_jurkat)
        + f"\n\nReal cells (Jurkat), first fold, one run each; the word follows the plan's rule with a margin of {asked.margin:g} points."
    )
Markdown(text)

# %% [markdown]
# ## One option at a time, on simulated cells
#
# The readings change several options at once.
# Here each open choice of the fusion, the gate and the head is changed alone, from `recovered`.
# None of this was planned: **it is exploratory**, and with so many contrasts one or two will look like something; the correction counts all of them as one family.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One row per option that was changed alone, with the difference in accuracy from the recovered reading, thick and thin intervals, and a grey band for the margin. Without runs a note says so."}, "figure": {"name": "fig-choices-options", "caption": "What a single choice is worth, all else equal: rows inside the grey band may be left to taste, rows outside of it are choices that a paper has to print. CG-RecNet on simulated cells, changed option minus recovered reading; bars: bootstrap over cells, thick the 90 % interval, thin the 95 % interval, one run each; exploratory."}}
found_options = option_answers(options)
draw_differences(found_options, asked.margin, "difference in accuracy (percentage points), simulated cells")
plt.show()

# %% tags=["remove-input"]
option_records = list(options.values())
provenance_of(option_records, *OPTIONS)

# %% tags=["remove-input"]
on_simulated = conclusions(options, asked.margin)
text = answers_table(found_options) + "\n\nAgainst `recovered`, same simulated cells, one run each." if found_options else "The runs with single options are not here."
if len(on_simulated) > 1:
    text += "\n\nThe lead over the baseline under each choice:\n\n" + conclusion_table(on_simulated) + "\n\nSimulated cells, one run each; words by the plan's rule, one family."
seeds = simulated_seeds()
if found_options:
    text += f"\n\nFor scale: {ruler_sentence(seeds, NAMES)[0].lower() + ruler_sentence(seeds, NAMES)[1:]}"
if seeds and found_options:
    small = [answer.name for answer in found_options if abs(answer.result.difference) <= widest(seeds)]
    text += (
        f" Of the {len(found_options)} effects, {len(small) or 'none'} {'is' if len(small) == 1 else 'are'} not larger than that"
        + (", so that training again might undo " + ("it." if len(small) == 1 else "them.") if small else ".")
    )
Markdown(text)

# %% [markdown]
# ## Does any open choice change a conclusion?

# %% tags=["remove-input"]
said = []
if found_rates:
    said.append(
        "**Learning rate** (simulated cells): "
        + (
            "yes, the order of the two networks turns round with it"
            + (", though not among the rates at which both networks learned." if blank and both and not {"CG-RecNet ahead", "CG-RecNet behind"} <= set(both) else ".")
            if turned
            else "the word changes, the order does not turn round." if len(orders) > 1 else "no, not among the rates that were compared."
        )
    )
else:
    said.append("**Learning rate** (simulated cells): cannot be said; the runs are not here.")
for title, found in (("Readings** (Jurkat, real cells)", on_jurkat), ("Single options** (simulated cells)", on_simulated)):
    if len(found) > 1:
        changed = [one for one in found[1:] if one.words != found[0].words]
        reversed_ = [one for one in changed if {one.words, found[0].words} == {"ahead", "behind"}]
        said.append(
            f"**{title}: under the recovered reading the word for CG-RecNet against the baseline is *{found[0].words}*. "
            + (f"{len(changed)} of {len(found) - 1} other choices lead to another word ({'; '.join(f'{one.choice}: {one.words}' for one in changed)})" if changed else f"None of {len(found) - 1} other choices leads to another word")
            + (f"; the order turns round with {len(reversed_) or 'none'} of them." if changed else ".")
        )
    else:
        said.append(f"**{title}: cannot be said; the runs of the other choices are not here.")
Markdown(
    "\n".join(f"- {one}" for one in said)
    + ("\n\nEach comparison rests on one run per network at this book's small settings; none was measured on the paper's cells." if found_rates or on_jurkat or on_simulated else "")
)

# %% [markdown]
# The effects stand in the ledger too ({doc}`/book/7_judgement/deviations`), computed from the same records.
# Choices that no sweep compares (the crop's range, the weight decay, the patience and more) remain guesses there.
#
# **Take-away.**
# A choice matters where it changes the sentence and not just the number; and what a paper does not print, its readers have to guess, each in their own way.

# %% [markdown]
# ## Every run that this page read

# %% tags=["remove-input"]
read = all_read(*dict.fromkeys((*RATES, *REAL_RATES, *READINGS, *OPTIONS, ("seeds", "cytometer"))))
display(*read or [Markdown("None is here.")])

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
print(
    f"best of {tries} equally good networks on {tested} cells: {100 * drawn.max(axis=1).mean():.2f} % on average, "
    f"truth {100 * truth:.0f} %: flattered by {points(100 * (drawn.max(axis=1).mean() - truth))} points"
)
if rates:
    for model in MODELS:
        here = {rate: runs[model] for rate, runs in rates.items() if model in runs}
        if not here:
            continue
        by_test = max(run.test["accuracy"] for run in here.values())
        by_validation = here[chosen_rate(rates, model)].test["accuracy"]
        print(f"{NAMES[model]}, simulated cells: best test accuracy {by_test:.1%}, chosen by validation {by_validation:.1%}")

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
