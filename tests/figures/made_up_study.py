"""A study made up for the tests of the figures: six cells of 32 pixels, four networks, no network run."""

import numpy as np

from cgrecnet.explain.cam_methods import heat, resize, score_map
from cgrecnet.explain.scores import mean_with_interval
from cgrecnet.figures.explained import Study
from cgrecnet.runs.explain_record import PROTOCOLS, ExplainConfig, ExplainRecord

SIZE, CELLS = 32, 6
KINDS = ("gradcam@last", "gradcam@stage3", "occlusion")


def made_up(on_cell: float = 1.0, shortcut_on_cell: float = 0.2) -> Study:
    """on_cell: how much more heat the honest networks have inside the cell than outside."""
    rng = np.random.default_rng(0)
    masks = {part: np.zeros((CELLS, SIZE, SIZE), bool) for part in ("cell", "nucleus", "processes", "debris", "border")}
    masks["cell"][:, 8:24, 8:24] = masks["nucleus"][:, 13:19, 13:19] = True
    masks["border"][:, [0, -1]] = True
    counts = {"explained": 6, "occluded": 6, "randomised": 6, "shown": 4, "image_size": SIZE}
    config = ExplainConfig(shuffled=("resnet50",), shortcut=("resnet50",), **counts)
    arrays, scores, maps = {"label": np.array([0, 1, 2, 0, 1, 2], np.int8)}, {}, {}
    networks = ["honest cg_recnet", "honest resnet50", "shuffled resnet50", "shortcut resnet50", "untrained cg_recnet"]
    for name in networks:
        size = {"honest": on_cell, "shortcut": shortcut_on_cell}.get(name.split()[0], 0.0)
        maps[name] = {k: rng.random((CELLS, 6, 6)) * 0.1 + size * resize(masks["cell"] * 1.0, 6) for k in KINDS}
        arrays[f"target/{name}"] = np.array([0, 1, 2, 1, 1, 0], np.int8)
        arrays[f"sure/{name}"] = np.linspace(0.4, 0.9, CELLS)
        arrays |= {f"map/{name}/{k}": m[:4].astype(np.float16) for k, m in maps[name].items()}
    maps["no network"] = {"uniform": np.ones((CELLS, SIZE, SIZE)), "sobel": rng.random((CELLS, SIZE, SIZE))}
    for name, here in maps.items():
        for kind, one in here.items():
            for what, values in score_map(resize(heat(one), SIZE), masks).items():
                arrays[f"score/{name}/{kind}/{what}"] = values
                scores.setdefault(name, {}).setdefault(kind, {})[what] = mean_with_interval(values)
    arrays |= {"image/honest": rng.random((4, SIZE, SIZE)), "mask/cell": np.packbits(masks["cell"][:4])}
    half = mean_with_interval([0.4, 0.5, 0.6])
    step = {"agreement with the trained": half, "energy cell": half}
    curve = {"shares": [0, 0.5, 1], "deletion": [0.9, 0.5, 0.3], "insertion": [0.3, 0.8, 0.9]}
    curve |= {"area deletion": half, "area insertion": half}
    data = {"name": "cytometer", "simulated": True, "cells": 60, "fingerprint": "f" * 64}
    data["options"] = {"confounding": 0.0}
    gate = {key: half for key in ("value_on", "value_off", "wider", "length_on", "length_off", "length on - off")}
    record = ExplainRecord(
        run_id="explain-x-s1", experiment="explain-x", config=config.model_dump(mode="json"), started="2026-01-01",
        wall_seconds=60.0, commit="abcdef0123456789+changes", code="", protocols=PROTOCOLS, data=[data,
        data], weights={"source": None},
        hardware={"gpu": None, "cpu": "Some CPU", "cores": 2, "threads": 1}, software={}, arrays_sha256="0" * 64,
        networks={name: {} for name in networks[:4]}, cells={"shown": 4, "image_size": SIZE},
        results={
            "scores": scores,
            "area": {part: mean_with_interval(mask.mean(axis=(1, 2))) for part, mask in masks.items()},
            "cascade": {"gradcam@last": {"fc": step, "layer4": step}},
            "curves": {"cg_recnet": {"gradcam@last": curve, "uniform": curve, "mask": curve}},
            "agreement": {
                "honest cg_recnet": {"gradcam@last|occlusion": half, "gradcam@last|sobel": mean_with_interval([])}
            },
            "modules": {"honest cg_recnet": {"change": half, "positions": 16, "dead": True, "gate": gate}},
        },
    )  # fmt: skip
    return Study(record, arrays)
