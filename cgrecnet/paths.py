"""Where things lie: in a checkout its own folders; without one, what the package carries and the current folder."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

#: The checkout that this package was installed from (`pip install -e .`).
REPOSITORY = _PACKAGE.parent

#: Whether there is one; a wheel has been copied out of it.
IN_CHECKOUT = (REPOSITORY / "book" / "experiments").is_dir()

_CARRIED = _PACKAGE / "carried"  # setup.py puts it into the wheel
_HERE = REPOSITORY if IN_CHECKOUT else Path.cwd()

#: Notebooks that papermill runs with parameters.
EXPERIMENTS = REPOSITORY / "book" / "experiments" if IN_CHECKOUT else _CARRIED / "experiments"

#: Grids of runs.
SWEEP_FILES = REPOSITORY / "sweeps" if IN_CHECKOUT else _CARRIED / "sweeps"

#: The notebook that every run is.
NOTEBOOK = EXPERIMENTS / "train.py"

#: Run records, one folder per experiment and run. Without a checkout, `CGRECNET_RESULTS` may name another folder.
RESULTS = _HERE / "results" if IN_CHECKOUT else Path(os.environ.get("CGRECNET_RESULTS") or _HERE / "results")

#: Checkpoints, logs and executed notebooks of runs: needed until a run is done, never committed.
WORK = _HERE / "_build" / "runs"


def weights_folder() -> Path | None:
    """The folder of local weight files, from `CGRECNET_WEIGHTS`, or None."""
    value = os.environ.get("CGRECNET_WEIGHTS")
    return Path(value) if value else None
