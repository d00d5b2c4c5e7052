"""Marks burnt into the pictures of one class, such as a scale bar: pixels extreme at one place in most of them.

A pixel counts as extreme where it has the lightest or the darkest level of its picture. In a picture of a cell these
stand anywhere; the same place in most pictures of a class, and in few of the others, is no cell's doing. Places are
counted from each corner, since pictures differ in size.
"""

from dataclasses import dataclass

import numpy as np

from cgrecnet.data.audit.duplicates import one_plane
from cgrecnet.data.base import CellDataset

#: Pixels from a corner, both ways, that are looked at.
REACH = 128
#: Share of a class's pictures in which a place is extreme, and by how much more than in any other class.
MOST, MORE = 0.6, 0.4
#: So many such pixels are a mark; fewer cells of a class than `CELLS` show none.
PIXELS, CELLS = 4, 8
#: Corner -> where rows and columns are counted from.
CORNERS = {
    "top left": (1, 1),
    "top right": (1, -1),
    "bottom left": (-1, 1),
    "bottom right": (-1, -1),
}


@dataclass(frozen=True)
class Mark:
    """Pixels that are extreme in most pictures of class `kind`: so many, in what share of them, how far from where.

    rows, columns: first and last, counted from the corner (0 is the edge).
    """

    kind: str
    pixels: int
    share: float
    corner: str
    rows: tuple[int, int]
    columns: tuple[int, int]


def burnt_in(dataset: CellDataset) -> tuple[Mark, ...]:
    """The largest mark of each class that has one; reads every image once."""
    labels = np.asarray(dataset.labels)
    classes = [label for label in range(len(dataset.classes)) if (labels == label).sum() >= CELLS]
    if len(classes) < 2:
        return ()
    extreme = np.zeros((len(CORNERS), 2, len(dataset.classes), REACH, REACH), np.int32)
    there = np.zeros((len(CORNERS), len(dataset.classes), REACH, REACH), np.int32)
    for image, label in zip(dataset.images, labels, strict=True):
        image = one_plane(image)
        ends = image.max(), image.min()
        if ends[0] == ends[1]:
            continue
        for corner, (rows, columns) in enumerate(CORNERS.values()):
            part = image[::rows, ::columns][:REACH, :REACH]
            place = slice(part.shape[0]), slice(part.shape[1])
            there[(corner, label, *place)] += 1
            for end, level in enumerate(ends):
                extreme[(corner, end, label, *place)] += part == level
    enough = np.maximum((labels[:, None] == np.arange(len(dataset.classes))).sum(axis=0) // 2, CELLS)
    share = np.where(there >= enough[None, :, None, None], 1.0, 0.0)[:, None] * extreme / np.maximum(there, 1)[:, None]
    return tuple(mark for label in classes if (mark := _largest(dataset, share, classes, label)))


def _largest(dataset: CellDataset, share: np.ndarray, classes: list[int], label: int) -> Mark | None:
    """The clearest mark of one class, of all corners and both ends of the scale.

    Pictures differ in size, so that from other corners a mark is smeared: more pixels, each in fewer pictures.
    """
    own, others = share[:, :, label], share[:, :, [one for one in classes if one != label]].max(axis=2)
    marked = (own >= MOST) & (own - others >= MORE)
    clear = np.where(marked, own, 0) ** 4
    corner, end = np.unravel_index(clear.sum(axis=(2, 3)).argmax(), clear.shape[:2])
    if marked[corner, end].sum() < PIXELS:
        return None
    rows, columns = np.nonzero(marked[corner, end])
    return Mark(
        kind=dataset.classes[label],
        pixels=len(rows),
        share=float(own[corner, end][rows, columns].mean()),
        corner=list(CORNERS)[corner],
        rows=(int(rows.min()), int(rows.max())),
        columns=(int(columns.min()), int(columns.max())),
    )
