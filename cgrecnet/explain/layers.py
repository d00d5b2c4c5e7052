"""At which layer of each model a class activation map is taken, and where the positions of such a map look.

A viewer cuts the picture into equal fields, one for each position of the map. A network of stride s that looks at pixel
0 first looks at pixels 0, s, 2 s, ..., while the middles of the fields are (s - 1) / 2 pixels further down and right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.explain.class_scores import evaluating, seen_by
from cgrecnet.models.config import unknown
from cgrecnet.models.zoo import SYSTEMS


@dataclass(frozen=True)
class Layer:
    """A place in a network: `path` of the module whose output is the map; tokens: it is (B, 1 + N, C), not a map.

    Row i of the map looks at the image around pixel row first + i stride (from 0 on), and columns alike: the middle of
    all that can reach it, wherever the image does not end before.
    """

    path: str
    stride: int
    first: float = 0.0
    tokens: bool = False

    def module(self, network: nn.Module) -> nn.Module:
        """The module itself. Raises ConfigError where the network has none of that name."""
        try:
            return network.get_submodule(self.path)
        except AttributeError:
            raise ConfigError(
                f"{type(network).__name__} has no layer {self.path!r}: give the model's own name beside the network."
            ) from None

    @property
    def reshape(self) -> Callable[[Tensor], Tensor] | None:
        """What turns the layer's output into a map, None where it is one."""
        return tokens_to_map if self.tokens else None


#: Convolutions and poolings of stride 2 over 3 x 3 or 7 x 7 pixels look at every second pixel, from pixel 0 on; those
#: over 2 x 2 between two of them.
#: ResNet-50 and its variants. `stage2` is what leaves the fusion and the gate, where a network has them.
_RESNET = {"last": Layer("layer4", 32), "stage3": Layer("layer3", 16), "stage2": Layer("gate", 8)}

#: Model -> name of the place -> layer. `last` is the deepest map before positions are averaged, flattened or pooled.
LAYERS: dict[str, dict[str, Layer]] = {
    "resnet50": _RESNET,
    "rescmnet": _RESNET,
    "resgdnet": _RESNET,
    "cg_recnet": _RESNET,
    # The last batch normalisation; behind it torchvision applies a ReLU in place.
    "densenet121": {"last": Layer("features.norm5", 32, 14.0), "stage3": Layer("features.denseblock3", 16, 6.0)},
    # The ReLU behind the last convolution, before its pooling.
    "vgg16": {"last": Layer("features.29", 16, 7.5), "stage3": Layer("features.22", 8, 3.5)},
    "mobilenet_v2": {"last": Layer("features.18", 32), "stage3": Layer("features.13", 16)},
    # What the last attention reads. Behind it only the class token counts, and the patches' gradients are zero.
    "vit_b_16": {"last": Layer("encoder.layers.encoder_layer_11.ln_1", 16, 7.5, tokens=True)},
    "zhu_xception": {"last": Layer("exit", 8), "stage3": Layer("middle", 4)},
}


def layer_of(model_name: str, place: str = "last") -> Layer:
    """The layer of a model at a place. Raises ConfigError for a model or a place that is not known."""
    if model_name not in LAYERS:
        raise unknown("model", model_name, SYSTEMS)
    if place not in LAYERS[model_name]:
        raise unknown(f"layer of {model_name},", place, LAYERS[model_name])
    return LAYERS[model_name][place]


def tokens_to_map(tokens: Tensor) -> Tensor:
    """Patch tokens behind a class token, (B, 1 + s * s, C), as a map (B, C, s, s). ConfigError where s is not whole."""
    patches = tokens[:, 1:]
    side = round(patches.shape[1] ** 0.5)
    if side * side != patches.shape[1]:
        raise ConfigError(f"{patches.shape[1]} patches do not fill a square: explain square images only.")
    return patches.transpose(1, 2).unflatten(2, (side, side))


def aligned(maps: np.ndarray, size: int, layer: Layer) -> np.ndarray:
    """Maps (B, h, w) at the size of the image, bilinear, each position where it looks by `Layer.first` and `stride`."""
    places = (np.arange(size) - layer.first) / layer.stride
    rows, columns = (
        np.stack([np.interp(places, np.arange(n), unit) for unit in np.eye(n)], axis=1) for n in maps.shape[1:]
    )
    return (rows @ maps @ columns.T).astype(np.float32)


def drawn_at(positions: int, size: int) -> np.ndarray:
    """The pixel rows of the middles of equal fields, (positions,): where a viewer draws the positions of a map."""
    return (np.arange(positions) + 0.5) * size / positions - 0.5


def looks_at(network: nn.Module, layer: Layer, images: Tensor, positions: Sequence[int], seed: int = 0) -> np.ndarray:
    """Measured: the pixel (row, column) around which a map's position (i, i) looks, for each i of `positions`, (n, 2).

    It is the centre of gravity of the squared gradient, with respect to the image, of a random sum of the position's
    channels. Near the edge of the image the field is cut off, and its centre lies further inside. Layers with maps.
    """
    seen, generator = [], torch.Generator().manual_seed(seed)
    handle = layer.module(network).register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    try:
        with evaluating(network), torch.enable_grad():
            images = seen_by(network, images).detach().clone().requires_grad_()
            network(images)
    finally:
        handle.remove()
    found = []
    for i in positions:
        here = seen[0][:, :, i, i]
        signs = torch.randint(0, 2, here.shape, generator=generator).to(here) * 2 - 1
        (slope,) = torch.autograd.grad((here * signs).sum(), images, retain_graph=True)
        weight = (slope.double() ** 2).sum(dim=(0, 1)).cpu().numpy()
        pixels = np.arange(len(weight))
        found.append([weight.sum(axis=1) @ pixels / weight.sum(), weight.sum(axis=0) @ pixels / weight.sum()])
    return np.array(found)
