"""`cgrecnet export`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import say
from cgrecnet.errors import ConfigError


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "export",
        help="a model's networks as ONNX files, which OpenVINO computes faster",
        description="Write the networks of a model folder as ONNX files beside their weights and compare them with "
        "torch; `cgrecnet predict` then uses them where OpenVINO is installed. An ONNX file takes normalised images "
        "(cells, 3, size, size) and gives logits and features; the model folder's model.json says what is done before "
        "(window, intensity, size) and after (mean over members, temperature).",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder that `train --model-folder` wrote")
    parser.add_argument("--onnx", action="store_true", help="files that OpenVINO computes faster")
    parser.add_argument(
        "--bioimageio", type=Path, metavar="FILE.zip",
        help="a package for bioimage.io: grey levels to probabilities, test tensors, the card (needs bioimageio.spec)",
    )  # fmt: skip
    parser.add_argument("--author", help="of the model, whom bioimage.io asks for")
    parser.add_argument("--license", metavar="SPDX", help="of the model, such as CC-BY-4.0, which bioimage.io asks for")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
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
    return 0
