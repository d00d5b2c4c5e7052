"""Which channel a file itself calls brightfield: OME-TIFF exports may name their channels."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cgrecnet.data.images.pixels import quiet

#: Cells whose files are asked.
ASKED = 3
_NAMES = re.compile(r"<(?:\w+:)?Channel\b[^>]*?\bName=\"([^\"]{0,80})\"")
_BRIGHTFIELD = re.compile(r"\s*(bf|bright[ _-]?field)\b", re.I)


def marked_brightfield(root: Path, cells: Iterable[Mapping], channels: Sequence[int]) -> int | None:
    """The one channel whose files call it brightfield, None where none does, or several.

    cells: of each cell, channel number -> file below the root.
    """
    votes = set()
    for number, files in enumerate(cells):
        if number >= ASKED:
            break
        votes |= {channel for channel in channels if channel in files and _calls_itself(root / files[channel])}
    return votes.pop() if len(votes) == 1 else None


def _calls_itself(path: Path) -> bool:
    if path.suffix.lower() not in (".tif", ".tiff"):
        return False
    import tifffile

    try:
        with quiet(tifffile), tifffile.TiffFile(path) as file:
            said = file.pages.first.description or ""
    except Exception:  # a damaged file says nothing
        return False
    return any(_BRIGHTFIELD.match(name) for name in _NAMES.findall(said[:100_000]))
