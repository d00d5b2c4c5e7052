"""A run record made up for the figures' tests, matplotlib without a screen, and pages in a browser."""

from html.parser import HTMLParser

import matplotlib
import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.base import CellDataset
from cgrecnet.evaluation.metrics import score
from cgrecnet.publish import check_browser, check_static
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.training.config import RunConfig
from cgrecnet.training.protocol import PROTOCOL

matplotlib.use("Agg")


@pytest.fixture
def record() -> RunRecord:
    """Two epochs of a network that gets four of six cells right."""
    config = RunConfig(experiment="e", model="cg_recnet", epochs=2)
    labels = np.array([0, 0, 1, 1, 2, 2])
    probabilities = np.eye(3)[[0, 0, 1, 0, 2, 1]]
    history = [
        {"epoch": i, "learning_rate": 1e-4, "train_loss": 1 / i, "validation_loss": 1.0, "validation_macro_f1": 0.5,
         "reported": i == 1, "seconds": 2.0}
        for i in (1, 2)
    ]  # fmt: skip
    return RunRecord(
        run_id="e-0123456789-s42", experiment="e", config=config.model_dump(), started="2026-01-01T00:00:00+00:00",
        wall_seconds=300, commit="abcdef0123456789", code="c" * 64, protocol=PROTOCOL, history=history, parameters=1,
        data={"name": "cytometer", "simulated": True, "task": "kinds", "cells": 1234, "fingerprint": "f" * 64,
              "classes": [*"abc"]},
        split={"seed": 7}, weights={"source": "none"}, software={}, predictions_sha256="0" * 64,
        hardware={"gpu": None, "cpu": "Some CPU", "cores": 2, "threads": 1, "device": "cpu"},
        test=score(labels, probabilities, ("a", "b", "c")),
    )  # fmt: skip


# --- Interactive pieces: their HTML, and the page they stand on in a browser. ---


class Tags(HTMLParser):
    """Every element with its attributes; an element that is closed out of turn fails."""

    EMPTY = ("img", "input", "br", "rect", "path", "polyline", "line")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.found if name == tag]


@pytest.fixture
def tags():
    """Parse HTML and refuse what is not closed."""
    return Tags


def widget_page(*pieces) -> str:
    """A page of the book, as far as an interactive piece can tell."""
    body = "".join(made.html for made in pieces)
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf8"><title>T</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        "<style>html[data-theme=dark] body {background: #111; color: #eee} body {margin: 0; background: #fff} "
        "img {background: #fff; box-sizing: border-box} [hidden] {display: none !important}</style>"
        f'</head><body><main><article><h1>T</h1><div class="cell_output">{body}</div></article></main></body></html>'
    )


@pytest.fixture
def chromium() -> str:
    found = check_browser.browser()
    if not found:
        pytest.skip("no Chromium on PATH or in CGRECNET_CHROMIUM")
    return found


@pytest.fixture
def browse(chromium, tmp_path):
    """Open pieces in Chromium on a small screen, with or without scripts; returns playwright's page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=check_browser.FLAGS)

        def opened(*pieces, script: bool = True):
            path = tmp_path / "page.html"
            path.write_text(widget_page(*pieces), "utf8")
            context = browser.new_context(viewport=check_browser.PHONE, java_script_enabled=script)
            shown = context.new_page()
            shown.goto(path.as_uri())
            return shown

        yield opened
        browser.close()


@pytest.fixture
def book_faults(chromium, tmp_path):
    """What the checks of the book find on a page with these pieces."""

    def found(*pieces) -> list:
        (tmp_path / "page.html").write_text(widget_page(*pieces), "utf8")
        static = check_static.faults(tmp_path, check_static.pages_in(tmp_path))
        return static + check_browser.faults(tmp_path, ["page.html"], chromium)

    return found


@pytest.fixture
def twelve_cells() -> CellDataset:
    """Twelve small pictures of three classes, four each, called cell-00 to cell-11."""
    ids = [f"cell-{i:02d}" for i in range(12)]
    labels = np.repeat([0, 1, 2], 4)
    images = np.random.default_rng(0).integers(0, 256, (12, 20, 20), dtype=np.uint8)
    table = pd.DataFrame({"cell_id": ids, "class_name": [*"aaaabbbbcccc"], "group": "g"})
    return CellDataset("jurkat", False, "t", ("a", "b", "c"), images, labels, table, (0, 255), "f" * 64, "Made up.")
