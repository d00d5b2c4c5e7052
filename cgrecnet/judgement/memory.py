"""The outcome of claim C38, that training fits a 6 GB card, from a record of `benchmarks/memory.py`."""

from __future__ import annotations

from pathlib import Path

from cgrecnet.bench.record import BenchRecord, MemoryRow, newest
from cgrecnet.evaluation.verdicts import Judgement, verdict_of
from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.paper.claims import Claim, load_claims

IMAGE_SIZE = 224
SUBJECT = "cg_recnet"
#: A part's name in a record's `parts` that any device holds when the forward pass has ended.
HELD = ("weights", "moments", "batch", "kept")


def memory_outcomes(results: Path | None = None) -> dict[str, Judgement]:
    """The outcome of C38 by its id; empty where there is no usable record."""
    record = memory_record(results)
    return {} if record is None else {"C38": fits_card(load_claims()["C38"], record)}


def memory_record(results: Path | None = None) -> BenchRecord[MemoryRow] | None:
    """The record that decides C38: the newest usable one, a GPU's first."""
    claim = load_claims()["C38"]
    found = (newest("memory", device, results) for device in ("cuda", "cpu"))
    return next((record for record in found if record is not None and _usable(record, claim)), None)


def fits_card(claim: Claim, record: BenchRecord[MemoryRow]) -> Judgement:
    """C38: does one training step in float32 at the paper's size and batch stay below the card's memory?

    On a GPU: what the whole device had in use, for each model. On the CPU: what any device has to hold at least (the
    tensors alone); the card's kernels, workspaces and context stay unchecked, so that the claim can hold in part only.
    """
    limit = claim.value("memory").number * 1e9
    rows = [row for row in record.rows if (row.kind, row.precision) == ("training", "32")]
    on_gpu = record.hardware["device"] == "cuda"
    needs = {row.model: row.device if on_gpu else held(row) for row in rows}
    most = max(needs, key=needs.get)
    checks = [need <= limit for need in needs.values()]
    value = f"{_title(SUBJECT)} {needs[SUBJECT] / 1e9:.1f} GB, at most {needs[most] / 1e9:.1f} GB ({_title(most)})"
    if on_gpu:
        reason = f"Measured on {record.hardware['gpu']}: memory of the whole device in use during a step of each model."
        return Judgement(verdict_of(checks), value, reason)
    peaks = {row.model: row.peak for row in rows}
    reason = (
        f"Weights, moments, batch and what the forward pass keeps were counted for {len(rows)} models, and "
        f"{sum(checks)} stay below {limit / 1e9:g} GB; on the CPU the peaks were {peaks[SUBJECT] / 1e9:.1f} GB for "
        f"{_title(SUBJECT)} and {max(peaks.values()) / 1e9:.1f} GB at most. What a card needs beside that was not "
        "measured."
    )
    return Judgement(verdict_of(checks, unchecked=1), value, reason)


def held(row: MemoryRow) -> int:
    """Bytes that any device has to hold at once in a training step, at least."""
    return sum(row.parts[name] for name in HELD)


def _title(model: str) -> str:
    return SYSTEMS[model].title.split(" (")[0]


def _usable(record: BenchRecord[MemoryRow], claim: Claim) -> bool:
    """Whether it was measured at the paper's size and batch, for CG-RecNet among others."""
    right = record.settings["image_size"] == IMAGE_SIZE
    right &= record.settings["batch_size"] == claim.value("batch size").number
    rows = [row for row in record.rows if (row.kind, row.precision) == ("training", "32")]
    return right and any(row.model == SUBJECT for row in rows) and all(row.parts for row in rows)
