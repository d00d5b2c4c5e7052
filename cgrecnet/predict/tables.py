"""The table of predictions in other formats: Parquet, and FCS for FlowJo, FlowKit and their like."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write, shown
from cgrecnet.predict.folder import Model
from cgrecnet.predict.unlike import REASONS

#: Columns of words; and rows that are in memory at once.
WORDS, ROWS = ("input", "cell_id", "file", "class", "set", "reasons", "seen"), 50_000


def need(package: str, what: str, extra: str | None = None) -> None:
    """Raise ConfigError where a package is missing that `what` needs; before anything is computed."""
    try:
        there = find_spec(package) is not None
    except ModuleNotFoundError:  # of `a.b`, where there is no a
        there = False
    if not there:
        name = f"'cgrecnet[{extra}]'" if extra else package
        raise ConfigError(f"{what} needs the package {package}, which is not installed: pip install {name}.")


def read_table(table: Path) -> Iterator[pd.DataFrame]:
    """The rows of a table of predictions, some at a time: words as text, all else as numbers."""
    words = dict.fromkeys(WORDS, str)
    return pd.read_csv(table, keep_default_na=False, chunksize=ROWS, dtype=words, float_precision="round_trip")


@contextmanager
def refusals_named(out: Path) -> Iterator[None]:
    """RunError, in one sentence, where the disk refuses to take `out`."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{shown(out)} cannot be written ({error.strerror}): make room or name another file.") from error


def write_parquet(table: Path, out: Path) -> None:
    """The CSV `table` as Parquet, some rows at a time. Raises RunError where the disk refuses."""
    import pyarrow
    import pyarrow.parquet

    schema, writer = None, None
    with refusals_named(out), atomic_write(Path(out), "wb") as file:
        for rows in read_table(table):
            if writer is None:
                schema = pyarrow.Schema.from_pandas(rows, preserve_index=False)
                writer = pyarrow.parquet.ParquetWriter(file, schema)
            writer.write_table(pyarrow.Table.from_pandas(rows, schema, preserve_index=False))
        writer.close()


def write_fcs(table: Path, out: Path, model: Model) -> None:
    """The CSV `table` as FCS 3.1: one event per cell in the order of the table, float32.

    Parameters: `Object Number` (of ImageStream cells their number in the file, as IDEAS counts; of others the row, from
    0), `File Number` (from 1; the keywords CGRECNET FILE 1, ... have the names), `p CLASS` and `in CLASS` of each
    class, `class` (its number, from 1; the keywords CGRECNET CLASS 1, ... have the names), `unlike` and its distances.
    Raises RunError where the disk refuses.
    """
    import flowio

    events, files = [], {}
    start = 0
    for rows in read_table(table):
        numbered = "object" in rows and rows["object"].astype(str).ne("").all()
        columns = {"Object Number": rows["object"] if numbered else np.arange(start, start + len(rows))}
        if source := _sources(rows):
            columns["File Number"] = [files.setdefault(name, len(files) + 1) for name in source]
        columns |= {f"p {name}": rows[f"p_{name}"] for name in model.classes}
        columns |= {f"in {name}": rows[f"in_{name}"] for name in model.classes}
        columns["class"] = [model.classes.index(name) + 1 for name in rows["class"]]
        columns["unlike"] = rows["unlike"]
        columns |= {f"unlike {reason}": rows[f"unlike_{reason}"] for reason in REASONS}
        events.append(np.stack([np.asarray(values, np.float32) for values in columns.values()], axis=1))
        start += len(rows)
    keywords = {f"CGRECNET CLASS {i}": name for i, name in enumerate(model.classes, 1)}
    keywords |= {f"CGRECNET FILE {i}": name for name, i in files.items()}
    names = [name.replace(",", " ") for name in columns]
    with refusals_named(out), atomic_write(Path(out), "wb") as file:
        flowio.create_fcs(file, np.concatenate(events).ravel(), names, metadata_dict=keywords)


def _sources(rows: pd.DataFrame) -> list[str]:
    """Of each cell the file that it is from, or the input where there are several; none of a folder of pictures."""
    if "input" not in rows:
        return rows["file"].tolist() if "file" in rows else []
    inside = rows["file"] if "file" in rows else [""] * len(rows)
    return [one if one.endswith(file) else f"{one}/{file}" for one, file in zip(rows["input"], inside, strict=True)]
