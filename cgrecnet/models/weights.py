"""Pretrained weights: torchvision's own, or a local file under torchvision's names; and where they came from.

A file is taken whole or refused in one sentence: foreign names, wrong shapes, missing tensors and truncated files never
end as a half-loaded network. Pickles are read with `weights_only=True`, so a file cannot run code.
"""

import os
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.files import sha256

#: Tensors that hold a counter which nothing but a BatchNorm without momentum reads; Keras exports leave it out.
_COUNTER = "num_batches_tracked"


def tensors_of(model: nn.Module) -> list[str]:
    """Names of the tensors that a weights file has to hold for a model, or that start fresh."""
    return [key for key in model.state_dict() if not key.endswith(_COUNTER)]


def read_state_dict(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a .safetensors, .pth or .pt file, and the notes it carries.

    Raises ConfigError, one sentence, for a file that is missing, truncated, of another kind, or not a state dict.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"The weights file {path} does not exist: give the path of a .safetensors or .pth file, "
            "'imagenet', or no weights at all."
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors import safe_open

            with safe_open(path, "pt") as file:
                return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})
        if path.suffix not in (".pth", ".pt"):
            raise ConfigError(f"The weights file {path} must end in .safetensors, .pth or .pt.")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except ConfigError:
        raise
    except Exception as error:  # safetensors, pickle and zip each raise their own kinds
        raise ConfigError(
            f"The weights file {path} cannot be read ({type(error).__name__}): it is truncated, damaged or holds "
            "more than tensors; get it again."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ConfigError(
            f"The weights file {path} does not hold a plain state dict (names to tensors): "
            "save model.state_dict() and give that file."
        )
    return state, {}


def cache_folder() -> Path:
    """Where downloaded weights go: CGRECNET_CACHE, else torch's hub folder."""
    folder = os.environ.get("CGRECNET_CACHE")
    return Path(folder) / "weights" if folder else Path(torch.hub.get_dir()) / "checkpoints"


def download(url: str) -> Path:
    """A torchvision weights file, fetched once and checked against the hash in its name.

    A download that breaks off leaves nothing behind; a damaged copy in the cache is fetched anew. Raises ConfigError.
    """
    name = url.rsplit("/", 1)[-1]
    prefix = re.search(r"-([0-9a-f]{8,})\.", name)[1]
    path = cache_folder() / name
    if path.is_file() and sha256(path).startswith(prefix):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), hash_prefix=prefix, progress=False)
    except Exception as error:  # the network, the disk or the hash
        raise ConfigError(
            f"The ImageNet weights {name} could not be downloaded ({error}): check the network, put the file from "
            f"{url} into {path.parent}, or give weights=PATH or weights=None."
        ) from error
    return path


def adapt_input(weight: Tensor, in_channels: int) -> Tensor:
    """A first convolution for RGB, (out, 3, k, k), made to take another number of channels.

    The kernels are summed over RGB and divided by the number of channels, so that one grey image, repeated over all
    channels, gives the answer that its RGB copy gave. (The ImageNet mean and standard deviation differ a little
    between colours: exact for one common mean and deviation.)
    """
    if weight.shape[1] == in_channels:
        return weight
    return weight.sum(1, keepdim=True).repeat(1, in_channels, 1, 1) / in_channels


def replace_first_convolution(model: nn.Module, first: str, in_channels: int) -> None:
    """Make the model's first convolution, whose weight is called `first`, take `in_channels` channels.

    Its fresh kernels are normal, of the old ones' spread for one and the same variance of the sum over channels.
    """
    path = first.rpartition(".")[0]
    old = model.get_submodule(path)
    if old.in_channels == in_channels:
        return
    same = {"stride": old.stride, "padding": old.padding, "bias": old.bias is not None}
    new = nn.Conv2d(in_channels, old.out_channels, old.kernel_size, **same)
    with torch.no_grad():
        new.weight.normal_().mul_(old.weight.std() * (old.in_channels / in_channels) ** 0.5)
    if new.bias is not None:
        nn.init.zeros_(new.bias)
    model.set_submodule(path, new)


#: Names in torchvision's oldest published files (DenseNet, ViT) and what the same tensors are called today.
_RENAMED = (
    (re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\."), r"\1\2."),
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
)


def _mismatch(state: dict[str, Tensor], wanted: dict[str, Tensor]) -> str | None:
    """What keeps a state dict from fitting, in words, or None."""
    foreign = sorted(set(state) - set(wanted))
    missing = sorted(key for key in set(wanted) - set(state) if not key.endswith(_COUNTER))
    if foreign or missing:
        parts = [f"{len(foreign)} foreign, such as {foreign[0]!r}"] if foreign else []
        parts += [f"{len(missing)} missing, such as {missing[0]!r}"] if missing else []
        return f"of another architecture or incomplete (tensors: {'; '.join(parts)})"
    for key, value in state.items():
        if value.shape != wanted[key].shape:
            return f"of another shape at {key!r} ({tuple(value.shape)} where {tuple(wanted[key].shape)} is needed)"
    return None


def load_into(
    model: nn.Module, state: dict[str, Tensor], source: str, first: str, head: tuple[str, ...] = ()
) -> dict[str, list[str]]:
    """Put a torchvision state dict into `model`; the names loaded and those that start fresh.

    first: name of the first convolution's weight, adapted to the model's input channels.
    head: names of the classifying layer's tensors; they are taken where their shape is the model's own, else fresh.
    Everything else that the two share must fit: the model's own additions (fusion, gate, classifier) start fresh.
    Raises ConfigError before anything is changed.
    """
    own = model.state_dict()
    for pattern, name in _RENAMED:
        state = {pattern.sub(name, key): value for key, value in state.items()}
    wanted = {key: value for key, value in own.items() if not key.startswith(_ADDED)}
    other_head = [key for key in head if key in state and (key not in wanted or state[key].shape != wanted[key].shape)]
    state = {key: value for key, value in state.items() if key not in other_head}
    if first in state and state[first].dim() == 4 and state[first].shape[1] == 3:
        state[first] = adapt_input(state[first].float(), own[first].shape[1])
    problem = _mismatch(state, {key: value for key, value in wanted.items() if key not in head or key in state})
    if problem:
        raise ConfigError(
            f"The weights {source} do not fit a {type(model).__name__}: they are {problem}; "
            "give a state dict under torchvision's names for this network."
        )
    model.load_state_dict(state, strict=False)
    return {"loaded": sorted(state), "fresh": [key for key in tensors_of(model) if key not in state]}


#: What this package adds to a torchvision network; no torchvision file holds it.
_ADDED = ("fusion.", "gate.", "classifier_extra.")
