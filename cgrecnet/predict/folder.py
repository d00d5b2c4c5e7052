"""A model folder: everything that a prediction needs, in plain files whose hashes are checked.

    model.json               what the model is: architecture, preprocessing, classes, calibration, training, versions
    weights-0.safetensors    weights of the first member, and so on
    statistics.safetensors   training statistics, calibration scores, test predictions, hashes of training images
    audit.json               what `cgrecnet data audit` says of the data that it was trained on
    README.md                the model card
    SHA256SUMS               of all of these, as `sha256sum --check` reads it; written last

Nothing in it is a program, and nothing is unpickled.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from cgrecnet.errors import RunError
from cgrecnet.files import atomic_write, sha256, shown
from cgrecnet.predict.cells import Preprocessing
from cgrecnet.predict.unlike import REASONS, Gaussian, Unlike

MODEL, STATISTICS, AUDIT, CARD, SUMS = "model.json", "statistics.safetensors", "audit.json", "README.md", "SHA256SUMS"
#: What `cgrecnet export` adds; the model is the same with and without it.
EXPORTED = ".onnx"


class Member(BaseModel):
    """One trained network of the ensemble."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    seed: int
    epochs: int
    weights: str


class Model(BaseModel):
    """What `model.json` holds.

    config: of the runs (`cgrecnet.training.config.RunConfig`), without seed; data, split: as in their records.
    channels: of the images; pixels: numpy's name of their type; heights, widths: smallest and largest in training.
    temperature: see `cgrecnet.predict.uncertainty`. calibration_cells: per class, behind the conformal sets.
    measured: on test cells, what the model card says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    format: Literal[1] = 1
    classes: tuple[str, ...] = Field(min_length=2)
    config: dict[str, Any]
    window: tuple[float, float]
    intensity: str
    image_size: int = Field(ge=8)
    channels: int = Field(ge=1)
    pixels: Literal["uint8", "uint16"]
    heights: tuple[int, int]
    widths: tuple[int, int]
    data: dict[str, Any]
    split: dict[str, Any]
    members: tuple[Member, ...] = Field(min_length=1)
    temperature: float = Field(gt=0)
    calibration_cells: tuple[int, ...]
    unlike_limits: dict[str, float]
    measured: dict[str, Any]
    protocol: int
    software: dict[str, str]
    commit: str
    made_at: str

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(self.window, self.intensity, self.image_size)


@dataclass(frozen=True)
class ModelFolder:
    """A model folder whose hashes agree. identity: sha256 that stands for all that decides a prediction."""

    path: Path
    identity: str
    model: Model

    @cached_property
    def statistics(self) -> dict[str, np.ndarray]:
        """The arrays of `statistics.safetensors`."""
        return load_file(self.path / STATISTICS)

    @cached_property
    def scores(self) -> list[np.ndarray]:
        """Conformal calibration scores of each class."""
        return [self.statistics[f"calibration.{y}"] for y in range(len(self.model.classes))]

    @cached_property
    def unlike(self) -> Unlike:
        """What tells unlike cells."""
        gaussians = {
            reason: Gaussian(
                *(self.statistics[f"{reason}.{part}"] for part in ("means", "axes", "variances")),
                float(self.statistics[f"{reason}.rest"][0]),
            )
            for reason in REASONS
        }
        return Unlike(gaussians, self.model.unlike_limits)

    @property
    def exported(self) -> list[Path]:
        """The members' ONNX files; empty unless each has one."""
        found = [self.path / Path(member.weights).with_suffix(EXPORTED) for member in self.model.members]
        return found if all(path.is_file() for path in found) else []


def image_hash(image: np.ndarray) -> int:
    """64 bits (as int64) over size, pixel type and pixels: a chance of 1 in 10^9 that 10^5 images meet 10^5 others."""
    digest = hashlib.blake2b(f"{image.shape}{image.dtype.name}".encode(), digest_size=8)
    digest.update(np.ascontiguousarray(image).tobytes())
    return int.from_bytes(digest.digest(), "little", signed=True)


def statistics_of(unlike: Unlike) -> dict[str, np.ndarray]:
    """The arrays that `ModelFolder.unlike` reads."""
    found = {}
    for reason, gaussian in unlike.gaussians.items():
        for part in ("means", "axes", "variances"):
            found[f"{reason}.{part}"] = np.ascontiguousarray(getattr(gaussian, part))
        found[f"{reason}.rest"] = np.array([gaussian.rest])
    return found


def write_folder(
    path: Path,
    model: Model,
    statistics: Mapping[str, np.ndarray],
    audit: Mapping,
    card: str,
    write_weights: Callable[[Path], None],
) -> ModelFolder:
    """Write a model folder beside `path`, then move it there; write_weights: puts the members' files into a folder.

    Raises RunError where there is something at `path` already, or the disk refuses.
    """
    path = Path(path)
    refuse_existing(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        write_weights(partial)
        save_file(dict(statistics), partial / STATISTICS)
        for name, text in (
            (MODEL, json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"),
            (AUDIT, json.dumps(audit, indent=1, ensure_ascii=False) + "\n"),
            (CARD, card),
        ):
            (partial / name).write_text(text, encoding="utf-8")
        write_sums(partial)
        for file in partial.iterdir():  # safetensors writes for the user's own eyes alone
            file.chmod((partial / MODEL).stat().st_mode)
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        raise RunError(f"The model folder {path} cannot be written ({error}): make room, or name another.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return open_folder(path)


def refuse_existing(path: Path) -> None:
    """Raise RunError where a model folder would overwrite something."""
    if Path(path).exists():
        raise RunError(f"{path} is there already: name another model folder, or remove that one.")


def write_sums(path: Path) -> None:
    """Write SHA256SUMS over all files of the folder."""
    names = sorted(file.name for file in path.iterdir() if file.is_file() and file.name != SUMS)
    with atomic_write(path / SUMS) as file:
        file.writelines(f"{sha256(path / name)}  {name}\n" for name in names)


def open_folder(path: str | Path) -> ModelFolder:
    """The model in a folder, every file checked against its hash.

    Raises RunError, in one sentence, where it is none, is damaged, was changed by hand or is of another version.
    """
    path = Path(path).expanduser()
    try:
        lines = (path / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise RunError(
            f"{shown(path)} is no model folder (it has no {SUMS}): name one that `cgrecnet train --model-folder` wrote."
        ) from None
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in [*sums, MODEL, STATISTICS, AUDIT, CARD]:
        if Path(name).name != name or name not in sums:
            raise RunError(f"{shown(path / SUMS)} does not name {name!r} as it should: {_advice(path)}.")
        try:
            found = sha256(path / name)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            reason = getattr(error, "strerror", None) or error
            raise RunError(f"{shown(path / name)} cannot be read ({reason}): {_advice(path)}.") from None
        if found != sums[name]:
            raise RunError(
                f"{shown(path / name)} is not the file that was written (its sha256 differs): {_advice(path)}."
            )
    decisive = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()) if not name.endswith(EXPORTED))
    identity = hashlib.sha256(decisive.encode()).hexdigest()
    try:
        values = json.loads((path / MODEL).read_text(encoding="utf-8"))
        if values["format"] != 1:
            raise RunError(f"{shown(path)} is a model folder of format {values['format']!r}, and this version reads 1.")
        model = Model.model_validate(values)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RunError(f"{shown(path / MODEL)} is of another version or damaged: {_advice(path)}.") from None
    if missing := [member.weights for member in model.members if member.weights not in sums]:
        raise RunError(f"{shown(path)} lacks {missing[0]}: {_advice(path)}.")
    if missing := [reason for reason in REASONS if reason not in model.unlike_limits]:
        raise RunError(f"{shown(path / MODEL)} has no limit for {missing[0]!r}: {_advice(path)}.")
    return ModelFolder(path, identity, model)


def _advice(path: Path) -> str:
    return f"get the folder {shown(path)} again, or train it anew"
