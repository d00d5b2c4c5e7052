"""Shares with their intervals, along either axis."""

import matplotlib.pyplot as plt
import pytest

from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.shares import draw_shares


@pytest.mark.parametrize("across", (False, True))
def test_a_share_stands_between_the_ends_of_wilsons_interval(across):
    axes = plt.figure().add_subplot()
    draw_shares(axes, [1, 2], [(8, 10), (10, 10)], across, color="red", label="some")
    (container,) = axes.containers
    marks, _, (bars,) = container.lines
    x, y = marks.get_data()[::-1] if across else marks.get_data()
    assert list(x) == [1, 2] and list(y) == [80, 100] and container.get_label() == "some"
    ends = [segment[:, 0 if across else 1].tolist() for segment in bars.get_segments()]
    assert ends[0] == pytest.approx([100 * end for end in wilson(8, 10)])
    assert ends[1] == pytest.approx([100 * wilson(10, 10)[0], 100])
    plt.close("all")
