"""The ledger of open choices: held against the code that carries them out, and the effect of a choice from records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.evaluation.counts import McNemar, mcnemar
from cgrecnet.figures.provenance import Provenance, from_records
from cgrecnet.figures.tables import interval, p_equal, points
from cgrecnet.models.zoo import title_of
from cgrecnet.paper.deviations import NOT_MEASURED, Deviation, Measured, Runs
from cgrecnet.paths import RESULTS
from cgrecnet.runs.pooled import paired_predictions
from cgrecnet.runs.query import select_runs
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.training.config import RunConfig

#: Model option -> ledger entry, and the ledger's words for each value of the option.
MODEL_WORDS: dict[str, tuple[str, dict[object, str]]] = {
    "fusion_width": ("fusion_width", {128: "128, behind 1x1 convolutions", 512: "512, the feature map's own"}),
    "num_heads": ("attention_heads", {8: "8", 4: "4", 16: "16"}),
    "normaliser": ("normaliser", {"l2": "L2 norm", "layernorm": "LayerNorm"}),
    "spatial_map": ("spatial_map", {"softmax": "softmax over positions", "sigmoid": "sigmoid"}),
    "combine": (
        "fusion_combination",
        {
            "sum": "sum of both recalibrated branches",
            "recalibrate": "linear-angular branch recalibrated alone",
            "recalibrate_plus_xca": "linear-angular branch recalibrated, cross-covariance branch added",
        },
    ),
    "fusion_skip": ("skip_around_fusion", {False: "no", True: "yes"}),
    "cafm_hidden": ("cafm_hidden", {64: "64", 32: "32", 128: "128"}),
    "head": ("head", {"3": "linear to 3", "1000_then_3": "ImageNet's 1000, then linear to 3"}),
    "gate_activation": ("gate_activation", {"gelu": "GELU", "sigmoid": "sigmoid"}),
    "stage_stride": (
        "weights_version",
        {
            "3x3": "torchvision, stride in the 3x3 convolution",
            "1x1": "first publication, stride in the 1x1 convolution",
        },
    ),
}

#: The same for the parameters of a run.
RUN_WORDS: dict[str, tuple[str, dict[object, str]]] = {
    "learning_rate": ("learning_rate", {1e-2: "1e-2", 1e-3: "1e-3", 1e-4: "1e-4"}),
    "weight_decay": ("weight_decay", {0.0: "0", 1e-4: "1e-4"}),
    "patience": ("patience", {None: "no stopping", 7: "7 epochs", 10: "10 epochs"}),
    "report": ("reported_epoch", {"best": "best by validation", "last": "last"}),
}


@dataclass(frozen=True)
class Check:
    """An option of the code whose value is the ledger's choice."""

    option: str
    value: object
    entry: str
    chosen: str


def crosscheck(
    ledger: Mapping[str, Deviation],
    values: Mapping[str, object],
    words: Mapping[str, tuple[str, Mapping[object, str]]] = MODEL_WORDS,
) -> list[Check]:
    """Hold every option in `values` against the ledger.

    Raises ConfigError, naming the option, when it has no entry, when entry and code know different options, or when
    the value is not what the ledger says was chosen.
    """
    checks = []
    for option, value in values.items():
        if option not in words or words[option][0] not in ledger:
            raise ConfigError(f"The option {option!r} has no entry in the ledger; add it to deviations.yaml.")
        entry, known = words[option]
        if set(known.values()) != set(ledger[entry].options):
            raise ConfigError(f"The ledger entry {entry!r} and the option {option!r} name different options.")
        if value not in known or known[value] != ledger[entry].chosen:
            raise ConfigError(
                f"The option {option!r} is {value!r}, but the ledger says that {ledger[entry].chosen!r} was chosen."
            )
        checks.append(Check(option, value, entry, known[value]))
    return checks


def run_defaults() -> dict[str, object]:
    """The defaults of a run that the ledger speaks of."""
    return {name: RunConfig.model_fields[name].default for name in RUN_WORDS}


#: Parts of a configuration that name a run and do not change it.
NAMES_A_RUN = ("experiment",)


@dataclass(frozen=True)
class Effect:
    """What another option did to the accuracy of a network on the same cells, or that its runs are not here.

    result: other option minus chosen one, in percentage points (None without runs); records: the other run, the chosen
    one; also: parts of the configuration that differ although the ledger does not mean them to.
    """

    measured: Measured
    result: McNemar | None
    records: tuple[RunRecord, ...]
    also: tuple[str, ...]

    @property
    def text(self) -> str:
        """`LayerNorm: +0.4 points (...) for CG-RecNet, n = 900 simulated cells, one run each; p = 0.6, exploratory.`"""
        planned = f"planned as {self.measured.planned}" if self.measured.planned else "exploratory"
        name = title_of(self.measured.network)
        if self.result is None:
            sweeps = " and ".join(dict.fromkeys((self.measured.other.sweep, self.measured.chosen.sweep)))
            return f"{self.measured.option}: not measured yet for {name} ({sweeps}; {planned})"
        kind = "simulated" if self.measured.simulated else f"real ({self.measured.data})"
        result, also = self.result, f"; also different: {', '.join(self.also)}" if self.also else ""
        return (
            f"{self.measured.option}: {points(result.difference)} points of accuracy "
            f"({interval(result.interval95)}) for {name}, n = {result.n:,} {kind} cells, one run each; "
            f"p {p_equal(result.p_value)}, {planned}{also}"
        )


def effects_of(entry: Deviation, results: Path = RESULTS) -> list[Effect]:
    """The effects that the ledger asks for, in its order; none where no sweep measures the choice.

    Raises RunError where the ledger's words fit several runs, or the two runs are not what the ledger says.
    """
    return [] if entry.effect == NOT_MEASURED else [_effect(entry, measured, results) for measured in entry.effect]


def ledger_effects(ledger: Mapping[str, Deviation], results: Path = RESULTS) -> dict[str, list[Effect]]:
    """Entry -> its effects, for the entries that some sweep measures."""
    return {name: effects for name, entry in ledger.items() if (effects := effects_of(entry, results))}


def effect_text(effects: Sequence[Effect]) -> str:
    """For the ledger's last column: one line per effect."""
    return "\n".join(effect.text for effect in effects) or "not measured"


def find_run(runs: Runs, results: Path = RESULTS) -> RunRecord | None:
    """The one run that the ledger means; None where it is not here, RunError where several are meant."""
    found = [r for r in select_runs(runs.sweep, results=results) if _fits(r.config, runs.where)]
    if len(found) > 1:
        raise RunError(f"The ledger means one run of {runs.sweep} by {runs.where}, and {len(found)} fit: say more.")
    return found[0] if found else None


def sweeps_read(ledger: Mapping[str, Deviation], results: Path = RESULTS) -> list[Provenance]:
    """One block per data set with every record of the sweeps that the ledger names: all that was looked at."""
    named: dict[str, dict[str, None]] = {}
    for entry in ledger.values():
        for measured in () if entry.effect == NOT_MEASURED else entry.effect:
            for runs in (measured.other, measured.chosen):
                named.setdefault(measured.data, {})[runs.sweep] = None
    found = (select_runs(*sweeps, results=results) for sweeps in named.values())
    return [from_records(records) for records in found if records]


def _effect(entry: Deviation, measured: Measured, results: Path) -> Effect:
    other, chosen = (find_run(runs, results) for runs in (measured.other, measured.chosen))
    if other is None or chosen is None:
        return Effect(measured, None, (), ())
    for record in (other, chosen):
        saw = (record.data["name"], record.data["simulated"], record.config["model"])
        if saw != (measured.data, measured.simulated, measured.network):
            raise RunError(
                f"The ledger entry {entry.id!r} says {measured.data} and {measured.network}; {record.run_id} is {saw}."
            )
    differ = [n for n in other.config if n not in NAMES_A_RUN and other.config[n] != chosen.config.get(n)]
    if missing := [name for name in measured.varies if name not in differ]:
        raise RunError(
            f"{other.run_id} and {chosen.run_id} do not differ in {missing[0]}, as the ledger entry {entry.id!r} says."
        )
    cells = paired_predictions([other, chosen], results)
    also = tuple(name for name in differ if name not in measured.varies)
    return Effect(measured, mcnemar(cells.labels, *cells.predicted), (other, chosen), also)


def _fits(config: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    for name, value in where.items():
        have = config.get(name)
        if isinstance(value, Mapping):
            if not isinstance(have, Mapping) or any(have.get(key) != wanted for key, wanted in value.items()):
                return False
        elif have != value:
            return False
    return True
