"""What a sweep costs is said before it starts, and a large one wants a yes."""

import pytest

from cgrecnet.cli import main
from cgrecnet.commands.sweep import say_cost
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.runs import sweep as sweep_cost
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.sweep import estimate, measured_rate, plan_sweep
from cgrecnet.training.config import RunConfig

BASE = "base: {data: cytometer, data_options: {cells: 100}, epochs: 36, image_size: 32}"


@pytest.fixture
def sweep(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(f"experiment: e\n{BASE}\ngrid: {{model: [mobilenet_v2, resnet50], seed: [1, 2]}}")
    return path


def test_hours_are_cells_times_epochs_over_the_rate(sweep):
    plans = plan_sweep(read_sweep(sweep))
    asked = []
    rate = lambda config: asked.append(config.model) or {"mobilenet_v2": 2.0, "resnet50": 1.0}[config.model]  # noqa: E731
    found = estimate(plans, rate, lambda: 30.0)
    assert asked == ["mobilenet_v2", "resnet50"], "each rate is measured once"
    cells = 69 + 16 / 3  # 69 to train on, 16 to choose by: forward only
    assert found.hours == pytest.approx((4 * 30 + 2 * 36 * cells * (1 / 2 + 1)) / 3600), "each run has to start, too"
    assert found.runs == 4 and "4 runs to do, at most about" in str(found)
    again = estimate(plans, rate, lambda: 30.0, starts=3)  # as halving may need
    assert again.hours - found.hours == pytest.approx(2 * 30 * len(plans) / 3600)


def test_each_reading_of_a_network_has_its_rate(tmp_path):
    path = tmp_path / "x.yaml"
    grid = "{preset: [recovered, as_written], model_options: [{}, {head: '3'}], micro_batch: [null, 4]}"
    path.write_text(f"experiment: e\n{BASE}\ngrid: {grid}")
    found = estimate(plan_sweep(read_sweep(path)), lambda config: 1.0, lambda: 0.0)
    assert len(found.rates) == 8 and any("as_written, head 3, 4 at once" in name for name in found.rates)


def test_a_large_sweep_wants_a_yes_and_a_question_for_the_cost_starts_nothing(sweep, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sweep_cost, "measured_rate", lambda config: 0.01)
    monkeypatch.setattr(sweep_cost, "measured_start", lambda: 1.0)
    words = ["sweep", str(sweep), "--results", str(tmp_path / "r"), "--work", str(tmp_path / "w")]
    assert main(words) == 2
    assert "more than 2 hours, so nothing was started: add --yes" in capsys.readouterr().err
    assert main([*words, "--cost"]) == 0
    assert "hours of one" in capsys.readouterr().out
    assert not (tmp_path / "r").exists() and not (tmp_path / "w").exists()


def test_a_login_node_without_the_cells_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\nbase: {data: zhu, epochs: 1}")
    plans = plan_sweep(read_sweep(path))
    with pytest.raises(DataError):
        say_cost(plans, confirmed=False)
    with pytest.raises(ConfigError, match="cannot be measured on this machine .*: add --yes to start it without"):
        say_cost(plans, confirmed=False, elsewhere=True)


def test_values_beside_the_file_win_but_not_over_its_grid(sweep, capsys):
    assert main(["sweep", str(sweep), "experiment=other", "epochs=1", "--list"]) == 0
    assert capsys.readouterr().out.count("other-") == 4
    assert main(["sweep", str(sweep), "seed=3", "--list"]) == 2
    assert "'seed' stands in the grid" in capsys.readouterr().err


def test_a_rate_is_measured_on_this_machine():
    assert measured_rate(RunConfig(model="mobilenet_v2", image_size=32, batch_size=4)) > 0
