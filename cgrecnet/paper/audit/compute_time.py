"""Computing time of the protocol: images, passes and operations over an assumed speed."""

from collections.abc import Mapping
from dataclasses import dataclass

from cgrecnet.errors import ConfigError

FLOPS_PER_MAC = 2
PASSES = 3  # forward once; backward computes gradients of inputs and of weights, about twice the forward
SECONDS_PER_DAY = 86_400

# Multiply-adds (10^9) of one 224 x 224 image as torchvision lists them beside its weights.
TORCHVISION_GMACS = {"densenet121": 2.834, "vgg16": 15.47, "mobilenet_v2": 0.301, "vit_b_16": 17.564, "resnet50": 4.089}


@dataclass(frozen=True)
class ComputeTime:
    """Days of computing, per model and in all."""

    days_by_model: dict[str, float]

    @property
    def days(self) -> float:
        return sum(self.days_by_model.values())


def protocol_cost(
    gmacs: Mapping[str, float], images_per_epoch: int, epochs: int, folds: int, seeds: int, flops_per_second: float
) -> ComputeTime:
    """Training time in days of every model over folds and seeds.

    gmacs: 10^9 multiply-adds of one forward pass per model. flops_per_second: effective speed, an assumption to be
    stated beside the result. Evaluation, loading and the validation pass are left out, so this is a lower bound.
    """
    if flops_per_second <= 0:
        raise ConfigError(f"The speed must be above zero operations per second, not {flops_per_second}.")
    passes = images_per_epoch * epochs * folds * seeds * PASSES * FLOPS_PER_MAC
    return ComputeTime({name: g * 1e9 * passes / flops_per_second / SECONDS_PER_DAY for name, g in gmacs.items()})
