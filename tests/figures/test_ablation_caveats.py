"""What the folds do not show is said where the records show it, and nowhere else."""

import pytest
from fabricated_runs import fabricate_sweep
from made_up_study import made_up

from cgrecnet.figures.ablation_caveats import dead_runs, dead_text, rate_text, same_fusion_at_start, skip_text
from cgrecnet.figures.choices import option_runs, rate_runs, reading_runs
from cgrecnet.figures.explained import Study

RATE = 1e-4


@pytest.fixture(scope="module")
def ablation(tmp_path_factory):
    return fabricate_sweep(tmp_path_factory.mktemp("runs"), "jurkat-ablation", lambda config: 0.8)


def study_of(run_id: str, dead: bool = True) -> Study:
    """A study that looked into this run of CG-RecNet; the path makes one part in 16 positions of the sum."""
    study = made_up()
    study.record.networks["honest cg_recnet"]["run_id"] = run_id
    inside = study.record.results["modules"]["honest cg_recnet"]
    inside["dead"], inside["change"] = dead, inside["change"] | {"mean": 1 / inside["positions"]}
    return study


def rates_of(folder, best: float, sweeps=("simulated-learning-rate", "simulated-noise")):
    """Runs at all rates, of which validation prefers one for CG-RecNet; there it is as good as the baseline."""
    for name in sweeps:
        fabricate_sweep(
            folder, name, cells=300,
            share=lambda c: 0.9 if c.model == "resnet50" or c.learning_rate == best else 0.7,
            validation=lambda c: 0.9 if c.learning_rate == (best if c.model == "cg_recnet" else RATE) else 0.5,
        )  # fmt: skip
    return rate_runs(folder)


def test_a_dead_fusion_is_told_with_its_fold_and_with_what_was_not_looked_into(ablation):
    looked = next(r for r in ablation if r.config["model"] == "cg_recnet" and r.config["fold"] == 1)
    study = study_of(looked.run_id)
    assert dead_runs(study, ablation) == [looked]
    text = dead_text(study, ablation)
    assert "CG-RecNet of fold 1, on all of n = 3 cells" in text and "6.25 %, one part in its 16 positions" in text
    assert "Other runs with the fusion: 9, not looked into; they started with the same weights" in text


def test_one_seed_starts_every_fusion_alike_and_two_seeds_do_not(ablation):
    fold = [record.model_copy(deep=True) for record in ablation if record.config["fold"] == 0]
    assert same_fusion_at_start(fold)
    fold[0].config["model"], fold[0].config["seed"] = "cg_recnet", 123
    assert not same_fusion_at_start(fold)
    assert not same_fusion_at_start([])


def test_nothing_is_said_of_a_path_that_lives_or_of_runs_of_another_page(ablation):
    looked = next(record for record in ablation if record.config["model"] == "cg_recnet")
    assert dead_text(study_of(looked.run_id, dead=False), ablation) == ""
    assert dead_text(study_of("some-other-run"), ablation) == ""
    assert dead_text(None, ablation) == ""


def test_a_rate_that_suits_one_network_better_is_told(tmp_path):
    text = rate_text(rates_of(tmp_path, best=3e-4), RATE)
    assert "CG-RecNet chooses 0.0003 and goes from 70.0 to 90.0 % test accuracy; the baseline stays at 0.0001" in text
    assert "\N{MINUS SIGN}20.0 points there at 0.0001, and 0.0 at the choices" in text
    assert "a part of what CG-RecNet lacks here may be the rate's doing" in text


def test_no_word_where_the_rate_suits_or_rates_are_missing(tmp_path):
    assert rate_text(rates_of(tmp_path / "suits", best=RATE), RATE) == ""
    assert rate_text(rates_of(tmp_path / "some", best=3e-4, sweeps=("simulated-noise",)), RATE) == ""
    assert rate_text({}, RATE) == ""


def skips_of(folder, gain: float, sweeps=("simulated-presets", "simulated-noise", "jurkat-ablation", "jurkat-presets")):
    """What `skip_text` says where the skip adds `gain` to CG-RecNet, whose baseline is at 0.8 of right cells."""
    for name in sweeps:
        fabricate_sweep(
            folder, name, cells=300,
            share=lambda c: 0.8 if c.model == "resnet50"
            else 0.7 + gain * (c.model_options.get("fusion_skip", False) or c.preset == "clean"),
        )  # fmt: skip
    return skip_text(option_runs(folder), reading_runs(folder), folder)


def test_a_skip_that_helps_is_told_with_what_it_does_on_real_cells(tmp_path):
    text = skips_of(tmp_path, gain=0.15)
    assert "such a skip alone is worth +15.0 points" in text and "n = 300 test cells" in text
    assert "is \N{MINUS SIGN}10.0 points without it and +5.0 with it" in text
    assert "`clean`, which has the skip and a head of another width, is +15.0 points from `recovered`" in text


def test_no_word_of_a_skip_that_does_not_help_or_was_not_tried(tmp_path):
    assert skips_of(tmp_path / "useless", gain=0.0) == ""
    assert skips_of(tmp_path / "untried", gain=0.15, sweeps=("simulated-noise",)) == ""
    simulated = skips_of(tmp_path / "simulated", gain=0.15, sweeps=("simulated-presets", "simulated-noise"))
    assert "+15.0" in simulated and "Jurkat" not in simulated
