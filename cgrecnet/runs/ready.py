"""What a sweep needs, looked at before its first run: a place for its records, fitting weights, the cells as before."""

from collections.abc import Sequence
from pathlib import Path

from cgrecnet.data import open_dataset
from cgrecnet.errors import ConfigError, DataError, RunError
from cgrecnet.models import create_model
from cgrecnet.runs.known_weights import need_file, only_known
from cgrecnet.runs.notebook import check_writable
from cgrecnet.runs.plan import Plan
from cgrecnet.runs.record import RECORD, read_record
from cgrecnet.training.setup import split_cells


def need_networks(plans: Sequence[Plan], elsewhere: bool = False) -> None:
    """Make each different network of these runs once, so that its weights are at hand and fit.

    elsewhere: the runs are done on other machines, which may have what this one lacks: weights are not sought there.
    Raises ConfigError, before any run is started, where they cannot be got (and says what to do without).
    """
    seen: set[str] = set()
    for plan in plans:
        config = plan.config
        what = repr((config.model, config.preset, config.model_options, config.image_size, plan.weights))
        if what in seen:
            continue
        seen.add(what)
        weights = plan.weights
        if elsewhere and (weights == "imagenet" or only_known(weights)):
            weights = None
        need_file(weights)
        try:
            create_model(
                config.model,
                preset=config.preset,
                weights=weights,
                image_size=config.image_size,
                options=config.model_options,
            )
        except ConfigError as error:  # in Python it is None, in a file of YAML or on a command line it is null
            raise ConfigError(str(error).replace("weights=None", "weights=null")) from None


def need_cells(plans: Sequence[Plan], elsewhere: bool = False) -> None:
    """Open and split the cells of these runs once; raises what that raises, before any run is started.

    elsewhere: the runs are done on other machines, which may have images that this one lacks.
    """
    seen: set[str] = set()
    for plan in plans:
        config = plan.config
        simulated_anew = config.data == "cytometer" and not config.split.startswith("grouped")  # nothing can be missing
        what = repr((config.data, config.task, config.data_options, config.split, config.folds, config.split_seed))
        if elsewhere or simulated_anew or what in seen:
            continue
        seen.add(what)
        split_cells(open_dataset(config.data, task=config.task, options=config.data_options), config)


def need_folder(results: Path) -> None:
    """RunError where nothing can be written to the folder of the records; made where it is not there."""
    check_writable(results, "--results")
    results.mkdir(parents=True, exist_ok=True)


def need_same_cells(done: Sequence[Plan], results: Path) -> None:
    """RunError where a run that is done has seen other cells than those that the next runs would see.

    A run's name tells its settings and its code, but not what lies in a folder of images. Cells that are simulated on
    the spot follow from settings and code; where the images are not here, there is nothing to compare with.
    """
    here: dict[str, str | None] = {}
    for plan in done:
        record = read_record(Path(results) / plan.config.experiment / plan.run_id / RECORD)
        config = plan.config
        if config.data == "cytometer":
            continue
        what = repr((config.data, config.task, config.data_options))
        if what not in here:
            try:
                here[what] = open_dataset(config.data, task=config.task, options=config.data_options).fingerprint
            except DataError:
                here[what] = None
        if here[what] not in (None, record.data["fingerprint"]):
            raise RunError(
                f"The record {plan.run_id} is of other cells than the {config.data} cells that are here now, and one "
                f"table must not mix them: move {Path(results) / config.experiment} away, or name another folder with "
                "--results."
            )
