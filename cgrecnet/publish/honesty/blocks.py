"""The provenance blocks of an executed chapter: every record that it read is in one, and no block mixes data sets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from cgrecnet.publish.honesty.sections import visible_html

_BLOCK = re.compile(r'<aside class="provenance"([^>]*)>(.*?)</aside>', re.DOTALL)
_MARK = re.compile(r'data-([\w-]+)="([^"]*)"')
#: A record of a run, as the list of what a chapter read names it.
_RECORD = re.compile(r"^results/(?:[^/]+/)+([^/]+)/run\.json$")


@dataclass(frozen=True)
class Block:
    """What one block says of itself: the ids of its runs, its data sets, and whether it sets several side by side."""

    runs: frozenset[str]
    sets: frozenset[str]
    side_by_side: bool


def blocks_of(cells: list[dict[str, Any]]) -> list[Block]:
    """Every provenance block that the page shows."""
    found = []
    for html in visible_html(cells):
        for marks, _ in _BLOCK.findall(html):
            said = {name: unescape(value) for name, value in _MARK.findall(marks)}
            found.append(
                Block(
                    frozenset(said.get("runs", "").split()),
                    frozenset(said.get("sets", "").split()),
                    "side-by-side" in said,
                )
            )
    return found


def unnamed_records(cells: list[dict[str, Any]], files: list[str]) -> list[str]:
    """The runs whose records a chapter read, and which no block of its page names.

    files: what the chapter was seen to read. Such a run may be out of date without any reader being told.
    """
    named = frozenset().union(*(block.runs for block in blocks_of(cells)))
    read = [found[1] for name in files if (found := _RECORD.match(name))]
    return sorted(set(read) - named)


def mixtures(cells: list[dict[str, Any]]) -> Iterator[str]:
    """The data sets of each block that names several without saying that it sets them side by side."""
    for block in blocks_of(cells):
        if len(block.sets) > 1 and not block.side_by_side:
            yield " and ".join(sorted(block.sets))
