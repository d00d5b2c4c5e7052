"""The card of a data set on a page: a table of one row per question, every fact with its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from cgrecnet.data.cards import PARTS, Card, Fact, Source, Task

_CODE = re.compile(r"`([^`]+)`")
#: Class -> cells, for each task.
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class CardTable:
    """A card as HTML (on the page) and as text (anywhere else).

    published: task -> class -> cells as a publication prints them, for counts that the card leaves open.
    counted: task -> class -> cells that were counted just now, for data sets that are at hand.
    """

    card: Card
    published: Counts = field(default_factory=dict)
    counted: Counts = field(default_factory=dict)

    def rows(self) -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
        """(question, [(statement, its sources), ...]) in the order of the card; the cells stand after the labels."""
        kind = "real cells" if self.card.real else "simulated cells (no microscope was involved)"
        rows = [("Real or simulated", [(f"{kind[0].upper()}{kind[1:]}.", ())])]
        for part, title in PARTS.items():
            facts = getattr(self.card, part)
            rows.append((title, [(_sentence(fact), fact.source) for fact in facts]))
            if part == "labels":
                rows.append(("Tasks and cells", [(self._cells(task), task.source) for task in self.card.tasks]))
        return rows

    def _repr_html_(self) -> str:
        numbers = {name: number for number, name in enumerate(self.card.sources, 1)}
        body = "\n".join(_row(title, facts, numbers) for title, facts in self.rows())
        sources = "".join(f"<li>{_source(source)}</li>" for source in self.card.sources.values())
        name = escape(self.card.name)
        return (
            f'<table class="table data-card"><caption>Data-set card of <code>{name}</code>: '
            f"{escape(self.card.title)}</caption>\n<tbody>\n{body}\n"
            f'<tr><th scope="row" {_HEAD}>Sources</th><td {_BODY}><ol {_LIST}>{sources}</ol></td></tr>\n'
            "</tbody></table>"
        )

    def __str__(self) -> str:
        lines = [f"{self.card.name}: {self.card.title}"]
        lines += [f"{title}: {' '.join(text for text, _ in facts)}" for title, facts in self.rows()]
        lines += [f"[{number}] {_plain(source)}" for number, source in enumerate(self.card.sources.values(), 1)]
        return "\n".join(lines)

    __repr__ = __str__

    def _cells(self, task: Task) -> str:
        """What a task asks, and how many cells of each class there are, as printed and as counted."""
        printed = self.published.get(task.name) or {
            name: count for name, count in task.classes.items() if count is not None
        }
        words = f"`{task.name}` ({task.asks}): "
        unknown = "; no published counts" if self.card.real else ""
        words += f"{_counts(printed)}." if printed else f"{', '.join(task.classes)}{unknown}."
        found = self.counted.get(task.name)
        if found is None:
            return words
        return f"{words} Counted here: {'the same' if dict(found) == dict(printed) else _counts(found)}."


_HEAD = 'style="width: 6.5rem; font-weight: 600"'
_BODY = 'style="overflow-wrap: anywhere"'
_LIST = 'style="margin: 0; padding-left: 1.1rem"'


def _row(title: str, facts: list[tuple[str, tuple[str, ...]]], numbers: Mapping[str, int]) -> str:
    texts = [f"{_text(text)}{_marks(sources, numbers)}" for text, sources in facts]
    inside = texts[0] if len(texts) == 1 else f"<ul {_LIST}>" + "".join(f"<li>{one}</li>" for one in texts) + "</ul>"
    return f'<tr><th scope="row" {_HEAD}>{escape(title)}</th><td {_BODY}>{inside}</td></tr>'


def _sentence(fact: Fact) -> str:
    return fact.says if fact.status == "known" else f"{fact.says} ({fact.status.capitalize()}.)"


def _marks(sources: tuple[str, ...], numbers: Mapping[str, int]) -> str:
    return f" [{', '.join(str(numbers[name]) for name in sources)}]" if sources else ""


def _counts(counts: Mapping[str, int]) -> str:
    return f"{', '.join(f'{name} {count:,}' for name, count in counts.items())} ({sum(counts.values()):,} in all)"


def _text(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def _plain(source: Source) -> str:
    return f"{source.title}: {source.address or source.file or source.command}"


def _source(source: Source) -> str:
    if source.address:
        shown = f"doi:{source.doi}" if source.doi else source.url.removeprefix("https://").split("/tree/")[0]
        return f'{escape(source.title)}, <a href="{escape(source.address)}">{escape(shown)}</a>'
    return f"{escape(source.title)}, <code>{escape(source.file or source.command)}</code>"
