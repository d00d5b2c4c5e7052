"""The audit finds what was planted and stays silent where nothing was."""

from dataclasses import replace

import numpy as np
import pytest

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.duplicates import Pair, find_duplicates
from cgrecnet.data.audit.integrity import audit, leaks, probe_shortcuts, take
from cgrecnet.data.audit.probes import difference_by_groups, score_by_cells, score_by_groups, standardise
from cgrecnet.data.splits import Split, grouped_split, joint_split
from cgrecnet.errors import DataError

CHANCE = 1 / 3


def cells(confounding, count=800, seed=7):
    options = {"cells": count, "seed": seed, "runs": 12, "confounding": confounding}
    return open_dataset("cytometer", options=options)


@pytest.fixture(scope="module")
def clean():
    return cells(0.0)


@pytest.fixture(scope="module")
def clean_report(clean):
    return audit(clean, joint_split(clean.labels, 42))


@pytest.fixture(scope="module")
def tied_report():
    return audit(cells(1.0))


def test_silent_where_nothing_was_planted(clean_report):
    border = clean_report.probe("border")
    assert border.low <= CHANCE <= border.high
    assert clean_report.copies == ()
    assert clean_report.association < 0.2
    assert clean_report.whole_standardised.gap < 0.06


@pytest.mark.slow
def test_silent_on_shuffled_labels(clean):
    """95 % intervals miss now and then: of 20 at most three may, and at most two on the upper side."""
    part = take(clean, np.arange(300))
    rng = np.random.default_rng(0)
    scores = []
    for seed in range(20):
        part.labels[:] = rng.permutation(part.labels)
        scores.append(probe_shortcuts(part, seed, sees=("size",))[0].score)
    assert sum(not score.low <= CHANCE <= score.high for score in scores) <= 3
    assert sum(score.exceeds(CHANCE) for score in scores) <= 2


def test_finds_the_planted_shortcut(tied_report):
    assert tied_report.probe("border").low > 0.9
    assert tied_report.probe("histogram").low > 0.9
    assert tied_report.association > 0.99


def test_the_verdict_is_on_the_border_only(tied_report, clean_report):
    assert str(tied_report).count("look for a shortcut") == 1
    assert "look for a shortcut" not in str(clean_report) and "which the cell may explain" in str(clean_report)


def test_a_folder_given_as_the_paper_s_is_not_called_real(clean_report):
    """Nothing tells the paper's images from others, so the report says what they were given as; and in short lines."""
    given = replace(clean_report, name="zhu", simulated=False)
    assert str(given).startswith("zhu: cells as given (taken to be the paper's), task kind\n")
    assert "real" not in str(given)
    pair = Pair(0, 1, True, 1.0)
    report = replace(given, copies=(pair,), conflicts=1, association=1.0, why_partly=f"class {'a' * 60} is too small")
    lines = f"{report}\n{report.conclusion()}".splitlines()
    assert max(map(len, lines)) <= 72 and lines[-1].startswith("    ")
    assert " ".join(" ".join(lines).split()).endswith([*report.findings(), *report.remarks()][-1])


def test_finds_the_planted_optimism(tied_report, clean_report):
    """Standardising takes most of the planted shortcut away, so what is left of the gap need not be beyond doubt."""
    whole = tied_report.whole
    assert whole.low > 0 and whole.random.low > whole.grouped.balanced
    assert whole.gap > clean_report.whole.gap + 0.2
    assert tied_report.whole_standardised.gap > clean_report.whole_standardised.gap + 0.03
    for whole in (tied_report.whole, tied_report.whole_standardised):
        assert whole.gap == pytest.approx(whole.random.balanced - whole.grouped.balanced)


@pytest.mark.slow
def test_same_seed_same_report(clean):
    small = take(clean, np.arange(120))
    assert audit(small, seed=3) == audit(small, seed=3)
    assert audit(small, seed=3).probes != audit(small, seed=4).probes


def test_the_report_can_be_read_and_shown(clean_report):
    text = str(clean_report)
    assert text.startswith("cytometer: simulated cells, task kind\n800 cells, 12 group(s); Cramer's V of class and ")
    assert "astrocyte\n  run-0 " in text and max(map(len, text.splitlines())) <= 72
    assert "border only" in text and "not above chance" in text and "optimism gap" in text
    assert "test cells whose group was in training: 120 of 120" in text
    assert clean_report.majority == max(clean_report.counts.values()) / 800
    with pytest.raises(KeyError):
        clean_report.probe("smell")


ALTERATIONS = {
    "dimmer": lambda image: image * 0.85 + 12,
    "mirrored": lambda image: image[:, ::-1],
    "shifted": lambda image: np.roll(image, (2, -1), axis=(0, 1)),
    "all at once": lambda image: np.roll(image, 1, axis=1)[::-1] * 1.1 - 5,
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_near_copies_are_found_and_nothing_else(clean, name):
    originals = list(clean.images[:300])
    altered = [ALTERATIONS[name](image.astype(float)) for image in originals[:40]]
    planted = [np.clip(np.rint(image), 0, 255).astype(np.uint8) for image in altered]
    found = {(pair.first, pair.second) for pair in find_duplicates(originals + planted)}
    true = {(index, 300 + index) for index in range(40)}
    assert len(found & true) >= 39  # of 40
    assert len(found - true) <= 1


def test_exact_copies_are_all_found(clean):
    images = [*clean.images[:200], *clean.images[:10], clean.images[3]]
    pairs = find_duplicates(images)
    assert [(pair.first, pair.second) for pair in pairs if pair.exact] == sorted(
        [(index, 200 + index) for index in range(10)] + [(3, 210)]
    )
    assert not [pair for pair in pairs if not pair.exact]


def test_another_photograph_of_the_noise_is_no_copy(clean):
    """The stated limit: independent noise of the same strength hides a copy."""
    rng = np.random.default_rng(0)
    image = clean.images[0]
    other = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    assert find_duplicates([image, other, *clean.images[1:20]]) == []


def test_flat_and_tiny_pictures_do_no_harm():
    flat = [np.full((40, 40), level, np.uint8) for level in (10, 20)]
    noise = np.random.default_rng(0).integers(0, 255, (2, 5, 6)).astype(np.uint8)
    assert find_duplicates([*flat, *noise]) == []
    assert len(find_duplicates([flat[0], flat[0]])) == 1
    assert find_duplicates([]) == []
    assert np.isfinite(standardise(flat[0])).all()


def test_copies_across_parts_are_counted(clean):
    twice = take(clean, np.array([*range(30), 0, 1, 2]))
    split = Split(np.arange(30), np.array([30]), np.array([31, 32]))
    found = leaks(split, find_duplicates(twice.images), twice.table["group"].to_numpy())
    assert found.exact_across == {"train-validation": 1, "train-test": 2, "validation-test": 0}
    assert sum(found.near_across.values()) == 0
    assert found.test_cells_of_trained_groups == 2


def test_a_grouped_split_shares_no_group(clean):
    split = grouped_split(clean.labels, clean.table["group"].to_numpy(), 42)
    assert leaks(split, [], clean.table["group"].to_numpy()).test_cells_of_trained_groups == 0


@pytest.mark.slow
def test_conflicting_labels_are_counted(clean):
    index = np.array([*range(120), 0])
    twice = take(clean, index)
    labels = twice.labels.copy()
    labels[-1] = (labels[0] + 1) % 3
    twice.labels[:] = labels
    report = audit(twice)
    assert (report.exact_copies, report.conflicts) == (1, 1)


def test_intervals_cover_and_widen_with_groups():
    rng = np.random.default_rng(0)
    labels, groups = np.tile([0, 1], 500), np.repeat(np.arange(10), 100)
    right = rng.random(1000) < np.repeat(rng.uniform(0.4, 1.0, 10), 100)
    by_cells, by_groups = score_by_cells(right, labels, rng), score_by_groups(right, labels, groups, rng)
    assert by_cells.balanced == by_groups.balanced == pytest.approx(
        np.mean([right[labels == label].mean() for label in (0, 1)])
    )
    assert by_groups.high - by_groups.low > 2 * (by_cells.high - by_cells.low)
    assert difference_by_groups(right, right, labels, groups, rng) == (0.0, 0.0, 0.0)


def test_too_few_classes_or_cells(clean):
    one = np.flatnonzero(clean.labels == 0)
    with pytest.raises(DataError, match="two classes or more, and data set 'cytometer' has 1"):
        audit(take(clean, one))
    few = np.concatenate([one, np.flatnonzero(clean.labels == 1)[:3]])
    with pytest.raises(DataError, match=r"Class oligodendrocyte has only 3 cell\(s\), too few for an audit"):
        audit(take(clean, few))
    with pytest.raises(DataError, match="names cells beyond the 800 of data set 'cytometer'"):
        audit(clean, Split(np.array([800]), np.array([1]), np.array([2])))


def test_where_groups_forbid_the_grouped_test_the_report_says_so():
    report = audit(open_dataset("cytometer", options={"cells": 200, "seed": 1, "runs": 3, "confounding": 1.0}))
    assert report.whole.grouped is None and report.whole.gap is None
    assert "lives in one group only (run-" in report.whole.why and "Class astrocyte" in str(report)


@pytest.mark.slow
def test_jurkat():
    """Measured ranges, not truths: see the chapter on splits for what they mean."""
    jurkat = open_dataset("jurkat")
    pairs = find_duplicates(jurkat.images)
    assert sum(pair.exact for pair in pairs) == 0  # the reader drops the one exact copy
    assert [jurkat.table["cell_id"][[p.first, p.second]].tolist() for p in pairs] == [
        ["e1-Metaphase-CP0001-r02-c02", "e1-Metaphase-CP0001-r08-c02"],
        ["e1-Telophase-CP0001-r25-c00", "e1-Telophase-CP0001-r27-c00"],
        ["e2-G1-CP0002-r23-c06", "e2-G1-CP0002-r27-c06"],
    ]
    part = take(jurkat, np.random.default_rng(0).choice(len(jurkat), 1500, replace=False))
    found = probe_shortcuts(part, sees=("border", "size"))
    probes = {(probe.sees, probe.standardised): probe.score for probe in found}
    assert 0.42 < probes["border", False].balanced < 0.58 and probes["border", False].exceeds(CHANCE)
    assert abs(probes["size", False].balanced - CHANCE) < 0.01  # every picture is 40 by 40
    with pytest.raises(DataError, match=r"Class 1 lives in one group only \(experiment-1\)"):
        grouped_split(jurkat.labels, jurkat.table["group"].to_numpy(), 42)
