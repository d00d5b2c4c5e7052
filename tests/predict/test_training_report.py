"""The page about a training: it needs no network, escapes names, and each count leads to its own cells."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from offline_page import opened_offline
from PIL import Image
from test_prediction_report import EVIL

from cgrecnet import cli
from cgrecnet.errors import RunError
from cgrecnet.predict.folder import open_folder
from cgrecnet.predict.training_report import cells_of, write_training_report


@pytest.fixture(scope="module")
def page(model, tmp_path_factory):
    """Of a training whose first class has a name that is a program."""
    folder = open_folder(model.path)
    known = folder.model.model_copy(update={"classes": (EVIL, *folder.model.classes[1:])})
    out = tmp_path_factory.mktemp("training") / "t.html"
    write_training_report(out, replace(folder, model=known))
    return out.read_text()


def test_nothing_is_fetched_and_no_name_is_code(page):
    text = opened_offline(page).text
    assert EVIL in text and "the largest class alone" in text and "Look at this: the cells are simulated" in text
    for words in ("Learning curves", "Reliability", "Coverage of sets", "Could it have learnt a shortcut?"):
        assert words in text
    assert page.count("<svg") == 2


def test_each_count_leads_to_pictures_of_its_own_cells(page, model):
    labels, called = model.statistics["test.labels"], model.statistics["test.probabilities"].argmax(axis=1)
    dataset, rows = cells_of(model, None)
    names = dataset.table["cell_id"].to_numpy()[list(rows)]
    shown = 0
    for y in range(3):
        for k in range(3):
            here = set(names[(labels == y) & (called == k)])
            found = re.search(f'<section id="cells-{y}-{k}">(.+?)</section>', page, re.DOTALL)
            assert bool(found) == bool(here)
            if here:
                assert f'<a href="#cells-{y}-{k}">{len(here)}</a>' in page
                cells = re.findall(r"<figcaption>(\S+): ", found[1])
                assert len(cells) == min(len(here), 6) and set(cells) <= here
                shown += len(cells)
    assert shown == page.count("<img")


def test_the_picture_is_the_cell(page, dataset):
    address, name = re.search(r'<img src="data:image/png;base64,([^"]+)" alt="(\S+): ', page).groups()
    row = list(dataset.table["cell_id"]).index(name)
    image = np.asarray(dataset.images[row])
    with Image.open(io.BytesIO(base64.b64decode(address))) as picture:
        small = np.asarray(picture.convert("L").resize(image.shape[::-1]), float)
    assert np.corrcoef(small.ravel(), image.ravel())[0, 1] > 0.95


def test_the_command_on_a_model_folder_and_on_what_is_none(model, tmp_path, capsys):
    out = tmp_path / "t.html"
    assert cli.main(["report", str(model.path), "--out", str(out)]) == 0
    assert "seed 1" in out.read_text() and f"report: {out}" in capsys.readouterr().out
    assert cli.main(["report", str(tmp_path / "none")]) == 2
    assert "is no model folder" in capsys.readouterr().err
    assert cli.main(["train", "--report", str(out)]) == 2
    assert "--report is about a model folder" in capsys.readouterr().err


def test_other_cells_are_refused(model, tmp_path):
    other = model.model.model_copy(update={"data": model.model.data | {"fingerprint": "0" * 64}})
    with pytest.raises(RunError, match="are not those of .*name where its own are with --root"):
        write_training_report(tmp_path / "u.html", replace(model, model=other))
    split = model.model.model_copy(update={"split": model.model.split | {"manifest": "0" * 64}})
    with pytest.raises(RunError, match="split in another way"):
        write_training_report(tmp_path / "u.html", replace(model, model=split))
    assert not (tmp_path / "u.html").exists()
