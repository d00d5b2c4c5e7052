"""Which cells a report shows, and a map of what the network looked at in some of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from cgrecnet.data.batches.crops import central_crops
from cgrecnet.data.batches.transform import BatchTransform
from cgrecnet.data.packed import pack
from cgrecnet.errors import DataError
from cgrecnet.explain.methods import explain, heat, resize
from cgrecnet.predict.engines import load_networks
from cgrecnet.predict.folder import ModelFolder
from cgrecnet.predict.inputs import Cells

#: Cells of each kind that are shown, and rows of the table that are looked at for them at once.
SHOWN, ROWS = 6, 50_000


@dataclass(frozen=True)
class Example:
    """A cell that is shown: its row in the table, its image."""

    row: pd.Series
    image: np.ndarray


def choose(table: Path, cells: Cells, classes: tuple[str, ...]) -> dict[str, list[Example]]:
    """Title -> cells: surest of each class, least sure of all, and most unlike; images that are gone are left out."""
    kept: dict[str, pd.DataFrame] = {}
    columns = [f"p_{name}" for name in classes]
    types = {name: str for name in ("input", "cell_id", "file", "class", "set", "reasons", "seen")}
    for rows in pd.read_csv(table, keep_default_na=False, dtype=types, chunksize=ROWS):
        rows = rows.assign(
            top=rows[columns].max(axis=1),
            apart=rows[[name for name in rows if name.startswith("unlike_")]].max(axis=1),
        )
        like = rows[rows["unlike"] == 0]
        for name in classes:
            best = like[like["class"] == name].nlargest(SHOWN, "top")
            kept[f"Surely {name}"] = _more(kept, f"Surely {name}", best, "top", True)
        kept["Least sure"] = _more(kept, "Least sure", like.nsmallest(SHOWN, "top"), "top", False)
        odd = rows[rows["unlike"] == 1].nlargest(SHOWN, "apart")
        kept["Most unlike the training images"] = _more(kept, "Most unlike the training images", odd, "apart", True)
    place = {name: number for number, name in enumerate(cells.names)}
    found = {}
    for title, rows in kept.items():
        examples = []
        for _, row in rows.iterrows():
            try:
                examples.append(Example(row, np.asarray(cells.images[place[row["cell_id"]]])))
            except (DataError, KeyError):  # it was there when it was predicted
                continue
        found[title] = examples
    return found


def _more(kept: dict, title: str, rows: pd.DataFrame, column: str, largest: bool) -> pd.DataFrame:
    both = pd.concat([kept[title], rows]) if title in kept else rows
    return both.nlargest(SHOWN, column) if largest else both.nsmallest(SHOWN, column)


def maps(folder: ModelFolder, examples: list[Example]) -> list[np.ndarray]:
    """Grad-CAM of the first member for each cell's called class, over its crop (`crops`), (S, S), from 0 to 1."""
    model = folder.model
    network = load_networks(folder)[0]
    images, _ = crops(folder, examples)
    called = [model.classes.index(example.row["class"]) for example in examples]
    found = heat(resize(explain("gradcam", network, model.config["model"], images, called), model.image_size))
    return [one / max(float(one.max()), 1e-9) for one in found]


def crops(folder: ModelFolder, examples: list[Example]) -> tuple[Tensor, np.ndarray]:
    """What the network sees of each: normalised tensor (cells, C, S, S), and grey levels (cells, S, S)."""
    model = folder.model
    packed = pack([example.image for example in examples])
    how = model.preprocessing
    transform = BatchTransform(packed, how.window, how.image_size, intensity=how.intensity)
    images = transform(np.arange(len(packed)), central_crops(packed.heights, packed.widths, how.image_size))
    return images, images[:, 0].numpy()
