"""What a sweep will cost, before it starts: cells to train on, times epochs, over a rate measured on this machine."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from cgrecnet.models import create_model
from cgrecnet.runs.run_id import PlannedRun
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.parts import open_cells, split_cells

#: Steps that are timed for a rate, after one that is not.
STEPS = 3
#: Hours from which a sweep wants to be confirmed.
LARGE = 2.0
#: Validation and test pass forward only; a forward pass takes about a third of a training step.
FORWARD = 1 / 3


@dataclass(frozen=True)
class SweepCost:
    """runs: how many; hours: of one device, if no run ends early; rates: images per second by model and size.

    start: seconds that a run takes to start, which are in `hours`.
    """

    runs: int
    hours: float
    rates: dict[str, float]
    device: str
    start: float = 0.0

    def __str__(self) -> str:
        rates = ", ".join(f"{name} {rate:.3g}" for name, rate in self.rates.items())
        return (
            f"{self.runs} runs to do, at most about {self.hours:.2g} hours of one {self.device} "
            f"(measured here: {self.start:.0f} s to start a run; training steps, images/s: {rates})"
        )


def estimate(
    plans: Sequence[PlannedRun],
    measure: Callable[[RunConfig], float] | None = None,
    start: Callable[[], float] | None = None,
    starts: int = 1,
) -> SweepCost:
    """Cost of the runs, from the rate of a few training steps of each different model, size, batch and precision.

    measure, start: take the place of `measured_rate` and `measured_start`. starts: how often a run is started at most.

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
    begin = (start or measured_start)()
    return SweepCost(len(plans), (seconds + begin * starts * len(plans)) / 3600, rates, device, begin)


def measured_start() -> float:
    """Seconds until a run trains: papermill in one process and the libraries in its kernel's, one after the other."""
    started = time.perf_counter()
    for modules in ("papermill.cli, nbclient", "ipykernel.kernelapp, cgrecnet.training.parts, torchvision"):
        subprocess.run([sys.executable, "-c", f"import {modules}"], capture_output=True, check=False)
    return time.perf_counter() - started


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
