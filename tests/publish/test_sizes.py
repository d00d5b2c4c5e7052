"""The lines of the package, room by room, against their budgets."""

from minibook import write

from cgrecnet.publish.sizes import BUDGETS, LONG, lines_of, sizes


def test_each_room_is_counted_and_what_is_too_large_is_named(tmp_path):
    write(tmp_path / "cli.py", "1\n" * 10)
    write(tmp_path / "bench" / "one.py", "1\n" * (BUDGETS["bench"] + 5))
    write(tmp_path / "data" / "zhu" / "long.py", "1\n" * (LONG + 1))
    assert lines_of(tmp_path)["data"] == {"data/zhu/long.py": LONG + 1}
    said = sizes(tmp_path)
    assert [line.split()[0] for line in said[1:5]] == ["bench", "(beside)", "data", "all"]
    assert said[1].endswith("+5") and not any("+" in line for line in said[2:])
    assert said[-1] == f"longer than {LONG} lines: data/zhu/long.py ({LONG + 1})"


def test_the_budgets_together_are_no_more_than_the_package_may_have():
    assert sum(BUDGETS.values()) <= 15_000
