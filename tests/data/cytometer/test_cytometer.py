"""The simulated cells: the same for a seed, with true masks and causes, dials that do what they say, honest noise."""

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data import open_dataset
from cgrecnet.data.cytometer import CytometerOptions, simulate
from cgrecnet.data.cytometer.camera import expose
from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.data.cytometer.phantom import TRAITS
from cgrecnet.data.cytometer.scene import BLOCK
from cgrecnet.data.cytometer.simulation import simulate_blocks
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
    labels = simulate({"cells": 320, "shares": (0.5, 0.5, 0.0)}).labels
    assert set(labels) == {0, 1} and 0.4 < labels.mean() < 0.6


def test_no_noise_means_a_flat_background():
    made = simulate({"cells": 32, "noise": 0.0, "debris": 0.0})
    quiet, loud = (np.median([im[:3].std() for im in m.images]) for m in (made, simulate({"cells": 32})))
    assert quiet < 0.5 < loud


def test_debris_is_there_as_often_as_asked():
    assert not simulate({"cells": 32, "debris": 0.0}).causes["has_debris"].any()
    assert simulate({"cells": 32, "debris": 1.0}).causes["has_debris"].all()


@pytest.mark.slow
def test_confounding_ties_run_and_kind():
    free = simulate({"cells": 320, "confounding": 0.0})
    tied = simulate({"cells": 320, "confounding": 1.0})
    assert equal([free.labels], [tied.labels]), "the same cells, other runs"
    assert (tied.causes["run"] % 3 == tied.labels).all()
    assert set(tied.causes["run"]) == {0, 1, 2, 3}
    seen = {(k, r) for k, r in zip(free.labels, free.causes["run"], strict=True)}
    assert len(seen) == 12, "without confounding every kind is in every run"


@pytest.mark.slow
def test_a_run_has_one_background_and_focus_lies_about_its_plane():
    causes = simulate({"cells": 320, "runs": 2}).causes
    assert causes.groupby("run")["background"].nunique().tolist() == [1, 1]
    focus = causes.groupby("run")["defocus_um"].mean()
    assert abs(focus[0] - focus[1]) > 0.1 and causes["defocus_um"].abs().max() < 8


def test_the_camera_has_shot_noise_read_noise_and_stripes():
    """Far from the cell the spread of a column is that of photons and read-out; columns differ by the stripes."""
    camera, options = parameters().camera, {"cells": 160, "seed": 2, "debris": 0.0, "doublets": 0.0, "bits": 12}
    made = simulate(options)
    within, between, expected, stripes = [], [], [], []
    for image, gain in zip(made.images, made.causes["gain"], strict=True):
        corner = np.concatenate([image[:, :6], image[:, -6:]], axis=1) / 16
        within.append(corner.var(axis=0, ddof=1).mean())
        between.append(corner.mean(axis=0).var(ddof=1) - within[-1] / len(corner))
        expected.append(gain**2 / camera.photons + camera.read_noise**2)
        stripes.append(camera.stripe_noise**2 * gain**2 / camera.photons)
    assert np.median(np.divide(within, expected)) == pytest.approx(1.0, abs=0.05)
    assert np.mean(between) == pytest.approx(np.mean(stripes), rel=0.25)


def test_shot_noise_grows_with_the_light():
    causes = {"gain": np.full(1, 100.0), "background": np.full(1, 120.0)}
    relative = np.repeat([0.25, 1.0], 2048)[None].reshape(1, 64, 64)
    noise = np.random.default_rng(0).standard_normal((1, 65, 64))
    noise[:, 64] = 0
    grey = expose(relative, causes, noise, bits=12)[0] / 16
    camera = parameters().camera
    shot = [np.sqrt(part.var() - camera.read_noise**2) for part in (grey[:32], grey[32:])]
    assert shot[1] / shot[0] == pytest.approx(2.0, rel=0.06), "four times the light, twice the shot noise"
    assert shot[1] == pytest.approx(100 / np.sqrt(camera.photons), rel=0.05)
    assert grey[:32].mean() == pytest.approx(120 - 75, abs=0.1)


def test_twelve_bits_are_the_same_picture_in_finer_steps():
    eight, twelve = (simulate({"cells": 40, "seed": 4, "bits": bits}) for bits in (8, 12))
    assert {image.dtype for image in twelve.images} == {np.dtype(np.uint16)}
    for coarse, fine in zip(eight.images, twelve.images, strict=True):
        inside = (coarse > 0) & (coarse < 255)
        assert np.abs(fine / 16 - coarse)[inside].max() <= 0.5
        assert fine.max() <= 4095
    steps = np.unique(np.concatenate([image.ravel() for image in twelve.images]))
    assert len(steps) > 1000
    assert open_dataset("cytometer", options={"cells": 4, "bits": 12}).window == (0.0, 4095.0)
    assert open_dataset("cytometer", options={"cells": 4}).window == (0.0, 255.0)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_makes_the_same_cells(made, workers):
    others = simulate({"cells": 300, "seed": 5}, workers=workers)
    assert equal(others.images, made.images) and equal(others.parts, made.parts)
    assert others.causes.equals(made.causes) and (others.labels == made.labels).all()


def test_blocks_are_the_cells_in_order(made):
    blocks = list(simulate_blocks({"cells": 40, "seed": 5}, workers=2))
    assert equal([image for block in blocks for image in block.images], made.images[:40])
    assert max(len(block.images) for block in blocks) == BLOCK


def test_a_doublet_shows_two_cells_and_is_said_to():
    made = simulate({"cells": 160, "seed": 3, "doublets": 0.5, "debris": 0.0})
    two = made.causes["doublet"].to_numpy()
    assert 0.35 < two.mean() < 0.65
    shown = np.array([mask.any() for mask in made.mask("neighbour")])
    assert not shown[~two].any() and shown[two].mean() > 0.95
    assert ((made.causes["neighbour_kind"] >= 0) == two).all() and (
        (made.causes["neighbour_radius_um"] > 0) == two
    ).all()
    alone = simulate({"cells": 160, "seed": 3, "doublets": 0.0, "debris": 0.0})
    assert (alone.labels == made.labels).all(), "the label is that of the cell in the middle, with or without another"
    assert equal(alone.cell_masks, made.cell_masks), "which stays where it is"
    for image, mask in zip(made.images, made.cell_masks, strict=True):
        rows, columns = np.nonzero(mask)
        assert abs(rows.mean() - image.shape[0] / 2) < 8 and abs(columns.mean() - 30) < 8
    darker = [np.abs(np.subtract(a, b, dtype=float)).max() for a, b in zip(made.images, alone.images, strict=True)]
    assert np.median(np.array(darker)[two]) > 10 and np.array(darker)[~two].max() == 0


def test_a_neighbour_is_of_any_kind():
    made = simulate({"cells": 320, "seed": 3, "doublets": 1.0, "shares": (0.3, 0.3, 0.4)})
    pairs = pd.crosstab(made.labels, made.causes["neighbour_kind"])
    assert pairs.shape == (3, 3) and (pairs > 10).all().all()


def test_debris_is_where_its_mask_says():
    with_it, without = (simulate({"cells": 64, "seed": 6, "debris": share, "noise": 0.0}) for share in (1.0, 0.0))
    assert not any(mask.any() for mask in without.mask("debris"))
    assert with_it.causes["has_debris"].all() and with_it.causes["loose_debris"].between(1, 3).all()
    inside, outside = [], []
    for a, b, mask in zip(with_it.images, without.images, with_it.mask("debris"), strict=True):
        change = np.abs(np.subtract(a, b, dtype=float))
        inside.append(change[mask].mean())
        outside.append(change[~mask].mean())
    assert np.median(inside) > 5 * np.median(outside)


def test_the_parts_fit_together(made):
    with pytest.raises(ConfigError, match="no part 'nucleolus'; did you mean 'nucleus'"):
        made.mask("nucleolus")
    for cell, nucleus, processes in zip(made.cell_masks, made.nucleus_masks, made.mask("processes"), strict=True):
        assert not (nucleus & ~cell).any() and not (processes & ~cell).any()
    arms = np.array([mask.any() for mask in made.mask("processes")])
    count = made.causes["processes"].to_numpy()
    assert arms[count > 0].mean() > 0.95 and not arms[count == 0].any()


def test_a_nucleus_is_off_the_middle_and_as_large_as_its_cause_says(made):
    causes = made.causes
    offset = np.hypot(causes["nucleus_x_um"], causes["nucleus_y_um"])
    assert offset.median() > 0.3
    area = np.array([mask.sum() for mask in made.nucleus_masks]) * 0.5**2
    disc = np.pi * (causes["radius_um"] * causes["nucleus_ratio"]) ** 2
    assert np.corrcoef(area, disc)[0, 1] > 0.95


@pytest.mark.slow
def test_no_single_trait_tells_the_kind(made):
    """The best classifier on one true trait (a forest, out of fold) stays well below certainty; all together do not."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_predict

    def recall(columns):
        forest = RandomForestClassifier(60, min_samples_leaf=5, class_weight="balanced", random_state=0)
        said = cross_val_predict(forest, made.causes[columns], made.labels, cv=5)
        return np.mean([(said[made.labels == kind] == kind).mean() for kind in range(3)])

    alone = {name: recall([name]) for name in TRAITS}
    assert max(alone.values()) < 0.85, alone
    assert recall(list(TRAITS)) > max(alone.values()) + 0.05


@pytest.mark.slow
def test_the_run_knows_the_kind_as_much_as_the_dial_says():
    """Mutual information of run and kind, as a share of the kind's entropy, over the dial."""
    shares = []
    for level in (0.0, 0.5, 1.0):
        made = simulate({"cells": 480, "seed": 1, "runs": 3, "confounding": level})
        table = pd.crosstab(made.labels, made.causes["run"]).to_numpy() / 480
        kinds = table.sum(axis=1)
        apart = np.outer(kinds, table.sum(axis=0))
        there = table > 0
        known = (table[there] * np.log(table[there] / apart[there])).sum()
        shares.append(known / -(kinds * np.log(kinds)).sum())
    assert shares[0] < 0.03 and 0.1 < shares[1] < 0.5 and shares[2] == pytest.approx(1.0)


def test_other_optics_show_the_same_cells():
    coarse = Optics(**parameters().objectives["20x"]._asdict(), oversampling=4)
    forty, twenty = (simulate({"cells": 16, "seed": 1}, optics=optics) for optics in (Optics(), coarse))
    assert forty.causes.equals(twenty.causes)
    small, large = (np.mean([mask.sum() for mask in made.cell_masks]) for made in (twenty, forty))
    assert large / small == pytest.approx(4.0, rel=0.1)


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
        ({"doublets": 2}, "doublets=2"),
        ({"bits": 10}, "bits=10: input should be 8 or 12"),
        ({"channel": 2}, "the marker GFAP in Ch2 tells the lineage"),
        ({"channel": 3}, r"Olig2 in Ch3 .* use channel 1 \(brightfield\), and Simulation.markers\(3\)"),
        ({"channel": 11}, "NeuN in Ch11"),
        ({"channel": 4}, "channel=4: only channel 1"),
        ({"version": 1}, "version=1: this version of cgrecnet makes version 2"),
        ([1], "must be a mapping"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        open_dataset("cytometer", options=options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "two"])
def test_bad_workers(workers):
    for make in (simulate, simulate_blocks):
        with pytest.raises(ConfigError, match="workers must be a whole number, 1 or more"):
            make({"cells": 2}, workers=workers)


def test_options_are_recorded_and_frozen():
    cells = open_dataset("cytometer", options={"cells": 4, "seed": 9})
    assert cells.options["version"] == 2 and "version 2, seed 9" in cells.origin and "Simulated" in cells.origin
    assert equal(simulate(cells.options).images, cells.images), "the record is enough to make them again"
    assert cells.options["seed"] == 9 and cells.options["debris"] == CytometerOptions().debris
    with pytest.raises(ValueError):
        CytometerOptions().seed = 3
