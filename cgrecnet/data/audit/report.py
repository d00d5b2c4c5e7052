"""What the audit found, as plain numbers, a text and tables."""

from dataclasses import asdict, dataclass

import pandas as pd

from cgrecnet.data.audit.duplicates import Pair
from cgrecnet.data.audit.marks import Mark
from cgrecnet.data.audit.probes import Score
from cgrecnet.data.levels import GroupLevels, disjoint_classes, level_lines


@dataclass(frozen=True)
class Probe:
    """How well a forest that sees only `sees` names the class, over random folds."""

    sees: str
    standardised: bool
    score: Score


@dataclass(frozen=True)
class GroupGap:
    """A probe that glances at the whole picture, tested on random cells and on cells of new groups.

    gap: random minus grouped balanced accuracy on the same cells, with its 95 % interval over groups.
    grouped, gap, low and high are None where the groups do not allow the test; `why` says so.
    """

    folds: int
    random: Score
    grouped: Score | None
    gap: float | None
    low: float | None
    high: float | None
    why: str = ""


@dataclass(frozen=True)
class SplitLeak:
    """What the parts of a split share: (part, part) -> pairs of copies; test cells with a group in training."""

    manifest: str
    exact_across: dict[str, int]
    near_across: dict[str, int]
    test_cells_of_trained_groups: int
    test_cells: int


@dataclass(frozen=True)
class IntegrityReport:
    """Copies, shortcuts and the optimism gap of one data set; see `cgrecnet.data.audit.integrity.audit`.

    chance: 1 / classes (what balanced accuracy is judged against); majority: share of the commonest class
    (what plain accuracy is judged against); association: Cramer's V of class and group, 0 to 1.
    copies: every pair of copies; conflicts: how many of them carry two different labels.
    levels: sizes and grey levels by class and group; marks: what is burnt into one class.
    why_partly: why there are no probes (`probes` empty, `whole` None), or empty.
    sampled: how many cells the probes and the search for near copies saw.
    """

    name: str
    simulated: bool
    task: str
    fingerprint: str
    seed: int
    counts: dict[str, int]
    groups: int
    chance: float
    majority: float
    association: float
    copies: tuple[Pair, ...]
    conflicts: int
    probes: tuple[Probe, ...]
    whole: GroupGap | None
    whole_standardised: GroupGap | None
    split: SplitLeak | None = None
    levels: tuple[GroupLevels, ...] = ()
    marks: tuple[Mark, ...] = ()
    why_partly: str = ""
    sampled: int | None = None

    @property
    def exact_copies(self) -> int:
        """Pictures that repeat an earlier one, pixel for pixel."""
        return sum(pair.exact for pair in self.copies)

    @property
    def near_copies(self) -> int:
        """Pairs of pictures with the same fine detail that are not equal."""
        return sum(not pair.exact for pair in self.copies)

    def probe(self, sees: str, standardised: bool = False) -> Score:
        """The score of one probe. Raises KeyError where it was not made."""
        for probe in self.probes:
            if (probe.sees, probe.standardised) == (sees, standardised):
                return probe.score
        raise KeyError(sees)

    def to_frame(self) -> pd.DataFrame:
        """One row per probe: balanced accuracy, interval, chance; accuracy, interval, majority."""
        rows = [(probe.sees, "standardised" if probe.standardised else "as is", "random", probe.score)
                for probe in self.probes]  # fmt: skip
        for levels, whole in self._wholes().items():
            rows.append(("whole picture", levels, "random", whole.random))
            if whole.grouped:
                rows.append(("whole picture", levels, "grouped", whole.grouped))
        return pd.DataFrame(
            [
                {
                    "sees": sees, "grey levels": levels, "folds": folds,
                    "balanced accuracy": score.balanced, "low": score.low, "high": score.high,
                    "chance": self.chance, "above chance": score.exceeds(self.chance),
                    "accuracy": score.accuracy, "accuracy low": score.accuracy_low,
                    "accuracy high": score.accuracy_high, "majority": self.majority,
                }
                for sees, levels, folds, score in rows
            ]
        )  # fmt: skip

    def findings(self) -> list[str]:
        """What a user must look at, a sentence each; empty where nothing was found."""
        found = []
        if self.exact_copies:
            found.append(f"{self.exact_copies} picture(s) repeat an earlier one: a split may part them.")
        if self.near_copies:
            found.append(f"{self.near_copies} pair(s) of pictures are nearly the same: a split may part them.")
        if self.conflicts:
            found.append(f"{self.conflicts} pair(s) of copies carry two different labels.")
        if self.split and (across := sum(self.split.exact_across.values()) + sum(self.split.near_across.values())):
            found.append(f"{across} pair(s) of copies stand in two parts of the split: the test is not independent.")
        found += map(str, self.marks)
        if self.probes and self.probe("border").exceeds(self.chance):
            found.append("The border alone, where there is hardly any cell, tells the class: look for a shortcut.")
        gaps = list(self._wholes().values())
        if self._flattering and not self.remarks():
            found.append("Cells of known groups look easier than cells of new ones: random splits may flatter a model.")
        if self.groups > 1 and any(whole.grouped is None for whole in gaps):
            found.append(f"A test on new groups is not possible, so nothing shows that it is the cell: {gaps[0].why}")
        if self.groups > 1 and self.association > 0.99:
            found.append(
                "Every group, as the files name it, holds one class: what tells groups apart tells classes apart."
            )
        if self.why_partly:
            found += [
                f"The border levels of {one} and {other} do not overlap in these few cells (by chance 1 in "
                f"{1 / probability:,.0f}): look for a shortcut."
                for one, other, probability in disjoint_classes(self.levels)
            ]
        return found

    def remarks(self) -> list[str]:
        """What is worth knowing and no sign of a leak, a sentence each.

        New groups are harder wherever their grey levels are new, whether or not groups and classes go together. So a
        gap that standardising removes, with a border that does not tell the class, is no finding.
        """
        clean = self.whole_standardised
        explained = clean is not None and clean.gap is not None and not clean.low > 0
        border = bool(self.probes) and self.probe("border").exceeds(self.chance)
        if self._flattering and explained and not border:
            return [
                "Cells of new groups look harder, because their grey levels are new: standardising each picture "
                "removes the gap, and the border does not tell the class. A random split does not ask for that."
            ]
        return []

    @property
    def _flattering(self) -> bool:
        """Whether a gap's whole interval lies above 0, as the grey levels are or standardised."""
        return any(whole.gap is not None and whole.low > 0 for whole in self._wholes().values())

    def to_dict(self) -> dict:
        """Everything as plain values, for JSON."""
        return asdict(self) | {"findings": self.findings(), "remarks": self.remarks()}

    def __str__(self) -> str:
        kind = "simulated" if self.simulated else "real"
        lines = [
            f"{self.name} ({kind} cells), task {self.task}: {sum(self.counts.values()):,} cells, "
            f"{self.groups} group(s), class and group associated with Cramer's V {self.association:.2f}",
            f"copies: {self.exact_copies} exact, {self.near_copies} near, {self.conflicts} with two labels",
        ]
        if self.sampled is not None and self.sampled < sum(self.counts.values()):
            lines.append(f"near copies and the probes below are of {self.sampled:,} cells drawn at random")
        if split := self.split:
            across = [f"{parts} {exact + split.near_across[parts]}" for parts, exact in split.exact_across.items()]
            lines += [
                f"pairs of copies across the parts of the split: {', '.join(across)}",
                f"test cells whose group was in training: {split.test_cells_of_trained_groups} of {split.test_cells}",
            ]
        lines += level_lines(self.levels)
        if self.why_partly:
            return "\n".join([*lines, f"Without probes of border, histogram, size and groups: {self.why_partly}."])
        lines.append(f"balanced accuracy (chance {self.chance:.3f}), 95 % interval:")
        for probe in self.probes:
            name = f"{probe.sees} only" + (", standardised" if probe.standardised else "")
            said = "above chance" if probe.score.exceeds(self.chance) else "not above chance"
            if said == "above chance":  # of all probes, only the plain border hardly sees the cell
                plain = probe.sees == "border" and not probe.standardised
                said += ": look for a shortcut" if plain else ", which the cell may explain"
            lines.append(f"  {name:<32} {_interval(probe.score)}  {said}")
        for levels, whole in self._wholes().items():
            lines += _whole_lines("whole picture" + (", standardised" if levels != "as is" else ""), whole)
        return "\n".join(lines)

    def _wholes(self) -> dict[str, GroupGap]:
        wholes = {"as is": self.whole, "standardised": self.whole_standardised}
        return {levels: whole for levels, whole in wholes.items() if whole}


def _interval(score: Score) -> str:
    return f"{score.balanced:.3f} ({score.low:.3f} to {score.high:.3f})"


def _whole_lines(name: str, whole: GroupGap) -> list[str]:
    lines = [f"{name}, {whole.folds} folds:", f"  {'random folds':<32} {_interval(whole.random)}"]
    if whole.grouped is None:
        return [*lines, f"  {'grouped folds':<32} not possible: {whole.why}"]
    return [
        *lines,
        f"  {'grouped folds':<32} {_interval(whole.grouped)}",
        f"  {'optimism gap':<32} {whole.gap:+.3f} ({whole.low:+.3f} to {whole.high:+.3f})",
    ]
