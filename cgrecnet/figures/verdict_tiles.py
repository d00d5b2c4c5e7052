"""The verdicts at a glance: a tile for each claim, coloured and lettered by verdict, that leads to its card."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from matplotlib.colors import to_hex

from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.claim_cards import fragment
from cgrecnet.figures.claim_map import COLOURS
from cgrecnet.figures.widgets.base import Widget
from cgrecnet.paper.claims import Claim

#: A letter for each verdict, so that colour is never the only sign.
LETTERS = dict(zip(Verdict, "HPCXTN", strict=True))
_CSS = Path(__file__).with_suffix(".css")
_PALE = 0.45  # how much of the colour is left, so that dark letters can be read on it


def verdict_tiles(claims: Mapping[str, Claim], outcomes: Mapping[str, Outcome], address: str) -> Widget:
    """A row of tiles for each verdict; each tile is a link to the claim's card on the page at `address`."""
    rows, lines = [], []
    for word in Verdict:
        names = [name for name in claims if outcomes[name].verdict is word]
        head = f"{LETTERS[word]}  {word} ({len(names)})"
        tiles = "".join(_tile(claims[name], word, address) for name in names) or "<li>none</li>"
        rows.append(
            f'<div class="row"><div class="name"><b aria-hidden="true">{LETTERS[word]}</b> '
            f"{escape(str(word))} ({len(names)})</div><ul>{tiles}</ul></div>"
        )
        lines.append(f"{head}: {', '.join(names) or 'none'}")
    style = _CSS.read_text(encoding="utf-8")
    html = (
        f'<style>{style}</style><div class="verdict-tiles" role="group" aria-label="Every claim by its verdict">'
        f"{''.join(rows)}</div>"
    )
    return Widget(html, "\n".join(lines))


def _tile(claim: Claim, word: Verdict, address: str) -> str:
    place = escape(f"{address}#{fragment(claim)}", quote=True)
    said = escape(f"{claim.title}: {word}", quote=True)
    return (
        f'<li><a href="{place}" title="{said}" style="background:{_shade(word)}">'
        f"<b>{LETTERS[word]}</b> {claim.id}</a></li>"
    )


def _shade(word: Verdict) -> str:
    return to_hex([1 - _PALE * (1 - part) for part in COLOURS[word][:3]])
