"""What the pages about predictions and about a training have in common: one file that opens without a network."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cgrecnet.errors import RunError
from cgrecnet.evaluation.calibration import reliability
from cgrecnet.files import atomic_write, shown
from cgrecnet.predict.card import flag_words
from cgrecnet.predict.drawings import reliability_curves
from cgrecnet.predict.folder import Model
from cgrecnet.runs.page import filled, safe

#: CSS besides the frame's.
_STYLE = """\
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #ccc; padding: .25rem .6rem; text-align: right; }
.warn { border-left: .4rem solid #d55e00; padding: .3rem .8rem; background: #fff4ec; }
.cells { display: flex; flex-wrap: wrap; gap: .6rem; }
figure { margin: 0; max-width: min(11rem, calc(50% - .3rem)); overflow-wrap: anywhere; }
figcaption { font-size: .75rem; line-height: 1.3; }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .8rem; }
section:target { outline: .15rem solid #0173b2; outline-offset: .4rem; }"""
#: Words of sentences that are not to be overlooked.
_LOUD = ("do not trust", "used to train", "Look at this", "nothing rules out", "could not be read", "Too few")


def write_page(path: Path, title: str, body: Sequence[str]) -> None:
    """Write a page; title: as it is, body: HTML. Raises RunError where the disk refuses."""
    try:
        with atomic_write(Path(path)) as file:
            file.write(filled(title, _STYLE, body))
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be written ({error.strerror}): name another file.") from error


def reliability_part(classes: Sequence[str], labels: np.ndarray, probabilities: np.ndarray) -> list[str]:
    """Reliability curves of all classes on the test cells."""
    curves = [reliability(labels, probabilities, y) for y in range(len(classes))]
    return [
        "<p>Reliability on the test cells: a probability that means what it says lies on the dashed line.</p>",
        figure(reliability_curves(list(classes), curves), "Reliability curve of each class on the test cells"),
    ]


def coverage_part(model: Model) -> list[str]:
    """How well the sets of a model hold what they promise, and how often its flag is up."""
    measured = model.measured
    rows = [
        [row["class"], f"{row['n']:,}", f"{row['covered'] / row['n']:.1%}" if row["n"] else "",
         f"{row['interval'][0]:.1%} to {row['interval'][1]:.1%}" if row["n"] else ""]
        for row in measured["coverage"]
    ]  # fmt: skip
    return [
        f"<p>Coverage of sets at {measured['coverage_asked']:g} on the half of the test cells that judges"
        f"{', of other acquisitions than the half that calibrates' if measured['flagged'].get('by') == 'group' else ''}"
        ":</p>",
        table(["class", "cells", "covered", "95 % interval"], rows),
        *([f"<p>{safe(flag_words(model))}.</p>"] if measured["flagged"]["n"] else []),
    ]


def audit_part(audit: dict) -> list[str]:
    """Shortcuts in the training data, and random against grouped folds."""
    lines = ["<h2>Could it have learnt a shortcut?</h2>"]
    lines += [warned(f"Look at this: {words}") for words in audit["findings"]]
    lines += [f"<p>{safe(words)}</p>" for words in audit["remarks"]]
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
        lines.append(table(["it sees", "balanced accuracy", "95 % interval"], rows))
    if audit["groups"] < 2:
        lines.append(warned("All training cells are of one acquisition, so that nothing rules out a shortcut."))
    return [*lines, f"<details><summary>The whole audit</summary><pre>{safe(audit['text'])}</pre></details>"]


def _score(score: dict) -> list[str]:
    return [f"{score['balanced']:.3f}", f"{score['low']:.3f} to {score['high']:.3f}"]


def warned(sentence: str) -> str:
    """A sentence as a paragraph; one of `_LOUD` catches the eye."""
    kind = ' class="warn"' if any(words in sentence for words in _LOUD) else ""
    return f"<p{kind}>{safe(sentence)}</p>"


def picture(address: str, words: str) -> str:
    """A picture at a data address, with words below that also stand for it."""
    return f'<figure><img src="{address}" alt="{safe(words)}"><figcaption>{safe(words)}</figcaption></figure>'


def figure(drawing: str, words: str) -> str:
    """An SVG drawing with the words that stand for it."""
    return f'<div role="img" aria-label="{safe(words)}">{drawing}</div>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts."""
    cells = "".join(f"<th>{safe(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{safe(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{lines}</table>"
