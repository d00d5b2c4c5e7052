"""`cgrecnet export`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import argument, command, say
from cgrecnet.errors import ConfigError


@command(
    "export",
    argument("model", type=Path, metavar="MODEL", help="folder that `train --model-folder` wrote"),
    argument("--onnx", action="store_true", help="files that OpenVINO computes faster"),
    argument(
        "--bioimageio", type=Path, metavar="FILE.zip",
        help="a package for bioimage.io: grey levels to probabilities, test tensors, the card (needs bioimageio.spec)",
    ),
    argument("--author", help="of the model, whom bioimage.io asks for"),
    argument("--license", metavar="SPDX", help="of the model, such as CC-BY-4.0, which bioimage.io asks for"),
    help="a model's networks as ONNX files, which OpenVINO computes faster",
    description="Write the networks of a model folder as ONNX files beside their weights and compare them with "
    "torch; `cgrecnet predict` then uses them where OpenVINO is installed. An ONNX file takes normalised images "
    "(cells, 3, size, size) and gives logits and features; the model folder's model.json says what is done before "
    "(window, intensity, size) and after (mean over members, temperature).",
)  # fmt: skip
def export(options: argparse.Namespace) -> None:
    from cgrecnet.predict.export import export_onnx
    from cgrecnet.predict.folder import open_folder

    if not options.onnx and not options.bioimageio:
        raise ConfigError("Say which format: --onnx, or --bioimageio FILE.zip.")
    if options.bioimageio and not (options.author and options.license):
        raise ConfigError("--bioimageio needs --author NAME and --license SPDX (such as CC-BY-4.0) of the model.")
    folder = open_folder(options.model)
    for path in export_onnx(folder, say) if options.onnx else ():
        say(str(path))
    if options.bioimageio:
        from cgrecnet.predict.bioimageio import export_bioimageio

        say(str(export_bioimageio(folder, options.bioimageio, options.author, options.license, say)))
