"""A run record made up for the figures' tests, and matplotlib without a screen."""

import matplotlib
import numpy as np
import pytest

from cgrecnet.evaluation.metrics import score
from cgrecnet.runs.plan import run_code
from cgrecnet.runs.record import RunRecord
from cgrecnet.training.config import RunConfig

matplotlib.use("Agg")


@pytest.fixture
def record() -> RunRecord:
    """Two epochs of a network that gets four of six cells right."""
    config = RunConfig(experiment="e", model="cg_recnet", epochs=2)
    labels = np.array([0, 0, 1, 1, 2, 2])
    probabilities = np.eye(3)[[0, 0, 1, 0, 2, 1]]
    history = [
        {"epoch": i, "learning_rate": 1e-4, "train_loss": 1 / i, "validation_loss": 1.0, "validation_macro_f1": 0.5,
         "reported": i == 1, "seconds": 2.0}
        for i in (1, 2)
    ]  # fmt: skip
    return RunRecord(
        run_id="e-0123456789-s42", experiment="e", config=config.model_dump(), started="2026-01-01T00:00:00+00:00",
        wall_seconds=300, commit="abcdef0123456789", code=run_code(config), history=history, parameters=1,
        data={"name": "cytometer", "simulated": True, "cells": 1234, "fingerprint": "f" * 64, "classes": [*"abc"]},
        split={"seed": 7}, weights={"source": "none"}, software={}, predictions_sha256="0" * 64,
        hardware={"gpu": None, "cpu": "Some CPU", "cores": 2, "threads": 1, "device": "cpu"},
        test=score(labels, probabilities, ("a", "b", "c")),
    )  # fmt: skip
