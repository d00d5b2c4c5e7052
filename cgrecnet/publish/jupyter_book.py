"""Jupyter Book, made ready and then told when to build: `python -m cgrecnet.publish.jupyter_book build FOLDER ...`

A line on the standard input starts the build; where the input ends without one, nothing is built.
What is read before are the settings, the list of pages, the references and what Sphinx remembers of the last build.
"""

import gc
import importlib
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

from sphinx.application import Sphinx

#: Loaded by Sphinx in the course of a build.
LATER = ("sphinx.builders.html", "sphinx.writers.html5", "myst_nb", "sphinx_book_theme", "sphinx_exercise")

build = Sphinx.build


def build_when_told(self: Sphinx, *arguments: Any, **options: Any) -> None:
    """In place of `Sphinx.build`, which Jupyter Book calls as soon as everything is ready."""
    if not sys.stdin.readline():
        leave(1)  # whoever would have asked is gone
    build(self, *arguments, **options)


def leave(status: int) -> NoReturn:
    """End without taking the pages down object by object."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> NoReturn:
    # Sphinx makes millions of objects and keeps them: looking for garbage among them takes a quarter of its time.
    gc.set_threshold(20_000, 20, 20)
    for name in ("importlib.metadata", "importlib_metadata"):
        with suppress(ImportError):  # asked for dozens of times, each a walk over all packages
            module = importlib.import_module(name)
            module.entry_points = cache(module.entry_points)
    from jupyter_book.cli.main import main as jupyter_book

    for name in LATER:
        importlib.import_module(name)
    gc.freeze()
    Sphinx.build = build_when_told
    try:
        jupyter_book()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else 1)
    leave(0)


if __name__ == "__main__":
    main()
