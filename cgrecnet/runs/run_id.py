"""A run's name: experiment, what decides its result (settings, weights, cells, protocol), seed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cgrecnet.data import made_on_the_spot, open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.paths import weights_folder
from cgrecnet.runs.environment import commit
from cgrecnet.training.config import RunConfig
from cgrecnet.training.protocol import PROTOCOL

#: Weights files that the project's sweeps start from: name -> sha256. So their runs can be named, listed and collected
#: anywhere; only training asks for the file itself.
KNOWN = {
    "resnet50-imagenet-keras-fp16.safetensors": "a99683d839ac9f37332646eaa7cd0c4e44176958f187439a0b640369b95f7205",
}
#: Hex digits of the digest that a run's name shows.
SHOWN = 10


@dataclass(frozen=True)
class PlannedRun:
    """A validated run, before anything is loaded."""

    config: Any
    """A `RunConfig`, or a study's."""
    run_id: str
    cells: str | None
    """Fingerprint of the cells; None where they are made on the spot, so that the settings say it, or are not here."""
    weights: str | None
    """None, `imagenet`, the path of the weights file, or its name where it is known and not here."""
    commit: str
    """The commit when the run was planned: what is committed while it trains is not what trained it."""


def plan_run(config: RunConfig, at: str | None = None, cells: str | None = None) -> PlannedRun:
    """Name the run that `config` describes. ConfigError: no such weights file.

    at: the commit, and cells: the fingerprint of the cells, where they are known already.
    """
    weights = resolve_weights(config.weights)
    cells = None if made_on_the_spot(config.data) else cells or cells_here(config)
    config_without = config.model_dump(exclude={"experiment", "seed", "weights"})
    decisive = config_without | {"weights": weights_identity(weights), "cells": cells, "protocol": PROTOCOL}
    return PlannedRun(config, run_name(config.experiment, decisive, config.seed), cells, weights, at or commit())


def run_name(experiment: str, decisive: Mapping[str, Any], seed: int) -> str:
    """A name in which a digest stands for all that decides a result beside the seed."""
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return f"{experiment}-{digest[:SHOWN]}-s{seed}"


def cells_here(config: RunConfig) -> str | None:
    """Fingerprint of the cells that a run would see on this machine; None where they are not here.

    Raises DataError where a folder is named that does not have them.
    """
    try:
        return _labelled(*_place(config)).fingerprint
    except DataError:
        if config.root is not None:
            raise
        return None


def manifest_here(config: RunConfig) -> str | None:
    """Manifest of the split that a run would have on this machine; None where its cells are not here, or not enough."""
    try:
        every = _manifests(*_place(config), config.split, config.split_seed, config.folds)
    except DataError:
        return None
    return every[config.fold if config.split.endswith("folds") else 0]


def _place(config: RunConfig) -> tuple[str, str | None, str | None, str, str | None]:
    options = json.dumps(config.data_options, sort_keys=True)
    return config.data, config.root, config.task, options, os.environ.get("CGRECNET_DATA")


@lru_cache
def _labelled(data: str, root: str | None, task: str | None, options: str, _folder: str | None) -> CellDataset:
    """A data set without its pixels. Remembered, as a sweep asks the same of each run; what is not here may come."""
    dataset = open_dataset(data, root=root, task=task, options=json.loads(options))
    return replace(dataset, images=range(len(dataset)))


@lru_cache
def _manifests(*place_and_split: Any) -> list[str]:
    """Of each fold. Remembered, as a page asks the same of each record."""
    from cgrecnet.data.splits import draw  # with scikit-learn, for which those who only name runs need not wait

    *place, kind, seed, folds = place_and_split
    return [split.manifest for split in draw(_labelled(*place), kind, seed, folds)]


def resolve_weights(weights: str | None) -> str | None:
    """Turn the name of a weights file into its path: as given, or inside `CGRECNET_WEIGHTS`.

    The name of a known file that is not here stays a name. Raises ConfigError for any other one that is not here.
    """
    if weights in (None, "imagenet"):
        return weights
    folder = weights_folder()
    candidates = [Path(weights)] + ([folder / weights] if folder else [])
    for candidate in candidates:
        if candidate.is_file():
            return str(candidate)
    if only_known(weights):
        return weights
    raise ConfigError(
        f"Parameter 'weights' is {weights!r}: there is no such file here"
        + (f" or in {folder}" if folder else "; name its folder in CGRECNET_WEIGHTS")
        + ", or use 'imagenet' (a download) or leave it out (random weights)."
    )


def only_known(weights: str | None) -> bool:
    """Whether `weights` is the name of a known file that is not here."""
    return weights in KNOWN and not Path(weights).is_file()


def need_file(weights: str | None) -> None:
    """ConfigError where training would need a known file that is not here."""
    if only_known(weights):
        folder = weights_folder()
        raise ConfigError(
            f"Training needs the weights file {weights}, which is not {f'in {folder}' if folder else 'here'}: "
            + ("put it there" if folder else "name its folder in CGRECNET_WEIGHTS")
            + ", or use 'imagenet' (a download) or null (random weights), whose results stand apart."
        )


def weights_identity(weights: str | None) -> str | None:
    """What of the weights counts in a name: None, `imagenet`, or the sha256 of the file."""
    if weights in (None, "imagenet"):
        return weights
    if only_known(weights):
        return KNOWN[weights]
    state = Path(weights).stat()
    return _sha256(weights, state.st_size, state.st_mtime_ns)


@lru_cache
def _sha256(path: str, _size: int, _changed: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
