"""Tables of the page on single classes: F1, recall and ROC area of each class, and the paper's beside them."""

from collections.abc import Mapping
from itertools import product

from cgrecnet.evaluation.areas import Areas
from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.classwise import f1_differences
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.paper_runs import MODEL_OF
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.paper.tables import Table
from cgrecnet.runs.pooled import Pooled

#: Name of a model here -> the name that a table shows: the paper's, where it has one.
NAMES = {here: paper for paper, here in MODEL_OF.items()} | {"zhu_xception": "Zhu's Xception"}
MINUS = "\N{MINUS SIGN}"


def span(interval: tuple[float, float], scale: float = 100, digits: int = 1, sign: bool = False) -> str:
    """An interval in words, such as `81.2 to 84.9`, both ends times `scale`."""
    return " to ".join(signed(scale * end, digits) if sign else f"{scale * end:.{digits}f}" for end in interval)


def signed(value: float, digits: int = 1) -> str:
    """A difference with its sign, such as `+1.2` or `−0.4`; `0.0` has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def accuracy_text(pooled: Pooled, model: str) -> str:
    """`86.2 (floor 68.2)`, then `balanced 81.3`: no accuracy without that of always naming the largest class."""
    counts = pooled.confusion(model)
    hits, sizes = counts.diagonal(), counts.sum(axis=1)
    floor, balanced = sizes.max() / sizes.sum(), (hits / sizes).mean()
    return f"{100 * hits.sum() / sizes.sum():.1f} (floor {100 * floor:.1f})\nbalanced {100 * balanced:.1f}"


def f1_table(pooled: Pooled, label: str) -> str:
    """F1 in per cent of each class (rows) and model (columns), with 95 % bootstrap intervals over cells."""
    each = {m: class_f1_intervals(pooled.labels, pooled.probabilities[m], pooled.classes) for m in pooled.models}
    rows = []
    for index, name in enumerate(pooled.classes):
        cells = [each[model][index] for model in pooled.models]
        texts = [f"{100 * cell.f1:.1f}\n({span(cell.interval95)})" for cell in cells]
        rows.append([name, f"{cells[0].support:,}", *texts])
    return wide_table(["class", "cells", *(NAMES.get(m, m) for m in pooled.models)], rows, label)


def paper_f1_table(table: Table, label: str) -> str:
    """The paper's Table 5 as printed: F1 in per cent of each class and model; `lost` where the text has lost it."""
    models = [column for column in table.columns if column not in ("support", "improvement")]
    rows = []
    for name in table.rows:
        cells = [table.cell(name, column) for column in ("support", *models)]
        texts = ["lost" if cell is None else cell.value for cell in cells]
        rows.append([name, *texts])
    return wide_table(["class", "cells", *models], rows, label)


def gains(pooled: Pooled, first: str = "cg_recnet") -> dict[tuple[str, str], tuple[float, tuple[float, float]]]:
    """(class, other model) -> F1 of `first` less that of the other in percentage points, with its 95 % interval."""
    found = {}
    for other in pooled.models:
        if other != first:
            for one in f1_differences(pooled.labels, pooled.predicted(first), pooled.predicted(other), pooled.classes):
                found[one.name, other] = one.difference, one.interval95
    return found


def gain_table(pooled: Pooled, label: str, first: str = "cg_recnet") -> str:
    """`gains` as a table: classes in rows, the models that are compared with `first` in columns."""
    found = gains(pooled, first)
    others = [model for model in pooled.models if model != first]
    rows = [
        [name, *(f"{signed(found[name, m][0])}\n({span(found[name, m][1], 1, sign=True)})" for m in others)]
        for name in pooled.classes
    ]
    return wide_table(["class", *(f"minus {NAMES.get(m, m)}" for m in others)], rows, label)


def recalls(pooled: Pooled, model: str) -> list[tuple[int, int, tuple[float, float]]]:
    """For each class: cells that `model` finds, cells of the class, and Wilson's 95 % interval of their ratio."""
    counts = pooled.confusion(model)
    found = []
    for index in range(len(pooled.classes)):
        hits, total = int(counts[index, index]), int(counts[index].sum())
        found.append((hits, total, wilson(hits, total)))
    return found


def area_table(pooled: Pooled, by_model: Mapping[str, Areas], label: str) -> str:
    """ROC areas per class and their mean with 95 % bootstrap intervals; and the mean of the folds' own macro areas."""
    rows = []
    for index, name in enumerate((*pooled.classes, "macro (mean of the classes)")):
        texts = [f"{area.values[index]:.4f}\n({span(area.interval(index), 1, 4)})" for area in by_model.values()]
        rows.append([name, *texts])
    folds = f"n = {len(pooled.folds_in)} {'fold' if len(pooled.folds_in) == 1 else 'folds'}"
    rows.append([f"macro, mean of the folds ({folds})", *(_mean_of_folds(pooled, model) for model in by_model)])
    return wide_table(["class against the rest", *(NAMES.get(m, m) for m in by_model)], rows, label)


def _mean_of_folds(pooled: Pooled, model: str) -> str:
    values = [r.test["macro"]["auc"] for r in pooled.records if r.config["model"] == model]
    return "a class is absent in a fold" if None in values else f"{sum(values) / len(values):.4f}"


def clear(differences: Mapping[object, tuple[float, tuple[float, float]]]) -> int:
    """How many of the differences have an interval that leaves out 0."""
    return sum(low > 0 or high < 0 for _, (low, high) in differences.values())


def commonest_mistake(pooled: Pooled, model: str) -> tuple[str, str, int, int]:
    """The pair (true class, predicted class) with the most wrong cells, their number, and all wrong cells."""
    counts = pooled.confusion(model)
    wrong = {(i, j): int(counts[i, j]) for i, j in product(range(len(counts)), repeat=2) if i != j}
    true, guess = max(wrong, key=wrong.get)
    return pooled.classes[true], pooled.classes[guess], wrong[true, guess], sum(wrong.values())
