"""Chapters are executed when, and only when, something that they depend on has changed."""

import json
import os
import re
from datetime import datetime, timedelta

import pytest
from listening import beyond, watched
from minibook import make_book, set_pages, stale, write, write_script

from cgrecnet.errors import ConfigError
from cgrecnet.publish import __main__, dependencies, notebook, schedule
from cgrecnet.publish.layout import Chapter, Layout


def record_of(layout, name):
    chapter = next(c for c in layout.chapters if c.name == name)
    return dependencies.stored(layout.executed_notebook(chapter))


def notebook_text(layout, name):
    return (layout.executed / f"{name}.ipynb").read_text("utf8")


def test_both_chapters_ran(executed):
    layout, outcomes = executed
    assert sorted(outcome.chapter.label for outcome in outcomes) == ["book/one.py", "book/two.py"]
    assert not any(outcome.failure for outcome in outcomes)
    assert "[42]" in notebook_text(layout, "book/one")
    assert "15 four cells" in notebook_text(layout, "book/two")


def test_a_build_and_its_kernels_listen_on_loopback_alone(tmp_path, surroundings):
    with watched() as seen:
        outcomes = schedule.execute_stale(Layout(make_book(tmp_path)), jobs=2, timeout=120)
    assert not any(outcome.failure for outcome in outcomes)
    assert len(seen) >= 10, "the ports of two kernels were not seen"
    assert not beyond(seen)


def test_chapters_run_in_parallel(executed):
    layout, _ = executed
    spans = []
    for name in ("book/one", "book/two"):
        record = record_of(layout, name)
        begin = datetime.fromisoformat(record["started"])
        spans.append((begin, begin + timedelta(seconds=record["seconds"])))
    (begin1, end1), (begin2, end2) = spans
    assert max(begin1, begin2) < min(end1, end2), "one began only after the other had ended"


def test_executed_notebooks_carry_parameters_and_timings(executed):
    record = record_of(executed[0], "book/two")
    assert record["parameters"] == {}
    assert [cell["cell"] for cell in record["cells"]] == [1, 2, 3]
    assert record["cells"][2] == {"cell": 3, "first_line": "time.sleep(1.5)", "seconds": pytest.approx(5.5, abs=4)}
    assert record["seconds"] > sum(cell["seconds"] for cell in record["cells"])
    assert {"python", "numpy", "papermill"} <= record["versions"].keys()


def test_dependencies_are_those_observed(executed):
    layout, _ = executed
    one, two = record_of(layout, "book/one")["depends_on"], record_of(layout, "book/two")["depends_on"]
    assert [name for name in one["files"] if name.startswith("notes")] == [
        "notes/child.py", "notes/child.txt", "notes/forked.txt"
    ]
    assert [name for name in one["files"] if not name.startswith("notes")] == [
        "minipkg/__init__.py", "minipkg/alpha.py", "results/first/run.json"
    ]
    assert "results" in one["folders"]
    assert "notes/absent.txt" in one["probes"]
    assert two["files"] == ["$CGRECNET_DATA/cells.txt", "minipkg/__init__.py", "minipkg/beta.py"]
    assert two["folders"] == []


def test_no_path_of_the_machine_is_published(executed):
    layout, _ = executed
    for name in ("book/one", "book/two"):
        assert str(layout.root) not in notebook_text(layout, name)
    assert "./book" in notebook_text(layout, "book/one")


def test_nothing_changed_runs_nothing(executed):
    layout, _ = executed
    assert schedule.execute_stale(Layout(layout.root), jobs=2, timeout=120) == []


def test_touching_runs_nothing(executed):
    layout, _ = executed
    for path in layout.root.rglob("*"):
        if path.is_file() and "_build" not in path.parts:
            os.utime(path)
    assert stale(Layout(layout.root)) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("minipkg/alpha.py", "def double(x):\n    return x + x\n", ["book/one.py"]),
        ("minipkg/beta.py", "FACTOR = 4\n", ["book/two.py"]),
        ("minipkg/unused.py", "X = 1\n", []),
        ("results/first/run.json", '{"value": 1}', ["book/one.py"]),
        ("results/second/run.json", '{"value": 2}', ["book/one.py"]),
        ("notes/child.txt", "something else", ["book/one.py"]),
        ("notes/child.py", "print(1)", ["book/one.py"]),
        ("notes/forked.txt", "something else", ["book/one.py"]),
        ("notes/absent.txt", "here now", ["book/one.py"]),
        ("notes/other.txt", "nobody reads it", []),
        ("book/parameters.yml", "two: {points: 7}\n", ["book/two.py"]),
        ("book/index.md", "# Another home\n", []),
        ("requirements.lock", "numpy==2.1\n", ["book/one.py", "book/two.py"]),
    ],
)
def test_a_change_touches_the_chapters_that_depend_on_it(executed, path, text, expected):
    root = executed[0].root
    before = (root / path).read_text() if (root / path).exists() else None
    write(root / path, text)
    try:
        assert stale(Layout(root)) == expected
    finally:
        if before is None:
            (root / path).unlink()
            if path.startswith("results/second"):
                (root / path).parent.rmdir()
        else:
            (root / path).write_text(before)
    assert stale(Layout(root)) == [], "content counts: what is as it was holds again"


def test_deleted_record_and_changed_data(executed, surroundings):
    layout, _ = executed
    data, patch = surroundings
    moved = (layout.root / "results" / "first").rename(layout.root / "elsewhere")
    assert stale(Layout(layout.root)) == ["book/one.py"]
    moved.rename(layout.root / "results" / "first")
    kept = (data / "cells.txt").stat()
    write(data / "cells.txt", "five cells, not four")
    assert stale(Layout(layout.root)) == ["book/two.py"]
    write(data / "cells.txt", "four cells")
    os.utime(data / "cells.txt", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert stale(Layout(layout.root)) == []
    patch.setenv("CGRECNET_DATA", str(data / "nowhere"))
    try:
        assert stale(Layout(layout.root)) == ["book/one.py", "book/two.py"]
    finally:
        patch.setenv("CGRECNET_DATA", str(data))


def test_only_the_stale_chapter_is_executed_with_its_parameters(executed):
    root = executed[0].root
    write(root / "book" / "parameters.yml", "two.py: {points: 7, rate: 1}\n")
    outcomes = schedule.execute_stale(Layout(root), jobs=2, timeout=120)
    assert [(outcome.chapter.label, outcome.failure) for outcome in outcomes] == [("book/two.py", "")]
    assert record_of(Layout(root), "book/two")["parameters"] == {"points": 7, "rate": 1}
    assert "21 four cells" in notebook_text(executed[0], "book/two")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("two: {pionts: 7}", "book/two.py the parameter 'pionts'.*it defines points, rate"),
        ("two: {rate: 1e-3}", "book/two.py rate: '1e-3', a str, where its parameters cell has a float"),
        ("two: {points: true}", "a bool, where its parameters cell has a int"),
        ("three: {points: 7}", "book/three, which is no chapter"),
        ("two: [points", "book/parameters.yml is not valid YAML"),
        ("two: {points: 2026-13-45}", "book/parameters.yml is not valid YAML .month must be in 1..12.: mend it"),
        ("two: {points: 2026-11-22}", "book/parameters.yml holds what no notebook can be given .*date.*quotes"),
        ("two: {points: &a [*a]}", "book/parameters.yml holds what no notebook can be given"),
        ("two: {rate: .nan}", "book/parameters.yml holds what no notebook can be given"),
        ("1: {a: 1}", "book/1, which is no chapter"),
        ("two: {1: 2}", "the parameter '1', which its parameters cell does not define"),
        ("two: 3", "must map each chapter"),
        ("two: {rate: 1}\ntwo.py: {points: 1}", "book/parameters.yml gives parameters to book/two twice"),
        ("index: {n: 1}", "book/parameters.yml gives parameters to book/index.md, which is prose"),
        ("caf\udce9: {n: 1}", "book/parameters.yml is not valid YAML"),
    ],
)
def test_unknown_or_mistyped_parameters_are_refused(tmp_path, text, message):
    root = make_book(tmp_path)
    (root / "book" / "parameters.yml").write_bytes(text.encode("utf8", "surrogateescape"))
    with pytest.raises(ConfigError, match=message) as caught:
        schedule.execute_stale(Layout(root), jobs=1, timeout=120)
    assert "\n" not in str(caught.value)


def test_a_comment_is_no_command(tmp_path):
    lines = "# ! touch there\n# rm -r here\n# why?\n# %cd ..\nx = 1"
    path = write(tmp_path / "x.py", "# %%\n" + lines + "\n")
    assert [cell.source for cell in notebook.read(Chapter("book/x", path)).cells] == [lines]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("# ---\n# jupyter: [open\n# ---\n", "its header is not valid YAML between"),
        ("# ---\n# jupyter:\n#   a: 2026-13-45\n# ---\n", "month must be in 1..12"),
        ("# ---\n# jupyter:\n#   kernelspec: 5\n# ---\n", "no percent script"),
        ("# ---\n# jupyter:\n", "its header is not valid YAML between two lines"),
        ('# %% tags=["parameters"\nx = 1\n', "what follows # %% above .x = 1. cannot be read"),
        ('# %% tags="parameters"\nx = 1\n', "no percent script"),
        ('# %% tags=["parameters"]\nx = 1\n' * 2, "has 2 cells tagged parameters: put all parameters into the first"),
    ],
)
def test_a_header_with_an_error_is_refused_in_one_sentence(broken, capsys, header, message):
    write(broken / "book" / "parameters.yml", "")
    write(broken / "book" / "sound.py", header + "\n# %%\nprint(1)\n")
    set_pages(broken, "sound")
    assert __main__.main(["build", "--root", str(broken)]) == 1
    complaint = capsys.readouterr().err.strip().splitlines()[0]
    assert complaint.startswith("error: book/sound.py") and complaint.count("book/sound.py") == 1
    assert re.search(message, complaint)


@pytest.mark.parametrize("text", ["format: jb-book\nroot: 1\n", "root: 2026-13-45", "\t{", "root: [a]"])
def test_a_damaged_table_of_contents_is_refused_in_one_sentence(tmp_path, text):
    root = make_book(tmp_path)
    write(root / "_toc.yml", text)
    with pytest.raises(ConfigError, match="^_toc.yml"):
        _ = Layout(root).chapters


def test_a_page_without_a_source_is_refused(tmp_path):
    root = make_book(tmp_path)
    set_pages(root, "one", "three")
    with pytest.raises(ConfigError, match="lists book/three, which has no source"):
        _ = Layout(root).chapters


@pytest.fixture
def broken(tmp_path, surroundings):
    """A book with one sound chapter and others that fail, each in its own way."""
    root = make_book(tmp_path)
    write_script(root / "book" / "sound.py", "# %% [markdown]\n# # Sound\n\n# %%\nprint(1)\n")
    write_script(
        root / "book" / "raises.py",
        '# %% tags=["parameters"]\nn = 1\n\n# %%\nprint(n)\n\n# %%\n# a comment\nratio = n / 0\n',
    )
    write(root / "book" / "parameters.yml", "raises: {n: 2}\n")
    return root


def test_a_failing_cell_fails_twice_and_names_chapter_cell_and_error(broken, capsys):
    set_pages(broken, "raises", "sound")
    for attempt in (1, 2):
        assert __main__.main(["build", "--root", str(broken), "--jobs", "2"]) == 1
        captured = capsys.readouterr()
        assert "book/raises.py, code cell 3 (ratio = n / 0): ZeroDivisionError: division by zero" in captured.err
        assert ("ok      book/sound.py" in captured.out) == (attempt == 1), "the others go on, and only once"
        assert not (broken / "_build" / "executed" / "book" / "raises.ipynb").exists()
        assert not (broken / "_build" / "html" / "index.html").exists()


@pytest.mark.slow
def test_a_killed_kernel_and_a_late_chapter_are_failures(broken):
    write_script(broken / "book" / "dies.py", "# %%\nx = 1\n\n# %%\nimport os\nos.kill(os.getpid(), 9)\n")
    write_script(broken / "book" / "late.py", "# %%\nimport time\ntime.sleep(100)\n")
    write(broken / "book" / "parameters.yml", "")
    set_pages(broken, "dies", "late")
    outcomes = schedule.execute_stale(Layout(broken), jobs=2, timeout=60)
    failures = {outcome.chapter.name: outcome.failure for outcome in outcomes}
    assert "book/dies.py, code cell 2 (import os): DeadKernelError" in failures["book/dies"]
    assert "book/late.py, code cell 1 (import time): it took longer than the 60 s" in failures["book/late"]
    assert not list((broken / "_build" / "executed").rglob("*.ipynb"))
    assert not list((broken / "_build").glob("job-*"))


def test_a_damaged_executed_notebook_is_not_taken_for_whole(executed):
    layout, _ = executed
    path = layout.executed / "book" / "one.ipynb"
    whole = path.read_text("utf8")
    path.write_text(json.dumps(json.loads(whole))[:500])
    assert stale(Layout(layout.root)) == ["book/one.py"]
    path.write_text(whole, "utf8")
    assert stale(Layout(layout.root)) == []
