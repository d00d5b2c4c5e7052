"""The pictures of feature maps show the right numbers."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from cgrecnet.figures.example import example_cells, example_images, grey, stage2_map
from cgrecnet.figures.maps import cosine, draw_channels, draw_relations, draw_tokens
from cgrecnet.models import create_model


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def feature_map():
    return np.random.default_rng(0).random((6, 3, 4))


def test_cosine_of_known_vectors():
    rows = np.array([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [0.0, 0.0]])
    assert np.allclose(cosine(rows, np.array([5.0, 0.0])), [1, 0, -1, 0])


def test_the_matrix_of_tokens_has_positions_in_rows(feature_map):
    left, right = draw_tokens(feature_map, channel=2, position=(1, 3)).axes
    matrix = right.images[0].get_array()
    assert matrix.shape == (12, 6)
    assert np.allclose(matrix[1 * 4 + 3], feature_map[:, 1, 3])
    assert np.allclose(left.images[0].get_array(), feature_map[2])
    assert right.lines[0].get_ydata()[0] == 7


def test_each_channel_has_a_panel(feature_map):
    figure = draw_channels(np.zeros((24, 32)), feature_map, [0, 3, 5, 1])
    assert [axes.get_title() for axes in figure.axes[1:]] == [f"channel {c}" for c in (0, 3, 5, 1)]
    assert np.allclose(figure.axes[2].images[0].get_array(), feature_map[3])


def test_a_token_is_like_itself_and_a_channel_too(feature_map):
    figure = draw_relations(np.zeros((24, 32)), feature_map, (2, 1))
    assert np.isclose(figure.axes[1].images[0].get_array()[2, 1], 1)
    channels = figure.axes[2].images[0].get_array()
    assert channels.shape == (6, 6) and np.allclose(np.diag(channels), 1)
    assert np.allclose(channels, np.corrcoef(feature_map.reshape(6, -1)))


def test_the_example_cells_are_real_ones():
    dataset, indices = example_cells(per_class=2)
    assert not dataset.simulated and len(indices) == 6
    images = example_images(dataset, indices[:2], size=64)
    assert images.shape == (2, 3, 64, 64)
    picture = grey(images[0])
    assert 0 <= picture.min() < picture.max() <= 1


def test_the_map_is_what_the_network_itself_makes_behind_layer2():
    network = create_model("resnet50").eval()
    seen = []
    network.layer2.register_forward_hook(lambda _, __, output: seen.append(output.detach()))
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        network(images)
    assert torch.equal(stage2_map(network, images), seen[0])
