"""What the paper leaves open about the network, each choice an option with a name; presets name whole readings.

No preset is the paper's own code, which is not public. `recovered` is the reading whose parameter counts are the
printed ones to both decimals (with the two single-module rows swapped); `as_written` follows the sentences and the
described equations where they differ from the public modules; `clean` is `recovered` without its two odd traits.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace

from cgrecnet.errors import ConfigError

#: Channels of the feature map behind the second stage of ResNet-50, where both modules stand.
STAGE2_CHANNELS = 512

_CHOICES = {
    "normaliser": ("l2", "layernorm"),
    "spatial_map": ("softmax", "sigmoid"),
    "combine": ("sum", "recalibrate", "recalibrate_plus_xca"),
    "head": ("3", "1000_then_3"),
    "gate_activation": ("gelu", "sigmoid"),
    "stage_stride": ("3x3", "1x1"),
}


def unknown(what: str, value: object, known: Iterable[str]) -> ConfigError:
    """One sentence for a word that is not known, with the nearest known one."""
    known = list(known)
    near = difflib.get_close_matches(str(value), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(known)}."
    return ConfigError(f"Unknown {what} {value!r}: {hint}")


@dataclass(frozen=True)
class Options:
    """The open choices of the ResNet-50 family; the defaults are the preset `recovered`.

    fusion_width: channels at which the attention runs. 512 is the feature map's own; any other width is reached and
        left by a 1x1 convolution.
    num_heads: of both attentions; it divides the width.
    normaliser: in linear-angular attention, "l2" (public code) or "layernorm" (the paper's text).
    spatial_map: in the fusion, "softmax" over positions (public code) or "sigmoid" (the paper's text).
    combine: "sum" F_1 (1 + s_1) + F_2 (1 + s_2) (public code), "recalibrate" F_1 s_1 (the paper's Eq. 3), or
        "recalibrate_plus_xca" F_1 s_1 + F_2.
    fusion_skip: add the fusion's input to its output. Counting cannot tell, a skip has no parameters. False by
        default, because the paper names a residual connection for the gated block and none for the fusion.
    cafm_hidden: hidden size of the fusion's bottlenecks.
    head: "3" one linear layer to the classes; "1000_then_3" ImageNet's 1000-way layer kept and a second linear
        layer behind it. (3 stands for the number of classes.)
    gate_activation: "gelu" (the paper's prose) or "sigmoid" (Eq. 4).
    stage_stride: which convolution halves the map at the start of stages 2 to 4: "3x3" as in torchvision, or "1x1" as
        in the first ResNet. Without parameters; weights trained for one fit the other only roughly.
    """

    fusion_width: int = 128
    num_heads: int = 8
    normaliser: str = "l2"
    spatial_map: str = "softmax"
    combine: str = "sum"
    fusion_skip: bool = False
    cafm_hidden: int = 64
    head: str = "1000_then_3"
    gate_activation: str = "gelu"
    stage_stride: str = "3x3"

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise unknown(f"value for the model option {name!r},", getattr(self, name), known)
        for name in ("fusion_width", "num_heads", "cafm_hidden"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(f"The model option {name!r} must be a whole number above 0, not {value!r}.")
        if not isinstance(self.fusion_skip, bool):
            raise ConfigError(f"The model option 'fusion_skip' must be true or false, not {self.fusion_skip!r}.")
        if self.fusion_width % self.num_heads:
            raise ConfigError(
                f"The fusion width {self.fusion_width} cannot be split into {self.num_heads} heads: "
                "choose a number of heads that divides it."
            )

    def as_dict(self) -> dict:
        """The options as a plain mapping, for a run record."""
        return asdict(self)

    def replace(self, changes: Mapping[str, object] | None) -> "Options":
        """These options with some changed; ConfigError for an unknown name or value."""
        known = [field.name for field in fields(self)]
        for name in changes or {}:
            if name not in known:
                raise unknown("model option", name, known)
        return replace(self, **(changes or {}))


PRESETS: dict[str, Options] = {
    "recovered": Options(),
    "as_written": Options(
        fusion_width=STAGE2_CHANNELS,  # the text speaks of no reduction of channels
        normaliser="layernorm",  # 2.4.1: "denotes Layer Normalization"
        spatial_map="sigmoid",  # 2.4.1: "denotes the Sigmoid activation function"
        combine="recalibrate",  # Eq. 3 as described: the linear-angular branch is recalibrated
        head="3",  # three classes, and no second layer is mentioned
        gate_activation="sigmoid",  # Eq. 4, and gate values "approaching" 0 and 1
    ),
    "clean": Options(head="3", fusion_skip=True),
}


def resolve(preset: str = "recovered", options: Mapping[str, object] | None = None) -> Options:
    """The options of a preset, with single ones changed; ConfigError for an unknown name or value."""
    if preset not in PRESETS:
        raise unknown("model preset", preset, PRESETS)
    return PRESETS[preset].replace(options)
