"""A forked kernel gives what a new one gives, whatever ran before it; where forking fails, new ones take over."""

import json
import sys

import pytest
from minibook import make_book, set_pages, stale, write, write_script

from cgrecnet.publish import dependencies, kernels, schedule
from cgrecnet.publish.layout import Layout

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")

#: What a chapter could find that another one left, or that a fork has and a new process has not.
LOOKS = """\
# %% [markdown]
# # A page that looks around

# %%
import logging, os, random, signal, sys, threading, warnings

print(sys.argv[0], sys.path, sys.flags, hash("a word"), os.getcwd(), os.getpgrp() == os.getpid(), __name__)
print([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)])
print(warnings.filters[:1], threading.current_thread().name, sys.stdin.isatty(), "ones" in globals())

# %%
import lightning_fabric
import minipkg.alpha
import numpy as np
import sklearn.linear_model
import torch
import torchvision

own = ("CGRECNET_TRACE", "IPYTHONDIR", "JPY_PARENT_PID")  # of each kernel
print(sorted((name, value) for name, value in os.environ.items() if name not in own))

print(torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(), np.get_printoptions()["precision"])
logging.getLogger("lightning.fabric").warning("said to whoever reads this page")
torch.manual_seed(3)
layer, ones = torch.nn.Linear(40, 40), torch.rand(30, 40)
loss = layer(ones).relu().square().sum()
loss.backward()
print(loss.item(), layer.weight.grad.sum().item(), float(np.linalg.svd(ones.numpy())[1].sum()))

# %%
import matplotlib
import matplotlib.pyplot as plt
import pandas as pd

print(matplotlib.get_backend(), plt.rcParams["figure.dpi"], plt.rcParams["lines.linewidth"], plt.get_fignums())
plt.plot(np.arange(5) ** 2)
plt.show()
pd.DataFrame({"a": [1, 2.5]})

# %%
import multiprocessing
import subprocess

print(multiprocessing.parent_process(), multiprocessing.current_process().name)
subprocess.run([sys.executable, "-c", "import sys; print('a child', sys.path[0], hash('a word'))"], check=True);
"""
#: It leaves everything in disorder.
SPOILS = """\
# %% [markdown]
# # A page that spoils everything

# %%
import logging, os, sys, warnings

import matplotlib.pyplot as plt
import minipkg.beta
import numpy as np
import torch

plt.rcParams.update({"lines.linewidth": 9, "figure.dpi": 30})
plt.plot([1, 2])
np.set_printoptions(precision=1)
np.random.seed(1)
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
torch.manual_seed(99)
os.environ["LEFT_BEHIND"] = "yes"
os.chdir("/")
sys.path.insert(0, "/left/behind")
warnings.simplefilter("error")
logging.getLogger().setLevel("DEBUG")
del np.linalg.svd
"""
#: Numbers that nobody seeded.
DRAWS = """\
# %% [markdown]
# # A page that draws

# %%
import random
import tempfile
import uuid

import numpy as np
import torch

print([random.random(), np.random.rand(), torch.rand(1).item(), uuid.uuid4().hex, tempfile.mktemp()])
"""
WARM = "# %% [markdown]\n# # Warm?\n\n# %%\nimport sys\n\nprint('torch' in sys.modules)\n"
PLAIN = "# %% [markdown]\n# # A page that imports nothing\n\n# %%\nprint(1)\n"
PAGES = {"looks": LOOKS, "spoils": SPOILS, "looks_again": LOOKS, "draws": DRAWS, "draws_again": DRAWS}
PAGES |= {"warm": WARM, "plain": PLAIN}


def executed(root, names, jobs=1, **how):
    """Execute the pages in this order, one at a time; the layout and the outcomes."""
    for name in names:
        write_script(root / "book" / f"{name}.py", PAGES[name])
    set_pages(root, *names)
    layout = Layout(root)
    return layout, schedule.execute_stale(layout, jobs, timeout=120, **how)


def shown(layout, name):
    """What the page shows: source and outputs; what was printed in a row is joined, stream by stream, as which of two
    streams the kernel sends first depends on how busy the machine is."""
    cells = json.loads((layout.executed / "book" / f"{name}.ipynb").read_text("utf8"))["cells"]
    for cell in cells:
        outputs, printed = [], {}
        for output in [*cell.get("outputs", []), None]:
            if output and output["output_type"] == "stream":
                printed[output["name"]] = printed.get(output["name"], "") + "".join(output["text"])
                continue
            outputs += [{"output_type": "stream", "name": name, "text": text} for name, text in sorted(printed.items())]
            outputs += [output] if output else []
            printed = {}
        cell["outputs"] = outputs
    return cells


def said(layout, name):
    """What the page's last cell printed."""
    return "".join(shown(layout, name)[-1]["outputs"][0]["text"]).strip()


def record_of(layout, name):
    return dependencies.stored(layout.executed / "book" / f"{name}.ipynb")


@pytest.fixture(scope="module")
def three_ways(tmp_path_factory):
    """The same book executed by new kernels, by forks, and by forks in the other order."""
    found = []
    for names, cold in ((PAGES, True), (PAGES, False), (reversed(PAGES), False)):
        root = make_book(tmp_path_factory.mktemp("kernels") / "book")
        layout, outcomes = executed(root, list(names), cold=cold)
        assert [outcome.failure for outcome in outcomes] == [""] * len(PAGES)
        found.append(layout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["looks", "spoils", "looks_again", "plain"])
def test_a_fork_shows_what_a_new_kernel_shows_whatever_ran_before(three_ways, name):
    new, *forks = (shown(layout, name) for layout in three_ways)
    assert not any(output["output_type"] == "error" for cell in new for output in cell["outputs"])
    for fork in forks:
        assert fork == new


@pytest.mark.slow
def test_only_a_fork_has_the_libraries_before_it_imports_them(three_ways):
    assert [said(layout, "warm") for layout in three_ways] == ["False", "True", "True"]


@pytest.mark.slow
def test_a_fork_that_imports_for_itself_shows_what_a_new_kernel_shows(tmp_path):
    new, _ = executed(make_book(tmp_path / "new"), ["looks", "warm"], cold=True)
    fork, outcomes = executed(make_book(tmp_path / "fork"), ["looks", "warm"], jobs=2)
    assert [outcome.failure for outcome in outcomes] == ["", ""] and said(fork, "warm") == "False"
    assert shown(fork, "looks") == shown(new, "looks")
    assert record_of(fork, "looks")["depends_on"]["files"] == record_of(new, "looks")["depends_on"]["files"]


@pytest.mark.slow
def test_what_nobody_seeded_differs_from_fork_to_fork(three_ways):
    drawn = [said(layout, name) for layout in three_ways for name in ("draws", "draws_again")]
    numbers = [number for text in drawn for number in json.loads(text.replace("'", '"'))]
    assert len(set(numbers)) == len(numbers) == 30


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_fork_depends_on_what_it_imports_itself(three_ways, name):
    cold, *forks = (record_of(layout, name)["depends_on"] for layout in three_ways)
    expected = {"looks": "alpha", "looks_again": "alpha", "spoils": "beta"}.get(name)
    assert cold["files"] == (["minipkg/__init__.py", f"minipkg/{expected}.py"] if expected else [])
    for fork in forks:
        assert fork["files"] == cold["files"]
        assert set(fork["folders"]) >= set(cold["folders"])


@pytest.mark.slow
def test_a_library_that_lies_in_the_repository_counts_for_whoever_may_use_it(tmp_path, surroundings, monkeypatch):
    monkeypatch.setattr(kernels, "LIBRARIES", ("numpy", "torch", "minipkg.beta"))
    layout, _ = executed(make_book(tmp_path), ["plain", "warm"])
    assert stale(Layout(layout.root)) == []
    write(layout.root / "minipkg" / "beta.py", "FACTOR = 4\n")
    assert stale(Layout(layout.root)) == ["book/plain.py", "book/warm.py"]


@pytest.mark.slow
def test_where_the_libraries_cannot_be_imported_each_chapter_gets_a_kernel_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kernels, "LIBRARIES", ("no_such_library",))
    layout, outcomes = executed(make_book(tmp_path), ["plain", "warm"])
    assert [outcome.failure for outcome in outcomes] == ["", ""] and said(layout, "warm") == "False"
    assert capsys.readouterr().out.count("kernels: the warm process failed (ModuleNotFoundError: No module named") == 1


KILLS = """\
# %%
import pathlib, psutil, time

forker = psutil.Process().parent()
sign = pathlib.Path("../_build/killed")
if not sign.exists():
    assert "warm_server.py" in " ".join(forker.cmdline())
    sign.touch()
    forker.kill()
    time.sleep(60)
print("alive")
"""


@pytest.mark.slow
def test_when_the_process_that_forks_is_killed_new_kernels_take_over(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kernels, "LIBRARIES", ("numpy", "torch"))
    monkeypatch.setitem(PAGES, "kills", KILLS)
    layout, outcomes = executed(make_book(tmp_path), ["kills", "warm"])
    assert [outcome.failure for outcome in outcomes] == ["", ""]
    assert said(layout, "kills") == "alive" and said(layout, "warm") == "False"
    assert capsys.readouterr().out.count("kernels: the warm process failed (it has ended); each chapter starts") == 1


@pytest.mark.slow
def test_a_forked_kernel_that_does_not_come_up_is_followed_by_a_new_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kernels, "LIBRARIES", ("numpy",))  # what a fork needs to draw its own numbers is missing
    monkeypatch.setattr(kernels, "SERVER", write(tmp_path / "server.py", kernels.SERVER.read_text().replace(
        "    kernel = IPKernelApp.instance()", "    raise OSError('no kernel today')"
    )))
    layout, outcomes = executed(make_book(tmp_path / "book"), ["plain", "warm"])
    assert [outcome.failure for outcome in outcomes] == ["", ""] and said(layout, "warm") == "False"
    assert capsys.readouterr().out.count("did not come up (") == 2
