"""Each benchmark at tiny settings: its record validates, and says what was asked for."""

import subprocess

import input
import memory
import models
import numpy as np
import protocol
import pytest
import reference
import torch
from input import bench_input
from measuring import CPU, Benchmark
from scipy import stats
from steps import Steps
from timing import quartiles
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from cgrecnet.bench.record import Limits, ModelRow, ModelsRecord, read_bench
from cgrecnet.bench.traffic import Traffic
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.models import list_models

WIDTH = 8


class Asked(TorchDispatchMode):
    """The types of what convolutions are given."""

    def __init__(self) -> None:
        super().__init__()
        self.types = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "convolution" in str(func):
            self.types |= {one.dtype for one in args if isinstance(one, torch.Tensor)}
        return func(*args, **(kwargs or {}))


class Small(nn.Module):
    """A network of a few weights, in place of the nine, which take long to build."""

    weights_info: dict = {}

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.norm = nn.BatchNorm2d(WIDTH)
        self.fc = nn.Linear(WIDTH, 3)

    def forward(self, x):
        return self.fc(self.norm(self.conv(x)).relu().mean((2, 3)))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr("timing.time.sleep", lambda _: None)
    for place in ("input", "models", "steps", "reference"):
        monkeypatch.setattr(f"{place}.create_model", lambda *_, **__: Small())


def test_input(tmp_path):
    record = bench_input(["resnet50"], 32, 4, repeats=3, cells=64, out=tmp_path / "a.json")
    (row,) = record.rows
    assert (row.model, row.image_size, row.batch_size, row.ratio.n) == ("resnet50", 32, 4, 3)
    assert 0 < row.ratio.median and row.images_per_second == pytest.approx(4 / row.whole.median)
    assert read_bench(tmp_path / "a.json") == record and "resnet50" in input.lines(record)[0]


def test_models(tmp_path, monkeypatch):
    limits = Limits(flops_per_second={"32": 1.0, "bf16": 2.0}, bytes_per_second=3.0)
    monkeypatch.setattr(models, "measure_limits", lambda _: limits)
    record = models.bench_models(["vgg16"], 32, 2, repeats=2, compiled=[], out=tmp_path / "a.json")
    assert record.limits == limits and len(record.rows) == 8 and len(models.lines(record)) == 8
    rows = {(row.kind, row.precision, row.compiled): row for row in record.rows}
    assert rows["forward", "32", True].skipped == "not asked for" and rows["forward", "32", True].seconds is None
    macs = 32 * 32 * WIDTH * 27 + 3 * WIDTH
    assert rows["forward", "32", False].flops == 2 * macs * 2
    assert rows["training", "bf16", False].flops == 3 * 2 * macs * 2
    assert rows["training", "bf16", False].to_float32.n == 2 and rows["training", "32", False].to_float32 is None
    adam = rows["training", "32", False].byte_counts["optimizer"]
    weights = sum(parameter.numel() for parameter in Small().parameters())
    assert adam == pytest.approx(7 * 4 * weights, rel=0.05)  # beside them it reads its step counters


def test_why_a_model_was_not_compiled_is_kept(tmp_path, monkeypatch):
    class NoCompiler(Small):
        def forward(self, x):
            raise RuntimeError("no C++ compiler found\nmore")

    monkeypatch.setattr(torch, "compile", lambda network: NoCompiler())
    rows = models.measure_model("resnet50", 32, 2, 2, True, CPU)
    reasons = {row.skipped for row in rows if row.compiled}
    assert reasons == {"torch.compile failed here: RuntimeError: no C++ compiler found"}


def test_reference(tmp_path):
    record = reference.bench_reference(
        cells=90, image_size=32, batch_size=16, epochs=2, seeds=[1, 2], workers=[0], out=tmp_path / "a.json"
    )
    first, *ours = record.rows
    assert first.side == reference.TUTORIAL and first.ratio is None and first.agreement is None
    assert [row.side for row in ours] == list(reference.OURS.values())
    for row in ours:
        assert row.ratio.n == 4 and row.test_cells == first.test_cells == 45
        assert row.accuracy == pytest.approx(np.mean(row.accuracies)) and len(row.accuracies) == 2
        apart = [100 * (our - their) for our, their in zip(row.accuracies, first.accuracies, strict=True)]
        assert row.agreement.differences == pytest.approx(apart)
        assert row.agreement.difference == pytest.approx(100 * (row.accuracy - first.accuracy))
    assert record.data["simulated"] is True and "n = 2 trainings" in reference.lines(record)[1]


def test_agreement_over_trainings_is_a_paired_test():
    found = reference.agreement([0.90, 0.92, 0.95], [0.90, 0.91, 0.93])
    assert found.difference == pytest.approx(1.0) and found.differences == pytest.approx([0, 1, 2])
    half = stats.t.ppf(0.975, 2) * 1 / np.sqrt(3)
    assert found.interval95 == pytest.approx((1 - half, 1 + half))
    assert reference.agreement([0.9, 0.8], [0.9, 0.8]).interval95 is None


def test_the_tutorials_classes_are_put_in_our_order():
    """ImageFolder sorts classes by name, we do not."""
    names = ["neuron/1", "astrocyte/2", "oligodendrocyte/3", "neuron/4"]
    columns = reference.class_columns(names, np.array([2, 0, 1, 2]))
    assert columns == [0, 2, 1]  # astrocytes, oligodendrocytes, neurons
    theirs = np.array([[0.1, 0.7, 0.2]])  # sure of a neuron
    assert theirs[:, columns].argmax() == 2


def test_a_compiled_network_is_measured_beside_the_eager_one(monkeypatch):
    whole = torch.compile
    monkeypatch.setattr(torch, "compile", lambda network: whole(network, backend="eager"))
    rows = models.measure_model("resnet50", 32, 2, 2, True, CPU)
    compiled = [row for row in rows if row.compiled]
    assert len(compiled) == 4 and all(row.to_eager.n == 2 and row.skipped is None for row in compiled)


def test_networks_of_one_class_are_each_compiled_and_what_is_not_says_so(monkeypatch):
    whole = torch.compile
    monkeypatch.setattr(torch, "compile", lambda network: whole(network, backend="eager"))
    with torch._dynamo.config.patch(recompile_limit=4):  # four variants of a network, eight of two
        for _ in range(2):
            rows = models.measure_model("resnet50", 32, 2, 2, True, CPU)
            assert not [row.skipped for row in rows if row.skipped]
    with torch._dynamo.config.patch(recompile_limit=2):
        rows = models.measure_model("resnet50", 32, 2, 2, True, CPU)
    assert all("FailOnRecompileLimitHit" in row.skipped for row in rows if row.compiled)


@pytest.mark.slow
def test_memory_of_a_fresh_process_and_its_parts(tmp_path):
    record = memory.bench_memory(["mobilenet_v2"], 32, 2, ["training"], ["32"], out=tmp_path / "a.json")
    (row,) = record.rows
    parts = row.parts
    assert parts["moments"] == 2 * parts["gradients"] <= 2 * parts["weights"] and parts["batch"] == 2 * 3 * 32 * 32 * 4
    assert row.peak >= parts["weights"] + parts["moments"]  # 9 MB and 18 MB


def test_a_process_that_ends_early_is_reported(monkeypatch):
    def killed(*_, **__):
        return subprocess.CompletedProcess([], -9, "", "")

    monkeypatch.setattr(memory.subprocess, "run", killed)
    with pytest.raises(RunError, match="exit status -9"):
        memory.in_fresh_process("vgg16", "training", "32", 32, 2)


def fabricated(tmp_path, rate: float, size: int = 224) -> ModelsRecord:
    """A record of all nine models at one rate, from `Benchmark`, so that it validates."""
    rows = [
        ModelRow(model=model, kind=kind, precision="32", compiled=False, seconds=quartiles([8 / rate]),
                 images_per_second=rate, flops=1.0, byte_counts={"a": 1.0})
        for model in list_models() for kind in models.KINDS
    ]  # fmt: skip
    bench = Benchmark(
        "models", {"image_size": size, "batch_size": 8}, CPU, tmp_path / "bench-models" / "a.json"
    )
    return bench.write(limits=Limits(flops_per_second={"32": 1.0}, bytes_per_second=1.0), rows=rows)


def test_protocol_costs_what_its_rates_say(tmp_path):
    source = fabricated(tmp_path, rate=100.0)
    record = protocol.bench_protocol(tmp_path / "p.json", tmp_path)
    assert record.source == source.id and record.settings["epochs"] == [100, 21]
    here = [row for row in record.rows if row.place == protocol.HERE and row.epochs == 100]
    assert len(here) == 9
    cells = 207_556  # Table 1
    assert here[0].fast_hours == pytest.approx(15 * 100 * cells / 100 / 3600, rel=1e-4)
    laptop = next(p for p in record.places if "laptop" in p.name)
    row = next(r for r in record.rows if (r.place, r.model, r.epochs) == (laptop.name, "resnet50", 100))
    assert row.slow_hours / row.fast_hours == pytest.approx(laptop.flops_per_second[1] / laptop.flops_per_second[0])
    assert not laptop.measured and "assumed" in laptop.words


def test_protocol_wants_measured_rates_of_all_nine_at_the_papers_size(tmp_path):
    with pytest.raises(RunError, match="benchmarks/models.py"):
        protocol.bench_protocol(tmp_path / "p.json", tmp_path)
    record = fabricated(tmp_path, 100.0, size=96)
    with pytest.raises(RunError, match="96 px"):
        protocol.usable_source([record])
    few = record.model_copy(update={"rows": record.rows[:2], "settings": {"image_size": 224}})
    with pytest.raises(RunError, match="lacks"):
        protocol.usable_source([few])
    whole = record.model_copy(update={"id": "whole", "settings": {"image_size": 224}, "started": "2020-01-01"})
    assert protocol.usable_source([record, whole, few]).id == "whole"  # the newest that can be used


def test_bad_settings_end_before_anything_is_measured(tmp_path):
    with pytest.raises(ConfigError, match="multiple of 16"):
        models.bench_models(image_size=100, out=tmp_path / "a.json")
    with pytest.raises(ConfigError, match="as many cells"):
        bench_input(["resnet50"], 32, 128, cells=64, out=tmp_path / "a.json")
    with pytest.raises(ConfigError, match="weights"):
        reference.bench_reference(weights="nowhere.pth", out=tmp_path / "a.json")
    with pytest.raises(ConfigError, match="different seeds must be 2 or more, not 1"):
        reference.bench_reference(seeds=[42, 42], out=tmp_path / "a.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("script", "words", "message"),
    [
        (input, ["--repeats", "1"], "repeats must be 3 or more"),
        (models, ["--model", "resnet51"], "did you mean"),
        (models, ["--batch-size", "0"], "batch size must be 2 or more, not 0"),
        (models, ["--repeats", "0"], "repeats must be 2 or more, not 0"),
        (models, ["--model", "resnet50", "--compile", "vgg16"], "'vgg16', which is not among"),
        (memory, ["--image-size", "40"], "multiple of 16"),
        (reference, ["--seed", "1"], "different seeds must be 2 or more"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_one_sentence(script, words, message, tmp_path, capsys):
    assert script.main([*words, "--json", str(tmp_path / "a.json")]) == 2
    said = capsys.readouterr().err
    assert message in said and said.startswith("error: ") and said.count("\n") == 1, said
    assert not list(tmp_path.iterdir())


def test_a_step_in_bfloat16_is_widened_as_in_training_and_its_traffic_is_not(monkeypatch):
    monkeypatch.setattr("cgrecnet.models.bf16.has_bf16_kernels", lambda: False)
    seen, moved = [], {}
    for precision in ("32", "bf16"):
        with Asked() as asked:
            Steps("resnet50", 32, 2, CPU).run("training", precision, within=(traffic := Traffic()))
        seen.append(asked.types)
        moved[precision] = traffic.bytes["convolution or matrix product"]
    assert seen == [{torch.float32}] * 2, "a product in bfloat16 reached the CPU"
    assert moved["bf16"] < 0.7 * moved["32"]
