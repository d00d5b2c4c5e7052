"""Pack a data set into a store: once, in bounded memory, and from where it stopped if it was stopped."""

import csv
import os
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cgrecnet import __version__
from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.packed import stacked, unstacked
from cgrecnet.data.store.header import (
    ASIDE,
    BEGUN,
    FORMAT,
    HEADER,
    INDEX,
    JOURNAL,
    PIXELS,
    Header,
    content_of,
    is_store,
    write_header,
)  # fmt: skip
from cgrecnet.data.store.index import Crop, columns_of, write_index
from cgrecnet.data.store.journal import Journal, remove_journal
from cgrecnet.data.store.opened import read_store
from cgrecnet.data.store.source import Aside, crops_of, pixel_type, source_digest
from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write, locked

LOCK = "lock"
_OURS = {HEADER, PIXELS, INDEX, ASIDE, BEGUN, JOURNAL, LOCK}


def pack_cells(
    dataset: CellDataset, folder: str | Path, aside: Mapping[str, str] | None = None, progress: bool = False
) -> Header:
    """Pack an opened data set into a store in `folder`, or finish one that was begun there; returns its header.

    aside: file -> reason, for the report, of files that were left out before; progress: a bar on stderr.
    A crop that cannot be read is left out and named in the report. The same data set gives the same pixels, index and
    report, byte for byte, however often the build was stopped. A finished store is left as it is.
    Raises DataError: another build is at work; the folder holds something else; no space or no right to write; the
    files changed; no usable crop of a class; 8 and 16 bit mixed. What was packed is kept for the next start.
    """
    folder = Path(folder).expanduser().absolute()
    with _in_words(folder):
        source = source_digest(dataset)
        if is_store(folder):
            return _finished(folder, source)
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_files(folder)
        with locked(folder / LOCK):
            if is_store(folder):  # the other build has just ended
                return _finished(folder, source)
            _remove_stale(folder)
            with Journal(folder, source, pixel_type(dataset)) as journal:
                _pack(dataset, journal, progress)
            if source_digest(dataset) != source:
                raise DataError(
                    f"The files of data set {dataset.name!r} changed while they were packed: remove the folder "
                    f"{folder} and pack them again when they are at rest."
                )
            header = _write(folder, dataset, source, journal.done, aside or {}, progress)
            remove_journal(folder)
            return header


def _pack(dataset: CellDataset, journal: Journal, progress: bool) -> None:
    kind = pixel_type(dataset)
    first = len(journal.done)
    bar = tqdm(
        crops_of(dataset, first), "packing crops", len(dataset), initial=first, unit="crop", disable=not progress,
        file=sys.stderr, mininterval=0.5,
    )  # fmt: skip
    for i, (crop, source) in enumerate(bar, start=first):
        if isinstance(crop, Aside):
            journal.leave_out(crop)
            continue
        channels = crop.shape[2] if crop.ndim == 3 else 1
        if crop.dtype != kind or channels != dataset.channels:
            raise DataError(
                f"Crop {dataset.table['cell_id'].iloc[i]} is {crop.ndim}-D and {crop.dtype}, where the others are "
                f"{2 if dataset.channels == 1 else 3}-D and {kind} ({dataset.channels} channel(s)), which have no "
                "common grey scale: keep one kind in the data set."
            )
        journal.add(stacked(crop), source)
    journal.finish()


def _write(
    folder: Path, dataset: CellDataset, source: str, done: list, aside: Mapping[str, str], progress: bool
) -> Header:
    """Index, report and, last, the header."""
    kept = np.array([isinstance(one, Crop) for one in done], dtype=bool)
    crops = [one for one in done if isinstance(one, Crop)]
    ids = dataset.table["cell_id"]
    left_out = dict(aside) | {ids.iloc[i]: str(done[i]) for i in np.flatnonzero(~kept)}
    _check_classes(dataset, kept, left_out)
    labels, table = dataset.labels[kept], dataset.table[kept].reset_index(drop=True)
    write_index(folder, crops, labels, table)
    _write_aside(folder, left_out)
    header = Header(
        format=FORMAT,
        name=dataset.name,
        simulated=dataset.simulated,
        task=dataset.task,
        classes=dataset.classes,
        window=dataset.window,
        origin=dataset.origin,
        options=dataset.options,
        fingerprint=fingerprint_of(
            folder, crops, labels, table["cell_id"].tolist(), pixel_type(dataset), progress, dataset.channels
        ),
        columns=columns_of(table),
        pixel_type=pixel_type(dataset).str,
        channels=dataset.channels,
        crops=len(crops),
        aside=len(left_out),
        pixels=content_of(folder / PIXELS),
        index=content_of(folder / INDEX),
        source=source,
        built_with=__version__,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_header(folder, header)
    return header


def fingerprint_of(
    folder: Path, crops: list[Crop], labels, ids: list[str], kind: np.dtype, progress: bool, channels: int = 1
) -> str:
    """Fingerprint over what the pixel file holds, each crop held against its checksum.

    The file is read in order, not mapped, so that memory stays small. Raises DataError at the first difference.
    """
    bar = tqdm(crops, "checking crops", unit="crop", disable=not progress, file=sys.stderr, mininterval=0.5)
    with open(folder / PIXELS, "rb") as file:

        def images():
            for crop, name in zip(bar, ids, strict=True):
                data = file.read(crop.height * crop.width * kind.itemsize)
                if zlib.crc32(data) != crop.crc32:
                    raise DataError(
                        f"The pixels of {name} in {folder / PIXELS} are not those that were packed, the disk changed "
                        "them: remove the folder and pack the data set on another disk."
                    )
                yield unstacked(np.frombuffer(data, kind).reshape(crop.height, crop.width), channels)

        return fingerprint(images(), labels, ids)


def _write_aside(folder: Path, left_out: Mapping[str, str]) -> None:
    with atomic_write(folder / ASIDE) as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("name", "reason"))
        rows.writerows(sorted(left_out.items()))


def _check_classes(dataset: CellDataset, kept: np.ndarray, left_out: Mapping[str, str]) -> None:
    """Refuse a store that lacks a class which the data set has."""
    for label in np.unique(dataset.labels):
        if not (kept & (dataset.labels == label)).any():
            name = dataset.table["cell_id"].iloc[int(np.flatnonzero(dataset.labels == label)[0])]
            reason = left_out[name]
            raise DataError(
                f"No image of class {dataset.classes[label]!r} can be used ({len(left_out):,} left out; "
                f"{name}: {reason}): `cgrecnet data check {dataset.name}` with the folder of the images names them."
            )


def _finished(folder: Path, source: str) -> Header:
    """The header of a store that is there already; DataError where it is damaged or of other cells."""
    header, _, _ = read_store(folder)
    if header.source != source:
        raise DataError(
            f"The store in {folder} was packed from other cells ({header.name}, task {header.task}, {header.crops:,} "
            "crops), or their files have changed since: name another place with --store, or remove that folder."
        )
    remove_journal(folder)
    return header


def _refuse_other_files(folder: Path) -> None:
    foreign = sorted(name for name in os.listdir(folder) if name not in _OURS and not _is_stale(name))
    if foreign:
        raise DataError(f"{folder} holds other files ({foreign[0]}): name an empty or a new folder for the store.")


def _is_stale(name: str) -> bool:
    """Whether it is what `whole` leaves of one of our files when it is killed."""
    return name.endswith(".partial") and name.rsplit(".", 2)[0] in _OURS


def _remove_stale(folder: Path) -> None:
    for name in filter(_is_stale, os.listdir(folder)):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Faults of the disk, and a lock that another process holds, in one sentence."""
    try:
        yield
    except BlockingIOError:
        raise DataError(
            f"Another process is packing into {folder}: wait until it is done, or name another place with --store."
        ) from None
    except OSError as error:
        raise DataError(
            f"The store cannot be written in {folder} ({error.strerror or error}): free space there, or name a folder "
            "that you can write to with --store, and start again; what was packed is kept."
        ) from None
