"""Rates on real cells: compared on one fold, with each network's own choice, and silent where none was tried."""

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.figures.choices import rate_contrasts
from cgrecnet.figures.real_rates import real_rate_runs, real_rate_table, real_rate_words

SHARES = {(1e-4, "cg_recnet"): 0.6, (3e-4, "cg_recnet"): 0.8, (1e-4, "resnet50"): 0.7, (3e-4, "resnet50"): 0.7}


@pytest.fixture
def results(tmp_path):
    for name in ("jurkat-ablation", "jurkat-learning-rate"):
        fabricate_sweep(
            tmp_path, name,
            lambda c: SHARES.get((c.learning_rate, c.model), 0.5),
            validation=lambda c: SHARES.get((c.learning_rate, c.model), 0.5),
        )  # fmt: skip
    return tmp_path


def test_rates_are_of_the_first_fold_and_each_network_may_choose(results):
    rates = real_rate_runs(results)
    assert list(rates) == [1e-4, 3e-4] and {r.config["fold"] for runs in rates.values() for r in runs.values()} == {0}
    found = rate_contrasts(rates, choose=True, results=results)
    assert list(rate_contrasts(rates, choose=False, results=results)) == list(found)[:-1]
    assert [round(lead.difference) for lead in found.values()] == [-10, 10, 10]
    assert list(found)[-1].startswith("each at its choice (0.0003 against ")
    table = real_rate_table(rates, results).splitlines()
    assert len(table) == 5 and "80.00 % (validation F1 0.800)" in table[3] and "70.00 %" in table[2]
    assert "CG-RecNet is ahead of the baseline with each at its choice" in real_rate_words(rates, results)


def test_a_single_rate_is_no_comparison(tmp_path):
    fabricate_sweep(tmp_path, "jurkat-ablation", lambda c: 0.7)
    assert real_rate_words(real_rate_runs(tmp_path), tmp_path) == "On Jurkat cells no other rate has been tried."
    assert real_rate_runs(tmp_path / "nowhere") == {}
