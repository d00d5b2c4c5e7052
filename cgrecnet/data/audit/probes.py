"""What a few numbers of a picture reveal: features for simple classifiers, and honest scores with intervals.

The probes are no models of the paper: they are small on purpose, and ask what can be known without looking at
the cell (border, histogram, size) or with a glance at the whole picture.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import cross_val_predict

#: Pixels on each side that count as border.
BORDER = 2
RINGS = 6
DRAWS = 2000
#: Intervals over cells are stretched by this factor, because the folds' forests share most of their cells:
#: with labels shuffled 150 times the border's score spread 1.4 times as widely as drawing cells alone would have it.
STRETCH = 1.4
_LEVELS = (1, 10, 25, 50, 75, 90, 99)


@dataclass(frozen=True)
class Score:
    """Balanced accuracy with its 95 % bootstrap interval, and plain accuracy with its own."""

    balanced: float
    low: float
    high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float

    def exceeds(self, value: float) -> bool:
        """Whether the whole interval of the balanced accuracy lies above `value`."""
        return self.low > value

    def __str__(self) -> str:
        return f"{self.balanced:.3f} ({self.low:.3f} to {self.high:.3f})"


def border_features(image: np.ndarray) -> list[float]:
    """Mean, spread and quartiles of the outermost `BORDER` pixels, where there is hardly any cell."""
    ring = np.ones(image.shape, dtype=bool)
    ring[BORDER:-BORDER, BORDER:-BORDER] = False
    levels = image[ring]
    return [levels.mean(), levels.std(), *np.quantile(levels, (0.25, 0.5, 0.75))]


def histogram_features(image: np.ndarray) -> list[float]:
    """Seven percentiles, mean and spread of the grey levels, wherever they stand in the picture."""
    return [*np.percentile(image, _LEVELS), image.mean(), image.std()]


def size_features(image: np.ndarray) -> list[float]:
    """Height and width of the crop in pixels."""
    return [float(length) for length in image.shape]


def glance_features(image: np.ndarray) -> list[float]:
    """Histogram, size, mean and spread in `RINGS` rings about the middle, mean steepness: 25 numbers."""
    height, width = image.shape
    level = image.astype(float)
    row = np.arange(height)[:, None] - (height - 1) / 2
    column = np.arange(width) - (width - 1) / 2
    ring = np.minimum(np.hypot(row, column) / (0.5 * min(height, width)) * (RINGS - 1), RINGS - 1).astype(int)
    count = np.maximum(np.bincount(ring.ravel(), minlength=RINGS), 1)
    mean = np.bincount(ring.ravel(), level.ravel(), minlength=RINGS) / count
    square = np.bincount(ring.ravel(), ((level - mean[ring]) ** 2).ravel(), minlength=RINGS) / count
    steep = [np.abs(np.diff(level, axis=axis)).mean() for axis in (0, 1)]
    return [*histogram_features(image), *size_features(image), *mean, *np.sqrt(square), *steep]


def standardise(image: np.ndarray) -> np.ndarray:
    """Grey levels with mean 0 and spread 1 in this picture; a flat picture becomes 0."""
    level = image.astype(float)
    return (level - level.mean()) / max(level.std(), 1e-9)


def features(images: Sequence[np.ndarray], kind: Callable, standardised: bool = False) -> np.ndarray:
    """One row of numbers per picture, channel after channel; shape (cells, features)."""

    def numbers(image: np.ndarray) -> list[float]:
        return kind(standardise(image) if standardised else image)

    planes = ((image,) if image.ndim == 2 else np.moveaxis(image, 2, 0) for image in images)
    return np.array([[number for plane in each for number in numbers(plane)] for each in planes], dtype=float)


def forest(seed: int) -> ExtraTreesClassifier:
    """40 trees; classes weigh the same however many cells they have, so that rare ones count."""
    return ExtraTreesClassifier(40, min_samples_leaf=5, class_weight="balanced", random_state=seed, n_jobs=1)


def predict_out_of_fold(
    numbers: np.ndarray, labels: np.ndarray, cuts: Iterable[tuple[np.ndarray, np.ndarray]], seed: int
) -> np.ndarray:
    """Class of every cell, predicted by a forest that was grown without the cell's fold."""
    return cross_val_predict(forest(seed), numbers, labels, cv=cuts)


def score_by_cells(right: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Score:
    """Scores with the bootstrap over cells, class by class: the rightly classified of a class are binomial.

    The interval is stretched by `STRETCH`.
    """
    _, kind, size = np.unique(labels, return_inverse=True, return_counts=True)
    hits = np.bincount(kind, right)
    drawn = rng.binomial(size, hits / size, size=(DRAWS, len(size)))
    return _score(hits, size, drawn, np.broadcast_to(size, drawn.shape), STRETCH)


def score_by_groups(right: np.ndarray, labels: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Score:
    """Scores with the bootstrap over whole groups: cells of a group are alike and count as one draw."""
    hits, sizes = _per_group(right, labels, groups)
    weights = _group_draws(len(sizes), rng)
    return _score(hits.sum(axis=0), sizes.sum(axis=0), weights @ hits, weights @ sizes)


def difference_by_groups(
    right: np.ndarray, other: np.ndarray, labels: np.ndarray, groups: np.ndarray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Balanced accuracy of `right` minus that of `other` on the same cells, and its 95 % interval over groups."""
    hits, sizes = _per_group(right, labels, groups)
    less = hits - _per_group(other, labels, groups)[0]
    weights = _group_draws(len(sizes), rng)
    drawn = _mean_recall(weights @ less, weights @ sizes)
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return float(_mean_recall(less.sum(axis=0), sizes.sum(axis=0))), float(low), float(high)


def _score(hits, size, drawn, drawn_size, stretch: float = 1.0) -> Score:
    balanced, accuracy = _mean_recall(hits, size), hits.sum() / size.sum()
    return Score(
        float(balanced),
        *_interval(balanced, _mean_recall(drawn, drawn_size), stretch),
        float(accuracy),
        *_interval(accuracy, drawn.sum(axis=1) / drawn_size.sum(axis=1), stretch),
    )


def _interval(value: float, drawn: np.ndarray, stretch: float) -> list[float]:
    ends = np.nanquantile(drawn, (0.025, 0.975))
    return [float(end) for end in np.clip(value + stretch * (ends - value), 0, 1)]


def _mean_recall(hits: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Mean over classes of hits / size; nan where a draw holds no cell of some class."""
    return np.divide(hits, size, out=np.full(np.shape(hits), np.nan), where=size > 0).mean(axis=-1)


def _per_group(right: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hits and cells, both (groups, classes)."""
    names, place = np.unique(groups, return_inverse=True)
    classes, kind = np.unique(labels, return_inverse=True)
    shape = (len(names), len(classes))
    flat = np.ravel_multi_index((place, kind), shape)
    return tuple(np.bincount(flat, w, minlength=np.prod(shape)).reshape(shape) for w in (right, np.ones(len(flat))))


def _group_draws(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(float)
