"""The claims of the paper on one page: where each stands, what can decide it, and what the verdict is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.style import PALETTE
from cgrecnet.paper.claims import Claim

#: Section in which each table and figure of results is discussed.
HOME = {
    "Table 1": "2.2", "Table 3": "3.2.1", "Table 4": "3.2.2", "Table 5": "3.2.2",
    "Figure 5": "3.2.1", "Figure 6": "3.2.1", "Figure 7": "3.2.1",
}  # fmt: skip
SECTIONS = {
    "abstract": "abstract, summary",
    "2.2": "2.2 data", "2.3": "2.3 preprocessing", "2.4": "2.4 network",
    "3.1": "3.1 set-up", "3.2.1": "3.2.1 ablation", "3.2.2": "3.2.2 comparison", "3.3": "3.3 heat maps",
}  # fmt: skip
GROUPS = (
    "Arithmetic on printed numbers decides",
    "Running the code decides",
    "The paper's images decide, and arithmetic or code can speak first",
    "Only the paper's images decide",
)
COLOURS = dict(zip(Verdict, (PALETTE[2], PALETTE[9], PALETTE[0], PALETTE[3], PALETTE[7], PALETTE[8]), strict=True))
PER_LINE = 4


def section_of(claim: Claim) -> str:
    """The section a claim is counted to: the first that its place names, itself or through a table or figure."""
    first = claim.place.split(";")[0].strip()
    if "abstract" in first:
        return "abstract"
    found = re.match(r"sections? (\d(?:\.\d)*)", first)
    item = re.match(r"(Table|Figure)s? (\d)", first)
    section = found.group(1) if found else HOME.get(" ".join(item.groups())) if item else None
    for name in (section, (section or "").rpartition(".")[0]):
        if name in SECTIONS:
            return name
    raise ConfigError(f"{claim.id}: no section is known for the place {claim.place!r}; write it as 'section 3.1'.")


def group_of(claim: Claim) -> str:
    """Which of GROUPS a claim belongs to, from its kinds."""
    if "data" in claim.kinds:
        return GROUPS[3] if claim.kinds == ("data",) else GROUPS[2]
    return GROUPS[1] if "machinery" in claim.kinds else GROUPS[0]


def printed_text(claim: Claim) -> str:
    """The printed values of a claim, one a line."""
    mark = {True: " (difference of printed numbers)", False: ""}
    unit = {"probability": "", "area": "", "ratio": ""}  # pure numbers: the name says what they are
    lines = [
        f"{v.name}: {v.printed}{f' ± {v.sd}' if v.sd else ''} {unit.get(v.unit, v.unit)}".rstrip() + mark[v.derived]
        for v in claim.values
    ]
    return "\n".join(lines) or "no number"


def tolerance_text(claim: Claim) -> str:
    """The tolerance of a claim in numbers: ± the smallest to the largest half-width over its values."""
    if claim.tolerance.rule == "none":
        return "none"
    if claim.tolerance.rule == "exact":
        return "exact"
    if not claim.values:
        return f"± {claim.tolerance.absolute:g}"
    spans = {}
    for value in claim.values:
        spans.setdefault(value.unit, []).append(claim.tolerance.half_width(value))
    ends = ((f"{min(w):.2g}", f"{max(w):.2g}", unit) for unit, w in spans.items())
    return "\n".join(f"± {low if low == high else f'{low} to {high}'} {unit}" for low, high, unit in ends)


def draw_claim_map(claims: Mapping[str, Claim], outcomes: Mapping[str, Outcome]) -> Figure:
    """Every claim as a tile: row, the section it stands in; column, its verdict."""
    words = list(Verdict)
    cells = {(s, w): [] for s in SECTIONS for w in words}
    for name, claim in claims.items():
        cells[section_of(claim), outcomes[name].verdict].append(name)
    lines = {s: max(1, *(-(-len(cells[s, w]) // PER_LINE) for w in words)) for s in SECTIONS}
    figure, axes = plt.subplots(figsize=(7.6, 0.3 * sum(lines.values()) + 1.1))
    y, ticks = 0.0, []
    for section, count in lines.items():
        ticks.append(y + count / 2)
        for column, word in enumerate(words):
            for k, name in enumerate(cells[section, word]):
                left, top = column + 0.04 + (k % PER_LINE) * 0.234, y + k // PER_LINE
                axes.add_patch(plt.Rectangle((left, top + 0.08), 0.216, 0.84, facecolor=COLOURS[word], alpha=0.45))
                axes.text(left + 0.108, top + 0.52, name, ha="center", va="center", fontsize=8)
        y += count + 0.25
        axes.axhline(y - 0.125, color="0.85", linewidth=0.8)
    totals = [sum(o.verdict is w for o in outcomes.values()) for w in words]
    axes.set(xlim=(0, len(words)), ylim=(y, -0.1), yticks=ticks, yticklabels=list(SECTIONS.values()))
    axes.set_xticks([k + 0.5 for k in range(len(words))], [_heading(w, n) for w, n in zip(words, totals, strict=True)])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    for column in range(1, len(words)):
        axes.axvline(column, color="0.85", linewidth=0.8)
    return figure


def map_lines(claims: Mapping[str, Claim], outcomes: Mapping[str, Outcome]) -> list[str]:
    """The claim map in words: one line per verdict, with the claims of every section."""
    lines = []
    for word in Verdict:
        groups = {title: [] for title in SECTIONS.values()}
        for name, claim in claims.items():
            if outcomes[name].verdict is word:
                groups[SECTIONS[section_of(claim)]].append(name)
        said = "; ".join(f"{title}: {', '.join(names)}" for title, names in groups.items() if names)
        lines.append(f"- **{word}**. {said or 'none'}.")
    return lines


def _heading(word: Verdict, count: int) -> str:
    return f"{textwrap.fill(str(word), 13)}\n({count})"  # as wide as a column
