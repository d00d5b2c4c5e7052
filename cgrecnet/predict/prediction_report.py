"""One page about predictions that opens without a network: shares, cells, maps, and what speaks against trusting it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cgrecnet.data.base import pack
from cgrecnet.errors import DataError
from cgrecnet.explain.cam_methods import explain, heat, resize
from cgrecnet.predict.card import TEMPLATES, flag_sentence
from cgrecnet.predict.cells import prepared
from cgrecnet.predict.drawings import cell_png, reliability_curves, share_bars
from cgrecnet.predict.engines import load_networks
from cgrecnet.predict.folder import AUDIT, Model, ModelFolder
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.predictor import Summary, sentences
from cgrecnet.predict.tables import read_table
from cgrecnet.predict.uncertainty import class_shares
from cgrecnet.runs.page import write_page

#: Cells of each kind that are shown, and cells with a map.
SHOWN, MAPPED = 6, 6


class Example(NamedTuple):
    """A cell that is shown: its row in the table, its image."""

    row: pd.Series
    image: np.ndarray


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
    """Pictures of what the first member saw of the first cells of each title, with its Grad-CAM, and their words."""
    first = [chosen[i] for i in range(2) for chosen in examples.values() if len(chosen) > i][:MAPPED]
    if not first:
        return []
    images, grey = crops(folder, first)
    called = [folder.model.classes.index(example.row["class"]) for example in first]
    found = explain("gradcam", load_networks(folder)[0], folder.model.config["model"], images, called)
    heats = heat(resize(found, folder.model.image_size))
    return [(cell_png(image, one / max(float(one.max()), 1e-9)), _words(example))
            for example, image, one in zip(first, grey, heats, strict=True)]  # fmt: skip


def _words(example: Example) -> str:
    row = example.row
    words = f"{row['cell_id']}: {row['class']} {row['p_' + row['class']]:.2f}; set: {row['set'] or 'none'}"
    return words + (f"; unlike: {row['reasons']}" if row["unlike"] else "")


def choose(table: Path, cells: Cells, classes: tuple[str, ...]) -> dict[str, list[Example]]:
    """Title -> cells: surest of each class, least sure of all, and most unlike; images that are gone are left out."""
    kept: dict[str, pd.DataFrame] = {}
    for rows in read_table(table):
        sure = rows[[f"p_{name}" for name in classes]].max(axis=1)
        apart = rows[[name for name in rows if name.startswith("unlike_")]].max(axis=1)
        like = rows["unlike"] == 0
        groups = {f"Surely {name}": (like & (rows["class"] == name), sure) for name in classes}
        groups |= {"Least sure": (like, -sure), "Most unlike the training images": (~like, apart)}
        for title, (chosen, rank) in groups.items():
            best = pd.concat([kept.get(title), rows[chosen].assign(rank=rank[chosen])])
            kept[title] = best.nlargest(SHOWN, "rank")
    place = {name: number for number, name in enumerate(cells.names)}
    return {title: list(_examples(rows, cells, place)) for title, rows in kept.items()}


def _examples(rows: pd.DataFrame, cells: Cells, place: dict[str, int]) -> Iterator[Example]:
    for _, row in rows.iterrows():
        try:
            yield Example(row, np.asarray(cells.images[place[row["cell_id"]]]))
        except (DataError, KeyError):  # it was there when it was predicted
            continue


def crops(folder: ModelFolder, examples: list[Example]) -> tuple[Tensor, np.ndarray]:
    """What the network sees of each: normalised tensor (cells, C, S, S), and grey levels (cells, S, S)."""
    images = torch.cat(list(prepared(pack([one.image for one in examples]), folder.model.preprocessing)))
    return images, images[:, 0].numpy()
