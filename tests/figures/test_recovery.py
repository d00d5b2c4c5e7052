"""The drawn search agrees with the search itself."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.path import Path

from cgrecnet.figures.recovery import allowed_region, candidate_sizes, chance_of_fit, draw_planes
from cgrecnet.paper.audit.recovery import Rows, backbones, search

ROWS = Rows("27.69", "25.89", "28.02")


@pytest.mark.parametrize("rows", [ROWS, ROWS.exchanged()])
@pytest.mark.parametrize("backbone", ["1000 classes", "1000 classes, then 3", "3 classes"])
def test_the_region_holds_exactly_the_fits(rows, backbone):
    bases = backbones()
    region = allowed_region(rows, bases[backbone] / 1e6)
    fusions, gates = candidate_sizes()
    x, y = np.meshgrid(fusions[np.abs(fusions - 1.5) < 1.5], gates[np.abs(gates - 2) < 2])
    inside = Path(region).contains_points(np.column_stack([x.ravel(), y.ravel()])).sum() if len(region) else 0
    assert inside == search(rows, {backbone: bases[backbone]}).by_backbone().get(backbone, 0)


def test_a_sum_that_cannot_be_leaves_no_region():
    assert len(allowed_region(Rows("1.00", "1.00", "5.00"), 0.5)) == 0


def test_planes_mark_the_defaults_in_the_exchanged_panel_only():
    left, right = draw_planes(ROWS, backbones()["1000 classes, then 3"] / 1e6).axes
    for axes, inside in ((left, False), (right, True)):
        (x,), (y,) = axes.lines[-1].get_data()
        low, high = axes.get_xlim(), axes.get_ylim()
        assert (low[0] < x < low[1] and high[0] < y < high[1]) == inside
    plt.close("all")


def test_chance_tables_are_searched_as_the_papers_is():
    bases = list(backbones().values())
    found = chance_of_fit(bases, 40, 3.0, np.random.default_rng(0))
    assert found.tables == 40 and 0 <= found.fitted_by_defaults <= found.fitted <= 40
    assert found == chance_of_fit(bases, 40, 3.0, np.random.default_rng(0))
