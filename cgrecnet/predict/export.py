"""A model's networks as ONNX files, checked against torch."""

import logging
import os
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from cgrecnet.errors import RunError
from cgrecnet.files import shown
from cgrecnet.predict.cells import network_channels
from cgrecnet.predict.engines import OpenVinoEngine, Parted, TorchEngine, head_of, load_networks
from cgrecnet.predict.folder import EXPORTED, ModelFolder, write_sums
from cgrecnet.predict.tables import need

#: Largest difference of a probability between torch and the exported network, both in float32.
CLOSE = 1e-3
#: Images of noise that the check compares.
CHECKED = 8
OPSET = 18


def export_onnx(folder: ModelFolder, say: Callable[[str], None] = print) -> list[Path]:
    """Write each member beside its weights, `weights-0.onnx` and so on: images -> logits, features, any batch size.

    The files' hashes join the folder's; what it predicts stays what it is. Raises ConfigError where a package is
    missing, RunError where an exported network gives other probabilities than torch, or the disk refuses.
    """
    need("onnx", "Export to ONNX", "fast")
    need("onnxscript", "Export to ONNX", "fast")
    model = folder.model
    networks = load_networks(folder)
    sample = torch.randn(CHECKED, network_channels(model.channels), model.image_size, model.image_size,
                         generator=torch.Generator().manual_seed(0))  # fmt: skip
    made = []
    partials: list[Path] = []
    try:
        for member, network in zip(model.members, networks, strict=True):
            target = folder.path / Path(member.weights).with_suffix(EXPORTED)
            partial = target.with_name(f"{target.stem}.{os.getpid()}.partial.onnx")
            partials.append(partial)
            parted = Parted(network, head_of(network, model.config["model"])).eval()
            to_onnx(parted, sample, partial, ["logits", "features"])
            made.append(target)
        _check(partials, TorchEngine(networks, model.config["model"]), sample, say)
        for partial, target in zip(partials, made, strict=True):
            partial.replace(target)
        write_sums(folder.path)
    except OSError as error:
        raise RunError(f"{shown(folder.path)} cannot be written ({error.strerror}): make room there.") from error
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)
    return made


def to_onnx(network: torch.nn.Module, sample: torch.Tensor, path: Path, outputs: list[str]) -> None:
    """Write a network of `images` as ONNX, for any batch size; RunError where torch fixes it at the sample's."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        made = torch.onnx.export(
            network, (sample,), str(path), dynamo=True, external_data=False, opset_version=OPSET, verbose=False,
            input_names=["images"], output_names=outputs,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
        )  # fmt: skip
    # Where an operation ties the batch size down, torch 2.15 says so in a log alone and exports the sample's.
    if isinstance(made.model.graph.inputs[0].shape[0], int):
        path.unlink(missing_ok=True)
        raise RunError(f"The network was exported for batches of {len(sample)} images alone: {path.name} is not kept.")


def _check(files: list[Path], torch_engine: TorchEngine, sample: torch.Tensor, say: Callable[[str], None]) -> None:
    if find_spec("openvino") is None:
        say("not compared with torch: OpenVINO is not installed")
        return
    expected, found = torch_engine(sample)[0], OpenVinoEngine(files)(sample)[0]
    apart = float(np.abs(expected - found).max())
    if not apart <= CLOSE:
        raise RunError(f"The exported networks give other probabilities than torch (by up to {apart:.2g}): not kept.")
    say(f"probabilities equal torch's to {apart:.1g} on {len(sample)} images of noise")
