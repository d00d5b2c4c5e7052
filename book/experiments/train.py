# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One training run
#
# Every run of this project, whatever its model, data set, fold or seed, is this notebook with other parameters.
# `cgrecnet train` and `cgrecnet sweep` run it with papermill; whoever runs it, it checks the parameters itself.
# Its product is one record, `results/<experiment>/<run_id>/run.json`, written by the last cell.

# %%
from cgrecnet.runs.notebook_parameters import Keeping, read_parameters
from cgrecnet.training.config import RunConfig

before = {*globals(), "before"}  # every name that is added from here to the check has to be a parameter's

# %% tags=["parameters"]
experiment = "run"  # type: str
model = "cg_recnet"  # type: str
preset = "recovered"  # type: str
model_options = {}  # type: dict
weights = None  # type: str | None
data = "cytometer"  # type: str
task = None  # type: str | None
data_options = {}  # type: dict
root = None  # type: str | None
split = "joint"  # type: str
folds = 5  # type: int
fold = 0  # type: int
split_seed = 42  # type: int
seed = 42  # type: int
intensity = "none"  # type: str
image_size = 224  # type: int
epochs = 100  # type: int
batch_size = 8  # type: int
micro_batch = None  # type: int | None
out_of_memory = "stop"  # type: str
class_weights = False  # type: bool
precision = "32"  # type: str
compile = False  # type: bool
learning_rate = 1e-4  # type: float
weight_decay = 0.0  # type: float
step_size = 7  # type: int
gamma = 0.1  # type: float
patience = None  # type: int | None
report = "best"  # type: str
results_folder = None  # type: str | None
work_folder = None  # type: str | None
keep_weights = False  # type: bool
until = None  # type: int | None

# %% [markdown]
# ## The parameters, checked

# %%
config, keeping = read_parameters(globals(), before, RunConfig, Keeping)

# %%
from cgrecnet.paths import RESULTS, WORK
from cgrecnet.training.devices import make_fabric

fabric = make_fabric(config)
work = keeping.work_folder or WORK
print(config.model, "on", fabric.device, f"({fabric.world_size} process(es))")

# %% [markdown]
# ## The cells, and who is trained on, validated on, tested on

# %%
from cgrecnet.data.levels import range_lines
from cgrecnet.runs.run_id import plan_run
from cgrecnet.training.parts import load_parts, training_levels

dataset, parts, cells = load_parts(config, fabric)
plan = plan_run(config, cells=dataset.fingerprint)
print(plan.run_id)
print(dataset.origin)
print({name: len(part) for name, part in parts.parts().items()}, dataset.counts())
print(*range_lines(training_levels(dataset, parts), dataset.window), sep="\n", flush=True)

# %% [markdown]
# ## The network

# %%
import torch

from cgrecnet.models import create_model

torch.manual_seed(config.seed)  # fresh weights are drawn from torch's global generator
network = create_model(
    config.model,
    preset=config.preset,
    num_classes=len(dataset.classes),
    in_channels=cells["train"].transform.in_channels,
    weights=plan.weights,
    image_size=config.image_size,
    options=config.model_options,
)
print(f"{sum(p.numel() for p in network.parameters()):,} parameters; weights: {network.weights_info['source']}")

# %% [markdown]
# ## Training

# %%
import time
from datetime import UTC, datetime

from cgrecnet.training.loop import fit
from cgrecnet.training.progress import Progress, epoch_line

started, clock = datetime.now(UTC), time.perf_counter()
progress = Progress(work / plan.run_id / "progress.json", config.epochs)


def at_epochs_end(entry):
    """One line for the log, and the validation score for the bar."""
    print(epoch_line(entry, config.epochs), flush=True)
    progress.epoch(entry)


history = fit(
    network,
    cells["train"],
    cells["validation"],
    dataset.classes,
    config,
    fabric=fabric,
    checkpoint=work / plan.run_id / "checkpoint.pt",
    fingerprint=plan.run_id,
    on_step=progress,
    on_epoch=at_epochs_end,
    until=keeping.until,
)

# %% [markdown]
# A sweep that stops hopeless runs pauses all of them at an epoch, and lets the better ones go on from there.

# %%
import sys

from cgrecnet.runs.kept import pause_run

if keeping.until and keeping.until <= len(history) < config.epochs:
    if fabric.is_global_zero:
        pause_run(plan.run_id, history, work)
    sys.exit(0)

# %% [markdown]
# ## The test cells, scored once

# %%
from cgrecnet.evaluation.metrics import score
from cgrecnet.training.loop import predict

labels, probabilities, indices = predict(network, cells["test"], fabric=fabric)
test = score(labels, probabilities, dataset.classes)
print(f"accuracy {test['accuracy']:.4f}, macro F1 {test['macro']['f1']:.4f}")

# %% [markdown]
# ## The record

# %%
from cgrecnet.runs.finalize import write_run_record

if fabric.is_global_zero:
    path = write_run_record(
        plan,
        dataset,
        parts,
        network,
        history,
        test,
        (indices, labels, probabilities),
        results=keeping.results_folder or RESULTS,
        work=work,
        device=fabric.device,
        processes=fabric.world_size,
        started=started,
        wall_seconds=time.perf_counter() - clock,
        keep_weights=keeping.keep_weights,
    )
    print("record:", path)
