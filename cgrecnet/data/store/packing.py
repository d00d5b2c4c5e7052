"""A data set packed into a store, crop by crop, and opened again from one mapped file (`header` has the layout).

A store is built in a hidden folder that takes the store's name when it is whole. It is opened like any data set,
`open_dataset(name, root=FOLDER)`, and equals the one that it was packed from: the same pixels, labels, table, window,
origin and fingerprint.
"""

import hashlib
import io
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
from cgrecnet.data.base import CellDataset, MappedImages, Unusable, fingerprint_of, pack_anew, stacked
from cgrecnet.data.store.header import (
    EXCLUDED,
    FORMAT,
    INDEX,
    OF_DATA_SET,
    OWN,
    PIXELS,
    Header,
    check_asked,
    content_of,
    is_store,
    read_header,
    write_header,
)
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


def _finished(folder: Path, source: str) -> Header:
    """The header of a store that is there already; DataError where it is damaged or of other cells."""
    header, _, _ = read_store(folder)
    if header.source != source:
        raise DataError(
            f"The store in {folder} was packed from other cells ({header.name}, task {header.task}, {header.crops:,} "
            "crops), or their files have changed since: name another place with --store, or remove that folder."
        )
    return header


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


def parse_index(data: bytes, columns: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """An index from its bytes, values as they were: an empty text is no missing number, a number keeps every digit.

    Raises ValueError, KeyError or TypeError where the bytes do not fit the columns.
    """
    floats = {name: kind for name, kind in columns if kind.startswith("float")}
    index = pd.read_csv(
        io.BytesIO(data), dtype=OWN | dict(columns) | dict.fromkeys(floats, str), keep_default_na=False, na_values=[]
    )
    return index.assign(**{name: index[name].replace("", "nan").astype(kind) for name, kind in floats.items()})


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


def open_store(
    folder: str | Path, name: str | None = None, task: str | None = None, options: Mapping | None = None
) -> CellDataset:
    """The data set in a store; images are mapped, so that opening takes no time for them.

    name, task, options: what it has to hold; None: whatever it does. The option `window` is taken as given.
    Checked are the header, the sizes of its files and the hash of the index. Pixels are checked before a training
    (`MappedImages.check`) and by `check`.
    Raises DataError (damaged, cut off, changed, of another format) or ConfigError (holds something else).
    """
    header, own, table = read_store(folder)
    check_asked(Path(folder), header, name, task, options or {})
    images = MappedImages(
        Path(folder) / PIXELS,
        np.dtype(header.pixel_type),
        own["packed_offset"].to_numpy(),
        own["packed_height"].to_numpy() // header.channels,
        own["packed_width"].to_numpy(),
        own["packed_crc32"].to_numpy(),
        header.channels,
    )
    fields = {name: getattr(header, name) for name in OF_DATA_SET}
    if (window := (options or {}).get("window")) is not None:
        fields |= {"window": tuple(window), "options": fields["options"] | {"window": tuple(window)}}
    return CellDataset(images=images, labels=own["packed_label"].to_numpy(dtype=np.int64), table=table, **fields)


def read_store(folder: str | Path) -> tuple[Header, pd.DataFrame, pd.DataFrame]:
    """(header, the store's own columns, the data set's table), sizes and index checked; raises DataError."""
    folder = Path(folder)
    header = read_header(folder)
    for file, content in ((PIXELS, header.pixels), (INDEX, header.index)):
        try:
            size = (folder / file).stat().st_size
        except OSError as error:
            raise DataError(f"{folder / file} cannot be read ({error.strerror}): {pack_anew(folder)}.") from None
        if size != content.bytes:
            state = "is cut off" if size < content.bytes else "is longer than it was packed"
            raise DataError(f"{folder / file} {state} ({size:,} of {content.bytes:,} bytes): {pack_anew(folder)}.")
    if content_of(folder / INDEX) != header.index:
        raise DataError(f"{folder / INDEX} was changed after it was packed (its sha256 differs): {pack_anew(folder)}.")
    try:
        index = parse_index((folder / INDEX).read_bytes(), header.columns)
        own, table = index[list(OWN)], index[[name for name, _ in header.columns]]
        sizes = own["packed_height"].astype(np.int64) * own["packed_width"]
    except (ValueError, KeyError, TypeError) as error:  # TypeError: a column of a type that does not exist
        raise DataError(f"{folder / INDEX} does not fit its header ({error}): {pack_anew(folder)}.") from None
    if not own["packed_label"].between(0, len(header.classes) - 1).all():
        raise DataError(f"{folder / INDEX} does not fit its header (labels of other classes): {pack_anew(folder)}.")
    if len(own) != header.crops or sizes.sum() * np.dtype(header.pixel_type).itemsize != header.pixels.bytes:
        raise DataError(f"{folder / INDEX} does not fit its header (other sizes): {pack_anew(folder)}.")
    return header, own, table
