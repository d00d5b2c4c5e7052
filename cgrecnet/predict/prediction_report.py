"""One page about predictions that opens without a network: shares, cells, maps, and what speaks against trusting it."""

import json
from pathlib import Path

import numpy as np

from cgrecnet.predict.card import TEMPLATES, flag_sentence
from cgrecnet.predict.drawings import cell_png, reliability_curves, share_bars
from cgrecnet.predict.examples import Example, choose, crops, maps
from cgrecnet.predict.folder import AUDIT, Model, ModelFolder
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.shares import class_shares
from cgrecnet.predict.summary import Summary, sentences
from cgrecnet.runs.page import write_page

#: Cells with a map.
MAPPED = 6


def write_prediction_report(path: Path, folder: ModelFolder, summary: Summary, rows: Path, cells: Cells) -> None:
    """Write the page about a finished prediction, whose table is the file `rows`; names are escaped.

    Raises RunError.
    """
    model, known = folder.model, folder.statistics
    examples = choose(rows, cells, model.classes)
    write_page(
        Path(path),
        f"Predictions: {summary.input}",
        TEMPLATES / "predictions.html",
        "report.css",
        summary=summary,
        sentences=sentences(summary, model),
        shares=_shares(model, summary),
        tested=np.sum(model.measured["test"]["confusion"]),
        examples={title: [(cell_png(one.image), _words(one)) for one in shown] for title, shown in examples.items()},
        maps=_maps(folder, examples),
        model=model,
        curves=reliability_curves(model.classes, known["test.labels"], known["test.probabilities"]),
        flag=flag_sentence(model),
        audit=json.loads((folder.path / AUDIT).read_text(encoding="utf-8")),
    )


def _shares(model: Model, summary: Summary) -> dict | None:
    """Bars and rows of the table of shares; None where a class has no test cell, so that nothing corrects them."""
    confusion = np.array(model.measured["test"]["confusion"])
    called = np.array([summary.called.get(name, 0) for name in model.classes])
    if not confusion.sum(axis=1).all():
        return None
    found = class_shares(called, confusion)
    rows = zip(model.classes, called.tolist(), found.called, found.corrected, found.low, found.high, strict=True)
    return {
        "bars": share_bars(list(model.classes), found.called, found.corrected, found.low, found.high),
        "rows": [[name, f"{n:,}", f"{share:.1%}", f"{right:.1%}", f"{low:.1%} to {high:.1%}"]
                 for name, n, share, right, low, high in rows],
    }  # fmt: skip


def _maps(folder: ModelFolder, examples: dict[str, list[Example]]) -> list[tuple[str, str]]:
    """Pictures with Grad-CAM, and their words, of the first cells of each title."""
    first = [chosen[i] for i in range(2) for chosen in examples.values() if len(chosen) > i][:MAPPED]
    if not first:
        return []
    images, grey = crops(folder, first)
    shown = zip(first, grey, maps(folder, first, images), strict=True)
    return [(cell_png(image, heat), _words(example)) for example, image, heat in shown]


def _words(example: Example) -> str:
    row = example.row
    words = f"{row['cell_id']}: {row['class']} {row['p_' + row['class']]:.2f}; set: {row['set'] or 'none'}"
    return words + (f"; unlike: {row['reasons']}" if row["unlike"] else "")
