"""What a run says of itself while it trains: one line per epoch, and a small file that a progress bar reads."""

import json
import time
from pathlib import Path

from cgrecnet.files import atomic_write


def epoch_line(entry: dict, epochs: int) -> str:
    """An entry of the history in words."""
    return (
        f"epoch {entry['epoch']:>3}/{epochs}  lr {entry['learning_rate']:.1e}  "
        f"loss {entry['train_loss']:.4f} (validation {entry['validation_loss']:.4f})  "
        f"accuracy {entry['train_accuracy']:.4f} ({entry['validation_accuracy']:.4f})  "
        f"validation macro F1 {entry['validation_macro_f1']:.4f}  {entry['seconds']:.1f} s"
    )


class Progress:
    """Called at each step; keeps `path` up to date, at most every half second: done, total, rate, loss, and the
    macro F1 on the validation cells (None before the first epoch's end).

    A disk that refuses is no reason to stop a run, so it is ignored.
    """

    def __init__(self, path: Path, epochs: int, every: float = 0.5) -> None:
        self.path, self.epochs, self.every = Path(path), epochs, every
        self.written = self.since = time.perf_counter()
        self.cells = 0
        self.f1: float | None = None

    def epoch(self, entry: dict) -> None:
        """Take note of a finished epoch's validation score; the next step shows it."""
        self.f1 = entry["validation_macro_f1"]

    def __call__(self, *, epoch: int, step: int, steps: int, cells: int, loss) -> None:
        self.cells += cells
        now = time.perf_counter()
        if now - self.written < self.every and step < steps:
            return
        self.written = now
        state = {
            "done": (epoch - 1) * steps + step,
            "total": self.epochs * steps,
            "cells_per_second": self.cells / max(now - self.since, 1e-9),
            "validation_macro_f1": self.f1,
            "loss": float(loss),  # here and not at each step, because a GPU has to be waited for
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self.path) as file:
                file.write(json.dumps(state))
        except OSError:
            return
