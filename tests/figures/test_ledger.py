"""The ledger names what the code does, and the printed counts speak where they can."""

from dataclasses import fields

import matplotlib.pyplot as plt
import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.ledger import (
    MODEL_WORDS,
    RUN_WORDS,
    count_effects,
    crosscheck,
    draw_count_effects,
    ledger_row,
    printed_rows,
    run_defaults,
)
from cgrecnet.figures.ledger_effects import effects_of
from cgrecnet.models import config
from cgrecnet.models.config import PRESETS, Options
from cgrecnet.paper.deviations import load_deviations


@pytest.fixture(scope="module")
def ledger():
    return load_deviations()


@pytest.fixture(scope="module")
def effects():
    return count_effects(AuditedPaper.load())


def test_every_model_option_is_in_the_ledger(ledger):
    checks = crosscheck(ledger, PRESETS["recovered"].as_dict())
    assert [c.option for c in checks] == [f.name for f in fields(Options)]
    assert len({c.entry for c in checks}) == len(checks)


def test_every_word_of_the_code_is_an_option_of_the_ledger():
    for option, known in config._CHOICES.items():
        assert set(MODEL_WORDS[option][1]) == set(known), option


def test_run_defaults_are_the_ledgers_choices(ledger):
    assert len(crosscheck(ledger, run_defaults(), RUN_WORDS)) == len(RUN_WORDS)


def test_what_does_not_agree_is_named(ledger):
    with pytest.raises(ConfigError, match="'skips' has no entry"):
        crosscheck(ledger, {"skips": 1})
    with pytest.raises(ConfigError, match="'head' is '3', but the ledger says"):
        crosscheck(ledger, {"head": "3"})
    fewer = {**ledger, "head": ledger["head"].model_copy(update={"options": ("linear to 3", "none")})}
    with pytest.raises(ConfigError, match="name different options"):
        crosscheck(fewer, {"head": "1000_then_3"})


def test_counts_exclude_widths_and_heads_and_are_blind_to_the_rest(effects):
    assert not effects[0].excluded
    excluded = {e.option for e in effects if e.excluded}
    assert excluded == {"fusion_width", "cafm_hidden", "head"}


def test_the_figure_has_three_marks_a_row(effects):
    paper = AuditedPaper.load()
    figure = draw_count_effects(effects, printed_rows(paper))
    assert len([line for line in figure.axes[0].lines if len(line.get_xdata())]) == 3 * len(effects)
    plt.close(figure)


def test_an_effect_is_shown_as_it_was_computed(ledger, tmp_path):
    assert ledger_row(ledger["crop_scale"])[3] == "not measured"
    head = ledger_row(ledger["head"], effects_of(ledger["head"], tmp_path))[3]
    assert head.startswith("linear to 3: not measured yet for CG-RecNet")
