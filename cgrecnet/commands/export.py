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
    parser.add_argument("--onnx", action="store_true", help="the format (there is no other yet)")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.predict.export import export_onnx
    from cgrecnet.predict.folder import open_folder

    if not options.onnx:
        raise ConfigError("Say which format: --onnx.")
    for path in export_onnx(open_folder(options.model), say):
        say(str(path))
    return 0
