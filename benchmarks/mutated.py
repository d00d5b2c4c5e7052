"""What `mutations.py` changes: files of every kind that this project reads, and what it takes for right.

A kind makes its file once. For each case it gets a random generator, changes the file and reads it as a user's command
would: a refusal is a UserError (or, for a single image, `Unusable`), and what is taken must be what was written,
wherever a checksum can tell. Where the checksum is made anew after the change (a record by another program, say), only
the manner of the refusal is judged.
"""

import copy
import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from unlike import trained

from cgrecnet.data import open_dataset
from cgrecnet.data.base import Unusable
from cgrecnet.data.images.reading import LARGEST, Reader
from cgrecnet.data.manifest import make_manifest, read_manifest, write_manifest
from cgrecnet.data.options import ReadingOptions
from cgrecnet.data.store import open_store, pack_cells
from cgrecnet.data.store.header import EXCLUDED, HASH, HEADER, INDEX, PIXELS
from cgrecnet.errors import UserError
from cgrecnet.evaluation.metrics import score
from cgrecnet.files import hash_of
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import MODEL, SUMS, open_folder, write_sums
from cgrecnet.predict.predictor import Predictor
from cgrecnet.runs import run_record
from cgrecnet.runs import run_record as records
from cgrecnet.runs.collect import VALIDATION
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import select_runs
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.strict_yaml import load_yaml
from cgrecnet.training.checkpoint import before, load_checkpoint, save_checkpoint
from cgrecnet.training.config import RunConfig
from cgrecnet.training.protocol import PROTOCOL

TINY = {"experiment": "tiny", "model": "mobilenet_v2", "data": "cytometer", "image_size": 32, "epochs": 1,
        "batch_size": 16, "data_options": {"cells": 160, "shares": (0.4, 0.3, 0.3)}, "report": "last"}  # fmt: skip
#: What stands in the place of a value of JSON or YAML.
ODD = (None, True, -1, 0, 10**30, 0.5, float("nan"), float("inf"), "", "zhu", "<b>", "1e-3", "\0", "é" * 300, [], {},
       [[]], {"": None}, [0] * 50, "../..", "a" * 5000)  # fmt: skip
#: Levels of brackets: what JSON reads and Python does not follow, and what neither does.
DEEP = (400, 900, 3000)


def change_bytes(data: bytes, chance: random.Random) -> bytes:
    """One to three faults of a disk, a connection or an editor."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 8, 64, 512))
        piece = data[at : at + length]
        match chance.randrange(8):
            case 0 if piece:
                data[at] ^= 1 << chance.randrange(8)
            case 1 if piece:
                data[at] = chance.choice((0, 10, 34, 92, 123, 255, chance.randrange(256)))
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = chance.randbytes(length)
            case 4:
                data[at:at] = piece
            case 5:
                data[at : at + length] = bytes(len(piece))
            case 6:
                other = chance.randrange(len(data) + 1)
                data[at : at + length] = data[other : other + length]
            case 7 if chance.random() < 0.5:
                del data[at:]
    return bytes(data)


def change_value(value: Any, chance: random.Random) -> Any:
    """A value of JSON with one part of it odd, missing, doubled or under another name."""
    value = copy.deepcopy(value)
    parent, key, here = None, None, value
    while isinstance(here, dict | list) and here and (parent is None or chance.random() < 0.75):
        parent, key = here, chance.choice(list(here) if isinstance(here, dict) else range(len(here)))
        here = parent[key]
    if parent is None:
        return chance.choice(ODD)
    match chance.randrange(6):
        case 0 | 1 | 2:
            parent[key] = chance.choice(ODD)
        case 3:
            del parent[key]
        case 4 if isinstance(parent, dict):
            parent[chance.choice(("", "sha256", f"{key}x", "format"))] = parent.pop(key)
        case 5 if isinstance(here, int | float) and not isinstance(here, bool):
            parent[key] = chance.choice((-here, here + 1, here * 1000, str(here)))
        case _:
            parent[key] = [here, here]
    return value


def json_text(value: Any, chance: random.Random) -> str:
    """A value as JSON, now and then with a part that is nested without end."""
    text = json.dumps(value)
    if chance.random() < 0.03:
        at = chance.choice([i for i, sign in enumerate(text) if sign == ":"] or [0])
        deep = chance.choice(DEEP)
        text = text[: at + 1] + "[" * deep + "]" * deep + chance.choice((",", ', "more": ')) + text[at + 1 :]
    return text


def sealed(fields: Any) -> Any:
    """Fields with the hash over them, as headers and records have it."""
    return fields | {HASH: hash_of(fields)} if isinstance(fields, dict) else fields


class Kind:
    """One kind of file; `share`: of all cases."""

    name, share = "", 0.0

    def make(self, folder: Path) -> None:
        """Write what will be changed, below `folder`."""
        raise NotImplementedError

    def case(self, chance: random.Random) -> bool:
        """Change, read; whether what was taken is right. Raises UserError or Unusable where it is refused."""
        raise NotImplementedError


class Images(Kind):
    """PNG, TIFF and BMP of single cells, grey and in colour; only PNG has checksums, so only there can it be wrong."""

    name, share = "images", 0.3

    def make(self, folder: Path) -> None:
        made = np.random.default_rng(0)
        grey = made.integers(0, 256, (40, 30), np.uint8)
        colour = np.stack([grey, grey[::-1], grey], axis=-1)
        planes = {"L": grey, "I;16": grey.astype(np.uint16) * 200, "RGB": colour}
        self.files = []
        for mode, pixels in planes.items():
            for ending in ("PNG", "TIFF", "BMP"):
                if (mode, ending) != ("I;16", "BMP"):
                    out = io.BytesIO()
                    Image.fromarray(pixels).save(out, ending)
                    self.files.append((ending, mode == "RGB", out.getvalue()))

    def case(self, chance: random.Random) -> bool:
        ending, colour, whole = chance.choice(self.files)
        changed = change_bytes(whole, chance)
        reader = Reader(ReadingOptions(**chance.choice(({}, {"page": 1}, {"inverted": True}))), colour)
        found = reader.image([changed])
        sound = found.dtype in (np.uint8, np.uint16) and found.ndim in (2, 3) and max(found.shape) <= LARGEST
        return sound and (ending != "PNG" or np.array_equal(found, reader.image([whole])))


class Sweeps(Kind):
    """Sweep files; a changed number is another sweep, so what is judged is that it says what plain YAML says."""

    name, share = "sweep files", 0.2

    def make(self, folder: Path) -> None:
        self.path = folder / "sweep.yaml"
        self.values = {"experiment": "tiny", "base": TINY | {"learning_rate": 1e-3, "data_options": {"cells": 90}},
                       "grid": {"fold": [0, 1], "seed": [1, 2, 3]}}  # fmt: skip
        del self.values["base"]["experiment"]
        self.whole = yaml.safe_dump(self.values).encode()

    def case(self, chance: random.Random) -> bool:
        if chance.random() < 0.5:
            self.path.write_bytes(change_bytes(self.whole, chance))
        else:
            self.path.write_text(json_text(change_value(self.values, chance), chance))  # JSON is YAML
        configs = read_sweep(self.path)
        said = load_yaml(self.path.read_text("utf-8"))
        plain = yaml.safe_load(self.path.read_text("utf-8"))
        count = np.prod([len(values) for values in (said.get("grid") or {}).values()])
        same = repr(plain) == repr(said)  # repr: nan is not equal to itself
        return same and len(configs) == count and all(config.experiment == said["experiment"] for config in configs)


class Records(Kind):
    """A run's record and its predictions."""

    name, share = "records", 0.15

    def make(self, folder: Path) -> None:
        made = np.random.default_rng(0)
        classes, config = ("a", "b", "c"), RunConfig.from_mapping(TINY)
        labels, chances = np.repeat([0, 1, 2], 10), made.dirichlet(np.ones(3), 30)
        text = records.format_predictions([f"cell-{i}" for i in range(30)], labels, chances)
        chances = np.array([[float(x) for x in line.split(",")[2:]] for line in text.splitlines()[1:]])
        run_id = plan_run(config).run_id
        self.folder = folder / "results" / "tiny" / run_id
        epoch = dict.fromkeys(VALIDATION, 0.5) | {"epoch": 1, "reported": True}
        self.record = records.RunRecord(
            run_id=run_id, experiment="tiny", config=config.model_dump(mode="json"), started="2026-01-01", commit="c",
            wall_seconds=1.0, code="c", protocol=PROTOCOL, data={"classes": list(classes), "fingerprint": "f"},
            split={}, weights={}, parameters=1, hardware={}, software={}, history=[epoch],
            test=score(labels, chances, classes), predictions_sha256=records.sha256(text),
        )  # fmt: skip
        records.write_run(self.folder, self.record, text)
        self.files = {path: path.read_bytes() for path in self.folder.iterdir()}
        self.results = folder / "results"

    def case(self, chance: random.Random) -> bool:
        for path, content in self.files.items():
            path.write_bytes(content)
        path = self.folder / records.RECORD
        fields, judged = json.loads(self.files[path]), True
        match chance.randrange(5):
            case 0 | 1:
                file = chance.choice(list(self.files))
                file.write_bytes(change_bytes(self.files[file], chance))
            case 2:
                path.write_text(json_text(change_value(fields, chance), chance))
            case 3:  # a record from before there was a hash
                del fields[run_record.HASH]
                path.write_text(json_text(change_value(fields, chance), chance))
            case 4:  # by another program
                del fields[run_record.HASH]
                path.write_text(json_text(sealed(change_value(fields, chance)), chance))
                judged = False
        (record,) = select_runs("tiny", results=self.results)
        records.read_predictions(self.results, record)
        decisive = ("config", "test", "protocol", "run_id", "experiment", "predictions_sha256")
        return not judged or all(
            json.dumps(getattr(record, name)) == json.dumps(getattr(self.record, name)) for name in decisive
        )


class Stores(Kind):
    """A packed store of a dozen cells."""

    name, share = "stores", 0.15

    def make(self, folder: Path) -> None:
        self.folder = folder / "store"
        dataset = open_dataset("cytometer", options={"cells": 12, "shares": (0.4, 0.3, 0.3)})
        pack_cells(dataset, self.folder)
        self.files = {name: (self.folder / name).read_bytes() for name in (HEADER, INDEX, PIXELS, EXCLUDED)}
        self.whole = self.facts()

    def facts(self) -> tuple:
        """All that is in the store, its pixels checked as before a training."""
        found = open_store(self.folder)
        found.images.check(found.table["cell_id"].tolist())
        pixels = b"".join(np.asarray(image).tobytes() for image in found.images)
        return (found.name, found.simulated, found.task, found.classes, found.window, found.fingerprint, found.origin,
                repr(found.options), found.labels.tobytes(), found.table.to_csv(), pixels)  # fmt: skip

    def case(self, chance: random.Random) -> bool:
        for name, content in self.files.items():
            (self.folder / name).write_bytes(content)
        judged = True
        if chance.random() < 0.6:
            name = chance.choice((HEADER, HEADER, INDEX, PIXELS))
            (self.folder / name).write_bytes(change_bytes(self.files[name], chance))
        else:
            fields = json.loads(self.files[HEADER])
            if judged := chance.random() < 0.5:
                fields = change_value(fields, chance)
            else:
                del fields[HASH]
                fields = sealed(change_value(fields, chance))
            (self.folder / HEADER).write_text(json_text(fields, chance))
        found = self.facts()
        return not judged or found == self.whole


class Manifests(Kind):
    """A split manifest with the names of its cells, and a compact one."""

    name, share = "manifests", 0.1

    def make(self, folder: Path) -> None:
        self.dataset = open_dataset("cytometer", options={"cells": 60, "shares": (0.4, 0.3, 0.3)})
        self.path = folder / "split.json"
        self.whole = []
        for compact in (False, True):
            manifest = make_manifest(self.dataset, "folds", 1, compact=compact)
            write_manifest(manifest, folder / f"{compact}.json")
            self.whole.append((manifest, (folder / f"{compact}.json").read_bytes()))

    def case(self, chance: random.Random) -> bool:
        manifest, content = chance.choice(self.whole)
        if chance.random() < 0.6:
            self.path.write_bytes(change_bytes(content, chance))
        else:
            self.path.write_text(json_text(change_value(json.loads(content), chance), chance))
        found = read_manifest(self.path)
        found.splits_for(self.dataset)
        return found == manifest


class Checkpoints(Kind):
    """The checkpoint of an epoch, with that of the epoch before beside it."""

    name, share = "checkpoints", 0.06

    def make(self, folder: Path) -> None:
        self.path = folder / "checkpoint.pt"
        self.states = [{"fingerprint": "run", "history": [{"epoch": n}], "weights": torch.full((50,), float(n)),
                        "best": None} for n in (1, 2)]  # fmt: skip
        for state in self.states:
            save_checkpoint(self.path, state)
        self.files = {path: path.read_bytes() for path in (self.path, before(self.path))}

    def case(self, chance: random.Random) -> bool:
        for path, content in self.files.items():
            path.write_bytes(content)
        for path in chance.choice(([self.path], [self.path, before(self.path)])):
            path.write_bytes(change_bytes(self.files[path], chance))
        said: list[str] = []
        found = load_checkpoint(self.path, "run", said.append)
        if found is None:
            raise UserError(said[-1])
        epoch = found["history"][0]["epoch"]
        return torch.equal(found["weights"], self.states[epoch - 1]["weights"]) and (epoch == 2 or bool(said))


class Models(Kind):
    """A model folder, up to the prediction of two cells."""

    name, share = "model folders", 0.04

    def make(self, folder: Path) -> None:
        self.folder = folder / "model"
        dataset = open_dataset("cytometer", options=TINY["data_options"])
        if not self.folder.exists():
            trained(dataset, TINY, self.folder)
        self.images = [np.asarray(dataset.images[i]) for i in range(2)]
        self.files = {path: path.read_bytes() for path in self.folder.iterdir()}
        self.whole = self.predicted()

    def predicted(self) -> tuple[str, str]:
        folder = open_folder(self.folder)
        predictor = Predictor(folder, make_engine(folder, "torch"), 0.9)
        return folder.identity, predictor.rows(["a", "b"], self.images).to_csv()

    def case(self, chance: random.Random) -> bool:
        judged = chance.random() < 0.6
        if judged:
            name = chance.choice([path.name for path in self.files if path.name != SUMS] + [SUMS] * 4)
            (self.folder / name).write_bytes(change_bytes((self.folder / name).read_bytes(), chance))
        else:
            fields = change_value(json.loads((self.folder / MODEL).read_text("utf-8")), chance)
            (self.folder / MODEL).write_text(json_text(fields, chance))
            write_sums(self.folder)
        try:
            found = self.predicted()
        finally:
            for path, content in self.files.items():
                if not path.exists() or path.stat().st_size != len(content) or path.read_bytes() != content:
                    path.write_bytes(content)
        return not judged or found == self.whole


KINDS = (Images, Sweeps, Records, Stores, Manifests, Checkpoints, Models)
#: How a case may be refused.
REFUSALS = (UserError, Unusable)
