"""One page about predictions that opens without a network: shares, cells, maps, and what speaks against trusting it."""

import json
from pathlib import Path

import numpy as np

from cgrecnet.predict.drawings import cell_png, share_bars
from cgrecnet.predict.examples import Example, choose, crops, maps
from cgrecnet.predict.folder import AUDIT, ModelFolder
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.page import (
    audit_part,
    coverage_part,
    figure,
    picture,
    reliability_part,
    table,
    warned,
    write_page,
)
from cgrecnet.predict.run import Summary
from cgrecnet.predict.shares import class_shares
from cgrecnet.predict.words import sentences
from cgrecnet.runs.page import safe

#: Cells with a map.
MAPPED = 6


def write_report(path: Path, folder: ModelFolder, summary: Summary, rows: Path, cells: Cells) -> None:
    """Write the page about a finished prediction, whose table is the file `rows`; names are escaped.

    Raises RunError.
    """
    audit = json.loads((folder.path / AUDIT).read_text(encoding="utf-8"))
    examples = choose(rows, cells, folder.model.classes)
    body = [
        "<h1>Predictions</h1>",
        *(warned(sentence) for sentence in sentences(summary, folder.model)),
        *_shares(folder, summary),
        *_cells(examples),
        *_maps(folder, examples),
        *_model(folder),
        *audit_part(audit),
        f"<p>Model {safe(summary.identity[:12])}, computed by {safe(summary.engine)}; input sha256 "
        f"{safe(summary.digest[:12])}.</p>",
    ]
    write_page(path, f"Predictions: {summary.input}", body)


def _shares(folder: ModelFolder, summary: Summary) -> list[str]:
    model = folder.model
    confusion = np.array(model.measured["test"]["confusion"])
    called = np.array([summary.called.get(name, 0) for name in model.classes])
    lines = ["<h2>How many of each class</h2>"]
    if not confusion.sum(axis=1).all():
        return [*lines, "<p>Not corrected: a class has no test cell.</p>"]
    found = class_shares(called, confusion)
    rows = zip(model.classes, called.tolist(), found.called, found.corrected, found.low, found.high, strict=True)
    return [
        *lines,
        f"<p>Corrected for what the model confuses on {confusion.sum():,} test cells. "
        "This takes its errors for the same in these cells; where many are unlike the training images, they are "
        "not.</p>",
        figure(share_bars(list(model.classes), found.called, found.corrected, found.low, found.high),
                "Bars: the share of each class as called, and corrected with its 95 % interval"),
        table(["class", "called", "share", "corrected", "95 % interval"],
               [[name, f"{n:,}", f"{share:.1%}", f"{right:.1%}", f"{low:.1%} to {high:.1%}"]
                for name, n, share, right, low, high in rows]),
    ]  # fmt: skip


def _cells(examples: dict[str, list[Example]]) -> list[str]:
    lines = ["<h2>Cells</h2>", "<p>Grey levels of each picture are stretched for the eye.</p>"]
    for title, chosen in examples.items():
        lines.append(f"<h3>{safe(title)}</h3>")
        if not chosen:
            lines.append("<p>None.</p>")
            continue
        lines.append('<div class="cells">')
        lines += [_picture(example, cell_png(example.image)) for example in chosen]
        lines.append("</div>")
    return lines


def _maps(folder: ModelFolder, examples: dict[str, list[Example]]) -> list[str]:
    first = [chosen[i] for i in range(2) for chosen in examples.values() if len(chosen) > i][:MAPPED]
    if not first:
        return []
    _, seen = crops(folder, first)
    heats = maps(folder, first)
    return [
        "<h2>Where the network looked</h2>",
        "<p>Grad-CAM of the first network for the class that was called, over the part of the image that it sees. "
        "Bright places speak for the class; a map on the background is a warning, one on the cell is no proof.</p>",
        '<div class="cells">',
        *(
            _picture(example, cell_png(image, one))
            for example, image, one in zip(first, seen, heats, strict=True)
        ),
        "</div>",
    ]


def _picture(example: Example, address: str) -> str:
    row = example.row
    words = f"{row['cell_id']}: {row['class']} {row['p_' + row['class']]:.2f}; set: {row['set'] or 'none'}"
    if row["unlike"]:
        words += f"; unlike: {row['reasons']}"
    return picture(address, words)


def _model(folder: ModelFolder) -> list[str]:
    model, known = folder.model, folder.statistics
    measured, test = model.measured, model.measured["test"]
    return [
        "<h2>What is known of the model</h2>",
        f"<p>On {test['n']:,} test cells: accuracy {test['accuracy']:.1%}, expected calibration error "
        f"{measured['calibration_error']:.3f} ({measured['calibration_error_before']:.3f} before the temperature).</p>",
        table(["true \\ called", *model.classes],
              [[name, *(f"{n:,}" for n in row)] for name, row in zip(model.classes, test["confusion"], strict=True)]),
        *reliability_part(model.classes, known["test.labels"], known["test.probabilities"]),
        *coverage_part(model),
    ]  # fmt: skip
