# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One run, watched
#
# **You will learn** what happens between an untrained network and a number in a table, what a run leaves behind, and where to find it.
#
# First a run small enough to watch: it happens while this page is made, on simulated cells.
# Its result means nothing, because so few cells and epochs teach a network little.
# Its purpose is to show every step.
# Then the recorded run on real cells, made by the same code with other parameters.

# %% tags=["parameters"]
cells = 180  # type: int
epochs = 3  # type: int

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown

from cgrecnet.figures.provenance import from_dataset, from_records
from cgrecnet.figures.runs import draw_curves
from cgrecnet.figures.style import letter, use_book_style

use_book_style()

# %% [markdown]
# ## The parameters
#
# A run is described by one object that cannot be changed afterwards.
# It refuses what it does not know, before anything starts.

# %%
from cgrecnet.training.config import RunConfig

config = RunConfig(
    model="cg_recnet",
    data="cytometer",
    data_options={"cells": cells, "seed": 3},
    image_size=64,
    epochs=epochs,
    batch_size=16,
    learning_rate=1e-3,
)

# %%
from cgrecnet.errors import ConfigError

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
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.setup import load_parts

fabric = make_fabric(config)
dataset, parts, cells_of = load_parts(config, fabric)
{name: len(part) for name, part in parts.parts().items()}

# %% [markdown]
# Training cells pass through the random half of Algorithm 1: a crop of random size and place, resized, and flipped half of the time.
# The others pass through the fixed half: resized, and cut at the centre.

# %% mystnb={"image": {"alt": "Two rows of five views of one simulated cell. The first row shows five random crops at different magnifications, most with only a part of the cell; the second row shows the same central view five times."}, "figure": {"name": "fig-crops", "caption": "A random crop seldom holds the whole cell: at torchvision's default range, which we use because the paper gives none, the network trains on parts of cells at many magnifications. A, one simulated cell through the training transform in five epochs; B, the same cell through the evaluation transform, which is always the same."}}
from cgrecnet.figures.crops import draw_crops

draw_crops(dataset, parts.train[0], config.image_size, views=5)
plt.show()

# %% tags=["remove-input"]
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
# Adam {cite}`kingma2014adam` moves every weight a little against its gradient.
# This is the code that does it.
# `fabric` is Lightning Fabric: it knows whether the run is on a CPU, on a GPU or on several, and the loop need not.
# `pieces.step` sends the batch through the network, all at once unless memory is short, and leaves the gradient in the weights.

# %% tags=["remove-input"]
from cgrecnet.training import loop

Markdown(f"```python\n{inspect.getsource(loop.train_one_epoch)}```")

# %% [markdown]
# ## Watch it

# %%
from cgrecnet.models import create_model
from cgrecnet.training.report import epoch_line

torch.manual_seed(config.seed)
network = create_model(config.model)
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
from cgrecnet.evaluation.metrics import score

labels, probabilities, _ = loop.predict(network, cells_of["test"], fabric=fabric)
result = score(labels, probabilities, dataset.classes)
print(f"simulated cells, {result['n']} test cells: accuracy {result['accuracy']:.2f}, macro F1 {result['macro']['f1']:.2f}")

# %% [markdown]
# Accuracy and macro F1 tell different stories when one class is common.
# A network that always says *neuron* is right as often as there are neurons, yet its macro F1, the mean over classes, is low.
#
# ## The learning rate goes down in steps
#
# The paper multiplies the learning rate by 0.1 every 7 epochs (StepLR) and trains for 100.
# Let us see what that leaves.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left: learning rate against epoch on a logarithmic scale, a staircase falling by a factor of ten every seven epochs. Right: the share of the summed learning rate that is spent, which is close to one after fourteen epochs and flat afterwards."}, "figure": {"name": "fig-steplr", "caption": "After three steps the schedule has spent all but a thousandth of what it will ever spend, so most of 100 epochs can change the weights only a little. A, the learning rate relative to its start; B, the share of its sum over 100 epochs that is spent by each epoch."}}
steps = np.arange(100)
rate = RunConfig().gamma ** (steps // RunConfig().step_size)
spent = rate.cumsum() / rate.sum()
assert abs(1 - spent[20] - 0.001) < 1e-6  # three steps of seven epochs
figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.6))
left.step(steps + 1, rate, where="mid")
left.set(yscale="log", xlabel="epoch", title="learning rate / initial")
right.plot(steps + 1, spent)
right.set(xlabel="epoch", title="share of the sum spent", ylim=(0, 1.03))
letter(left, "A")
letter(right, "B")
plt.show()

# %% tags=["remove-input"]
shares = ", ".join(f"{spent[epoch - 1]:.2%} after epoch {epoch}" for epoch in (7, 14, 21, 28))
Markdown(f"In numbers: {shares}.")

# %% [markdown]
# ## The recorded run
#
# The same notebook, `book/experiments/train.py`, ran on real Jurkat cells with the parameters of `sweeps/jurkat-first.yaml`.
# It took too long for a page, so its *record* is part of the project: one file with parameters, losses, scores, the prediction for every test cell, and where it ran.
# {numref}`fig-recorded-curves` is drawn from the records.

# %% mystnb={"image": {"alt": "Three panels over ten epochs for two models: training and validation loss, validation macro F1 with a dot at the reported epoch, and the learning rate on a logarithmic scale with one step down after epoch seven. The baseline's F1 lies above that of CG-RecNet throughout."}, "figure": {"name": "fig-recorded-curves", "caption": "The baseline is ahead at every epoch of this run, and both networks are still gaining at the end: for either the last epoch is the one that was tested. One possible reason for the distance, not tested here, is that the added modules start untrained between pretrained stages. A, loss (dashed: training, solid: validation); B, macro F1 on the validation cells, a dot marks the epoch whose weights were tested; C, the learning rate. Jurkat cells, one run each."}}
from cgrecnet.paths import RESULTS
from cgrecnet.runs.record import load_records

records = load_records(RESULTS, "jurkat-first")
draw_curves(records)
plt.show()

# %% tags=["remove-cell"]
# The caption says this; should the records change, it has to be read again.
f1 = {r.config["model"]: [entry["validation_macro_f1"] for entry in r.history] for r in records}
best = {r.config["model"]: [entry["reported"] for entry in r.history].index(True) for r in records}
assert all(base > full for base, full in zip(f1["resnet50"], f1["cg_recnet"], strict=True))
assert best["cg_recnet"] == best["resnet50"] == len(f1["resnet50"]) - 1

# %% tags=["remove-input"]
from_records(records)

# %% [markdown]
# Do it yourself, on simulated cells, from a terminal:
#
# ```bash
# .venv/bin/cgrecnet train experiment=mine model=cg_recnet data=cytometer data_options="{cells: 240}" image_size=64 epochs=3
# ```
#
# The command checks the parameters, runs the notebook, and writes the record to `results/mine/`.
# A second call sees that the run is done.
# A run that was killed goes on at its last epoch and ends with the same weights.
#
# **Take-away.**
# A run is a configuration, a notebook and a record.
# A number in this book can be traced to a record, and a record to its code, data and seed.
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

# %% tags=["hide-input"]
from cgrecnet.paper.tables import load_tables

counts = load_tables()["1"]
total = sum(counts.cell(row, "count").number for row in counts.rows)
steps_per_epoch = round(0.7 * total / 8)
far = (1e-3 * rate[30:]).sum() * steps_per_epoch
print(f"{steps_per_epoch:,} steps per epoch; at most {far:.4f}, if every step went the same way")
