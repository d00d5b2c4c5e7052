"""The ledger of open choices and the list of contradictions."""

import os
import re
from pathlib import Path

import pytest
import yaml

from cgrecnet.errors import ConfigError
from cgrecnet.paper.claims import load_contradictions
from cgrecnet.paper.deviations import DEVIATIONS_FILE, load_deviations

NAMED = (
    "fusion_width normaliser spatial_map skip_around_fusion head gate_activation cafm_hidden adapter learning_rate "
    "weight_decay patience pretrained weights_version crop_scale split_order folds densenet_variant vgg_variant "
    "vit_variant baseline_head input_size epochs"
).split()


def test_every_open_choice_is_in_the_ledger():
    assert set(NAMED) <= set(load_deviations())


def _write(tmp_path, **change):
    entries = yaml.safe_load(DEVIATIONS_FILE.read_text(encoding="utf-8"))
    entries[0].update(change)
    path = tmp_path / "deviations.yaml"
    path.write_text(yaml.safe_dump(entries), encoding="utf-8")
    return path


MEASURED = {
    "option": "512, the feature map's own", "data": "cytometer", "simulated": True, "network": "cg_recnet",
    "varies": ["model_options"], "other": {"sweep": "a", "where": {"fold": 0}}, "chosen": {"sweep": "b", "where": {}},
}  # fmt: skip


def test_an_effect_names_the_runs_that_measure_it_and_no_number(tmp_path):
    (measured,) = load_deviations(_write(tmp_path, effect=[MEASURED]))["fusion_width"].effect
    assert (measured.other.sweep, measured.other.where, measured.planned) == ("a", {"fold": 0}, None)
    without = {name: value for name, value in MEASURED.items() if name != "chosen"}
    for effect in ("small", [], [without], [MEASURED | {"summary": "+0.4 points"}], [MEASURED | {"planned": "soon"}]):
        with pytest.raises(ConfigError, match="deviations.yaml, entry fusion_width: field effect"):
            load_deviations(_write(tmp_path, effect=effect))


def test_an_effect_is_of_an_option_that_was_not_chosen(tmp_path):
    for option in ("128, behind 1x1 convolutions", "256"):
        with pytest.raises(ConfigError, match="is not one of the options that were not chosen"):
            load_deviations(_write(tmp_path, effect=[MEASURED | {"option": option}]))


def test_the_choice_is_one_of_the_options(tmp_path):
    with pytest.raises(ConfigError, match="entry fusion_width: chosen '77' is not among the options"):
        load_deviations(_write(tmp_path, chosen="77"))


def test_contradictions_quote_few_words():
    found = load_contradictions()
    assert len(found) >= 15
    quotes = [s.quote for c in found.values() for s in c.statements]
    assert max(len(q.split()) for q in quotes) <= 25


def test_quotes_stand_in_the_paper():
    path = os.environ.get("CGRECNET_PAPER_TEXT")
    if not path:
        pytest.skip("set CGRECNET_PAPER_TEXT to a text file of the paper to check the quotations")
    text = _plain(Path(path).read_text(encoding="utf-8"))
    quotes = [s.quote for c in load_contradictions().values() for s in c.statements]
    assert not [quote for quote in quotes if _plain(quote) not in text]


def _plain(words):
    """Spaces and quotation marks aside."""
    return re.sub(r"\s+", " ", words.replace("’", "'").replace("“", '"').replace("”", '"'))
