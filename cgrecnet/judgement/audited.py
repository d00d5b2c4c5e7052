"""The paper with its audit: everything the verdicts are computed from, computed once and only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.judgement.reasons import Finding
from cgrecnet.paper.audit.attainable import AccuracyCheck, check_accuracy
from cgrecnet.paper.audit.counting import fusion_macs, gate_macs, resnet50_macs
from cgrecnet.paper.audit.printed_t_test import PrintedComparison, Score, compare
from cgrecnet.paper.audit.recovery import Fit, Rows, Search, backbones, search
from cgrecnet.paper.audit.schedule import step_rates
from cgrecnet.paper.audit.split import SplitOutcome, split_outcomes
from cgrecnet.paper.claims import CLAIMS_FILE, Claim, load_claims
from cgrecnet.paper.deviations import DEVIATIONS_FILE, Deviation, load_deviations
from cgrecnet.paper.tables import TABLES_FILE, Cell, Table, find_cell, load_tables

CLASSES = ("Astrocytes", "Oligodendrocytes", "Neurons")
COMPARATORS = ("MobileNetV2", "DenseNet", "VGG", "ViT")
SIDE_OF_CHANNELS = {256: 56, 512: 28, 1024: 14}
GIGA = 1e9
LEVEL = 0.05  # section 2.5


@dataclass(frozen=True)
class AuditedPaper:
    """Claims, tables and ledger, and the audit of them; `cached_property` keeps every step from being done twice."""

    claims: Mapping[str, Claim]
    tables: Mapping[str, Table]
    choices: Mapping[str, Deviation]

    @classmethod
    def load(
        cls,
        claims: Path | str = CLAIMS_FILE,
        tables: Path | str = TABLES_FILE,
        choices: Path | str = DEVIATIONS_FILE,
    ) -> AuditedPaper:
        """The packaged paper, or a reader's own files with lost cells filled in."""
        return cls(load_claims(claims), load_tables(tables), load_deviations(choices))

    def find(self, address: str) -> Cell | None:
        """The cell at 'table/row/column', None when lost."""
        return find_cell(dict(self.tables), address)

    def known(self, address: str) -> Cell:
        """The cell at 'table/row/column'; raises ConfigError when it is lost."""
        cell = self.find(address)
        if cell is None:
            raise ConfigError(f"The cell {address} is lost; fill it in in tables.yaml from the full text.")
        return cell

    def printed(self, address: str) -> str:
        """A known number as printed."""
        return self.known(address).value or ""

    @property
    def supports(self) -> list[int]:
        return [int(self.known(f"5/{name}/support").number) for name in CLASSES]

    def class_f1(self, model: str) -> list[str]:
        """Class F1s of a model in Table 5, as printed."""
        return [self.printed(f"5/{name}/{model}") for name in CLASSES]

    def accuracy(self, model: str) -> Cell | None:
        """Accuracy of a model, from Table 4 or else from Table 3; None when lost."""
        table = "4" if model in self.tables["4"].rows else "3"
        return self.find(f"{table}/{model}/accuracy")

    @cached_property
    def splits(self) -> list[SplitOutcome]:
        counts = [int(self.known(f"1/{name}/count").number) for name in CLASSES]
        return split_outcomes(counts, self.supports)

    @cached_property
    def accuracy_checks(self) -> dict[str, AccuracyCheck]:
        """Printed accuracy against class F1s for every model that has both."""
        checks = {}
        for model in (*COMPARATORS, "Baseline", "CG-RecNet"):
            cell = self.accuracy(model)
            if cell is not None and cell.sd is not None:
                checks[model] = check_accuracy(model, self.supports, self.class_f1(model), cell.value, cell.sd)
        return checks

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Printed accuracy and SD of every model that has both."""
        models = ("CG-RecNet", "ResCMNet", "ResGDNet", "Baseline", *COMPARATORS)
        cells = {model: self.accuracy(model) for model in models}
        return {model: Score(cell.value, cell.sd) for model, cell in cells.items() if cell and cell.sd}

    def comparison(self, second: str, runs: int = 5, first: str = "CG-RecNet") -> PrintedComparison:
        """All t-tests of `first` minus `second` from their printed accuracies."""
        return compare(self.scores, first, second, runs)

    @cached_property
    def rows(self) -> Rows:
        return Rows(*(self.printed(f"3/{model}/parameters") for model in ("ResCMNet", "ResGDNet", "CG-RecNet")))

    @cached_property
    def bases(self) -> dict[str, int]:
        return backbones(self.printed("3/Baseline/parameters"))

    @cached_property
    def as_labelled(self) -> Search:
        return search(self.rows, self.bases)

    @cached_property
    def exchanged(self) -> Search:
        return search(self.rows.exchanged(), self.bases)

    @property
    def recovered(self) -> Fit | None:
        """The one fit nearest to the public defaults: as labelled if there is any, else exchanged; None if none."""
        for found in (self.as_labelled, self.exchanged):
            if found.fits:
                return min(found.fits, key=lambda fit: fit.departures)
        return None

    @cached_property
    def rates(self):
        """Learning rate of every epoch, as shares of the unknown first one."""
        epochs, step, factor = (
            self.known(f"S/{name}/setting").number for name in ("Epochs", "Learning rate step", "Learning rate factor")
        )
        return step_rates(1.0, int(epochs), int(step), factor)

    def gmacs(self, fit: Fit, per_token: bool = True) -> dict[str, float]:
        """10^9 multiply-adds of the four models built from a fit, by what they hold, not by the printed label."""
        base = resnet50_macs(1000) / GIGA
        fusion = fusion_macs(fit.fusion, SIDE_OF_CHANNELS[fit.fusion.channels], per_token) / GIGA
        gate = gate_macs(fit.gate, SIDE_OF_CHANNELS[fit.gate.dim], per_token) / GIGA
        return {"CG-RecNet": base + fusion + gate, "ResCMNet": base + fusion, "ResGDNet": base + gate, "Baseline": base}


#: How the printed numbers alone decide a claim.
Judge = Callable[[AuditedPaper, Claim], Finding]
