"""`make reproduce` on simulated cells in the layout of the paper's: stopped in the middle, gone on with, in a book."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cgrecnet.cli import main
from cgrecnet.data import open_dataset, pack_dataset
from cgrecnet.data.cytometer.files import write_cells
from cgrecnet.errors import ConfigError, DataError, RunError
from cgrecnet.paths import RESULTS
from cgrecnet.publish import __main__ as publish
from cgrecnet.runs import run_id
from cgrecnet.runs.query import experiment, record_of
from cgrecnet.runs.reproduce import OWN_SWEEPS, choose_runs, pack_files
from cgrecnet.runs.run_record import read_record
from cgrecnet.runs.sweep import need_networks, plan_sweep, refuse_other_cells

sys.path.insert(0, str(Path(__file__).parents[1] / "publish"))
from minibook import make_book, set_pages, write_script  # noqa: E402

#: Minutes become seconds: two networks, two folds, one epoch, tiny images, and no weights to download.
SMALL = ["image_size=32", "epochs=1", "batch_size=16", "folds=2", "fold=[0, 1]", "weights=null"]
WORDS = [*SMALL, "model=[resnet50, cg_recnet]", "--sweeps", "ablation", "--workers", "1"]
PAGE = """\
# %% [markdown]
# # Ablation

# %%
from pathlib import Path

from cgrecnet.figures.provenance import from_records
from cgrecnet.runs.query import experiment

found = experiment("ablation", "zhu", results=Path("../results"))
print([(r.config["model"], r.config["fold"]) for r in found.records], "of", found.planned)
from_records(found.records)
"""


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """A folder of simulated cells as files, and a cache of its own for their store."""
    monkeypatch.setenv("CGRECNET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return write_cells(tmp_path / "cells", {"cells": 60, "runs": 6, "shares": [0.34, 0.33, 0.33]})


def absent(*args, **kwargs):
    """A data set whose images are not here."""
    raise DataError("not here")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_from_a_folder_of_files_to_a_page_of_the_book(tmp_path, cells, capsys, monkeypatch):
    root = make_book(tmp_path / "book")
    write_script(root / "book" / "ablation.py", PAGE)
    (root / "book" / "index.md").write_text("# Home\n\nSee [the ablation](ablation.py).\n")
    set_pages(root, "ablation")
    words = ["reproduce", str(cells), *WORDS, "--results", str(root / "results"), "--work", str(tmp_path / "work")]
    records = lambda: sorted((root / "results" / "ablation").glob("*/run.json"))  # noqa: E731

    # A first start, which is stopped after its first run.
    first = subprocess.Popen([sys.executable, "-m", "cgrecnet", *words], stdout=subprocess.DEVNULL, text=True)
    while not records() and first.poll() is None:
        time.sleep(0.1)
    first.terminate()
    assert first.wait(300) == 130, "it was over before it was stopped"
    kept = {path: path.read_bytes() for path in records()}
    assert 1 <= len(kept) < 4

    # The second does the rest, and nothing twice.
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "checked already" in said and "audited already" in said and f"4 runs, {len(kept)} of them done" in said
    assert "hours of one" in said, "it did not say what it costs"
    assert said.count("These cells are SIMULATED") == 1
    assert len(records()) == 4 and all(path.read_bytes() == content for path, content in kept.items())
    table = said.split("[5/5] collect")[1]
    assert "resnet50  2" in table and "cg_recnet  2" in table and "4 of 4 runs" in table
    found = experiment("ablation", "zhu", root / "results")
    assert all(record.data["simulated"] for record in found.records)
    assert not found.complete, "a part of the paper's runs must not pass for all of them"

    # The third has nothing to do, and starts no worker for it.
    monkeypatch.setattr("cgrecnet.runs.cluster.SpecCluster", lambda **_: pytest.fail("workers were started"))
    assert main(words) == 0
    assert "4 runs, all of them done already" in capsys.readouterr().out

    # The book shows them, and calls them what they are.
    assert publish.main(["build", "--root", str(root), "--jobs", "1", "--no-check"]) == 0
    page = (root / "_build" / "html" / "book" / "ablation.html").read_text(encoding="utf-8")
    assert "zhu (simulated cells), 60 cells" in page and "of 20" in page

    # Other settings, and other cells, do not mix with these.
    assert main([*words[:2], "seed=7", *words[2:]]) == 2
    assert "is of other settings or of another protocol" in capsys.readouterr().err
    options = {"image_size": 32, "epochs": 1, "batch_size": 16, "folds": 2, "fold": [0, 1], "weights": None}
    plans = plan_sweep(choose_runs(["ablation"], options | {"model": ["resnet50", "cg_recnet"]})["ablation"])
    refuse_other_cells(plans, root / "results", same_settings=True)  # the cells are those of the records
    others = open_dataset("cytometer", options={"cells": 30})
    run_id._labelled.cache_clear()
    monkeypatch.setattr(run_id, "open_dataset", lambda *args, **kwargs: others)
    other = plan_sweep([one.config for one in plans])
    assert not any(record_of(one, root / "results") for one in other), "the record of other cells passes for done"
    with pytest.raises(RunError, match="is of other cells .60 simulated cells. than .* must not mix them.*--results"):
        refuse_other_cells(other, root / "results")
    run_id._labelled.cache_clear()
    monkeypatch.setattr(run_id, "open_dataset", absent)
    unknown = plan_sweep([one.config for one in plans])
    refuse_other_cells(unknown, root / "results")  # no images, nothing to compare with
    assert [record_of(one, root / "results").run_id for one in unknown] == [one.run_id for one in plans]


def test_a_list_keeps_runs_and_a_value_changes_them():
    chosen = choose_runs(OWN_SWEEPS, {"model": ["resnet50", "cg_recnet"], "fold": [0, 1], "epochs": 2})
    assert list(chosen) == ["ablation", "seeds", "presets", "learning-rate"]
    assert [(c.model, c.fold) for c in chosen["ablation"]] == [
        ("resnet50", 0), ("resnet50", 1), ("cg_recnet", 0), ("cg_recnet", 1),
    ]  # fmt: skip
    assert {c.epochs for runs in chosen.values() for c in runs} == {2}
    assert {c.data for runs in chosen.values() for c in runs} == {"zhu"}
    zhu = choose_runs(OWN_SWEEPS, {"model": ["zhu_xception"]})
    assert list(zhu) == ["comparison-zhu"] and len(zhu["comparison-zhu"]) == 5
    rates = choose_runs(["ablation", "learning-rate"], {"learning_rate": ["1e-4"]})
    assert len(rates["ablation"]) == 20 and len(rates["learning-rate"]) == 2


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (["ablatoin"], {}, "'ablatoin' is no sweep .* there are ablation, comparison"),
        (["ablation"], {"data": "jurkat"}, "'data' is part of what the paper's sweeps are"),
        (["ablation"], {"model": "cg_recnet"}, r"model=\[cg_recnet\] to keep those runs alone"),
        (["ablation"], {"epoch": 2}, "Unknown parameter 'epoch'"),
        (["ablation"], {"folld": [0]}, "Unknown parameter 'folld'.*'fold'"),
        (["ablation"], {"fold": 0}, "'fold' stands in the grid"),
        (["ablation"], {"model": ["resnet51"]}, "No run of the chosen sweeps has model=resnet51"),
        (["ablation"], {"model": []}, "No run is left"),
        (["ablation"], {"folds": 2}, "'fold' .* is 2: with 2 folds it runs from 0 to 1"),
    ],
)
def test_a_mistake_among_the_options_is_one_sentence(names, options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        choose_runs(names, options)
    assert "\n" not in str(caught.value)


def test_folder_and_weights_are_looked_at_before_anything_is_packed(tmp_path, cells, monkeypatch, capsys):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    words = ["--sweeps", "ablation", "--results", str(tmp_path / "results")]
    assert main(["reproduce", str(tmp_path / "nowhere"), *words]) == 2  # no download for a folder that is not there
    said = capsys.readouterr()
    assert "nowhere does not exist" in said.err and said.err.count("\n") == 1
    assert main(["reproduce", str(cells), *words]) == 2
    said = capsys.readouterr()
    assert "could not be downloaded" in said.err and "weights=null" in said.err and said.err.count("\n") == 1
    assert "[2/5]" not in said.out and not (tmp_path / "results" / "ablation").exists()
    plans = plan_sweep(choose_runs(["comparison-zhu"], {})["comparison-zhu"])
    need_networks(plans[:1])  # starts at random, so nothing is downloaded
    plans = plan_sweep(choose_runs(["ablation"], {"model": ["resnet50"], "fold": [0]})["ablation"])
    need_networks(plans, elsewhere=True)  # other machines may have a network, or the file


def test_a_large_reproduction_wants_a_yes(tmp_path, cells, monkeypatch, capsys):
    monkeypatch.setattr("cgrecnet.runs.sweep.measured_rate", lambda config: 0.001)
    monkeypatch.setattr("cgrecnet.runs.sweep.measured_start", lambda: 1.0)
    words = ["reproduce", str(cells), *WORDS, "--results", str(tmp_path / "results"), "--work", str(tmp_path / "work")]
    assert main(words) == 2
    said = capsys.readouterr()
    assert "4 runs to do, at most about" in said.out and "nothing was started: add --yes" in said.err
    assert main([*words, "--cost", "--yes"]) == 0
    assert not (tmp_path / "work").exists() and not (tmp_path / "results" / "ablation").exists()


def test_a_store_that_the_runs_would_not_read_is_refused(tmp_path, cells, monkeypatch):
    dataset = pack_files(cells)
    assert dataset.simulated and pack_files(cells).fingerprint == dataset.fingerprint
    elsewhere = tmp_path / "cache" / "stores" / "zhu-lineage"
    os.rename(elsewhere, tmp_path / "store")
    with pytest.raises(RunError, match="would not read the cells of .*there is none where they look"):
        pack_files(tmp_path / "store")


def test_what_would_be_refused_is_refused_before_weights_are_sought_and_cells_are_packed(
    tmp_path, cells, monkeypatch, capsys
):
    words = ["reproduce", str(cells), "--sweeps", "ablation", "--results", str(tmp_path / "results")]
    never = lambda *_, **__: pytest.fail("it was packed, or weights were sought")  # noqa: E731
    monkeypatch.setattr("cgrecnet.runs.reproduce.pack_dataset", never)
    monkeypatch.setattr("cgrecnet.runs.sweep.create_model", never)
    assert main([*words, "folds=20"]) == 2
    assert "20" in capsys.readouterr().err
    record = next((RESULTS / "jurkat-ablation").glob("*/run.json"))
    place = tmp_path / "results" / "ablation" / record.parent.name
    shutil.copytree(record.parent, place)
    monkeypatch.setattr("cgrecnet.runs.sweep.read_record", lambda _: read_record(record))
    assert main([*words]) == 2
    said = capsys.readouterr()
    assert "is of other cells (7,918 real cells)" in said.err and "[2/5]" not in said.out
    shutil.rmtree(tmp_path / "results" / "ablation")
    other = write_cells(tmp_path / "other", {"cells": 60, "runs": 6, "shares": [0.34, 0.33, 0.33], "seed": 1})
    monkeypatch.undo()
    monkeypatch.setenv("CGRECNET_DATA", str(tmp_path / "data"))
    pack_dataset("zhu", other, store=tmp_path / "data" / "stores" / "zhu-lineage")
    monkeypatch.setattr("cgrecnet.runs.reproduce.pack_dataset", never)
    monkeypatch.setattr("cgrecnet.runs.sweep.create_model", never)
    assert main([*words]) == 2
    assert "would not read the cells of" in capsys.readouterr().err
