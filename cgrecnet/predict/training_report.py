"""One page about a training that opens without a network: curves, confusion with its cells, reliability, audit."""

from pathlib import Path

import numpy as np

from cgrecnet.errors import DataError
from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.metrics import score
from cgrecnet.predict.drawings import cell_png, learning_curves
from cgrecnet.predict.page import (
    audit_part,
    coverage_part,
    figure,
    picture,
    reliability_part,
    warned,
    write_page,
)
from cgrecnet.predict.trained import Trained
from cgrecnet.runs.page import safe

#: Cells shown behind a count, and counts that have theirs, the errors first.
SHOWN, COUNTS = 6, 60


def write_training_report(path: Path, trained: Trained) -> None:
    """Write the page; names that a user gave are escaped. Raises RunError where the disk refuses."""
    body = [
        f"<h1>Training: {safe(trained.config['model'])} on {safe(trained.data['name'])}</h1>",
        *_standing(trained),
        *_curves(trained),
        *_confusion(trained),
        "<h2>Can its probabilities be believed?</h2>",
        *reliability_part(trained.classes, trained.labels, trained.probabilities),
        *(coverage_part(trained.model) if trained.model else []),
        *audit_part(trained.audit),
        f"<p>{safe(trained.name)}; cells {safe(trained.data['fingerprint'][:12])}, split "
        f"{safe(trained.split['manifest'][:12])}.</p>",
    ]
    write_page(path, f"Training: {trained.name}", body)


def _standing(trained: Trained) -> list[str]:
    """Scores, beside what the largest class alone would give, and of which cells they are."""
    test = score(trained.labels, trained.probabilities, trained.classes)
    largest = np.bincount(trained.labels, minlength=len(trained.classes)).max() / len(trained.labels)
    error = expected_calibration_error(trained.labels, trained.probabilities)
    sizes = ", ".join(f"{name} {size:,}" for name, size in trained.split["sizes"].items())
    found = [
        f"On {test['n']:,} test cells: accuracy {test['accuracy']:.1%} (the largest class alone: {largest:.1%}), "
        f"balanced accuracy {test['balanced_accuracy']:.1%}, macro F1 {test['macro']['f1']:.3f}, expected calibration "
        f"error {error:.3f}{' after the temperature' if trained.model else ''}.",
        f"{trained.data['origin']} {trained.data['cells']:,} cells, split {trained.split['kind']}: {sizes}.",
    ]
    if trained.data["simulated"]:
        found.append("Look at this: the cells are simulated, and what holds for them need not hold for real ones.")
    if not trained.split["kind"].startswith("grouped"):
        found.append("Test cells come from the acquisitions that were trained on: cells of new ones may be harder.")
    return [warned(sentence) for sentence in found]


def _curves(trained: Trained) -> list[str]:
    if not trained.histories:
        return ["<h2>Learning curves</h2>", "<p>This model folder was written by a version that kept none.</p>"]
    return [
        "<h2>Learning curves</h2>",
        "<p>A colour for each network; the ring is the epoch whose weights were tested.</p>",
        figure(learning_curves(trained.histories), "Loss and macro F1 on validation cells by epoch"),
    ]


def _confusion(trained: Trained) -> list[str]:
    """The table of counts, each with a link to its cells below."""
    called = trained.probabilities.argmax(axis=1)
    counts = np.zeros((len(trained.classes),) * 2, int)
    np.add.at(counts, (trained.labels, called), 1)
    pairs = [(int(y), int(k)) for y, k in np.argwhere(counts)]
    pairs = sorted(pairs, key=lambda pair: (pair[0] == pair[1], -counts[pair]))[:COUNTS]
    head = "".join(f"<th>{safe(name)}</th>" for name in ("true \\ called", *trained.classes))
    lines = []
    for y, name in enumerate(trained.classes):
        cells = (
            f'<td><a href="#cells-{y}-{k}">{n:,}</a></td>' if (y, k) in pairs else f"<td>{n:,}</td>"
            for k, n in enumerate(counts[y])
        )
        lines.append(f"<tr><td>{safe(name)}</td>{''.join(cells)}</tr>")
    rest = int((counts > 0).sum()) - len(pairs)
    return [
        "<h2>What is taken for what</h2>",
        "<p>Each count leads to its cells. Grey levels of each picture are stretched for the eye.</p>",
        f'<div class="wide"><table><tr>{head}</tr>{"".join(lines)}</table></div>',
        *(line for pair in pairs for line in _cells(trained, called, *pair)),
        *([f"<p>{rest} more counts have no pictures here.</p>"] if rest else []),
    ]


def _cells(trained: Trained, called: np.ndarray, y: int, k: int) -> list[str]:
    """The cells of class y that are called k: of errors the surest, of the others the least sure."""
    here = np.flatnonzero((trained.labels == y) & (called == k))
    sure = trained.probabilities[here, k]
    chosen = here[np.argsort(-sure if y != k else sure, kind="stable")][:SHOWN]
    which = "" if len(here) <= SHOWN else f", the {SHOWN} {'surest' if y != k else 'least sure'}"
    names = trained.classes
    lines = [
        f'<section id="cells-{y}-{k}">',
        f"<h3>{safe(names[y])} called {safe(names[k])}: {len(here):,}{which}</h3>",
        '<div class="cells">',
    ]
    for cell in chosen:
        row = int(trained.rows[cell])
        words = f"{trained.dataset.table['cell_id'].iloc[row]}: {names[k]} {trained.probabilities[cell, k]:.2f}"
        if y != k:
            words += f", {names[y]} {trained.probabilities[cell, y]:.2f}"
        try:
            lines.append(picture(cell_png(np.asarray(trained.dataset.images[row])), words))
        except DataError:  # the file is gone since
            lines.append(f"<p>{safe(words)}; the image cannot be read any more</p>")
    return [*lines, "</div>", "</section>"]
