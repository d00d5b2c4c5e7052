import numpy as np
import pytest

from cgrecnet.data import open_dataset
from cgrecnet.data.cytometer import CytometerOptions, simulate
from cgrecnet.data.optics import Optics
from cgrecnet.data.phantom import TRAITS
from cgrecnet.errors import ConfigError


@pytest.fixture(scope="module")
def made():
    return simulate({"cells": 300, "seed": 5})


def equal(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("cells", [1, 31, 33, 64])
def test_a_cell_does_not_depend_on_how_many_are_asked_for(made, cells):
    fewer = simulate({"cells": cells, "seed": 5})
    assert equal(fewer.images, made.images[:cells])
    assert equal(fewer.nucleus_masks, made.nucleus_masks[:cells])
    assert fewer.causes.equals(made.causes[:cells])


def test_seeds_differ(made):
    assert not equal(simulate({"cells": 3, "seed": 6}).images, made.images[:3])


def test_images_look_like_the_exports_of_the_papers_data(made):
    assert {image.dtype for image in made.images} == {np.dtype(np.uint8)}
    assert {image.shape[1] for image in made.images} == {60}
    assert {image.shape[0] for image in made.images} <= set(range(37, 58))
    backgrounds = np.array([np.median(image) for image in made.images])
    assert np.abs(backgrounds - made.causes["background"]).max() < 3
    assert 99 < backgrounds.min() and backgrounds.max() < 155


def test_masks_lie_on_the_cells(made):
    for image, cell, nucleus in zip(made.images, made.cell_masks, made.nucleus_masks, strict=True):
        assert image.shape == cell.shape == nucleus.shape
        assert nucleus.any() and not (nucleus & ~cell).any()
    contrast = [
        np.abs(image[cell] - b).mean() / np.abs(image[~cell] - b).mean()
        for image, cell, b in zip(made.images, made.cell_masks, made.causes["background"], strict=True)
    ]
    assert np.median(contrast) > 2, "the picture differs from the background where the mask says a cell is"


def test_mask_area_follows_from_the_causes(made):
    area = np.array([mask.sum() for mask in made.cell_masks]) * 0.5**2
    disc = np.pi * made.causes["radius_um"] ** 2
    assert np.corrcoef(area, disc)[0, 1] > 0.9
    assert 0.9 < np.median(area / disc) < 1.4


def test_kinds_differ_on_average_and_overlap(made):
    for name, trait in TRAITS.items():
        means = [made.causes.loc[made.labels == kind, name].mean() for kind in range(3)]
        assert np.argmax(means) == np.argmax(trait.means) or np.ptp(trait.means) < trait.spread
    radius = made.causes["radius_um"]
    assert radius[made.labels == 2].max() > radius[made.labels == 0].min()


def test_shares():
    labels = simulate({"cells": 640, "shares": (0.5, 0.5, 0.0)}).labels
    assert set(labels) == {0, 1} and 0.42 < labels.mean() < 0.58


def test_no_noise_means_a_flat_background():
    made = simulate({"cells": 32, "noise": 0.0, "debris": 0.0})
    quiet, loud = (np.median([im[:3].std() for im in m.images]) for m in (made, simulate({"cells": 32})))
    assert quiet < 0.5 < loud


def test_debris_is_there_as_often_as_asked():
    assert not simulate({"cells": 32, "debris": 0.0}).causes["has_debris"].any()
    assert simulate({"cells": 32, "debris": 1.0}).causes["has_debris"].all()


def test_confounding_ties_run_and_kind():
    free = simulate({"cells": 320, "confounding": 0.0})
    tied = simulate({"cells": 320, "confounding": 1.0})
    assert equal([free.labels], [tied.labels]), "the same cells, other runs"
    assert (tied.causes["run"] % 3 == tied.labels).all()
    assert set(tied.causes["run"]) == {0, 1, 2, 3}
    seen = {(k, r) for k, r in zip(free.labels, free.causes["run"], strict=True)}
    assert len(seen) == 12, "without confounding every kind is in every run"


def test_a_run_has_one_background_and_focus_lies_about_its_plane():
    causes = simulate({"cells": 320, "runs": 2}).causes
    assert causes.groupby("run")["background"].nunique().tolist() == [1, 1]
    focus = causes.groupby("run")["defocus_um"].mean()
    assert abs(focus[0] - focus[1]) > 0.1 and causes["defocus_um"].abs().max() < 8


def test_optics_nothing_in_the_beam_gives_one():
    optics = Optics()
    empty = np.zeros((2, optics.grid, optics.grid))
    assert np.allclose(optics.intensity(empty, empty, np.array([0.0, 3.0])), 1.0)


def test_optics_absorption_takes_light_and_phase_keeps_it():
    optics = Optics()
    blob = np.exp(-0.5 * (optics.axis_um[:, None] ** 2 + optics.axis_um**2) / 3.0**2)[None]
    none = np.zeros_like(blob)
    absorbed = optics.intensity(none, 0.5 * blob, np.zeros(1))
    assert np.allclose(absorbed[0, 32, 32], np.exp(-0.5), atol=0.01), "wide, in focus: Beer-Lambert"
    for focus in (-3.0, 3.0):
        shifted = optics.intensity(0.2 * blob, none, np.array([focus]))
        assert abs(shifted.mean() - 1) < 1e-3, "a phase moves light about and keeps its sum"


@pytest.mark.parametrize("focus", [-2.0, 0.0, 2.0])
def test_optics_the_picture_lies_where_the_mask_does(focus):
    optics = Optics()
    blob = np.exp(-0.5 * (optics.axis_um[:, None] ** 2 + optics.axis_um**2) / 1.0**2)[None]
    picture = optics.intensity(0.1 * blob, 0.3 * blob, np.array([focus]))[0]
    assert np.allclose(picture, picture[::-1], atol=1e-5) and np.allclose(picture, picture[:, ::-1], atol=1e-5)
    (mask,) = optics.bin_mask(blob > 0.5)
    assert (mask == mask[::-1]).all() and (mask == mask[:, ::-1]).all() and mask.any()


def test_optics_a_weak_phase_object_is_seen_out_of_focus_only_and_changes_sign():
    optics = Optics()
    blob = np.exp(-0.5 * (optics.axis_um[:, None] ** 2 + optics.axis_um**2) / 1.0**2)[None]
    none = np.zeros_like(blob)
    middle = [optics.intensity(0.01 * blob, none, np.array([z]))[0, 31:33, 31:33].mean() - 1 for z in (-2.0, 0.0, 2.0)]
    assert middle[0] * middle[2] < 0
    assert abs(middle[1]) < 0.1 * min(abs(middle[0]), abs(middle[2]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": 3}, "no option 'cell'; did you mean 'cells'"),
        ({"cells": 0}, "cells=0: input should be greater than or equal to 1"),
        ({"cells": "many"}, "cells='many'"),
        ({"seed": -1}, "seed=-1"),
        ({"noise": float("nan")}, "noise=nan"),
        ({"shares": (0.5, 0.5, 0.5)}, "sum to 1"),
        ({"shares": (0.5, 0.5)}, "shares"),
        ({"confounding": 1.5}, "confounding=1.5"),
        ({"confounding": 0.5, "runs": 2}, "at least 3 runs"),
        ([1], "must be a mapping"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        open_dataset("cytometer", options=options)
    assert "\n" not in str(caught.value)


def test_options_are_recorded_and_frozen():
    cells = open_dataset("cytometer", options={"cells": 4, "seed": 9})
    assert cells.options["seed"] == 9 and cells.options["debris"] == CytometerOptions().debris
    with pytest.raises(ValueError):
        CytometerOptions().seed = 3
