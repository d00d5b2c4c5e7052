"""The nine systems of the paper, by name.

Where the paper names no variant (which DenseNet, VGG, ViT) the usual one is taken. All torchvision networks get a new
last layer for the classes. Importing this file imports no torch: building a model does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cgrecnet.errors import ConfigError
from cgrecnet.files import sha256
from cgrecnet.models.config import PRESETS, resolve, unknown

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class System:
    """One system of the comparison.

    name: in the registry; title: as the paper writes it; family: "resnet50" where fusion and gate may stand,
    "torchvision" or "zhu". fusion, gate: which modules stand in it. first: name of its first convolution's weight.
    head: prefix of its last, classifying layer.
    native_channels, native_size: the input (height, width) that it was designed for.
    """

    name: str
    title: str
    family: str
    first: str
    head: str
    fusion: bool = False
    gate: bool = False
    native_channels: int = 3
    native_size: tuple[int, int] = (224, 224)


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System("resnet50", "Baseline (ResNet-50)", "resnet50", "conv1.weight", "fc"),
        System("rescmnet", "ResCMNet (fusion only)", "resnet50", "conv1.weight", "fc", fusion=True),
        System("resgdnet", "ResGDNet (gate only)", "resnet50", "conv1.weight", "fc", gate=True),
        System("cg_recnet", "CG-RecNet", "resnet50", "conv1.weight", "fc", fusion=True, gate=True),
        System("densenet121", "DenseNet-121", "torchvision", "features.conv0.weight", "classifier"),
        System("vgg16", "VGG-16", "torchvision", "features.0.weight", "classifier.6"),
        System("mobilenet_v2", "MobileNetV2", "torchvision", "features.0.0.weight", "classifier.1"),
        System("vit_b_16", "ViT-B/16", "torchvision", "conv_proj.weight", "heads.head"),
        System("zhu_xception", "Xception (Zhu et al. 2021)", "zhu", "stem.0.weight", "fc",
               native_channels=1, native_size=(45, 30)),
    )
}  # fmt: skip


def list_models() -> list[str]:
    """Names of the nine systems."""
    return list(SYSTEMS)


def title_of(model: str) -> str:
    """Short title of a system: `Baseline`, `CG-RecNet`; KeyError for an unknown one."""
    return SYSTEMS[model].title.split(" (")[0]


def list_presets() -> list[str]:
    """Names of the readings of what the paper leaves open; the first is the default."""
    return list(PRESETS)


def create_model(
    name: str,
    preset: str = "recovered",
    num_classes: int = 3,
    in_channels: int = 3,
    weights: str | Path | None = None,
    *,
    image_size: int = 224,
    options: Mapping[str, object] | None = None,
) -> "nn.Module":
    """One system of the paper, ready to train: images (B, in_channels, H, W) to logits (B, num_classes).

    preset: reading of what the paper leaves open; `options` changes single choices (see `config.Options`). Both act on
        ResNet-50 and its three variants. The baseline `resnet50` is torchvision's with a layer for the classes in place
        of the 1000-way one, whatever the preset's head, unless `options` asks for the head "1000_then_3".
    in_channels: other than 3, the first convolution is made for it (pretrained kernels: see `weights.adapt_input`).
    weights: None (fresh), "imagenet" (torchvision's IMAGENET1K_V1, downloaded), or a .safetensors or .pth file under
        torchvision's names. What was loaded and what starts fresh stands in `model.weights_info`.
    image_size: used by `vit_b_16` alone, whose position embedding is made for one size of image.
    Raises ConfigError, one sentence, for an unknown name or option, or weights that do not fit.
    """
    if name not in SYSTEMS:
        raise unknown("model", name, SYSTEMS)
    for what, value in (("num_classes", num_classes), ("in_channels", in_channels), ("image_size", image_size)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigError(f"{what} must be a whole number above 0, not {value!r}.")
    system = SYSTEMS[name]
    chosen = resolve(preset, options if system.family == "resnet50" else None)
    if options and system.family != "resnet50":
        raise ConfigError(
            f"The model {name!r} has no options (given: {', '.join(map(str, options))}): "
            "leave them out, or choose a model of the ResNet-50 family."
        )
    if system.family == "resnet50":
        from cgrecnet.models.cg_recnet import CGRecNet

        if name == "resnet50" and "head" not in (options or {}):
            chosen = chosen.replace({"head": "3"})
        model = CGRecNet(system.fusion, system.gate, chosen, num_classes, in_channels)
    elif system.family == "zhu":
        from cgrecnet.models.xception import ZhuXception

        model = ZhuXception(num_classes, in_channels)
    else:
        model = _torchvision(system, num_classes, in_channels, image_size)
    model.weights_info = _fill(model, system, weights, image_size)
    return model


def _torchvision(system: System, num_classes: int, in_channels: int, image_size: int) -> "nn.Module":
    from cgrecnet.light import torchvision
    from cgrecnet.models.weights import replace_first_convolution

    arguments = {}
    if system.name == "vit_b_16":
        if image_size % 16:
            raise ConfigError(
                f"vit_b_16 cuts images into 16 x 16 patches, so image_size must be a multiple of 16, not {image_size}."
            )
        arguments = {"image_size": image_size}
    model = getattr(torchvision.models, system.name)(num_classes=num_classes, **arguments)
    replace_first_convolution(model, system.first, in_channels)
    return model


def _fill(model: "nn.Module", system: System, weights: str | Path | None, image_size: int) -> dict:
    """Load the weights and say what was loaded: the record that a run keeps."""
    from cgrecnet.models import weights as files

    if weights is None:
        return {"source": None, "sha256": None, "note": None, "loaded": [], "fresh": files.tensors_of(model)}
    if weights == "imagenet":
        if system.family == "zhu":
            raise ConfigError(f"There are no ImageNet weights for {system.name}: use weights=None.")
        if system.name == "vit_b_16" and image_size != 224:
            raise ConfigError(
                f"The ImageNet weights of vit_b_16 are for images of 224 pixels, not {image_size}: "
                "use image_size=224 or weights=None."
            )
        from cgrecnet.light import torchvision

        name = "resnet50" if system.family == "resnet50" else system.name
        chosen = torchvision.models.get_model_weights(name).IMAGENET1K_V1
        path, note = files.download(chosen.url), f"torchvision {chosen}"
    else:
        path, note = Path(weights).expanduser(), None
    state, notes = files.read_state_dict(path)
    head = (f"{system.head}.weight", f"{system.head}.bias")
    filled = files.load_into(model, state, path.name, system.first, head)
    return {"source": path.name, "sha256": sha256(path), "note": note or notes.get("source"), **filled}
