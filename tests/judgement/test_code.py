"""Outcomes that come from running the code, and that they change when the code does not do what is claimed."""

import torch

from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.judgement import code
from cgrecnet.judgement.claims import verdicts
from cgrecnet.models.fusion import LinAngularAttention
from cgrecnet.paper.claims import load_claims


def test_outcomes_enter_the_table():
    found = code.code_outcomes()
    assert set(found) == {"C03", "C05", "C06"}
    table = verdicts(measured=found)
    assert all(table[name].verdict is Verdict.HOLDS for name in found)


def test_a_quadratic_attention_is_found_out(monkeypatch):
    monkeypatch.setattr(LinAngularAttention, "attend", lambda self, q, k, v: code._softmax(q, k, v))
    outcome = code.linear_in_tokens(load_claims()["C05"], torch.Generator().manual_seed(0))
    assert outcome.verdict is not Verdict.HOLDS


def test_another_crop_is_found_out(monkeypatch):
    wrong = code.eval_transform(192)
    monkeypatch.setattr(code, "eval_transform", lambda: wrong)
    outcome = code.evaluation_transform(load_claims()["C03"], torch.Generator().manual_seed(0))
    assert outcome.verdict is not Verdict.HOLDS


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    code.code_outcomes()
    assert torch.equal(torch.get_rng_state(), before)
