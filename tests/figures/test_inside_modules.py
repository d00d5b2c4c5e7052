"""What studies found of the spatial path of trained fusions, dead or alive, each with its record."""

import pytest
from made_up_study import made_up

from cgrecnet.figures.inside_modules import HEADERS, all_studies, path_rows, sources
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


@pytest.mark.parametrize(
    "dead, state",
    [
        ({"honest cg_recnet": True, "start cg_recnet": True}, "dead after training, and before training"),
        ({"honest cg_recnet": True, "start cg_recnet": False}, "dead after training, though not before training"),
        ({"honest cg_recnet": True}, "dead after training (its start was not looked at)"),
        ({"honest cg_recnet": True, "untrained cg_recnet": True}, "dead after training (its start was not looked at)"),
        ({"honest cg_recnet": True, "start rescmnet": True}, "dead after training (its start was not looked at)"),
    ],
)
def test_a_dead_path_is_told_with_its_start_and_its_record(written, dead, state):
    """`untrained` networks have other weights than the trained one began with, so they do not count as its start."""
    (row,) = path_rows(all_studies(written(dead)))
    assert len(row) == len(HEADERS) and row[2] == state
    assert row[0] == "CG-RecNet" and row[1] == "explain-x-s42 (cytometer, simulated cells, seed 42)"


def test_a_living_path_is_told_with_its_distance_from_an_even_map(written):
    studies = all_studies(written({"honest cg_recnet": False, "start cg_recnet": True}))
    inside = studies[0].record.results["modules"]["honest cg_recnet"]
    ((*_, state),) = path_rows(studies)
    assert state.startswith(f"alive: changes the sum {inside['change']['mean'] * inside['positions']:.4f} times")
    assert [block.runs for block in sources(studies)] == [("explain-x-s42",)]


def test_without_records_or_trained_networks_there_is_no_row(tmp_path, written):
    assert all_studies(tmp_path) == [] and path_rows([]) == [] and sources([]) == []
    assert path_rows(all_studies(written({"untrained cg_recnet": True}))) == []


def test_each_study_names_its_own_cells(written):
    written({"honest cg_recnet": True}, "explain-real", simulated=False)
    studies = all_studies(written({"honest cg_recnet": True}))
    assert [row[1] for row in path_rows(studies)] == [
        "explain-real-s42 (jurkat, real cells, seed 42)",
        "explain-x-s42 (cytometer, simulated cells, seed 42)",
    ]


def test_a_kept_network_is_named_by_its_run_because_the_study_has_a_seed_of_its_own(written):
    (study,) = all_studies(written({"honest cg_recnet": True}))
    study.record.networks["honest cg_recnet"]["run_id"] = "jurkat-seeds-1-s999"
    ((_, place, _),) = path_rows([study])
    assert "as trained by jurkat-seeds-1-s999" in place and "seed 42" not in place


def test_only_studies_with_their_own_record_count(written):
    results = written({"honest cg_recnet": True, "start cg_recnet": True})
    (results / "explain-x" / "explain-x-s42" / EXPLAIN).unlink()
    assert all_studies(results) == []
