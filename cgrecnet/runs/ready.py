"""What a sweep needs, looked at before its first run: a place for its records, and weights that are at hand and fit."""

from collections.abc import Sequence
from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.models import create_model
from cgrecnet.runs.notebook import check_writable
from cgrecnet.runs.plan import Plan


def need_networks(plans: Sequence[Plan], elsewhere: bool = False) -> None:
    """Make each different network of these runs once, so that its weights are at hand and fit.

    elsewhere: the runs are done on other machines, which may have what this one lacks: ImageNet weights are not sought.
    Raises ConfigError, before any run is started, where they cannot be got (and says what to do without).
    """
    seen: set[str] = set()
    for plan in plans:
        config = plan.config
        what = repr((config.model, config.preset, config.model_options, config.image_size, plan.weights))
        if what in seen:
            continue
        seen.add(what)
        try:
            create_model(
                config.model,
                preset=config.preset,
                weights=None if elsewhere and plan.weights == "imagenet" else plan.weights,
                image_size=config.image_size,
                options=config.model_options,
            )
        except ConfigError as error:  # in Python it is None, in a file of YAML or on a command line it is null
            raise ConfigError(str(error).replace("weights=None", "weights=null")) from None


def need_folder(results: Path) -> None:
    """RunError where nothing can be written to the folder of the records; made where it is not there."""
    check_writable(results, "--results")
    results.mkdir(parents=True, exist_ok=True)
