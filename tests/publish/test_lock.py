"""One build at a time, also when the first was killed and its children go on; whoever ends a build ends them."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from minibook import make_book, set_pages, write, write_script
from waiting import wait_for

from cgrecnet.errors import RunError
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.lock import only_one
from cgrecnet.publish.schedule import execute_stale

# Stands for Jupyter Book: it says that it is there, and takes its time.
#: Signals that a program can heed.
GENTLE = ("SIGINT", "SIGTERM", "SIGHUP")
SLOW_BOOK = """\
import pathlib, time
def main():
    pathlib.Path("_build/at_work").touch()
    time.sleep(6)
    pathlib.Path("_build/done").touch()
"""


def build(root, **settings):
    command = [sys.executable, "-m", "cgrecnet.publish", "build", "--root", str(root)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | settings)


def gone(processes):
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def free(folder):
    """Whether the lock can be had; a process that is a zombie already may still be closing its files."""
    try:
        with only_one(folder):
            return True
    except RunError:
        return False


def test_two_builds_at_once_are_refused(tmp_path):
    with only_one(tmp_path), pytest.raises(RunError, match="Another build is at work"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


@pytest.fixture
def writing(tmp_path):
    """A build whose Jupyter Book is at work."""
    root = make_book(tmp_path / "repository")
    write(root / "book" / "index.md", "# Home\n")
    set_pages(root)
    for name, text in {"__init__.py": "", "cli/__init__.py": "", "cli/main.py": SLOW_BOOK}.items():
        write(tmp_path / "stub" / "jupyter_book" / name, text)
    path = os.pathsep.join([str(tmp_path / "stub"), os.environ.get("PYTHONPATH", "")])
    process = build(root, PYTHONPATH=path)
    wait_for((root / "_build" / "at_work").exists)
    children = psutil.Process(process.pid).children(recursive=True)
    yield root, process, children
    for member in children:
        if member.is_running():
            member.kill()


@pytest.mark.slow
def test_the_lock_is_held_until_the_children_of_a_killed_build_are_gone(writing):
    root, process, children = writing
    process.kill()
    process.wait()
    assert children and not gone(children)
    second = build(root)
    _, complaint = second.communicate(timeout=90)
    assert second.returncode == 1
    assert complaint == f"error: Another build is at work in {root / '_build'}: wait until it has ended.\n"
    wait_for((root / "_build" / "done").exists)
    wait_for(lambda: gone(children))
    wait_for(lambda: free(root / "_build"), 5)


@pytest.mark.parametrize("name", GENTLE)
def test_whoever_ends_a_build_ends_jupyter_book(writing, name):
    root, process, children = writing
    process.send_signal(getattr(signal, name))
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert complaint == "error: interrupted; what was half done is not kept.\n"
    wait_for(lambda: gone(children), 5)
    assert not (root / "_build" / "done").exists()


@pytest.mark.parametrize("name", ["SIGKILL", *(pytest.param(one, marks=pytest.mark.slow) for one in GENTLE)])
def test_whoever_ends_a_build_ends_its_kernels(tmp_path, name):
    root = make_book(tmp_path)
    begin = "import pathlib, time\npathlib.Path('../_build/begun').touch()\n"
    write_script(root / "book" / "late.py", f"# %%\n{begin}time.sleep(100)\n")
    set_pages(root, "late")
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    process = build(root, TMPDIR=str(elsewhere))
    wait_for((root / "_build" / "begun").exists)
    assert list((root / "_build").glob("job-*/kernel.json")), "the connection file is not in the build's folder"
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(getattr(signal, name))
    _, complaint = process.communicate(timeout=90)
    assert len(children) >= 2
    if name == "SIGKILL":
        wait_for(lambda: gone(children), 15)
        wait_for(lambda: free(root / "_build"), 5)
    else:
        assert process.returncode == 130
        assert complaint == "error: interrupted; what was half done is not kept.\n"
        assert gone(children)
    assert not list((root / "_build" / "executed").rglob("*.ipynb"))
    set_pages(root)
    execute_stale(Layout(root), jobs=1, timeout=60)  # the next start
    assert not list((root / "_build").glob("job-*")) and not list(elsewhere.glob("tmp*.json"))


#: Two chapters over one process that has imported a library; each starts a process in a session of its own.
WARM = """\
import sys
from cgrecnet.publish import __main__, kernels
kernels.LIBRARIES = ("numpy",)
sys.exit(__main__.main(["build", "--jobs", "1", "--root", sys.argv[1]]))
"""
STARTS = "# %%\nimport subprocess, time\nsubprocess.Popen(['sleep', '100'], start_new_session=True)\ntime.sleep(100)\n"


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
@pytest.mark.parametrize("name", ["SIGKILL", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_whoever_ends_a_build_ends_the_process_that_forks_its_kernels(tmp_path, name):
    root = make_book(tmp_path)
    for page in ("late", "later"):
        write_script(root / "book" / f"{page}.py", STARTS)
    set_pages(root, "late", "later")
    process = subprocess.Popen([sys.executable, "-c", WARM, str(root)], stderr=subprocess.DEVNULL)
    family = psutil.Process(process.pid)
    try:
        wait_for(lambda: any(child.name() == "sleep" for child in family.children(recursive=True)))
        children = family.children(recursive=True)
        assert sum("warm_server.py" in " ".join(child.cmdline()) for child in children) >= 1
        assert len(children) == 4, "who forks, the chapter's kernel, what it started, and Jupyter Book, which waits"
        process.send_signal(getattr(signal, name))
        process.wait(90)
        wait_for(lambda: gone(children), 10)
        wait_for(lambda: free(root / "_build"), 5)
    finally:
        process.kill()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_a_build_that_was_told_to_ignore_the_end_of_its_terminal_does(tmp_path):
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from cgrecnet.publish import __main__ as m; "
    code += f"m.main(['check', '--root', {str(tmp_path)!r}]); assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN"
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)
