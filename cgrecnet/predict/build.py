"""A model folder: one run per seed, each with its record; then calibrate, measure, and learn what unlike cells are."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from cgrecnet.data.audit.integrity import audit, take
from cgrecnet.data.base import CellDataset
from cgrecnet.data.splits import Split
from cgrecnet.errors import RunError
from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.metrics import score
from cgrecnet.predict.card import model_card
from cgrecnet.predict.cells import Preprocessing, Seen, look, network_channels, planes
from cgrecnet.predict.engines import TorchEngine
from cgrecnet.predict.folder import Member, Model, ModelFolder, image_hash, refuse_existing, statistics_of, write_folder
from cgrecnet.predict.uncertainty import calibrated, calibration_scores, fit_temperature, in_set, p_values
from cgrecnet.predict.unlike import REASONS, Unlike, fit_unlike
from cgrecnet.runs.environment import software
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
#: Training cells from which statistics are learnt, and cells of the audit, drawn at random where there are more.
LEARNT, AUDITED = 4000, 5000
#: Least share of each class on either side of the judging half, and draws of whole groups for it.
LEAST, DRAWS = 0.25, 200
#: The coverage that the model card measures.
COVERAGE = 0.9


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


def make_model(
    records: Sequence[RunRecord],
    networks: Sequence[nn.Module],
    dataset: CellDataset,
    parts: Split,
    out: Path,
    device: torch.device | str = "cpu",
    say: Callable[[str], None] = print,
    audited: int = AUDITED,
) -> ModelFolder:
    """Write the model folder of runs that differ in their seed alone; networks: with their tested weights.

    audited: cells of the audit, drawn at random where there are more.

    The temperature is fitted on the validation cells. Half of the test cells calibrates the conformal sets and the
    flag; the other half says how well they hold (`judging_half`). Raises RunError.
    """
    config = records[0].config
    how = Preprocessing(dataset.window, config["intensity"], config["image_size"])
    engine = TorchEngine(networks, config["model"], device)
    labels = np.asarray(dataset.labels)
    say("calibrating on validation cells, and on half of the test cells")
    validation, test = (look(dataset.images, engine, how, part) for part in (parts.validation, parts.test))
    temperature = fit_temperature(labels[parts.validation], validation.probabilities)
    tested, probabilities = labels[parts.test], calibrated(test.probabilities, temperature)
    groups = dataset.table["group"].astype(str).to_numpy()
    judges, by = judging_half(tested, groups[parts.test])
    scores = calibration_scores(tested[~judges], probabilities[~judges])
    say("learning what unlike cells are")
    learnt = _drawn(parts.train, LEARNT)
    trained = look(dataset.images, engine, how, learnt)
    unlike = fit_unlike(trained.numbers, labels[learnt], _rows(test, ~judges).numbers)
    measured = _measured(dataset.classes, tested, test.probabilities, probabilities, judges, scores)
    measured |= {"flagged": _flagged(unlike, _rows(test, judges), groups[parts.test][judges]) | {"by": by}}
    measured["histories"] = [{"seed": record.config["seed"], "history": record.history} for record in records]
    say("auditing the data")
    report = audit_of(dataset, audited)
    heights, widths = np.array([dataset.images[int(i)].shape[:2] for i in parts.train]).T
    model = Model(
        classes=dataset.classes,
        config={name: value for name, value in config.items() if name not in ("seed", "experiment")},
        window=tuple(map(float, dataset.window)),
        intensity=how.intensity,
        image_size=how.image_size,
        channels=planes(dataset.images[0]),
        pixels=np.asarray(dataset.images[0]).dtype.name,
        heights=(int(heights.min()), int(heights.max())),
        widths=(int(widths.min()), int(widths.max())),
        data=records[0].data | {"groups": len(np.unique(groups))},
        split=records[0].split,
        members=tuple(
            Member(run_id=r.run_id, seed=r.config["seed"], epochs=len(r.history), weights=f"weights-{i}.safetensors")
            for i, r in enumerate(records)
        ),
        temperature=temperature,
        calibration_cells=tuple(len(known) for known in scores),
        unlike_limits=unlike.limits,
        measured=measured,
        protocol=records[0].protocol,
        software=software(),
        commit=records[0].commit,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    arrays = statistics_of(unlike) | {f"calibration.{y}": known for y, known in enumerate(scores)}
    arrays |= {"test.labels": tested, "test.probabilities": probabilities, "test.judges": judges}
    for name in ("train", "validation"):
        hashes = [image_hash(dataset.images[int(i)]) for i in parts.parts()[name]]
        arrays[f"hashes.{name}"] = np.unique(np.array(hashes, np.int64))

    def write_weights(folder: Path) -> None:
        for member, network in zip(model.members, networks, strict=True):
            state = network.state_dict()
            save_file({k: v.detach().cpu().contiguous() for k, v in state.items()}, folder / member.weights)

    return write_folder(out, model, arrays, report, model_card(model, report), write_weights)


def audit_of(dataset: CellDataset, most: int = AUDITED) -> dict:
    """What the audit says of a data set, of so many of its cells drawn at random, as plain values."""
    found = audit(take(dataset, _drawn(np.arange(len(dataset)), most)), partly=True)
    return json.loads(json.dumps(found.to_dict() | {"text": str(found)}, default=_plain))


def judging_half(labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, str]:
    """Which test cells judge, boolean (the others calibrate), and whether whole groups or single cells were drawn.

    By `group` where both sides can have at least `LEAST` of each class, so that what is measured holds for acquisitions
    that set no limit; the draw of `DRAWS` that comes nearest to halves. By `cell` otherwise: half of each class, and
    the larger half calibrates.
    """
    rng = np.random.default_rng([0, 11])
    classes, names = np.unique(labels), np.unique(groups)
    best, apart = None, 0.5 - LEAST
    for _ in range(DRAWS if len(names) > 1 else 0):
        order = rng.permutation(names)
        sizes = np.cumsum([(groups == name).sum() for name in order])
        judges = np.isin(groups, order[: max(1, int((sizes <= len(labels) / 2).sum()))])
        worst = max(abs(judges[labels == y].mean() - 0.5) for y in classes)
        if worst < apart:
            best, apart = judges, worst
    if best is not None:
        return best, "group"
    judges = np.zeros(len(labels), dtype=bool)
    rng = np.random.default_rng([0, 11])
    for y in classes:
        cells = rng.permutation(np.flatnonzero(labels == y))
        judges[cells[: len(cells) // 2]] = True
    return judges, "cell"


def _rows(seen: Seen, rows: np.ndarray) -> Seen:
    return Seen(seen.probabilities[rows], {reason: values[rows] for reason, values in seen.numbers.items()})


def _drawn(cells: np.ndarray, most: int) -> np.ndarray:
    if len(cells) <= most:
        return cells
    return np.sort(np.random.default_rng(13).choice(cells, most, replace=False))


def _measured(classes, labels, raw, probabilities, judges, scores) -> dict:
    """Scores and calibration on all test cells, coverage on the judging ones."""
    inside = in_set(p_values(scores, probabilities), COVERAGE)
    own = inside[np.arange(len(labels)), labels]
    coverage = []
    for y, name in enumerate(classes):
        here = judges & (labels == y)
        n, covered = int(here.sum()), int(own[here].sum())
        coverage.append({"class": name, "n": n, "covered": covered, "interval": wilson(covered, n) if n else None})
    return {
        "test": score(labels, probabilities, tuple(classes)),
        "calibration_error_before": expected_calibration_error(labels, raw),
        "calibration_error": expected_calibration_error(labels, probabilities),
        "coverage_asked": COVERAGE,
        "coverage": coverage,
        "set_size": float(inside[judges].sum(axis=1).mean()) if judges.any() else None,
    }


def _flagged(unlike: Unlike, seen: Seen, groups: np.ndarray) -> dict:
    """How many judging cells the flag calls unlike, and the least and the largest share of them in an acquisition."""
    beyond = unlike.scores(seen.numbers) > 1
    shares = [float(beyond[groups == name].any(axis=1).mean()) for name in np.unique(groups)]
    return {
        "n": len(beyond),
        "any": int(beyond.any(axis=1).sum()),
        **{reason: int(beyond[:, i].sum()) for i, reason in enumerate(REASONS)},
        "groups": len(shares),
        "shares": [min(shares), max(shares)] if shares else None,
    }


def _plain(value):
    return value.item() if isinstance(value, np.generic) else str(value)
