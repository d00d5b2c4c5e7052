"""The package for bioimage.io: what it computes, and what the zoo's own tool says of it."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import torch

from cgrecnet import cli
from cgrecnet.data.transforms import channel_statistics
from cgrecnet.errors import ConfigError
from cgrecnet.predict.bioimageio import Complete, _identifiers, export_bioimageio
from cgrecnet.predict.engines import TorchEngine, load_networks
from cgrecnet.predict.prediction_report import Example, crops
from cgrecnet.predict.tables import need
from cgrecnet.predict.uncertainty import calibrated


def test_one_network_holds_window_members_and_temperature(model, dataset):
    known = model.model
    examples = [Example(pd.Series(dtype=object), np.asarray(image)) for image in dataset.images[:6]]
    seen, first = crops(model, examples)  # normalised, and the first channel of it
    engine = TorchEngine(load_networks(model), known.config["model"])
    expected = calibrated(engine(seen)[0], known.temperature)
    mean, std = channel_statistics(3)
    black, white = known.window
    grey = (first * std[0] + mean[0]) * (white - black) + black
    network = Complete(load_networks(model), known.window, known.channels, known.temperature).eval()
    with torch.no_grad():
        found = network(torch.tensor(grey[:, None], dtype=torch.float32)).numpy()
    assert found == pytest.approx(expected, abs=1e-4)


def test_channel_names_are_identifiers_and_differ():
    assert _identifiers(["T cells", "2nd", "é"])[:2] == ["t_cells", "class_2nd"]
    names = _identifiers(["a b", "a-b"])
    assert len(set(names)) == 2 and all(name.isidentifier() for name in names)


def test_a_part_of_a_package_that_is_not_there_is_one_sentence():
    with pytest.raises(ConfigError, match="needs the package nosuch.part, which is not installed: pip install 'cgrec"):
        need("nosuch.part", "It", "bioimageio")


def test_author_and_licence_are_asked_for_first(capsys):
    assert cli.main(["export", "nowhere", "--bioimageio", "p.zip"]) == 2
    assert "--author" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(find_spec, ("bioimageio", "onnx", "onnxscript"))),
    reason="not installed: pip install 'cgrecnet[bioimageio]'",
)
def test_the_zoos_own_tool_takes_the_package(model, tmp_path):
    from bioimageio.spec import load_description

    said = []
    out = export_bioimageio(model, tmp_path / "p.zip", "A. Nother", "CC-BY-4.0", said.append)
    assert load_description(out, perform_io_checks=True).validation_summary.status != "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["p.zip"]


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(find_spec, ("bioimageio", "onnx", "onnxscript", "onnxruntime"))) or not find_spec("bioimageio.core"),
    reason="not installed: pip install bioimageio.core onnxruntime, into an environment of its own",
)
def test_the_zoos_own_runner_computes_the_test_tensors(model, tmp_path):
    from bioimageio.core import test_model

    out = export_bioimageio(model, tmp_path / "p.zip", "A. Nother", "CC-BY-4.0", lambda _: None)
    summary = test_model(out)
    assert summary.status == "passed", summary
    assert not [error.msg for detail in summary.details for error in detail.errors]
