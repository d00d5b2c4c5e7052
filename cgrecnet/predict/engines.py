"""What computes a model's networks, images in, mean probabilities and the last layer's features out.

That is torch, or OpenVINO where it is installed and the model was exported to ONNX, which is checked against torch.
"""

import copy
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import shown
from cgrecnet.models import SYSTEMS
from cgrecnet.predict.cells import network_channels
from cgrecnet.predict.folder import EXPORTED, ModelFolder, write_sums
from cgrecnet.predict.tables import need
from cgrecnet.runs.kept import build

#: Largest difference of a probability between torch and the exported network, both in float32.
CLOSE = 1e-3
#: Images of noise that the check compares.
CHECKED = 8
OPSET = 18


class Parted(nn.Module):
    """A network that also gives what its classifying layer reads: images -> (logits, features), (B, K) and (B, D)."""

    def __init__(self, network: nn.Module, head: str) -> None:
        super().__init__()
        network = copy.deepcopy(network)  # the caller's stays whole
        parent, _, child = head.rpartition(".")
        self.head = network.get_submodule(head)
        setattr(network.get_submodule(parent), child, nn.Identity())
        self.trunk = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        return self.head(features), features


def head_of(network: nn.Module, model: str) -> str:
    """Name of the layer that gives the logits: a second one, where the network keeps ImageNet's."""
    extra = getattr(network, "classifier_extra", None)
    return "classifier_extra" if isinstance(extra, nn.Linear) else SYSTEMS[model].head


class TorchEngine:
    """The members of an ensemble in torch; called with a batch it gives mean probabilities and features.

    Features are those of the first member. device: where they compute.
    """

    name = "torch"

    def __init__(self, networks: Sequence[nn.Module], model: str, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.members = [
            Parted(network, head_of(network, model)).to(self.device, memory_format=torch.channels_last).eval()
            for network in networks
        ]

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """images: float32 (B, C, S, S), normalised. Returns float64 (B, classes) and float32 (B, D)."""
        images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        found = [member(images) for member in self.members]
        together = torch.stack([torch.softmax(logits.double(), dim=1) for logits, _ in found]).mean(dim=0)
        return together.cpu().numpy(), found[0][1].flatten(1).float().cpu().numpy()


class OpenVinoEngine:
    """The exported members in OpenVINO; called like `TorchEngine`.

    precision: `f32`, or `bf16` where the processor has instructions for it and rounding to 8 bits of mantissa will do.
    """

    def __init__(self, files: list[Path], precision: str = "f32") -> None:
        import openvino

        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": "1"}
        settings["INFERENCE_NUM_THREADS"] = str(torch.get_num_threads())
        self.members = [core.compile_model(core.read_model(str(file)), "CPU", settings) for file in files]
        self.name = f"openvino {precision}"

    def __call__(self, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """images: float32 (B, C, S, S), normalised. Returns float64 (B, classes) and float32 (B, D)."""
        found = [member(np.ascontiguousarray(images.numpy())) for member in self.members]
        chances = [torch.softmax(torch.from_numpy(np.array(f[0])).double(), dim=1) for f in found]
        together = torch.stack(chances).mean(dim=0)
        return together.numpy(), np.array(found[0][1]).reshape(len(images), -1)


def load_networks(folder: ModelFolder) -> list:
    """The members with their weights. Raises RunError where these do not fit what `model.json` says."""
    model = folder.model
    try:
        return [
            build(
                model.config, len(model.classes), load_file(folder.path / member.weights),
                network_channels(model.channels),
            )  # fmt: skip
            for member in model.members
        ]
    except (RuntimeError, KeyError) as error:
        raise RunError(
            f"The weights in {shown(folder.path)} do not fit their model.json ({str(error).splitlines()[0]}): get the "
            "folder again, or train it anew."
        ) from error


def make_engine(
    folder: ModelFolder, wanted: str = "auto", precision: str = "f32", say: Callable[[str], None] = print
) -> Callable:
    """The engine that is asked for; `auto` takes OpenVINO on a machine without GPU where it can, and says what it took.

    Raises ConfigError where OpenVINO is asked for and something that it needs is missing.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    lacks = None
    if find_spec("openvino") is None:
        lacks = "OpenVINO is not installed (pip install 'cgrecnet[fast]')"
    elif not folder.exported:
        lacks = f"the model has no ONNX files (`cgrecnet export {shown(folder.path)} --onnx` makes them)"
    if wanted == "openvino" and lacks:
        raise ConfigError(f"--engine openvino cannot be used: {lacks}.")
    if wanted == "openvino" or (wanted == "auto" and not lacks and device == "cpu"):
        return OpenVinoEngine(folder.exported, precision)
    if precision != "f32":
        raise ConfigError(f"--precision {precision} is for OpenVINO alone" + (f": {lacks}." if lacks else "."))
    if wanted == "auto" and device == "cpu":
        say(f"computed by torch, because {lacks}; OpenVINO is faster")
    return TorchEngine(load_networks(folder), folder.model.config["model"], device)


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
