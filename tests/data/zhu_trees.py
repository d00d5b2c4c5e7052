"""Folder trees like those that the paper's images may come in, made of small random crops."""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

LONG = {
    "astrocyte": "NSCs treated with astrocyte differentiation medium",
    "oligodendrocyte": "NSCs treated with oligodendrocyte differentiation medium",
    "neuron": "NSCs treated with neuron differentiation medium (with RA and SHH, etc.)",
}
CODES = {"astrocyte": "a", "oligodendrocyte": "o", "neuron": "n"}


def crop(seed: int, depth: int = 8) -> np.ndarray:
    """A random crop of 60 by 37 to 57 pixels, 8 or 16 bit."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(37, 58)), 60)
    return rng.integers(80, 130, shape).astype(np.uint8) if depth == 8 else rng.integers(0, 65536, shape, np.uint16)


def write(path: Path, image: np.ndarray, colour: bool = False) -> np.ndarray:
    """Write a grey image in the format of the ending, as R = G = B where `colour`; returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = np.stack([image] * 3, axis=-1) if colour else image
    if path.suffix.lower().startswith(".tif"):
        tifffile.imwrite(path, shown, photometric="rgb" if colour else "minisblack")
    else:
        Image.fromarray(shown).save(path)
    return image


def tree(root: Path, layout: str, per_class: int = 4) -> dict[str, np.ndarray]:
    """Write a tree in a layout; returns name below the root -> pixels, for the three classes."""
    depth = 16 if layout in ("tiff16", "png16", "rgb16") else 8
    written = {}
    for number, (kind, code) in enumerate(CODES.items()):
        for i in range(per_class):
            day = 1 + i % 2
            plain, ours = f"cell {i}", f"{code}_{day}d1_{i}_Ch1.ome"
            name = {
                "flat": f"{ours}.bmp",
                "folders": f"{kind.upper()}S/{plain}.bmp",
                "long": f"{LONG[kind]}/{ours}.bmp",
                "nested": f"{kind}/day {day}/rep 2/{plain}.bmp",
                "days-outside": f"{day}d3/{kind}s/{plain}.bmp",
                "prefixed": f"{code}_{day}d1/{i}_Ch1.ome.bmp",
                "tiff16": f"{kind}/{ours}.TIF",
                "rgb16": f"{kind}/{ours}.tiff",
                "rgb": f"{ours}.bmp",
                "png": f"{kind}/{plain}.PNG",
                "png16": f"{ours}.png",
                "title": f"astrocytes, oligodendrocytes and neurons/{kind}/{plain}.bmp",
                "channels": f"{kind}/{ours}.bmp",
                "non-ascii": f"Nervenzellen äöü/{kind}s – 日本/{plain} µ.bmp",
            }[layout]
            image = crop(100 * number + i, depth)
            written[name] = write(root / name, image, colour=layout in ("rgb", "rgb16"))
            if layout == "channels":
                for channel in (2, 3, 11):
                    write(root / name.replace("_Ch1.", f"_Ch{channel}."), crop(7000 + channel))
    return written


LAYOUTS = [
    "flat", "folders", "long", "nested", "days-outside", "prefixed", "tiff16", "rgb16", "rgb", "png", "png16", "title",
    "channels", "non-ascii",
]  # fmt: skip
