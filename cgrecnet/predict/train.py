"""Train what a model folder holds: one run per seed, each with its record, then the folder."""

from collections.abc import Callable
from pathlib import Path

from torch import nn

from cgrecnet.data.base import CellDataset
from cgrecnet.data.splits import Split
from cgrecnet.errors import RunError
from cgrecnet.predict.build import make_model
from cgrecnet.predict.cells import Preprocessing, look, network_channels, planes
from cgrecnet.predict.engines import TorchEngine
from cgrecnet.predict.folder import ModelFolder, refuse_existing
from cgrecnet.runs.kept import WEIGHTS, check_predictions, with_kept_weights
from cgrecnet.runs.notebook import train
from cgrecnet.runs.query import record_of
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.run_record import RECORD, RunRecord
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.parts import load_parts

#: Test cells on which the kept weights are held against what the run recorded.
COMPARED = 32


def train_model(
    config: RunConfig,
    ensemble: int,
    out: Path,
    *,
    results: Path,
    work: Path,
    say: Callable[[str], None] = print,
    **options,
) -> ModelFolder:
    """Train `ensemble` networks with the seeds seed, seed + 1, ..., and write the model folder `out`.

    Runs that are done and whose weights were kept are not done again. options: of `cgrecnet.runs.notebook.train`.
    Raises RunError (something is at `out`, weights were not kept, a run failed) before or between runs.
    """
    refuse_existing(out)
    configs = [config.model_copy(update={"seed": config.seed + i}) for i in range(ensemble)]
    for one in configs:
        _need_kept_weights(one, results, work)
    records = [train(one, results=results, work=work, say=say, keep_weights=True, **options) for one in configs]
    fabric = make_fabric(config)
    dataset, parts, _ = load_parts(config, fabric)
    networks = []
    for record in records:
        if dataset.fingerprint != record.data["fingerprint"] or parts.manifest != record.split["manifest"]:
            raise RunError(f"The cells that are here now are not those of {record.run_id}: train it again.")
        networks.append(with_kept_weights(record, work, network_channels(planes(dataset.images[0]))))
        _check_weights(record, networks[-1], dataset, parts, results)
    return make_model(records, networks, dataset, parts, out, fabric.device, say)


def _need_kept_weights(config: RunConfig, results: Path, work: Path) -> None:
    done = record_of(plan_run(config), results)
    if done and not (Path(work) / done.run_id / WEIGHTS).is_file():
        place = Path(results) / done.experiment / done.run_id / RECORD
        raise RunError(
            f"Run {done.run_id} is done already, and its weights were not kept: remove {place} to train it again, or "
            "name another --results."
        )


def _check_weights(record: RunRecord, network: nn.Module, dataset: CellDataset, parts: Split, results: Path) -> None:
    """Raise RunError where the weights are not those that made the run's test predictions."""
    chosen = parts.test[:COMPARED]
    how = Preprocessing(dataset.window, record.config["intensity"], record.config["image_size"])
    found = look(dataset.images, TorchEngine([network], record.config["model"]), how, chosen)
    check_predictions(record, results, found.probabilities, dataset.table["cell_id"].iloc[chosen])
