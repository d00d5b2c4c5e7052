# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What it costs
#
# **You will learn** how far a network's training lies from what the machine could do, how much bfloat16 and a compiler help, what reading the images adds, whether a batch of eight fits a card of 6 GB, and what the paper's whole protocol would cost.
#
# **You need** {doc}`/book/3_model/comparators` and {doc}`/book/4_training/one_run`.
# Reading takes about {reading-time}`this page`.
#
# Seconds on our machine say little about seconds on yours.
# So speeds are shown as *ratios*: two ways of doing the same thing, timed in turn in one process, so that whatever else the machine does slows both.
# Each ratio is a median with its quartiles, lower and upper, over $n$ pairs.
#
# All of it is made by scripts of the clone; each measures one thing and writes one record:
#
# ```bash
# .venv/bin/python benchmarks/input.py      # reading the images
# .venv/bin/python benchmarks/models.py     # models and limits
# .venv/bin/python benchmarks/reference.py  # the usual way
# .venv/bin/python benchmarks/memory.py     # peak memory of a step
# .venv/bin/python benchmarks/protocol.py   # the bill
# ```

# %% tags=["remove-input"]
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import HTML, Markdown, display
from matplotlib.ticker import LogLocator, NullFormatter

from cgrecnet.bench.record import load_bench, newest
from cgrecnet.bench.traffic import Traffic
from cgrecnet.figures.provenance import Provenance, bench_provenance
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter, use_book_style
from cgrecnet.figures.tables import dropdown, interval, points, wide_table
from cgrecnet.judgement.memory import memory_outcomes
from cgrecnet.models import create_model, list_models
from cgrecnet.models.complexity import macs_products
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paper.claims import load_claims
from cgrecnet.paths import RESULTS

use_book_style()
names = ("input", "models", "reference", "memory", "protocol")
on_gpu = {name: newest(name, "cuda") for name in names}
found = {name: on_gpu[name] or newest(name, "cpu") for name in names}
of_models = [record for record in load_bench("models") if bool(record.hardware["gpu"]) == bool(on_gpu["models"])]
# The newest record with all nine models, and the newest in which something was compiled.
models = [r for r in of_models if {row.model for row in r.rows if not row.skipped} == set(list_models())][-1]
compiled = [r for r in of_models if any(row.to_eager for row in r.rows)][-1]
inputs, reference, memory, bill = (found[name] for name in ("input", "reference", "memory", "protocol"))
gpus = sorted({record.hardware["gpu"] for record in on_gpu.values() if record})
PRECISIONS = {"32": "float32", "bf16": "bfloat16"}
GOALS = {"cuda": 0.97, "cpu": 0.95}  # ratios that the project set itself
RATES = ("model", "10⁹ multiply-adds", "roof share, float32", "roof share, bf16", "rate / Baseline's, float32", "rate, bf16 / float32")
holds("Everything on this page was measured on a CPU.", not gpus)
predicted = json.loads((RESULTS / "bench-predict" / "engines.json").read_text())
PREDICTED = (
    ("Record", "results/bench-predict/engines.json"), ("Made by", "benchmarks/predict_speed.py"),
    ("Data", predicted["data"]), ("Commit", predicted["commit"][:10]),
    ("Hardware", f"one thread ({predicted['hardware']['cpu']}), shared"),
)  # fmt: skip
trivial = json.loads((RESULTS / "bench-sweep" / "trivial.json").read_text())
used = trivial["hardware"]
machine = used["gpu"] or f"CPU, {used['cores']} cores ({used['cpu']})"
SWEPT = (
    ("Record", "results/bench-sweep/trivial.json"), ("Made by", "benchmarks/sweep.py"),
    ("Commit", trivial["commit"][:10]), ("Hardware", f"{machine}, {trivial['workers']} workers"),
)  # fmt: skip


def of(found, digits=2):
    """A median with its quartiles and n."""
    return f"{found.median:.{digits}f} ({found.lower:.{digits}f} to {found.upper:.{digits}f}; n = {found.n})"

# %% [markdown]
# Everything on this page was measured on a CPU.
#
# ## Two limits
#
# A processor can do so many operations per second, $P$, and its memory can move so many bytes per second, $B$.
# A network that does $F$ operations and moves $M$ bytes needs at least the longer of two times:
#
# $$
# \begin{aligned}
# t &\ge \max\Big(\frac{F}{P},\ \frac{M}{B}\Big), \quad\text{so that} \\
# \frac{F}{t} &\le \min\big(P,\ I\,B\big), \quad I = \frac{F}{M} .
# \end{aligned}
# $$ (eq-costs-roof)
#
# $I$ is the *arithmetic intensity*, operations per byte.
# Drawn with logarithmic axes the second bound is a roof: a slope where memory is the limit, a level where arithmetic is {cite}`williams2009roofline`.
#
# $P$ is the best that large matrix products and a large convolution reached, one for each precision, and $B$ the best of a large copy; both are measured in the same run as the networks, again before each of them.
# $F$ counts two operations per multiply-add and three forward passes per training step.
# $M$ is counted while a step runs, under the assumption that every operation reads its inputs once and writes its outputs once, and that nothing stays in a cache in between.
# The code for that is short; {numref}`fig-costs-roofline` shows the outcome.
#
# *bfloat16* is PyTorch's own on this page, on a processor that has kernels for it.
# On one without them our training widens each product to float32 and rounds its result ({doc}`precision`), so that bfloat16 brings no speed there.

# %%
show_code(Traffic)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, float32 and bfloat16, each with numbered dots for the nine models under a roof that rises and then is level; operations per second against operations per byte, both axes logarithmic."}, "figure": {"name": "fig-costs-roofline", "caption": "A step of training can be no faster than the roof over it, and how far below it lies is what a better program could gain. Left of the dotted line memory is the limit, right of it arithmetic. A, float32; B, bfloat16 (autocast). Dots: medians, eager, one training step of each model; the numbers are those of the table below. A dot may lie above the roof where a cache keeps what was counted as moved."}}
def plain_ticks(axis):
    """Numbers at 1, 2 and 5, written out."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:,g}")
    axis.set_minor_formatter(NullFormatter())


# Where a number stands from its dot, in points: right below it unless another dot is there.
BESIDE = {1: (-2, 5), 2: (-10, 1), 3: (5, -4), 4: (-3, -12), 5: (-10, 1), 6: (5, 0), 8: (-10, 1)}
figure, both = plt.subplots(2, 1, figsize=(4.6, 6.6), sharex=True)
for axes, precision, name in zip(both, PRECISIONS, "AB", strict=True):
    rows = models.eager("training", precision)
    peak, memory_rate = models.limits.flops_per_second[precision], models.limits.bytes_per_second
    knee, at = peak / memory_rate, [row.intensity for row in rows]
    x = np.geomspace(min([*at, knee]) / 2, max([*at, knee]) * 2, 100)
    axes.loglog(x, np.minimum(peak, x * memory_rate) / 1e9, color="black", linewidth=1)
    axes.plot([knee, knee], [0, peak / 1e9], ":", color="grey", linewidth=1)
    for number, row in enumerate(rows, start=1):
        dot = row.intensity, row.achieved / 1e9
        axes.plot(*dot, "o", color=MODEL_COLOURS.get(row.model, PALETTE[4]), markersize=5)
        axes.annotate(str(number), dot, xytext=BESIDE.get(number, (4, -9)), textcoords="offset points", fontsize=8)
    axes.set(ylabel="10⁹ operations per second", title=PRECISIONS[precision])
    axes.margins(y=0.15)
    plain_ticks(axes.yaxis)
    letter(axes, name)
plain_ticks(axes.xaxis)
axes.set_xlabel("operations per byte")
plt.show()

# %%
def rates_table(kind, passes):
    """Share of the roof, gain by bfloat16 and rate of each model."""
    full, half = models.eager(kind, "32"), models.eager(kind, "bf16")
    images, rows = models.settings["batch_size"] * passes, []
    for number, (row, other) in enumerate(zip(full, half, strict=True), 1):
        macs = row.flops / images / 2e9
        shares = (r.achieved / models.roof(r) for r in (row, other))
        rate = row.images_per_second / full[0].images_per_second
        name = f"{number} {title_of(row.model)}"
        numbers = [f"{value:.2f}" for value in (macs, *shares, rate)]
        rows.append((name, *numbers, of(other.to_float32)))
    return HTML(wide_table(RATES, rows, f"Rates, {kind}"))

# %%
display(rates_table("training", passes=3), bench_provenance(models))

# %% [markdown]
# In float32, {glue:text}`near` comes nearest to its roof ({glue:text}`near_share:.0%` of it) and {glue:text}`far` stays farthest below it ({glue:text}`far_share:.0%`).
# The two limits meet at {glue:text}`knee_32:.0f` operations per byte in float32 and at {glue:text}`knee_bf16:.0f` in bfloat16, where the best product is {glue:text}`best:.1f` times as fast.
# By {eq}`eq-costs-roof`, memory is the limit for {glue:text}`slope_32` in float32 and for {glue:text}`slope_bf16` in bfloat16.
# With bfloat16, {glue:text}`faster` of {glue:text}`models` models are faster with both quartiles of the ratio above 1, and {glue:text}`slower` slower with both below 1.
# Images of {glue:text}`size` px, batch {glue:text}`batch`, n = {glue:text}`n` timings of each kind.
#
# ### Why
#
# What a network computes is nearly all in convolutions and matrix products.
# What it *moves* is not: normalisation, activation and sums read and write whole maps and hardly compute.
# A depthwise convolution (each channel on its own, as in MobileNetV2 and Xception) is a convolution by name and an activation by its intensity.
# In half the precision the convolutions shrink, and the rest weighs more.

# %%
full = models.eager("training", "32")
short = {"convolution": "dense product", "depthwise": "grouped product"}
short["normalisation"] = "norms"
moved = pd.DataFrame([row.byte_counts for row in full]).fillna(0)
shares = moved.div(moved.sum(axis=1), axis=0)
kinds = shares.mean().sort_values(ascending=False).index
rows = []
for number, row in enumerate(full, start=1):
    own = (f"{share:.0%}" for share in shares[kinds].iloc[number - 1])
    name = f"{number} {title_of(row.model)}"
    rows.append((name, f"{row.intensity:.0f}", *own))
headers = ("model", "operations per byte")
headers += tuple(short.get(kind.split()[0], kind) for kind in kinds)
HTML(wide_table(headers, rows, "Bytes moved"))

# %% tags=["remove-input"]
half = models.eager("training", "bf16")
shares = {row.model: row.achieved / models.roof(row) for row in full}
near, far = max(shares, key=shares.get), min(shares, key=shares.get)
limits = models.limits
knees = {p: limits.flops_per_second[p] / limits.bytes_per_second for p in ("32", "bf16")}


def titles(chosen):
    """The names of models in a sentence."""
    return ", ".join(title_of(row.model) for row in chosen) or "none of them"


tell(
    near=title_of(near), near_share=shares[near], far=title_of(far), far_share=shares[far],
    knee_32=knees["32"], knee_bf16=knees["bf16"], best=limits.flops_per_second["bf16"] / limits.flops_per_second["32"],
    slope_32=titles(row for row in full if row.intensity < knees["32"]),
    slope_bf16=titles(row for row in half if row.intensity < knees["bf16"]),
    faster=sum(row.to_float32.lower > 1 for row in half), slower=sum(row.to_float32.upper < 1 for row in half) or "none",
    models=len(half), size=models.settings["image_size"], batch=models.settings["batch_size"], n=models.settings["repeats"],
)  # fmt: skip

dense = next(kind for kind in kinds if "matrix product" in kind)
share = {row.model: 1 - row.byte_counts.get(dense, 0) / sum(row.byte_counts.values()) for row in full}
most, least = max(share, key=share.get), min(share, key=share.get)
intense = {row.model: row.intensity for row in full}
low, high = min(intense, key=intense.get), max(intense, key=intense.get)
tell(
    least=title_of(least), least_share=share[least], most=title_of(most), most_share=share[most],
    low=title_of(low), low_intensity=intense[low], high=title_of(high), high_intensity=intense[high],
    times_backbone=intense["cg_recnet"] / intense["resnet50"],
)  # fmt: skip
holds(
    "its attention and its gate add at least as many operations per byte as the backbone has",
    intense["cg_recnet"] >= intense["resnet50"],
)

gains = [row.to_eager for row in compiled.rows if row.to_eager]
last = min((row for row in compiled.rows if row.to_eager), key=lambda row: row.to_eager.median)
tell(
    cases=len(gains), better=sum(gain.lower > 1 for gain in gains), worse=sum(gain.upper < 1 for gain in gains),
    last=of(last.to_eager), last_case=f"{title_of(last.model)}, {last.kind}, {PRECISIONS[last.precision]}",
)  # fmt: skip

# %% [markdown]
# Training in float32, between {glue:text}`least_share:.0%` ({glue:text}`least`) and {glue:text}`most_share:.0%` ({glue:text}`most`) of all bytes are moved by operations other than dense convolutions and products.
# The intensity runs from {glue:text}`low_intensity:.0f` operations per byte ({glue:text}`low`) to {glue:text}`high_intensity:.0f` ({glue:text}`high`).
# CG-RecNet has {glue:text}`times_backbone:.2f` times the intensity of its backbone: its attention and its gate add at least as many operations per byte as the backbone has.
#
# ### Compiled
#
# A compiler (`torch.compile`) joins such operations, so that fewer maps are written and read again.
# It is slow itself, so on a CPU `benchmarks/models.py` tries it on the backbone and on CG-RecNet alone, unless more are named with `--compile`.

# %%
rows = [
    (title_of(r.model), r.kind, PRECISIONS[r.precision], of(r.to_eager))
    for r in compiled.rows
    if r.to_eager
]
headers = ("model", "pass", "precision", "compiled / eager")
table = wide_table(headers, rows, "Compiled against eager")
display(Markdown(dropdown("Every case", table)), bench_provenance(compiled))

# %% [markdown]
# Of {glue:text}`cases` cases, {glue:text}`better` are faster compiled with both quartiles above 1, and {glue:text}`worse` slower with both below 1.
# The least is {glue:text}`last`: {glue:text}`last_case`.
#
# A forward pass alone, as in testing, keeps no maps for the way back and has other ratios:

# %%
rates_table("forward", passes=1)

# %% [markdown]
# ## What reading costs
#
# Between the network and the cells stands the input path: crops are cut, resized, flipped and normalised ({doc}`/book/2_data/geometry`), from one mapped file ({doc}`/book/2_data/store`).
# The fairest measure of it is the rate of training from the data set, over the rate of the same steps on a batch that lies ready ({numref}`fig-costs-input`); 1 means that reading costs nothing.

# %% mystnb={"image": {"alt": "One line per model, image size and batch: a dot at the median ratio with a bar over its quartiles, a grey line at 1 and a dashed line at the goal."}, "figure": {"name": "fig-costs-input", "caption": "What the input path takes from the rate of training: to the right of the dashed line it costs less than the project allowed itself. Rate from the data set over the rate on a ready batch, medians and quartiles of pairs timed in turn; simulated cells."}}
goal, ratios = GOALS[inputs.hardware["device"]], {}
for row in inputs.rows:
    case = f"{row.image_size} px, batch {row.batch_size}"
    ratios[f"{title_of(row.model)}, {case}"] = row.ratio
figure, axes = plt.subplots(figsize=(4.6, 0.9 + 0.32 * len(ratios)))
for y, ratio in enumerate(ratios.values()):
    axes.plot([ratio.lower, ratio.upper], [y, y], linewidth=3, color="0.7")
    axes.plot(ratio.median, y, "o", color=PALETTE[0])
axes.axvline(1, color="grey", linewidth=1)
axes.axvline(goal, color=PALETTE[3], linestyle="--", linewidth=1)
axes.text(goal, -0.45, " goal", color=PALETTE[3], fontsize=8, va="top")
axes.set_yticks(range(len(ratios)), ratios)
axes.set(xlabel="rate / ready batch", ylim=(len(ratios) - 0.5, -0.5))
plt.show()

# %%
rows = [(name, of(ratio, 3)) for name, ratio in ratios.items()]
table = wide_table(("network", "ratio"), rows, "What reading costs")
display(HTML(table), bench_provenance(inputs))

# %% [markdown]
# The goal of {glue:text}`goal` was reached in {glue:text}`met` of {glue:text}`inputs` cases.
#
# ## Against the usual way
#
# What would a person write who follows torchvision's tutorials?
# One file per image read by `ImageFolder`, the transforms on PIL images, a `DataLoader`, float32, and a loop of six lines.
# `benchmarks/reference.py` trains the same network that way and our way, from the same weights, on the same simulated cells with the same settings, an epoch of the one, an epoch of the other.
# The random crops differ, and PIL rounds to 8 bits, so the two networks cannot be equal; they should be equally good, to within the luck of a training.
# So each way is trained once for each of several seeds, and half of the cells test.

# %%
def difference(row):
    """Points between a way and the tutorial's, with an interval."""
    if not row.agreement:
        return "-"
    ends = row.agreement.interval95
    reach = f" ({interval(ends)})" if ends else ""
    return points(row.agreement.difference) + reach


# %%
def reference_table(record):
    """What was trained; rate and accuracy of each way; the difference."""
    asked, rows = record.settings, []
    what = f"{title_of(asked['model'])}, {asked['image_size']} px, "
    what += f"{asked['epochs']} epochs ({record.id})"
    for row in record.rows:
        each = ", ".join(f"{100 * one:.1f}" for one in row.accuracies)
        rate = of(row.ratio) if row.ratio else "1"
        accuracy = f"{100 * row.accuracy:.1f} ({each})"
        rows.append((row.side, rate, accuracy, difference(row)))
    headers = ("way", "rate / tutorial's", "accuracy (%), by training")
    headers += ("minus tutorial's (points)",)
    return what + "\n\n" + wide_table(headers, rows, what)

# %%
table = Markdown(reference_table(reference))
display(table, bench_provenance(reference))

# %% [markdown]
# No difference in accuracy was seen: the 95 % interval over trainings holds 0 for each of our {glue:text}`ways` ways.
# The intervals reach as far as {glue:text}`farthest:.1f` points from 0, so differences up to that size are not excluded; trainings of one way lie up to {glue:text}`spread:.1f` points apart.
# Each way was trained {glue:text}`trainings` times on {glue:text}`cells` simulated cells in batches of {glue:text}`batches`, with a learning rate of {glue:text}`rate`, and tested on {glue:text}`test_cells`.
# The tutorial's way has {glue:text}`workers` worker processes, the quickest of {glue:text}`tried`.
# These are the earlier records:

# %%
earlier = [
    record
    for record in load_bench("reference")
    if record.hardware["gpu"] == reference.hardware["gpu"]
    and record.id != reference.id
]
before = "\n\n".join(map(reference_table, earlier))
before = Markdown(dropdown("Measured before", before))
display(before, *map(bench_provenance, earlier))

# %% [markdown]
# The input path alone, without a network behind it, is measured in {doc}`/book/2_data/geometry`.
#
# ## Does a batch of eight fit 6 GB?
#
# The paper trained on a laptop's card with 6 GB, eight images at a time (claim C38).
# Between the forward and the backward pass a step holds, on any device,
#
# $$
# \begin{aligned}
# \text{memory} \ge{} &\underbrace{W}_{\text{weights}} + \underbrace{2W}_{\text{Adam's moments}} \\
# &+ \text{batch} + \underbrace{K}_{\text{kept for the way back}} ,
# \end{aligned}
# $$ (eq-costs-memory)
#
# and $K$ grows with the batch and with the square of the image's side.
# These can be counted on a CPU ({numref}`fig-costs-memory`).
# What a card's kernels borrow beside them, and what its driver takes for itself, cannot.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A stacked bar per model, weights, moments, kept maps and batch in GB, with a ring at the peak in float32, a cross at the peak in bfloat16, and a dashed line at 6 GB."}, "figure": {"name": "fig-costs-memory", "caption": "What a training step of eight images has to hold, and the peak that was measured, beside the memory of the paper's card. Bars: weights, moments, kept maps and batch, in float32; rings and crosses: peak of a fresh process above what it took before the network was built. On a CPU the peak includes gradients and the working space of its kernels, not those of a GPU's."}}
limit = load_claims()["C38"].value("memory").number
training = {p: {row.model: row for row in memory.rows if (row.kind, row.precision) == ("training", p)} for p in PRECISIONS}
colours = {"weights": PALETTE[0], "moments": PALETTE[9], "kept": PALETTE[1], "batch": PALETTE[7]}
figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.36 * len(training["32"])))
left = np.zeros(len(training["32"]))
for part, colour in colours.items():
    width = np.array([(row.parts or {}).get(part, 0) / 1e9 for row in training["32"].values()])
    axes.barh(range(len(width)), width, left=left, color=colour, height=0.6, label=part)
    left += width
for precision, mark in (("32", "o"), ("bf16", "x")):
    y = [list(training["32"]).index(model) for model in training[precision]]
    peaks = [row.peak / 1e9 for row in training[precision].values()]
    label = f"peak, {PRECISIONS[precision]}"
    axes.plot(peaks, y, mark, color="black", markerfacecolor="white", label=label)
axes.axvline(limit, color=PALETTE[3], linestyle="--", linewidth=1)
axes.annotate("the paper's card", (limit, 0), xycoords=("data", "axes fraction"), xytext=(-4, 4), fontsize=8,
              textcoords="offset points", ha="right", color=PALETTE[3])  # fmt: skip
axes.set_yticks(range(len(left)), map(title_of, training["32"]))
axes.set(xlabel="GB", ylim=(len(left) - 0.4, -0.6), xlim=(0, None))
axes.legend(fontsize=8, ncols=6, loc="lower left", bbox_to_anchor=(0, 1), columnspacing=1, handletextpad=0.4)
plt.show()

# %%
peaks = {(r.model, r.kind, r.precision): r.peak for r in memory.rows}
passes, rows = list(dict.fromkeys(key[1:] for key in peaks)), []
for model in dict.fromkeys(key[0] for key in peaks):
    own = [peaks.get((model, *one)) for one in passes]
    text = (f"{peak / 1e9:.2f}" if peak else "-" for peak in own)
    rows.append((title_of(model), *text))
headers = [f"{kind}, {PRECISIONS[precision]}" for kind, precision in passes]
table = HTML(wide_table(("peak, GB", *headers), rows, "Peak memory"))
display(table, bench_provenance(memory))

# %% [markdown]
# **Claim C38**, "{glue:text}`title`": **{glue:text}`verdict`**.
# {glue:text}`needs`.
# {glue:text}`reason`
#
# In bfloat16 the peak is {glue:text}`halved_low:.2f` to {glue:text}`halved_high:.2f` times that in float32: the kept maps halve, the weights and moments stay as they are.
#
# ## The whole bill
#
# Nine models, five folds, three seeds: that many trainings.
# Each goes through the cells of four folds, and looks at the fifth after every epoch:
#
# $$
# \begin{aligned}
# \text{time} ={} &\text{folds} \cdot \text{seeds} \cdot \text{epochs} \\
# &\cdot \sum_{\text{models}} \Big( \frac{n_{\text{train}}}{r_{\text{train}}} + \frac{n_{\text{held out}}}{r_{\text{forward}}} \Big) .
# \end{aligned}
# $$ (eq-costs-bill)
#
# The rates $r$ are measured where we have a machine, and turned into days.
# Elsewhere they are computed, from the multiply-adds and an *assumed* speed, and a range of speeds gives a range of days.
# The schedule divides the learning rate by ten every seven epochs, so the bill in {numref}`fig-costs-bill` is drawn up twice: for all the epochs that the paper states, and for those after which all but a thousandth of the learning rate is spent ({doc}`/book/1_question/audit`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "One pair of horizontal bars per machine on a logarithmic axis of days: for all epochs and for those that the schedule leaves alive. Measured places are dots, assumed ones ranges."}, "figure": {"name": "fig-costs-bill", "caption": "On any machine most of the protocol is spent after the schedule has come to rest. Days of one device for nine models, five folds and three seeds; dots from measured rates, bars from assumed speeds."}}
figure, axes = plt.subplots(figsize=(4.6, 1.4 + 0.6 * len(bill.places)))
for number, epochs in enumerate(bill.settings["epochs"]):
    for y, place in enumerate(bill.places):
        ends, height = bill.days(place.name, epochs), y + 0.16 * (2 * number - 1)
        label = f"{epochs} epochs" if y == 0 else None
        axes.semilogx(ends, [height] * 2, color=PALETTE[number], linewidth=5, solid_capstyle="butt", label=label)
        if place.measured:
            axes.plot(ends[0], height, "o", color=PALETTE[number])
labels = [f"{place.name}\n({'measured' if place.measured else 'assumed'})" for place in bill.places]
axes.set_yticks(range(len(labels)), labels)
axes.set(xlabel="device days", ylim=(len(labels) - 0.5, -0.5))
axes.xaxis.set_major_formatter("{x:,g}")
axes.xaxis.set_minor_formatter(NullFormatter())
figure.legend(*axes.get_legend_handles_labels(), fontsize=8, ncols=2, loc="outside upper center")
plt.show()

# %%
long, alive = bill.settings["epochs"]


def days(place, epochs):
    """Days, or a range of days."""
    ends = bill.days(place.name, epochs)
    return " to ".join(
        dict.fromkeys(f"{n:,.0f}" if n >= 10 else f"{n:.1f}" for n in ends)
    )


rows = [
    (f"{place.name} ({place.words})", days(place, long), days(place, alive))
    for place in bill.places
]
headers = ("place", f"days, {long} epochs", f"days, {alive} epochs")
table = HTML(wide_table(headers, rows, "The bill"))
display(table, bench_provenance(bill))

# %% [markdown]
# On {glue:text}`here` the two dearest models, {glue:text}`dearest` and {glue:text}`second`, take {glue:text}`dear_share:.0%` of it.
# Stopping at epoch {glue:text}`alive` saves {glue:text}`saved:.0%` everywhere.
# The measured rates are those of {glue:text}`rates`; other work kept {glue:text}`busy:.0%` of the cores busy when they were measured.
#
# ## Goals for a GPU
#
# The project set itself rates for one H200 before there was one to try them on.
# The table fills when the commands above are run on a GPU; until then these are goals and nothing else.

# %%
goals = {"resnet50": 3500, "cg_recnet": 2500}
rows = []
for model, least in goals.items():
    rates = [
        row.images_per_second
        for row in (models.eager("training", "bf16") if gpus else ())
        if row.model == model
    ]
    measured = f"{max(rates):,.0f}" if rates else "not measured yet"
    what = f"{title_of(model)}, images/s, bfloat16"
    rows.append((what, f"{least:,}", measured))
measured = ", ".join(of(r, 3) for r in ratios.values())
ready = measured if on_gpu["input"] else "not measured yet"
rows.append(("rate / ready batch", str(GOALS["cuda"]), ready))
HTML(wide_table(("goal", "at least", "measured"), rows, "Goals for a GPU"))

# %% [markdown]
# ## Naming cells
#
# `cgrecnet predict` computes with PyTorch, or with OpenVINO where that is installed and the model was exported.
# On one thread and {glue:text}`predicted_cells` real cells, OpenVINO needs less processor time: PyTorch, in float32, takes {glue:text}`f32_least:.1f` to {glue:text}`f32_most:.1f` times as much as OpenVINO in float32, and {glue:text}`bf16_least:.1f` to {glue:text}`bf16_most:.1f` times as much as OpenVINO in bfloat16.
# In float32 both give the same answers.
# In bfloat16 some answers differ: {glue:text}`same_least:.2%` of the calls are the same in the system where they agree least, and a probability moves by up to {glue:text}`moved:.3f`.
# So `predict` takes float32, and bfloat16 has to be asked for (`--precision bf16`).
# The networks had been trained for a moment only, on other cells than those that they named.

# %%
rows = []
for row in predicted["systems"]:
    engine = row["engines"]
    rate = engine["torch"]["cells_per_cpu_second"]
    fine, coarse = engine["openvino f32"], engine["openvino bf16"]
    times = (f"{e['times_torch_cpu']:.2f} times" for e in (fine, coarse))
    same = f"{coarse['same_calls']:.2%}"
    rows.append((title_of(row["system"]), f"{rate:,.0f}", *times, same))
headers = ("system", "PyTorch, cells/s", "OpenVINO float32")
headers += ("OpenVINO bfloat16", "same calls, bfloat16")
table = HTML(wide_table(headers, rows, "Naming cells"))
display(table, Provenance(PREDICTED))

# %% [markdown]
# ## Many runs
#
# A sweep of runs costs more than its runs: the grid is expanded, every run gets a name, a scheduler hands them out, and the records are collected.
# Together these costs should grow no faster than the number of runs; {numref}`fig-costs-sweep` shows whether they do.

# %% mystnb={"image": {"alt": "Seconds against number of runs on logarithmic axes: one line each for expanding, planning, running and collecting, over a thin grey line that is proportional to the number of runs."}, "figure": {"name": "fig-costs-sweep", "caption": "All steps of a sweep together stay close to proportional to its number of runs, because running them outweighs the rest. Dots: seconds of each step; grey: proportional to the number of runs, through the largest. Nothing is trained in these runs."}}
measured = pd.DataFrame([m["seconds"] for m in trivial["measured"]])
runs = np.array([m["runs"] for m in trivial["measured"]])
figure, axes = plt.subplots(figsize=(4.6, 3.2))
for step, colour in zip(measured, PALETTE, strict=False):
    last = measured[step].iloc[-1]
    axes.plot(runs, last * runs / runs[-1], color="lightgrey", linewidth=1)
    axes.loglog(runs, measured[step], "o-", color=colour)
    axes.text(1.08 * runs[-1], last, step, color=colour, va="center")
axes.set(xlabel="runs of a sweep", ylabel="seconds")
axes.set_xlim(right=runs[-1] * 4)
axes.set_xticks(runs, [f"{count:,}" for count in runs])
axes.minorticks_off()
plt.show()
Provenance(SWEPT)

# %% tags=["remove-input"]
tell(goal=goal, met=sum(ratio.median >= goal for ratio in ratios.values()), inputs=len(ratios))
asked, tutorial = reference.settings, reference.rows[0]
ends = [row.agreement.interval95 for row in reference.rows if row.agreement]
tell(
    cells=f"{asked['cells']:,}", test_cells=f"{tutorial.test_cells:,}", batches=asked["batch_size"],
    rate=f"{asked['learning_rate']:g}", trainings=len(tutorial.accuracies), workers=tutorial.workers,
    tried=" or ".join(map(str, asked["workers_tried"])), ways=len(ends),
    spread=100 * max(max(row.accuracies) - min(row.accuracies) for row in reference.rows),
    farthest=max(abs(end) for pair in ends for end in pair),
)  # fmt: skip
holds(
    "No difference in accuracy was seen: the 95 % interval over trainings holds 0",
    all(low <= 0 <= high for low, high in ends),
)

outcome = memory_outcomes()["C38"]
halved = [row.peak / training["32"][name].peak for name, row in training["bf16"].items() if name in training["32"]]
tell(
    title=load_claims()["C38"].title, verdict=str(outcome.verdict), needs=outcome.value, reason=outcome.reason,
    halved_low=min(halved), halved_high=max(halved),
)  # fmt: skip
settled = (len(list_models()), *map(bill.settings.get, ("folds", "seeds", "left")))
holds("Nine models, five folds, three seeds: that many trainings.", settled == (9, 5, 3, 0.001))
here = bill.places[0].name
hours = {row.model: row.fast_hours for row in bill.rows if row.place == here and row.epochs == long}
dear = sorted(hours, key=hours.get)[::-1]
holds(
    "Stopping at epoch ... saves ... everywhere.",
    all(
        abs(alive / long - least / most) < 1e-6
        for place in bill.places
        for least, most in zip(bill.days(place.name, alive), bill.days(place.name, long), strict=True)
    ),
)
holds("On any machine most of the protocol is spent after the schedule has come to rest.", alive / long < 0.5)
source = next(record for record in of_models if record.id == bill.source)
tell(
    here=here, dearest=title_of(dear[0]), second=title_of(dear[1]), dear_share=(hours[dear[0]] + hours[dear[1]]) / sum(hours.values()),
    alive=alive, saved=1 - alive / long, rates=f"results/bench-models/{bill.source}.json", busy=source.load_before.busy,
)  # fmt: skip

f32, bf16 = ([row["engines"][f"openvino {name}"] for row in predicted["systems"]] for name in ("f32", "bf16"))
tell(
    predicted_cells=f"{predicted['settings']['cells']:,}",
    f32_least=min(one["times_torch_cpu"] for one in f32), f32_most=max(one["times_torch_cpu"] for one in f32),
    bf16_least=min(one["times_torch_cpu"] for one in bf16), bf16_most=max(one["times_torch_cpu"] for one in bf16),
    same_least=min(one["same_calls"] for one in bf16), moved=max(one["largest_difference"] for one in bf16),
)  # fmt: skip
holds(
    "real cells, OpenVINO needs less processor time: PyTorch, in float32, takes",
    all(one["times_torch_cpu"] > 1 for one in (*f32, *bf16)),
)
holds("In float32 both give the same answers.", all(one["same_calls"] == 1 for one in f32))
holds("In bfloat16 some answers differ: ... of the calls are the same", any(one["same_calls"] < 1 for one in bf16))

few, many = trivial["measured"][0], trivial["measured"][-1]
per = [1e3 * sum(one["seconds"].values()) / one["runs"] for one in (few, many)]
holds(
    "All steps of a sweep together stay close to proportional to its number of runs, because running them outweighs the rest.",
    per[1] < 1.5 * per[0] and many["seconds"]["run"] > 0.8 * sum(many["seconds"].values()),
)
growth = {step: (many["seconds"][step] / few["seconds"][step]) / (many["runs"] / few["runs"]) for step in many["seconds"]}
steepest = max(growth, key=growth.get)
tell(few=f"{few['runs']:,}", many=f"{many['runs']:,}", per_few=per[0], per_many=per[1], sweep_workers=trivial["workers"],
     steepest=steepest, growth=growth[steepest])  # fmt: skip

killed, mutated = newest("kills"), newest("mutations")
amiss = {row.kind: row.traceback + row.hang + row.crash + row.wrong for row in mutated.rows}
tell(
    kills=f"{sum(row.kills for row in killed.rows):,}", pieces=f"{killed.pieces:,}",
    losses=sum(row.losses for row in killed.rows) or "none", wrongs=sum(row.wrong for row in killed.rows) or "none",
    changed=f"{sum(row.cases for row in mutated.rows):,}", amiss=sum(amiss.values()) or "none",
)  # fmt: skip

# %% [markdown]
# From {glue:text}`few` to {glue:text}`many` runs, all steps together take {glue:text}`per_few:.1f` and {glue:text}`per_many:.1f` ms per run, with {glue:text}`sweep_workers` workers.
# Per run, the step named {glue:text}`steepest` grows most: it takes {glue:text}`growth:.1f` times as long in the large sweep as in the small one.
#
# ## What breaks in between
#
# Whatever lasts long gets interrupted: a lid is closed, a cluster ends a job, a worker runs out of memory.
# `benchmarks/kills.py` does that on purpose.
# It kills downloads, packing, runs, predictions, sweeps and builds at random moments, with a signal that lets nobody tidy up, starts them again, and holds what comes about against undisturbed work.
# *Lost* is what was kept before a kill and is not there after it, or is done again; *wrong* is what looks finished and differs.
# Of {glue:text}`kills` kills in {glue:text}`pieces` pieces of work, {glue:text}`losses` lost something and {glue:text}`wrongs` ended in a wrong result.

# %%
rows = [
    (r.work, r.victim, f"{r.kills:,}", str(r.losses), str(r.wrong))
    for r in killed.rows
]
headers = ("work", "what was killed", "kills", "lost", "wrong")
table = HTML(wide_table(headers, rows, "Work killed"))
display(table, bench_provenance(killed))

# %% [markdown]
# Files break, too: a disk flips a bit, a transfer stops early, an editor saves half of a text.
# `benchmarks/mutations.py` changes {glue:text}`changed` files of seven kinds, each in a way that follows from a seed, and reads them.
# A file that is refused says so in a sentence; one that is taken must hold what was written, wherever a checksum can tell (TIFF and BMP have none, and a sweep file with another number is another sweep).
# What is neither, such as a traceback, a reading that does not end, or a wrong value taken for right, is *amiss*: {glue:text}`amiss` of them.

# %%
rows = []
for row in mutated.rows:
    counts = (row.cases, row.refused, row.taken, amiss[row.kind])
    rows.append((row.kind, *(f"{count:,}" for count in counts)))
headers = ("files", "changed", "refused", "taken as written", "amiss")
table = HTML(wide_table(headers, rows, "Files changed"))
display(table, bench_provenance(mutated))

# %% [markdown]
# ## The book itself
#
# A book that is slow to build is not re-run.
# Two habits cost most: every chapter started a kernel and imported the same libraries, and every page was opened after every change.
# Now chapters are forks of a process that has imported them once, and only changed pages are opened.
# The table sets an older state of this project against a newer one, on one machine (`python benchmarks/two_commands.py` does it on yours).
# What has no time before was not measured for the older state on this machine, so its limit counts as neither kept nor broken.

# %%
path = RESULTS / "two-commands" / "times.json"
record = json.loads(path.read_text())
times = pd.DataFrame(record["rows"])
assert not times["status"].any(), "a command failed"
seconds = times.pivot_table("seconds", "what", "commit", "median")
asked = pd.DataFrame(record["asked"]).T

# %%
table = pd.DataFrame({
    "before (s)": seconds[record["before"]],
    "after (s)": seconds[record["after"]],
})
table["after / before"] = table["after (s)"] / table["before (s)"]
table["at most"] = asked["at_most"].astype(float)
table = table.loc[[what for what in asked.index if what in seconds.index]]
limits = table.dropna()
table.index = list(asked["words"][table.index])
table.style.format(precision=2, na_rep="")

# %% tags=["remove-cell"]
tell(
    before=record["before"][:7], after=record["after"][:7], machine=record["machine"]["cores"], limits=len(limits),
    kept=(limits["after / before"] <= limits["at most"]).sum(),
)  # fmt: skip

# %% [markdown]
# Commits {glue:text}`before` and {glue:text}`after`, {glue:text}`machine` cores, n = 1 per entry.
# Of {glue:text}`limits` limits that were set beforehand and measured, {glue:text}`kept` are kept.
#
# **Take-away.**
# Count operations and bytes, measure the two limits, and the distance between a rate and its roof is a number instead of a feeling.
# For a whole protocol, the greatest saving is in not computing what changes nothing.
#
# ```{exercise} A roof over one layer
# :label: exercise-costs-roof
#
# A layer takes a map of $C$ channels and 56 by 56 positions to one of the same shape, in float32, batch 8.
# Compute the intensity of a dense $3\times3$ convolution and of a depthwise one for $C = 64$ and $C = 256$, by hand.
# Then count both with `Traffic`.
# Which of them can ever reach the level part of the roof?
# ```
#
# ````{solution} exercise-costs-roof
# :class: dropdown
#
# Dense: $F = 2 \cdot 9 C^2 \cdot 8 \cdot 56^2$ and $M = 4\,(2 \cdot 8 \cdot 56^2 C + 9 C^2)$, so that $I$ grows with $C$.
# Depthwise: each channel has its own nine weights, so $F$ and $M$ both grow with $C$, and $I$ stays close to $18/8$, however wide the layer is.
# On a machine whose two limits meet above that, only the dense one can reach the level part.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
for channels in (64, 256):
    for groups in (1, channels):
        with torch.device("meta"):  # shapes without numbers
            layer = torch.nn.Conv2d(channels, channels, 3, padding=1, groups=groups, bias=False)
            x = torch.empty(8, channels, 56, 56)
        flops = 2 * 9 * channels * (channels // groups) * 8 * 56**2
        by_hand = flops / (4 * (2 * 8 * 56**2 * channels + 9 * channels * (channels // groups)))
        with torch.no_grad(), Traffic() as traffic:
            layer(x)
        counted = flops / sum(traffic.bytes.values())
        assert abs(counted / by_hand - 1) < 1e-6
        print(f"{channels} channels, {'dense' if groups == 1 else 'depthwise'}: {by_hand:.1f}")

# %% [markdown]
# ```{exercise} Your own bill
# :label: exercise-costs-bill
#
# Suppose that your card trains ResNet-50 at 1,000 images per second and that all models reach the same operations per second.
# What does the ablation alone (four models, five folds, one seed) cost at the epochs that the schedule leaves alive, validation left out?
# ```
#
# ````{solution} exercise-costs-bill
# :class: dropdown
#
# The other three models take longer in the ratio of their multiply-adds.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
four = ("resnet50", "rescmnet", "resgdnet", "cg_recnet")
with torch.device("meta"):  # shapes without numbers
    macs = {name: macs_products(create_model(name), (1, 3, 224, 224)) for name in four}
cells, folds = bill.settings["training_cells"], bill.settings["folds"]
hours = sum(macs[name] / macs["resnet50"] for name in four) * cells * alive * folds / 1000 / 3600
print(f"{alive} epochs of {cells:,} cells: {hours:.1f} hours")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why are speeds shown as ratios of two ways, timed in turn?
# Whatever else the machine does slows both, and the ratio stays.
# Seconds of one machine say little about another.
# :::
#
# :::{dropdown} 2. A network does many operations for each byte that it moves. What limits it?
# The speed of arithmetic, not of memory.
# A network that does few operations a byte waits for memory, and a faster processor does not help it.
# :::
#
# :::{dropdown} 3. What saves most of the paper's whole protocol?
# To leave out epochs that change nothing.
# A faster number type or a compiler divides the bill; computing less of what has no effect takes whole parts away.
# :::
