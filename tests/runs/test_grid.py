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
    for wrong, message in (([4], "has no value 4 to keep; it has 1, 2, 3"), ([], "name those of its values to keep")):
        with pytest.raises(ConfigError, match=message):
            read_sweep(path, {"seed": wrong})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("experiment: [", "not valid YAML, line"),
        ("just text", "holds no `name: value` pairs"),
        ("base: {}", "no experiment"),
        ("experiment: e\ngird: {}", "unknown key 'gird'"),
        ("experiment: e\ngrid: {seed: 1}", "'seed' is 1; give it a list"),
        ("experiment: e\ngrid: {seed: []}", "give it a list"),
        ("experiment: e\nbase: {seed: 1}\ngrid: {seed: [2]}", "both `base` and `grid`"),
        ("experiment: 2026-13-45", "not valid YAML"),
        ("1: 2", "holds no `name: value` pairs"),
        ("experiment: e\nbase: {1: 2}", "1 is no parameter's name"),
        ("experiment: e\nbase: [1]", "are `name: value` pairs"),
        ("experiment: e\ngrid: {model: [resnet50, resnet51]}", "did you mean 'resnet50'"),
        ("experiment: e\nbase: {epoch: 3}", "Unknown parameter 'epoch'"),
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
