"""Where things lie: the checkout, its notebooks, its records."""

import os
from pathlib import Path

#: The checkout that this package was installed from (`pip install -e .`).
REPOSITORY = Path(__file__).resolve().parent.parent

#: Run records, one folder per experiment and run.
RESULTS = REPOSITORY / "results"

#: Notebooks that papermill runs with parameters.
EXPERIMENTS = REPOSITORY / "book" / "experiments"

#: The notebook that every run is.
NOTEBOOK = EXPERIMENTS / "train.py"

#: Checkpoints, logs and executed notebooks of runs: needed until a run is done, never committed.
WORK = REPOSITORY / "_build" / "runs"


def weights_folder() -> Path | None:
    """The folder of local weight files, from `CGRECNET_WEIGHTS`, or None."""
    value = os.environ.get("CGRECNET_WEIGHTS")
    return Path(value) if value else None
