"""Counterpart of the paper's Figure 1: its four stages, and the steps of this book."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cgrecnet.figures.flow import Box, draw_flow

#: The stages that section 2.1 names.
PAPER = ("data\nacquisition", "preprocessing", "model\ntraining", "interpretation\n(Grad-CAM)")
#: Steps of this book: place (column, row), and whether the paper's section 2.1 names nothing like it.
BOOK = {
    "images": (0, 0, False),
    "store\n(one file)": (1, 0, True),
    "audit (copies,\nshortcuts)": (2, 0, True),
    "split, by cell\nand by run": (3, 0, False),
    "crops and\nnormalisation": (3, 1, False),
    "training\n(folds, seeds)": (2, 1, False),
    "a record of\neach run": (1, 1, True),
    "maps, scored\nby masks": (0, 1, True),
    "claims with\ntolerances": (0, 2, True),
    "planned\ncomparisons": (1, 2, True),
    "verdicts": (2, 2, True),
    "arithmetic on\nprinted numbers": (3, 2, True),
}
ARROWS = (
    ("images", "store\n(one file)"),
    ("store\n(one file)", "audit (copies,\nshortcuts)"),
    ("audit (copies,\nshortcuts)", "split, by cell\nand by run"),
    ("split, by cell\nand by run", "crops and\nnormalisation"),
    ("crops and\nnormalisation", "training\n(folds, seeds)"),
    ("training\n(folds, seeds)", "a record of\neach run"),
    ("a record of\neach run", "maps, scored\nby masks"),
    ("a record of\neach run", "planned\ncomparisons"),
    ("claims with\ntolerances", "planned\ncomparisons"),
    ("planned\ncomparisons", "verdicts"),
    ("arithmetic on\nprinted numbers", "verdicts"),
)


def draw_workflows() -> Figure:
    """A: the paper's four stages; B: the steps of this book, in the second colour where the paper names none."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.0, 4.2), height_ratios=(1, 2.6))
    paper = {text: Box(2 * place, 0, text, width=1.7) for place, text in enumerate(PAPER)}
    draw_flow(above, paper, list(zip(PAPER, PAPER[1:], strict=False)))
    book = {text: Box(2 * x, -1.15 * y, text, width=1.7, marked=new) for text, (x, y, new) in BOOK.items()}
    draw_flow(below, book, ARROWS)
    above.set_title("A   the paper, section 2.1")
    below.set_title("B   this book")
    return figure
