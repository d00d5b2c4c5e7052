"""Pack a data set into a store, crop by crop, in a hidden folder that takes the store's name when it is whole."""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cgrecnet import __version__
from cgrecnet.data.base import CellDataset, Unusable, fingerprint_of, stacked
from cgrecnet.data.store.header import (
    EXCLUDED,
    FORMAT,
    INDEX,
    OF_DATA_SET,
    OWN,
    PIXELS,
    Header,
    content_of,
    is_store,
    write_header,
)
from cgrecnet.data.store.opened import parse_index, read_store
from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write, locked

LOCK = "lock"


def pack_cells(dataset: CellDataset, folder: str | Path, progress: bool = False) -> Header:
    """Pack an opened data set into a store in `folder`; returns its header.

    progress: a bar on stderr.
    A crop that cannot be read is left out and named in the report, as are the files that its images name (`left_out`).
    The same data set gives the same pixels, index and report, byte for byte. A finished store is left as it is; of a
    build that was stopped nothing stands in `folder`.
    Raises DataError: another build is at work; the folder holds something else; no space or no right to write; the
    files changed; no usable crop of a class; 8 and 16 bit mixed.
    """
    folder = Path(folder).expanduser().absolute()
    try:
        source = source_digest(dataset)
        if is_store(folder):
            return _finished(folder, source)
        if folder.exists() and (others := sorted(os.listdir(folder))):
            raise DataError(f"{folder} holds other files ({others[0]}): name an empty or a new folder for the store.")
        working = working_folder(folder)
        working.mkdir(parents=True, exist_ok=True)
        with locked(working / LOCK):
            try:
                if is_store(folder):  # the other build has just ended
                    return _finished(folder, source)
                for left in set(os.listdir(working)) - {LOCK}:  # of a build that was killed
                    (working / left).unlink()
                header = _build(working, dataset, source, progress)
                if source_digest(dataset) != source:
                    raise DataError(
                        f"The files of data set {dataset.name!r} changed while they were packed: pack them again when "
                        "they are at rest."
                    )
                os.replace(working, folder)
            finally:
                shutil.rmtree(working, ignore_errors=True)
            return header
    except BlockingIOError:
        raise DataError(
            f"Another process is packing into {folder}: wait until it is done, or name another place with --store."
        ) from None
    except OSError as error:
        raise DataError(
            f"The store cannot be written in {folder} ({error.strerror or error}): free space there, or name a folder "
            "that you can write to with --store, and start again."
        ) from None


def working_folder(folder: Path) -> Path:
    """Where a store is built before it takes its name."""
    return folder.with_name(f".{folder.name}.packing")


def _build(working: Path, dataset: CellDataset, source: str, progress: bool) -> Header:
    """Pixels, index, report and, last, the header."""
    crops: list[tuple] = []
    kept: list[int] = []
    left_out = dict(getattr(dataset.images, "left_out", {}))
    ids, labels = dataset.table["cell_id"].tolist(), np.asarray(dataset.labels)
    packed = _packed(working, dataset, crops, kept, left_out, progress)
    digest = fingerprint_of((crop, labels[i], ids[i]) for i, crop in packed)
    _check_classes(dataset, kept, left_out)
    table = dataset.table.iloc[kept].reset_index(drop=True)
    write_index(working, crops, labels[kept], table)
    with atomic_write(working / EXCLUDED) as file:
        excluded = pd.DataFrame(sorted(left_out.items()), columns=["name", "reason"])
        excluded.to_csv(file, index=False, lineterminator="\n")
    header = Header(
        **{name: getattr(dataset, name) for name in OF_DATA_SET} | {"fingerprint": digest},
        format=FORMAT,
        columns=columns_of(table),
        pixel_type=pixel_type(dataset).str,
        channels=dataset.channels,
        crops=len(crops),
        excluded=len(left_out),
        pixels=content_of(working / PIXELS),
        index=content_of(working / INDEX),
        source=source,
        built_with=__version__,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_header(working, header)
    return header


def columns_of(table: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Names and pandas types of a table's columns; raises DataError for a column that has the name of an own one."""
    if taken := [name for name in table.columns if name in OWN]:
        raise DataError(f"The table has a column {taken[0]!r}, a name that a store uses itself: rename that column.")
    return tuple((str(name), str(kind)) for name, kind in table.dtypes.items())


def write_index(folder: Path, crops: Sequence[tuple], labels: np.ndarray, table: pd.DataFrame) -> None:
    """Write one line per crop, and make sure that the same table can be read back.

    crops: of each height and width in pixels, crc32 of its bytes, sha256 (hex) of what it was made from.
    Raises DataError where a column's values cannot be kept in text.
    """
    columns = columns_of(table)
    sizes = [height * width for height, width, _, _ in crops]
    offsets = np.cumsum(sizes) - sizes
    own = pd.DataFrame(dict(zip(OWN, (labels, offsets, *zip(*crops, strict=True)), strict=True)))
    text = pd.concat([own, table], axis=1).to_csv(index=False, lineterminator="\n").encode()
    back = parse_index(text, columns)
    for name, kind in columns:
        if not back[name].equals(table[name]):
            raise DataError(
                f"Column {name!r} of the table ({kind}) does not survive being written as text: leave it out."
            )
    with atomic_write(folder / INDEX, "wb") as file:
        file.write(text)


def _packed(
    working: Path, dataset: CellDataset, crops: list[tuple], kept: list[int], left_out: dict[str, str], progress: bool
) -> Iterator[tuple[int, np.ndarray]]:
    """Write crop after crop to the file of pixels, and hand each over with its index; notes what was left out."""
    kind, ids = pixel_type(dataset), dataset.table["cell_id"]
    shows = {"unit": "crop", "disable": not progress, "mininterval": 0.5}
    bar = tqdm(crops_of(dataset), "packing crops", len(dataset), **shows)
    with open(working / PIXELS, "wb") as file:
        for i, (crop, source) in enumerate(bar):
            if isinstance(crop, Unusable):
                left_out[ids.iloc[i]] = str(crop)
                continue
            channels = crop.shape[2] if crop.ndim == 3 else 1
            if crop.dtype != kind or channels != dataset.channels:
                raise DataError(
                    f"Crop {ids.iloc[i]} is {crop.ndim}-D and {crop.dtype}, where the others are "
                    f"{2 if dataset.channels == 1 else 3}-D and {kind} ({dataset.channels} channel(s)), which have no "
                    "common grey scale: keep one kind in the data set."
                )
            planes = np.ascontiguousarray(stacked(crop))
            file.write(planes)
            crops.append((*planes.shape, zlib.crc32(planes), source))
            kept.append(i)
            yield i, crop
        file.flush()
        os.fsync(file.fileno())


def crops_of(dataset: CellDataset) -> Iterator[tuple[np.ndarray | Unusable, str]]:
    """(crop, or why there is none; sha256 of its file's bytes, or of its pixels), one after the other.

    Each file is read once, and no crop is kept.
    """
    from_files = getattr(dataset.images, "read_hashed", None)
    for i in range(len(dataset)):
        if from_files is None:
            crop = np.asarray(dataset.images[i])
            yield crop, hashlib.sha256(np.ascontiguousarray(crop).tobytes()).hexdigest()
            continue
        try:
            yield from_files(i)
        except Unusable as reason:
            yield reason, ""


def pixel_type(dataset: CellDataset) -> np.dtype:
    """Pixel type that every crop must have: that of the first."""
    images = dataset.images
    return np.dtype(images.dtype if hasattr(images, "dtype") else images[0].dtype)


def source_digest(dataset: CellDataset) -> str:
    """sha256 over all that decides what a store will hold.

    With a file per crop these are names, sizes and times of last change, so that nothing has to be read; a file that
    was rewritten with as many bytes is noticed by its time. Otherwise it is the fingerprint over the pixels.
    """
    facts = {
        "name": dataset.name,
        "task": dataset.task,
        "classes": dataset.classes,
        "window": dataset.window,
        "options": dataset.options,
        "fingerprint": dataset.fingerprint,
        "pixel type": pixel_type(dataset).str,
        "columns": [[name, str(kind)] for name, kind in dataset.table.dtypes.items()],
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(pd.util.hash_pandas_object(dataset.table, index=False).to_numpy().tobytes())
    names, root = getattr(dataset.images, "names", ()), getattr(dataset.images, "root", "")
    for name in (name for each in names for name in ((each,) if isinstance(each, str) else each)):
        try:
            status = os.stat(os.path.join(root, name))
            digest.update(f"{status.st_size} {status.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(b"gone\n")
    return digest.hexdigest()


def _check_classes(dataset: CellDataset, kept: list[int], left_out: Mapping[str, str]) -> None:
    """Refuse a store that lacks a class which the data set has."""
    labels = np.asarray(dataset.labels)
    for label in np.setdiff1d(labels, labels[kept]):
        name = dataset.table["cell_id"].iloc[int(np.argmax(labels == label))]
        raise DataError(
            f"No image of class {dataset.classes[label]!r} can be used ({len(left_out):,} left out; "
            f"{name}: {left_out[name]}): `cgrecnet data check {dataset.name}` with the folder of the images names them."
        )


def _finished(folder: Path, source: str) -> Header:
    """The header of a store that is there already; DataError where it is damaged or of other cells."""
    header, _, _ = read_store(folder)
    if header.source != source:
        raise DataError(
            f"The store in {folder} was packed from other cells ({header.name}, task {header.task}, {header.crops:,} "
            "crops), or their files have changed since: name another place with --store, or remove that folder."
        )
    return header
