"""A sweep: its cost, and all its runs on Dask workers; done ones are skipped, killed ones resume, failed ones listed.

What the runs need is looked at before the first one: fitting weights, cells that can be split, the cells as before.
What is done is known by the records alone (`cgrecnet.runs.tasks`). What it costs is cells to train on, times epochs,
over a rate measured on this machine.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import torch
from distributed import Client

from cgrecnet.cores import kill_family
from cgrecnet.data import made_on_the_spot
from cgrecnet.data.base import kind_of_cells
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.models import create_model
from cgrecnet.paths import RESULTS, WORK
from cgrecnet.runs.environment import commit
from cgrecnet.runs.kept import paused_history
from cgrecnet.runs.notebook import LOG, train
from cgrecnet.runs.query import record_of, record_paths
from cgrecnet.runs.run_id import PlannedRun, need_file, only_known, plan_run
from cgrecnet.runs.run_record import read_record
from cgrecnet.runs.tasks import Task, TaskCounts, run_tasks
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.parts import open_cells, split_cells

#: Lines of its log that are shown of a run that failed.
LAST_LINES = 5
#: Steps that are timed for a rate, after one that is not.
STEPS = 3
#: Hours from which a sweep wants to be confirmed.
LARGE = 2.0
#: Validation and test pass forward only; a forward pass takes about a third of a training step.
FORWARD = 1 / 3


def plan_sweep(configs: Iterable[RunConfig]) -> list[PlannedRun]:
    """Name all runs; ConfigError where a weights file is missing or two points of the grid are the same run."""
    at = commit()
    plans = [plan_run(config, at) for config in configs]
    seen: set[str] = set()
    for plan in plans:
        if plan.run_id in seen:
            raise ConfigError(f"Two points of the grid are the same run, {plan.run_id}: write each value once.")
        seen.add(plan.run_id)
    return plans


def need_networks(plans: Sequence[PlannedRun], elsewhere: bool = False) -> None:
    """Make each different network of these runs once, so that its weights are at hand and fit.

    elsewhere: the runs are done on other machines, which may have what this one lacks: weights are not sought there.
    Raises ConfigError, before any run is started, where they cannot be got (and says what to do without).
    """
    for plan in _different(plans, "model", "preset", "model_options", "image_size", "weights"):
        config = plan.config
        weights = plan.weights
        if elsewhere and (weights == "imagenet" or only_known(weights)):
            weights = None
        need_file(weights)
        try:
            create_model(
                config.model, preset=config.preset, weights=weights, image_size=config.image_size,
                options=config.model_options,
            )  # fmt: skip
        except ConfigError as error:  # in Python it is None, in a file of YAML or on a command line it is null
            raise ConfigError(str(error).replace("weights=None", "weights=null")) from None


def need_cells(plans: Sequence[PlannedRun], elsewhere: bool = False) -> None:
    """Open and split the cells of these runs once; raises what that raises, before any run is started.

    elsewhere: the runs are done on other machines, which may have images that this one lacks.
    """
    decisive = ("data", "root", "task", "data_options", "split", "folds", "split_seed")
    for plan in () if elsewhere else _different(plans, *decisive):
        made = made_on_the_spot(plan.config.data) and not plan.config.split.startswith("grouped")
        if not made:  # where nothing can be missing
            split_cells(open_cells(plan.config), plan.config)


def _different(plans: Sequence[PlannedRun], *parameters: str) -> list[PlannedRun]:
    """The first of the plans for each set of values that these parameters have among them."""
    found: dict[str, PlannedRun] = {}
    for plan in plans:
        found.setdefault(repr([getattr(plan.config, name) for name in parameters]), plan)
    return list(found.values())


def refuse_other_cells(plans: Sequence[PlannedRun], results: Path, same_settings: bool = False) -> None:
    """RunError where an experiment's folder holds records of other cells than those that its runs would see.

    same_settings: whether records of other settings, or of another protocol, are refused as well.
    Cells that are made on the spot follow from the settings; where the images are not here, nothing can be compared.
    """
    ours = {plan.run_id for plan in plans}
    for name, cells in dict.fromkeys((plan.config.experiment, plan.cells) for plan in plans):
        for path in record_paths(results, name) if cells else ():
            record = read_record(path)
            if record.data["fingerprint"] != cells:
                kind = kind_of_cells(record.data["name"], record.data["simulated"])
                why = f"is of other cells ({record.data['cells']:,} {kind}) than those that are here now"
            elif same_settings and record.run_id not in ours:
                why = "is of other settings or of another protocol"
            else:
                continue
            raise RunError(
                f"The record {path.parent} {why}, and one table must not mix them: move {path.parent.parent} away, or "
                "name another folder with --results."
            )


def run_sweep(
    configs: Iterable[RunConfig],
    connect: Callable[[], Client],
    *,
    results: Path = RESULTS,
    work: Path = WORK,
    retries: int = 0,
    say: Callable[[str], None] = print,
    do: Callable[..., object] = train,
    until: int | None = None,
    strict: bool = True,
) -> TaskCounts:
    """Do all runs on the workers of the Dask client that `connect` gives; return how it went.

    retries: how often a run that failed is tried again, from its last checkpoint.
    do: what a worker calls with (config, results=, work=, say=); the record that it leaves is all that counts.
    until: the epoch at which all runs pause; `do` gets it as well. strict: whether it is an error that runs failed.
    A worker that dies costs the time since the last epoch; a scheduler that is lost is waited for, `ABSENCE` s.
    Raises ConfigError before anything is started, and RunError at the end where runs failed.
    """
    plans = plan_sweep(configs)
    do = partial(do, until=until) if until else do
    todo = [plan for plan in plans if not is_done(plan, results, work, until)]
    counts = TaskCounts(len(plans), skipped=len(plans) - len(todo))
    say(f"{len(plans)} runs, {counts.skipped} of them done already; logs: {Path(work) / 'RUN' / LOG}")
    tasks = [
        Task(plan.run_id, partial(_do, plan.config, str(results), str(work), do),
             partial(is_done, plan, results, work, until))
        for plan in todo
    ]  # fmt: skip
    run_tasks(tasks, connect, counts, retries=retries, say=say, interrupt=_stop_runs)
    if strict:
        raise_for_failures(counts, work, say)
    return counts


def _do(config: RunConfig, results: str, work: str, do: Callable[..., object]) -> None:
    """One run, in a worker."""
    do(config, results=Path(results), work=Path(work), say=lambda _: None)


def is_done(plan: PlannedRun, results: Path, work: Path = WORK, until: int | None = None) -> bool:
    """Whether the record of a run is there, or, with `until`, a run that paused there; RunError where it is damaged."""
    if record_of(plan, results) is not None:
        return True
    return until is not None and len(paused_history(plan.run_id, work)) >= until


def _stop_runs(client: Client) -> None:
    """End the runs that are still going on the workers, which a closed client would leave behind."""
    try:
        client.run(kill_family, itself=False, on_error="ignore")
    except Exception:  # no scheduler, no workers: nothing to end
        return


def raise_for_failures(counts: TaskCounts, work: Path, say: Callable[[str], None]) -> None:
    """Say which runs failed, with the end of their logs; RunError where one did."""
    if not counts.failed:
        return
    for run_id, reason in counts.failed.items():
        say(f"failed: {run_id}: {reason}")
        log = Path(work) / run_id / LOG
        if log.is_file():
            say(f"log: {log}")
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            say("\n".join(f"    {line}" for line in lines))
    first = next(iter(counts.failed.values()))
    raise RunError(f"{len(counts.failed)} of {counts.total} runs failed; first: {first}")


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
