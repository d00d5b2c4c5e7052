"""What the step schedule leaves in each epoch: rates, shares of their sum, and updates too small for float32.

Epochs are counted from 1. StepLR: rate(e) = lr0 * factor ** ((e - 1) // step).
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from cgrecnet.errors import ConfigError


def step_rates(initial: float, epochs: int = 100, step: int = 7, factor: float = 0.1) -> np.ndarray:
    """The learning rate of every epoch, shape (epochs,). Raises ConfigError for settings that make no schedule."""
    if initial <= 0 or epochs < 1 or step < 1 or factor <= 0:
        raise ConfigError("A step schedule needs a rate, epochs, a step and a factor above zero.")
    return initial * factor ** (np.arange(epochs) // step)


def spent_shares(rates: np.ndarray) -> np.ndarray:
    """Share of the summed learning rate that is used up after each epoch, shape (epochs,)."""
    return np.cumsum(rates) / rates.sum()


def left_shares(rates: np.ndarray) -> np.ndarray:
    """Share of the summed learning rate that is left after each epoch, shape (epochs,)."""
    return np.append(np.cumsum(rates[::-1])[::-1][1:], 0.0) / rates.sum()


def last_useful_epoch(rates: np.ndarray, left: float = 0.001) -> int:
    """The first epoch after which at most `left` of the summed learning rate remains."""
    return int(np.flatnonzero(left_shares(rates) <= left + 1e-12)[0]) + 1


def half_ulp(weight: float) -> float:
    """Half the distance from a float32 weight to the next one: a smaller update is rounded away."""
    return float(np.spacing(np.float32(abs(weight)))) / 2


def adam_bound(beta1: float = 0.9, beta2: float = 0.999) -> float:
    """The largest Adam update in units of the rate: (1 - beta1) / sqrt(1 - beta2), at least 1 (Kingma and Ba 2015).

    It is reached after one gradient in a long row of zeros; the usual update is about one rate or less.
    """
    return max(1.0, (1 - beta1) / sqrt(1 - beta2))


def first_lost_epoch(rates: np.ndarray, weight: float = 0.01, update: float = 1.0) -> int | None:
    """The first epoch whose updates, `update` times the rate, are rounded away in a float32 weight; None if none is."""
    lost = np.flatnonzero(update * rates < half_ulp(weight))
    return int(lost[0]) + 1 if lost.size else None


def displacement_left(rates: np.ndarray, steps_per_epoch: int) -> np.ndarray:
    """The most that updates of one rate each can still move a weight after each epoch, shape (epochs,)."""
    return np.append(np.cumsum(rates[::-1])[::-1][1:], 0.0) * steps_per_epoch
