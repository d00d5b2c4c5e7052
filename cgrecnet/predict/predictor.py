"""A model folder at work: images in, one row of a table per cell out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cgrecnet.predict.cells import look
from cgrecnet.predict.folder import ModelFolder, image_hash
from cgrecnet.predict.uncertainty import calibrated, in_set, p_values
from cgrecnet.predict.unlike import REASONS

#: Between the names of several classes or reasons in one field.
AND = " | "
#: What the column `seen` says of images that the model was trained on, and of those that calibrated it.
TRAINED, VALIDATED = "training", "validation"


@dataclass(frozen=True)
class Predictor:
    """A model, the engine that computes it, and the coverage that its sets are asked for."""

    folder: ModelFolder
    engine: Callable
    coverage: float

    def rows(self, names: Sequence[str], images: Sequence[np.ndarray]) -> pd.DataFrame:
        """The table of some cells; images: grey levels of the model's pixel type, (H, W) each.

        cell_id; class (the likeliest) and p_CLASS, calibrated; set and in_CLASS, the classes that cannot be ruled
        out; unlike (0 or 1), reasons, and unlike_REASON, distance over limit; seen: the model was fitted to the image.
        """
        model, known = self.folder.model, self.folder.statistics
        seen = look(images, self.engine, model.preprocessing)
        probabilities = calibrated(seen.probabilities, model.temperature)
        inside = in_set(p_values(self.folder.scores, probabilities), self.coverage)
        apart = self.folder.unlike.scores(seen.numbers)
        table = pd.DataFrame({"cell_id": list(names)})
        table["class"] = np.array(model.classes, object)[probabilities.argmax(axis=1)]
        for y, name in enumerate(model.classes):
            table[f"p_{name}"] = probabilities[:, y].round(6)
        table["set"] = _joined(inside, model.classes)
        for y, name in enumerate(model.classes):
            table[f"in_{name}"] = inside[:, y].astype(int)
        table["unlike"] = (apart > 1).any(axis=1).astype(int)
        table["reasons"] = _joined(apart > 1, REASONS)
        for i, reason in enumerate(REASONS):
            table[f"unlike_{reason}"] = apart[:, i].round(4)
        hashes = np.array([image_hash(image) for image in images], np.int64)
        table["seen"] = np.where(
            np.isin(hashes, known["hashes.train"]),
            TRAINED,
            np.where(np.isin(hashes, known["hashes.validation"]), VALIDATED, ""),
        )
        return table


def _joined(member: np.ndarray, names: Sequence[str]) -> list[str]:
    return [AND.join(name for name, yes in zip(names, row, strict=True) if yes) for row in member.tolist()]
