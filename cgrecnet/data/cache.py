"""Where what was downloaded or packed is kept."""

import os
from pathlib import Path

import platformdirs


def cache_folder(name: str) -> Path:
    """The folder `name` in $CGRECNET_CACHE, or else in the user's cache folder."""
    return Path(os.environ.get("CGRECNET_CACHE") or platformdirs.user_cache_dir("cgrecnet")) / name
