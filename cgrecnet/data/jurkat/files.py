"""The published montages on disk: where they are, and whether they are the published ones.

`mlcp.json` lists the 36 files with their sizes and sha256 at one commit of github.com/minh-doan/MLCP.
"""

import hashlib
import json
import os
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from cgrecnet.data.cache import cache_folder
from cgrecnet.errors import DataError

REMEDY = "get the files with `cgrecnet data fetch jurkat`"


@cache
def registry() -> dict[str, dict]:
    """The 36 published files: path such as `Experiment_1/G1/Ch3_CP0008.tif` -> its "bytes" and "sha256"."""
    return json.loads(package_files(__package__).joinpath("mlcp.json").read_text("utf-8"))["files"]


def channel_files(channel: int) -> list[str]:
    """The 12 published files of one channel (3, 4 or 6), in a fixed order."""
    return sorted(name for name in registry() if Path(name).name.startswith(f"Ch{channel}_"))


def named_folder(root: str | Path | None = None) -> Path | None:
    """The folder that holds Experiment_1 in `root`, or else in $CGRECNET_DATA; None if neither leads to one.

    Looks also in the folders `mlcp`, `jurkat` and `images` below.
    Raises DataError if `root` was given and has no such folder, or if $CGRECNET_DATA is no folder.
    """
    if root is not None:
        found = _inside(Path(root).expanduser())
        if found is None:
            state = "does not exist" if not Path(root).expanduser().exists() else "has no folder Experiment_1"
            raise DataError(
                f"No Jurkat montages in {root}: it {state}; name the folder that holds Experiment_1 and "
                f"Experiment_2, or {REMEDY}."
            )
        return found
    named = os.environ.get("CGRECNET_DATA")
    if named and not Path(named).is_dir():
        raise DataError(f"CGRECNET_DATA names {named}, which is not a folder; correct it or unset it.")
    return _inside(Path(named)) if named else None


def fetched_folder() -> Path | None:
    """The folder in the cache into which montages were fetched, if there is one."""
    return _inside(cache_folder("jurkat"))


def _inside(folder: Path) -> Path | None:
    for place in (folder, folder / "mlcp", folder / "jurkat", folder / "images"):
        if (place / "Experiment_1").is_dir():
            return place
    return None


def missing_files(folder: Path, names: list[str]) -> list[str]:
    """Those of the files that are not in the folder."""
    return [name for name in names if not (folder / name).is_file()]


def refuse_missing(folder: Path, channel: int) -> None:
    """Raise DataError unless the folder has all montages of a channel."""
    missing = missing_files(folder, channel_files(channel))
    if missing:
        raise DataError(
            f"{folder} lacks {len(missing)} of the 12 montages of channel {channel}, the first is {missing[0]}; "
            f"{remedy(folder)}."
        )


def read_checked(folder: Path, name: str) -> bytes:
    """Bytes of one file if its sha256 is the published one; otherwise DataError says what is wrong."""
    path = folder / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} is missing; {remedy(folder)}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check it, or {remedy(folder)}.") from None
    problem = _problem(content, name)
    if problem:
        raise DataError(f"{path} {problem}; {remedy(folder)}, which replaces it.")
    return content


def remedy(folder: Path) -> str:
    """What to do about files in this folder, as the end of a sentence."""
    return f"run `cgrecnet data fetch jurkat --folder {folder}`"


def _problem(content: bytes, name: str) -> str | None:
    """What is wrong with a file's content, as the end of a sentence; None if it is the published one."""
    expected = registry()[name]
    found = hashlib.sha256(content).hexdigest()
    if found == expected["sha256"]:
        return None
    for other, facts in registry().items():
        if found == facts["sha256"]:
            return f"is swapped: it holds the published {other}"
    if len(content) < expected["bytes"]:
        return f"is cut off or foreign: {len(content)} bytes where the published file has {expected['bytes']}"
    return f"is not the published file (sha256 {found[:12]}..., expected {expected['sha256'][:12]}...)"
