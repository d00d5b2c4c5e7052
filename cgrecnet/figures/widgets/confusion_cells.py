"""A confusion matrix whose counts can be opened: behind each stand some of the cells that it counts.

Without the script, and on paper, all of these groups of cells stand below the table.
"""

from collections.abc import Sequence
from html import escape

import numpy as np

from cgrecnet.data.base import CellDataset
from cgrecnet.figures.widgets.base import Widget, chances, portraits, widget


def confusion_cells(
    cell_ids: Sequence[str],
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    title: str,
    dataset: CellDataset | None = None,
    shown: int = 12,
    seed: int = 0,
) -> Widget:
    """A table of counts (rows: true class, columns: predicted class) with a button in every place that has cells.

    cell_ids, labels, probabilities: one entry or row per cell; probabilities has shape (cells, classes).
    title: what the table shows. dataset: gives the pictures, by `cell_id`; None leaves them out.
    shown: at most so many cells of a place, drawn at random with `seed`, never picked.
    Raises ValueError where shapes disagree, KeyError for a cell that the data set does not have.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if not len(cell_ids) == len(labels) == len(probabilities) or probabilities.shape[1:] != (len(classes),):
        raise ValueError(
            f"{len(cell_ids)} ids, {len(labels)} labels and probabilities of shape {probabilities.shape} "
            f"do not fit each other and {len(classes)} classes."
        )
    predicted = probabilities.argmax(axis=1)
    portrait = portraits(dataset)
    rng = np.random.default_rng(seed)
    rows, groups = [], []
    for true, name in enumerate(classes):
        cells = []
        for guess, other in enumerate(classes):
            members = np.flatnonzero((labels == true) & (predicted == guess))
            drawn = np.sort(rng.choice(members, min(shown, len(members)), replace=False))
            cells.append(_button(true, guess, name, other, len(members), int((labels == true).sum())))
            if len(drawn):
                items = "\n".join(
                    f"<li>{portrait(cell, f'Brightfield picture of cell {cell}, true class {name}.')}"
                    f"<code>{escape(cell)}</code><span>{escape(chances(row, classes))}</span></li>"
                    for cell, row in ((str(cell_ids[i]), probabilities[i]) for i in drawn)
                )
                heading = _heading(name, other, len(members), len(drawn))
                groups.append(
                    f'<section data-place="{true}-{guess}" aria-label="{heading}"><p>{heading}</p>\n'
                    f"<ul>\n{items}\n</ul></section>"
                )
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>')
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in classes)
    body = (
        f"<table><caption>{escape(title)} Rows: true class; columns: predicted class.</caption>"
        f'<thead><tr><th scope="col">true \\ predicted</th>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(rows)
        + '\n</tbody></table>\n<p class="confusion-cells-hint" role="status" hidden>'
        "Choose a count to see cells behind it.</p>\n" + "\n".join(groups)
    )
    return widget(__file__, body, f"Confusion matrix of {len(labels)} cells with a button for every count: {title}")


def _button(true: int, guess: int, name: str, other: str, count: int, total: int) -> str:
    kind = ' class="right"' if true == guess else ""
    share = f"{count / total:.1%}" if total else "no cells"
    content = f"<strong>{count}</strong> <span>{share}</span>"
    if not count:
        return f"<td{kind}><div>{content}</div></td>"
    label = f"{count}, {share} of true {name}, predicted {other}"  # begins as the text: one can say what one sees
    return (
        f'<td{kind}><button type="button" disabled data-place="{true}-{guess}" aria-expanded="false" '
        f'aria-label="{escape(label)}">{content}</button></td>'
    )


def _heading(name: str, other: str, count: int, drawn: int) -> str:
    which = "all of them" if drawn == count else f"{drawn} of them, drawn at random"
    return f"True {escape(name)}, predicted {escape(other)}: {count} cell{'s' * (count != 1)}, {which}"
