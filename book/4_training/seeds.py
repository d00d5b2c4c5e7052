# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Seeds, determinism and noise
#
# **You will learn** when two runs give the same numbers to the last bit, how a difference in the last bit grows until it looks like another seed, and how many seeds a claim about two networks needs.
#
# **You need** {doc}`/book/4_training/one_run`.
# Reading takes about {reading-time}`this page`.
#
# A training run draws random numbers for three things: the weights at the start, the order of the cells, and the crops (some networks draw more, for dropout).
# The *seed* fixes them all.
# In this project they follow from the seed and the number of the epoch, and from nothing else: not from the clock, nor from how many processes load the data.
#
# Two other things shape a result and are not in the seed.
# One is *arithmetic*: floating-point addition is not associative,
#
# $$
# (a + b) + c \neq a + (b + c) \quad\text{in general,}
# $$ (eq-associative)
#
# so whoever adds the same numbers in another order gets another last bit.
# The other is the split, which has a seed of its own here, so that seeds can be compared on the same cells.

# %% tags=["remove-input"]
import logging

import lightning_fabric
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import HTML, Markdown, display
from scipy import stats

from cgrecnet.bench.record import cards_measured
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.arrays import alike
from cgrecnet.evaluation.power import power_of_paired_t, repeats_needed
from cgrecnet.evaluation.sd_interval import sd_interval
from cgrecnet.figures.provenance import from_dataset, missing_runs, provenance_of
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import interval, points, wide_table
from cgrecnet.models import create_model
from cgrecnet.pages import holds, tell
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.query import experiment
from cgrecnet.training import loop
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.parts import epoch_batches, load_parts

use_book_style()
logging.getLogger(lightning_fabric.__name__).setLevel(logging.WARNING)  # it announces bfloat16
holds("This project has measured nothing on a GPU", not cards_measured())

# %%
a, b, c = 0.1, 0.2, 0.3
print((a + b) + c == a + (b + c), (a + b) + c, a + (b + c))

# %% [markdown]
# ## Twins
#
# Let us train one network several times from the same start and change a single thing each time: nothing, the number of threads, one weight by the smallest step that its number format knows, the precision, the seed of order and crops.
# It is done here, live, on a few simulated cells with the smallest of the paper's comparators.
# After each step of the optimizer we ask how far the weights are from those of the first run, in units of the way that the first run has gone ({numref}`fig-twins`):
#
# $$
# d_t = \frac{\lVert w_t - w_t^{(1)} \rVert}{\lVert w_t^{(1)} - w_0^{(1)} \rVert} .
# $$ (eq-twins)

# %%
def step_up(network):
    """The first weight to the next number that its format knows."""
    weight = next(network.parameters()).data.view(-1)
    weight[0] = torch.nextafter(weight[0], torch.tensor(float("inf")))


# %%
def start_of_run(seed=42, precision="32", change=None):
    """What a run has before its first step, the same start for all."""
    config = RunConfig(
        model="mobilenet_v2", data="cytometer", data_options={"cells": 90},
        image_size=32, batch_size=16, seed=seed, precision=precision,
    )  # fmt: skip
    fabric = make_fabric(config)
    dataset, _, cells = load_parts(config, fabric)
    torch.manual_seed(0)
    network = create_model(config.model, image_size=config.image_size)
    if change:
        change(network)
    network.to(memory_format=torch.channels_last)
    return config, fabric, dataset, cells["train"], network


# %%
def train(network, cells, config, fabric):
    """Two epochs; the weights at the start and after every step."""
    own, seen = list(network.parameters()), []
    adam = torch.optim.Adam(own, lr=config.learning_rate, fused=True)
    net, adam = fabric.setup(network, adam)

    def see(**_):
        seen.append(torch.cat([p.detach().flatten().clone() for p in own]))

    see()
    for epoch in (1, 2):
        torch.manual_seed(epoch)  # dropout
        asked = config.batch_size, config.seed, epoch, fabric
        batches = epoch_batches(cells, *asked)
        loop.train_one_epoch(net, batches, adam, fabric=fabric, on_step=see)
    return seen


# %%
def weights_of_run(threads=1, **change):
    """Cells, and the weights at the start and after every step."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    config, fabric, dataset, cells, network = start_of_run(**change)
    seen = train(network, cells, config, fabric)
    torch.set_num_threads(before)
    return dataset, seen

# %%
twins = {
    "nothing changed": {},
    "two threads": {"threads": 2},
    "a weight's last bit": {"change": step_up},
    "bfloat16": {"precision": "bf16"},
    "another seed": {"seed": 43},
}
dataset, first = weights_of_run()
way = [(weights - first[0]).norm() for weights in first]
steps = range(1, len(first))
distances = {}
for name, change in twins.items():
    _, other = weights_of_run(**change)
    apart = [(other[t] - first[t]).norm() / way[t] for t in steps]
    distances[name] = [float(distance) for distance in apart]

# %% mystnb={"image": {"alt": "Distance of five repeated runs from the first, on a logarithmic scale, after each step. The run with nothing changed lies on the bottom line, labelled none. Runs that differ lie above it."}, "figure": {"name": "fig-twins", "caption": "Sameness has to be complete, or it is soon no sameness at all: nothing changed gives nothing changed, but what begins in a last bit is amplified by training. Distance of a run's weights from those of the first run, over the way that the first run has gone, after each step of the optimizer. Simulated cells, MobileNetV2, one run each, from the same start."}}
FLOOR = 1e-9  # a logarithm has no zero
figure, axes = plt.subplots(figsize=(4.6, 4.2))
for name, marker in zip(distances, "osD^v", strict=True):
    drawn = np.maximum(distances[name], FLOOR)
    axes.semilogy(steps, drawn, marker=marker, markersize=4, label=name)
axes.set(xlabel="optimizer step", ylabel="distance / first's way")
axes.set_ylim(FLOOR / 3, 10)
powers = (-7, -5, -3, -1, 0)
ticks = [FLOOR, *(10.0**power for power in powers)]
axes.set_yticks(ticks, ["none", *(f"$10^{{{power}}}$" for power in powers)])
axes.legend(fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.4))
plt.show()
from_dataset(dataset)

# %% [markdown]
# The repeated run has the weights of the first after each of the {glue:text}`steps` steps, to the last bit.
# With two threads in place of one they differ by {glue:text}`threads_first:.2g` after the first step and by {glue:text}`threads_last:.2g` after the last: two threads may add in another order.
# One weight moved by its smallest step makes a distance of {glue:text}`bit_first:.2g` after the first step, and of {glue:text}`bit_last:.2g` after the last.
# For bfloat16, which rounds to fewer digits at every operation, it is {glue:text}`half:.2g` at the end; for another seed, which shows the cells in another order and other crops of them, {glue:text}`seed:.2g`.
#
# A distance near 1 means: as far apart as the run has come.
# Adam has a part in that.
# Its first step for a weight with gradient $g$ is $\eta\, g / (|g| + \varepsilon)$, which is as long as the learning rate $\eta$ however small $g$ may be, if only it is larger than $\varepsilon$.
# A gradient that is nothing but rounding error then makes a full step, in a direction that the last bit decides.
#
# So *same seed, same result* holds on a CPU for one number of threads, one version of the libraries and one kind of processor, and the tests of this project hold it to that.
# Each record therefore names its seed, threads, versions and processor.
# Even on one machine, another number of cells that are evaluated at once (here always `EVALUATION_BATCH`, {glue:text}`evaluated`) moves probabilities by less than 0.00001 in float32, because sums are then added in another order.
# A reader who repeats a run elsewhere should expect the same conclusions, not the same digits.
#
# ## What is not deterministic on a GPU
#
# This project has measured nothing on a GPU, so what follows is from the documentation and from others' measurements.
#
# - Some operations add with *atomic* instructions: whichever thread comes first adds first. PyTorch's notes list them {cite}`pytorch2025reproducibility`; the backward passes of several kinds of pooling and of interpolation are among them.
# - cuDNN may time several algorithms for a convolution and take the quickest, which need not be the same one each time. This project does not switch that on.
# - Identical seeds need not give identical results between a CPU and a GPU, or between versions or platforms {cite}`pytorch2025reproducibility`.
#
# PyTorch can be told to refuse what is not deterministic, at the price of speed.
# We do not, and therefore claim no equality of resumed or repeated runs on a GPU; a tolerance would have to be measured there, and has not been.
# How much it can matter was measured elsewhere: identical training runs whose only difference was in libraries and hardware scheduling differed by up to a few points of accuracy {cite}`pham2020problems`.
# Several processes that train together (DDP) are a case of their own: each sees its part of a batch, so batch normalisation would see other statistics than in one process.
# It is therefore synchronised over the processes: on a CPU by our own few lines (except where a batch is cut into pieces, `micro_batch`), on a GPU by PyTorch's.
# The tests show that two CPU processes end with the weights of one, to rounding, for a small network, and that losses, gradients and batch statistics of CG-RecNet agree over an epoch; longer runs of it part as two numbers of threads part above.
# The GPU's part is untested.
#
# ## How many seeds a claim needs
#
# If two runs of *one* network differ, a difference between two networks has to be judged against that {cite}`bouthillier2021accounting`.
# Train both with the same $n$ seeds, take the $n$ differences, and ask the paired t-test: with $\bar d$ their mean and $s$ their standard deviation,
#
# $$
# t = \frac{\bar d}{s / \sqrt{n}} .
# $$ (eq-seeds-t)
#
# The *power* is the chance that the test finds a difference which is there.
# It depends on the size of the difference in units of $s$ and on $n$ alone, so that {numref}`fig-seed-power` holds for any network.

# %%
counts, ratios = np.arange(2, 41), np.geomspace(0.1, 5, 60)
needed = [repeats_needed(float(ratio), 1.0) for ratio in ratios]

# %% tags=["computed"] mystnb={"image": {"alt": "Above: power against the number of seeds for differences of half, one, two and three standard deviations; the curves rise, the smaller the difference the later. Below: the number of seeds needed for a power of four fifths against the difference over its standard deviation, falling steeply on logarithmic axes, with a dashed line at three seeds."}, "figure": {"name": "fig-seed-power", "caption": "Three seeds, the paper's number, can see a difference only where it is several times the spread between seeds; a difference of half that spread needs dozens. A, chance that a two-sided paired t-test at 0.05 finds the difference, by number of seeds; dashed: four fifths. B, seeds needed for that power."}}
figure, (left, right) = plt.subplots(2, 1, figsize=(4.6, 5.6))
level = {"color": "0.6", "linewidth": 0.8, "linestyle": "--"}
for ratio in (0.5, 1.0, 2.0, 3.0):
    power = [power_of_paired_t(ratio, 1.0, int(n)) for n in counts]
    left.plot(counts, power, label=f"{ratio:g} SD")
left.axhline(0.8, **level)
left.set(xlabel="seeds", title="chance to see it", ylim=(0, 1.03))
left.legend(fontsize=8)
right.loglog(ratios, needed, color=PALETTE[0])
right.axhline(3, **level)
right.text(ratios[0], 3.1, "three seeds", fontsize=8)
right.set(xlabel="difference / SD", title="seeds needed")
letter(left, "A")
letter(right, "B")
plt.show()

# %% [markdown]
# With three seeds the power is {glue:text}`sd_1:.2f` for a difference of one SD, {glue:text}`sd_2:.2f` for two, {glue:text}`sd_3:.2f` for three and {glue:text}`sd_4:.2f` for four; it reaches {glue:text}`enough` at {glue:text}`smallest:.1f` SD.
#
# ## Measured: the spread between seeds
#
# What is $s$ for the networks of this book?
# The sweeps behind this section train the baseline and CG-RecNet with the paper's three seeds on the same cells and the same split, so that only the training's seed differs.
# Every difference is that in accuracy, CG-RecNet minus baseline.
# CG-RecNet is judged here without the skip around its fusion, a choice that the paper does not print ({doc}`/book/5_results/choices`).
# The tables ask for three differences: the margin that our analysis plan fixed beforehand, the gain of CG-RecNet over its baseline that the paper prints, and its lead over the variant without the gate; for the lead, the spread of this same pair stands in.

# %%
table = load_tables()["3"]
printed = {
    row: float(table.cell(row, "accuracy").value)
    for row in ("CG-RecNet", "ResCMNet", "Baseline")
}
gain = printed["CG-RecNet"] - printed["Baseline"]
lead = printed["CG-RecNet"] - printed["ResCMNet"]
wanted = {"the plan's margin": load_plan()["P11"].margin}
wanted |= {"the paper's gain": gain, "the paper's lead": lead}

# %%
def gather(*parts):
    """All records read, and of the seeds by model: accuracy in percent."""
    read, accuracy = [], {"cg_recnet": {}, "resnet50": {}}
    for part, data, settings in parts:
        if found := experiment(part, data):
            read += found.records
            for run in found.of(**settings):
                of_seed = accuracy.get(run.config["model"], {})
                of_seed[run.config["seed"]] = 100 * run.test["accuracy"]
    ours, base = accuracy.values()
    both = sorted(ours.keys() & base.keys())
    return read, {seed: ours[seed] - base[seed] for seed in both}


# %%
same = {"data_options": {"cells": 1800, "noise": 1.0}}  # one kind of cells
jurkat_read, on_jurkat = gather(
    ("ablation", "jurkat", {"fold": 0, "seed": 42}), ("seeds", "jurkat", {})
)
simulated_read, on_simulated = gather(
    ("noise", "cytometer", same), ("seeds", "cytometer", same)
)

# %% tags=["remove-input"]
holds(
    "The repeated run has the weights of the first after each of the ... steps, to the last bit.",
    max(distances["nothing changed"]) == 0,
)
holds(
    "can see a difference only where it is several times the spread between seeds; a difference of half that spread needs dozens",
    power_of_paired_t(2.0, 1.0, 3) < 0.8 and repeats_needed(0.5, 1.0) > 24,
)
threads, bit, half, seed = (distances[name] for name in ("two threads", "a weight's last bit", "bfloat16", "another seed"))
tell(steps=len(steps), threads_first=threads[0], threads_last=threads[-1], bit_first=bit[0], bit_last=bit[-1], half=half[-1], seed=seed[-1], evaluated=loop.EVALUATION_BATCH)
enough = 0.8
smallest = next(r for r in np.arange(0.5, 10, 0.01) if power_of_paired_t(float(r), 1.0, 3) >= enough)
tell(**{f"sd_{ratio}": power_of_paired_t(ratio, 1.0, 3) for ratio in (1, 2, 3, 4)}, enough=enough, smallest=smallest, lead=lead)
Markdown(missing_runs(("ablation", "jurkat"), ("seeds", "jurkat"), ("noise", "cytometer"), ("seeds", "cytometer")))

# %% [markdown]
# ### Real cells (Jurkat)

# %%
def seeds_to_see(size, sds):
    """The seeds that show a difference at each standard deviation."""
    best, low, high = (repeats_needed(size, sd) or "too many" for sd in sds)
    return f"{best} ({low} to {high})"


# %% tags=["hide-input"]
def spread_table(differences):
    """Points by seed, their spread, and the seeds that others need."""
    values, n = list(differences.values()), len(differences)
    rows = [(f"points, seed {one}", d) for one, d in differences.items()]
    rows = [(name, f"{d:+.2f}".replace("-", "−")) for name, d in rows]
    if n > 1:
        mean, sd = np.mean(values), np.std(values, ddof=1)
        sds = (sd, *sd_interval(sd, n - 1))
        middle = f"{mean:+.2f} ± {sd:.2f}".replace("-", "−")
        rows.append((f"mean ± SD (n = {n})", middle))
        reach = f"{sds[1]:.2f} to {sds[2]:.2f}"
        rows.append((f"95 % interval of SD (n = {n})", reach))
        for name, size in wanted.items():
            what = f"seeds for {size:.2f} points ({name})"
            rows.append((what, seeds_to_see(size, sds)))
    headers = ("CG-RecNet − baseline", "value")
    return HTML(wide_table(headers, rows, "Spread over seeds"))


parts = ("ablation", "jurkat"), ("seeds", "jurkat")
display(spread_table(on_jurkat), provenance_of(jurkat_read, *parts))

# %% [markdown]
# ### Simulated cells

# %%
parts = ("noise", "cytometer"), ("seeds", "cytometer")
display(spread_table(on_simulated), provenance_of(simulated_read, *parts))

# %% [markdown]
# ### What the seeds tell
#
# In brackets, in the tables above: the seeds needed at either end of the interval of the standard deviation.
# That interval is wide, because a standard deviation from so few values is itself nearly unknown.
#
# The plan asks for no test over seeds, so the interval below, of the paired t-test over seeds, is exploratory, and it is about one split of the cells.
# The last two columns say how likely these few seeds would find a gain as large as the paper's, and a lead as small as its {glue:text}`lead:.2f` points, if the spread is what it seems.

# %%
def over_seeds(found):
    """Points with interval, seeds ahead, and two chances."""
    d, n = np.array(list(found.values())), len(found)
    if n < 2:
        return "not known yet", f"n = {n}", "", ""
    reach = points(d.mean())
    if not alike(d):
        ends = stats.t.interval(0.95, n - 1, d.mean(), stats.sem(d))
        reach += f" ({interval(ends)})"
    sd = d.std(ddof=1)
    chances = [power_of_paired_t(size, sd, n) for size in (gain, lead)]
    ahead = f"{(d > 0).sum()} of n = {n}"
    return reach, ahead, *(f"{chance:.2f}" for chance in chances)

# %%
rows = [("Jurkat, real", *over_seeds(on_jurkat))]
rows += [("simulated", *over_seeds(on_simulated))]
headers = ("cells", "points (95 % interval)", "seeds ahead")
headers += ("chance: gain", "chance: lead")
HTML(wide_table(headers, rows, "Over seeds"))

# %% [markdown]
# The runs are smaller than the paper's (image size, epochs, cells), and the paper prints no spread over seeds to compare with.
# What carries over is the arithmetic, not the numbers.
# Folds add another spread, that of the cells, and they share their training cells, so that {eq}`eq-seeds-t` is too sure of itself there; {doc}`/book/5_results/spread` is about them.
#
# **Take-away.**
# The same seed gives the same run only where everything else is the same, too.
# A change in the last bit grows into other weights, so a result of one seed is one draw.
# Three seeds can support a large difference; for a small one they can support nothing.
#
# ```{exercise} A budget of seeds
# :label: exercise-seeds
#
# You can afford ten runs in all and compare two networks, whose paired difference has a standard deviation of half a point.
# Which difference will you find with a power of 0.8?
# Which, if you spend the ten runs on comparing one network with four others, pair by pair, without correcting for the number of comparisons?
# ```
#
# ````{solution} exercise-seeds
# :class: dropdown
#
# The next cell is the solution, and it runs.
# Five networks leave two seeds for each, with which next to nothing can be found.
# ````

# %% tags=["hide-cell"]
for seeds in (10 // 2, 10 // 5):
    found = next(d for d in np.arange(0.05, 50, 0.05) if power_of_paired_t(float(d), 0.5, seeds) >= 0.8)
    print(f"{seeds} seeds each: {found:.2f} points")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Two runs with one seed differ on two machines. Is that a fault?
# Not by itself.
# Sums are taken in another order on other hardware or with another number of threads, and rounding differs in the last bit; training makes that large.
# :::
#
# :::{dropdown} 2. Why does a difference in the last bit end like another seed?
# Each step depends on the weights before it, and small differences grow.
# After some epochs nothing is left of what the two runs had in common but the data and the recipe.
# :::
#
# :::{dropdown} 3. Why is one good seed no result?
# It is one draw from a spread of which one draw tells nothing.
# A claim about a network needs several, and a difference as small as that spread needs many.
# :::
