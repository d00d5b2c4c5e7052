"""The ledger of open choices: held against the code that carries them out, and the effect of a choice from records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.evaluation.counts import McNemar, mcnemar
from cgrecnet.figures.provenance import Provenance, from_records
from cgrecnet.figures.tables import p_equal, with_interval
from cgrecnet.models.zoo import title_of
from cgrecnet.paper.deviations import NOT_MEASURED, Deviation, Measured, Runs, by_setting
from cgrecnet.paths import RESULTS
from cgrecnet.runs.pooled import paired_predictions
from cgrecnet.runs.query import select_runs
from cgrecnet.runs.run_record import RunRecord


@dataclass(frozen=True)
class Check:
    """An option of the code whose value is the ledger's choice."""

    option: str
    value: object
    entry: str
    chosen: str


def crosscheck(ledger: Mapping[str, Deviation], values: Mapping[str, object], of: str = "model") -> list[Check]:
    """Hold every option in `values` against the ledger; of: whose options these are, a `model`'s or a `run`'s.

    Raises ConfigError, naming the option, when it has no entry, or when its value is not that of the choice.
    """
    entries, checks = by_setting(ledger, of), []
    for option, value in values.items():
        if option not in entries:
            raise ConfigError(f"The option {option!r} has no entry in the ledger; add it to deviations.yaml.")
        entry = entries[option]
        if value != entry.value:
            raise ConfigError(
                f"The option {option!r} is {value!r}, but the ledger says that {entry.chosen!r} was chosen."
            )
        checks.append(Check(option, value, entry.id, entry.chosen))
    return checks


KINDS = {True: "simulated", False: "real"}
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
        """`LayerNorm: +0.4 (−0.8 to +1.6) points of accuracy, n = 900, p = 0.6 (CG-RecNet; ...)`."""
        measured, found = self.measured, "not measured yet"
        if self.result is not None:
            n, p = self.result.n, p_equal(self.result.p_value)
            found = f"{with_interval(self.result)} points of accuracy, n = {n:,}, p {p}"
        planned = f"planned as {measured.planned}" if measured.planned else "exploratory"
        cells = f"{KINDS[measured.simulated]} {measured.data} cells, one run each"
        about = (title_of(measured.network), cells, planned, *(f"{name} differs as well" for name in self.also))
        return f"{measured.option}: {found} ({'; '.join(about)})"


def effects_of(entry: Deviation, results: Path = RESULTS) -> list[Effect]:
    """The effects that the ledger asks for, in its order; none where no sweep measures the choice.

    Raises RunError where the ledger's words fit several runs, or the two runs are not what the ledger says.
    """
    return [] if entry.effect == NOT_MEASURED else [_effect(entry, measured, results) for measured in entry.effect]


def ledger_effects(ledger: Mapping[str, Deviation], results: Path = RESULTS) -> dict[str, list[Effect]]:
    """Entry -> its effects, for the entries that some sweep measures."""
    return {name: effects for name, entry in ledger.items() if (effects := effects_of(entry, results))}


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


def _fits(have: Any, wanted: Any) -> bool:
    """Whether a configuration, or an entry of it, has at least what is wanted."""
    if not isinstance(wanted, Mapping):
        return have == wanted
    return isinstance(have, Mapping) and all(_fits(have.get(name), value) for name, value in wanted.items())
