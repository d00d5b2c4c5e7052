"""The outcome of claim C38, that training fits a 6 GB card, from a record of `benchmarks/memory.py`."""

from __future__ import annotations

from pathlib import Path

from cgrecnet.bench.record import BenchRecord, MemoryRow, newest
from cgrecnet.evaluation.verdicts import Judgement, verdict_of
from cgrecnet.judgement.reasons import Finding, judged
from cgrecnet.models.zoo import title_of
from cgrecnet.paper.claims import Claim, load_claims

IMAGE_SIZE = 224
SUBJECT = "cg_recnet"
#: A part's name in a record's `parts` that any device holds when the forward pass has ended.
HELD = ("weights", "moments", "batch", "kept")


def memory_outcomes(results: Path | None = None) -> dict[str, Judgement]:
    """The outcome of C38 by its id; empty where there is no usable record."""
    record, claim = memory_record(results), load_claims()["C38"]
    if record is None:
        return {}
    return {"C38": judged(claim, fits_card(claim, record), f"C38 {record.hardware['device']}")}


def memory_record(results: Path | None = None) -> BenchRecord[MemoryRow] | None:
    """The record that decides C38: the newest usable one, a GPU's first."""
    claim = load_claims()["C38"]
    found = (newest("memory", device, results) for device in ("cuda", "cpu"))
    return next((record for record in found if record is not None and _usable(record, claim)), None)


def fits_card(claim: Claim, record: BenchRecord[MemoryRow]) -> Finding:
    """C38: does one training step in float32 at the paper's size and batch stay below the card's memory?

    On a GPU: what the whole device had in use, for each model. On the CPU: what any device has to hold at least (the
    tensors alone); the card's kernels, workspaces and context stay unchecked, so that the claim can hold in part only.
    """
    limit = claim.value("memory").number * 1e9
    rows = {row.model: row for row in record.rows if (row.kind, row.precision) == ("training", "32")}
    on_gpu = record.hardware["device"] == "cuda"
    needs = {model: row.device if on_gpu else held(row) for model, row in rows.items()}
    most = max(needs, key=needs.get)
    checks = [need <= limit for need in needs.values()]
    sizes = {
        "subject": needs[SUBJECT], "most": needs[most], "limit": limit,
        "peak": rows[SUBJECT].peak, "highest_peak": max(row.peak for row in rows.values()),
    }  # fmt: skip
    values = {name: size / 1e9 for name, size in sizes.items()} | {"models": len(rows), "below": sum(checks)}
    values |= {"largest": title_of(most).split(" (")[0], "gpu": record.hardware["gpu"]}
    return Finding(verdict_of(checks, unchecked=0 if on_gpu else 1), values)


def held(row: MemoryRow) -> int:
    """Bytes that any device has to hold at once in a training step, at least."""
    return sum(row.parts[name] for name in HELD)


def _usable(record: BenchRecord[MemoryRow], claim: Claim) -> bool:
    """Whether it was measured at the paper's size and batch, for CG-RecNet among others."""
    right = record.settings["image_size"] == IMAGE_SIZE
    right &= record.settings["batch_size"] == claim.value("batch size").number
    rows = [row for row in record.rows if (row.kind, row.precision) == ("training", "32")]
    return right and any(row.model == SUBJECT for row in rows) and all(row.parts for row in rows)
