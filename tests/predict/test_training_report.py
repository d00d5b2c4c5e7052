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
from cgrecnet.predict.build import audit_of
from cgrecnet.predict.folder import open_folder
from cgrecnet.predict.training_report import trained_of_model, write_training_report
from cgrecnet.runs.run_record import sha256, write_run


@pytest.fixture(scope="module")
def trained_model(model):
    return trained_of_model(open_folder(model.path), None)


@pytest.fixture(scope="module")
def page(trained_model, tmp_path_factory):
    """Of a training whose first class has a name that is a program."""
    classes = (EVIL, *trained_model.classes[1:])
    known = trained_model.model.model_copy(update={"classes": classes})
    out = tmp_path_factory.mktemp("training") / "t.html"
    write_training_report(out, replace(trained_model, model=known))
    return out.read_text()


def test_nothing_is_fetched_and_no_name_is_code(page):
    text = opened_offline(page).text
    assert EVIL in text and "the largest class alone" in text and "Look at this: the cells are simulated" in text
    for words in ("Learning curves", "Reliability", "Coverage of sets", "Could it have learnt a shortcut?"):
        assert words in text
    assert page.count("<svg") == 2


def test_each_count_leads_to_pictures_of_its_own_cells(page, trained_model):
    called = trained_model.probabilities.argmax(axis=1)
    names = trained_model.dataset.table["cell_id"].to_numpy()[list(trained_model.rows)]
    shown = 0
    for y in range(3):
        for k in range(3):
            here = set(names[(trained_model.labels == y) & (called == k)])
            found = re.search(f'<section id="cells-{y}-{k}">(.+?)</section>', page, re.DOTALL)
            assert bool(found) == bool(here)
            if here:
                assert f'<a href="#cells-{y}-{k}">{len(here)}</a>' in page
                cells = re.findall(r"<figcaption>(\S+): ", found[1])
                assert len(cells) == min(len(here), 6) and set(cells) <= here
                shown += len(cells)
    assert shown == page.count("<img")


def test_the_picture_is_the_cell(page, trained_model):
    address, name = re.search(r'<img src="data:image/png;base64,([^"]+)" alt="(\S+): ', page).groups()
    row = list(trained_model.dataset.table["cell_id"]).index(name)
    image = np.asarray(trained_model.dataset.images[row])
    with Image.open(io.BytesIO(base64.b64decode(address))) as picture:
        small = np.asarray(picture.convert("L").resize(image.shape[::-1]), float)
    assert np.corrcoef(small.ravel(), image.ravel())[0, 1] > 0.95


def test_the_command_on_a_model_folder_and_on_what_is_none(model, tmp_path, capsys):
    out = tmp_path / "t.html"
    assert cli.main(["report", str(model.path), "--out", str(out)]) == 0
    assert "seed 1" in out.read_text() and f"report: {out}" in capsys.readouterr().out
    places = ["--results", str(tmp_path), "--work", str(tmp_path)]
    assert cli.main(["report", "no-such-run", *places]) == 2
    assert "There is no run 'no-such-run'" in capsys.readouterr().err


def test_the_command_on_a_run(trained, dataset, tmp_path, monkeypatch):
    records, _, parts = trained
    labels = dataset.labels[parts.test]
    probabilities = np.full((len(labels), 3), 0.1)
    probabilities[np.arange(len(labels)), labels] = 0.8
    probabilities[0] = 0.1
    probabilities[0, (labels[0] + 1) % 3] = 0.8  # one is taken for another
    names = dataset.table["cell_id"].iloc[parts.test]
    rows = [",".join([name, str(y), *map(str, p)]) for name, y, p in zip(names, labels, probabilities, strict=True)]
    text = "\n".join(["cell_id,label,p0,p1,p2", *rows]) + "\n"
    record = records[0].model_copy(update={"predictions_sha256": sha256(text)})
    write_run(tmp_path / "run" / record.run_id, record, text)
    monkeypatch.setattr("cgrecnet.predict.training_report.audit_of", lambda dataset: audit_of(dataset, 12))
    places = ["--results", str(tmp_path), "--work", str(tmp_path / "w")]
    assert cli.main(["report", record.run_id, "--out", str(tmp_path / "t.html"), *places]) == 0
    page = (tmp_path / "t.html").read_text()
    wrong = re.findall(r"<figcaption>(\S+): \S+ 0.80, \S+ 0.10</figcaption>", page)
    assert wrong == [names.iloc[0]] and "Coverage of sets" not in page
    other = record.model_copy(update={"data": record.data | {"fingerprint": "0" * 64}})
    write_run(tmp_path / "run" / record.run_id, other, text)
    assert cli.main(["report", record.run_id, "--out", str(tmp_path / "u.html"), *places]) == 2
    assert not (tmp_path / "u.html").exists()
