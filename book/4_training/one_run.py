# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One run, watched closely
#
# **You will learn** what happens between an untrained network and a number in a table, what a run leaves behind, what becomes of it when the power fails, and which of its epochs do nothing.
#
# **You need** {doc}`/book/2_data/splits` and {doc}`/book/3_model/assembled`.
# Reading takes about {reading-time}`this page`.
#
# First a run small enough to watch: it happens while this page is made, on simulated cells.
# CG-RecNet would need more cells and epochs than a page has time for, so the network is the small Xception of {cite:t}`zhu2021deep`, at a rate that lets it learn.
# Its score means nothing for the paper; its purpose is to show every step.
# Then runs that are killed and started again, a schedule that runs dry, and the recorded runs on real cells, made by the same code with other parameters.

# %% tags=["parameters"]
cells = 400  # type: int
epochs = 4  # type: int

# %% tags=["remove-cell"]
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from matplotlib.ticker import LogLocator, NullFormatter
from torch import nn

from cgrecnet.data.batches import BatchedCells
from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.metrics import score
from cgrecnet.figures.cells import draw_row, grey
from cgrecnet.figures.provenance import from_dataset, missing_runs, provenance_of
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter, use_book_style
from cgrecnet.models import create_model
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.runs.notebook import LOG, write_parameters
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.run_record import read_record
from cgrecnet.training import loop
from cgrecnet.training.checkpoint import load_checkpoint
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.parts import load_parts
from cgrecnet.training.progress import epoch_line
from cgrecnet.training.weight_change import WeightChange

use_book_style()

# %% [markdown]
# ## The parameters
#
# A run is described by one object that cannot be changed afterwards.
# It refuses what it does not know, before anything starts.

# %%
config = RunConfig(
    model="zhu_xception",
    data="cytometer",
    data_options={"cells": cells, "seed": 3},
    image_size=32,
    epochs=epochs,
    batch_size=16,
    learning_rate=1e-3,
)

# %%
try:
    RunConfig.from_mapping({"modell": "cg_recnet"}, "this cell")
except ConfigError as error:
    print(error)

# %% [markdown]
# ## Three kinds of cells
#
# The paper splits its cells into 70 % to train on, 15 % to choose by, and 15 % to be judged by, each with the same class shares.
# A cell belongs to exactly one of the three.

# %%
fabric = make_fabric(config)
dataset, parts, cells_of = load_parts(config, fabric)
{name: len(part) for name, part in parts.parts().items()}

# %% [markdown]
# Training cells pass through the random half of Algorithm 1: a crop of random size and place, resized, and flipped half of the time.
# The others pass through the fixed half: resized, and cut at the centre.
# {numref}`fig-crops` shows one cell after each.

# %% mystnb={"image": {"alt": "Two rows of five views of one simulated cell. The first row shows five random crops at different places and magnifications; the second row shows the same central view five times."}, "figure": {"name": "fig-crops", "caption": "What the network trains on is seldom what it is judged on: random crops show a cell at many magnifications, and sometimes only a part of it. The range of sizes is torchvision's default, because the paper gives none. A, one simulated cell through the training transform in five epochs; B, the same cell through the evaluation transform, which is always the same."}}
one, size = parts.train[:1], config.image_size
training = BatchedCells(dataset, one, size, train=True)
fixed = BatchedCells(dataset, one, size, train=False)
seen = [training.batch(training.indices, epoch) for epoch in range(5)]
crops = [grey(images[0]) for images, *_ in seen]
view = grey(fixed.batch(fixed.indices, epoch=0)[0][0])
figure, (top, bottom) = plt.subplots(2, 5, figsize=(4.6, 2.2))
window = view.min(), view.max()  # one grey scale for all
rows = ((top, crops, "A"), (bottom, [view] * 5, "B"))
for line, pictures, name in rows:
    draw_row(line, pictures, window)
    letter(line[0], name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# ## The loop
#
# One epoch goes through all training cells in batches.
# For each batch the network gives one score $z_c$ per class $c$, and the loss is the cross-entropy of the true class $y$:
#
# $$
# \ell = -\log \frac{e^{z_y}}{\sum_c e^{z_c}} .
# $$ (eq-cross-entropy)
#
# Adam {cite}`kingma2014adam` moves every weight a little against its gradient; its *fused* form, which this project uses, does so in one pass over all weights.
# This is the code that does it.
# `fabric` is Lightning Fabric: it knows whether the run is on a CPU, on a GPU or on several, and the loop need not.
# `pieces.step` sends the batch through the network, all at once unless memory is short, and leaves the gradient in the weights.

# %%
show_code(loop.train_one_epoch)

# %% [markdown]
# ## Watch it

# %%
torch.manual_seed(config.seed)
network = create_model(config.model, image_size=config.image_size)
history = loop.fit(
    network,
    cells_of["train"],
    cells_of["validation"],
    dataset.classes,
    config,
    fabric=fabric,
    on_epoch=lambda entry: print(epoch_line(entry, config.epochs)),
)

# %%
labels, probabilities, _ = loop.predict(
    network, cells_of["test"], fabric=fabric
)
result = score(labels, probabilities, dataset.classes)
names = dataset.classes
largest = np.full_like(labels, np.bincount(labels).argmax())
blind = score(labels, np.eye(len(names))[largest], names)
for name, one in (("network", result), ("always neuron", blind)):
    print(f"{name:<14} accuracy {one['accuracy']:.2f}", end="   ")
    print(f"balanced {one['balanced_accuracy']:.2f}", end="   ")
    print(f"macro F1 {one['macro']['f1']:.2f}   n = {one['n']}")

# %% [markdown]
# By its validation macro F1 the network has learned something in these few epochs, and its loss does not fall evenly: with so few cells an epoch is a rough estimate.
# Accuracy and macro F1 tell different stories when one class is common.
# A network that always says *neuron* is right as often as there are neurons, yet its macro F1, the mean over classes, is low.
#
# In a terminal, a bar shows the same while it happens: cells per second, time left, loss, and the validation F1 of the last finished epoch.
#
# ## Killed and resumed
#
# Runs die: the power fails, a colleague needs the machine, a queue's time is up.
# After each epoch the loop therefore writes a *checkpoint*: the weights, the state of Adam (two running means per weight), the place in the schedule, the history, and the best weights so far.
# It is written under another name, flushed to the disk, and only then moved into place, so that there is always a whole one, even if the process dies in the middle of writing.
#
# The state of the random numbers need not be saved.
# The order of the cells and the crops of an epoch follow from the seed and the epoch's number alone, so that a run which starts again at epoch $e$ draws what it would have drawn.
#
# Here is the test, done live with real processes.
# One run goes undisturbed.
# A second one, with the same parameters, is sent SIGKILL as soon as its first checkpoint is there: the signal that a process can neither catch nor tidy up after.
# Then the same run is started once more.
# Each is a process that runs the cells of the training notebook by itself; `cgrecnet train` starts a new one with papermill.

# %%
tiny = {
    "experiment": "killed",
    "model": "mobilenet_v2",
    "data": "cytometer",
    "data_options": {"cells": 90},
    "image_size": 32,
    "batch_size": 16,
    "epochs": 5,
    "report": "last",
}
place = Path(tempfile.mkdtemp())
plan = plan_run(RunConfig.from_mapping(tiny))
run_id = plan.run_id


# %%
def start(folder):
    """Begin the run in a process of its own, or go on with it."""
    written = write_parameters(plan, folder / "results", folder / "work")
    command = [sys.executable, "-m", "cgrecnet.runs.ranks", str(written)]
    with open(written.parent / LOG, "a") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


undisturbed = start(place / "one")
victim = start(place / "two")
checkpoint = place / "two" / "work" / run_id / "checkpoint.pt"
while victim.poll() is None and not checkpoint.exists():
    time.sleep(0.002)
victim.kill()
print("ended by signal", -victim.wait())

# %%
def epochs_said():
    """The epochs that the log tells of, in their order."""
    lines = (checkpoint.parent / LOG).read_text().splitlines()
    told = [line.split()[1] for line in lines if line.startswith("epoch ")]
    return [int(epoch.split("/")[0]) for epoch in told]


kept = len(load_checkpoint(checkpoint, run_id)["history"])
said = epochs_said()
left = place / "two" / "results" / "killed" / run_id / "run.json"
print(f"killed; epochs kept: {kept}; record: {left.exists()}")

again = start(place / "two")
assert again.wait() == 0 and undisturbed.wait() == 0
gone_on = epochs_said()[len(said) :]
print("started again; epochs:", gone_on)

# %%
whole = read_record(
    place / "one" / "results" / "killed" / run_id / "run.json"
)
resumed = read_record(left)
for name, record in (("undisturbed", whole), ("killed", resumed)):
    print(f"{name:<12} loss {record.history[-1]['train_loss']!r}")
    print(f"{'':<12} predictions {record.predictions_sha256[:16]}")

# %% [markdown]
# The losses of all {glue:text}`killed_epochs` epochs are the same to the last bit, and so is the file with the prediction for every one of the {glue:text}`killed_cells` test cells: the killed run cost the time since its last checkpoint, and nothing else.
# That holds on a CPU, for one number of threads.
# On a GPU, some operations add in an order that differs from run to run; how far a resumed run drifts there has not been measured in this project, and no tolerance is claimed.
#
# The tests of the project go further: they kill a run in the middle of *writing* its checkpoint, its predictions and its record, and ask for the same equality.
#
# ## The learning rate goes down in steps
#
# The paper multiplies the learning rate by 0.1 every 7 epochs (StepLR) and trains for 100.
# {numref}`fig-steplr` shows what that leaves.

# %% tags=["computed"] mystnb={"image": {"alt": "Left: learning rate against epoch on a logarithmic scale, a staircase falling by a factor of ten every seven epochs. Right: the share of the summed learning rate that is spent, which is close to one after fourteen epochs and flat afterwards."}, "figure": {"name": "fig-steplr", "caption": "After three steps the schedule has spent all but a thousandth of what it will ever spend, so most of the paper's 100 epochs can change the weights only a little. A, the learning rate relative to its start; B, the share of its sum over all epochs that is spent by each epoch."}}
epochs = np.arange(1, RunConfig().epochs + 1)
rate = RunConfig().gamma ** ((epochs - 1) // RunConfig().step_size)
spent = rate.cumsum() / rate.sum()
figure, (left, right) = plt.subplots(1, 2, figsize=(4.6, 2.6))
left.step(epochs, rate, where="mid")
left.set(yscale="log", xlabel="epoch", title="learning rate / initial")
right.plot(epochs, spent)
right.set(xlabel="epoch", title="share spent", ylim=(0, 1.03))
letter(left, "A")
letter(right, "B")
plt.show()

# %%
for epoch in (7, 14, 21, 28):
    print(f"{spent[epoch - 1]:.2%} after epoch {epoch}")

# %% [markdown]
# ## The epochs that do nothing
#
# A little, or nothing at all?
# A weight is a float32 number, and such numbers are spaced: near $w$ by $|w| \cdot 2^{-24}$ at least.
# Adam's step is seldom longer than the learning rate $\eta$, whatever the gradient.
# Where
#
# $$
# \eta < \tfrac12 |w| \cdot 2^{-24} ,
# $$ (eq-standstill)
#
# the sum of weight and step is rounded back to the weight, at every step, however many there are.
# So an epoch can be without any effect, to the last bit, and the number of cells does not help.
#
# To see it, a network small enough for all of the paper's epochs is trained here on a few simulated cells, with the paper's schedule.
# It has two convolutions and batch normalisation, as larger ones have.
# {numref}`fig-standstill` shows how far its weights still move.

# %%
torch.manual_seed(0)
small = nn.Sequential(
    nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(),
    nn.Conv2d(8, 16, 3, stride=2), nn.BatchNorm2d(16), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3),
)  # fmt: skip

# %%
long = RunConfig(image_size=32, batch_size=16, learning_rate=1e-3)
few, seed = parts.train[:64], long.seed
train = BatchedCells(dataset, few, 32, train=True, seed=seed)
validation = BatchedCells(
    dataset, parts.validation, 32, train=False, seed=seed
)
movement = WeightChange(small)
trace = loop.fit(
    small, train, validation, dataset.classes, long,
    fabric=fabric, on_epoch=movement,
)  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels over one hundred epochs. Above, on a logarithmic scale, the learning rate as a staircase that falls by ten every seven epochs, and the length of the weights' step per epoch, which follows it down. Middle, the percentage of weights that changed in an epoch, high at first and falling towards zero. Below, the validation macro F1, with a grey ground where no weight changes any more."}, "figure": {"name": "fig-standstill", "caption": "The schedule comes to a standstill long before its end: first the steps become too short to matter, then too short for the number format. A, learning rate and length of the step that all weights together made in an epoch; B, the share of weights that differ, in any bit, from the epoch before; C, macro F1 on the validation cells, on grey ground where no weight changes any more. A small network on simulated cells, with the paper's StepLR."}}
changed, distance = np.array(movement.changed), np.array(movement.distance)
rates, scores = (np.array([e[k] for e in trace]) for k in ("learning_rate", "validation_macro_f1"))
still = int(np.flatnonzero(changed > 0)[-1]) + 2  # the epoch after the last change
figure, (step, share, f1) = plt.subplots(3, 1, figsize=(4.6, 6.6), sharex=True)
step.step(epochs, rates, where="mid", color=PALETTE[7], label="learning rate")
step.plot(epochs, np.where(distance > 0, distance, np.nan), color=PALETTE[0], label="weights' step")
step.set(yscale="log", title="length")
step.legend(fontsize=8, loc="lower left")
share.plot(epochs, 100 * changed, color=PALETTE[0])
share.set(title="% of weights changed", ylim=(-3, 103))
f1.plot(epochs, scores, color=PALETTE[0])
f1.axvspan(still, epochs[-1], color="0.9", lw=0)
f1.set(title="validation macro F1", ylim=(-0.03, 1.03))
for axes, name in zip((step, share, f1), "ABC", strict=True):
    letter(axes, name)
f1.set_xlabel("epoch")
plt.show()
from_dataset(dataset)

# %% [markdown]
# The last {glue:text}`late` epochs make {glue:text}`tail:.1g` of the way that the weights go in all (the lengths of the epochs' steps, added).
# From epoch {glue:text}`half` on, fewer than half of the weights change at all.
# From epoch {glue:text}`still` on, not one of them does, in any bit.
# Yet the validation F1 takes {glue:text}`different` different values after that, from {glue:text}`f1_least:.2f` to {glue:text}`f1_most:.2f`: the running means of batch normalisation are no weights, and go on following the random crops.
# Whoever picks the best of these epochs picks from one and the same set of weights.
#
# Weights near 0 have finer spacing than others, so they are the last to stand still.
# In bfloat16, where the spacing is $2^{16}$ times as wide, a weight would stand still much earlier; that is why mixed precision keeps the weights themselves in float32.
#
# Was the paper's network at a standstill as well?
# Its schedule is the same, and {eq}`eq-standstill` holds for any network; its initial learning rate is not printed.
# With a rate ten times as high everything happens one step of the schedule later.
#
# ## The recorded runs
#
# The same notebook, `book/experiments/train.py`, runs on real Jurkat cells with the parameters of `sweeps/jurkat-ablation.yaml`, once for each of five folds.
# That takes too long for a page, so the *records* are part of the project: one file per run with parameters, losses, scores, the prediction for every test cell, and where it ran.
# {numref}`fig-recorded-curves` is drawn from them, for the baseline and for CG-RecNet.

# %%
ablation = experiment("ablation", "jurkat")
read = ablation.records if ablation else []
both = ("resnet50", "cg_recnet")
recorded = [run for run in read if run.config["model"] in both]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels over the epochs of the recorded runs, one colour for the baseline and one for CG-RecNet, the first fold bold and the others thin: training and validation loss, validation macro F1 with a dot at the tested epoch, the norm of the gradient on a logarithmic scale, and the learning rate."}, "figure": {"name": "fig-recorded-curves", "caption": "What a record lets one ask afterwards: was a network still learning when it was stopped (B, a dot at the last epoch), do train and validation loss part (A), and were the first steps through added, untrained modules rougher than those of the pretrained network alone (C)? A, loss (dashed: training, first fold only); B, macro F1 on the validation cells, a dot marks the epoch whose weights were tested; C, norm of the gradient, mean over an epoch's steps; D, the learning rate. Bold: the first fold; thin: the others. Jurkat cells, one run per fold."}}
figure, panels = plt.subplots(2, 2, figsize=(4.6, 4.8))
loss, f1, norm, rates = panels.ravel()
for record in recorded:
    model, first = record.config["model"], record.config["fold"] == 0
    line = {"color": MODEL_COLOURS[model], "lw": 1.8 if first else 0.7, "alpha": 1 if first else 0.5}
    of = {name: np.array([entry[name] for entry in record.history]) for name in record.history[0]}
    run = of["epoch"]
    if first:
        loss.plot(run, of["train_loss"], "--", **line)
    loss.plot(run, of["validation_loss"], label=title_of(model) if first else None, **line)
    f1.plot(run, of["validation_macro_f1"], **line)
    best = of["reported"].argmax()
    f1.plot(run[best], of["validation_macro_f1"][best], "o", ms=4, **line)
    norm.semilogy(run, of["gradient_norm"], **line)
    rates.step(run, of["learning_rate"], where="mid", **line)
rates.set_yscale("log")
norm.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
norm.yaxis.set_major_formatter("{x:g}")
norm.yaxis.set_minor_formatter(NullFormatter())
titles = ("loss", "validation macro F1", "gradient norm", "learning rate")
for axes, title, name in zip((loss, f1, norm, rates), titles, "ABCD", strict=True):
    axes.set_xlabel("epoch")
    axes.set_title(title, fontsize=9)
    axes.xaxis.get_major_locator().set_params(integer=True)
    letter(axes, name)
figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
plt.show()
provenance_of(read, ("ablation", "jurkat"))

# %% tags=["remove-input"]
learned = max(one["validation_macro_f1"] for one in history)
holds("the network has learned something in these few epochs", learned > blind["macro"]["f1"] + 0.1)

assert resumed.predictions_sha256 == whole.predictions_sha256
assert [e["train_loss"] for e in resumed.history] == [e["train_loss"] for e in whole.history]
assert gone_on == list(range(kept + 1, tiny["epochs"] + 1))
shutil.rmtree(place)
tell(killed_epochs=len(whole.history), killed_cells=whole.test["n"])

assert abs(1 - spent[20] - 0.001) < 1e-6  # three steps of seven epochs
late, values = 30, sorted(set(scores[still - 1 :]))
assert len(values) > 1
tell(
    late=len(trace) - late, tail=distance[late:].sum() / distance.sum(),
    half=next(epoch for epoch, share in enumerate(changed, 1) if share < 0.5), still=still,
    different=len(values), f1_least=values[0], f1_most=values[-1],
)  # fmt: skip

runs = {model: {r.config["fold"]: r for r in recorded if r.config["model"] == model} for model in both}
pairs = [[runs[model][fold].history for model in runs] for fold in runs["resnet50"].keys() & runs["cg_recnet"].keys()]
start = {model: np.mean([r.history[0]["gradient_norm"] for r in own.values()]) for model, own in runs.items()}
tell(
    ahead=sum(base[-1]["validation_macro_f1"] > full[-1]["validation_macro_f1"] for base, full in pairs),
    pairs=len(pairs), recorded=len(recorded), last_best=sum(r.history[-1]["reported"] for r in recorded),
    falls=sum(r.history[-1]["gradient_norm"] < r.history[0]["gradient_norm"] for r in recorded),
    start_base=start["resnet50"], start_full=start["cg_recnet"],
    n_base=len(runs["resnet50"]), n_full=len(runs["cg_recnet"]),
)  # fmt: skip
Markdown(missing_runs(("ablation", "jurkat")))

# %% [markdown]
# The baseline ends with a higher validation F1 than CG-RecNet in {glue:text}`ahead` of {glue:text}`pairs` folds.
# The last epoch is the best by validation F1, and was therefore tested, in {glue:text}`last_best` of {glue:text}`recorded` runs; where it is, training longer would probably have changed the numbers.
# The norm of the gradient is lower at the end than in the first epoch in {glue:text}`falls` of {glue:text}`recorded` runs; in the first epoch its mean is {glue:text}`start_base:.0f` for the baseline and {glue:text}`start_full:.0f` for CG-RecNet (n = {glue:text}`n_base` and {glue:text}`n_full` runs).
# These are descriptions of curves, not tests: whether the difference on the test cells is more than noise is asked in {doc}`/book/5_results/ablation`.
#
# Do it yourself, on simulated cells, from a terminal:
#
# ```bash
# .venv/bin/cgrecnet train experiment=mine model=cg_recnet data=cytometer \
#     data_options="{cells: 240}" image_size=48 epochs=3
# ```
#
# The command checks the parameters, runs the notebook, and writes the record to `results/mine/`.
# A second call sees that the run is done.
# With `--keep-weights`, the tested weights stay in the work folder, `_build/runs/RUN/weights.safetensors`, for whoever wants to look into the network; else only the record stays.
#
# **Take-away.**
# A run is a configuration, a notebook and a record, and a number in this book can be traced to one.
# Killing a run costs time and changes nothing.
# Under the paper's schedule, the steps get shorter until they are too short to change a weight at all.
#
# ```{exercise} The last seventy epochs
# :label: exercise-last-epochs
#
# With an initial rate of 0.001, how far can Adam move a weight at most after epoch 30 of 100, if one step moves it by at most the learning rate and an epoch has as many steps as the paper's training cells fill batches of 8?
# ```
#
# ````{solution} exercise-last-epochs
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
from cgrecnet.paper.tables import load_tables

counts = load_tables()["1"]
total = sum(counts.cell(row, "count").number for row in counts.rows)
steps_per_epoch = round(0.7 * total / 8)
far = (1e-3 * rate[30:]).sum() * steps_per_epoch
print(f"{steps_per_epoch:,} steps; at most {far:.4f}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A run is killed and started again. Why does its result not change?
# At each epoch's end it writes down weights, the optimiser's state and where it is; random numbers follow from seed and epoch, not from the clock.
# So it goes on as if nothing had happened.
# :::
#
# :::{dropdown} 2. Why is the record written last, and in one move?
# So that a run without a record is known to be unfinished.
# A record that appears half-written, or before the test, could be counted as a result.
# :::
#
# :::{dropdown} 3. Why do late epochs of the paper's schedule change nothing?
# The rate is divided again and again.
# Once a step is smaller than the spacing of the numbers around a weight, adding it rounds to the same weight.
# :::
