"""Simulated cells as a folder of files, in the layout of the paper's data, so that its real reader reads them.

A folder of simulated cells must never be taken for real ones: `SIMULATED.txt` stands in it, and says so.
"""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from cgrecnet.data.cytometer.phantom import KINDS
from cgrecnet.data.cytometer.simulation import CytometerOptions, Simulation, simulate_blocks
from cgrecnet.data.options import check_options
from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write, locked

#: Says that the cells beside it are simulated; its first line is always the same.
MARKER = "SIMULATED.txt"
FIRST_LINE = "These cells are SIMULATED: no microscope was involved, and no number from them is a real cell's."
TRUTH = "truth.csv"
OPTIONS = "simulation.json"
#: With fewer cells than this, writing them shows no progress.
FEW = 500


def write_cells(folder: str | Path, options: Mapping | CytometerOptions | None = None, workers: int = 1) -> Path:
    """Simulate cells and write them to `folder`, which is there in the end or not at all; returns it.

    Files: class folders with one image per cell (24-bit BMP with three equal channels for 8 bit, 16-bit TIFF for
    12 bit), `truth.csv` with the causes, `simulation.json` with the options, `SIMULATED.txt`.
    All is made in `<folder>.partial`; started again after a break with the same options, it is completed there.
    A folder that holds these very cells is left as it is.
    Raises ConfigError (options), DataError (the folder holds something else, is in use, or cannot be written).
    """
    options = check_options(CytometerOptions, options, "cytometer")
    folder = Path(folder).expanduser().resolve()
    partial = folder.with_name(folder.name + ".partial")
    blocks = simulate_blocks(options, workers=workers)
    try:
        if _holds(folder, options):
            return folder
        partial.mkdir(parents=True, exist_ok=True)
        with locked(partial / ".lock"):
            _holds(partial, options)
            for rest in partial.glob("*.partial"):
                rest.unlink()
            for name, text in ((MARKER, _readme(options)), (OPTIONS, _as_json(options))):
                with atomic_write(partial / name) as file:
                    file.write(text)
            _fill(partial, blocks, options)
            (partial / ".lock").unlink()
            os.replace(partial, folder)
    except BlockingIOError:
        raise DataError(f"Another process is writing to {partial}: wait for it, then try again.") from None
    except OSError as error:
        raise DataError(
            f"The simulated cells cannot be written to {folder} ({error.strerror or error}): make room or the folder "
            "writable, or name another, and start again; what is there already is kept."
        ) from error
    return folder


def file_name(kind: int, run: int, cell: int, bits: int) -> str:
    """Name of one cell's file below the folder."""
    ending = "bmp" if bits == 8 else "tif"
    return f"{KINDS[kind]}/{KINDS[kind][0]}_{run // 3 + 1}d{run % 3 + 1}_{cell}_Ch1.ome.{ending}"


def _holds(folder: Path, options: CytometerOptions) -> bool:
    """Whether the folder has these cells, perhaps not all; raises DataError where it holds anything else."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: name a folder for the simulated cells, new or empty.")
    if not folder.exists() or not [path for path in folder.iterdir() if path.name != ".lock"]:
        return False
    try:
        found = (folder / OPTIONS).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        found = None
    if found == _as_json(options):
        return True
    what = "simulated cells made with other options" if found else "other files"
    raise DataError(f"The folder {folder} holds {what}: name a new or an empty one, nothing was written.")


def _as_json(options: CytometerOptions) -> str:
    return json.dumps({"simulated": True, "cytometer": options.model_dump()}, indent=1) + "\n"


def _readme(options: CytometerOptions) -> str:
    eight = options.bits == 8
    window = "" if eight else ", options={'window': (0, 4095)}"
    return Path(__file__).with_name("simulated.txt").read_text(encoding="utf-8").format(
        first=FIRST_LINE, version=options.version, options=OPTIONS, ending="bmp" if eight else "tif", truth=TRUTH,
        reading=f"Open it with cgrecnet: open_dataset('zhu', root=FOLDER{window}).",
    )  # fmt: skip


def _fill(partial: Path, blocks: Iterator[Simulation], options: CytometerOptions) -> None:
    """Write every image, then the table."""
    for kind in KINDS:
        (partial / kind).mkdir(exist_ok=True)
    shown = {"desc": "simulating cells", "unit": "cell", "leave": False, "mininterval": 0.5}
    bar = tqdm(total=options.cells, disable=options.cells < FEW, **shown)
    first = 0
    with atomic_write(partial / TRUTH) as file, bar:
        for block in blocks:
            table = _truth(block, first, options)
            for name, image in zip(table["file"], block.images, strict=True):
                _put(partial / name, image)
            table.to_csv(file, index=False, header=first == 0, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
            first += len(table)
            bar.update(len(table))


def _truth(block: Simulation, first: int, options: CytometerOptions) -> pd.DataFrame:
    """Rows of `truth.csv` for some cells."""
    cells = range(first, first + len(block.labels))
    runs = block.causes["run"].to_numpy()
    names = [file_name(*one, options.bits) for one in zip(block.labels, runs, cells, strict=True)]
    own = {
        "file": names,
        "cell_id": [f"sim{options.seed}-{cell:06d}" for cell in cells],
        "class_name": np.asarray(KINDS)[block.labels],
    }
    return pd.concat([pd.DataFrame(own), block.causes], axis=1)


def _put(path: Path, image: np.ndarray) -> None:
    """One image file; one that was broken off is written anew."""
    Image.fromarray(np.repeat(image[:, :, None], 3, axis=2) if image.dtype == np.uint8 else image).save(path)
