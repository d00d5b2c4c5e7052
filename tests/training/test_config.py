"""A run's parameters are checked before anything starts, and a mistake is answered in one sentence."""

import re

import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.training.config import RunConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"modell": "x"}, "Unknown parameter 'modell'.*did you mean 'model'"),
        ({"learning_rate": "1e-3x"}, "'learning_rate'.*'1e-3x'.*number"),
        ({"learning_rate": float("nan")}, "'learning_rate'"),
        ({"learning_rate": 0}, "'learning_rate'.*greater than 0"),
        ({"epochs": -1}, "'epochs'.*-1.*greater than or equal to 1"),
        ({"epochs": 2.5}, "'epochs'.*2.5"),
        ({"epochs": True}, "'epochs' in my.yaml is True"),
        ({"epochs": "5"}, "'epochs' in my.yaml is '5'"),
        ({"seed": 2**32}, "'seed'.*less than"),
        ({1: 2}, "Unknown parameter 1"),
        ({"model": "cg_recnett"}, "'model'.*did you mean 'cg_recnet'"),
        ({"preset": "recoverd"}, "'preset'.*did you mean 'recovered'"),
        ({"data": "jurcat"}, "'data'.*did you mean 'jurkat'"),
        ({"model_options": {"skip": True}}, "model option 'skip'"),
        ({"data_options": {"cells": -3}}, "'cytometer' cannot use cells=-3"),
        ({"data_options": {"cell": 3}}, "has no option 'cell'; did you mean 'cells'"),
        ({"data": "jurkat", "data_options": {"channel": 4}}, "labels were made from the DNA stain"),
        ({"task": "cycel"}, "no task 'cycel'"),
        ({"split": "folds", "fold": 5}, "'fold'.*runs from 0 to 4"),
        ({"experiment": "../up"}, "'experiment'"),
        ({"image_size": 8}, "'image_size'"),
    ],
)
def test_a_mistake_is_refused_in_one_sentence(values, message):
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_mapping(values, "my.yaml")
    text = str(caught.value)
    assert re.search(message, text), text
    assert "\n" not in text and len(text) < 400


def test_yaml_text_that_is_a_number_becomes_one():
    assert RunConfig.from_mapping({"learning_rate": "1e-3"}).learning_rate == 1e-3


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValueError):
        RunConfig().epochs = 3


def test_the_defaults_are_the_papers_where_it_gives_them():
    config = RunConfig()
    assert (config.epochs, config.batch_size, config.step_size, config.gamma) == (100, 8, 7, 0.1)
    assert (config.image_size, config.split) == (224, "joint")
