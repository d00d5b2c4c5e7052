"""The sentence behind each verdict: a person wrote it in `reasons.yaml`, and its claim's rule gives the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import Field

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Judgement, Verdict
from cgrecnet.paper.claims import Claim
from cgrecnet.paper.schema import Entry, read_entries

OTHERWISE = "otherwise"


@dataclass(frozen=True)
class Finding:
    """What a rule found out about a claim: the verdict, and the numbers of its sentence by name.

    values: counts, shares, intervals, names; empty where nothing could be computed.
    as_written: whether what the sentence says beside its numbers is so. It was written for the paper as printed and
    the committed records; a reader's own tables or records may not bear it out.
    """

    verdict: Verdict
    values: Mapping[str, object] = field(default_factory=dict)
    as_written: bool = True


class Sentence(Entry):
    """What stands on a page: `found`, the numbers of a finding, and `reason`, one sentence."""

    id: str
    found: str = "none"
    reason: str = Field(pattern=r"\.$")


@cache
def sentences() -> dict[str, Sentence]:
    """Every sentence by the claim, or the kind of claim, that it is about."""
    return read_entries(Path(__file__).with_suffix(".yaml"), Sentence)


def judged(claim: Claim, finding: Finding, name: str | None = None) -> Judgement:
    """The finding in words: the sentence called `name` (the claim's own when None) with the finding's numbers in it.

    Where the sentence is not as written, `otherwise` takes its place: found, printed, tolerance, verdict.
    Raises ConfigError, naming the claim, where there is no such sentence or it asks for a number that is not given.
    """
    name = name or claim.id
    if name not in sentences():
        raise ConfigError(f"There is no sentence for {name} in reasons.yaml; write one for its rule.")
    found = _filled(name, sentences()[name].found, finding.values) if finding.values else "none"
    about = {"printed": claim.printed_text, "tolerance": claim.tolerance_text, "verdict": finding.verdict}
    shown = name if finding.as_written else OTHERWISE
    values = {**finding.values, "found": found} | {key: text.replace("\n", "; ") for key, text in about.items()}
    return Judgement(finding.verdict, found, _filled(name, sentences()[shown].reason, values))


def _filled(name: str, pattern: str, values: Mapping[str, object]) -> str:
    try:
        return pattern.format_map(values)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"The sentence for {name} in reasons.yaml cannot be filled ({error}); its rule gives {', '.join(values)}."
        ) from None
