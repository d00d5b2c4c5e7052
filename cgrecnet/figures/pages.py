"""Pages of the book, and where each figure and table of the paper has its counterpart."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from cgrecnet.paths import REPOSITORY

#: Figure or table of the paper -> what it shows, the page of its counterpart below book/, and what stands there.
COUNTERPARTS: dict[str, tuple[str, str, str]] = {
    "Figure 1": ("workflow", "1_question/figures", "the steps of this book beside the paper's"),
    "Figure 2": ("a cell of each class", "1_question/figures", "simulated and Jurkat cells, drawn at random"),
    "Figure 3": ("the same cells in all channels", "1_question/figures", "simulated markers, Jurkat references"),
    "Figure 4": ("architecture", "1_question/figures", "shapes recorded while the network ran"),
    "Figure 5": ("curves and boxes over folds", "5_results/ablation", "the same on Jurkat cells"),
    "Figure 6": ("ROC curves", "5_results/classes", "each class against the rest, with intervals"),
    "Figure 7": ("confusion matrices", "5_results/classes", "counts, shares and intervals"),
    "Figure 8": ("Grad-CAM", "6_explanation/grad_cam", "maps of several methods, with controls"),
    "Table 1": ("cells per class", "2_data/meeting_the_data", "counts of each data set"),
    "Table 2": ("implementation parameters", "7_judgement/deviations", "open choices and what was chosen"),
    "Table 3": ("ablation", "5_results/ablation", "the four systems on Jurkat cells"),
    "Table 4": ("comparison", "5_results/comparison", "CG-RecNet against other systems"),
    "Table 5": ("F1 of each class", "5_results/classes", "the same with intervals"),
}


@cache
def pages_of_the_book(root: Path = REPOSITORY) -> frozenset[str]:
    """The pages that the table of contents lists, as `1_question/claims`; none where there is no book."""
    contents = root / "_toc.yml"
    return frozenset(_names(yaml.safe_load(contents.read_text(encoding="utf-8"))) if contents.is_file() else ())


def link(page: str, words: str | None = None, root: Path = REPOSITORY) -> str:
    """A link in MyST to a page below book/, with its title or these words; plain words where there is no such page."""
    if page in pages_of_the_book(root):
        return f"{{doc}}`{words} </book/{page}>`" if words else f"{{doc}}`/book/{page}`"
    return words or page.rpartition("/")[2].replace("_", " ")


def counterpart_rows() -> list[str]:
    """Lines of a Markdown table: the paper's figures and tables, and where this book has their counterparts."""
    rows = [
        f"| {name} | {shows} | {link(page)} | {here} |" for name, (shows, page, here) in COUNTERPARTS.items()
    ]  # fmt: skip
    return ["| the paper | shows | counterpart | what stands there |", "|---|---|---|---|", *rows]


def _names(node) -> list[str]:
    if isinstance(node, list):
        return [name for part in node for name in _names(part)]
    if not isinstance(node, dict):
        return []
    own = [str(node[key]).removeprefix("book/") for key in ("root", "file") if key in node]
    return own + [name for value in node.values() for name in _names(value)]
