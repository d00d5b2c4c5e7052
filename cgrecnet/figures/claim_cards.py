"""Every claim as a folded card, which opens when an address names it: `claims.html#c16`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from cgrecnet.evaluation.verdicts import Outcome
from cgrecnet.figures.claim_map import printed_text, tolerance_text
from cgrecnet.figures.widgets.base import Widget
from cgrecnet.paper.claims import Claim

# Newer browsers unfold what holds the element of an address by themselves; older ones need to be told.
_UNFOLD = """<script>
(() => {
  const unfold = () => {
    const card = location.hash && document.getElementById(location.hash.slice(1))?.closest("details.claim");
    if (card && !card.open) { card.open = true; card.scrollIntoView(); }
  };
  addEventListener("hashchange", unfold);
  addEventListener("load", unfold);
})();
</script>"""
_STYLE = "<style>.claim dl { scroll-margin-top: 8rem; margin: 0.5rem 0 1rem 1rem; }</style>"


def fragment(claim: Claim) -> str:
    """What stands behind the # of the address of a claim's card: `c16` for C16."""
    return claim.id.lower()


def claim_cards(groups: Mapping[str, Sequence[Claim]], outcomes: Mapping[str, Outcome]) -> Widget:
    """Group by group: cards with place, printed values, what decides, tolerance, reasons and verdict."""
    parts, lines = [], []
    for group, claims in groups.items():
        parts.append(f"<p><strong>{escape(group)} ({len(claims)})</strong></p>")
        for claim in claims:
            facts = _facts(claim, outcomes[claim.id])
            rows = "".join(f"<dt>{name}</dt><dd>{_html(text)}</dd>" for name, text in facts.items())
            parts.append(
                f'<details class="claim"><summary>{_html(claim.id)} {_html(claim.title)}</summary>'
                f'<dl id="{fragment(claim)}">{rows}</dl></details>'
            )
            lines += [f"{claim.id} {claim.title}", *(f"  {name}: {text}" for name, text in facts.items())]
    return Widget(f"<div>{_STYLE}{''.join(parts)}{_UNFOLD}</div>", "\n".join(lines))


def _facts(claim: Claim, outcome: Outcome) -> dict[str, str]:
    return {
        "place": claim.place,
        "printed": printed_text(claim),
        "what would decide it": claim.decided_by,
        "tolerance": tolerance_text(claim),
        "why that wide": claim.tolerance.reason,
        "verdict": f"{outcome.verdict}: {outcome.reason}",
    }


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")
