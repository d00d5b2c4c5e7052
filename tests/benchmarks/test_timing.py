"""Timings: sides in turn, ratios pair by pair; limits, traffic and operations that can be counted by hand."""

import numpy as np
import pytest
import timing
import torch
from limits import best_of, measure_limits
from measuring import CPU, check_counts, check_models, check_size
from torch import nn

from cgrecnet.bench.record import Limits
from cgrecnet.bench.traffic import OTHER, Traffic
from cgrecnet.errors import ConfigError


def test_quartiles_are_numpys():
    found = timing.quartiles([4.0, 1.0, 3.0, 2.0])
    assert (found.lower, found.median, found.upper, found.n) == (1.75, 2.5, 3.25, 4)


def test_sides_run_in_turn_and_turn_round():
    calls = []
    taken = timing.in_turn({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3, CPU)
    assert "".join(calls) == "abbaab"
    assert {name: len(spent) for name, spent in taken.items()} == {"a": 3, "b": 3}


def test_a_slower_side_takes_longer(monkeypatch):
    clock = iter(np.arange(0, 100, 0.5))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    assert timing.seconds(lambda: next(clock), CPU) == 1.0


def test_the_ratio_is_taken_pair_by_pair():
    found = timing.ratio([1.0, 10.0, 3.0], [1.0, 5.0, 1.0])
    assert found.median == 2.0  # the quotient of the medians would be 3


def test_the_load_of_the_machine_is_a_share():
    load = timing.machine_load(pause=0.05)
    assert load.busy is None or 0 <= load.busy <= 1


def test_limits_are_positive_and_name_both_precisions():
    found = measure_limits(CPU, repeats=1, sides=(16, 32), batch=1, numbers=1024)
    assert set(found.flops_per_second) == {"32", "bf16"}
    assert min(*found.flops_per_second.values(), found.bytes_per_second) > 0


def test_the_best_of_several_limits_is_taken_each_on_its_own():
    one = Limits(flops_per_second={"32": 1.0, "bf16": 5.0}, bytes_per_second=3.0)
    two = Limits(flops_per_second={"32": 2.0, "bf16": 4.0}, bytes_per_second=2.0)
    assert best_of([one, two]) == Limits(flops_per_second={"32": 2.0, "bf16": 5.0}, bytes_per_second=3.0)


def test_traffic_counts_inputs_and_outputs_and_skips_views():
    x, y = torch.ones(4, 8), torch.ones(4, 8)
    with Traffic() as traffic:
        (x + y).reshape(8, 4).t()
    assert dict(traffic.bytes) == {OTHER: 3 * 4 * 8 * 4}


def test_traffic_tells_products_from_depthwise_convolutions():
    dense, depthwise = nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 4, 1, bias=False, groups=4)
    x = torch.ones(1, 4, 5, 5)
    with torch.no_grad(), Traffic() as traffic:
        dense(x), depthwise(x)
    image = 4 * 25 * 4
    assert traffic.bytes["convolution or matrix product"] == 2 * image + 16 * 4
    assert traffic.bytes["depthwise or grouped convolution"] == 2 * image + 4 * 4


def test_traffic_sees_the_backward_pass_and_half_as_much_in_half_the_precision():
    counts = []
    for dtype in (torch.float32, torch.bfloat16):
        w = torch.ones(8, 8, dtype=dtype, requires_grad=True)
        with Traffic() as traffic:
            (torch.ones(8, 8, dtype=dtype) @ w).square().sum().backward()
        counts.append(traffic.bytes["convolution or matrix product"])
    assert counts[0] == 2 * 3 * 64 * 4 and counts[1] == counts[0] / 2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: check_models(["resnet51"]),
        lambda: check_counts(repeats=(1, 2)),
        lambda: check_counts(batch_size=(2.5, 2)),
        lambda: check_size(40),
        lambda: check_size(16),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(wrong):
    with pytest.raises(ConfigError) as caught:
        wrong()
    assert "\n" not in str(caught.value)


def test_no_names_are_all_nine():
    assert len(check_models([])) == 9 and check_models(["vgg16", "vgg16"]) == ["vgg16"]
