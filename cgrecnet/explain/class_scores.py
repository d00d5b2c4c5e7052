"""The score of a target class, from a network that is lent to an explanation and comes back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError


@contextmanager
def evaluating(network: nn.Module) -> Iterator[torch.device]:
    """Evaluation mode within the block, each module's own mode afterwards; gives the network's device."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield next(network.parameters()).device
    finally:
        for module, training in modes:
            module.training = training


def seen_by(network: nn.Module, images: Tensor) -> Tensor:
    """Images on the network's device and in the number format of its weights, such as bfloat16."""
    first = next(network.parameters())
    return images.to(first.device, first.dtype)


def checked_targets(targets, count: int) -> np.ndarray:
    """Classes to explain as int64 (count,). Raises ConfigError unless there is one whole number per image, and one."""
    if not count:
        raise ConfigError("There are no images to explain: give one or more.")
    values = np.asarray(targets)
    if values.shape != (count,) or not np.issubdtype(values.dtype, np.integer) or (values < 0).any():
        raise ConfigError(f"{count} images need {count} targets, class numbers from 0 on, not {targets!r}.")
    return values.astype(np.int64)


def pick_scores(outputs: Tensor, targets: Tensor) -> Tensor:
    """The score of each image's target, (B,), from logits (B, K). Raises ConfigError for a class that is not there."""
    if outputs.ndim != 2:
        raise ConfigError(f"Only a classifier's scores (images, classes) can be explained, not {tuple(outputs.shape)}.")
    if int(targets.max()) >= outputs.shape[1]:
        raise ConfigError(f"There is no class {int(targets.max())}: the network knows {outputs.shape[1]}, from 0 on.")
    return outputs[torch.arange(len(outputs), device=outputs.device), targets]


def class_scores(
    network: nn.Module, images: Tensor, targets, batch_size: int = 64, softmax: bool = False
) -> np.ndarray:
    """Logits, or probabilities, of each image's target in evaluation mode, float32 (B,); no gradient is kept.

    images: (B, C, S, S) on any device. A surrounding `torch.autocast` stays in force. Raises ConfigError.
    """
    wanted = torch.from_numpy(checked_targets(targets, len(images)))
    found = []
    with evaluating(network) as device, torch.no_grad():
        for part, classes in zip(images.split(batch_size), wanted.split(batch_size), strict=True):
            outputs = network(seen_by(network, part)).float()
            outputs = outputs.softmax(1) if softmax else outputs
            found.append(pick_scores(outputs, classes.to(device)).cpu())
    return torch.cat(found).numpy()
