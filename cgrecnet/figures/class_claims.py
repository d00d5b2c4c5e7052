"""What the paper claims of single classes (C24 to C29) beside the same measures on our cells; no verdict is given."""

from collections.abc import Mapping

import numpy as np

from cgrecnet.evaluation.areas import Areas
from cgrecnet.evaluation.bootstrap import class_f1_intervals, f1_of_counts
from cgrecnet.figures.classes import NAMES, gains, recalls, signed, span
from cgrecnet.paper.claims import load_claims
from cgrecnet.paper.tables import Table
from cgrecnet.runs.pooled import Pooled

FULL, BASE = "cg_recnet", "resnet50"


def claim_rows(
    pooled: Pooled | None, by_model: Mapping[str, Areas] | None, table5: Table, figure7: Table
) -> list[list[str]]:
    """Rows (claim, the paper, here) for C24 to C29; where there are no runs the last column says so.

    pooled: predictions with the models `cg_recnet` and `resnet50` among others; by_model: their ROC areas.
    """
    claims = load_claims()
    theirs = {
        "C24": _paper_f1(table5),
        "C25": f"{_gain_of(table5, 'Oligodendrocytes')} in Oligodendrocytes over Baseline",
        "C26": "\n".join(f"{signed(m, 2)} in {name} over {other}" for name, (other, m) in _margins(table5).items()),
        "C27": "\n".join(f"{name} {_text(figure7.cell(name, 'recall'))} %" for name in figure7.rows),
        "C28": claims["C28"].values[0].printed,
        "C29": "in every class; no areas in the text at hand",
    }
    here = dict.fromkeys(theirs, "no runs here") if pooled is None or by_model is None else _here(pooled, by_model)
    return [[f"{name}: {claims[name].title}", theirs[name], here[name]] for name in theirs]


def _here(pooled: Pooled, by_model: Mapping[str, Areas]) -> dict[str, str]:
    names = pooled.classes
    mine = class_f1_intervals(pooled.labels, pooled.probabilities[FULL], names)
    found = gains(pooled)
    rarest = names[int(np.bincount(pooled.labels, minlength=len(names)).argmin())]
    gain, interval = found[rarest, BASE]
    score = {model: f1_of_counts(pooled.confusion(model)) for model in pooled.models}
    margins = []
    for index, name in enumerate(names):
        other = max((m for m in pooled.models if m != FULL), key=lambda m: score[m][index])
        value, ends = found[name, other]
        margins.append(f"{signed(value, 2)} ({span(ends, 1, 2, sign=True)}) in {name} over {NAMES.get(other, other)}")
    best = [max(by_model, key=lambda m: by_model[m].values[index]) == FULL for index in range(len(names))]
    macro = by_model[FULL]
    return {
        "C24": "\n".join(f"{one.name} {100 * one.f1:.1f} ({span(one.interval95)})" for one in mine),
        "C25": f"{signed(gain, 2)} ({span(interval, 1, 2, sign=True)}) in {rarest}, the rarest class, over Baseline",
        "C26": "\n".join(margins),
        "C27": "\n".join(
            f"{name} {100 * hits / total:.1f} % ({span(ends)})"
            for name, (hits, total, ends) in zip(names, recalls(pooled, FULL), strict=True)
        ),
        "C28": f"{macro.values[-1]:.4f} ({span(macro.interval(-1), 1, 4)})",
        "C29": f"largest area in {sum(best)} of {len(names)} classes, among {len(by_model)} networks",
    }


def _text(cell) -> str:
    return "lost" if cell is None else cell.value


def _paper_f1(table: Table) -> str:
    return "\n".join(f"{name} {_text(table.cell(name, 'CG-RecNet'))}" for name in table.rows) + "\n(CG-RecNet)"


def _gain_of(table: Table, name: str) -> str:
    cell = table.cell(name, "improvement")
    return "lost" if cell is None else signed(cell.number, 2)


def _margins(table: Table) -> dict[str, tuple[str, float]]:
    """Class -> the best other model of Table 5 and the lead of CG-RecNet over it in percentage points."""
    others = [c for c in table.columns if c not in ("support", "improvement", "CG-RecNet")]
    found = {}
    for name in table.rows:
        scores = {o: table.cell(name, o).number for o in others if table.cell(name, o) is not None}
        best = max(scores, key=scores.get)
        found[name] = best, table.cell(name, "CG-RecNet").number - scores[best]
    return found
