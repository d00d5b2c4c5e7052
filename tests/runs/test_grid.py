"""A sweep file is checked whole before its first run starts."""

from pathlib import Path

import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.runs.grid import read_sweep

REPOSITORY = Path(__file__).parents[2]


def write(folder: Path, text: str) -> Path:
    path = folder / "x.yaml"
    path.write_text(text)
    return path


def test_a_grid_is_multiplied_out_over_its_base(tmp_path):
    text = "experiment: e\nbase: {epochs: 2, learning_rate: 1e-3}\ngrid: {model: [resnet50, cg_recnet], seed: [1, 2]}"
    configs = read_sweep(write(tmp_path, text))
    expected = [("resnet50", 1), ("resnet50", 2), ("cg_recnet", 1), ("cg_recnet", 2)]
    assert [(c.model, c.seed) for c in configs] == expected
    assert {(c.experiment, c.epochs, c.learning_rate) for c in configs} == {("e", 2, 1e-3)}


def test_a_list_keeps_a_part_of_the_grid(tmp_path):
    path = write(tmp_path, "experiment: e\ngrid: {model: [resnet50, cg_recnet], seed: [1, 2, 3]}")
    configs = read_sweep(path, {"seed": [3, 1], "epochs": 2})
    assert [(c.model, c.seed, c.epochs) for c in configs] == [
        ("resnet50", 3, 2), ("resnet50", 1, 2), ("cg_recnet", 3, 2), ("cg_recnet", 1, 2),
    ]  # fmt: skip
    for wrong, message in (([4], r"with the values 1, 2, 3, not \[4\]"), ([], "name those to keep")):
        with pytest.raises(ConfigError, match=message):
            read_sweep(path, {"seed": wrong})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("experiment: [", "not valid YAML, line"),
        ("just text", "holds no `name: value` pairs"),
        ("base: {}", "'experiment' is missing"),
        ("experiment: e\ngird: {}", "Unknown parameter 'gird'.*did you mean 'grid'"),
        ("experiment: e\ngrid: {seed: 1}", "'seed' is 1; give it a list"),
        ("experiment: e\ngrid: {seed: []}", "give it a list"),
        ("experiment: e\nbase: {seed: 1}\ngrid: {seed: [2]}", "both `base` and `grid`"),
        ("experiment: 2026-13-45", "not valid YAML"),
        ("1: 2", "holds no `name: value` pairs"),
        ("experiment: e\nbase: {1: 2}", "'base.1.*string"),
        ("experiment: e\nbase: [1]", "'base' in .* dictionary"),
        ("experiment: e\ngrid: {model: [resnet50, resnet51]}", "did you mean 'resnet50'"),
        ("experiment: e\nbase: {epoch: 3}", "Unknown parameter 'epoch'"),
        ("experiment: e\nbase: {lr: 1, learning_rate: 1}", "gives 'learning_rate' twice, also as 'lr'"),
        ("experiment: e\nseeds: 0", "'seeds' in .* is 0"),
        ("experiment: e\nseeds: [1]", "'seeds' in"),
        ("experiment: e\nseeds: 2\ngrid: {seed: [1]}", "'seed' stands beside it"),
        ("experiment: e\ngrid: {lr: {log: [0, 1], points: 3}}", "0 has no logarithm"),
        ("experiment: e\ngrid: {lr: {log: [1, .nan], points: 3}}", "finite number"),
        ("experiment: e\ngrid: {lr: {log: [1, 0.1], points: 3}}", "smaller end first"),
        ("experiment: e\ngrid: {lr: {log: [0.1, 1]}}", "needs its number of points"),
        ("experiment: e\ngrid: {lr: {lg: [0.1, 1], points: 3}}", "Unknown parameter 'lg'.*'log'"),
        ("experiment: e\ngrid: {model: {log: [0.1, 1], points: 3}}", "'model' is no number"),
        ("experiment: e\ngrid: {rate: {log: [0.1, 1], points: 3}}", "Unknown parameter 'rate'"),
        ("experiment: e\ngrid: {lr: {log: [1, 9], points: 999}, wd: {log: [1, 9], points: 999}}", "runs, more than"),
        ("experiment: e\nrandom: 3", "'random' in .* is 3"),
        ("experiment: e\nrandom: {draws: 3}", "'random.space' is missing"),
        ("experiment: e\nrandom: {draws: 0, space: {lr: {log: [0.1, 1]}}}", "'random.draws'"),
        ("experiment: e\nrandom: {draws: 3, space: {}}", "'random.space'"),
        ("experiment: e\nrandom: {draws: 3, space: {lr: {}}}", "name one of log"),
        ("experiment: e\nrandom: {draws: 3, space: {rate: {log: [0.1, 1]}}}", "Unknown parameter 'rate'"),
        ("experiment: e\nrandom: {draws: 3, space: {lr: {log: [0.1, 1], points: 2}}}", "belongs into `grid`"),
        ("experiment: e\nrandom: {draws: 3, space: {seed: {choice: [1, 2]}}}", "2 different points and not 3"),
        ("experiment: e\nbase: {lr: 1}\nrandom: {draws: 3, space: {lr: {log: [0.1, 1]}}}", "both `base` and `random`"),
        ("experiment: e\ngrid: {data_options.nose: [1, 2]}", "'data_options.nose' is no option; did you mean 'noise'"),
        ("experiment: e\ngrid: {data_options.nose: {log: [1, 2], points: 2}}", "did you mean 'noise'"),
        ("experiment: e\ngrid: {model_options.head: {log: [1, 2], points: 2}}", "'model_options.head' is no number"),
        ("experiment: e\ngrid: {seed.x: [1, 2]}", "Unknown parameter 'seed.x'"),
        ("experiment: e\nbase: {data_options: {noise: 1}}\ngrid: {data_options.noise: [2, 3]}", "varies and stands in"),
        ("experiment: e\ngrid: {data_options: [{noise: 1}], data_options.noise: [2, 3]}", "'data_options' as well"),
        ("experiment: e\nbase: {data_options: 3, data_options.noise: 2}", "'data_options.noise' has no place"),
        ("experiment: e\nhalving: 3", "'halving' in .* is 3"),
        ("experiment: e\nhalving: {reduction: 1}", "'halving.reduction'"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_sweep(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_sweep(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "sweeps").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_sweeps_that_come_with_the_project_are_valid(path):
    assert read_sweep(path)


def test_seeds_ranges_and_words_of_the_field_are_written_out(tmp_path):
    text = "experiment: e\nbase: {seed: 7}\ngrid: {lr: {log: [1e-5, 1e-2], points: 4}}\nseeds: 2"
    assert [(c.learning_rate, c.seed) for c in read_sweep(write(tmp_path, text))] == [
        (1e-5, 7), (1e-5, 8), (1e-4, 7), (1e-4, 8), (1e-3, 7), (1e-3, 8), (1e-2, 7), (1e-2, 8),
    ]  # fmt: skip
    text = "experiment: e\ngrid: {batch_size: {log: [8, 64], points: 4}, gamma: {linear: [0.1, 1], points: 3}}"
    configs = read_sweep(write(tmp_path, text))
    assert {c.batch_size for c in configs} == {8, 16, 32, 64} and {c.gamma for c in configs} == {0.1, 0.55, 1.0}


def test_random_points_are_the_same_ones_every_time_and_more_of_them_keep_those_that_were_there(tmp_path):
    text = (
        "experiment: e\ngrid: {model: [resnet50, cg_recnet]}\nrandom:\n  draws: 200\n  space:\n"
        "    learning_rate: {log: [1e-5, 1e-1]}\n    batch_size: {linear: [4, 64]}\n"
        "    precision: {choice: ['32', bf16]}"
    )
    configs = read_sweep(write(tmp_path, text))
    first, second = configs[:200], configs[200:]
    assert [c.model_copy(update={"model": "cg_recnet"}) for c in first] == second, "each model has the same points"
    rates = [c.learning_rate for c in first]
    assert 80 <= sum(rate < 1e-3 for rate in rates) <= 120, "half of the draws lie below the middle of the logarithms"
    assert min(rates) >= 1e-5 and max(rates) <= 1e-1 and {c.precision for c in first} == {"32", "bf16"}
    assert {type(c.batch_size) for c in first} == {int} and all(4 <= c.batch_size <= 64 for c in first)
    assert read_sweep(write(tmp_path, text.replace("200", "20")), {"model": ["resnet50"]}) == first[:20]
    assert read_sweep(write(tmp_path, text.replace("  space", "  seed: 1\n  space"))) != configs


def test_a_wrong_value_on_the_command_line_is_not_blamed_on_the_file(tmp_path):
    path = write(tmp_path, "experiment: e\nbase: {epochs: 2}\ngrid: {seed: [1, 2]}")
    for wrong in ({"epochs": "one"}, {"epoch": 1}, {"model": "resnet51"}):
        with pytest.raises(ConfigError, match="in the command line") as caught:
            read_sweep(path, wrong)
        assert str(path) not in str(caught.value)


def test_single_options_are_axes_of_their_own(tmp_path):
    text = (
        "experiment: e\nbase: {data_options: {cells: 60}, data_options.runs: 3}\n"
        "grid: {model_options.stage_stride: [1x1, 3x3], data_options.noise: {linear: [1, 2], points: 2}}\n"
        "random: {draws: 3, space: {data_options.seed: {linear: [0, 9]}, data_options.debris: {choice: [0.0, 0.5]}}}"
    )
    path = write(tmp_path, text)
    configs = read_sweep(path, {"data_options.cells": 90})
    assert len(configs) == 12 and {c.model_options["stage_stride"] for c in configs} == {"1x1", "3x3"}
    options = [c.data_options for c in configs]
    assert {(o["cells"], o["runs"]) for o in options} == {(90, 3)} and {o["noise"] for o in options} == {1.0, 2.0}
    assert all(type(o["seed"]) is int for o in options) and {o["debris"] for o in options} <= {0.0, 0.5}
    assert len({(o["seed"], o["debris"]) for o in options}) == 3, "each point of one with each of the other"
    assert len(read_sweep(path, {"model_options.stage_stride": ["1x1"]})) == 6
    for wrong, message in (
        ({"data_options": {"cells": 30, "noise": 5}}, "'data_options.noise' varies and stands in 'data_options'"),
        ({"data_options.seed": 5}, "'data_options.seed' is drawn at random"),
        ({"model_options.stage_stride": "1x1"}, "stands in the grid"),
    ):
        with pytest.raises(ConfigError, match=message):
            read_sweep(path, wrong)
