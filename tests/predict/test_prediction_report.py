"""The page about a prediction: it needs no network, escapes names, and shows what it says."""

import json
import shutil

import numpy as np
import pytest
from offline_page import Page, opened_offline
from PIL import Image

from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import MODEL, open_folder, write_sums
from cgrecnet.predict.inputs import open_input
from cgrecnet.predict.prediction_report import write_prediction_report
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.run import predict_cells

EVIL = "<script>alert('$x_1$')</script>"


@pytest.fixture(scope="module")
def page(model, dataset, tmp_path_factory):
    """Of a model whose first class has a name that is a program, about cells of which some are dark."""
    place = tmp_path_factory.mktemp("report")
    shutil.copytree(model.path, place / "model")
    values = json.loads((place / "model" / MODEL).read_text())
    values["classes"][0] = values["measured"]["coverage"][0]["class"] = EVIL
    (place / "model" / MODEL).write_text(json.dumps(values))
    write_sums(place / "model")
    folder = open_folder(place / "model")
    pictures = place / "{{body}} $x$ a|b"
    pictures.mkdir()
    for i in range(20):
        image = dataset.images[i] if i else (dataset.images[i] * 0.5).astype(np.uint8)
        Image.fromarray(image).save(pictures / f"<b>{i}.png")
    cells = open_input(pictures, folder.model)
    predictor = Predictor(folder, make_engine(folder, "torch"), 0.9)
    summary = predict_cells(predictor, cells, place / "p.csv", say=lambda _: None)
    write_prediction_report(place / "r.html", folder, summary, place / "p.csv", cells)
    return (place / "r.html").read_text()


def test_nothing_is_fetched_and_no_name_is_code(page):
    found = opened_offline(page)
    assert "b" not in {tag for tag, _ in found.tags} and "@import" not in page and "url(http" not in page
    text = found.text
    assert EVIL in text and "{{body}} $x$ a|b" in text and page.count("<h1>Predictions</h1>") == 1


def test_it_shows_shares_cells_maps_audit_and_reliability(page):
    found = Page(page)
    text = found.text
    for words in ("How many of each class", "95 % interval", "Least sure", "Most unlike the training images",
                  "Where the network looked", "Reliability", "Could it have learnt a shortcut?", "Coverage of sets",
                  "The flag `unlike` is up for", "used to train or choose"):  # fmt: skip
        assert words in text
    pictures = [attributes for tag, attributes in found.tags if tag == "img"]
    assert len(pictures) >= 10 and all(picture["alt"] for picture in pictures)
    assert any("unlike: levels" in picture["alt"] for picture in pictures)
