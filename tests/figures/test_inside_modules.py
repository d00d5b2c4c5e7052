"""Where a record says that a fusion's spatial path is dead, the limits name the record; elsewhere they are silent."""

import pytest
from made_up_study import made_up

from cgrecnet.figures.dead_path import all_studies, dead_paths, dead_paths_of, dead_words, living_words, sources
from cgrecnet.figures.explained import load_study
from cgrecnet.figures.limits import HEADERS, limit_rows
from cgrecnet.runs.explain_record import EXPLAIN, write_explain


@pytest.fixture
def written(tmp_path):
    """Write a study with these networks (name -> dead or not), simulated or real; return the folder of results."""

    def write(dead, name="explain-x", simulated=True):
        fields = made_up().record.model_dump(exclude={"arrays_sha256"})
        inside = fields["results"]["modules"]["honest cg_recnet"]
        fields["results"]["modules"] = {network: inside | {"dead": is_dead} for network, is_dead in dead.items()}
        fields |= {"experiment": name, "run_id": f"{name}-s42"}
        fields["data"] = [one | {"name": "cytometer" if simulated else "jurkat", "simulated": simulated}
                          for one in fields["data"]]  # fmt: skip
        write_explain(tmp_path / name / fields["run_id"], fields, {})
        return tmp_path

    return write


def new_rows(results):
    """Rows that the records in a folder add to the limits of the runs."""
    return limit_rows("runs", dead_paths(all_studies(results)))[len(limit_rows("runs")) :]


def test_dead_before_and_after_is_a_limit_that_names_its_record(written):
    results = written({"honest cg_recnet": True, "start cg_recnet": True})
    (row,) = new_rows(results)
    assert len(row) == len(HEADERS) and all(text.endswith(".") for text in row)
    assert "explain-x-s42 (cytometer, simulated cells, seed 42): before training and after" in row[0]
    assert all(claim in row[1] for claim in ("C07", "C20", "C21"))
    assert limit_rows("have", dead_paths(all_studies(results))) == limit_rows("have")


@pytest.mark.parametrize(
    "dead",
    [
        {},
        {"honest cg_recnet": False, "start cg_recnet": True},
        {"honest cg_recnet": True, "start cg_recnet": False},
        {"honest cg_recnet": True},
        {"honest cg_recnet": True, "untrained cg_recnet": True},
        {"honest cg_recnet": True, "start rescmnet": True},
    ],
)
def test_without_such_a_record_the_limits_do_not_speak_of_it(written, dead):
    """`untrained` networks have other weights than the trained one began with, so they do not count as its start."""
    assert new_rows(written(dead)) == []


def test_without_records_nothing_is_said(tmp_path):
    assert all_studies(tmp_path) == [] and dead_words([]) == "" and living_words([]) == "" and sources([]) == []


def test_a_network_whose_start_is_not_known_is_named_beside_with_its_own_cells(written):
    written({"honest cg_recnet": True, "untrained cg_recnet": True}, "explain-real", simulated=False)
    results = written({"honest cg_recnet": True, "start cg_recnet": True})
    ((limit, *_),) = new_rows(results)
    assert "explain-real-s42 (jurkat, real cells, seed 42): after training (its start was not looked at)" in limit
    assert "explain-x-s42 (cytometer, simulated cells, seed 42): before training and after" in limit


def test_a_kept_network_is_named_by_its_run_because_the_study_has_a_seed_of_its_own(written):
    study = load_study("explain-x", written({"honest cg_recnet": True}))
    study.record.networks["honest cg_recnet"]["run_id"] = "jurkat-seeds-1-s999"
    (path,) = dead_paths_of(study)
    assert "as trained by jurkat-seeds-1-s999" in path.text and "seed 42" not in path.text


def test_words_and_sources_follow_the_records(written):
    results = written({"honest cg_recnet": True, "start cg_recnet": False})
    said = dead_words(dead_paths(all_studies(results)))
    assert "C07, C20 and C21" in said and "after training, though not before" in said and "explain-x-s42" in said
    assert living_words(all_studies(results)) == ""


def test_a_living_path_is_told_with_its_distance_from_an_even_map_and_its_study_is_named(written):
    studies = all_studies(written({"honest cg_recnet": False, "untrained cg_recnet": False}))
    inside = studies[0].record.results["modules"]["honest cg_recnet"]
    said = living_words(studies)
    assert dead_words(dead_paths(studies)) == "" and said.count("explain-x-s42") == 1
    assert f"{inside['change']['mean'] * inside['positions']:.4f} times as much as an even map" in said
    assert [block.runs for block in sources(studies)] == [("explain-x-s42",)]


def test_only_studies_with_their_own_record_count(written):
    results = written({"honest cg_recnet": True, "start cg_recnet": True})
    (results / "explain-x" / "explain-x-s42" / EXPLAIN).unlink()
    assert all_studies(results) == []
