"""What the audit found, as plain numbers, a table and a text; its words stand in `report.txt`."""

import textwrap
from dataclasses import asdict, dataclass

from cgrecnet.data.audit.duplicates import Pair
from cgrecnet.data.audit.marks import Mark
from cgrecnet.data.audit.probes import Score
from cgrecnet.data.base import kind_of_cells
from cgrecnet.data.levels import GroupLevels, aligned, disjoint_classes, level_rows
from cgrecnet.data.words import text_of

#: Lines of the text are no longer than this, as far as names allow, so that a page does not wrap them.
COLUMNS = 72
_WORDS = text_of("audit/report.txt").module


@dataclass(frozen=True)
class Probe:
    """How well a forest that sees only `sees` names the class, over random folds."""

    sees: str
    standardised: bool
    score: Score

    @property
    def name(self) -> str:
        """Of a line in a table, such as `border only, standardised`."""
        return f"{self.sees} only" + (", standardised" if self.standardised else "")


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

    def across(self) -> dict[str, int]:
        """Pairs of copies, exact or near, for each pair of parts."""
        return {parts: exact + self.near_across[parts] for parts, exact in self.exact_across.items()}


@dataclass(frozen=True)
class AuditReport:
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

    @property
    def border_tells(self) -> bool:
        """Whether the plain border, which hardly sees the cell, names the class better than chance."""
        return bool(self.probes) and self.probe("border").exceeds(self.chance)

    @property
    def flattering(self) -> bool:
        """Whether a gap's whole interval lies above 0, as the grey levels are or standardised."""
        return any(gap.gap is not None and gap.low > 0 for _, gap in self.gaps())

    @property
    def explained_by_levels(self) -> bool:
        """Whether standardising removes the gap, and the border does not tell the class.

        New groups are harder wherever their grey levels are new, whether or not groups and classes go together: such a
        gap is a remark and no finding.
        """
        clean = self.whole_standardised
        return clean is not None and clean.gap is not None and not clean.low > 0 and not self.border_tells

    def classes_apart(self) -> list[tuple[str, str, float]]:
        """Pairs of classes whose border levels do not overlap; looked at where there are too few cells for probes."""
        return disjoint_classes(self.levels) if self.why_partly else []

    def gaps(self) -> list[tuple[str, GroupGap]]:
        """(what the probe sees, its gap) of those that were made."""
        every = (("whole picture", self.whole), ("whole picture, standardised", self.whole_standardised))
        return [(sees, gap) for sees, gap in every if gap]

    def findings(self) -> list[str]:
        """What a user must look at, a sentence each; empty where nothing was found."""
        return _WORDS.findings(self).splitlines()

    def remarks(self) -> list[str]:
        """What is worth knowing and no sign of a leak, a sentence each."""
        return _WORDS.remarks(self).splitlines()

    def conclusion(self) -> str:
        """Findings and remarks in lines of `COLUMNS` at most; empty where there is neither."""
        lines = [f"Look at this: {words}" for words in self.findings()] + [f"Note: {words}" for words in self.remarks()]
        return "\n".join(map(_wrapped, lines))

    def to_dict(self) -> dict:
        """Everything as plain values, for JSON."""
        return asdict(self) | {"findings": self.findings(), "remarks": self.remarks()}

    def __str__(self) -> str:
        kind = kind_of_cells(self.name, self.simulated)
        text = _WORDS.report(self, sum(self.counts.values()), kind, _level_lines(self.levels))
        return "\n".join(map(_wrapped, text.splitlines()))


def _level_lines(levels: tuple[GroupLevels, ...]) -> list[tuple[GroupLevels | None, str]]:
    """Sizes and grey levels, a line of a table for each class and group, `SHOWN` at most, behind the line of heads."""
    lines = aligned([row[1:] for row in level_rows(levels)], words=1)
    return list(zip((None, *levels), lines, strict=False)) if levels else []


def _wrapped(line: str) -> str:
    """A line as it is, or in several, the others further in, where it is longer than `COLUMNS`."""
    inwards = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(line, COLUMNS, subsequent_indent=inwards, break_on_hyphens=False, break_long_words=False)
