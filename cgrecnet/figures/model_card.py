"""The model card of a network that was trained on every fold of a cross-validation: facts from its records alone."""

from __future__ import annotations

from collections.abc import Sequence

from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.provenance import hardware_text
from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.runs.pooled import Pooled
from cgrecnet.runs.run_record import RunRecord

MODEL, PART, DATA = "cg_recnet", "ablation", "jurkat"
SCORE_HEADERS = ("class", "cells", "precision (%)", "recall (%), 95 % interval", "F1 (%), 95 % interval")


def identity_rows(records: Sequence[RunRecord]) -> list[tuple[str, str]]:
    """What the model is and how it was trained: facts that all its runs share, and those in which they differ."""
    first = records[0]
    config, data = first.config, first.data
    folds = sorted(record.config["fold"] for record in records)
    return [
        ("model", f"{SYSTEMS[config['model']].title}, reading '{config['preset']}'"),
        ("parameters", _span(record.parameters for record in records)),
        ("networks", f"{len(records)}, one for each of the folds {', '.join(map(str, folds))} of {config['folds']}"),
        ("start", f"{first.weights['source']}; fresh: {', '.join(first.weights.get('fresh_parts', [])) or 'nothing'}"),
        ("input", f"brightfield, {config['image_size']} by {config['image_size']} pixels, one channel three times"),
        ("output", f"a probability for each of {', '.join(data['classes'])}"),
        ("training", f"{config['epochs']} epochs, batch {config['batch_size']}, learning rate "
                     f"{config['learning_rate']:g} times {config['gamma']:g} every {config['step_size']} epochs, "
                     f"{config['precision']}; epoch reported: {config['report']}"),
        ("class weights", "yes" if config["class_weights"] else "no"),
        ("seeds", f"{_each(r.config['seed'] for r in records)}; split {_each(r.split['seed'] for r in records)}"),
        ("code", _each(record.code[:10] for record in records)),
    ]  # fmt: skip


def data_rows(records: Sequence[RunRecord]) -> list[tuple[str, str]]:
    """What the model saw: cells, classes, how they were dealt to training, validation and test."""
    data = records[0].data
    kind = "simulated" if data["simulated"] else "real"
    counts = data.get("counts") or {}
    sizes = [record.split["sizes"] for record in records]
    return [
        ("data set", f"{data['name']}, {kind} cells, task {data['task']}"),
        ("cells", f"{data['cells']:,}" + "".join(f"; {name} {count:,}" for name, count in counts.items())),
        ("sha256", data["fingerprint"][:10]),
        *((f"cells in {part}", _span(size[part] for size in sizes)) for part in ("train", "validation", "test")),
    ]


def score_rows(pooled: Pooled, model: str = MODEL) -> list[tuple[str, ...]]:
    """Rows under SCORE_HEADERS: each class over the test cells of all folds, every cell tested once."""
    table = pooled.confusion(model)
    rows = []
    for index, one in enumerate(class_f1_intervals(pooled.labels, pooled.probabilities[model], pooled.classes)):
        hits, support, named = int(table[index, index]), int(table[index].sum()), int(table[:, index].sum())
        low, high = wilson(hits, support)
        precision = f"{100 * hits / named:.1f}" if named else "never named"
        rows.append((
            one.name, f"{support:,}", precision,
            f"{100 * hits / support:.1f} ({100 * low:.1f} to {100 * high:.1f})",
            f"{100 * one.f1:.1f} ({100 * one.interval95[0]:.1f} to {100 * one.interval95[1]:.1f})",
        ))  # fmt: skip
    return rows


def cost_rows(records: Sequence[RunRecord]) -> list[tuple[str, str]]:
    """What training took: time, hardware, and how often each cell was looked at."""
    seconds = [record.wall_seconds for record in records]
    seen = sum(len(record.history) * record.split["sizes"]["train"] for record in records)
    return [
        ("time", f"{sum(seconds) / 60:.0f} min in all; {min(seconds) / 60:.0f} to {max(seconds) / 60:.0f} min for each "
                 f"of n = {len(records)} runs"),
        ("hardware", _each(hardware_text(record.hardware) for record in records)),
        ("crops seen", f"{seen:,} in training, all runs together"),
    ]  # fmt: skip


def _each(values) -> str:
    return "; ".join(dict.fromkeys(map(str, values)))


def _span(values) -> str:
    known = sorted(set(values))
    return f"{known[0]:,}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"
