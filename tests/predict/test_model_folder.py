"""A model folder: what is in it, and that none is used that was changed."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from cgrecnet.errors import RunError
from cgrecnet.predict.build import judging_half
from cgrecnet.predict.card import flag_sentence
from cgrecnet.predict.folder import image_hash, open_folder, write_sums


@pytest.fixture
def copy(model, tmp_path):
    return shutil.copytree(model.path, tmp_path / "copy")


def test_it_opens_elsewhere_as_the_same_model(model, copy):
    again = open_folder(copy)
    assert again.identity == model.identity and again.model == model.model
    names = {file.name for file in copy.iterdir()}
    assert names == {"model.json", "statistics.safetensors", "audit.json", "README.md", "SHA256SUMS",
                     "weights-0.safetensors", "weights-1.safetensors"}  # fmt: skip
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=copy).returncode == 0


@pytest.mark.parametrize("name", ["model.json", "statistics.safetensors", "weights-1.safetensors", "README.md"])
def test_a_folder_that_was_changed_by_hand_is_refused(copy, name):
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(RunError, match=f"{name} is not the file that was written"):
        open_folder(copy)
    (copy / name).unlink()
    with pytest.raises(RunError, match=f"{name} cannot be read"):
        open_folder(copy)


def test_what_is_no_model_folder_is_refused_in_a_sentence(copy, tmp_path):
    with pytest.raises(RunError, match="is no model folder"):
        open_folder(tmp_path / "nowhere")
    with open(copy / "SHA256SUMS", "a") as file:
        file.write(f"{'0' * 64}  ../outside\n")
    with pytest.raises(RunError, match="does not name '../outside' as it should"):
        open_folder(copy)


@pytest.mark.parametrize(
    ("change", "message"), [({"format": 2}, "of format 2"), ({"unlike_limits": {}}, "has no limit for")]
)
def test_another_version_is_refused_even_with_right_hashes(copy, change, message):
    values = json.loads((copy / "model.json").read_text())
    (copy / "model.json").write_text(json.dumps(values | change))
    write_sums(copy)
    with pytest.raises(RunError, match=message):
        open_folder(copy)


def test_exported_files_do_not_change_what_the_model_is(model, copy):
    (copy / "weights-0.onnx").write_bytes(b"onnx")
    write_sums(copy)
    assert open_folder(copy).identity == model.identity


def test_an_existing_folder_is_never_overwritten(model, trained, dataset):
    from cgrecnet.predict.build import make_model

    with pytest.raises(RunError, match="is there already"):
        make_model(*trained[:2], dataset, trained[2], model.path, say=lambda _: None, audited=12)


def test_the_card_says_what_matters(model):
    card = (model.path / "README.md").read_text()
    for words in ("simulated cells", "Temperature", "coverage 0.9", "wrongly", "nothing to say about real"):
        assert words in card
    assert model.model.measured["flagged"]["by"] == "group", "the simulated cells are of four acquisitions"
    assert "set its limits, wrongly, since their acquisitions were trained on" in card
    grouped = model.model.model_copy(update={"split": model.model.split | {"kind": "grouped"}})
    assert "set its limits or was trained on" in flag_sentence(grouped) and "wrongly" not in flag_sentence(grouped)
    old = {"flagged": {name: model.model.measured["flagged"][name] for name in ("n", "any")}}
    old = grouped.model_copy(update={"measured": model.model.measured | old})
    assert "other cells of these set its limits" in flag_sentence(old)


def test_half_of_each_class_judges_where_there_is_one_acquisition_or_each_class_has_its_own():
    labels = np.repeat([0, 1, 2], [1, 7, 20])
    for groups in (np.zeros(28), labels):
        judges, by = judging_half(labels, groups)
        assert by == "cell" and np.bincount(labels[judges], minlength=3).tolist() == [0, 3, 10]


def test_whole_acquisitions_judge_where_each_class_stands_in_both_halves():
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 3, 600), rng.choice(7, 600, p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1])
    judges, by = judging_half(labels, groups)
    assert by == "group" and not set(groups[judges]) & set(groups[~judges])
    for y in range(3):
        assert 0.25 <= judges[labels == y].mean() <= 0.75
    assert abs(judges.mean() - 0.5) < 0.1


def test_image_hashes_tell_pixels_sizes_and_types_apart():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    others = [image.reshape(4, 3), image.astype(np.uint16), image + np.uint8(1)]
    assert len({image_hash(one) for one in (image, image.copy(), *others)}) == 4
    assert image_hash(image[:, ::-1][:, ::-1]) == image_hash(image)
