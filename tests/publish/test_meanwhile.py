"""What changes while a chapter runs makes its result stale; what the chapter itself makes does not."""

import os
import subprocess
import sys
import time
from threading import Thread

import pytest
from minibook import make_book, set_pages, stale, write, write_script

from cgrecnet.publish import dependencies, schedule
from cgrecnet.publish.layout import Layout

# It looks at everything, says so, and goes on once it is told to.
WAITING = """\
# %% [markdown]
# # Waiting

# %%
import time
from pathlib import Path

import minipkg.alpha

print(len(list(Path("../results").iterdir())), Path("../notes/absent.txt").exists())
print(Path("../notes/child.txt").read_text(), Path("../notes/child.py").exists())
Path("../_build/seen").touch()
while not Path("../_build/go").exists():
    time.sleep(0.05)
"""


def run_meanwhile(root, change):
    """Execute the only chapter, and call `change` when it has looked at everything."""
    layout = Layout(root)
    seen, go = layout.build / "seen", layout.build / "go"
    for path in (seen, go):
        path.unlink(missing_ok=True)
    found = []
    thread = Thread(target=lambda: found.extend(schedule.execute_stale(layout, jobs=1, timeout=60)))
    thread.start()
    limit = time.monotonic() + 60
    while not seen.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    change(root)
    go.touch()
    thread.join()
    assert [outcome.failure for outcome in found] == [""]
    return found[0]


def test_a_record_added_meanwhile_leaves_the_chapter_stale_once(tmp_path, surroundings, capsys):
    root = make_book(tmp_path)
    write_script(root / "book" / "waiting.py", WAITING)
    set_pages(root, "waiting")
    assert run_meanwhile(root, lambda root: write(root / "results" / "second" / "run.json", "{}")).changed_meanwhile
    assert "book/waiting.py (something that it read changed meanwhile" in capsys.readouterr().out
    assert stale(Layout(root)) == ["book/waiting.py"]
    assert not run_meanwhile(root, lambda root: write(root / "notes" / "other.txt", "not read")).changed_meanwhile
    assert stale(Layout(root)) == []


@pytest.mark.parametrize("path", ["requirements.lock", "book/waiting.py"])
def test_the_pins_and_the_source_count_from_the_start(tmp_path, surroundings, path):
    root = make_book(tmp_path)
    write_script(root / "book" / "waiting.py", WAITING)
    set_pages(root, "waiting")
    text = (root / path).read_text() + "# more\n"
    assert run_meanwhile(root, lambda root: write(root / path, text)).changed_meanwhile
    assert stale(Layout(root)) == ["book/waiting.py"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: None, []),
        (lambda root: write(root / "notes" / "other.txt", "nobody reads it"), []),
        (lambda root: write(root / "results" / "__pycache__" / "x.pyc", "of no account"), []),
        (lambda root: write(root / "results" / "second" / "run.json", "{}"), ["results"]),
        (lambda root: (root / "results" / "first").rename(root / "elsewhere"), ["results"]),
        (lambda root: write(root / "notes" / "absent.txt", "here now"), ["notes/absent.txt"]),
        (lambda root: write(root / "notes" / "child.txt", "something else"), ["notes/child.txt"]),
        (lambda root: (root / "notes" / "child.txt").unlink(), ["notes/child.txt"]),
        (lambda root: (root / "notes" / "child.py").unlink(), ["notes/child.py"]),
        (lambda root: write(root / "minipkg" / "alpha.py", "X = 1\n"), ["minipkg/alpha.py"]),
    ],
    ids=["nothing", "unread", "cache", "record", "record gone", "probe", "file", "file gone", "probe gone", "module"],
)
def test_each_change_meanwhile_is_seen(tmp_path, surroundings, change, expected):
    root = make_book(tmp_path)
    layout = Layout(root)
    write(layout.build / "go", "")
    settings = schedule._kernel_settings(layout, tmp_path / "_build")
    script = write_script(root / "book" / "waiting.py", WAITING)
    subprocess.run([sys.executable, script], cwd=layout.book, env=os.environ | settings, check=True)
    change(root)
    assert dependencies.changed_meanwhile(layout.build / "trace.jsonl", layout) == expected


OWN = """\
# %%
import os
from pathlib import Path

notes, out = Path("../notes"), Path("../notes/out")
print(sorted(os.listdir(notes)), out.exists(), (notes / "later.txt").exists())
out.mkdir()
(out / "a.txt").write_text("mine")
os.listdir(out)
(notes / "part.txt").write_text("mine")
(notes / "part.txt").rename(notes / "later.txt")
(out / "a.txt").unlink()
out.rmdir()
print((notes / "later.txt").read_text())
"""


def test_what_the_chapter_makes_itself_is_no_change_by_others(tmp_path, surroundings):
    root = make_book(tmp_path)
    write_script(root / "book" / "own.py", OWN)
    set_pages(root, "own")
    (outcome,) = schedule.execute_stale(Layout(root), jobs=1, timeout=60)
    assert not outcome.failure and not outcome.changed_meanwhile
    assert stale(Layout(root)) == []


def test_a_file_opened_to_read_and_write_is_read(tmp_path, surroundings):
    root = make_book(tmp_path)
    write_script(
        root / "book" / "both.py",
        '# %%\nfor mode in ("r+", "a+"):\n    print(open("../notes/child.txt", mode).read())\n'
        'open("../notes/new.txt", "w+").close()\nopen("../notes/newer.txt", "a+").close()\n',
    )
    set_pages(root, "both")
    schedule.execute_stale(Layout(root), jobs=1, timeout=60)
    (chapter,) = [c for c in Layout(root).chapters if c.is_script]
    record = dependencies.stored(Layout(root).executed_notebook(chapter))
    assert record["depends_on"]["files"] == ["notes/child.txt"]
    assert stale(Layout(root)) == []
    write(root / "notes" / "child.txt", "something else")
    assert stale(Layout(root)) == ["book/both.py"]


@pytest.mark.parametrize("way", ["dots", "link", "dots over a link", "relative"])
def test_the_data_folder_is_watched_however_it_is_named(tmp_path, monkeypatch, way):
    data = tmp_path / "far" / "mdata"
    write(data / "cells.txt", "four cells")
    (tmp_path / "x").mkdir()
    (tmp_path / "link").symlink_to(data)
    (tmp_path / "side").symlink_to(tmp_path / "far" / "mdata")
    names = {
        "dots": f"{tmp_path}/x/../far/mdata",
        "link": tmp_path / "link",
        "dots over a link": f"{tmp_path}/side/../mdata",
        "relative": os.path.relpath(data),
    }
    monkeypatch.setenv("CGRECNET_DATA", str(names[way]))
    root = make_book(tmp_path / "repository")
    write_script(
        root / "book" / "reads.py",
        '# %%\nimport os\nfrom pathlib import Path\n\nfolder = Path(os.environ["CGRECNET_DATA"])\n'
        'print(folder, folder.resolve(), (folder.resolve() / "cells.txt").read_text())\n',
    )
    set_pages(root, "reads")
    layout = Layout(root)
    (outcome,) = schedule.execute_stale(layout, jobs=1, timeout=60)
    assert not outcome.failure
    text = (layout.executed / "book" / "reads.ipynb").read_text("utf8")
    assert "$CGRECNET_DATA $CGRECNET_DATA four cells" in text and "mdata" not in text
    assert stale(Layout(root)) == []
    write(data / "cells.txt", "five cells, not four")
    assert stale(Layout(root)) == ["book/reads.py"]
