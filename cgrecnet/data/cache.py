"""Where images are looked for, and where what was downloaded or packed is kept."""

import os
from pathlib import Path

import platformdirs

from cgrecnet.errors import DataError
from cgrecnet.files import shown


def cache_folder(name: str) -> Path:
    """The folder `name` in $CGRECNET_CACHE, or else in the user's cache folder."""
    return Path(os.environ.get("CGRECNET_CACHE") or platformdirs.user_cache_dir("cgrecnet")) / name


def own_files(name: str, root: str | Path | None, missing: str, wanted: str) -> Path:
    """The place of files that a user brings: `root`, or else the folder `name` in $CGRECNET_DATA.

    Raises DataError: `missing` where no root is given and there is no such folder; that `root` does not exist, with
    `wanted`, what to name in its place.
    """
    if root is None:
        data = os.environ.get("CGRECNET_DATA")
        path = Path(data).expanduser() / name if data else None
        if path is None or not path.exists():
            raise DataError(missing)
        return path.absolute()
    path = Path(root).expanduser()
    if not path.exists():
        raise DataError(f"{shown(path)} does not exist: name {wanted}.")
    return path.absolute()
