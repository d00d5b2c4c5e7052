"""A packed store against the same crops as files, read by torchvision's ImageFolder: time, size, memory, random reads.

    python benchmarks/store.py [--cells 207556] [--folder NEW] [--json results/bench-store/NAME.json]

The crops are generated (noise on a grey ground, no cells): 24-bit BMP files with R = G = B, 60 pixels wide and 37 to
57 high, in class folders with the paper's class shares, as its images come. They are removed at the end.
Each build is a process of its own, `cgrecnet data pack zhu`, whose peak memory the system reports (Linux only).
Random reads go through the same indices on both sides, in turn, first one and then the other first. `warm` is with the
files in the system's page cache; `cold` and `cold_epoch` after it was asked to drop them (the host's own cache, if any,
stays): the first reads after that, and every crop once.
"""

import argparse
import json
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import command_line, keep
from PIL import Image
from torchvision.datasets import ImageFolder

from cgrecnet.data import open_dataset
from cgrecnet.paper.tables import load_tables

WIDTH, LOWEST, HIGHEST = 60, 37, 57
CODES = {"astrocyte": "a", "oligodendrocyte": "o", "neuron": "n"}


def class_counts(cells: int) -> dict[str, int]:
    """Cells per class in the shares of the paper's Table 1, exactly its counts for its number of cells."""
    table = load_tables()["1"]
    printed = {row.lower().removesuffix("s"): int(table.cell(row, "count").number) for row in table.rows}
    counts = {kind: int(cells * printed[kind] / sum(printed.values())) for kind in CODES}
    counts["neuron"] += cells - sum(counts.values())
    return counts


def generate(folder: Path, cells: int, seed: int = 0) -> None:
    """Write the files: noise around a grey level of the acquisition."""
    rng = np.random.default_rng(seed)
    noise = np.clip(rng.normal(0, 6, 1 << 22), -40, 40).astype(np.int16)
    for kind, count in class_counts(cells).items():
        (folder / kind).mkdir(parents=True)
        for i in range(count):
            day, replicate = 1 + i % 3, 1 + i // 3 % 2
            height = int(rng.integers(LOWEST, HIGHEST + 1))
            start = int(rng.integers(len(noise) - WIDTH * HIGHEST))
            crop = (noise[start : start + WIDTH * height] + 90 + 20 * day).astype(np.uint8).reshape(height, WIDTH)
            name = f"{CODES[kind]}_{day}d{replicate}_{i}_Ch1.ome.bmp"
            (folder / kind / name).write_bytes(bmp(crop))


def bmp(crop: np.ndarray) -> bytes:
    """A 24-bit BMP with R = G = B; the width must be a multiple of 4."""
    height, width = crop.shape
    size = 3 * width * height
    head = b"BM" + struct.pack("<IHHI", 54 + size, 0, 0, 54)
    head += struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, size, 2835, 2835, 0, 0)
    return head + np.repeat(crop[::-1], 3, axis=1).tobytes()


def run(program: str) -> dict:
    """What a fresh Python says at the end of `program`, and its peak memory (resident, MB)."""
    program += (
        "\nimport json\npeak = [x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')]\n"
        "print(json.dumps(said | {'peak_mb': int(peak[0]) / 1024}))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def build(files: Path, store: Path) -> dict:
    """Pack the files as a user would."""
    shutil.rmtree(store, ignore_errors=True)
    start = time.perf_counter()
    found = run(
        "import time\nfrom cgrecnet.cli import main\n"
        f"assert main(['data', 'pack', 'zhu', {str(files)!r}, '--store', {str(store)!r}]) == 0\n"
        "said = {'cpu_seconds': time.process_time()}"
    )
    return {"seconds": time.perf_counter() - start} | found


def opened(code: str, times: int = 3) -> dict:
    """Median seconds and peak memory of processes that import what is needed and open the crops by `code`."""
    program = (
        "import time\nfrom torchvision.datasets import ImageFolder\nfrom cgrecnet.data import open_dataset\n"
        "import cgrecnet.data.store, cgrecnet.data.zhu\nstart = time.perf_counter()\n"
        f"cells = {code}\nsaid = {{'seconds': time.perf_counter() - start}}"
    )
    found = [run(program) for _ in range(times)]
    return {name: float(np.median([one[name] for one in found])) for name in found[0]}


def size_of(folder: Path) -> dict:
    """Number of files, their bytes, and the bytes that they take on the disk."""
    status = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return {
        "files": len(status),
        "bytes": sum(one.st_size for one in status),
        "disk_bytes": sum(one.st_blocks * 512 for one in status),
    }


def drop(paths: list[Path]) -> None:
    """Ask the system to drop files from its page cache (written ones only, so they are synchronised before)."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def rate(read: Callable[[int], object], index: np.ndarray) -> float:
    """Crops per second."""
    start = time.perf_counter()
    for i in index:
        read(int(i))
    return len(index) / (time.perf_counter() - start)


def compare(files: Path, store: Path, reads: int, rounds: int, cold: bool) -> dict:
    """Random reads: as grey levels in memory, and as the RGB picture that ImageFolder gives."""
    folder = ImageFolder(files)
    rng = np.random.default_rng(1)
    rows: dict[str, list[float]] = {"store_grey": [], "store_rgb": [], "files_grey": [], "files_rgb": []}
    for turn in range(rounds):
        index = rng.permutation(len(folder))[:reads]
        cells = open_dataset("zhu", root=store)
        read = {
            "store_grey": lambda i, cells=cells: np.array(cells.images[i]),
            "files_grey": lambda i: np.asarray(folder[i][0])[..., 0].copy(),
            "store_rgb": lambda i, cells=cells: Image.fromarray(cells.images[i]).convert("RGB"),
            "files_rgb": lambda i: folder[i][0],
        }
        for name in list(read) if turn % 2 == 0 else list(read)[::-1]:
            if cold and name.startswith("files"):
                drop([Path(folder.samples[i][0]) for i in index])
            elif cold:
                drop_mapped(store, cells)
            rows[name].append(rate(read[name], index))
    result = {name: float(np.median(found)) for name, found in rows.items()}
    for kind in ("grey", "rgb"):
        ratio = np.array(rows[f"store_{kind}"]) / rows[f"files_{kind}"]
        result[f"ratio_{kind}"] = float(np.median(ratio))
        result[f"ratio_{kind}_range"] = [float(ratio.min()), float(ratio.max())]
    return result | {"reads": reads, "rounds": rounds}


def cold_epochs(files: Path, store: Path, rounds: int = 2) -> dict:
    """Every crop once in random order, as grey levels, nothing in memory at the start: crops per second."""
    folder = ImageFolder(files)
    rows: dict[str, list[float]] = {"store": [], "files": []}
    for turn in range(rounds):
        index = np.random.default_rng(turn).permutation(len(folder))
        cells = open_dataset("zhu", root=store)
        for name in ("store", "files") if turn % 2 == 0 else ("files", "store"):
            if name == "store":
                drop_mapped(store, cells)
                rows[name].append(rate(lambda i, cells=cells: np.array(cells.images[i]), index))
            else:
                drop([Path(path) for path, _ in folder.samples])
                rows[name].append(rate(lambda i: np.asarray(folder[i][0])[..., 0].copy(), index))
    ratio = np.array(rows["store"]) / rows["files"]
    result = {name: float(np.median(found)) for name, found in rows.items()}
    return result | {"ratio": float(np.median(ratio)), "ratio_range": [float(ratio.min()), float(ratio.max())]}


def drop_mapped(store: Path, cells) -> None:
    """Drop the pixels of an open store: pages that are mapped stay, so they are unmapped first."""
    cells.images.pixels._mmap.madvise(mmap.MADV_DONTNEED)
    drop([store / "pixels.bin"])


def same(files: Path, store: Path, crops: int = 500) -> int:
    """Hold some crops of the store against ImageFolder's; returns how many were compared."""
    folder, cells = ImageFolder(files), open_dataset("zhu", root=store)
    names = [str(Path(path).relative_to(files)) for path, _ in folder.samples]
    assert names == cells.table["cell_id"].tolist()
    for i in np.random.default_rng(2).permutation(len(names))[:crops]:
        assert np.array_equal(np.asarray(folder[i][0])[..., 0], cells.images[i])
    return crops


def measure(args: argparse.Namespace) -> dict:
    """Everything, on freshly generated files."""
    load = os.getloadavg()
    few, files, store = args.folder / "few", args.folder / "files", args.folder / "store"
    generate(few, min(2000, args.cells), seed=1)
    start = time.perf_counter()
    generate(files, args.cells)
    print(f"generated in {time.perf_counter() - start:.0f} s", flush=True)
    os.sync()
    result = {"build_few": build(few, args.folder / "store-few") | {"cells": min(2000, args.cells)}}
    drop([path for path in files.rglob("*") if path.is_file()])
    result["build_cold"] = build(files, store)
    result["build_warm"] = build(files, store)
    os.sync()
    result |= {"files": size_of(files), "store": size_of(store), "compared": same(files, store)}
    places = {"files": repr(str(files)), "store": repr(str(store))}
    result["open_nothing"] = opened("None")
    result["open_store"] = opened(f"open_dataset('zhu', root={places['store']})")
    result["open_image_folder"] = opened(f"ImageFolder({places['files']})")
    result["open_files_by_name"] = opened(f"open_dataset('zhu', root={places['files']}, options={{'hash': 'names'}})")
    result["warm"] = compare(files, store, min(args.reads, args.cells), args.rounds, cold=False)
    result["cold"] = compare(files, store, min(args.cold_reads, args.cells), args.rounds, cold=True)
    result["cold_epoch"] = cold_epochs(files, store)
    return {
        "what": "generated crops (noise), not cells",
        "cells": args.cells,
        **result,
        "shared_machine": args.shared,
        "load_before": load,
        "load_after": os.getloadavg(),
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--cells", type=int, default=207_556)
    place = Path(tempfile.gettempdir()) / "bench-store"
    parser.add_argument("--folder", type=Path, default=place, help="a new folder, removed at the end")
    parser.add_argument("--reads", type=int, default=3_000, help="random reads per round and side")
    parser.add_argument("--cold-reads", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--shared", action="store_true", help="say in the record that others used the machine")
    args = parser.parse_args()
    args.folder.mkdir(parents=True)
    try:
        print(json.dumps(keep(args.json, measure(args)), indent=1), flush=True)
    finally:
        shutil.rmtree(args.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
