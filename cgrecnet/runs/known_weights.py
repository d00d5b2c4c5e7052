"""Weights files that the project's sweeps start from: what they are is known without having them.

So the runs of these sweeps can be named, listed and collected anywhere; only training asks for the file itself.
"""

from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.paths import weights_folder

#: Name of the file -> its sha256.
KNOWN = {
    "resnet50-imagenet-keras-fp16.safetensors": "a99683d839ac9f37332646eaa7cd0c4e44176958f187439a0b640369b95f7205",
}


def only_known(weights: str | None) -> bool:
    """Whether `weights` is the name of a known file that is not here."""
    return weights in KNOWN and not Path(weights).is_file()


def need_file(weights: str | None) -> None:
    """ConfigError where training would need a known file that is not here."""
    if only_known(weights):
        folder = weights_folder()
        raise ConfigError(
            f"Training needs the weights file {weights}, which is not {f'in {folder}' if folder else 'here'}: "
            + ("put it there" if folder else "name its folder in CGRECNET_WEIGHTS")
            + ", or use 'imagenet' (a download) or null (random weights), whose results stand apart."
        )
