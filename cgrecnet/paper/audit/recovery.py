"""The recovery search: which candidate modules give the three printed parameter counts of the variants.

Every fusion is tried with every gate on every backbone, twice: with the two single-module rows as they are labelled,
and with them exchanged. A fit means that all three totals round to the printed numbers.
The search is made after the fact. What speaks for one of its fits has to come from elsewhere: how few options
differ from the public defaults, and the GFLOPs between two rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np

from cgrecnet.paper.audit.counting import (
    ADAPTERS,
    FusionOptions,
    GateOptions,
    fusion_macs,
    fusion_parameters,
    gate_macs,
    gate_parameters,
    linear,
    resnet50_parameters,
)
from cgrecnet.paper.audit.interval import SLACK, Interval

MILLION = 1e6


@dataclass(frozen=True)
class Rows:
    """The printed parameter counts in millions, as text."""

    attention_only: str
    gate_only: str
    both: str

    def exchanged(self) -> "Rows":
        """The same numbers with the two single-module rows swapped."""
        return Rows(self.gate_only, self.attention_only, self.both)


@dataclass(frozen=True)
class Fit:
    """Modules whose three totals round to the printed rows; totals in parameters."""

    backbone: str
    fusion: FusionOptions
    gate: GateOptions
    attention_only: int
    gate_only: int
    both: int

    @property
    def departures(self) -> int:
        """How many options of the two modules differ from the public defaults."""
        return departures(self.fusion) + departures(self.gate)


@dataclass(frozen=True)
class Search:
    """The fits of one labelling, and how many combinations were tried."""

    fits: tuple[Fit, ...]
    fusions: int
    gates: int
    backbones: int

    @property
    def tried(self) -> int:
        return self.fusions * self.gates * self.backbones

    def by_backbone(self) -> dict[str, int]:
        """Number of fits on each backbone that has any."""
        return dict(Counter(fit.backbone for fit in self.fits))


def departures(options: FusionOptions | GateOptions) -> int:
    """How many fields differ from their default."""
    return sum(getattr(options, field.name) != field.default for field in fields(options))


def backbones(printed_baseline: str | None = None) -> dict[str, int]:
    """The backbones tried: ResNet-50 with several heads and, where given, the printed Baseline at face value."""
    found = {
        "3 classes": resnet50_parameters(3),
        "1000 classes": resnet50_parameters(1000),
        "1000 classes, then 3": resnet50_parameters(1000, 3),
        "512, then 3 classes": resnet50_parameters(512, 3),
    }
    if printed_baseline is not None:
        found["as printed"] = round(float(printed_baseline) * MILLION)
    return found


def candidate_fusions(
    channels: Iterable[int] = (256, 512, 1024),
    widths: Iterable[int] = (64, 96, 128, 192, 256, 320, 384, 512, 768, 1024),
) -> tuple[FusionOptions, ...]:
    """Feature map, width, hidden size, qkv bias, adapters and up to two layer norms, without repeats."""
    found = dict.fromkeys(
        FusionOptions(c, d, hidden, 8, bias, adapter, norms)
        for c, d in product(channels, widths)
        if d <= c
        for hidden in (d, d // 2, d // 3, d // 4, d // 8, d // 16, 64)
        for bias, adapter, norms in product((False, True), ADAPTERS, (0, 1, 2))
        if (adapter == "none") == (d == c)
    )
    return tuple(found)


def candidate_gates() -> tuple[GateOptions, ...]:
    """Width, expansion, kernel, convolved share and number of blocks."""
    return tuple(
        GateOptions(dim, expansion, kernel, ratio, blocks)
        for dim, expansion, kernel, ratio, blocks in product(
            (128, 256, 512, 1024),
            ((1, 1), (4, 3), (3, 2), (2, 1), (8, 3), (3, 1), (4, 1)),
            (3, 5, 7, 9, 11),
            ((1, 8), (1, 4), (1, 2), (1, 1)),
            (1, 2, 3),
        )
    )


def _inside(numbers: np.ndarray, printed: str) -> np.ndarray:
    reach = Interval.printed(printed)
    return (numbers >= (reach.low - SLACK) * MILLION) & (numbers <= (reach.high + SLACK) * MILLION)


def search(
    rows: Rows,
    bases: Mapping[str, int],
    fusions: Sequence[FusionOptions] | None = None,
    gates: Sequence[GateOptions] | None = None,
) -> Search:
    """Every combination whose three totals round to `rows`; pass `rows.exchanged()` for the swapped labelling."""
    fusions = candidate_fusions() if fusions is None else fusions
    gates = candidate_gates() if gates is None else gates
    fusion_sizes = np.array([fusion_parameters(f) for f in fusions])
    gate_sizes = np.array([gate_parameters(g) for g in gates])
    fits = []
    for name, base in bases.items():
        first = np.flatnonzero(_inside(base + fusion_sizes, rows.attention_only))
        second = np.flatnonzero(_inside(base + gate_sizes, rows.gate_only))
        sums = base + fusion_sizes[first][:, None] + gate_sizes[second][None, :]
        for i, j in np.argwhere(_inside(sums, rows.both)):
            f, g = first[i], second[j]
            fits.append(Fit(name, fusions[f], gates[g], int(base + fusion_sizes[f]), int(base + gate_sizes[g]),
                            int(sums[i, j])))
    return Search(tuple(fits), len(fusions), len(gates), len(bases))


@dataclass(frozen=True)
class Beyond:
    """A reading outside the search, whose gate too stands behind 1x1 convolutions; parameters and multiply-adds."""

    backbone: int
    fusion: FusionOptions
    gate: GateOptions
    fusion_size: int
    gate_size: int
    fusion_macs: int
    gate_macs: int

    def gives(self, attention_only: str, gate_only: str, both: str) -> bool:
        """Whether its three totals round to the printed numbers, in millions."""
        totals = (self.fusion_size, self.gate_size, self.fusion_size + self.gate_size)
        return all(
            bool(_inside(np.array(self.backbone + added), printed))
            for added, printed in zip(totals, (attention_only, gate_only, both), strict=True)
        )


def as_labelled_beyond_the_grid(channels: int = 512, side: int = 28) -> Beyond:
    """A reading that gives the parameter rows as labelled: what the search says depends on where it looks.

    The fusion runs at full width with bottlenecks of 8, the gate at 128 behind 1x1 convolutions with biases; neither
    is in `candidate_fusions` or `candidate_gates`. Its multiply-adds can be held against the GFLOPs column.
    """
    fusion = FusionOptions(channels=channels, width=channels, hidden=8, adapter="none")
    gate = GateOptions(dim=128, expansion=(4, 1), kernel=3)
    adapters = linear(channels, gate.dim) + linear(gate.dim, channels)
    return Beyond(
        resnet50_parameters(1000, 3), fusion, gate, fusion_parameters(fusion), gate_parameters(gate) + adapters,
        fusion_macs(fusion, side), gate_macs(gate, side) + 2 * channels * gate.dim * side * side,
    )


def candidate_sizes() -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the candidate fusions and of the candidate gates, in millions, each size once, ascending."""
    fusions, gates = map(fusion_parameters, candidate_fusions()), map(gate_parameters, candidate_gates())
    return np.unique(list(fusions)) / MILLION, np.unique(list(gates)) / MILLION


def default_sizes() -> tuple[float, float]:
    """Parameters of the fusion and of the gate at the public defaults, in millions."""
    return fusion_parameters(FusionOptions()) / MILLION, gate_parameters(GateOptions()) / MILLION


@dataclass(frozen=True)
class Chance:
    """Of `tables` made by chance: how many some candidate pair fits, and how many the public defaults fit."""

    tables: int
    fitted: int
    fitted_by_defaults: int


def chance_of_fit(bases: Sequence[int], tables: int, largest: float, rng: np.random.Generator) -> Chance:
    """Tables of three rows for two modules of random sizes (0.1 to `largest` million) on a random backbone.

    Each is rounded to two decimals and searched as the paper's is: all candidates, all `bases`, both labellings.
    """
    backbones_tried = np.array(bases) / MILLION
    fusions, gates = candidate_sizes()
    default = [np.array([size]) for size in default_sizes()]
    fitted = by_defaults = 0
    for _ in range(tables):
        base, (first, second) = rng.choice(backbones_tried), rng.uniform(0.1, largest, 2)
        rows = np.round([base + first, base + second, base + first + second], 2)
        fitted += _some_pair_fits(rows, backbones_tried, fusions, gates)
        by_defaults += _some_pair_fits(rows, backbones_tried, *default)
    return Chance(tables, fitted, by_defaults)


def _some_pair_fits(rows: np.ndarray, bases: np.ndarray, fusions: np.ndarray, gates: np.ndarray) -> bool:
    half = 0.005 + 1e-9
    for base in bases:
        for one, other in ((rows[0], rows[1]), (rows[1], rows[0])):
            f = fusions[np.abs(base + fusions - one) <= half]
            g = gates[np.abs(base + gates - other) <= half]
            if (np.abs(base + f[:, None] + g[None, :] - rows[2]) <= half).any():
                return True
    return False
