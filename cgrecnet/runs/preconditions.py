"""What a sweep needs, looked at before its first run: a place for its records, fitting weights, the cells as before."""

from collections.abc import Sequence
from pathlib import Path

from cgrecnet.data import made_on_the_spot
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.models import create_model
from cgrecnet.runs.query import record_paths
from cgrecnet.runs.run_id import Plan, need_file, only_known
from cgrecnet.runs.run_record import read_record
from cgrecnet.training.parts import open_cells, split_cells


def need_networks(plans: Sequence[Plan], elsewhere: bool = False) -> None:
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


def need_cells(plans: Sequence[Plan], elsewhere: bool = False) -> None:
    """Open and split the cells of these runs once; raises what that raises, before any run is started.

    elsewhere: the runs are done on other machines, which may have images that this one lacks.
    """
    decisive = ("data", "root", "task", "data_options", "split", "folds", "split_seed")
    for plan in () if elsewhere else _different(plans, *decisive):
        made = made_on_the_spot(plan.config.data) and not plan.config.split.startswith("grouped")
        if not made:  # where nothing can be missing
            split_cells(open_cells(plan.config), plan.config)


def _different(plans: Sequence[Plan], *parameters: str) -> list[Plan]:
    """The first of the plans for each set of values that these parameters have among them."""
    found: dict[str, Plan] = {}
    for plan in plans:
        found.setdefault(repr([getattr(plan.config, name) for name in parameters]), plan)
    return list(found.values())


def need_same_cells(plans: Sequence[Plan], results: Path, same_settings: bool = False) -> None:
    """RunError where an experiment's folder holds records of other cells than those that its runs would see.

    same_settings: whether records of other settings, or of another protocol, are refused as well.
    Cells that are made on the spot follow from the settings; where the images are not here, nothing can be compared.
    """
    ours = {plan.run_id for plan in plans}
    for name, cells in dict.fromkeys((plan.config.experiment, plan.cells) for plan in plans):
        for path in record_paths(results, name) if cells else ():
            record = read_record(path)
            if record.data["fingerprint"] != cells:
                kind = "simulated" if record.data["simulated"] else "real"
                why = f"is of other cells ({record.data['cells']:,}, {kind}) than those that are here now"
            elif same_settings and record.run_id not in ours:
                why = "is of other settings or of another protocol"
            else:
                continue
            raise RunError(
                f"The record {path.parent} {why}, and one table must not mix them: move {path.parent.parent} away, or "
                "name another folder with --results."
            )
