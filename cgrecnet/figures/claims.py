"""The claims on a page: in words, as folded cards, as tiles that lead to the cards, and where the verdicts come from.

A card opens when an address names it: `claims.html#c16`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from matplotlib.colors import to_hex

from cgrecnet.evaluation.verdicts import Judgement, Verdict
from cgrecnet.figures.provenance import Provenance, bench_provenance, from_records
from cgrecnet.figures.style import PALETTE
from cgrecnet.figures.widgets.base import Widget
from cgrecnet.judgement.memory import memory_record
from cgrecnet.judgement.paper_runs import experiments_on_zhu
from cgrecnet.paper.claims import Claim
from cgrecnet.paths import RESULTS

COLOURS = dict(zip(Verdict, (PALETTE[2], PALETTE[9], PALETTE[0], PALETTE[3], PALETTE[7], PALETTE[8]), strict=True))
#: A letter for each verdict, so that colour is never the only sign.
LETTERS = dict(zip(Verdict, "HPCXTN", strict=True))
_PALE = 0.45  # how much of the colour is left, so that dark letters can be read on it

#: What evidence would move each verdict, with the claim's own words; the page on the verdicts says where to get it.
WHAT_WOULD_CHANGE = {
    Verdict.HOLDS: "A corrected number, or an error found in our check, that takes it out of its tolerance ({near}).",
    Verdict.HOLDS_IN_PART: "The reason says what is open or fails. What decides the rest: {claim.decided_by}",
    Verdict.CONSISTENT_IN_PRINT: "Runs on the paper's own cells. {claim.decided_by}",
    Verdict.CANNOT_BE_RECONCILED: (
        "A corrected number, code in which it comes out as printed, or a word on which tables describe one split; "
        "runs cannot mend printed numbers."
    ),
    Verdict.CANNOT_BE_TESTED_HERE: "{claim.decided_by} Tolerance: {near}. {claim.tolerance.reason}",
    Verdict.NOT_SPECIFIED: "The authors' code, or a sentence that says which it was.",
}


def what_would_change(claim: Claim, verdict: Verdict) -> str:
    """What evidence would move the verdict on a claim."""
    return WHAT_WOULD_CHANGE[verdict].format(claim=claim, near=claim.tolerance_text.replace("\n", ", "))


def claim_cards(groups: Mapping[str, Sequence[Claim]], outcomes: Mapping[str, Judgement]) -> Widget:
    """Group by group: cards with place, printed values, what decides, tolerance, reasons and verdict."""
    parts, lines = [], []
    for group, claims in groups.items():
        parts.append(f"<p><strong>{escape(group)} ({len(claims)})</strong></p>")
        for claim in claims:
            outcome = outcomes[claim.id]
            facts = {
                "place": claim.place,
                "printed": claim.printed_text,
                "what would decide it": claim.decided_by,
                "tolerance": claim.tolerance_text,
                "why that wide": claim.tolerance.reason,
                "found": outcome.value,
                "verdict": f"{outcome.verdict}: {outcome.reason}",
            }
            title = f"{claim.id} {claim.title}"
            rows = "".join(f"<dt>{name}</dt><dd>{_html(text)}</dd>" for name, text in facts.items())
            parts.append(
                f'<details class="claim"><summary>{_html(title)}: <em>{outcome.verdict}</em></summary>'
                f'<dl id="{claim.id.lower()}">{rows}</dl></details>'
            )
            lines += [f"{title}: {outcome.verdict}", *(f"  {name}: {text}" for name, text in facts.items())]
    return Widget(f"<div>{_beside('css', 'style')}{''.join(parts)}{_beside('js', 'script')}</div>", "\n".join(lines))


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def verdict_tiles(claims: Mapping[str, Claim], outcomes: Mapping[str, Judgement], address: str) -> Widget:
    """A row of tiles for each verdict, coloured and lettered; each links to its card on the page at `address`."""
    rows, lines = [], []
    for word, letter in LETTERS.items():
        shade = to_hex([1 - _PALE * (1 - part) for part in COLOURS[word]])
        found = [claim for name, claim in claims.items() if outcomes[name].verdict is word]
        tiles = "".join(
            f'<li><a href="{escape(address)}#{claim.id.lower()}" title="{escape(claim.title)}: {escape(word)}" '
            f'style="background:{shade}"><b>{letter}</b> {claim.id}</a></li>'
            for claim in found
        )
        rows.append(
            f'<div class="row"><div class="name"><b aria-hidden="true">{letter}</b> '
            f"{escape(word)} ({len(found)})</div><ul>{tiles or '<li>none</li>'}</ul></div>"
        )
        lines.append(f"{letter}  {word} ({len(found)}): {', '.join(claim.id for claim in found) or 'none'}")
    tiles = f'<div class="verdict-tiles" role="group" aria-label="Every claim by its verdict">{"".join(rows)}</div>'
    return Widget(_beside("css", "style") + tiles, "\n".join(lines))


def _beside(suffix: str, tag: str) -> str:
    """The style or script of cards and tiles, which stands in a file beside this one, as an element."""
    return f"<{tag}>{Path(__file__).with_suffix(f'.{suffix}').read_text(encoding='utf-8')}</{tag}>"


def verdict_source(results: Path = RESULTS) -> Provenance:
    """Where verdicts come from: runs on the paper's own cells where there are any, else numbers and code alone.

    A record of memory, which decides C38, is named as well.
    """
    if own := [record for found in experiments_on_zhu(results) for record in found.records]:
        source = from_records(own)
    else:
        source = Provenance((("Verdicts", "from printed numbers and from code; no run on the paper's cells is here"),))
    if memory := memory_record(results):
        facts = dict(bench_provenance(memory).facts)
        source = replace(source, facts=(*source.facts, ("Memory (C38)", f"{facts['Record']}; code: {facts['Code']}")))
    return source
