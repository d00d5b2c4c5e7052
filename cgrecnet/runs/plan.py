"""A run's name: experiment, fingerprint of its configuration and of the code it uses, seed."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cgrecnet.data import module_of
from cgrecnet.errors import ConfigError
from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.paths import NOTEBOOK, weights_folder
from cgrecnet.runs.environment import commit
from cgrecnet.runs.known_weights import KNOWN, only_known
from cgrecnet.training.config import RunConfig
from cgrecnet.training.fingerprint import code_fingerprint

#: Where the networks of each family are written down.
MODULE_OF_FAMILY = {
    "resnet50": "cgrecnet.models.cg_recnet",
    "torchvision": "cgrecnet.models.zoo",
    "zhu": "cgrecnet.models.xception",
}

#: Hex digits of the fingerprint that a run's name shows.
SHOWN = 10


@dataclass(frozen=True)
class Plan:
    """A validated run, before anything is loaded."""

    config: RunConfig
    run_id: str
    code: str
    weights: str | None
    """None, `imagenet`, the path of the weights file, or its name where it is known and not here."""
    commit: str
    """The commit when the run was planned: what is committed while it trains is not what trained it."""


def plan_run(config: RunConfig, at: str | None = None) -> Plan:
    """Name the run that `config` describes; `at`: the commit, if it is known. ConfigError: no such weights file."""
    weights = resolve_weights(config.weights)
    code = run_code(config)
    decisive = config.model_dump(exclude={"experiment", "seed", "weights"})
    decisive |= {"weights": weights_identity(weights), "code": code}
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return Plan(config, f"{config.experiment}-{digest[:SHOWN]}-s{config.seed}", code, weights, at or commit())


def run_code(config: RunConfig) -> str:
    """Fingerprint of the code that a run with this configuration uses."""
    return _code_of(config.model, config.data)


@lru_cache
def _code_of(model: str, data: str) -> str:
    """Remembered, because a sweep of thousands of runs asks the same few questions again and again."""
    network = MODULE_OF_FAMILY[SYSTEMS[model].family]
    shared = ("cgrecnet.training.setup", "cgrecnet.training.loop", "cgrecnet.models.weights", "cgrecnet.models.zoo")
    return code_fingerprint((*shared, module_of(data), network), scripts=(NOTEBOOK,))


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
