"""Notebooks run by papermill itself: they list their parameters, and take no others."""

import subprocess
import sys

import pytest

from cgrecnet.cli import main
from cgrecnet.errors import ConfigError
from cgrecnet.paths import EXPERIMENTS
from cgrecnet.runs.notebook_parameters import Keeping, read_parameters
from cgrecnet.training.config import RunConfig

OTHERS = sorted({path.stem for path in EXPERIMENTS.glob("*.py")} - {"train"})
DEFAULTS = dict(RunConfig()) | Keeping().model_dump()


def read(**given):
    return read_parameters({"In": [], "_i2": "", "before": 0} | DEFAULTS | given, {"In", "before"}, RunConfig, Keeping)


def test_parameters_are_taken_as_papermill_gives_them(tmp_path):
    config, keeping = read(learning_rate="1e-3", results_folder=str(tmp_path))  # YAML makes 1e-3 a text
    assert config == RunConfig(learning_rate=0.001) and keeping == Keeping(results_folder=tmp_path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"modle": "resnet50"}, "Unknown parameter 'modle' in this notebook; did you mean 'model'"),
        ({"_i": 3, "_seed": 3}, "'_seed'"),
        ({"epochs": "three"}, "'epochs' in this notebook is 'three': input should be a valid integer"),
        ({"epochs": 3.5}, "'epochs' .* is 3.5: input should be a valid integer"),
        ({"epochs": True}, "'epochs'"),
        ({"model_options": "stage_stride"}, "'model_options'"),
        ({"keep_weights": "yes"}, "'keep_weights' .* is 'yes': input should be a valid boolean"),
        ({"work_folder": 3}, "'work_folder'"),
    ],
)
def test_what_is_no_parameter_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        read(**given)


def test_a_notebook_is_written_once_and_under_a_known_name(tmp_path, capsys):
    for name, message in (("train.ipynb", "is there already"), ("trian.ipynb", "did you mean 'train.ipynb'")):
        (tmp_path / "train.ipynb").write_text("mine")
        assert main(["notebook", str(tmp_path / name)]) == 2
        assert message in capsys.readouterr().err and (tmp_path / "train.ipynb").read_text() == "mine"


@pytest.mark.parametrize("notebook", ["train", *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)])
def test_papermill_lists_the_parameters_and_ends_with_the_sentence(notebook, tmp_path):
    file = tmp_path / f"{notebook}.ipynb"
    assert main(["notebook", str(file)]) == 0
    papermill = [sys.executable, "-m", "papermill"]
    shown = subprocess.run([*papermill, "--help-notebook", file], capture_output=True, text=True).stdout
    listed = {line.split(":")[0].strip() for line in shown.splitlines() if line.startswith("  ")}
    assert listed >= (set(DEFAULTS) if notebook == "train" else {"experiment", "seed", "results_folder"})
    words = [file, tmp_path / "out.ipynb", "-p", "seed", "1", "-p", "sead", "2"]
    done = subprocess.run([*papermill, "--no-progress-bar", *words], cwd=tmp_path, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    assert last == "ConfigError: Unknown parameter 'sead' in this notebook; did you mean 'seed'?"
