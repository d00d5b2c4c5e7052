"""The training notebook run by papermill itself: it lists its parameters, and takes no others."""

import subprocess
import sys

import pytest

from cgrecnet.cli import main
from cgrecnet.errors import ConfigError
from cgrecnet.runs.notebook_parameters import Keeping, read_parameters
from cgrecnet.training.config import RunConfig

DEFAULTS = RunConfig().model_dump() | Keeping().model_dump()


def read(**given):
    return read_parameters({"In": [], "_i2": "", "before": 0} | DEFAULTS | given, {"In", "before"})


def test_parameters_are_taken_as_papermill_gives_them(tmp_path):
    config, keeping = read(learning_rate="1e-3", results_folder=str(tmp_path))  # YAML makes 1e-3 a text
    assert config == RunConfig(learning_rate=0.001) and keeping == Keeping(results_folder=tmp_path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"modle": "resnet50"}, "Unknown parameter 'modle' in the training notebook; did you mean 'model'"),
        ({"_i": 3, "_seed": 3}, "'_seed'"),
        ({"epochs": "three"}, "'epochs' in the training notebook is 'three': input should be a valid integer"),
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


def test_papermill_lists_the_parameters_and_ends_with_the_sentence(tmp_path, capsys):
    file = tmp_path / "train.ipynb"
    assert main(["notebook", str(file)]) == 0 and main(["notebook", str(file)]) == 2
    assert main(["notebook", str(tmp_path / "trian.ipynb")]) == 2
    assert "did you mean 'train.ipynb'" in capsys.readouterr().err
    papermill = [sys.executable, "-m", "papermill"]
    shown = subprocess.run([*papermill, "--help-notebook", file], capture_output=True, text=True).stdout
    listed = {line.split(":")[0].strip() for line in shown.splitlines() if line.startswith("  ")}
    assert listed >= set(DEFAULTS)
    words = [file, tmp_path / "out.ipynb", "-p", "epochs", "1", "-p", "modle", "resnet50"]
    done = subprocess.run([*papermill, "--no-progress-bar", *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1].startswith("ConfigError: Unknown parameter 'modle'")
