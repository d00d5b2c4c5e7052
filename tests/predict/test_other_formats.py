"""ImageStream files in; FCS, Parquet and ONNX out, where their packages are installed."""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.predict.engines import OpenVinoEngine, export_onnx, make_engine
from cgrecnet.predict.folder import MODEL, open_folder, write_sums
from cgrecnet.predict.inputs import open_input
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.run import predict_cells
from cgrecnet.predict.tables import need, write_fcs, write_parquet

CIF = Path(__file__).parents[1] / "data" / "amnis" / "example.cif"


@pytest.fixture(scope="module")
def predicted(model, tmp_path_factory):
    """(folder, table) of the cells of a real ImageStream file, by a model that takes images of 16 bit."""
    place = tmp_path_factory.mktemp("cif")
    shutil.copytree(model.path, place / "model")
    values = json.loads((place / "model" / MODEL).read_text())
    values |= {"pixels": "uint16", "window": [0, 1023], "heights": [20, 200], "widths": [20, 200]}
    (place / "model" / MODEL).write_text(json.dumps(values))
    write_sums(place / "model")
    folder = open_folder(place / "model")
    predictor = Predictor(folder, make_engine(folder, "torch"), 0.9)
    summary = predict_cells(predictor, open_input(CIF, folder.model), place / "p.csv", say=lambda _: None)
    assert "Ch5" in summary.input and not summary.unreadable
    return folder, place / "p.csv"


def test_object_numbers_are_those_of_the_imagestream_file(predicted):
    table = pd.read_csv(predicted[1], keep_default_na=False)
    assert table["object"].tolist() == list(range(111)) and set(table["file"]) == {"example.cif"}


@pytest.mark.skipif(find_spec("flowio") is None, reason="flowio is not installed: pip install 'cgrecnet[fcs]'")
def test_fcs_has_the_table_as_parameters(predicted, tmp_path):
    import flowio

    folder, csv = predicted
    write_fcs(csv, tmp_path / "p.fcs", folder.model)
    data = flowio.FlowData(str(tmp_path / "p.fcs"))
    events = pd.DataFrame(data.as_array(preprocess=False), columns=data.pnn_labels)
    table = pd.read_csv(csv)
    assert events["Object Number"].tolist() == table["object"].tolist() and (events["File Number"] == 1).all()
    for name in folder.model.classes:
        assert events[f"p {name}"].to_numpy() == pytest.approx(table[f"p_{name}"].to_numpy(), abs=1e-6)
    named = [data.text[f"cgrecnet class {int(number)}"] for number in events["class"]]
    assert named == table["class"].tolist()


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_parquet_has_the_same_table(predicted, tmp_path):
    write_parquet(predicted[1], tmp_path / "p.parquet")
    expected = pd.read_csv(predicted[1], keep_default_na=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "p.parquet"), expected, check_dtype=False)


def test_a_missing_package_is_named_before_anything_is_computed(monkeypatch):
    monkeypatch.setitem(sys.modules, "flowio", None)
    monkeypatch.setattr("cgrecnet.predict.tables.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'cgrecnet\[fcs\]'"):
        need("flowio", "--fcs", "fcs")


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(find_spec, ("onnx", "onnxscript", "openvino"))), reason="not installed: pip install 'cgrecnet[fast]'"
)
def test_onnx_in_openvino_gives_the_probabilities_of_torch(model, dataset, tmp_path):
    shutil.copytree(model.path, tmp_path / "model")
    said = []
    export_onnx(open_folder(tmp_path / "model"), said.append)
    assert "equal torch's" in said[0]
    folder = open_folder(tmp_path / "model")
    assert folder.identity == model.identity and len(folder.exported) == 2
    engine = make_engine(folder)
    assert isinstance(engine, OpenVinoEngine)
    names, images = [str(i) for i in range(70)], [dataset.images[i] for i in range(70)]
    fast = Predictor(folder, engine, 0.9).rows(names, images)
    slow = Predictor(folder, make_engine(folder, "torch"), 0.9).rows(names, images)
    numbers = [name for name in slow if name.startswith(("p_", "unlike_"))]
    assert np.abs(fast[numbers] - slow[numbers]).to_numpy().max() < 2e-3
    assert (fast["class"] == slow["class"]).all()


def test_the_fallback_is_said(model, monkeypatch):
    said = []
    monkeypatch.setattr("cgrecnet.predict.engines.find_spec", lambda name: None)
    assert make_engine(model, say=said.append).name == "torch"
    assert "OpenVINO is not installed" in said[0]
    with pytest.raises(ConfigError, match="OpenVINO is not installed"):
        make_engine(model, "openvino")
