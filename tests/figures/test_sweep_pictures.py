"""Which worker did which run: what began and was never done was cut off."""

import matplotlib.pyplot as plt

from cgrecnet.figures.sweeps import COLOURS, draw_timeline, read_stretches

LINES = """\
7 a began 10.0
8 b began 10.5
7 a done 12.0
7 c began 12.0
8 b failed 13.0
9 c began 15.0
9 c done 16.0
""".splitlines()


def test_a_run_that_a_dead_worker_began_is_cut_off_and_done_elsewhere():
    found = read_stretches(LINES)
    assert [(one.worker, one.run, one.how) for one in found] == [
        (7, "a", "done"), (8, "b", "failed"), (7, "c", "cut off"), (9, "c", "done"),
    ]  # fmt: skip
    assert found[0].end - found[0].start == 2.0 and found[2].end is None


def test_each_process_has_a_row_and_each_run_a_bar_of_its_length():
    axes = draw_timeline(read_stretches(LINES)).axes[0]
    bars = [patch for patch in axes.patches if patch.get_width() > 0]
    assert [bar.get_width() for bar in bars[:2]] == [2.0, 2.5]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["process 1", "process 2", "process 3"]
    assert [bar.get_facecolor()[:3] for bar in bars] == [COLOURS[how] for how in ("done", "failed", "cut off", "done")]
    plt.close("all")


def test_a_killed_worker_ends_what_it_was_doing_at_that_moment():
    found = read_stretches(["7 a began 10.0", "8 b began 11.0", "8 - killed 14.0", "7 a done 15.0"])
    assert [(one.run, one.how, one.end) for one in found] == [("a", "done", 15.0), ("b", "cut off", 14.0)]
    assert read_stretches(["8 - killed 14.0"]) == [], "it was idle"
    figure = draw_timeline(found)
    colours = [patch.get_facecolor()[:3] for patch in figure.legends[0].get_patches()]
    assert colours == [COLOURS["done"], COLOURS["cut off"]]
    plt.close("all")
