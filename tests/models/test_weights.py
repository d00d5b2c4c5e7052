"""Weights are taken whole or refused in one sentence, and the model says what it carries."""

import hashlib
import re

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from cgrecnet.errors import ConfigError
from cgrecnet.models import create_model
from cgrecnet.models.weights import adapt_input, download, load_into, read_state_dict


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(11)
    return torchvision.models.resnet50().state_dict()


@pytest.fixture(scope="module")
def file(state, tmp_path_factory):
    """A half-precision file without counters, as a Keras export is."""
    path = tmp_path_factory.mktemp("weights") / "resnet50.safetensors"
    kept = {k: v.half() if v.dim() == 4 else v for k, v in state.items() if "num_batches" not in k}
    save_file(kept, path, metadata={"source": "made by a test"})
    return path


@pytest.mark.parametrize("name", ["resnet50", "rescmnet", "resgdnet", "cg_recnet"])
def test_the_backbone_is_filled_and_the_rest_is_fresh(name, file, state):
    model = create_model(name, weights=file)
    own = model.state_dict()
    info = model.weights_info
    for key in info["loaded"]:
        torch.testing.assert_close(own[key].float(), state[key].float(), rtol=1e-3, atol=1e-5)
    assert own["conv1.weight"].dtype == torch.float32
    assert info["source"] == "resnet50.safetensors" and info["note"] == "made by a test"
    assert info["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert set(info["loaded"]) | set(info["fresh"]) == {key for key in own if "num_batches" not in key}
    assert not set(info["loaded"]) & set(info["fresh"])
    # The 1000-way layer goes along where the head keeps it.
    assert ("fc.weight" in info["loaded"]) == (name != "resnet50")
    backbone = {k for k in own if k.startswith(("conv1", "bn1", "layer")) and "num_batches" not in k}
    assert backbone <= set(info["loaded"])


def test_pth_files_load_too_and_a_direct_head_starts_fresh(state, tmp_path):
    torch.save(state, tmp_path / "r.pth")
    model = create_model("cg_recnet", "clean", weights=tmp_path / "r.pth")
    assert torch.equal(model.layer4[2].conv3.weight, state["layer4.2.conv3.weight"])
    assert "fc.weight" in model.weights_info["fresh"] and model.fc.out_features == 3


@pytest.mark.parametrize("channels", [1, 4])
def test_one_grey_channel_answers_as_its_copy_in_three(file, channels):
    rgb = create_model("resnet50", weights=file).eval()
    other = create_model("resnet50", weights=file, in_channels=channels).eval()
    grey = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        a, b = (m.conv1(grey.expand(-1, n, -1, -1)) for m, n in ((rgb, 3), (other, channels)))
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert adapt_input(rgb.conv1.weight, 3) is rgb.conv1.weight


def test_a_comparator_takes_its_own_file_only(file, tmp_path):
    own = torchvision.models.mobilenet_v2().state_dict()
    torch.save(own, tmp_path / "m.pth")
    model = create_model("mobilenet_v2", weights=tmp_path / "m.pth", in_channels=1)
    assert model.weights_info["fresh"] == ["classifier.1.weight", "classifier.1.bias"]
    with pytest.raises(ConfigError, match="do not fit a MobileNetV2"):
        create_model("mobilenet_v2", weights=file)


def test_the_old_names_in_torchvisions_densenet_and_vit_files_are_understood(tmp_path):
    state = torchvision.models.densenet121().state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): v for key, v in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "d.pth")
    model = create_model("densenet121", weights=tmp_path / "d.pth")
    assert model.weights_info["fresh"] == ["classifier.weight", "classifier.bias"]
    conv = "features.denseblock4.denselayer16.conv2.weight"
    assert torch.equal(model.state_dict()[conv], state[conv])
    with torch.device("meta"):
        vit = torchvision.models.vit_b_16().state_dict()
    old = {k.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): v for k, v in vit.items()}
    assert "encoder.layers.encoder_layer_0.mlp.linear_2.bias" in old
    with torch.device("meta"):
        own = create_model("vit_b_16")
        filled = load_into(own, old, "old", "conv_proj.weight", ("heads.head.weight", "heads.head.bias"))
    assert filled["fresh"] == ["heads.head.weight", "heads.head.bias"]


def write(tmp_path, state, name="bad.safetensors"):
    save_file({k: v.contiguous().clone() for k, v in state.items()}, tmp_path / name)
    return tmp_path / name


def refuse(path, words):
    with pytest.raises(ConfigError, match=words) as caught:
        create_model("cg_recnet", weights=path)
    assert "\n" not in str(caught.value)


def test_wrong_files_are_refused_in_one_sentence(file, state, tmp_path):
    data = file.read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(data[: len(data) // 2])
    refuse(tmp_path / "cut.safetensors", "cut.safetensors cannot be read .*truncated")
    torch.save({"a": torch.zeros(99)}, tmp_path / "whole.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:-200])
    refuse(tmp_path / "cut.pth", "cut.pth cannot be read .*truncated")
    refuse(tmp_path / "none.pth", "none.pth does not exist: give the path")
    (tmp_path / "w.h5").write_bytes(b"x")
    refuse(tmp_path / "w.h5", "must end in .safetensors")
    torch.save([1, 2], tmp_path / "list.pth")
    refuse(tmp_path / "list.pth", "plain state dict")
    torch.save({"epoch": 3}, tmp_path / "checkpoint.pth")
    refuse(tmp_path / "checkpoint.pth", "plain state dict")
    refuse(write(tmp_path, torchvision.models.resnet18().state_dict()), "another architecture or incomplete")
    refuse(write(tmp_path, {**state, "layer1.0.conv1.weight": torch.zeros(64, 64, 3, 3)}), "another shape at 'layer1")
    refuse(write(tmp_path, {**state, "conv1.weight": torch.zeros(64, 5, 7, 7)}), "another shape at 'conv1")
    refuse(write(tmp_path, {k: v for k, v in state.items() if k != "bn1.bias"}), "1 missing, such as 'bn1.bias'")


class Harm:
    """Unpickling this would run code."""

    def __reduce__(self):
        return (print, ("code ran",))


def test_a_pickle_that_would_run_code_is_refused(tmp_path, capsys):
    torch.save({"conv1.weight": Harm()}, tmp_path / "harm.pth")
    refuse(tmp_path / "harm.pth", "holds more than tensors")
    assert "code ran" not in capsys.readouterr().out


def test_a_download_is_whole_or_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("CGRECNET_CACHE", str(tmp_path / "cache"))
    good = tmp_path / "good.pth"
    torch.save({"a": torch.arange(3)}, good)
    prefix = hashlib.sha256(good.read_bytes()).hexdigest()[:8]
    served = tmp_path / f"net-{prefix}.pth"
    served.write_bytes(good.read_bytes()[:-9])
    with pytest.raises(ConfigError, match="could not be downloaded .* weights=PATH or weights=None"):
        download(served.as_uri())
    assert list((tmp_path / "cache").rglob("*.pth*")) == []
    served.write_bytes(good.read_bytes())
    path = download(served.as_uri())
    assert path.read_bytes() == good.read_bytes()
    # A damaged copy in the cache is seen and fetched anew; a good one is taken without asking again.
    path.write_bytes(b"half")
    assert read_state_dict(download(served.as_uri()))[0]["a"].tolist() == [0, 1, 2]
    served.unlink()
    assert download(served.as_uri()) == path


def test_no_imagenet_weights_where_there_are_none():
    with pytest.raises(ConfigError, match="no ImageNet weights for zhu_xception"):
        create_model("zhu_xception", weights="imagenet")
    with pytest.raises(ConfigError, match="224 pixels, not 64"):
        create_model("vit_b_16", weights="imagenet", image_size=64)
