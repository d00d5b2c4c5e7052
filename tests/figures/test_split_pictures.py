import numpy as np

from cgrecnet.data.audit.probes import Score
from cgrecnet.data.audit.report import GroupGap, IntegrityReport
from cgrecnet.data.splits import Split
from cgrecnet.figures.splits import PARTS, draw_optimism, draw_splits_by_group

SCORE = Score(0.6, 0.5, 0.65, 0.7, 0.6, 0.8)


def test_every_cell_is_drawn_in_the_row_of_its_group():
    groups = ["run-2", "run-10", "run-2", "run-10"]
    split = Split(np.array([0, 1]), np.array([2]), np.array([3]))
    figure = draw_splits_by_group({"random": split}, groups)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["run-2", "run-10"]
    drawn = {(line.get_marker(), y) for line in axes.lines for y in line.get_ydata()}
    assert drawn == {("o", 0), ("o", 1), (PARTS["validation"][1], 0), (PARTS["test"][1], 1)}


def test_a_missing_grouped_test_is_said():
    done = GroupGap(4, SCORE, SCORE, 0.0, 0.0, 0.0)
    absent = GroupGap(5, SCORE, None, None, None, None, "one group only")
    both = {
        name: IntegrityReport(
            name="x", simulated=True, task="t", fingerprint="", seed=0, counts={}, groups=2, chance=0.5,
            majority=0.5, association=0.0, copies=(), conflicts=0, probes=(), whole=whole, whole_standardised=whole,
        )
        for name, whole in (("done", done), ("absent", absent))
    }  # fmt: skip
    panel = draw_optimism(both).axes[0]
    assert [text.get_text() for text in panel.texts if "possible" in text.get_text()] == ["no grouped\ntest possible"]
    assert len(panel.containers) == 3
