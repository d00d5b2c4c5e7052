"""Outcomes of the claims that runs on the paper's own cells decide; pass them to `verdicts` as `measured`."""

from __future__ import annotations

from pathlib import Path

from cgrecnet.evaluation.verdicts import Outcome
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.paper_runs import paper_runs
from cgrecnet.figures.rules.runs import RUN_JUDGES
from cgrecnet.paths import RESULTS


def run_outcomes(paper: AuditedPaper | None = None, results: Path = RESULTS) -> dict[str, Outcome]:
    """The outcomes by claim id, judged by the tolerances of claims.yaml; {} where there is nothing that may judge.

    Only complete runs on the paper's real cells at the paper's settings judge its claims: neither simulated cells in
    its layout nor other cells do. Raises RunError where records are damaged or of several data sets.
    """
    paper = AuditedPaper.load() if paper is None else paper
    runs, _ = paper_runs(paper, results)
    if runs is None:
        return {}
    found = {name: judge(paper, paper.claims[name], runs) for name, judge in RUN_JUDGES.items()}
    return {name: outcome for name, outcome in found.items() if outcome is not None}


def what_there_is(paper: AuditedPaper | None = None, results: Path = RESULTS) -> str:
    """One sentence: which runs on the paper's own cells there are, or why those that are there decide nothing."""
    return paper_runs(AuditedPaper.load() if paper is None else paper, results)[1]
