"""Traits of drawn pictures whose answers are known."""

import importlib.util
import json
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cgrecnet.data import open_dataset
from cgrecnet.data.traits import (
    FREQUENCIES,
    TRAITS,
    aspect,
    background,
    deviating_area,
    measure,
    spectra,
    spectral_slope,
    spectrum,
    traits,
)

WINDOW = (0.0, 255.0)
REPOSITORY = Path(__file__).parents[2]
RECORD = REPOSITORY / "results" / "zhu-samples" / "traits.json"


def drawn(semi=(10, 10), shape=(48, 60), level=101.0, height=40.0, noise=1.0, angle=0.0, seed=0) -> np.ndarray:
    """An ellipse of one grey level on a noisy ground, rounded to whole grey levels."""
    y, x = np.indices(shape) - (np.array(shape)[:, None, None] - 1) / 2
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside = (u / semi[0]) ** 2 + (v / semi[1]) ** 2 <= 1
    picture = level + height * inside + noise * np.random.default_rng(seed).standard_normal(shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("radius", [5, 8, 12])
@pytest.mark.parametrize("height", [-60, 60])
def test_a_disc_has_its_diameter(radius, height):
    found = traits(drawn((radius, radius), height=height), WINDOW)
    assert found["diameter"] == pytest.approx(2 * radius, abs=0.5)
    assert found["aspect"] > 0.95
    assert found["height"] == 48


def test_a_disc_that_is_twice_as_large_measures_so_whatever_the_gain():
    small, large = (traits(drawn((r, r)), WINDOW)["diameter"] for r in (6, 12))
    assert large - small == pytest.approx(12, abs=0.5)
    noisy = traits(drawn((12, 12), height=80, noise=2.0), WINDOW)["diameter"]
    assert noisy == pytest.approx(large, abs=0.5)


@pytest.mark.parametrize("angle", [0, 0.5, np.pi / 2])
def test_the_aspect_of_an_ellipse_is_found_in_every_direction(angle):
    y, x = np.indices((64, 64)) - 31.5
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    assert aspect((u / 20) ** 2 + (v / 10) ** 2 <= 1) == pytest.approx(0.5, abs=0.01)
    assert traits(drawn((20, 10), (64, 64), angle=angle), WINDOW)["aspect"] == pytest.approx(0.5, abs=0.03)


def test_a_ring_is_filled_and_a_smaller_particle_left_out():
    y, x = np.indices((48, 60)) - np.array([23.5, 20])[:, None, None]
    distance = np.hypot(x, y)
    picture = 101.0 + 50 * ((distance > 8) & (distance < 10)) + np.random.default_rng(0).standard_normal((48, 60))
    picture[20:23, 50:53] += 50
    mask = deviating_area(picture)
    assert mask[distance < 8].all() and not mask[:, 45:].any()


def test_background_and_noise_are_those_of_the_border_even_where_one_side_is_touched():
    picture = drawn(noise=3.0).astype(float)
    assert background(picture) == pytest.approx((101, 3.0), rel=0.1)
    picture[10:30, :2] = 250
    assert background(picture) == pytest.approx((101, 3.0), rel=0.1)
    found = traits(drawn(noise=3.0), (50.0, 250.0))
    assert found["background"] == pytest.approx(51 / 200, abs=0.005)
    assert found["noise"] == pytest.approx(3 / 200, rel=0.1)


def test_contrast_is_the_root_mean_square_deviation_and_the_gain_drops_out_of_its_ratio_to_noise():
    picture = drawn((12, 12), height=50, noise=1.0)
    found = traits(picture, WINDOW)
    inside = deviating_area(picture)
    filled = np.sqrt(np.mean((picture[inside].astype(float) - 101) ** 2)) / 255
    assert found["contrast"] == pytest.approx(filled, rel=0.01)
    assert 0.75 * 50 / 255 < found["contrast"] < 50 / 255
    stronger = traits((picture.astype(np.uint16) - 90) * 100, (0.0, 65535.0))
    assert stronger["signal_to_noise"] == pytest.approx(found["signal_to_noise"], rel=1e-6)


def test_nothing_deviates_in_pure_noise():
    for seed in range(20):
        found = traits(drawn(height=0, noise=2.0, seed=seed), WINDOW)
        assert found["diameter"] == found["contrast"] == 0 and np.isnan(found["aspect"])
    flat = traits(np.full((40, 40), 7, np.uint8), WINDOW)
    assert flat["noise"] == flat["slope"] == flat["signal_to_noise"] == 0


@pytest.mark.parametrize("power", [0.0, 2.0, 4.0])
def test_the_slope_of_a_spectrum_that_falls_with_a_known_power(power):
    rng = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    frequency[0, 0] = np.inf
    found = []
    for _ in range(30):
        white = np.fft.fft2(rng.standard_normal((64, 64)))
        found.append(spectral_slope(np.fft.ifft2(white * frequency ** (-power / 2)).real))
    assert np.mean(found) == pytest.approx(-power, abs=0.2)


@pytest.mark.parametrize("shape", [(48, 60), (40, 40), (64, 64)])
def test_noise_alone_has_the_power_one_at_every_frequency_whatever_its_strength(shape):
    rng = np.random.default_rng(0)
    found = np.mean([spectrum(level * rng.standard_normal(shape)) for level in np.geomspace(1, 20, 200)], axis=0)
    assert np.allclose(found, 1, atol=0.25)


def test_a_wave_has_its_power_at_its_own_frequency():
    wave = 100 + 5 * np.sin(2 * np.pi * FREQUENCIES[5] * np.arange(64))[None, :] * np.hanning(64)[:, None]
    assert np.argmax(spectrum(wave)) == 5


def test_a_sharper_picture_has_the_flatter_spectrum():
    rng = np.random.default_rng(0)
    from scipy.ndimage import gaussian_filter

    fine = rng.standard_normal((48, 60))
    assert spectral_slope(gaussian_filter(fine, 2)) < spectral_slope(gaussian_filter(fine, 1)) < spectral_slope(fine)


def test_a_data_set_is_measured_cell_by_cell():
    cells = open_dataset("cytometer", options={"cells": 40, "seed": 5, "debris": 0})
    rows = measure(cells, [3, 1])
    assert list(rows.columns) == ["class_name", *TRAITS]
    assert rows.iloc[0].drop("class_name").to_dict() == traits(cells.images[3], cells.window)
    assert np.array_equal(spectra(cells, [3])[0], spectrum(cells.images[3]))
    assert rows["class_name"].tolist() == cells.table["class_name"].iloc[[3, 1]].tolist()
    assert np.isfinite(measure(cells)[list(TRAITS)].to_numpy()).all()


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="at least 16 x 16 pixels, not 15 x 40"):
        traits(np.zeros((15, 40)), WINDOW)


def test_the_record_of_the_samples_was_measured_by_the_code_that_is_here():
    from cgrecnet.data import traits as module

    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert record["code"] == sha256(Path(module.__file__).read_bytes()).hexdigest()
    assert len(record["cells"]) == 15 and all(set(cell["traits"]) == set(TRAITS) for cell in record["cells"])


def test_the_record_of_the_samples_is_what_the_samples_give(real_data):
    from cgrecnet.data.images.reading import Reader

    folder = real_data / "zhu-samples"
    if not folder.is_dir():
        pytest.skip("CGRECNET_DATA has no zhu-samples")
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for cell in record["cells"]:
        assert sha256((folder / cell["file"]).read_bytes()).hexdigest() == cell["sha256"]
        image = Reader().read(folder, cell["file"])
        assert traits(image, tuple(record["window"])) == pytest.approx(cell["traits"], rel=1e-9)
        assert np.allclose(spectrum(image), cell["spectrum"], equal_nan=True)
    assert record["frequencies"] == pytest.approx(list(FREQUENCIES))


@pytest.fixture(scope="module")
def benchmark():
    """The script `benchmarks/zhu_samples.py` as a module."""
    spec = importlib.util.spec_from_file_location("zhu_samples", REPOSITORY / "benchmarks" / "zhu_samples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_measures_a_folder_and_names_every_file_with_its_hash(benchmark, tmp_path, monkeypatch, capsys):
    for seed, name in enumerate(("a_1d1_1_Ch1.ome.png", "n_1d1_2_Ch1.ome.png", "o_2d1_3_Ch1.ome.png")):
        Image.fromarray(drawn(seed=seed)).save(tmp_path / name)
    target = tmp_path / "record" / "traits.json"
    monkeypatch.setattr("sys.argv", ["zhu_samples.py", str(tmp_path), "--json", str(target)])
    assert benchmark.main() == 0 and "3 cells measured" in capsys.readouterr().out
    record = json.loads(target.read_text(encoding="utf-8"))
    assert [cell["kind"] for cell in record["cells"]] == ["astrocyte", "neuron", "oligodendrocyte"]
    for seed, cell in enumerate(record["cells"]):
        assert cell["traits"] == traits(drawn(seed=seed), WINDOW)
        assert cell["sha256"] == sha256((tmp_path / cell["file"]).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.txt", b"x", "holds no crop of the paper's data: name the folder that does"),
        ("cell.png", b"x", "cell.png in"),
        ("a_1d1_1_Ch1.ome.png", b"x", "a_1d1_1_Ch1.ome.png in .* cannot be measured .*: remove it"),
    ],
)
def test_the_script_refuses_what_is_no_crop_and_writes_nothing(
    benchmark, tmp_path, monkeypatch, capsys, name, content, message
):
    (tmp_path / "cells").mkdir()
    if name == "cell.png":
        Image.fromarray(drawn()).save(tmp_path / "cells" / "a_1d1_1_Ch1.ome.png")
    (tmp_path / "cells" / name).write_bytes(content)
    monkeypatch.setattr("sys.argv", ["x", str(tmp_path / "cells"), "--json", str(tmp_path / "traits.json")])
    assert benchmark.main() == 2
    output = capsys.readouterr().err
    assert re.search(message, output) and output.count("\n") == 1
    assert not (tmp_path / "traits.json").exists()
