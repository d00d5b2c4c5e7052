"""Which cells a report shows, and a map of what the network looked at in some of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cgrecnet.data.base import pack
from cgrecnet.errors import DataError
from cgrecnet.explain.cam_methods import explain, heat, resize
from cgrecnet.predict.cells import prepared
from cgrecnet.predict.engines import load_networks
from cgrecnet.predict.folder import ModelFolder
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.tables import read_table

#: Cells of each kind that are shown.
SHOWN = 6


@dataclass(frozen=True)
class Example:
    """A cell that is shown: its row in the table, its image."""

    row: pd.Series
    image: np.ndarray


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


def maps(folder: ModelFolder, examples: list[Example], images: Tensor) -> list[np.ndarray]:
    """Grad-CAM of the first member for each cell's called class, over its crop (`crops`), (S, S), from 0 to 1."""
    model = folder.model
    called = [model.classes.index(example.row["class"]) for example in examples]
    found = explain("gradcam", load_networks(folder)[0], model.config["model"], images, called)
    return [one / max(float(one.max()), 1e-9) for one in heat(resize(found, model.image_size))]
