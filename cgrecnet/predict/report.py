"""One page about predictions that opens without a network: shares, cells, maps, and what speaks against trusting it."""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cgrecnet.errors import RunError
from cgrecnet.evaluation.calibration import reliability
from cgrecnet.files import shown, whole
from cgrecnet.predict.card import flag_words
from cgrecnet.predict.drawings import cell_png, reliability_curves, share_bars
from cgrecnet.predict.examples import Example, choose, crops, maps
from cgrecnet.predict.folder import AUDIT, ModelFolder
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.run import Summary
from cgrecnet.predict.shares import class_shares
from cgrecnet.predict.words import sentences

_FRAME = Path(__file__).with_name("report.html")
#: Cells with a map.
MAPPED = 6


def write_report(path: Path, folder: ModelFolder, summary: Summary, table: Path, cells: Cells) -> None:
    """Write the page about a finished prediction; names that a user gave are escaped. Raises RunError."""
    audit = json.loads((folder.path / AUDIT).read_text(encoding="utf-8"))
    examples = choose(table, cells, folder.model.classes)
    body = [
        "<h1>Predictions</h1>",
        *(_warned(sentence) for sentence in sentences(summary, folder.model)),
        *_shares(folder, summary),
        *_cells(examples),
        *_maps(folder, examples),
        *_model(folder),
        *_audit(audit),
        f"<p>Model {_safe(summary.identity[:12])}, computed by {_safe(summary.engine)}; input sha256 "
        f"{_safe(summary.digest[:12])}.</p>",
    ]
    filled = {"title": _safe(summary.input), "body": "\n".join(body)}  # at once: a title may look like a place, too
    text = re.sub(r"\{\{(title|body)\}\}", lambda place: filled[place[1]], _FRAME.read_text(encoding="utf-8"))
    try:
        with whole(Path(path)) as file:
            file.write(text)
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be written ({error.strerror}): name another file.") from error


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
        _figure(share_bars(list(model.classes), found.called, found.corrected, found.low, found.high),
                "Bars: the share of each class as called, and corrected with its 95 % interval"),
        _table(["class", "called", "share", "corrected", "95 % interval"],
               [[name, f"{n:,}", f"{share:.1%}", f"{right:.1%}", f"{low:.1%} to {high:.1%}"]
                for name, n, share, right, low, high in rows]),
    ]  # fmt: skip


def _cells(examples: dict[str, list[Example]]) -> list[str]:
    lines = ["<h2>Cells</h2>", "<p>Grey levels of each picture are stretched for the eye.</p>"]
    for title, chosen in examples.items():
        lines.append(f"<h3>{_safe(title)}</h3>")
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
    return f'<figure><img src="{address}" alt="{_safe(words)}"><figcaption>{_safe(words)}</figcaption></figure>'


def _model(folder: ModelFolder) -> list[str]:
    model, known = folder.model, folder.statistics
    labels, probabilities = known["test.labels"], known["test.probabilities"]
    curves = [reliability(labels, probabilities, y) for y in range(len(model.classes))]
    measured = model.measured
    test = measured["test"]
    coverage = [
        [row["class"], f"{row['n']:,}", f"{row['covered'] / row['n']:.1%}" if row["n"] else "",
         f"{row['interval'][0]:.1%} to {row['interval'][1]:.1%}" if row["n"] else ""]
        for row in measured["coverage"]
    ]  # fmt: skip
    return [
        "<h2>What is known of the model</h2>",
        f"<p>On {test['n']:,} test cells: accuracy {test['accuracy']:.1%}, expected calibration error "
        f"{measured['calibration_error']:.3f} ({measured['calibration_error_before']:.3f} before the temperature).</p>",
        _table(["true \\ called", *model.classes],
               [[name, *(f"{n:,}" for n in row)] for name, row in zip(model.classes, test["confusion"], strict=True)]),
        "<p>Reliability on the test cells: a probability that means what it says lies on the dashed line.</p>",
        _figure(reliability_curves(list(model.classes), curves), "Reliability curve of each class on the test cells"),
        f"<p>Coverage of sets at {measured['coverage_asked']:g} on the half of the test cells that judges:</p>",
        _table(["class", "cells", "covered", "95 % interval"], coverage),
        *([f"<p>{_safe(flag_words(model))}.</p>"] if measured["flagged"]["n"] else []),
    ]  # fmt: skip


def _audit(audit: dict) -> list[str]:
    """Shortcuts in the training data, and random against grouped folds."""
    lines = ["<h2>Could it have learnt a shortcut?</h2>"]
    lines += [_warned(f"Look at this: {words}") for words in audit["findings"]]
    lines += [f"<p>{_safe(words)}</p>" for words in audit["remarks"]]
    rows = [
        [probe["sees"] + (" only, standardised" if probe["standardised"] else " only"), *_score(probe["score"])]
        for probe in audit["probes"]
    ]
    for name, whole_picture in (("whole picture", audit["whole"]), ("standardised", audit["whole_standardised"])):
        if not whole_picture:
            continue
        rows.append([f"{name}, random folds", *_score(whole_picture["random"])])
        if whole_picture["grouped"]:
            rows.append([f"{name}, folds of new groups", *_score(whole_picture["grouped"])])
    if rows:
        lines.append(
            f"<p>How well a simple classifier names the class of training images (chance: {audit['chance']:.3f}):</p>"
        )
        lines.append(_table(["it sees", "balanced accuracy", "95 % interval"], rows))
    if audit["groups"] < 2:
        lines.append(_warned("All training cells are of one acquisition, so that nothing rules out a shortcut."))
    return [*lines, f"<details><summary>The whole audit</summary><pre>{_safe(audit['text'])}</pre></details>"]


def _score(score: dict) -> list[str]:
    return [f"{score['balanced']:.3f}", f"{score['low']:.3f} to {score['high']:.3f}"]


def _warned(sentence: str) -> str:
    loud = ("do not trust", "used to train", "Look at this", "nothing rules out", "could not be read", "Too few")
    kind = ' class="warn"' if any(words in sentence for words in loud) else ""
    return f"<p{kind}>{_safe(sentence)}</p>"


def _figure(drawing: str, words: str) -> str:
    return f'<div role="img" aria-label="{_safe(words)}">{drawing}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th>{_safe(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{_safe(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{lines}</table>"


def _safe(text) -> str:
    return html.escape(str(text), quote=True)
