"""A mark that is burnt into one class is found, wherever it stands, and none is found where there is none."""

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.integrity import audit, take
from cgrecnet.data.audit.marks import burnt_in
from cgrecnet.data.base import CellDataset


def cells(mark=None, share=1.0, classes=("a", "b", "c"), each=20, level=255) -> CellDataset:
    rng = np.random.default_rng(0)
    images, labels = [], []
    for label in range(len(classes)):
        for number in range(each):
            image = rng.integers(60, 200, rng.integers(40, 60, 2)).astype(np.uint8)
            if mark and label == 1 and number < share * each:
                image[mark] = level
            images.append(image)
            labels.append(label)
    ids = [f"c{number}" for number in range(len(images))]
    table = pd.DataFrame({"cell_id": ids, "class_name": np.array(classes)[labels], "group": "one"})
    return CellDataset("folder", False, "own", classes, images, np.array(labels), table, (0, 255), "0" * 64, "Made up.")


@pytest.mark.parametrize(
    ("mark", "corner"),
    [
        ((slice(-6, -4), slice(-20, -8)), "bottom right"),
        ((slice(3, 5), slice(2, 14)), "top left"),
        ((slice(-6, -4), slice(4, 12)), "bottom left"),
    ],
)
@pytest.mark.parametrize("level", [0, 255])
def test_a_scale_bar_in_one_class_is_found_from_its_corner(mark, corner, level):
    (found,) = burnt_in(cells(mark, share=0.9, level=level))
    assert (found.kind, found.corner) == ("b", corner) and found.pixels >= 16
    assert found.share == pytest.approx(0.9, abs=0.01)


def test_the_audit_names_it():
    report = audit(cells((slice(-6, -4), slice(-20, -8))), partly=True)
    assert any("pictures of b are lightest or darkest at the same 24 pixels" in words for words in report.findings())
    assert report.to_dict()["marks"][0]["rows"] == (4, 5)


def test_there_is_none_without_one_nor_where_every_class_has_it_nor_in_few_pictures():
    mark = (slice(-6, -4), slice(-20, -8))
    everywhere = cells()
    for image in everywhere.images:
        image[mark] = 255
    for dataset in (cells(), everywhere, cells(mark, share=0.2)):
        assert burnt_in(dataset) == ()


def test_real_cells_have_none():
    assert burnt_in(take(open_dataset("jurkat"), np.arange(0, 7918, 8))) == ()
