"""The tables of the page of costs, and where each number was measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from cgrecnet.bench.bench_record import is_current
from cgrecnet.bench.schema import (
    BenchRecord,
    InputRecord,
    KillsRecord,
    MemoryRecord,
    ModelRow,
    ModelsRecord,
    MutationsRecord,
    Quartiles,
    ReferenceRecord,
    ReferenceRow,
)
from cgrecnet.figures.costs import PRECISION_TITLES, achieved, eager_rows, roof
from cgrecnet.figures.provenance import SHOWN, Provenance
from cgrecnet.figures.tables import interval, points
from cgrecnet.models import list_models
from cgrecnet.models.zoo import title_of

#: What the project set itself for one H200: images per second of a training step in bfloat16.
RATE_GOALS = {"resnet50": 3500, "cg_recnet": 2500}
INPUT_GOAL = 0.97

#: Headers and rows of a table, as `wide_table` takes them.
Table = tuple[list[str], list[list[str]]]


def bench_provenance(record: BenchRecord) -> Provenance:
    """Where a benchmark's record comes from, for the block under its figure."""
    hardware, busy = record.hardware, [load.busy for load in (record.load_before, record.load_after)]
    where = hardware["gpu"] or (
        f"CPU, {hardware['cores']} cores, {hardware['threads']} thread{'s' * (hardware['threads'] != 1)} "
        f"({hardware['cpu']})"
    )
    head, plus, _ = record.commit.partition("+")
    facts = [
        ("Record", f"results/bench-{record.name}/{record.id}.json, by {_command(record.name)}"),
        ("Settings", ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in record.settings.items())),
        ("Commit", head[:SHOWN] + (" with uncommitted changes" if plus else "")),
        ("Code", "the same as now" if is_current(record) else "has changed since; measure again to renew it"),
        ("Hardware", where),
        ("Software", f"torch {record.software['torch']}, Python {record.software['python']}"),
    ]
    if None not in busy:
        facts.append(("Other work", f"kept {busy[0]:.0%} of the cores busy before and {busy[1]:.0%} after"))
    return Provenance(tuple(facts))


def _command(name: str) -> str:
    """What makes a record: a command, or a script of the clone."""
    return f"benchmarks/{name}.py" if name in ("kills", "mutations") else f"cgrecnet bench {name}"


def _short(value) -> str:
    if value in ([], None):
        return "none"
    if isinstance(value, list | tuple):
        return " and ".join(" x ".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def of(found: Quartiles, digits: int = 2) -> str:
    """A median with its quartiles and n."""
    return f"{found.median:.{digits}f} ({found.lower:.{digits}f} to {found.upper:.{digits}f}; n = {found.n})"


def input_ratios(record: InputRecord) -> dict[str, Quartiles]:
    """The ratios of the input path by model, size and batch."""
    return {f"{title_of(row.model)}, {row.image_size} px, batch {row.batch_size}": row.ratio for row in record.rows}


def model_table(record: ModelsRecord, kind: str) -> Table:
    """Per model: multiply-adds, share of the roof in both precisions, gain by bfloat16, relative rate.

    Rates are relative to the first model of the record in float32; absolute ones only from a GPU.
    """
    gpu = record.hardware["gpu"]
    headers = ["model", "10⁹ multiply-adds", "share of roof, float32", "share of roof, bf16", "rate, bf16 / float32"]
    headers.append("images/s, bf16" if gpu else "rate / Baseline's, float32")
    full, half = eager_rows(record, kind, "32"), {row.model: row for row in eager_rows(record, kind, "bf16")}
    passes = record.settings["batch_size"] * (1 if kind == "forward" else 3) * 2
    rows, first = [], full[0].images_per_second if full else None
    for number, row in enumerate(full, start=1):
        other = half[row.model]
        rows.append(
            [
                f"{number} {title_of(row.model)}",
                f"{row.flops / passes / 1e9:.2f}",
                f"{achieved(row) / roof(record, row):.2f}",
                f"{achieved(other) / roof(record, other):.2f}",
                of(other.to_float32),
                f"{other.images_per_second:,.0f}" if gpu else f"{row.images_per_second / first:.2f}",
            ]
        )
    return headers, rows


def all_nine(records: Sequence[ModelsRecord]) -> ModelsRecord | None:
    """The newest of these records (the oldest first) that has all nine models; None where none has."""
    whole = [each for each in records if {row.model for row in each.rows if not row.skipped} == set(list_models())]
    return whole[-1] if whole else None


def with_compiled(records: Sequence[ModelsRecord]) -> ModelsRecord | None:
    """The newest of these records in which something was compiled; None where none has."""
    found = [each for each in records if any(row.to_eager for row in each.rows)]
    return found[-1] if found else None


def compiled_table(record: ModelsRecord) -> Table:
    """Rate of compiled over eager: a line per model, kind of pass and precision that was compiled."""
    lines = []
    for row in record.rows:
        if row.compiled and row.to_eager:
            lines.append([title_of(row.model), row.kind, PRECISION_TITLES[row.precision], of(row.to_eager)])
    return ["model", "pass", "precision", "compiled / eager"], lines


#: Kinds of operations as a column names them, where their own name is too long for one.
SHORT = {
    "convolution or matrix product": "dense product",
    "depthwise or grouped convolution": "grouped product",
    "normalisation": "norms",
}


def traffic_table(record: ModelsRecord, kind: str = "training", precision: str = "32") -> Table:
    """Per model: operations per byte, and which kinds of operations move the bytes, in per cent."""
    rows = eager_rows(record, kind, precision)
    kinds = list(dict.fromkeys(name for row in rows for name in row.byte_counts))
    kinds.sort(key=lambda name: -np.mean([_share(row, name) for row in rows]))
    lines = []
    for number, row in enumerate(rows, start=1):
        total = sum(row.byte_counts.values())
        shares = [f"{_share(row, name):.0%}" for name in kinds]
        lines.append([f"{number} {title_of(row.model)}", f"{row.flops / total:.0f}", *shares])
    return ["model", "operations per byte", *(SHORT.get(name, name) for name in kinds)], lines


def _share(row: ModelRow, kind: str) -> float:
    return row.byte_counts.get(kind, 0) / sum(row.byte_counts.values())


def goal_table(records: Mapping[str, BenchRecord | None]) -> Table:
    """The project's goals for a GPU beside what a GPU's records say.

    records: by benchmark, the newest of a GPU, or None.
    """
    models, inputs = records.get("models"), records.get("input")
    rows = []
    for model, goal in RATE_GOALS.items():
        found = [
            row.images_per_second
            for row in (models.rows if models else ())
            if (row.model, row.kind, row.precision) == (model, "training", "bf16") and row.images_per_second
        ]
        measured = f"{max(found):,.0f} on {models.hardware['gpu']}" if found else "not measured yet"
        rows.append([f"{title_of(model)}, training, bfloat16, images per second on one H200", f"{goal:,}", measured])
    found = [f"{name}: {of(ratio, 3)}" for name, ratio in (input_ratios(inputs) if inputs else {}).items()]
    measured = "; ".join(found) + f" on {inputs.hardware['gpu']}" if found else "not measured yet"
    rows.append(["training from the data set / on a ready batch", f"{INPUT_GOAL}", measured])
    return ["goal", "at least", "measured"], rows


def memory_table(record: MemoryRecord) -> Table:
    """Peak memory in GB: training and forward pass, in both precisions."""
    found = {(row.model, row.kind, row.precision): row.peak / 1e9 for row in record.rows}
    columns = [(kind, precision) for kind in ("training", "forward") for precision in ("32", "bf16")]
    columns = [each for each in columns if any((kind, precision) == each for _, kind, precision in found)]
    names = {"32": "float32", "bf16": "bf16"}
    lines = []
    for model in dict.fromkeys(model for model, *_ in found):
        values = [found.get((model, *column)) for column in columns]
        lines.append([title_of(model), *("-" if value is None else f"{value:.2f}" for value in values)])
    return ["peak, GB", *(f"{kind}, {names[precision]}" for kind, precision in columns)], lines


def reference_table(records: Sequence[ReferenceRecord]) -> Table:
    """Per record and way of training: its rate over the tutorial's, the accuracy of each training, the difference."""
    rows = []
    for record in records:
        for row in record.rows:
            each = ", ".join(f"{100 * one:.1f}" for one in row.accuracies)
            rate = of(row.ratio) if row.ratio else "1"
            rows.append([_what(record), row.side, rate, f"{100 * row.accuracy:.1f} ({each})", _difference(row)])
    return ["trained", "way", "rate / tutorial's", "accuracy (%), by training", "minus the tutorial's (points)"], rows


def spread(record: ReferenceRecord) -> float:
    """How far the accuracies of trainings of one way lie apart at most, in points."""
    return 100 * max(max(row.accuracies) - min(row.accuracies) for row in record.rows)


def _what(record: ReferenceRecord) -> str:
    settings = record.settings
    return f"{title_of(settings['model'])}, {settings['image_size']} px, {settings['epochs']} epochs ({record.id})"


def _difference(row: ReferenceRow) -> str:
    """The difference in accuracy with its 95 % interval over trainings, which one training does not give."""
    if not row.agreement:
        return "-"
    reach = row.agreement.interval95
    return points(row.agreement.difference) + (f" ({interval(reach)})" if reach else "")


def kill_table(record: KillsRecord) -> Table:
    """Per kind of work and what of it was killed: kills, and pieces of work that lost something or came out wrong."""
    rows = [[row.work, row.victim, f"{row.kills:,}", str(row.losses), str(row.wrong)] for row in record.rows]
    return ["work", "what was killed", "kills", "lost", "wrong"], rows


def mutation_table(record: MutationsRecord) -> Table:
    """Per kind of file: how many were changed, refused in a sentence, taken for what they were, and the rest."""
    rows = [
        [row.kind, f"{row.cases:,}", f"{row.refused:,}", f"{row.taken:,}", str(amiss(row))] for row in record.rows
    ]
    return ["files", "changed", "refused in a sentence", "taken for what they were", "amiss"], rows


def amiss(row) -> int:
    """Changed files that ended in a traceback, a hang or a crash, or whose content was taken for another."""
    return row.traceback + row.hang + row.crash + row.wrong
