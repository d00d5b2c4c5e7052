"""Split manifests: files that say which cell trains, which chooses the model, which judges it, and prove it.

A manifest names data set, task, kind and seed, and gives each cell's part by one letter, in the order of the sorted
cell ids, so that it does not depend on the order in which the cells are read.
A sha256 over everything in it tells a changed manifest; fingerprints tell changed data.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
import sklearn
from pydantic import BaseModel, ConfigDict, ValidationError
from tqdm import tqdm

from cgrecnet.data.audit.duplicates import Pair
from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.splits import KINDS, Split, draw
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import atomic_write

#: Letter of each part in a manifest; a cell in no part has a `-`.
LETTERS = {"train": "t", "validation": "v", "test": "e"}
FORMAT = 1


class SplitManifest(BaseModel):
    """What a manifest says; `splits_for` turns it into indices.

    fingerprint: of the data set in its own order; content: the same hash in the order of the sorted ids.
    cell_ids: sorted, or None in a compact manifest; ids_sha256: over them.
    splits: per split (one, or one per fold) a letter of `LETTERS` for every cell, in the order of the sorted ids.
    sklearn: its version, because other versions may draw other cells for the same seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = FORMAT
    data: str
    simulated: bool
    task: str
    options: dict
    classes: list[str]
    cells: int
    fingerprint: str
    content: str
    kind: Literal[KINDS]
    seed: int
    folds: int | None
    sklearn: str
    ids_sha256: str
    cell_ids: list[str] | None
    splits: list[str]

    def splits_for(self, dataset: CellDataset) -> list[Split]:
        """Indices into `dataset`, one split or one per fold; the order of its cells does not matter.

        Raises DataError where it is not the data that the manifest was made from: another data set or task, a cell
        that is not known or is missing, other pixels or labels.
        """
        ids = self._check(dataset)
        order = np.argsort(np.asarray(ids, dtype=object), kind="stable")
        return [
            Split(**{name: order[np.array(list(letters)) == letter] for name, letter in LETTERS.items()})
            for letters in self.splits
        ]

    def _check(self, dataset: CellDataset) -> list[str]:
        for what, mine, theirs in (("data set", self.data, dataset.name), ("task", self.task, dataset.task)):
            if mine != theirs:
                raise DataError(
                    f"The split manifest was made for {what} {mine!r} and cannot be used on {theirs!r}: "
                    "make one with `cgrecnet data split`."
                )
        ids = dataset.table["cell_id"].tolist()
        if hash_ids(sorted(ids)) != self.ids_sha256:
            odd = sorted(set(ids) ^ set(self.cell_ids or ids))[:1]
            raise DataError(
                f"The split manifest was made for {self.cells:,} cells of data set {self.data!r}, and these "
                f"{len(ids):,} are not the same ones{f' ({odd[0]} is in one of the two alone)' if odd else ''}: "
                "use the data and options it was made with, or make a new one."
            )
        if dataset.fingerprint != self.fingerprint and content_hash(dataset) != self.content:
            raise DataError(
                f"The cells of data set {self.data!r} have the names of the split manifest but other pixels or labels: "
                "get the data or the options it was made with, or make a new one with `cgrecnet data split`."
            )
        return ids


def make_manifest(
    dataset: CellDataset,
    kind: str,
    seed: int,
    folds: int = 5,
    compact: bool = False,
    content: str | None = None,
    progress: bool = False,
) -> SplitManifest:
    """Draw a split of a data set and write down all that is needed to prove it.

    kind: `joint`, `folds`, `grouped` or `grouped_folds`; compact: leave out the cells' ids, and keep their hash.
    content: what `content_hash` gave for this data set, where it is known already; progress: a bar while it is made.
    Raises ConfigError (kind, folds, seed) or DataError (two cells of one id; classes or groups that do not allow it).
    """
    if not 0 <= seed < 2**32:
        raise ConfigError(f"The seed of a split is a whole number from 0 to {2**32 - 1}, not {seed}.")
    ids = dataset.table["cell_id"].tolist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    ordered = [ids[i] for i in order]
    if twice := next((one for one, two in zip(ordered, ordered[1:], strict=False) if one == two), None):
        raise DataError(f"Two cells of data set {dataset.name!r} are named {twice}: a manifest needs a name for each.")
    splits = draw(dataset, kind, seed, folds)
    return SplitManifest(
        data=dataset.name,
        simulated=dataset.simulated,
        task=dataset.task,
        options=json.loads(json.dumps(dataset.options, default=str)),
        classes=list(dataset.classes),
        cells=len(dataset),
        fingerprint=dataset.fingerprint,
        content=content or content_hash(dataset, progress),
        kind=kind,
        seed=seed,
        folds=folds if kind in ("folds", "grouped_folds") else None,
        sklearn=sklearn.__version__,
        ids_sha256=hash_ids(ordered),
        cell_ids=None if compact else ordered,
        splits=[_letters(split, order) for split in splits],
    )


def write_manifest(manifest: SplitManifest, path: Path) -> bool:
    """Write a manifest whole; False where the file says the same already.

    Raises DataError where the file is there and says something else (a run may rest on it), or cannot be written.
    """
    text = _text(manifest)
    try:
        if path.exists():
            if path.read_text("utf-8") == text:
                return False
            raise DataError(f"{path} is there and differs from the new split: remove it, or name another folder.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(text)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"The split manifest {path} cannot be written ({reason}): name another folder.") from None
    return True


def read_manifest(path: str | Path) -> SplitManifest:
    """A manifest from its file; raises DataError where it is missing, no manifest, of another version, or changed."""
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        if not isinstance(content, dict) or "splits" not in content or "sha256" not in content:
            raise ValueError
    except OSError as error:
        raise DataError(
            f"The split manifest {path} cannot be read ({error.strerror}): make one with `cgrecnet data split`."
        ) from None
    except (ValueError, RecursionError):  # also what is no text or no JSON
        raise DataError(f"{path} is no split manifest, or was cut off: make one with `cgrecnet data split`.") from None
    stated = content.pop("sha256")
    if stated != _sha256(content):
        raise DataError(
            f"The split manifest {path} was changed after it was made (its sha256 does not fit): "
            "make it anew with `cgrecnet data split`."
        )
    try:
        return SplitManifest.model_validate(content)
    except ValidationError:
        raise DataError(
            f"The split manifest {path} is of another version (format {content.get('format')!r}, here {FORMAT}): "
            "make it anew with `cgrecnet data split`."
        ) from None


def copies_across(copies: Iterable[Pair], split: Split) -> list[tuple[int, int]]:
    """Pairs of cells with exactly the same pixels (`find_exact`) that stand in different parts of a split."""
    part_of = {int(index): name for name, part in split.parts().items() for index in part}
    twins: dict[int, list[int]] = {}
    for pair in copies:
        twins.setdefault(pair.first, [pair.first]).append(pair.second)
    return [
        (one, two)
        for same in twins.values()
        for one, two in combinations([index for index in same if index in part_of], 2)
        if part_of[one] != part_of[two]
    ]


def content_hash(dataset: CellDataset, progress: bool = False) -> str:
    """The data set's fingerprint over its pixels as it would be with the cells sorted by id; reads every image."""
    ids = dataset.table["cell_id"].tolist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    labels = np.asarray(dataset.labels)
    bar = tqdm(order, "hashing", unit="cell", disable=not progress, leave=False)
    return fingerprint((dataset.images[i] for i in bar), labels[order], [ids[i] for i in order])


def hash_ids(ordered: Sequence[str]) -> str:
    """sha256 (hex) over sorted cell ids."""
    return hashlib.sha256("\n".join(ordered).encode("utf-8", "backslashreplace")).hexdigest()


def _letters(split: Split, order: list[int]) -> str:
    letters = np.full(len(order), "-", dtype="U1")
    for name, index in split.parts().items():
        letters[index] = LETTERS[name]
    return "".join(letters[order])


def _text(manifest: SplitManifest) -> str:
    content = manifest.model_dump()
    return json.dumps(content | {"sha256": _sha256(content)}, indent=1, ensure_ascii=False) + "\n"


def _sha256(content: dict) -> str:
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(plain.encode()).hexdigest()
