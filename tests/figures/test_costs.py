"""The figures and tables of costs, from records made up here (they go nowhere near `results`)."""

import json

import matplotlib.pyplot as plt
import pytest

from cgrecnet.bench import memory_claim as measured_memory
from cgrecnet.bench.bench_record import load_bench
from cgrecnet.bench.schema import (
    InputRecord,
    InputRow,
    Limits,
    Load,
    MemoryRecord,
    MemoryRow,
    ModelRow,
    ModelsRecord,
    Place,
    ProtocolRecord,
    ProtocolRow,
    Quartiles,
    ReferenceRecord,
)
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures import cost_tables, costs
from cgrecnet.judgement.claims import verdicts
from cgrecnet.models import list_models
from cgrecnet.paper.claims import load_claims

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


def models_record(gpu: str | None = None) -> ModelsRecord:
    rows = []
    for model in list_models():
        for kind in ("forward", "training"):
            for precision in ("32", "bf16"):
                row = {"model": model, "kind": kind, "precision": precision}
                measured = {"seconds": quarter(0.5), "images_per_second": 16.0, "flops": 1e9}
                to = None if precision == "32" else quarter(2.0)
                bytes_ = {"convolution or matrix product": 3e7, "activation, sum, copy": 2e7}
                rows.append(ModelRow(**row, compiled=False, **measured, byte_counts=bytes_, to_float32=to))
                if model == "resnet50":
                    rows.append(ModelRow(**row, compiled=True, **measured, to_float32=to, to_eager=quarter(1.5)))
                else:
                    rows.append(ModelRow(**row, compiled=True, skipped="not asked for"))
    limits = Limits(flops_per_second={"32": 4e9, "bf16": 8e9}, bytes_per_second=1e8)
    return ModelsRecord(**common("models", gpu, batch_size=8), limits=limits, rows=rows)


def memory_record(held: float, peak: float, gpu: str | None = None, device: float | None = None) -> MemoryRecord:
    """Nine models that all hold `held` GB and peak at `peak` GB; `device`: GB in use on the GPU."""
    parts = {"weights": 0, "moments": 0, "batch": 0, "kept": int(held * GB), "gradients": 0}
    rows = [
        MemoryRow(model=model, kind="training", precision=precision, peak=int(peak * GB), parts=parts,
                  reserved=None, device=None if device is None else int(device * GB))
        for model in list_models() for precision in ("32", "bf16")
    ]  # fmt: skip
    return MemoryRecord(**common("memory", gpu, image_size=224, batch_size=8), rows=rows)


def test_the_roof_is_the_lower_of_two_limits():
    record = models_record()
    row = costs.eager_rows(record, "training", "32")[0]
    assert costs.intensity(row) == 20 and costs.achieved(row) == 2e9
    assert costs.roof(record, row) == 2e9  # 20 operations per byte at 1e8 bytes per second, below 4e9
    many = row.model_copy(update={"byte_counts": {"a": 1e6}})
    assert costs.roof(record, many) == 4e9


def test_the_roofline_has_a_dot_per_model_and_precision():
    figure = costs.draw_roofline(models_record())
    for axes in figure.axes:
        assert sum(line.get_marker() == "o" for line in axes.lines) == 9
    plt.close(figure)


def test_the_table_of_models_shows_relative_rates_on_a_cpu_and_absolute_ones_on_a_gpu_alone():
    cpu, gpu = (cost_tables.model_table(models_record(name), "training") for name in (None, "Some GPU"))
    assert not any("images/s" in header for header in cpu[0]) and "images/s, bf16" in gpu[0]
    assert len(cpu[1]) == 9 and {len(line) for line in cpu[1]} == {len(cpu[0])}
    assert cpu[1][0][4] == "2.00 (1.80 to 2.20; n = 5)"
    assert cpu[1][0][:2] == ["1 Baseline", "0.02"]  # 1e9 operations over 8 images, 3 passes, 2 per MAC
    assert cpu[1][0][2] == "1.00" and cpu[1][0][-1] == "1.00" and gpu[1][0][-1] == "16"


def test_the_newest_record_that_says_it_is_taken():
    whole = models_record()
    few = whole.model_copy(update={"rows": [row for row in whole.rows if row.model == "resnet50"]})
    eager = whole.model_copy(update={"rows": [row for row in whole.rows if not row.compiled]})
    assert cost_tables.all_nine([eager, few]) is eager and cost_tables.with_compiled([few, eager]) is few
    assert cost_tables.all_nine([few]) is None and cost_tables.with_compiled([eager]) is None
    headers, lines = cost_tables.compiled_table(few)
    assert len(lines) == 4 and lines[0] == ["Baseline", "forward", "float32", "1.50 (1.35 to 1.65; n = 5)"]


def test_the_table_of_traffic_adds_up():
    headers, lines = cost_tables.traffic_table(models_record())
    assert headers[2:] == ["dense product", "activation, sum, copy"]
    assert lines[0] == ["1 Baseline", "20", "60%", "40%"]


def test_goals_are_not_measured_until_a_gpu_says_so():
    _, lines = cost_tables.goal_table({"models": None, "input": None})
    assert [line[1] for line in lines] == ["3,500", "2,500", "0.97"]
    assert {line[2] for line in lines} == {"not measured yet"}
    row = InputRow(model="resnet50", image_size=224, batch_size=8, precision="32", ready=quarter(1), whole=quarter(1),
                   ratio=quarter(0.98), images_per_second=8.0)  # fmt: skip
    inputs = InputRecord(**common("input", "Some GPU"), rows=[row])
    _, lines = cost_tables.goal_table({"models": models_record("Some GPU"), "input": inputs})
    assert lines[0][2] == "16 on Some GPU" and "0.980" in lines[2][2]
    assert set(cost_tables.input_ratios(inputs)) == {"Baseline, 224 px, batch 8"}


def test_ratios_show_their_quartiles_and_the_goal():
    figure = costs.draw_ratios({"a": quarter(1.0), "b": quarter(2.0)}, "ratio", goal=0.95)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert any(line.get_xdata()[0] == 0.95 for line in axes.lines)
    plt.close(figure)


def test_memory_and_its_table():
    record = memory_record(1.5, 2.5)
    figure = costs.draw_memory(record, 6 * GB)
    assert figure.axes[0].get_xlim()[1] >= 6
    plt.close(figure)
    headers, lines = cost_tables.memory_table(record)
    assert headers == ["peak, GB", "training, float32", "training, bf16"]
    assert len(lines) == 9 and lines[0] == ["Baseline", "2.50", "2.50"]


def test_the_bill_adds_up_over_models():
    rows = [
        ProtocolRow(place="here", model=model, epochs=epochs, fast_hours=24, slow_hours=48)
        for model in list_models() for epochs in (100, 21)
    ]  # fmt: skip
    places = [Place(name="here", measured=True, words="measured")]
    record = ProtocolRecord(**common("protocol", epochs=[100, 21]), source="x", places=places, rows=rows)
    assert costs.days(record, "here", 21) == (9, 18)
    figure = costs.draw_bill(record)
    assert len(figure.axes[0].lines) == 4
    plt.close(figure)


def test_a_sweep_that_is_proportional_lies_on_its_grey_line():
    measured = [{"runs": n, "seconds": {"run": n / 100}} for n in (500, 2000)]
    figure = costs.draw_linearity(measured)
    grey, dots = figure.axes[0].lines
    assert list(grey.get_ydata()) == pytest.approx(list(dots.get_ydata()))
    plt.close(figure)


def test_provenance_says_how_busy_the_machine_was_and_that_the_code_changed():
    text = str(cost_tables.bench_provenance(memory_record(1, 2)))
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
def test_the_verdict_on_the_card_follows_from_the_record(record, verdict):
    outcome = measured_memory.fits_card(load_claims()["C38"], record)
    assert outcome.verdict is verdict and "CG-RecNet" in outcome.value
    assert verdicts(measured={"C38": outcome})["C38"].verdict is verdict


def test_without_a_record_of_the_papers_size_there_is_no_outcome(monkeypatch):
    assert measured_memory.memory_outcomes(results="nowhere") == {}
    small = memory_record(1, 2).model_copy(update={"settings": {"image_size": 64, "batch_size": 8}})
    monkeypatch.setattr(measured_memory, "newest", lambda name, device, results: small)
    assert measured_memory.memory_outcomes() == {}
    monkeypatch.setattr(measured_memory, "newest", lambda name, device, results: memory_record(1, 2))
    assert set(measured_memory.memory_outcomes()) == {"C38"}


@pytest.mark.parametrize(("cards", "named"), [((None,), []), (("Card B", "Card A", None), ["Card A", "Card B"])])
def test_cards_that_were_measured_are_named_and_none_else(tmp_path, cards, named):
    for number, card in enumerate(cards):
        path = tmp_path / f"bench-{number}" / "one.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"hardware": {"gpu": card}}))
    (tmp_path / "bench-0" / "old.json").write_text('{"rate": 1}')
    assert costs.cards_measured(tmp_path) == named and costs.cards_measured(tmp_path / "nowhere") == []


def test_ours_against_the_tutorials_way_has_every_training_and_the_difference():
    """A record of two trainings of two ways, made up from one of the project's."""
    found = load_bench("reference")[0].model_dump(mode="json")
    tutorial, ours = found["rows"][:2]
    tutorial["accuracies"], tutorial["accuracy"] = [0.80, 0.90], 0.85
    ours["accuracies"], ours["accuracy"] = [0.81, 0.92], 0.865
    ours["agreement"] = {"difference": 1.5, "differences": [1.0, 2.0], "interval95": [-4.9, 7.9]}
    record = ReferenceRecord(**found | {"rows": [tutorial, ours]})
    headers, rows = cost_tables.reference_table([record, record])
    assert len(rows) == 4 and all(len(row) == len(headers) and record.id in row[0] for row in rows)
    assert rows[0][2:] == ["1", "85.0 (80.0, 90.0)", "-"]
    assert rows[1][3:] == ["86.5 (81.0, 92.0)", "+1.5 (\N{MINUS SIGN}4.9 to +7.9)"]
    assert cost_tables.spread(record) == pytest.approx(11)
