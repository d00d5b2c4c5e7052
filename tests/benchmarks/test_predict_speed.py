"""The benchmark of predictions: what its record says, and that a system is measured once."""

import json
import runpy
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "predict_speed.py"


@pytest.mark.slow
@pytest.mark.skipif(not all(map(find_spec, ("onnx", "onnxscript", "openvino"))), reason="not installed: cgrecnet[fast]")
def test_engines_are_compared_on_the_same_cells_and_a_system_once(tmp_path, capsys):
    main = runpy.run_path(str(SCRIPT))["main"]
    words = ["--systems", "mobilenet_v2", "--cells", "70", "--size", "32", "--json", str(tmp_path / "r.json")]
    assert main(words) == 0
    record = json.loads((tmp_path / "r.json").read_text())
    (row,) = record["systems"]
    assert (row["system"], row["cells"], sum(row["called"])) == ("mobilenet_v2", 70, 70)
    engines = row["engines"]
    assert engines["torch"]["same_calls"] == 1 and engines["openvino f32"]["largest_difference"] < 1e-3
    assert engines["openvino bf16"]["largest_difference"] < 0.2
    assert all(one["cpu"] > 0 for one in engines.values())
    capsys.readouterr()
    assert main(words) == 0 and json.loads((tmp_path / "r.json").read_text()) == record
    assert capsys.readouterr().out == "", "it was measured again"
