"""A small book to build: two scripts over a package of their own, one page of prose, records and data."""

import shutil
import textwrap
from pathlib import Path

from cgrecnet.publish import dependencies
from cgrecnet.publish.layout import Layout

REPOSITORY = Path(__file__).parents[2]
HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""
ONE = """\
# %% [markdown]
# # One
#
# It lists the records; the formula is $a^2 + b^2$.

# %%
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from minipkg.alpha import double

records = sorted(Path("../results").glob("*/run.json"))
print([double(json.loads(path.read_text())["value"]) for path in records], os.getcwd())

# %%
# Another process reads for the chapter, and a forked one does.
subprocess.run([sys.executable, "../notes/child.py"], check=True)
if os.fork() == 0:
    Path("../notes/forked.txt").read_text()
    os._exit(0)
os.wait()
print((Path("../notes") / "absent.txt").exists())

# %%
time.sleep(1.5)
"""
TWO = """\
# %% [markdown]
# # Two

# %% tags=["parameters"]
points = 5
rate = 0.1  # type: float

# %% tags=["computed"] mystnb={"image": {"alt": "A line that rises from left to right."}}
import os
import time
from pathlib import Path

import matplotlib.pyplot as plt

import minipkg.beta

print(points * minipkg.beta.FACTOR, Path(os.environ["CGRECNET_DATA"], "cells.txt").read_text())
plt.plot(range(points))
plt.show()

# %%
time.sleep(1.5)
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), "utf8")
    return path


def write_script(path: Path, text: str) -> Path:
    return write(path, HEADER + textwrap.dedent(text))


def set_pages(root: Path, *names: str) -> None:
    """Make these pages, in this order, the chapters of the book."""
    lines = [f"  - file: book/{name}" for name in (*names, "appendix/execution")]
    write(root / "_toc.yml", "format: jb-book\nroot: book/index\nchapters:\n" + "\n".join(lines) + "\n")


def make_book(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    for name in ("_config.yml", "references.bib"):
        shutil.copy(REPOSITORY / name, root / name)
    shutil.copytree(REPOSITORY / "book" / "_static", root / "book" / "_static")
    write(root / "requirements.lock", "numpy==2.0\n")
    write(root / "minipkg" / "__init__.py", "")
    write(root / "minipkg" / "alpha.py", "def double(x):\n    return 2 * x\n")
    write(root / "minipkg" / "beta.py", "FACTOR = 3\n")
    write(root / "results" / "first" / "run.json", '{"value": 21}')
    write(root / "notes" / "child.py", "print(open('../notes/child.txt').read())")
    write(root / "notes" / "child.txt", "read by a child")
    write(root / "notes" / "forked.txt", "read by a fork")
    write(root / "book" / "index.md", "# Home\n\nSee [one](one.py) and [two](two.py).\n")
    write_script(root / "book" / "one.py", ONE)
    write_script(root / "book" / "two.py", TWO)
    set_pages(root, "one", "two")
    return root


def stale(layout: Layout) -> list[str]:
    """The chapters that the next build would execute."""
    scripts = [chapter for chapter in layout.chapters if chapter.is_script]
    return [chapter.label for chapter in scripts if not dependencies.is_fresh(chapter, layout)]
