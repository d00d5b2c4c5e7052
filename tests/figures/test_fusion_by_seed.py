"""A living path is told from a dead one by records alone, and a table of seeds promises no more than it holds."""

import pytest
from fabricated_runs import fabricate_sweep
from made_up_study import made_up

from cgrecnet.figures.fusion_by_seed import seed_table, seed_words, seeded_pairs
from cgrecnet.runs.explain_record import write_explain

SHARES = {42: 0.6, 123: 0.8, 999: 0.5}


@pytest.fixture
def results(tmp_path):
    """The ablation (seed 42) and two more seeds: the baseline always alike, CG-RecNet by the seed."""
    for name in ("jurkat-ablation", "jurkat-seeds"):
        fabricate_sweep(tmp_path, name, lambda c: 0.7 if c.model == "resnet50" else SHARES[c.seed])
    return tmp_path


def look_into(results, pair, dead, times=1.0):
    """Write a study of this pair's CG-RecNet; times: its change of the sum over that of an even map."""
    fields = made_up().record.model_dump(exclude={"arrays_sha256"})
    fields |= {"experiment": f"explain-s{pair.seed}", "run_id": f"explain-s{pair.seed}-s42"}
    fields["networks"]["honest cg_recnet"] = {"run_id": pair.full.run_id}
    inside = fields["results"]["modules"]["honest cg_recnet"]
    inside["dead"], inside["change"] = dead, inside["change"] | {"mean": times / inside["positions"]}
    write_explain(results / fields["experiment"] / fields["run_id"], fields, {})


def test_every_seed_of_the_fold_is_compared_with_the_baseline_of_that_seed(results):
    pairs = seeded_pairs(results)
    assert [pair.seed for pair in pairs] == [42, 123, 999] and all(pair.dead is None for pair in pairs)
    assert [round(pair.apart.difference) for pair in pairs] == [-10, 10, -20]
    assert seed_table(pairs).count("not looked into") == 3
    assert seed_words(pairs).startswith("No run with a living path")


def test_paths_come_from_the_study_of_that_very_run(results):
    first, second, third = seeded_pairs(results)
    look_into(results, first, dead=True)
    look_into(results, second, dead=False)
    pairs = seeded_pairs(results)
    assert [pair.dead for pair in pairs] == [True, False, None]
    rows = seed_table(pairs).splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == ["dead", "alive", "not looked into"] and "n = 3" in rows[0]
    said = seed_words(pairs)
    assert "n = 1 of 2 seeds looked into" in said and "above every seed with a dead one" in said
    assert "alive is not busy" in said and "by 1.0000 times what an even map would" in said
    look_into(results, third, dead=False, times=2.5)
    assert "by up to 2.50 times what an even map would" in seed_words(seeded_pairs(results))
    assert "lies among those with a dead one" in seed_words(seeded_pairs(results))


def test_without_a_dead_path_there_is_nothing_to_compare(results):
    for pair in seeded_pairs(results):
        look_into(results, pair, dead=False)
    assert "no dead one to compare with" in seed_words(seeded_pairs(results))


def test_without_runs_there_is_no_pair(tmp_path):
    assert seeded_pairs(tmp_path) == []
