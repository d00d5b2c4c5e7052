"""What a sweep will cost, before it starts: cells to train on, times epochs, over a rate measured on this machine."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from cgrecnet.models import create_model
from cgrecnet.runs.plan import Plan
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.setup import open_cells, split_cells

#: Steps that are timed for a rate, after one that is not.
STEPS = 3
#: Hours from which a sweep wants to be confirmed.
LARGE = 2.0
#: Validation and test pass forward only; a forward pass takes about a third of a training step.
FORWARD = 1 / 3


@dataclass(frozen=True)
class Cost:
    """runs: how many; hours: of one device, if no run ends early; rates: images per second by model and size."""

    runs: int
    hours: float
    rates: dict[str, float]
    device: str

    def __str__(self) -> str:
        rates = ", ".join(f"{name} {rate:.3g}" for name, rate in self.rates.items())
        return (
            f"{self.runs} runs to do, at most about {self.hours:.2g} hours of one {self.device} "
            f"(training steps measured here, images/s: {rates})"
        )


def estimate(plans: Sequence[Plan], measure: Callable[[RunConfig], float] | None = None) -> Cost:
    """Cost of the runs, from the rate of a few training steps of each different model, size, batch and precision.

    Opens each data set once. Raises what opening it raises.
    """
    measure = measure or measured_rate
    parts: dict[str, tuple[int, int]] = {}
    rates: dict[str, float] = {}
    seconds = 0.0
    for plan in plans:
        config = plan.config
        where = repr((config.data, config.root, config.task, config.data_options, config.split, config.folds))
        if where not in parts:
            dataset = open_cells(config)
            split = split_cells(dataset, config.model_copy(update={"fold": 0}))
            parts[where] = (len(split.train), len(split.validation))
        name = f"{config.model} at {config.image_size} px"
        name += f", batch {config.batch_size}" + (", bf16" if config.precision == "bf16" else "")
        name += "" if config.preset == RunConfig().preset else f", {config.preset}"
        name += "".join(f", {option} {value}" for option, value in config.model_options.items())
        name += f", {config.micro_batch} at once" if config.micro_batch else ""
        if name not in rates:
            rates[name] = measure(config)
        train, validation = parts[where]
        seconds += config.epochs * (train + FORWARD * validation) / rates[name]
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU process"
    return Cost(len(plans), seconds / 3600, rates, device)


def measured_rate(config: RunConfig) -> float:
    """Images per second of a training step on random pictures: forward, backward and Adam, median of `STEPS`."""
    fabric = make_fabric(config)
    network = create_model(
        config.model, preset=config.preset, image_size=config.image_size, options=config.model_options
    )
    network.to(fabric.device, memory_format=torch.channels_last).train()
    model, optimizer = fabric.setup(network, torch.optim.Adam(network.parameters(), lr=config.learning_rate))
    size = min(config.micro_batch or config.batch_size, config.batch_size)
    images = torch.randn(size, 3, config.image_size, config.image_size, device=fabric.device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(size, device=fabric.device) % 3
    taken = []
    for _ in range(STEPS + 1):
        started = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        fabric.backward(loss)
        optimizer.step()
        loss.item()  # waits for a GPU
        taken.append(time.perf_counter() - started)
    return size / median(taken[1:])
