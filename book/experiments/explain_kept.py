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
# # An explanation study of kept networks, on real cells
#
# Networks that a sweep trained are loaded, and their maps scored against a segmentation of the cells.
# `cgrecnet explain --kept` runs this notebook with papermill; whoever runs it, it checks the parameters itself.
# Its product is one record, `results/<experiment>/<run_id>/explain.json`, written by the last cell.

# %%
from cgrecnet.runs.explain_record import KeptConfig
from cgrecnet.runs.notebook_parameters import read_parameters

before = {*globals(), "before"}  # every name that is added from here to the check has to be a parameter's

# %% tags=["parameters"]
experiment = "explain-jurkat"  # type: str
trained = "jurkat-ablation"  # type: str
runs = []  # type: list
seed = 42  # type: int
explained = 24  # type: int
occluded = 12  # type: int
shown = 2  # type: int
results_folder = None  # type: str | None
work_folder = None  # type: str | None

# %% [markdown]
# ## The networks, checked against their records

# %%
config, places = read_parameters(globals(), before, KeptConfig)

# %%
import time
from datetime import UTC, datetime

import numpy as np

from cgrecnet.paths import RESULTS, WORK
from cgrecnet.runs.explain import kept_network, plan_study
from cgrecnet.runs.kept import check_predictions
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import predict
from cgrecnet.training.parts import load_parts

started, clock = datetime.now(UTC), time.perf_counter()
plan = plan_study(config)
results, work = places.results_folder or RESULTS, places.work_folder or WORK
networks, records, answers = {}, {}, {}
for run_id in config.runs:
    network, record = kept_network(config, run_id, results, work)
    run = RunConfig.from_mapping(record.config | {"weights": None})
    fabric = make_fabric(run)
    dataset, split, batches = load_parts(run, fabric)
    labels, probabilities, indices = predict(network, batches["test"], fabric=fabric)
    apart = check_predictions(record, results, probabilities)
    name = f"honest {run.model}"
    networks[name], records[name], answers[name] = network, record, probabilities
    assert np.array_equal(indices, split.test) and record.data["fingerprint"] == dataset.fingerprint
    print("done:", run_id, f"its probabilities come back to within {apart:.4f}", flush=True)

# %% [markdown]
# ## The cells
#
# Some are shown: the surest and the least sure among those that the first network got right, and wrong.
# Others are scored: as many right as wrong ones, drawn at random.

# %%
first = next(iter(networks))
right, sure = answers[first].argmax(axis=1) == labels, answers[first].max(axis=1)
rng = np.random.default_rng(config.seed)
gallery, scored = [], []
for group in (np.flatnonzero(right), np.flatnonzero(~right)):
    order = group[np.argsort(-sure[group])]
    gallery += [*order[: config.shown], *order[-config.shown :]]
    scored.append(rng.permutation(group)[: config.explained])
count = min(map(len, scored))
few = min(config.occluded, count)
scored = np.concatenate([part[:count] for part in scored])
rows = np.concatenate([gallery, scored])  # rows of the test part
cells, n = indices[rows], len(gallery)
print(n, "shown;", count, "right and", count, "wrong scored")

# %% [markdown]
# ## Where each cell is
#
# These pictures come without masks, so the cell is found by a threshold on the distance from the background.

# %%
from cgrecnet.explain.masks import border_mask, crop_masks, segment_cell
from cgrecnet.explain.scores import area

size = run.image_size
masks = {"cell": crop_masks([segment_cell(np.asarray(dataset.images[i])) for i in cells], size)}
masks["border"] = np.broadcast_to(border_mask(size), masks["cell"].shape)
images = batches["test"].batch(cells, epoch=0)[0].clone()
touching = float((masks["cell"] & masks["border"]).any(axis=(1, 2))[n:].mean())

# %% [markdown]
# ## Maps and scores

# %%
from cgrecnet.explain.cam_methods import aligned_energy, heat, make_maps, resize, score_map
from cgrecnet.explain.modules import fusion_change, gate_contrast
from cgrecnet.explain.sanity import WITHOUT_NETWORK, fresh_like, moved, network_free_map, swapped
from cgrecnet.explain.scores import mean_with_interval
from cgrecnet.models import create_model

KINDS = ("gradcam@last", "gradcam@stage3", "hirescam@stage3", "gradcam@stage2", "hirescam@stage2")
some = np.r_[0:n, n : n + few, n + count : n + count + few]  # what is occluded: all shown, some right, some wrong


def fresh(record):
    """The same make of network with random weights."""
    used = record.config
    return create_model(
        used["model"], preset=used["preset"], num_classes=len(dataset.classes), image_size=size,
        options=used["model_options"],
    )  # fmt: skip


arrays, hot, raw = {"label": labels[rows].astype(np.int8), "cell": cells}, {}, {}
for name, record in list(records.items()):
    model = record.config["model"]
    said, network = answers[name][rows].argmax(axis=1), networks[name]
    arrays[f"target/{name}"], arrays[f"sure/{name}"] = said.astype(np.int8), answers[name][rows].max(axis=1).astype(np.float32)
    raw[name] = make_maps(KINDS, network, model, images, said)
    raw[name]["occlusion"] = make_maps(("occlusion",), network, model, images[some], said[some])["occlusion"]
    nothing = f"untrained {model}"
    networks[nothing] = fresh_like(lambda record=record: fresh(record), config.seed + 1)
    raw[nothing] = make_maps(KINDS, networks[nothing], model, images, said)
    print("done: maps of", name, flush=True)
for name, maps in raw.items():
    hot[name] = {kind: resize(heat(one[n:]), size) for kind, one in maps.items()}
hot["no network"] = {name: network_free_map(name, images[n:]) for name in WITHOUT_NETWORK}
for kind in ("gradcam@last", "gradcam@stage2"):
    hot["no network"][f"moved {kind}"] = moved(hot[first][kind], config.seed)
    hot["no network"][f"swapped {kind}"] = swapped(hot[first][kind], config.seed)

here = {part: mask[n:] for part, mask in masks.items()}
scores, by_answer = {}, {}
for name, maps in hot.items():
    for kind, one in maps.items():
        where = some[some >= n] - n if kind == "occlusion" else np.arange(2 * count)
        for what, values in score_map(one, {part: mask[where] for part, mask in here.items()}).items():
            arrays[f"score/{name}/{kind}/{what}"] = values.astype(np.float32)
            scores.setdefault(name, {}).setdefault(kind, {})[what] = mean_with_interval(values)
            if name == first and what == "energy cell":
                by_answer[kind] = {"right": mean_with_interval(values[where < count]), "wrong": mean_with_interval(values[where >= count])}

for name, maps in raw.items():
    for kind in (kind for kind in maps if "@" in kind):
        values = aligned_energy(maps[kind][n:], name.split()[1], kind, here["cell"])
        arrays[f"score/{name}/{kind}/energy cell aligned"] = values.astype(np.float32)
        scores[name][kind]["energy cell aligned"] = mean_with_interval(values)

inside = {}
for name, network in networks.items():
    if hasattr(network.fusion, "fuse"):
        found, own = (fusion_change(network, images[n:], precision) for precision in ("32", run.precision))
        inside[name] = {"change": mean_with_interval(found.relative_effect), "positions": found.positions, "dead": found.dead,
                        "in its own precision": {"precision": run.precision, "change": mean_with_interval(own.relative_effect), "dead": own.dead}}
    if hasattr(network.gate, "act"):
        contrast = vars(gate_contrast(network, images[n:], here["cell"]))
        inside.setdefault(name, {})["gate"] = {key: mean_with_interval(values) for key, values in contrast.items()}
        inside[name]["gate"]["length on - off"] = mean_with_interval(contrast["length_on"] - contrast["length_off"])

# %% [markdown]
# ## The record

# %%
from cgrecnet.runs.environment import hardware, software, source_hash
from cgrecnet.runs.explain_record import PROTOCOLS, write_explain
from cgrecnet.runs.finalize import describe_dataset

for name in records:
    arrays |= {f"map/{name}/{kind}": one[:n].astype(np.float16) for kind, one in raw[name].items()}
arrays["image/honest"] = images[:n, 0].numpy().astype(np.float16)
arrays["mask/cell"] = np.packbits(masks["cell"][:n])
facts = {
    name: {"model": record.config["model"], "training": "honest", "run_id": record.run_id, "test": record.test}
    for name, record in records.items()
}
path = write_explain(
    results / config.experiment / plan.run_id,
    {
        "run_id": plan.run_id,
        "experiment": config.experiment,
        "config": config.model_dump(mode="json") | {"image_size": size, "epochs": run.epochs},
        "started": started.isoformat(timespec="seconds"),
        "wall_seconds": time.perf_counter() - clock,
        "commit": plan.commit,
        "code": source_hash(),
        "protocols": PROTOCOLS,
        "data": [describe_dataset(dataset)],
        "weights": records[first].weights,
        "hardware": hardware(fabric.device),
        "software": software(),
        "networks": facts,
        "cells": {"shown": n, "scored": 2 * count, "right": count, "wrong": count, "occluded": 2 * few,
                  "ids": dataset.table["cell_id"].iloc[cells].tolist(), "touching the border": touching},
        "results": {"scores": scores, "area": {part: mean_with_interval(area(mask)) for part, mask in here.items()},
                    "by answer": by_answer, "modules": inside},
    },
    arrays,
)  # fmt: skip
print("record:", path)
