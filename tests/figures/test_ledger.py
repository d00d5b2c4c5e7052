"""The ledger names what the code does, and its effects are computed from the right records."""

from dataclasses import fields

import pytest
from fabricated_runs import fabricate, fabricate_sweep
from pydantic import ValidationError

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.figures.ledger import crosscheck, effects_of, find_run, ledger_effects, sweeps_read
from cgrecnet.models import config
from cgrecnet.models.config import PRESETS, Options
from cgrecnet.paper.deviations import Deviation, Runs, by_setting, load_deviations
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep
from cgrecnet.training.config import RunConfig

SWEEPS = ("simulated-noise", "simulated-presets", "simulated-learning-rate")


@pytest.fixture(autouse=True)
def all_current(monkeypatch):
    """The fingerprint of the code, which takes seconds, is no matter here."""
    monkeypatch.setattr("cgrecnet.figures.provenance.is_current", lambda record: True)


@pytest.fixture(scope="module")
def ledger():
    return load_deviations()


def test_every_model_option_is_in_the_ledger(ledger):
    checks = crosscheck(ledger, PRESETS["recovered"].as_dict())
    assert [c.option for c in checks] == [f.name for f in fields(Options)]
    assert len({c.entry for c in checks}) == len(checks)


def test_every_word_of_the_code_is_an_option_of_the_ledger(ledger):
    entries = by_setting(ledger, "model")
    for option, known in config._CHOICES.items():
        assert set(entries[option].setting.values) == set(known), option


def test_run_defaults_are_the_ledgers_choices(ledger):
    options = by_setting(ledger, "run")
    defaults = {name: RunConfig.model_fields[name].default for name in options}
    assert len(crosscheck(ledger, defaults, "run")) == len(options) >= 4


def test_what_does_not_agree_is_named(ledger):
    with pytest.raises(ConfigError, match="'skips' has no entry"):
        crosscheck(ledger, {"skips": 1})
    with pytest.raises(ConfigError, match="'head' is '3', but the ledger says"):
        crosscheck(ledger, {"head": "3"})
    short = {"of": "model", "name": "head", "values": ["3"]}
    fewer = ledger["head"].model_dump() | {"effect": "not measured", "setting": short}
    with pytest.raises(ValidationError, match="1 values of head for 2 options"):
        Deviation.model_validate(fewer)


def test_an_effect_is_shown_as_it_was_computed(ledger, tmp_path):
    assert effects_of(ledger["crop_scale"], tmp_path) == []
    (head,) = effects_of(ledger["head"], tmp_path)
    assert head.text.startswith("linear to 3: not measured yet (CG-RecNet; simulated cytometer cells")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name in SWEEPS:
        fabricate_sweep(folder, name, lambda config: 0.9 if config.model_options.get("normaliser") else 0.8, cells=300)
    return folder


def test_every_run_that_the_ledger_names_is_one_run_of_a_committed_sweep(ledger):
    """So that a typing error in the ledger is found before the runs are there."""
    for entry in ledger.values():
        for measured in () if entry.effect == "not measured" else entry.effect:
            for runs in (measured.other, measured.chosen):
                configs = [c.model_dump() for c in read_sweep(REPOSITORY / "sweeps" / f"{runs.sweep}.yaml")]
                fit = [
                    config
                    for config in configs
                    if all(
                        config[name] == value
                        or isinstance(value, dict) and value.items() <= config[name].items()
                        for name, value in runs.where.items()
                    )
                ]
                assert len(fit) == 1, (entry.id, runs)
                assert (fit[0]["data"], fit[0]["model"]) == (measured.data, measured.network)


def test_the_number_is_that_of_the_records(ledger, results):
    (effect,) = effects_of(ledger["normaliser"], results)
    assert effect.result.difference == pytest.approx(10, abs=0.4) and effect.also == ()
    other, chosen = effect.records
    assert other.config["model_options"]["normaliser"] == "layernorm" and chosen.experiment == "simulated-noise"
    assert effect.text.startswith("LayerNorm: +10.") or effect.text.startswith("LayerNorm: +9.")
    assert "n = 300, p " in effect.text
    assert effect.text.endswith("simulated cytometer cells, one run each; exploratory)")


def test_what_was_planned_is_said_and_what_is_not_here_too(ledger, results):
    rates = effects_of(ledger["learning_rate"], results)
    assert [effect.measured.network for effect in rates] == ["resnet50", "cg_recnet"]
    assert all("planned as P10" in effect.text for effect in rates)
    for effect in effects_of(ledger["pretrained"], results):
        assert effect.result is None and "not measured yet" in effect.text and effect.records == ()
    assert "crop_scale" not in ledger_effects(ledger, results)


def test_what_else_differs_is_named(ledger, tmp_path):
    base = dict(model="cg_recnet", data="jurkat", task="cycle", split="folds")
    stride = {"stage_stride": "1x1"}
    fabricate(tmp_path, RunConfig(experiment="jurkat-ablation", weights="some", model_options=stride, **base), 0.9)
    fabricate(tmp_path, RunConfig(experiment="jurkat-comparison", **base), 0.7)
    effect = effects_of(ledger["pretrained"], tmp_path)[1]
    assert effect.result.difference == pytest.approx(-20, abs=0.6) and effect.also == ("model_options",)
    assert "real jurkat cells" in effect.text and effect.text.endswith("model_options differs as well)")


def test_runs_that_are_not_what_the_ledger_says_are_refused(ledger, results, tmp_path):
    with pytest.raises(RunError, match="means one run of simulated-noise .* 2 fit"):
        find_run(Runs(sweep="simulated-noise", where={"model": "cg_recnet"}), results)
    entry = ledger["normaliser"]
    (measured,) = entry.effect
    wrong = measured.model_copy(update={"simulated": False})
    with pytest.raises(RunError, match="says cytometer and cg_recnet"):
        effects_of(entry.model_copy(update={"effect": (wrong,)}), results)
    same = measured.model_copy(update={"varies": ("seed",)})
    with pytest.raises(RunError, match="do not differ in seed"):
        effects_of(entry.model_copy(update={"effect": (same,)}), results)


def test_every_record_of_the_named_sweeps_stands_in_a_block(ledger, results, tmp_path):
    assert sweeps_read(ledger, tmp_path) == []
    (block,) = sweeps_read(ledger, results)
    written = sum(len(list((results / name).iterdir())) for name in SWEEPS)
    assert block.sets == ("cytometer",) and len(block.runs) == written
