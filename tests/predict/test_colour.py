"""From class folders of colour pictures under a stranger's names to predictions of new ones, all by the command."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cgrecnet.cli import main


def pictures(root, names, count, seed):
    """Noise on a ground of one colour for each class, 8 bit, sizes differ."""
    rng = np.random.default_rng(seed)
    for k, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for i in range(count):
            image = rng.integers(60, 120, (rng.integers(36, 44), 40, 3))
            image[..., k % 3] += 40 * (1 + k // 3)
            Image.fromarray(image.astype(np.uint8)).save(root / name / f"{i:03d}.png")


@pytest.mark.slow
def test_four_classes_in_colour(tmp_path, capsys):
    names = ["red & > 1", "green, leaf", "blue=sea", "bright red"]
    pictures(tmp_path / "train", names, 40, 0)
    pictures(tmp_path / "new", names, 3, 1)
    places = [f"--{name}={tmp_path / name}" for name in ("results", "work")]
    run = ["model=mobilenet_v2", "data=folder", f"root={tmp_path / 'train'}", "image_size=32", "epochs=2"]
    assert main(["train", *run, "--model-folder", str(tmp_path / "m"), "--ensemble", "2", *places]) == 0
    model = json.loads((tmp_path / "m" / "model.json").read_text())
    assert model["channels"] == 3 and sorted(model["classes"]) == sorted(names) and len(model["members"]) == 2
    assert str(tmp_path) not in (tmp_path / "m" / "model.json").read_text()
    out = ["--out", str(tmp_path / "p.csv"), "--report", str(tmp_path / "r.html"), "--engine", "torch"]
    assert main(["predict", str(tmp_path / "m"), str(tmp_path / "new"), *out]) == 0
    table = pd.read_csv(tmp_path / "p.csv", keep_default_na=False)
    assert len(table) == 12 and (table["seen"] == "").all() and set(table["class"]) <= set(names)
    assert "red &amp; &gt; 1" in (tmp_path / "r.html").read_text()
