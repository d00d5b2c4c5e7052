"""What benchmarks' records say: limits and rates, days, cards, and the claim on memory; records are made up here."""

import json

import pytest

from cgrecnet.bench.record import (
    RECORDS,
    BenchRecord,
    Limits,
    Load,
    MemoryRow,
    ModelRow,
    ModelsRecord,
    Place,
    ProtocolRecord,
    ProtocolRow,
    Quartiles,
    cards_measured,
)
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures.provenance import bench_provenance
from cgrecnet.judgement import memory as memory_claim
from cgrecnet.models import list_models

GB = 10**9


def quarter(value: float) -> Quartiles:
    return Quartiles(lower=value * 0.9, median=value, upper=value * 1.1, n=5)


def common(name: str, gpu: str | None = None, **settings) -> dict:
    return {
        "name": name, "id": "made-up", "settings": settings, "started": "2026-01-01T00:00:00+00:00", "wall_seconds": 1,
        "commit": "abcdef0123456789+changes", "code": "0" * 64, "software": {"torch": "2", "python": "3"},
        "hardware": {"device": "cuda" if gpu else "cpu", "gpu": gpu, "cpu": "Some CPU", "cores": 2, "threads": 1},
        "load_before": Load(average=(0, 0, 0), busy=0.25), "load_after": Load(average=(0, 0, 0), busy=0.5),
    }  # fmt: skip


def test_the_roof_is_the_lower_of_two_limits():
    row = ModelRow(
        model="resnet50", kind="training", precision="32", compiled=False, seconds=quarter(0.5), images_per_second=16.0,
        flops=1e9, byte_counts={"convolution or matrix product": 3e7, "activation, sum, copy": 2e7},
    )  # fmt: skip
    skipped = ModelRow(model="resnet50", kind="training", precision="32", compiled=True, skipped="not asked for")
    limits = Limits(flops_per_second={"32": 4e9, "bf16": 8e9}, bytes_per_second=1e8)
    record = ModelsRecord(**common("models", batch_size=8), limits=limits, rows=[row, skipped])
    assert record.eager("training", "32") == [row] and record.eager("forward", "32") == []
    assert row.intensity == 20 and row.achieved == 2e9
    assert record.roof(row) == 2e9  # 20 operations per byte at 1e8 bytes per second, below 4e9
    assert record.roof(row.model_copy(update={"byte_counts": {"a": 1e6}})) == 4e9


def memory_record(held: float, peak: float, gpu: str | None = None, device: float | None = None) -> BenchRecord:
    """Nine models that all hold `held` GB and peak at `peak` GB; `device`: GB in use on the GPU."""
    parts = {"weights": 0, "moments": 0, "batch": 0, "kept": int(held * GB), "gradients": 0}
    rows = [
        MemoryRow(model=model, kind="training", precision=precision, peak=int(peak * GB), parts=parts,
                  reserved=None, device=None if device is None else int(device * GB))
        for model in list_models() for precision in ("32", "bf16")
    ]  # fmt: skip
    return RECORDS["memory"](**common("memory", gpu, image_size=224, batch_size=8), rows=rows)


def test_the_bill_adds_up_over_models():
    rows = [
        ProtocolRow(place="here", model=model, epochs=epochs, fast_hours=24, slow_hours=48)
        for model in list_models() for epochs in (100, 21)
    ]  # fmt: skip
    places = [Place(name="here", measured=True, words="measured")]
    record = ProtocolRecord(**common("protocol", epochs=[100, 21]), source="x", places=places, rows=rows)
    assert record.days("here", 21) == (9, 18)


def test_provenance_says_how_busy_the_machine_was_and_that_the_code_changed():
    text = str(bench_provenance(memory_record(1, 2)))
    assert "25% of the cores busy before and 50% after" in text and "uncommitted" in text
    assert "has changed since" in text and "results/bench-memory/made-up.json" in text


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (memory_record(1.5, 2.5), Verdict.HOLDS_IN_PART),  # the CPU alone cannot decide it
        (memory_record(6.5, 7.0), Verdict.CANNOT_BE_RECONCILED),  # what any device holds is too much already
        (memory_record(1.5, 2.5, "Some GPU", 3.0), Verdict.HOLDS),
        (memory_record(1.5, 2.5, "Some GPU", 7.0), Verdict.CANNOT_BE_RECONCILED),
    ],
)
def test_the_verdict_on_the_card_follows_from_the_record(record, verdict, monkeypatch):
    monkeypatch.setattr(memory_claim, "newest", lambda name, device, results: record)
    outcome = memory_claim.memory_outcomes()["C38"]
    assert outcome.verdict is verdict and "CG-RecNet" in outcome.value
    assert outcome.reason.startswith("Measured on Some GPU" if record.hardware["gpu"] else "Weights, moments, batch")


def test_without_a_record_of_the_papers_size_there_is_no_outcome(monkeypatch):
    assert memory_claim.memory_outcomes(results="nowhere") == {}
    small = memory_record(1, 2).model_copy(update={"settings": {"image_size": 64, "batch_size": 8}})
    monkeypatch.setattr(memory_claim, "newest", lambda name, device, results: small)
    assert memory_claim.memory_outcomes() == {}
    monkeypatch.setattr(memory_claim, "newest", lambda name, device, results: memory_record(1, 2))
    assert set(memory_claim.memory_outcomes()) == {"C38"}


@pytest.mark.parametrize(("cards", "named"), [((None,), []), (("Card B", "Card A", None), ["Card A", "Card B"])])
def test_cards_that_were_measured_are_named_and_none_else(tmp_path, cards, named):
    for number, card in enumerate(cards):
        path = tmp_path / f"bench-{number}" / "one.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"hardware": {"gpu": card}}))
    (tmp_path / "bench-0" / "old.json").write_text('{"rate": 1}')
    assert cards_measured(tmp_path) == named and cards_measured(tmp_path / "nowhere") == []
