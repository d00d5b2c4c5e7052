"""What the step schedule leaves in each epoch: rates, shares of their sum, and updates too small for float32.

Epochs are counted from 1. StepLR: rate(e) = lr0 * factor ** ((e - 1) // step).
"""

import numpy as np

from cgrecnet.errors import ConfigError


def step_rates(initial: float, epochs: int = 100, step: int = 7, factor: float = 0.1) -> np.ndarray:
    """The learning rate of every epoch, shape (epochs,). Raises ConfigError for settings that make no schedule."""
    if initial <= 0 or epochs < 1 or step < 1 or factor <= 0:
        raise ConfigError("A step schedule needs a rate, epochs, a step and a factor above zero.")
    return initial * factor ** (np.arange(epochs) // step)


def left_shares(rates: np.ndarray) -> np.ndarray:
    """Share of the summed learning rate that is left after each epoch, shape (epochs,)."""
    return np.append(np.cumsum(rates[::-1])[::-1][1:], 0.0) / rates.sum()


def last_useful_epoch(rates: np.ndarray, left: float = 0.001) -> int:
    """The first epoch after which at most `left` of the summed learning rate remains."""
    return int(np.flatnonzero(left_shares(rates) <= left + 1e-12)[0]) + 1


def first_lost_epoch(rates: np.ndarray, weight: float = 0.01, update: float = 1.0) -> int | None:
    """The first epoch whose updates, `update` times the rate, are rounded away in a float32 weight; None if none is."""
    half_ulp = np.spacing(np.float32(abs(weight))) / 2  # half the distance to the next number: less is rounded away
    lost = np.flatnonzero(update * rates < float(half_ulp))
    return int(lost[0]) + 1 if lost.size else None
