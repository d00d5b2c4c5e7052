"""The cards are complete, their sources are named, and they say what the readers say."""

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from cgrecnet.cli import main
from cgrecnet.data import BROUGHT, list_datasets, open_dataset
from cgrecnet.data.audit.duplicates import find_duplicates
from cgrecnet.data.cards import PARTS, load_card, load_cards, read_cards
from cgrecnet.errors import ConfigError


def raw_cards():
    from cgrecnet.data import cards

    return yaml.safe_load(cards.files("cgrecnet.data").joinpath("cards.yaml").read_text("utf-8"))


def test_every_data_set_has_its_card_and_every_card_its_data_set():
    assert set(load_cards()) == set(list_datasets()) - set(BROUGHT)
    for name in load_cards():
        assert load_card(name).real == (name != "cytometer")


@pytest.mark.parametrize("name", load_cards())
def test_every_fact_has_a_source_that_can_be_looked_up(name):
    card = load_card(name)
    for part, facts in card.facts().items():
        assert facts, part
        for fact in facts:
            assert all(source in card.sources for source in fact.source)
            assert fact.says.endswith(".")
    for source in card.sources.values():
        assert sum(map(bool, (source.doi, source.url, source.file, source.command))) == 1
        assert source.address is None or source.address.startswith("https://")


@pytest.mark.parametrize("name", load_cards())
def test_tasks_and_classes_are_the_readers_own(name):
    from importlib import import_module

    tasks = import_module(f"cgrecnet.data.{name}").TASKS
    card = load_card(name)
    assert [task.name for task in card.tasks] == list(tasks)
    for task in card.tasks:
        given = tasks[task.name]
        classes = given[0] if isinstance(given[0], tuple) else given
        assert tuple(task.classes) == tuple(classes)


@pytest.mark.parametrize("task", ["cycle", "cycle_e1", "stage7"])
def test_counts_of_jurkat_are_those_of_its_images(task):
    classes = next(one.classes for one in load_card("jurkat").tasks if one.name == task)
    assert classes == open_dataset("jurkat", task=task).counts()


def test_sizes_levels_and_copies_of_jurkat_are_as_the_card_says():
    cells = open_dataset("jurkat")
    images = np.asarray(cells.images)
    fact = load_card("jurkat").pixels[0].says
    height, width = images.shape[1:]
    assert f"{height} by {width} pixels" in fact and f"{8 * images.dtype.itemsize}-bit" in fact
    assert f"from {images.min()} to {images.max():,}" in fact
    rare = np.flatnonzero(cells.table["stage"].isin(["Metaphase", "Telophase"]))
    assert len(find_duplicates(images[rare])) == 2  # the third pair is of G1, found over all cells
    assert any(fact.says.startswith("Three pairs") for fact in load_card("jurkat").faults)
    second = cells.table["experiment"] == 2
    assert set(cells.table["stage"][second]) == {"G1"}


def test_the_third_pair_of_near_copies():
    cells = open_dataset("jurkat")
    here = np.flatnonzero((cells.table["montage"] == "Experiment_2/G1/CP0002").to_numpy())
    assert len(find_duplicates(np.asarray(cells.images)[here])) == 1


def test_the_card_names_the_version_of_the_simulation():
    options = open_dataset("cytometer", options={"cells": 1}).options
    card = load_card("cytometer")
    assert f"version {options['version']} of the simulation" in card.origin[0].says
    from cgrecnet.data import cytometer
    from cgrecnet.data.cytometer.parameters import parameters

    crop = parameters().crop
    assert f"{crop.width} pixels wide and {crop.height_low} to {crop.height_high} high" in card.pixels[0].says
    for name, channel in cytometer.MARKERS.items():
        assert f"Ch{channel} {name}" in card.channels[0].says


def test_the_download_is_as_large_as_the_card_says():
    from cgrecnet.data.jurkat.published import registry

    size = sum(entry["bytes"] for entry in registry().values()) / 1e6
    assert f"{len(registry())} files ({size:.0f} MB)" in load_card("jurkat").get[1].says


def test_what_comes_with_the_cells_is_what_the_card_says():
    from cgrecnet.data.jurkat import has_reference

    cells = open_dataset("jurkat")
    fact = load_card("jurkat").get[0].says
    assert f"all {len(cells):,} cells" in fact and f"side scatter of {has_reference(cells.table).sum()} of" in fact


@pytest.mark.parametrize(
    ("what", "value", "error"),
    [
        ("faults", [], ValidationError),
        ("licence", [{"says": "free"}], ValidationError),
        ("licence", [{"says": "free", "source": ["hearsay"]}], KeyError),
        ("colour", "grey", ValidationError),
    ],
)
def test_a_card_with_a_gap_is_refused(what, value, error):
    raw = raw_cards()
    next(card for card in raw["cards"] if card["name"] == "jurkat")[what] = value
    with pytest.raises(error):
        read_cards(yaml.safe_dump(raw))


def test_an_unknown_card_is_named():
    with pytest.raises(ConfigError, match="did you mean 'jurkat'"):
        load_card("jurcat")


def test_data_list_prints_the_line_of_each_card(capsys):
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list_datasets()
    for line in lines:
        name = line.split()[0]
        assert line.endswith(BROUGHT[name] if name in BROUGHT else load_card(name).line)
    assert set(PARTS) < set(type(load_card("zhu")).model_fields)
