"""The training loop of section 3.1: Adam, cross-entropy, StepLR, one pass over the training cells per epoch."""

import copy
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from cgrecnet.data.transforms import CellTensors
from cgrecnet.errors import RunError
from cgrecnet.evaluation.metrics import score
from cgrecnet.training.checkpoint import load_checkpoint, save_checkpoint
from cgrecnet.training.config import RunConfig

#: Cells per batch in evaluation: it changes speed and memory, never a result of a network in eval mode.
EVALUATION_BATCH = 64


def fit(
    model: nn.Module,
    train_set: Dataset,
    validation_set: Dataset,
    classes: tuple[str, ...],
    config: RunConfig,
    *,
    device: torch.device,
    checkpoint: Path | None = None,
    fingerprint: str = "",
    on_epoch: Callable[[dict], None] = lambda entry: None,
) -> list[dict]:
    """Train `model` in place; return one entry per epoch (losses, scores, learning rate, gradient norm, seconds).

    The learning rate of epoch e (counted from 1) is lr0 * gamma ** ((e - 1) // step_size).
    All randomness of an epoch derives from (config.seed, epoch): a run that was killed and resumed from its
    `checkpoint` meets the same batches and crops as one that was not.
    On return the model holds the weights of the epoch that `config.report` names; that entry has `reported` True.
    Raises RunError where the loss stops being a number.
    """
    model.to(memory_format=torch.channels_last)  # same numbers to rounding, faster on CPU and GPU
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=config.step_size, gamma=config.gamma)
    history: list[dict] = []
    best: dict = {}
    saved = load_checkpoint(checkpoint, fingerprint) if checkpoint else None
    if saved:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        history, best = saved["history"], saved["best"]

    for epoch in range(len(history) + 1, config.epochs + 1):
        if _patience_is_over(history, config.patience):
            break
        started = time.perf_counter()
        rate = optimizer.param_groups[0]["lr"]
        batches = training_batches(train_set, config, epoch)
        trained = train_one_epoch(model, batches, optimizer, device=device, epoch=epoch)
        schedule.step()
        loss, scores = evaluate(model, validation_set, classes, device=device)
        entry = {
            "epoch": epoch,
            "learning_rate": rate,
            **trained,
            "validation_loss": loss,
            "validation_accuracy": scores["accuracy"],
            "validation_macro_f1": scores["macro"]["f1"],
            "seconds": time.perf_counter() - started,
        }
        if config.report == "last" or not history or _is_better(entry, history):
            best = {"epoch": epoch, "model": copy.deepcopy(model.state_dict())}
        history.append(entry)
        if checkpoint:
            state = {
                "fingerprint": fingerprint,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "history": history,
                "best": best,
            }
            save_checkpoint(checkpoint, state)
        on_epoch(entry)

    model.load_state_dict(best["model"])
    return [entry | {"reported": entry["epoch"] == best["epoch"]} for entry in history]


def training_batches(train_set: Dataset, config: RunConfig, epoch: int) -> DataLoader:
    """The batches of one epoch: their order, their crops and the network's own randomness follow (seed, epoch).

    A last batch of a single cell is dropped: batch normalisation cannot estimate a variance from it.
    """
    epoch_seed = int(np.random.SeedSequence([config.seed, epoch]).generate_state(1)[0])
    torch.manual_seed(epoch_seed)  # dropout, in the networks that have it
    if isinstance(train_set, CellTensors):
        train_set.set_epoch(epoch)
    return DataLoader(
        train_set,
        batch_size=config.batch_size,
        shuffle=True,
        generator=torch.Generator().manual_seed(epoch_seed),
        drop_last=len(train_set) % config.batch_size == 1 and config.batch_size > 1,
    )


def train_one_epoch(
    model: nn.Module, batches: Iterable, optimizer: torch.optim.Optimizer, *, device: torch.device, epoch: int = 1
) -> dict:
    """One pass: for each batch the cross-entropy, its gradient, one step of Adam. Returns means over cells."""
    model.train()
    cells, loss_sum, hits, norms = 0, 0.0, 0, []
    for step, (images, labels, _) in enumerate(batches, start=1):
        images, labels = images.to(device, memory_format=torch.channels_last), labels.to(device)
        optimizer.zero_grad(set_to_none=True)
        scores = model(images)
        loss = nn.functional.cross_entropy(scores, labels)
        if not torch.isfinite(loss):
            raise RunError(
                f"The loss is {loss.item()} at epoch {epoch}, step {step}: lower the learning rate "
                f"(now {optimizer.param_groups[0]['lr']:g}); the checkpoint of the epoch before is kept."
            )
        loss.backward()
        norms.append(gradient_norm(model))
        optimizer.step()
        cells += len(labels)
        loss_sum += loss.item() * len(labels)
        hits += int((scores.argmax(dim=1) == labels).sum())
    return {
        "train_loss": loss_sum / cells,
        "train_accuracy": hits / cells,
        "gradient_norm": float(torch.stack(norms).mean()),
    }


def gradient_norm(model: nn.Module) -> torch.Tensor:
    """Euclidean norm of the gradient over all parameters."""
    norms = [parameter.grad.norm() for parameter in model.parameters() if parameter.grad is not None]
    return torch.stack(norms).norm()


@torch.inference_mode()
def predict(model: nn.Module, cells: Dataset, *, device: torch.device) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels (n,), class probabilities (n, classes; float64) and data-set indices (n,) of `cells`, in their order."""
    model.eval()
    labels, probabilities, indices = [], [], []
    for images, truth, index in DataLoader(cells, batch_size=EVALUATION_BATCH):
        scores = model(images.to(device, memory_format=torch.channels_last)).double()
        probabilities.append(torch.softmax(scores, dim=1).cpu())
        labels.append(truth)
        indices.append(index)
    return torch.cat(labels).numpy(), torch.cat(probabilities).numpy(), torch.cat(indices).numpy()


def evaluate(
    model: nn.Module, cells: Dataset, classes: tuple[str, ...], *, device: torch.device
) -> tuple[float, dict]:
    """Mean cross-entropy and all scores of `cells`."""
    labels, probabilities, _ = predict(model, cells, device=device)
    chosen = np.clip(probabilities[np.arange(len(labels)), labels], np.finfo(float).tiny, None)
    return float(-np.log(chosen).mean()), score(labels, probabilities, classes)


def _is_better(entry: dict, history: list[dict]) -> bool:
    return entry["validation_macro_f1"] > max(past["validation_macro_f1"] for past in history)


def _patience_is_over(history: list[dict], patience: int | None) -> bool:
    if patience is None or len(history) <= patience:
        return False
    scores = [entry["validation_macro_f1"] for entry in history]
    return len(scores) - 1 - int(np.argmax(scores)) >= patience
