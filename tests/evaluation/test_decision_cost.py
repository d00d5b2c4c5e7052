"""Costs of decisions: by hand, as accuracy where all mistakes are alike, and least where they are weighed."""

import numpy as np
import pytest

from cgrecnet.evaluation.thresholds import costs_of_missing, decision_cost


def drawn(n: int = 4000, seed: int = 0):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(3), n)
    labels = (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return np.minimum(labels, 2), probabilities


def test_by_hand():
    probabilities = np.array([[0.7, 0.3], [0.6, 0.4], [0.9, 0.1]])
    # To miss class 1 costs 3: decided for class 1 where 3 p1 > p0, that is p1 > 1/4.
    got = decision_cost([0, 1, 1], probabilities, costs_of_missing(2, 1, 3))
    assert got.decided_most_probable.tolist() == [0, 0, 0] and got.most_probable == pytest.approx((0 + 3 + 3) / 3)
    assert got.decided_least_cost.tolist() == [1, 1, 0] and got.least_cost == pytest.approx((1 + 0 + 3) / 3)


def test_where_all_mistakes_are_alike_the_cost_is_the_share_of_errors():
    labels, probabilities = drawn()
    got = decision_cost(labels, probabilities, costs_of_missing(3, 0, 1))
    error = (probabilities.argmax(axis=1) != labels).mean()
    assert got.most_probable == got.least_cost == pytest.approx(error)


def test_costs_are_of_the_true_class_by_row():
    assert costs_of_missing(3, 2, 10).tolist() == [[0, 1, 1], [1, 0, 1], [10, 10, 0]]


@pytest.mark.parametrize("ratio", [3.0, 10.0])
def test_to_weigh_the_cost_pays_where_probabilities_are_right(ratio):
    labels, probabilities = drawn()
    got = decision_cost(labels, probabilities, costs_of_missing(3, 2, ratio))
    assert got.least_cost < got.most_probable
    missed = [(decided[labels == 2] != 2).mean() for decided in (got.decided_most_probable, got.decided_least_cost)]
    assert missed[1] < missed[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda y, p: decision_cost(y, p, np.ones((2, 2))), "3 x 3"),
        (lambda y, p: decision_cost(y, p, -np.ones((3, 3))), "0 or more"),
        (lambda y, p: decision_cost(y, p, np.full((3, 3), np.inf)), "finite"),
        (lambda y, p: decision_cost(y + 1, p, np.ones((3, 3))), "out of range"),
        (lambda y, p: costs_of_missing(3, 3, 2), "no class 3"),
        (lambda y, p: costs_of_missing(3, 0, 0), "cost ratio"),
    ],
)
def test_unusable_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*drawn(50))
