"""Ours against the usual way, in words and a table: rate, accuracy by training, and how far the two may be apart."""

from __future__ import annotations

from collections.abc import Sequence

from cgrecnet.bench.schema import ReferenceRecord, ReferenceRow
from cgrecnet.figures.answers import interval, points
from cgrecnet.figures.costs_words import Table, of

HEADERS = [
    "way",
    "rate / tutorial's rate",
    "accuracy (%), by training",
    "minus the tutorial's, points (95 % interval over trainings)",
]


def reference_table(record: ReferenceRecord) -> Table:
    """A row per way: its rate over the tutorial's, the accuracy of each training, and the difference."""
    rows = []
    for row in record.rows:
        each = ", ".join(f"{100 * one:.1f}" for one in row.accuracies)
        accuracy = f"{100 * row.accuracy:.1f} ({each})"
        rows.append([row.side, of(row.ratio) if row.ratio else "1", accuracy, _difference(row)])
    return HEADERS, rows


def reference_text(record: ReferenceRecord) -> str:
    """What was trained, and whether a difference in accuracy was seen; how large a one is not excluded."""
    settings, ours = record.settings, _ours(record)
    held = [row for row in ours if _holds_zero(row)]
    text = (
        f"{_what(record)}; the tutorial's way with {record.rows[0].workers} worker processes, the quickest of "
        f"{' or '.join(map(str, settings['workers_tried']))}. Trainings of one way lie up to {spread(record):.1f} "
        f"points apart. The interval over trainings holds 0 for {len(held)} of {len(ours)} of our ways"
        + (": no difference in accuracy was seen. " if len(held) == len(ours) else ". ")
    )
    ends = [abs(end) for row in ours if row.agreement.interval95 for end in row.agreement.interval95]
    if ends:
        text += (
            f"The intervals reach as far as {max(ends):.1f} points from 0, so differences up to that size are not "
            "excluded."
        )
    return text


def earlier_text(records: Sequence[ReferenceRecord]) -> str:
    """What earlier records say, a line each, so that none is forgotten; "" without any."""
    lines = [
        f"- {_what(record)}: "
        + "; ".join(f"{row.side}, {of(row.ratio)} times the rate, {_difference(row)} points" for row in _ours(record))
        + f"; trainings of one way up to {spread(record):.1f} points apart ({record.id})."
        for record in records
    ]
    if not lines:
        return ""
    return "Measured before, ours against the tutorial's:\n\n" + "\n".join(lines)


def spread(record: ReferenceRecord) -> float:
    """How far the accuracies of trainings of one way lie apart at most, in points."""
    return 100 * max(max(row.accuracies) - min(row.accuracies) for row in record.rows)


def _what(record: ReferenceRecord) -> str:
    settings, first = record.settings, record.rows[0]
    return (
        f"{settings['model']} at {settings['image_size']} px, {settings['epochs']} epochs on {settings['cells']:,} "
        f"simulated cells, batches of {settings['batch_size']}, learning rate {settings['learning_rate']:g}, "
        f"n = {len(first.accuracies)} trainings of each way, {first.test_cells:,} test cells"
    )


def _ours(record: ReferenceRecord) -> list[ReferenceRow]:
    return [row for row in record.rows if row.agreement]


def _difference(row: ReferenceRow) -> str:
    if not row.agreement:
        return "-"
    reach = row.agreement.interval95
    return points(row.agreement.difference) + (f" ({interval(reach)})" if reach else "")


def _holds_zero(row: ReferenceRow) -> bool:
    reach = row.agreement.interval95
    return bool(reach) and reach[0] <= 0 <= reach[1]
