"""The training loop of section 3.1: Adam, cross-entropy, StepLR, one pass over the training cells per epoch."""

import copy
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from cgrecnet.data.batches import BatchedCells
from cgrecnet.errors import RunError
from cgrecnet.evaluation.metrics import score
from cgrecnet.models.bf16 import bf16_products
from cgrecnet.training.checkpoint import load_checkpoint, save_checkpoint
from cgrecnet.training.config import RunConfig
from cgrecnet.training.parts import Batch, Pieces, epoch_batches, mix

#: Cells per batch in evaluation. Another number adds up in another order: in float32, probabilities differ by less than
#: 1e-5 (measured with an untrained ResNet-50, most where each cell comes alone).
EVALUATION_BATCH = 64
#: Steps between two looks at the losses.
LOOK = 16


def fit(
    network: nn.Module,
    train: BatchedCells,
    validation: BatchedCells,
    classes: tuple[str, ...],
    config: RunConfig,
    *,
    fabric: Fabric,
    checkpoint: Path | None = None,
    fingerprint: str = "",
    on_epoch: Callable[[dict], None] = lambda entry: None,
    on_step: Callable[..., None] = lambda **state: None,
    until: int | None = None,
) -> list[dict]:
    """Train `network` in place; return one entry per epoch (losses, scores, learning rate, gradient norm, seconds).

    The learning rate of epoch e (counted from 1) is lr0 * gamma ** ((e - 1) // step_size).
    All randomness of an epoch derives from (config.seed, epoch): a run that was killed and resumed from its
    `checkpoint` meets the same batches and crops as one that was not.
    On return the network holds the weights of the epoch that `config.report` names; that entry has `reported` True.
    until: the last epoch to train now, where another call is to go on from the checkpoint.
    Raises RunError where the loss stops being a number, or where a batch does not fit into memory.
    """
    network.to(fabric.device, memory_format=torch.channels_last)  # same numbers to rounding, faster on CPU and GPU
    # Processes may differ in how many pieces a batch has, and would wait for each other in batch normalisation.
    undivided = config.micro_batch is None and config.out_of_memory == "stop"
    if fabric.world_size > 1 and fabric.device.type == "cuda" and undivided:
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # the statistics of the batch, not of a part of it
    model = torch.compile(network) if config.compile else network
    optimizer = torch.optim.Adam(  # fused: one pass over the weights in place of ten
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    model, optimizer = fabric.setup(model, optimizer)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer.optimizer, step_size=config.step_size, gamma=config.gamma)
    weight = class_weights(train, len(classes)) if config.class_weights else None
    pieces = Pieces(config.micro_batch, halve=config.out_of_memory == "halve")
    history: list[dict] = []
    best: dict = {}
    say = print if fabric.is_global_zero else lambda _: None
    saved = load_checkpoint(checkpoint, fingerprint, say) if checkpoint else None
    if saved:
        network.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        history, best, pieces.size = saved["history"], saved["best"], saved["micro_batch"]

    for epoch in range(len(history) + 1, min(config.epochs, until or config.epochs) + 1):
        if _patience_is_over(history, config.patience):
            break
        started = time.perf_counter()
        rate = optimizer.param_groups[0]["lr"]
        torch.manual_seed(mix(config.seed, epoch, fabric.global_rank))  # dropout, in the networks that have it
        batches = epoch_batches(train, config.batch_size, config.seed, epoch, fabric)
        try:
            with bf16_products(config.precision == "bf16" and not config.compile):
                trained = train_one_epoch(
                    model, batches, optimizer, fabric=fabric, weight=weight, pieces=pieces, epoch=epoch, on_step=on_step
                )
        except FloatingPointError as error:
            kept = f"epoch {len(history)} is kept in {checkpoint}" if history and checkpoint else "nothing was kept yet"
            raise RunError(f"{error}: lower the learning rate (now {rate:g}); {kept}.") from None
        schedule.step()
        loss, scores = evaluate(network, validation, classes, fabric=fabric)
        entry = {
            "epoch": epoch,
            "learning_rate": rate,
            **trained,
            "validation_loss": loss,
            "validation_accuracy": scores["accuracy"],
            "validation_macro_f1": scores["macro"]["f1"],
            "micro_batch": pieces.size,  # smaller than asked for where memory was short
            "seconds": time.perf_counter() - started,
        }
        if config.report == "last" or not history or _is_better(entry, history):
            best = {"epoch": epoch, "model": copy.deepcopy(network.state_dict())}
        history.append(entry)
        if checkpoint and fabric.is_global_zero:
            state = {
                "fingerprint": fingerprint,
                "model": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "history": history,
                "best": best,
                "micro_batch": pieces.size,
            }
            save_checkpoint(checkpoint, state)
        fabric.barrier()
        if fabric.is_global_zero:
            on_epoch(entry)

    network.load_state_dict(best["model"])
    return [entry | {"reported": entry["epoch"] == best["epoch"]} for entry in history]


def train_one_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    optimizer: torch.optim.Optimizer,
    *,
    fabric: Fabric,
    weight: Tensor | None = None,
    pieces: Pieces | None = None,
    epoch: int = 1,
    on_step: Callable[..., None] = lambda **state: None,
) -> dict:
    """One pass: for each batch the cross-entropy, its gradient, one step of Adam. Returns means over cells.

    model, optimizer: as `fabric.setup` returns them; weight: of each class in the loss, shape (classes,).
    What is summed stays on the device and is looked at every `LOOK` steps, so that a GPU need not wait for Python.
    Raises FloatingPointError, with the step, where the loss stops being a number.
    """
    model.train()
    pieces = pieces or Pieces()
    sums = torch.zeros(3, dtype=torch.float64, device=fabric.device)  # cells, loss, hits; of this process
    norms, recent = [], deque(maxlen=LOOK)
    for batch in batches:
        images = batch.images.contiguous(memory_format=torch.channels_last)
        labels = batch.labels.to(fabric.device)
        loss, hits = pieces.step(model, optimizer, fabric, images, labels, batch, weight)
        norms.append(gradient_norm(model))
        optimizer.step()
        sums += torch.stack([torch.tensor(len(labels), device=fabric.device), loss * len(labels), hits])
        recent.append((batch.step, loss))
        if batch.step % LOOK == 0 or batch.step == batch.steps:
            _check_finite(recent, epoch)
        on_step(epoch=epoch, step=batch.step, steps=batch.steps, cells=batch.cells, loss=loss)
    if fabric.world_size > 1:
        sums = fabric.all_reduce(sums, reduce_op="sum")
    cells, loss_sum, hits = sums.tolist()
    return {
        "train_loss": loss_sum / cells,
        "train_accuracy": hits / cells,
        "gradient_norm": float(torch.stack(norms).mean()),
    }


def _check_finite(recent: Iterable[tuple[int, Tensor]], epoch: int) -> None:
    for step, loss in recent:
        if not torch.isfinite(loss):
            raise FloatingPointError(f"The loss is {loss.item()} at epoch {epoch}, step {step}")


def class_weights(train: BatchedCells, classes: int) -> Tensor:
    """Weights that give every class the same part in the loss: n / (classes * n_c), n_c cells of class c."""
    counts = np.bincount(train.labels[train.indices], minlength=classes)
    return torch.from_numpy(counts.sum() / (classes * np.maximum(counts, 1))).float()


def gradient_norm(model: nn.Module) -> Tensor:
    """Euclidean norm of the gradient over all parameters."""
    return nn.utils.get_total_norm([parameter.grad for parameter in model.parameters() if parameter.grad is not None])


@torch.inference_mode()
def predict(network: nn.Module, cells: BatchedCells, *, fabric: Fabric) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels (n,), class probabilities (n, classes; float64) and data-set indices (n,) of `cells`, in their order.

    Several processes share the cells; each gets the whole result. `EVALUATION_BATCH` cells pass at once; another
    number would move probabilities by less than 1e-5 in float32.
    """
    network.to(fabric.device).eval()
    indices = cells.indices
    mine = indices[fabric.global_rank :: fabric.world_size]
    probabilities = []
    for first in range(0, len(mine), EVALUATION_BATCH):
        images, _, _ = cells.batch(mine[first : first + EVALUATION_BATCH], epoch=0)
        with fabric.autocast(), bf16_products(torch.is_autocast_enabled("cpu")):
            scores = network(images.contiguous(memory_format=torch.channels_last))
        probabilities.append(torch.softmax(scores.double(), dim=1).cpu())
    found = torch.cat(probabilities) if probabilities else torch.empty(0, 1, dtype=torch.float64)
    if fabric.world_size > 1:
        found = _gather(found, len(indices), fabric)
    return cells.labels[indices], found.numpy(), np.array(indices)


def _gather(mine: Tensor, total: int, fabric: Fabric) -> Tensor:
    """Rows of all processes in the order of the cells: process r holds rows r, r + world, r + 2 world, ..."""
    most = -(-total // fabric.world_size)
    padded = torch.zeros(most, mine.shape[1], dtype=mine.dtype)
    padded[: len(mine)] = mine
    every = fabric.all_gather(padded.to(fabric.device)).cpu()  # (world, most, classes)
    return every.transpose(0, 1).reshape(-1, mine.shape[1])[:total]


def evaluate(
    network: nn.Module, cells: BatchedCells, classes: tuple[str, ...], *, fabric: Fabric
) -> tuple[float, dict]:
    """Mean cross-entropy and all scores of `cells`."""
    labels, probabilities, _ = predict(network, cells, fabric=fabric)
    chosen = np.clip(probabilities[np.arange(len(labels)), labels], np.finfo(float).tiny, None)
    return float(-np.log(chosen).mean()), score(labels, probabilities, classes)


def _is_better(entry: dict, history: list[dict]) -> bool:
    return entry["validation_macro_f1"] > max(past["validation_macro_f1"] for past in history)


def _patience_is_over(history: list[dict], patience: int | None) -> bool:
    if patience is None or len(history) <= patience:
        return False
    scores = [entry["validation_macro_f1"] for entry in history]
    return len(scores) - 1 - int(np.argmax(scores)) >= patience
