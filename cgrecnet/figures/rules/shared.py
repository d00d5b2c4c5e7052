"""What several judges share: the type, the assumptions, and the answer where no architecture fits."""

from __future__ import annotations

from collections.abc import Callable

from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.paper.claims import Claim

Judge = Callable[[AuditedPaper, Claim], Outcome]

LEVEL = 0.05  # section 2.5
LAPTOP_FLOPS = 3e12  # an assumption: about a third of the card's peak in float32
WAITS = "its value needs the paper's images"


def no_fit(paper: AuditedPaper) -> Outcome:
    """The outcome of a claim on an architecture when no candidate gives the printed rows."""
    tried = paper.as_labelled.tried + paper.exchanged.tried
    return Outcome(Verdict.CANNOT_BE_RECONCILED, "no fit", f"None of {tried:,} combinations gives the printed rows.")
