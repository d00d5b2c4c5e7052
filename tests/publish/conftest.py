"""Fixtures over the small book of minibook.py."""

import pytest
from minibook import make_book, write

from cgrecnet.publish import check_browser, schedule
from cgrecnet.publish.layout import Layout


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    """What the environment of a build holds: the small package on the path, and a data folder elsewhere."""
    data = tmp_path_factory.mktemp("data")
    write(data / "cells.txt", "four cells")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGRECNET_DATA", str(data))
        patch.setenv("CGRECNET_CACHE", str(data / "cache"))
        yield data, patch


@pytest.fixture(scope="module")
def executed(tmp_path_factory, surroundings):
    """A book whose two chapters have been executed, with the outcomes."""
    root = make_book(tmp_path_factory.mktemp("book"))
    outcomes = schedule.execute_stale(Layout(root), jobs=2, timeout=120)
    return Layout(root), outcomes


@pytest.fixture
def chromium():
    found = check_browser.browser()
    if not found:
        pytest.skip("no Chromium on PATH or in CGRECNET_CHROMIUM")
    return found
