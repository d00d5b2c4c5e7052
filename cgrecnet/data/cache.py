"""Where images are looked for, and where what was downloaded or packed is kept."""

import os
from pathlib import Path

import platformdirs

from cgrecnet.errors import DataError
from cgrecnet.files import shown


def cache_folder(name: str) -> Path:
    """The folder `name` in $CGRECNET_CACHE, or else in the user's cache folder."""
    return Path(os.environ.get("CGRECNET_CACHE") or platformdirs.user_cache_dir("cgrecnet")) / name


def own_files(name: str, root: str | Path | None, missing: str, wanted: str, cached: bool = False) -> Path:
    """The place of files that a user brings: `root`, or else the folder `name` in $CGRECNET_DATA.

    cached: whether they may lie in the cache, too.
    Raises DataError: `missing`, with {place} for where they were looked for, where no root is given and there is no
    such folder; that `root` does not exist, with `wanted`, what to name in its place.
    """
    if root is None:
        data = os.environ.get("CGRECNET_DATA")
        places = [*([Path(data).expanduser() / name] if data else []), *([cache_folder(name)] if cached else [])]
        path = next((place for place in places if place.exists()), None)
        if path is None:
            place = f"in {shown(places[0])}" if data else "here (CGRECNET_DATA is not set)"
            raise DataError(missing.format(place=place))
        return path.absolute()
    path = Path(root).expanduser()
    if not path.exists():
        raise DataError(f"{shown(path)} does not exist: name {wanted}.")
    return path.absolute()
