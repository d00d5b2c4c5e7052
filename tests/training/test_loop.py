"""The training loop: it learns, it decays its rate, it resumes bit for bit, it stops at a NaN."""

import json
import signal

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.errors import RunError
from cgrecnet.models import create_model
from cgrecnet.paths import REPOSITORY
from cgrecnet.training import loop
from cgrecnet.training.checkpoint import before, load_checkpoint, save_checkpoint
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import class_weights, fit, predict
from cgrecnet.training.parts import epoch_batches
from cgrecnet.training.progress import Progress, epoch_line

CLASSES = ("dark", "bright")
FABRIC = Fabric(accelerator="cpu", devices=1)


@pytest.fixture(scope="module")
def cells() -> CellDataset:
    """Forty squares, dark or bright: a task that a tiny network learns in seconds."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = [(rng.normal(90 + 80 * label, 10, (40, 40))).clip(0, 255).astype(np.uint8) for label in labels]
    table = pd.DataFrame({"cell_id": [f"c{i}" for i in range(40)], "class_name": "x", "group": "g"})
    return CellDataset("cytometer", True, "toy", CLASSES, images, labels, table, (0.0, 255.0), "0" * 64, "toy")


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.1), nn.Linear(4, 2),
    )  # fmt: skip


def parts(cells, config, cut=25):
    train = BatchedCells(cells, range(0, cut), config.image_size, train=True, seed=config.seed)
    return train, BatchedCells(cells, range(cut, 40), config.image_size, train=False)


def run(cells, config, model=None, fabric=FABRIC, **options):
    model = model or network()
    history = fit(model, *parts(cells, config), CLASSES, config, fabric=fabric, **options)
    return model, history


def config(**changes) -> RunConfig:
    usual = {"image_size": 32, "batch_size": 8, "learning_rate": 0.02, "epochs": 6, "report": "last"}
    return RunConfig(**(usual | changes))


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_learns_and_the_rate_follows_steplr(cells):
    _, history = run(cells, config(epochs=9, step_size=3, gamma=0.1))
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    assert history[-1]["validation_accuracy"] > 0.9
    expected = [0.02 * 0.1 ** ((epoch - 1) // 3) for epoch in range(1, 10)]
    assert [entry["learning_rate"] for entry in history] == pytest.approx(expected)
    assert all(entry["gradient_norm"] > 0 for entry in history)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(cells):
    first, again, other = (run(cells, config(seed=seed))[0] for seed in (1, 1, 2))
    assert same_weights(first, again) and not same_weights(first, other)


def test_a_run_cut_off_after_any_epoch_ends_with_the_same_weights(cells, tmp_path):
    unbroken, history = run(cells, config())
    for cut in (1, 4):
        path = tmp_path / f"cut{cut}.pt"

        def stop(entry, cut=cut):
            if entry["epoch"] == cut:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(cells, config(), checkpoint=path, fingerprint="f", on_epoch=stop)
        resumed, full = run(cells, config(), network(seed=99), checkpoint=path, fingerprint="f")
        assert same_weights(unbroken, resumed)
        assert [e["train_loss"] for e in full] == [e["train_loss"] for e in history]


def test_the_reported_epoch_is_the_first_best_or_the_last(cells):
    _, last = run(cells, config(report="last"))
    assert [entry["reported"] for entry in last] == [False] * 5 + [True]
    model, best = run(cells, config(report="best"))
    scores = [entry["validation_macro_f1"] for entry in best]
    chosen = [entry["reported"] for entry in best].index(True)
    assert chosen == int(np.argmax(scores))
    labels, probabilities, _ = predict(model, parts(cells, config())[1], fabric=FABRIC)
    assert (probabilities.argmax(1) == labels).mean() == pytest.approx(best[chosen]["validation_accuracy"])


def test_patience_ends_a_run_that_no_longer_improves(cells):
    _, history = run(cells, config(epochs=40, patience=2, learning_rate=1e-9))
    assert len(history) < 40


def test_a_loss_that_is_not_a_number_stops_the_run_and_says_where(cells, tmp_path):
    model = network()
    with torch.no_grad():
        model[-1].weight.fill_(float("nan"))
    with pytest.raises(RunError, match="nan at epoch 1, step 1: lower the learning rate .now 0.02.; nothing was kept"):
        run(cells, config(), model)

    def spoil(entry):
        if entry["epoch"] == 2:
            with torch.no_grad():
                model[-1].weight.fill_(float("inf"))

    model, path = network(), tmp_path / "c.pt"
    with pytest.raises(RunError, match=f"at epoch 3, step 1: .*epoch 2 is kept in {path}"):
        run(cells, config(), model, checkpoint=path, fingerprint="f", on_epoch=spoil)
    assert load_checkpoint(path, "f")["history"][-1]["epoch"] == 2


def test_a_last_batch_of_one_cell_is_left_out(cells):
    for cut, expected in ((25, [8, 8, 8]), (26, [8, 8, 8, 2])):
        batches = list(epoch_batches(parts(cells, config(), cut)[0], 8, seed=0, epoch=1, fabric=FABRIC))
        assert [len(batch.labels) for batch in batches] == expected
        assert {batch.steps for batch in batches} == {len(expected)}


def test_gradients_of_pieces_add_up_to_those_of_the_batch(cells):
    def still() -> nn.Module:  # no batch normalisation, no dropout: these see the piece
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
        )

    for weights in (False, True):
        undivided, _ = run(cells, config(epochs=2, class_weights=weights), still())
        pieces, _ = run(cells, config(epochs=2, class_weights=weights, micro_batch=3), still())
        for a, b in zip(undivided.parameters(), pieces.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


class Hungry(nn.Module):
    """A network whose memory is full above a number of cells."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.inner = most, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
        self.asked: list[int] = []

    def forward(self, images):
        self.asked += [len(images)] * self.training
        if len(images) > self.most and self.training:
            raise torch.OutOfMemoryError("out of memory")
        return self.inner(images)


def test_a_batch_that_does_not_fit_names_the_largest_that_does_or_is_halved(cells):
    with pytest.raises(RunError, match="8 cells does not fit.* 2 do. Set micro_batch=2, or out_of_memory=halve"):
        run(cells, config(), Hungry(3))
    with pytest.raises(RunError, match="not even one does"):
        run(cells, config(), Hungry(0))
    hungry = Hungry(3)
    _, (entry,) = run(cells, config(out_of_memory="halve", epochs=1), hungry)
    assert entry["micro_batch"] == 2 and hungry.asked == [8, 4] + [2] * 12


def test_a_run_goes_on_with_the_size_to_which_it_was_halved(cells, tmp_path):
    path, short = tmp_path / "c.pt", config(out_of_memory="halve", epochs=2)
    run(cells, short, Hungry(3), checkpoint=path, fingerprint="f", until=1)
    assert load_checkpoint(path, "f")["micro_batch"] == 2
    hungry = Hungry(3)
    _, history = run(cells, short, hungry, checkpoint=path, fingerprint="f")
    assert [entry["micro_batch"] for entry in history] == [2, 2]
    assert hungry.asked == [2] * 12, "a larger size was tried again"


def test_the_number_of_cells_evaluated_at_once_moves_probabilities_by_less_than_the_book_says(cells, monkeypatch):
    torch.manual_seed(0)
    resnet, crops = create_model("resnet50", image_size=32), BatchedCells(cells, range(40), 32, train=False)
    wanted = predict(resnet, crops, fabric=FABRIC)[1]
    for size in (1, 7):
        monkeypatch.setattr(loop, "EVALUATION_BATCH", size)
        moved = np.abs(predict(resnet, crops, fabric=FABRIC)[1] - wanted).max()
        assert moved < 1e-5
    page = (REPOSITORY / "book" / "4_training" / "seeds.py").read_text(encoding="utf-8")
    assert f"`EVALUATION_BATCH`, {{glue:text}}`evaluated`) moves probabilities by less than {1e-5:.5f} in" in page


def test_class_weights_give_every_class_the_same_part(cells):
    train = BatchedCells(cells, [0, 1, 2, 4, 6, 8], 32, train=True)  # five dark, one bright
    assert class_weights(train, 2).tolist() == pytest.approx([6 / (2 * 5), 6 / 2])


def test_bf16_trains_and_keeps_its_weights_in_float32(cells):
    fabric = make_fabric(config(precision="bf16"))
    model, history = run(cells, config(precision="bf16", epochs=3), fabric=fabric)
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_compiled_network_learns_as_the_plain_one_does(cells, monkeypatch):
    honest, compiled = torch.compile, []
    monkeypatch.setattr(torch, "compile", lambda model, **_: compiled.append(model) or honest(model, backend="eager"))
    plain, compared = run(cells, config(epochs=2))[0], run(cells, config(epochs=2, compile=True))[0]
    assert compiled and same_weights(plain, compared)


def test_progress_is_written_while_a_run_trains(cells, tmp_path):
    path = tmp_path / "deep" / "progress.json"
    progress, seen = Progress(path, 2, every=0), []

    def step(**state):
        progress(**state)
        seen.append(json.loads(path.read_text()))

    history = run(cells, config(epochs=2), on_step=step, on_epoch=progress.epoch)[1]
    state = seen[-1]
    assert state["done"] == state["total"] == 6 and state["cells_per_second"] > 0 and state["loss"] > 0
    assert seen[0]["validation_macro_f1"] is None
    assert state["validation_macro_f1"] == history[0]["validation_macro_f1"]


def kept(path, epochs=2):
    """A checkpoint after each of `epochs` epochs."""
    for epoch in range(1, epochs + 1):
        save_checkpoint(path, {"fingerprint": "mine", "epoch": epoch, "x": torch.arange(1000.0)})
    return path


def test_a_piece_of_one_cell_is_reported_with_a_size_that_leaves_none(cells):
    with pytest.raises(RunError, match="8 cells in pieces of 7 leaves a piece of one cell.*micro_batch, such as 6"):
        pooled = [nn.Conv2d(3, 4, 5, stride=4), nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(4), nn.Flatten()]
        run(cells, config(micro_batch=7), nn.Sequential(*pooled, nn.Linear(4, 2)))


def test_a_foreign_checkpoint_is_refused(tmp_path):
    assert load_checkpoint(tmp_path / "c.pt", "mine") is None
    path = kept(tmp_path / "c.pt")
    assert load_checkpoint(path, "mine")["x"].shape == (1000,)
    with pytest.raises(RunError, match="another configuration"):
        load_checkpoint(path, "other")


@pytest.mark.parametrize("spoil", [lambda b, i: b[:i], lambda b, i: b[:i] + bytes([b[i] ^ 1]) + b[i + 1 :]])
def test_a_checkpoint_that_is_not_what_was_written_is_reported_and_the_one_before_is_taken(tmp_path, spoil):
    path, notes = kept(tmp_path / "c.pt"), []
    content = path.read_bytes()
    for at in np.linspace(0, len(content) - 1, 40).astype(int):
        path.write_bytes(spoil(content, at))
        state = load_checkpoint(path, "mine", notes.append)
        assert state["epoch"] == 1 or (state["epoch"] == 2 and at >= len(content) - 72), at  # the hash itself
        assert torch.equal(state["x"], torch.arange(1000.0))
    assert all(line.startswith(f"note: the checkpoint {path} is damaged (") for line in notes) and len(notes) > 30
    assert all(line.endswith("): going on from the epoch before.") for line in notes)
    path.write_bytes(b"")
    before(path).write_bytes(b"")
    assert load_checkpoint(path, "mine", notes.append) is None and notes[-1].endswith("starting the run anew.")


def test_a_checkpoint_without_a_hash_is_not_believed(tmp_path):
    """The hash may be what was damaged, beside something else."""
    torch.save({"fingerprint": "mine", "epoch": 3}, tmp_path / "c.pt")
    notes = []
    assert load_checkpoint(tmp_path / "c.pt", "mine", notes.append) is None
    assert "is damaged" in notes[0] and "starting the run anew" in notes[0]


def test_a_run_with_a_damaged_checkpoint_ends_as_one_without(cells, tmp_path, capsys):
    path = tmp_path / "c.pt"

    def stop(entry):
        if entry["epoch"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cells, config(), checkpoint=path, fingerprint="f", on_epoch=stop)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    trained: list[int] = []
    resumed, _ = run(
        cells, config(), checkpoint=path, fingerprint="f", on_epoch=lambda entry: trained.append(entry["epoch"])
    )
    assert trained == [3, 4, 5, 6] and "going on from the epoch before" in capsys.readouterr().out
    assert same_weights(run(cells, config())[0], resumed)


def test_a_full_disk_leaves_the_old_checkpoint_whole(tmp_path):
    """A limit on the size of files stands for the disk: torch meets the same error, and makes its own of it."""
    resource = pytest.importorskip("resource")
    path = kept(tmp_path / "c.pt", 1)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before_signal = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
        with pytest.raises(RunError, match="could not be written .File too large.: free some space"):
            save_checkpoint(path, {"fingerprint": "mine", "epoch": 2, "x": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before_signal)
    assert load_checkpoint(path, "mine")["epoch"] == 1
    assert not list(tmp_path.glob("*.partial"))



def test_the_epoch_line_names_what_matters(cells):
    _, history = run(cells, config(epochs=1))
    line = epoch_line(history[0], 1)
    assert line.startswith("epoch   1/1") and "validation macro F1" in line and "\n" not in line
