"""A model in the packaging of the BioImage Model Zoo (bioimage.io, model description 0.5): one zip.

It holds one ONNX file from grey levels to calibrated probabilities, all members in it, test tensors in and out, and the
model card, cited. What is unlike the training images and which classes cannot be ruled out stay with `cgrecnet
predict`: the zoo's programs know neither.
"""

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.data.transforms import channel_statistics
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import shown
from cgrecnet.predict.card import markdown
from cgrecnet.predict.cells import network_channels
from cgrecnet.predict.engines import OPSET, load_networks, to_onnx
from cgrecnet.predict.folder import CARD, ModelFolder
from cgrecnet.predict.tables import need, refusals_named

#: Images of noise in the test tensors.
TESTED = 2
#: What a package cites: the paper whose network or comparison this is.
PAPER = "Li et al. 2026, CG-RecNet", "10.3389/fcell.2026.1767574"
_LEAST = 1e-12


class Complete(nn.Module):
    """Grey levels of square crops, (B, C, S, S), to calibrated probabilities, (B, K): all that is fixed in a model."""

    def __init__(self, networks: Sequence[nn.Module], window, channels: int, temperature: float) -> None:
        super().__init__()
        self.members = nn.ModuleList(networks)
        self.black, self.white, self.temperature, self.channels = *map(float, window), temperature, channels
        mean, std = channel_statistics(network_channels(channels))
        self.register_buffer("mean", torch.tensor(np.array(mean), dtype=torch.float32).reshape(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(np.array(std), dtype=torch.float32).reshape(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        level = ((images - self.black) / (self.white - self.black)).clamp(0, 1)
        seen = (level - self.mean) / self.std  # one channel becomes three
        chances = torch.stack([torch.softmax(member(seen), dim=1) for member in self.members]).mean(dim=0)
        return torch.softmax(torch.log(chances.clamp_min(_LEAST)) / self.temperature, dim=1)


def export_bioimageio(
    folder: ModelFolder, out: Path, author: str, licence: str, say: Callable[[str], None] = print
) -> Path:
    """Write the package `out` (a zip) and validate it with the zoo's own tool; returns its path.

    author, licence: of the model; the zoo asks for both (the licence by its SPDX name, such as CC-BY-4.0).
    Raises ConfigError (a package is missing, preprocessing that the zoo cannot describe, no such licence), RunError
    (the tool finds fault with the package, or the disk refuses).
    """
    for package in ("bioimageio.spec", "onnx", "onnxscript"):
        need(package, "--bioimageio", "bioimageio")
    model = folder.model
    if model.intensity != "none":
        raise ConfigError(
            f"{shown(folder.path)} was trained with intensity={model.intensity}, which looks at whole pictures, and a "
            "package of the zoo sees crops: train with intensity=none for it."
        )
    network = Complete(load_networks(folder), model.window, model.channels, model.temperature).eval()
    black, white = model.window
    noise = torch.rand(TESTED, model.channels, model.image_size, model.image_size,
                       generator=torch.Generator().manual_seed(0))  # fmt: skip
    images = black + (white - black) * noise
    with refusals_named(out), tempfile.TemporaryDirectory() as name:
        place = Path(name)
        to_onnx(network, images, place / "weights.onnx", ["probabilities"])
        np.save(place / "images.npy", images.numpy())
        with torch.no_grad():
            np.save(place / "probabilities.npy", network(images).numpy())
        card = (folder.path / CARD).read_text(encoding="utf-8")
        text = markdown("documentation.md", card=card, model=model)
        (place / "documentation.md").write_text(text, encoding="utf-8")
        _save(_description(folder, place, author, licence), out, say)
    return out


def _description(folder: ModelFolder, place: Path, author: str, licence: str):
    from bioimageio.spec.common import FileDescr
    from bioimageio.spec.model import v0_5
    from pydantic import ValidationError

    model, side = folder.model, folder.model.image_size
    channels = [f"channel{number}" for number in range(model.channels)]
    space = [v0_5.SpaceInputAxis(id=v0_5.AxisId(name), size=side) for name in "yx"]
    try:
        return v0_5.ModelDescr(
            name=re.sub(r"[^\w .()-]", " ", f"{model.config['model']} on {model.data['name']}")[:120],
            description=f"Names the class of a single cell: {', '.join(model.classes)}."[:1024],
            authors=[v0_5.Author(name=author)],
            cite=[v0_5.CiteEntry(text=PAPER[0], doi=v0_5.Doi(PAPER[1]))],
            license=licence,
            documentation=FileDescr(source=place / "documentation.md"),
            tags=["classification", "imaging-flow-cytometry", "2d", "single-cell"],
            inputs=[
                v0_5.InputTensorDescr(
                    id=v0_5.TensorId("images"),
                    description="grey levels of a single cell, resized and cut at the centre",
                    axes=[v0_5.BatchAxis(), v0_5.ChannelAxis(channel_names=channels), *space],
                    test_tensor=FileDescr(source=place / "images.npy"),
                )
            ],
            outputs=[
                v0_5.OutputTensorDescr(
                    id=v0_5.TensorId("probabilities"),
                    description=f"calibrated, in the order {', '.join(model.classes)}"[:128],
                    axes=[v0_5.BatchAxis(), v0_5.ChannelAxis(channel_names=_identifiers(model.classes))],
                    test_tensor=FileDescr(source=place / "probabilities.npy"),
                )
            ],
            weights=v0_5.WeightsDescr(
                onnx=v0_5.OnnxWeightsDescr(source=place / "weights.onnx", opset_version=OPSET)
            ),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"bioimage.io does not take this model's {'.'.join(map(str, first['loc']))} ({first['msg']}): "
            "--author and --license name whom and what it asks for."
        ) from None


def _save(description, out: Path, say: Callable[[str], None]) -> None:
    """Write the zip beside `out`, validate that very file, then move it there."""
    from bioimageio.spec import load_description, save_bioimageio_package

    partial = out.with_name(f"{out.stem}.{os.getpid()}.partial.zip")
    try:
        save_bioimageio_package(description, output_path=partial)
        again = load_description(partial, perform_io_checks=True)
        summary = again.validation_summary
        if summary is None or summary.status == "failed":
            raise RunError(f"bioimageio.spec finds fault with the package of {description.name}: not kept.")
        os.replace(partial, out)
        say(f"validated by bioimageio.spec: {summary.status}")
    finally:
        partial.unlink(missing_ok=True)


def _identifiers(classes: Sequence[str]) -> list[str]:
    """Names as the zoo allows them for channels; numbered where two would be one."""
    plain = [re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_") for name in classes]
    plain = [name if name and not name[0].isdigit() else f"class_{name}" for name in plain]
    return plain if len(set(plain)) == len(plain) else [f"{name}_{i}" for i, name in enumerate(plain)]
