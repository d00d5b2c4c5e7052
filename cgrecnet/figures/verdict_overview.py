"""Where the claims stand, group by group, and what evidence would change each verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cgrecnet.bench.memory_claim import memory_record
from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.claim_map import COLOURS, tolerance_text
from cgrecnet.figures.provenance import Provenance, bench_provenance, from_records
from cgrecnet.figures.rules.runs import RUN_JUDGES
from cgrecnet.figures.verdict_tiles import LETTERS
from cgrecnet.paper.claims import Claim
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import SWEEPS, experiment
from cgrecnet.runs.run_record import RunRecord

#: The claims by what they are about; each is in one group.
GROUPS: dict[str, tuple[str, ...]] = {
    "cells, crops and split": ("C01", "C02", "C03", "C04", "C43"),
    "what the modules do": ("C05", "C06", "C07", "C08", "C09"),
    "what the networks cost": ("C10", "C11", "C12", "C13", "C14", "C15", "C36", "C38", "C42", "C44"),
    "how accurate CG-RecNet is": ("C16", "C17", "C25", "C27", "C28", "C33", "C34"),
    "what the modules gain": ("C18", "C19", "C20", "C21", "C32", "C40"),
    "against other systems": ("C22", "C23", "C24", "C26", "C29", "C30", "C31", "C39", "C41"),
    "what the network looks at": ("C35", "C37"),
}
HEADERS = ("claim", "verdict now", "what would change it")


def draw_groups(outcomes: Mapping[str, Outcome]) -> Figure:
    """A bar for each group of claims, cut by verdict; each piece has its letter and its number of claims."""
    figure, axes = plt.subplots(figsize=(7.0, 3.4))
    for row, names in enumerate(GROUPS.values()):
        left = 0
        for word in Verdict:
            count = sum(outcomes[name].verdict is word for name in names)
            if count:
                axes.barh(row, count, left=left, color=(*COLOURS[word][:3], 0.45), edgecolor="0.2", linewidth=0.8)
                axes.text(left + count / 2, row, f"{LETTERS[word]} {count}", ha="center", va="center", fontsize=9)
            left += count
    axes.set_yticks(range(len(GROUPS)), list(GROUPS))
    axes.invert_yaxis()
    axes.set_xlabel("claims   (" + ", ".join(f"{LETTERS[word]} {word}" for word in Verdict) + ")", fontsize=8)
    axes.tick_params(axis="y", length=0)
    return figure


def what_would_change(paper: AuditedPaper, claim: Claim, outcome: Outcome) -> str:
    """What evidence would move a verdict, and to where; follows from the claim's kinds, tolerance and open choices."""
    width = tolerance_text(claim).replace("\n", ", ")
    near = "the order that the claim states" if not claim.values else f"a result within the tolerance ({width})"
    if outcome.verdict is Verdict.NOT_SPECIFIED:
        open_ = "; ".join(paper.choices[name].title.lower() for name in claim.open_choices)
        return f"The authors' code, or a sentence that says which it was{f': {open_}' if open_ else ''}."
    if outcome.verdict is Verdict.CANNOT_BE_TESTED_HERE:
        if claim.tolerance.rule == "none":
            return f"{claim.decided_by} No size is printed to compare with, so a margin has to be set first."
        return f"{claim.decided_by} With {near} it would hold, otherwise not."
    if outcome.verdict is Verdict.HOLDS:
        return f"A corrected number, or an error found in our check, that takes it out of its tolerance ({width})."
    if outcome.verdict is Verdict.CONSISTENT_IN_PRINT:
        return f"Runs on the paper's own cells. {claim.decided_by}"
    if outcome.verdict is Verdict.HOLDS_IN_PART:
        by = ", by runs on the paper's own cells" if claim.id in RUN_JUDGES else ""
        return f"The reason says what is open or fails. What decides the rest{by}: {claim.decided_by}"
    if "data" in claim.kinds:
        return "A corrected table, or a word on which tables describe one split; runs cannot mend printed numbers."
    return "A corrected number, or code in which the number comes out as printed."


def change_rows(paper: AuditedPaper, outcomes: Mapping[str, Outcome], group: str) -> list[tuple[str, ...]]:
    """Rows for `wide_table` under HEADERS: the claims of a group."""
    return [
        (f"{name} {paper.claims[name].title}", f"{outcomes[name].verdict}\n{outcomes[name].reason}",
         what_would_change(paper, paper.claims[name], outcomes[name]))
        for name in GROUPS[group]
    ]  # fmt: skip


def records_of(parts: Sequence[tuple[str, str]] | None = None, results: Path = RESULTS) -> list[RunRecord]:
    """Every record of these (part, data set) pairs, of all of the book when None, each once."""
    pairs = [(part, data) for part, sets in SWEEPS.items() for data in sets] if parts is None else parts
    found = [experiment(part, data, results) for part, data in pairs]
    return list({r.run_id: r for runs in found if runs for r in runs.records}.values())


def verdict_source(results: Path = RESULTS) -> Provenance:
    """Where verdicts come from: runs on the paper's own cells where there are any, else numbers and code alone.

    A record of memory, which decides C38, is named as well.
    """
    own = records_of([(part, "zhu") for part, sets in SWEEPS.items() if "zhu" in sets], results)
    source = (
        from_records(own)
        if own
        else Provenance((("Verdicts", "from printed numbers and from code; no run on the paper's cells is here"),))
    )
    if memory := memory_record(results):
        said = dict(bench_provenance(memory).facts)
        source = replace(source, facts=(*source.facts, ("Memory (C38)", f"{said['Record']}; code: {said['Code']}")))
    return source
