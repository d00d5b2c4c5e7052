"""Pictures of cells with filters: choose a true class, a predicted one, right or wrong, and see who is left.

Without the script, and on paper, all cells of the gallery stand side by side.
"""

from collections.abc import Mapping, Sequence
from html import escape

from cgrecnet.data.base import CellDataset
from cgrecnet.figures.widgets.base import Widget, portraits, widget


def gallery(
    cell_ids: Sequence[str],
    filters: Mapping[str, Sequence[str]],
    words: Sequence[str],
    label: str,
    dataset: CellDataset | None = None,
    side: int = 80,
) -> Widget:
    """Cells with one choice per filter; a cell is shown where it fits every choice.

    cell_ids: the cells, in the order in which they stand. filters: name -> value of each cell.
    words: what is said below each picture. label: what the gallery holds.
    dataset: gives the pictures, by `cell_id`; None leaves them out.
    Raises ValueError for no cell or unequal lengths, KeyError for a cell that the data set does not have.
    """
    lengths = {"words": len(words)} | {name: len(values) for name, values in filters.items()}
    if not len(cell_ids) or any(length != len(cell_ids) for length in lengths.values()):
        listed = ", ".join(f"{length} of {name!r}" for name, length in lengths.items())
        raise ValueError(f"A gallery needs one entry of each kind per cell, not {len(cell_ids)} cells and {listed}.")
    portrait = portraits(dataset, side)
    choices = {name: list(dict.fromkeys(values)) for name, values in filters.items()}
    items = []
    for number, cell in enumerate(cell_ids):
        values = {name: filters[name][number] for name in filters}
        alt = f"Brightfield picture of cell {cell}; " + ", ".join(f"{n}: {v}" for n, v in values.items()) + "."
        fits = ",".join(str(choices[name].index(value)) for name, value in values.items())
        text = f"<code>{escape(cell)}</code><span>{escape(words[number])}</span>"
        items.append(f'<li data-fits="{fits}">{portrait(cell, alt)}{text}</li>')
    selects = "".join(_select(name, values, filters[name]) for name, values in choices.items())
    body = (
        f'<div class="gallery-control" role="group" aria-label="{escape(label)}: filters" hidden>{selects}'
        '<button type="button">show all</button></div>\n'
        f'<p role="status" hidden>{len(items)} of {len(items)} cells</p>\n'
        f'<ul tabindex="0" aria-label="{escape(label)}">\n' + "\n".join(items) + "\n</ul>"
    )
    return widget(__file__, body, f"Gallery of {len(items)} cells with the filters {', '.join(filters)}: {label}")


def _select(name: str, values: Sequence[str], each: Sequence[str]) -> str:
    options = "".join(
        f'<option value="{i}">{escape(value)} ({list(each).count(value)})</option>' for i, value in enumerate(values)
    )
    return f'<label>{escape(name)} <select autocomplete="off"><option value="">any</option>{options}</select></label>'
