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
# # An explanation study on simulated cells
#
# Networks are trained on simulated cells, whose masks and causes are known; then their maps are made and scored.
# `cgrecnet explain` runs this notebook with papermill; whoever runs it, it checks the parameters itself.
# Its product is one record, `results/<experiment>/<run_id>/explain.json`, written by the last cell.

# %%
from cgrecnet.runs.explain_record import ExplainConfig
from cgrecnet.runs.notebook_parameters import read_parameters

before = {*globals(), "before"}  # every name that is added from here to the check has to be a parameter's

# %% tags=["parameters"]
experiment = "explain-simulated"  # type: str
honest = ["cg_recnet", "resnet50"]  # type: list
shuffled = ["cg_recnet"]  # type: list
shortcut = ["cg_recnet", "resnet50"]  # type: list
model_options = {}  # type: dict
weights = None  # type: str | None
cells = 900  # type: int
runs = 12  # type: int
data_seed = 0  # type: int
image_size = 96  # type: int
epochs = 4  # type: int
batch_size = 16  # type: int
learning_rate = 1e-4  # type: float
step_size = 3  # type: int
precision = "bf16"  # type: str
seed = 42  # type: int
explained = 60  # type: int
occluded = 32  # type: int
randomised = 24  # type: int
shown = 12  # type: int
results_folder = None  # type: str | None
work_folder = None  # type: str | None

# %% [markdown]
# ## The parameters, checked

# %%
config, places = read_parameters(globals(), before, ExplainConfig)

# %%
import time
from datetime import UTC, datetime
from pathlib import Path

from cgrecnet.paths import RESULTS, WORK
from cgrecnet.runs.explain import plan_study
from cgrecnet.training.devices import make_fabric

started, clock = datetime.now(UTC), time.perf_counter()
plan = plan_study(config)
fabric = make_fabric(config.run("honest", config.honest[0]))
work = (places.work_folder or WORK) / plan.run_id
print(plan.run_id, "on", fabric.device)

# %% [markdown]
# ## The cells
#
# The honest and the confounded pictures show the same cells: the seed makes the cells, the confounding only deals out the runs.
# So they have the same masks and the same split.

# %%
import numpy as np

from cgrecnet.data.cytometer import simulate
from cgrecnet.training.parts import load_parts

loaded = {}
for training in ("honest", "shortcut"):
    if training == "honest" or config.shortcut:
        loaded[training] = load_parts(config.run(training, config.honest[0]), fabric)
dataset, split, _ = loaded["honest"]
if "shortcut" in loaded:
    assert np.array_equal(loaded["shortcut"][0].labels, dataset.labels)
    assert np.array_equal(loaded["shortcut"][1].test, split.test)
simulation = simulate(config.run("honest", config.honest[0]).data_options)
explained_cells = np.random.default_rng(config.seed).permutation(split.test)[: config.explained]
print({name: len(part) for name, part in split.parts().items()}, "explained:", len(explained_cells))

# %% [markdown]
# ## The networks
#
# A finished network is kept in the work folder, so that a study which was stopped goes on where it was.

# %%
import json

import torch
from safetensors.torch import load_file, save_file

from cgrecnet.evaluation.metrics import score
from cgrecnet.explain.sanity import fresh_like
from cgrecnet.explain.sanity import shuffled as shuffle
from cgrecnet.files import write_file
from cgrecnet.models import create_model
from cgrecnet.training.checkpoint import remove_checkpoint
from cgrecnet.training.loop import fit, predict
from cgrecnet.training.progress import Progress, epoch_line


def make(model, source, seed):
    """A network as a training run makes it, with the weights of `source` or fresh ones."""
    settings = {"num_classes": len(dataset.classes), "image_size": config.image_size, "options": config.model_options}
    return fresh_like(lambda: create_model(model, weights=source, **settings), seed)


def train(training, model):
    """Train one network, or take the finished one; return it and what is to be recorded of it."""
    name, run = f"{training}-{model}", config.run(training, model)
    network = make(model, plan.weights, config.seed)
    kept, told = work / f"{name}.safetensors", work / f"{name}.json"
    if told.exists():
        network.load_state_dict(load_file(kept))
        return network.to(memory_format=torch.channels_last), json.loads(told.read_text())
    data, parts, batches = load_parts(run, fabric)
    if training == "shuffled":
        for part in ("train", "validation"):
            batches[part].labels = shuffle(data.labels, (parts.train, parts.validation), config.seed)
    progress = Progress(work / "progress.json", config.epochs)
    checkpoint = work / f"{name}.pt"

    def at_epochs_end(entry):
        print(epoch_line(entry, config.epochs), name, flush=True)
        progress.epoch(entry)

    history = fit(
        network, batches["train"], batches["validation"], data.classes, run, fabric=fabric, checkpoint=checkpoint,
        fingerprint=f"{plan.run_id}-{name}", on_step=progress, on_epoch=at_epochs_end,
    )  # fmt: skip
    labels, probabilities, _ = predict(network, batches["test"], fabric=fabric)
    facts = {"model": model, "training": training, "history": history, "test": score(labels, probabilities, data.classes)}
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, kept)
    write_file(told, json.dumps(facts))
    remove_checkpoint(checkpoint)
    return network, facts


networks, facts = {}, {}
for training, model in config.networks():
    networks[f"{training} {model}"], facts[f"{training} {model}"] = train(training, model)
for model in config.honest:  # what training started from, and what has nothing of ImageNet either
    if plan.weights:
        networks[f"start {model}"] = make(model, plan.weights, config.seed)
    networks[f"untrained {model}"] = make(model, None, config.seed + 1)

# %% [markdown]
# ## Does a network follow the run or the cell?
#
# The shortcut networks are shown the same test cells once in the confounded pictures and once in the honest ones, where the run says nothing.
# `own` is the kind whose runs a run belongs to.

# %%
def follows(network, pictures):
    """Accuracy on the test cells, and how often the network says the kind that the run belongs to."""
    data, parts, batches = loaded[pictures]
    labels, probabilities, indices = predict(network, batches["test"], fabric=fabric)
    own = data.table["run"].to_numpy()[indices] % len(data.classes)
    said = probabilities.argmax(axis=1)
    return {"accuracy": float((said == labels).mean()), "as the run": float((said == own).mean()), "n": len(said)}


following = {
    name: {pictures: follows(networks[name], pictures) for pictures in loaded}
    for name in networks
    if name.split()[0] in ("honest", "shortcut")
}
print(json.dumps(following, indent=1))

# %% [markdown]
# ## Maps and their scores
#
# Each network is asked for the class that it predicts.
# In 32 bits, evaluation mode.

# %%
from cgrecnet.explain.cam_methods import aligned_energy, heat, make_maps, part_masks, resize, score_map
from cgrecnet.explain.occlusion import deletion_insertion
from cgrecnet.explain.sanity import WITHOUT_NETWORK, cascade, moved, network_free_map, swapped
from cgrecnet.explain.scores import agreement, area, mean_with_interval

EVERY = ("gradcam@last", "gradcam++@last", "hirescam@last", "gradcam@stage3", "hirescam@stage3", "gradcam@stage2")
CONTROL = ("gradcam@last", "hirescam@last", "gradcam@stage3")
SIZE, few = config.image_size, config.occluded


def seen(pictures):
    """The explained cells as a network sees them, (B, 3, size, size)."""
    return loaded[pictures][2]["test"].batch(explained_cells, epoch=0)[0].clone()


@torch.no_grad()
def said_by(network, images):
    """The class that a network predicts, and its probability."""
    probabilities = torch.cat([network.eval()(part).softmax(1) for part in images.split(32)])
    return probabilities.argmax(1).numpy(), probabilities.amax(1).numpy()


masks = part_masks(simulation, explained_cells, SIZE)
arrays = {f"area/{part}": area(mask) for part, mask in masks.items()}
raw, hot, targets, sure = {}, {}, {}, {}
for name, network in networks.items():
    training, model = name.split()
    images = seen("shortcut" if training == "shortcut" else "honest")
    targets[name], sure[name] = said_by(network, images)
    raw[name] = make_maps(CONTROL if training in ("shuffled", "start", "untrained") else EVERY, network, model, images, targets[name])
    hot[name] = {kind: resize(heat(maps), SIZE) for kind, maps in raw[name].items()}
    print("done: maps:", name, flush=True)
    if training in ("honest", "shortcut"):
        raw[name] |= make_maps(("occlusion",), network, model, images[:few], targets[name][:few])
        hot[name]["occlusion"] = resize(heat(raw[name]["occlusion"]), SIZE)
        print("done: occlusion:", name, flush=True)

# %% [markdown]
# The controls: maps without a network, and the first network's own maps in a wrong place.

# %%
first = f"honest {config.honest[0]}"
hot["no network"] = {name: network_free_map(name, seen("honest")) for name in WITHOUT_NETWORK}
for kind in CONTROL:
    hot["no network"][f"moved {kind}"] = moved(hot[first][kind], config.seed)
    hot["no network"][f"swapped {kind}"] = swapped(hot[first][kind], config.seed)
scores = {}
for name, maps in hot.items():
    for kind, one in maps.items():
        for what, values in score_map(one, {part: mask[: len(one)] for part, mask in masks.items()}).items():
            arrays[f"score/{name}/{kind}/{what}"] = values.astype(np.float32)
            scores.setdefault(name, {}).setdefault(kind, {})[what] = mean_with_interval(values)
for name, maps in raw.items():
    for kind in (kind for kind in maps if "@" in kind):
        values = aligned_energy(maps[kind], name.split()[1], kind, masks["cell"])
        arrays[f"score/{name}/{kind}/energy cell aligned"] = values.astype(np.float32)
        scores[name][kind]["energy cell aligned"] = mean_with_interval(values)
print(json.dumps({kind: found["energy cell"] for kind, found in scores[first].items()}, indent=1))

# %% [markdown]
# ## Do the methods agree?

# %%
agreeing = {}
for name in (key for key in hot if key.split()[0] == "honest"):
    kinds = list(hot[name]) + ["sobel"]
    maps = {kind: hot[name].get(kind, hot["no network"].get(kind)) for kind in kinds}
    agreeing[name] = {
        f"{one}|{other}": mean_with_interval(agreement(maps[one][:few], maps[other][:few]))
        for number, one in enumerate(kinds)
        for other in kinds[number + 1 :]
    }

# %% [markdown]
# ## Fresh weights, from the classes down

# %%
some, subject = config.randomised, config.honest[0]
trained, images = networks[first], seen("honest")[: config.randomised]
falling = {kind: {} for kind in CONTROL}
for step, changed in cascade(trained, networks[f"untrained {subject}"]):
    maps = make_maps(CONTROL, changed, subject, images, targets[first][:some])
    for kind in CONTROL:
        here = resize(heat(maps[kind]), SIZE)
        found = score_map(here, {"cell": masks["cell"][:some]})
        falling[kind][step] = {
            "agreement with the trained": mean_with_interval(agreement(here, hot[first][kind][:some])),
            "energy cell": mean_with_interval(found["energy cell"]),
        }
    print("done: fresh weights down to:", step, flush=True)

# %% [markdown]
# ## Deletion and insertion
#
# The order of the cell's own mask, cell first, stands beside the maps: the truth has a curve too.

# %%
ORDERED = ("gradcam@last", "gradcam++@last", "hirescam@last", "gradcam@stage3", "occlusion")
curved = {}
for model in config.honest:
    name, curved[model] = f"honest {model}", {}
    orders = {kind: hot[name][kind][:few] for kind in ORDERED}
    orders |= {kind: hot["no network"][kind][:few] for kind in WITHOUT_NETWORK} | {"mask": masks["cell"][:few] * 1.0}
    for kind, maps in orders.items():
        found = deletion_insertion(networks[name], seen("honest")[:few], targets[name][:few], maps, seed=config.seed)
        gone, back = found.auc()
        arrays[f"curve/{name}/{kind}/deletion"], arrays[f"curve/{name}/{kind}/insertion"] = gone, back
        curved[model][kind] = {
            "shares": found.shares.tolist(),
            "deletion": found.deletion.mean(axis=0).tolist(),
            "insertion": found.insertion.mean(axis=0).tolist(),
            "area deletion": mean_with_interval(gone),
            "area insertion": mean_with_interval(back),
        }
    print("done: curves:", name, flush=True)

# %% [markdown]
# ## What fusion and gate do, before and after training (claims C07 and C08)

# %%
from cgrecnet.explain.modules import fusion_change, gate_contrast

inside = {}
for name, network in networks.items():
    training, model = name.split()
    images = seen("shortcut" if training == "shortcut" else "honest")
    if hasattr(network.fusion, "fuse"):
        found, own = (fusion_change(network, images, precision) for precision in ("32", config.precision))
        inside[name] = {"change": mean_with_interval(found.relative_effect), "positions": found.positions, "dead": found.dead,
                        "in its own precision": {"precision": config.precision, "change": mean_with_interval(own.relative_effect), "dead": own.dead}}
    if hasattr(network.gate, "act"):
        contrast = vars(gate_contrast(network, images, masks["cell"]))
        inside.setdefault(name, {})["gate"] = {key: mean_with_interval(values) for key, values in contrast.items()}
        inside[name]["gate"]["length on - off"] = mean_with_interval(contrast["length_on"] - contrast["length_off"])
print(json.dumps(inside, indent=1))

# %% [markdown]
# ## The record

# %%
from cgrecnet.runs.environment import hardware, software, source_hash
from cgrecnet.runs.explain_record import PROTOCOLS, write_explain
from cgrecnet.runs.finalize import describe_dataset, describe_weights

kept = slice(0, config.shown)
for name, maps in raw.items():
    if name.split()[0] in ("honest", "shortcut"):
        arrays |= {f"map/{name}/{kind}": one[kept].astype(np.float16) for kind, one in maps.items()}
    arrays[f"target/{name}"], arrays[f"sure/{name}"] = targets[name].astype(np.int8), sure[name]
for pictures in loaded:
    arrays[f"image/{pictures}"] = seen(pictures)[kept, 0].numpy().astype(np.float16)
arrays |= {f"mask/{part}": np.packbits(mask[kept]) for part, mask in masks.items() if part != "border"}
arrays |= {"label": dataset.labels[explained_cells].astype(np.int8), "cell": explained_cells}
arrays["doublet"] = simulation.causes["doublet"].to_numpy()[explained_cells]

path = write_explain(
    (places.results_folder or RESULTS) / config.experiment / plan.run_id,
    {
        "run_id": plan.run_id,
        "experiment": config.experiment,
        "config": config.model_dump(mode="json") | {"weights": Path(plan.weights).name if plan.weights else None},
        "started": started.isoformat(timespec="seconds"),
        "wall_seconds": time.perf_counter() - clock,
        "commit": plan.commit,
        "code": source_hash(),
        "protocols": PROTOCOLS,
        "data": [describe_dataset(data) for data, _, _ in loaded.values()],
        "weights": describe_weights(networks[first].weights_info),
        "hardware": hardware(fabric.device),
        "software": software(),
        "networks": facts,
        "cells": {"explained": len(explained_cells), "occluded": few, "randomised": some, "shown": config.shown,
                  "ids": dataset.table["cell_id"].iloc[explained_cells].tolist()},
        "results": {"scores": scores, "area": {part: mean_with_interval(area(mask)) for part, mask in masks.items()},
                    "following": following, "agreement": agreeing, "cascade": falling, "curves": curved,
                    "modules": inside},
    },
    arrays,
)  # fmt: skip
print("record:", path)
