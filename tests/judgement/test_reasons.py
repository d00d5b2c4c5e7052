"""Sentences of verdicts: every claim has its own, filled by its rule; other numbers get one pattern for all claims."""

import dataclasses

import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.judgement import reasons
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import ARITHMETIC, judge
from cgrecnet.judgement.reasons import Finding, Sentence, judged, sentences

#: Sentences that are of no claim, or of one that something else than arithmetic decides.
OTHERS = {"otherwise", "open choices", "data", "machinery", "own runs", "C03", "C05", "C06", "C38 cpu", "C38 cuda"}


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


def written(monkeypatch, reason):
    sentence = Sentence(id="C02", found="{fitting} rules", reason=reason)
    monkeypatch.setattr(reasons, "sentences", lambda: {**sentences(), "C02": sentence})


def test_every_rule_has_its_sentence_and_every_sentence_its_rule():
    assert set(sentences()) == OTHERS | set(ARITHMETIC)


def test_the_committed_records_bear_out_every_sentence():
    """A rule that finds its sentence no longer so asks a person to write another."""
    assert [name for name, outcome in judge().items() if "sentence that stood here" in outcome.reason] == []


@pytest.mark.parametrize("name", ARITHMETIC)
def test_every_rule_gives_what_its_sentence_asks_for(name, paper):
    claim = paper.claims[name]
    finding = ARITHMETIC[name](paper, claim)
    assert "{" not in judged(claim, finding).reason
    assert finding.as_written, "the paper as printed bears it out"


def test_a_misspelt_number_is_refused_by_the_name_of_its_claim(monkeypatch, paper):
    finding = ARITHMETIC["C02"](paper, paper.claims["C02"])
    written(monkeypatch, "{fiting} of {tried} rules.")
    with pytest.raises(ConfigError, match="sentence for C02 in .* cannot be filled .'fiting'.; its rule gives"):
        judged(paper.claims["C02"], finding)
    written(monkeypatch, "{failing:.2f} rules.")
    with pytest.raises(ConfigError, match="sentence for C02 in reasons.yaml cannot be filled .Unknown format code"):
        judged(paper.claims["C02"], finding)


def test_a_rule_without_a_sentence_is_refused(monkeypatch, paper):
    monkeypatch.setattr(reasons, "sentences", dict)
    with pytest.raises(ConfigError, match="There is no sentence for C02 in reasons.yaml"):
        judged(paper.claims["C02"], Finding(Verdict.HOLDS))


@pytest.mark.parametrize("name", ["C10", "C24"])
def test_a_sentence_that_is_not_so_gives_way_to_found_printed_tolerance_and_verdict(name, paper):
    claim = paper.claims[name]
    finding = dataclasses.replace(ARITHMETIC[name](paper, claim), as_written=False)
    said = judged(claim, finding)
    assert said.reason.startswith(f"Found {said.value} (printed ") and claim.values[0].printed in said.reason
    assert f"the verdict is “{finding.verdict}”; the sentence" in said.reason and "\n" not in said.reason
    nothing = judged(claim, Finding(finding.verdict, as_written=False))
    assert nothing.value == "none" and nothing.reason.startswith("Found none (printed ")
