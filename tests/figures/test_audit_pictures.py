"""The audit's pictures draw what was computed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.figures.audit_scores import (
    draw_attainable,
    draw_floor,
    draw_p,
    draw_recall,
    floor_range,
    random_confusions,
)
from cgrecnet.judgement.audited import AuditedPaper


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_bars_reach_from_low_to_high(paper):
    checks = paper.accuracy_checks
    figure = draw_attainable(checks, {m: paper.scores[m].sd for m in checks})
    bars = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    for check in checks.values():
        assert any(np.allclose(bar, [check.attainable.low, check.attainable.high]) for bar in bars)


def test_weighted_recall_lies_on_the_diagonal_and_macro_does_not():
    figure = draw_recall(random_confusions(50, 3, np.random.default_rng(0)))
    weighted, macro = (axes.lines[1] for axes in figure.axes)
    assert np.allclose(weighted.get_xdata(), weighted.get_ydata())
    assert np.abs(macro.get_xdata() - macro.get_ydata()).max() > 0.1


def test_the_floor_range_agrees_with_drawing_cells():
    rng = np.random.default_rng(0)
    drawn = 100 * rng.binomial(5000, 0.95, (4000, 5)) / 5000
    sds = drawn.std(axis=1, ddof=1)
    floor, low, high = floor_range(95.0, 5000, 5)
    assert low < floor < high
    assert np.mean((sds > low) & (sds < high)) == pytest.approx(0.95, abs=0.015)


def test_every_comparison_is_drawn(paper):
    others = [m for m in paper.scores if m != "CG-RecNet"]
    figure = draw_p(paper.scores, "CG-RecNet", others, (5, 3))
    assert [len(axes.lines) for axes in figure.axes] == [len(others) + 2] * 2
    assert draw_floor(paper.scores, 41511, 5).axes[0].get_ylim()[0] == 0
