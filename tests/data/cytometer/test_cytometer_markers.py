"""The marker channels: bright in the right kind and place, overlapping, made on request, never an input."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cgrecnet.data.cytometer import MARKERS, simulate
from cgrecnet.data.cytometer.phantom import KINDS
from cgrecnet.errors import ConfigError

KIND_OF = {"GFAP": "astrocyte", "Olig2": "oligodendrocyte", "NeuN": "neuron"}


@pytest.fixture(scope="module")
def made():
    return simulate({"cells": 160, "seed": 8, "shares": (0.34, 0.33, 0.33), "doublets": 0.0})


def test_the_channels_are_those_of_the_instrument():
    assert MARKERS == {"GFAP": 2, "Olig2": 3, "NeuN": 11}


@pytest.mark.parametrize("name", MARKERS)
def test_a_marker_is_brightest_in_its_own_kind_and_overlaps(made, name):
    images = made.markers(MARKERS[name])
    assert [image.shape for image in images] == [image.shape for image in made.images]
    assert {image.dtype for image in images} == {np.dtype(np.uint16)} and max(image.max() for image in images) <= 4095
    light = np.array([image.sum() - image.size * np.median(image) for image in images])
    own = made.labels == KINDS.index(KIND_OF[name])
    assert 0.9 < roc_auc_score(own, light)
    expression = made.causes[f"{name.lower()}_per_um"]
    assert expression[own].min() < expression[~own].max(), "not every cell of the kind outshines all others"


def test_nuclear_markers_shine_in_the_nucleus_and_gfap_beside_it(made):
    def ratio(channel, kind):
        chosen = np.flatnonzero(made.labels == kind)[:20]
        values = []
        for image, i in zip(made.markers(channel, chosen), chosen, strict=True):
            level = image - float(np.median(image))
            nucleus, cell = made.nucleus_masks[i], made.cell_masks[i]
            values.append(level[nucleus].mean() / max(level[cell & ~nucleus].mean(), 1))
        return np.median(values)

    assert ratio(3, 1) > 2 and ratio(11, 2) > 2
    assert ratio(2, 0) < ratio(3, 1) / 2


def test_some_cells_alone_are_as_they_are_among_all(made):
    every, some = made.markers(3), made.markers(3, [40, 3, 40])
    assert [np.array_equal(a, every[i]) for a, i in zip(some, (40, 3, 40), strict=True)] == [True] * 3
    assert made.markers(3, []) == []
    fewer = simulate(made.options.model_copy(update={"cells": 20}))
    assert all(np.array_equal(a, b) for a, b in zip(fewer.markers(2), made.markers(2, range(20)), strict=True))


def test_what_is_not_there_is_refused(made):
    with pytest.raises(ConfigError, match=r"no marker in channel 1; use 2 \(GFAP\), 3 \(Olig2\), 11 \(NeuN\)"):
        made.markers(1)
    for cells in ([160], [-1]):
        with pytest.raises(ConfigError, match="not among the 160 simulated ones"):
            made.markers(2, cells)
