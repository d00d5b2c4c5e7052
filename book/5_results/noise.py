# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Noise and debris
#
# **You will learn** how to test what a module is *said* to do, by turning a dial and watching who suffers, why a difference of differences needs the same cells four times, and what came out on simulated cells.
#
# **You need** {doc}`/book/5_results/plan` and {doc}`/book/2_data/how_a_cytometer_sees`.
# Reading takes about {reading-time}`this page`.
#
# The paper gives each of its modules a task.
# The gate "suppresses" the background (claim C08), the fusion recalibrates what the network looks at (C07), and each of them adds accuracy (C21).
# A task makes a prediction.
# A network that suppresses noise should lose *less* than one that does not when there is more noise.
# And a network that sees far should be less easily misled by a particle beside the cell.
#
# Real cells do not let us turn up the noise and leave all else alone.
# Simulated cells do: cell $i$ of a seed is the same cell, in the same place and focus, at every setting of the dial.
# **Everything on this page is simulated**; it can show what a module does to such pictures, and not what it does for the paper's cells.

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cgrecnet.data.cytometer import VERSION
from cgrecnet.data.phantom import KINDS
from cgrecnet.evaluation.change import change_contrast, further_sums, sign_flip
from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.answers import answers_table, interval, points
from cgrecnet.figures.dialled import describe_cells, dialled, draw_cells, loudness, one_of_each
from cgrecnet.figures.dose import (
    NAMES,
    STEPS,
    change_between,
    dose_answers,
    dose_runs,
    dose_table,
    draw_doses,
    has_contrast,
    majority_share,
    step_answers,
)
from cgrecnet.figures.missing import all_read, missing_runs, provenance_of
from cgrecnet.figures.provenance import Provenance
from cgrecnet.figures.ruler import ruler_sentence, simulated_seeds, widest
from cgrecnet.figures.slider import slider
from cgrecnet.figures.style import use_book_style
from cgrecnet.runs.same_cells import same_cells

use_book_style()
PARTS = (("noise", "cytometer"), ("debris", "cytometer"))
plan = load_plan()
series = {dial: dose_runs(dial) for dial in ("noise", "debris")}
records = list({run.run_id: run for doses in series.values() for runs in doses.values() for run in runs.values()}.values())
Markdown(missing_runs(*PARTS))

# %% [markdown]
# ## The dial, seen
#
# Noise 1 is the camera as it was set to resemble the paper's pictures ({doc}`/book/2_data/how_a_cytometer_sees`); the dial multiplies shot, read and stripe noise together.
# Drag the slider of {numref}`fig-noise-cells`, or click it and use the arrow keys.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-noise-cells", "caption": "The same six simulated cells at every noise: what changes is the grain, and faint structure drowns in it first. First two cells of each class, one grey scale, not chosen for their looks."}}
levels = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
noisy = dialled("noise", levels)
chosen = one_of_each(noisy[1.0])
slider([draw_cells(noisy[level], chosen, KINDS) for level in levels], levels, "noise", [describe_cells("noise", level) for level in levels], start=1)

# %% tags=["remove-input"]
simulated_here = f"cytometer (simulated cells), version {VERSION}, seed 0, the first {len(noisy[1.0].labels)} cells"
Provenance((("Data", simulated_here), ("Options", f"noise {', '.join(f'{level:g}' for level in levels)}")))

# %% tags=["remove-input"]
lines = ["| noise | spread of the signal | spread of the noise | signal / noise |", "|---:|---:|---:|---:|"]
for level in levels[1:]:
    loud = loudness(noisy[0.0], noisy[level])
    lines.append(f"| {level:g} | {loud.signal:.1f} | {loud.noise:.1f} | {loud.ratio:.1f} |")
Markdown(
    "How loud is that? In a simulation the noise can be told from the signal exactly: it is the picture minus the same picture without noise.\n\n"
    + "\n".join(lines)
    + f"\n\nStandard deviations in grey levels over the pixels of each cell, medians over n = {loud.cells} simulated cells."
)

# %% [markdown]
# The second dial is debris: the share of cells with a particle attached, and of pictures with loose fragments.
# A particle is not grain; it is a thing with an edge, outside the cell, and it does not say what the cell is.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-noise-debris", "caption": "More debris does not blur the cells; it adds shapes that a network has to learn to ignore. The same six simulated cells, in which more and more carry a particle or have fragments around them."}}
shares = (0.0, 0.2, 0.5, 0.9)
dirty = dialled("debris", shares)
slider([draw_cells(dirty[share], chosen, KINDS) for share in shares], shares, "debris", [describe_cells("debris", share) for share in shares], start=1)

# %% tags=["remove-input"]
Provenance((("Data", simulated_here), ("Options", f"debris {', '.join(f'{share:g}' for share in shares)}")))

# %% [markdown]
# ## The question, written down beforehand
#
# A network is trained and tested *at the same setting*, so the question is what can be learned from noisy pictures, not what a network does with noise that it never met.
# Let $f_i$ be 1 where the first network has cell $i$ right at the lowest setting, and 0 where it is wrong, and $f_i'$ the same at the highest; let $s_i$ and $s_i'$ belong to the second network.
# How much more did the accuracy of the first change?
#
# $$
# D = \frac{100}{n} \sum_{i=1}^{n} \big[ (f_i' - f_i) - (s_i' - s_i) \big]
# $$ (eq-noise-difference)
#
# is a **difference of differences**, in percentage points.
# It is positive where the first network loses less.
# Each bracket is a whole number between $-2$ and $2$, and all four entries belong to the same cell, so that hard cells, which are hard for everybody, drop out.
#
# If it made no difference which network is which, each bracket could as well have had the other sign.
# So we flip signs: what share of all ways to sign the brackets gives a sum as far from zero?
# That is the p-value, and it can be computed exactly:

# %% tags=["remove-input"]
Markdown(f"```python\n{inspect.getsource(sign_flip)}\n\n{inspect.getsource(further_sums)}```")

# %% tags=["remove-input"]
asked = {dial: plan[name] for dial, name in (("noise", "P5"), ("debris", "P6"))}
Markdown(
    "\n".join(
        f"- **{question.id}** ({dial}): *{question.question}* "
        + f"Contrasts: {'; '.join(f'{NAMES[a]} against {NAMES[b]}' for a, b in question.contrasts)}. Margin: {question.margin:g} points."
        for dial, question in asked.items()
    )
    + "\n\nThis is the plan's wording ({doc}`plan`), committed before any of these runs. "
    "Whatever else this page looks at was not planned and is called *exploratory*. "
    "No number was written down as expected; the expectation is the paper's own: the gate helps, so its $D$ should be positive."
)

# %% [markdown]
# ## What came out

# %% tags=["remove-input"]
tables, shown = [], set()
for dial, doses in series.items():
    alone = f"Of the {dial} series only one setting ({', '.join(f'{level:g}' for level in doses)}) is here, so that there is no slope to see yet."
    if len(doses) == 1 and {run.run_id for runs in doses.values() for run in runs.values()} <= shown:
        tables.append(f"**{dial.capitalize()}.** {alone} Its runs are those of the table above.")
    elif doses:
        shown |= {run.run_id for runs in doses.values() for run in runs.values()}
        n = {run.test["n"] for runs in doses.values() for run in runs.values()}
        tables.append(
            f"**{dial.capitalize()}** (columns: setting of the dial)\n\n{dose_table(doses)}\n\n"
            f"Accuracy in per cent with 95 % intervals over n = {', '.join(map(str, sorted(n)))} simulated test cells, one run each."
            + (f" {alone}" if len(doses) == 1 else "")
        )
Markdown("\n\n".join(tables) or "There are no runs here, so there is no table.")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, noise and debris, with the setting of the dial on the horizontal axis and accuracy on the vertical one; one line with intervals per network, and a dotted line for the share of the largest class. Where no run is at hand a panel says so."}, "figure": {"name": "fig-noise-dose", "caption": "Compare slopes, not heights: a module that suppresses noise makes a flatter line, whatever its height. A line that starts near the dotted one has little to lose, so its flatness says nothing. Accuracy on simulated test cells against noise (A) and debris (B), one run per mark; bars: Wilson's 95 % intervals over cells, which do not contain the luck of training."}}
draw_doses(series)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, *PARTS)

# %% tags=["remove-input"]
seeds = simulated_seeds()
answers = {dial: dose_answers(dial, doses) for dial, doses in series.items()}


def gate_of(dial):
    """The planned contrast that is about the gate, or None where a run of it is missing."""
    return next((a for a in answers[dial] if a.name.startswith("ResGDNet")), None)


def unsaid(dials):
    """One sentence on the dials that lack the runs for the gate."""
    return f"Whether the gate helps against {' or '.join(dials)} cannot be said: not all of the runs for it are here." if dials else ""


def reading(dial):
    """What the planned contrasts of a dial say of the gate, in words that follow from the outcomes."""
    gate = gate_of(dial)
    less = gate.result.difference > 0
    luck = widest(seeds) if seeds else None
    said = {
        Outcome.DIFFERENCE: f"With more {dial}, the network with the gate lost {'less' if less else 'more'} than the baseline, which is {'what' if less else 'the opposite of what'} the paper's words lead one to expect.",
        Outcome.SMALL_DIFFERENCE: f"With more {dial}, the network with the gate lost a little {'less' if less else 'more'} than the baseline, by less than the margin.",
        Outcome.NO_DIFFERENCE: f"With more {dial}, gate or no gate made no difference beyond the margin: no sign here that the gate suppresses it.",
        Outcome.UNDECIDED: f"Whether the gate helps against {dial} is undecided: these cells allow a gain as well as a loss beyond the margin, or cannot tell it from none.",
    }[gate.outcome]
    if gate.outcome is Outcome.DIFFERENCE and luck is not None and abs(gate.result.difference) <= luck:
        said += f" But two runs of one network that differ in the seed alone lie up to {luck:.1f} points apart, which is as much, so that the luck of training may explain it."
    return said


parts = []
without = [dial for dial in answers if gate_of(dial) is None]
for dial, found in answers.items():
    if found:
        parts.append(
            f"**{asked[dial].id}, {dial}.** {reading(dial) if gate_of(dial) else unsaid([dial])}\n\n{answers_table(found)}\n\n"
            f"{{eq}}`eq-noise-difference` from the lowest to the highest setting, simulated cells; positive: the first network lost less."
        )
empty = [dial for dial, found in answers.items() if not found]
if empty:
    parts.append(f"**{', '.join(f'{asked[dial].id}, {dial}' for dial in empty)}.** {unsaid(empty)}")
Markdown("\n\n".join(parts))

# %% tags=["remove-input"]
floors = []
lowest = next(iter(series["noise"].values()), {})
for model, run in lowest.items():
    above = 100 * (run.test["accuracy"] - majority_share(run))
    floors.append((above, f"{NAMES[model]} {points(above)}"))
if floors:
    short = [text for above, text in floors if above < 2 * asked["noise"].margin]
    text = (
        "How much can a network lose at all? To name the largest class for every cell needs no training; "
        f"at noise {min(series['noise']):g} the networks lie above that by so many points: {', '.join(text for _, text in floors)} (n = 1 run each). "
    )
    text += (
        f"With so little to lose, a small loss of {', '.join(name.split()[0] for name in short)} is no sign of strength: the dial hardly had anything to take away. "
        if short
        else "So each had something to lose, and a flat line would mean something. "
    )
    text += ruler_sentence(seeds, NAMES)
    text += " The intervals above speak of the choice of cells and take the trained networks as given; the luck of training comes on top."
else:
    text = "How much each network can lose, and how far two runs of it differ, will stand here with the runs."
Markdown(text)

# %% [markdown]
# ## Exploratory: the fusion, and each step at each setting
#
# The plan asks about the gate and about the whole.
# The fusion is the module that can see far, since its attention joins all positions.
# Does the network that has it alone lose less, with debris above all?
# This was not planned; treat it as a hint for the next experiment.

# %% tags=["remove-input"]
lines = []
for dial, doses in series.items():
    if has_contrast(doses, ("rescmnet", "resnet50")):
        found = change_between(doses, "rescmnet", "resnet50")
        lines.append(
            f"- {dial}: the accuracy of ResCMNet (fusion alone) changed by {points(found.difference)} points against the baseline's; positive: it lost less "
            f"(95 % interval {interval(found.interval95)}, p = {found.p_value:.2g}, n = {found.n} simulated cells)."
        )
steps = step_answers(series)
apart = [step for step in steps if step.outcome is Outcome.DIFFERENCE]
higher = sum(step.result.difference > 0 for step in apart)
Markdown(
    ("\n".join(lines) or "The runs of ResCMNet at two settings, which would answer this, are not here.")
    + (
        "\n\nAnd does each module add accuracy (C21)? Here are the steps at each setting, where their runs are here; McNemar's test on the same simulated cells, corrected as one family:\n\n"
        + answers_table(steps)
        + f"\n\nA difference by the plan's rule: {len(apart)} of {len(steps)}; in {higher} the network with the module is ahead of the baseline, in {len(apart) - higher} behind it. "
        "How much of that is the learning rate, which is the same for all of them here, is asked in {doc}`choices`."
        if steps
        else ""
    )
)

# %% tags=["remove-input"]
provenance_of(records, *PARTS)

# %% [markdown]
# ## What this does not tell
#
# - It is one simulation, whose noise we chose.
#   Real cameras, real dirt and real cells may differ in the very thing that matters.
# - The pictures are small and the training short.
#   The modules start from random numbers between trained stages, so that few steps may suit them less than the baseline.
# - Accuracy is an indirect witness.
#   A gate could suppress the background and not help, or help by other means; {doc}`/book/6_explanation/do_maps_mean_anything` looks at gate and fusion themselves, after training.
#
# **Take-away.**
# "Suppresses noise" is a statement about a slope, and a slope can be measured where the noise has a dial.

# %% tags=["remove-input"]
said = [reading(dial) for dial in series if gate_of(dial)]
Markdown(" ".join([*said, unsaid(without)]) + (" All of this is about simulated cells, and one run of each network at each setting." if said else ""))

# %% [markdown]
# ## Every run that this page read

# %% tags=["remove-input"]
read = all_read(*PARTS, ("seeds", "cytometer"))
display(*read or [Markdown("None is here.")])

# %% [markdown]
# ```{exercise} What pairing is worth
# :label: exercise-noise-pairing
#
# Suppose that somebody had tested each of the four networks on *other* cells.
# How much wider would the interval of $D$ be?
# Compute the standard error of {eq}`eq-noise-difference` with and without the pairing.
# ```
#
# ````{solution} exercise-noise-pairing
# :class: dropdown
#
# With pairing it is the spread of the brackets over $\sqrt n$.
# Without, the four variances add up, each $a (1 - a) / n$ for an accuracy $a$.
# The next cell uses the runs of this page, or four made-up networks if there are none.
# ````

# %% tags=["hide-cell"]
noise = series["noise"]
if has_contrast(noise, ("resgdnet", "resnet50")):
    whose = "runs of this page"
    low, high = min(noise), max(noise)
    f, f_after, s, s_after = same_cells([noise[at][model] for model in ("resgdnet", "resnet50") for at in (low, high)]).right
else:
    whose = "made-up networks"
    rng = np.random.default_rng(0)
    hard = rng.random(900)
    f, f_after, s, s_after = (hard + 0.2 * rng.random(900) < share for share in (1.0, 0.8, 0.98, 0.75))
brackets = (f_after.astype(int) - f) - (s_after.astype(int) - s)
paired = 100 * brackets.std(ddof=1) / np.sqrt(len(f))
apart = 100 * np.sqrt(sum(a.mean() * (1 - a.mean()) for a in (f, f_after, s, s_after)) / len(f))
print(f"{whose}: standard error {paired:.2f} points paired, {apart:.2f} on different cells, n = {len(f)} cells each")

# %% tags=["remove-cell"]
# The equation and the function agree, whatever the records are.
assert abs(change_contrast(f, f_after, s, s_after).difference - 100 * brackets.mean()) < 1e-9
assert set(NAMES) >= {model for step in STEPS for model in step}

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why is the accuracy at high noise not the answer?
# A network may be better there because it is better everywhere.
# To suppress noise means to lose *less* when it rises: a difference of differences.
# :::
#
# :::{dropdown} 2. Why are the same cells used four times?
# Each cell's own difficulty then drops out of both differences.
# With other cells, chance would add to a quantity that is already small.
# :::
#
# :::{dropdown} 3. The module loses less, on simulated cells. What does it say about the paper's cells?
# That it can be so for such pictures.
# Whether it is so for those cells has to be asked of them.
# :::
