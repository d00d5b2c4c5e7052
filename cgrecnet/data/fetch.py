"""The montages on disk: where they are, whether they are the published ones, and how to get them.

`mlcp.json` lists the 36 files with their sizes and sha256 at one commit of github.com/minh-doan/MLCP.
A file is either absent or complete: it is downloaded under another name, checked, and only then renamed.
"""

import hashlib
import json
import os
import shlex
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

import platformdirs

from cgrecnet.errors import DataError

COMMIT = "4b4d93606e6b88654fc0a0697515d63102f60ee7"
BASE_URL = f"https://raw.githubusercontent.com/minh-doan/MLCP/{COMMIT}/images/"
PAGE = f"https://github.com/minh-doan/MLCP/tree/{COMMIT}/images"
REMEDY = "get the files with `cgrecnet data fetch jurkat`"


@cache
def registry() -> dict[str, dict]:
    """The 36 published files: path such as `Experiment_1/G1/Ch3_CP0008.tif` -> its "bytes" and "sha256"."""
    listed = json.loads(package_files("cgrecnet.data").joinpath("mlcp.json").read_text("utf-8"))
    return listed["files"]


def channel_files(channel: int) -> list[str]:
    """The 12 published files of one channel (3, 4 or 6), in a fixed order."""
    return sorted(name for name in registry() if Path(name).name.startswith(f"Ch{channel}_"))


def cache_folder() -> Path:
    """Where downloads go: $CGRECNET_CACHE/jurkat, or the user's cache folder."""
    return Path(os.environ.get("CGRECNET_CACHE") or platformdirs.user_cache_dir("cgrecnet")) / "jurkat"


def find_folder(root: str | Path | None = None) -> Path | None:
    """The folder that holds Experiment_1, or None if it is in none of the places (nothing is downloaded).

    Looks in `root`, or else in $CGRECNET_DATA, then in the cache; in each also in the folders
    `mlcp`, `jurkat` and `images` below it.
    Raises DataError if `root` was given and has no such folder.
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
    return (_inside(Path(named)) if named else None) or _inside(cache_folder())


def _inside(folder: Path) -> Path | None:
    for place in (folder, folder / "mlcp", folder / "jurkat", folder / "images"):
        if (place / "Experiment_1").is_dir():
            return place
    return None


def missing_files(folder: Path, names: list[str]) -> list[str]:
    """Those of the files that are not in the folder."""
    return [name for name in names if not (folder / name).is_file()]


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


def _is_whole(folder: Path, name: str) -> bool:
    path = folder / name
    return path.is_file() and _problem(path.read_bytes(), name) is None


def fetch(folder: str | Path | None = None, base_url: str | None = None, progress: bool = True, **patience) -> Path:
    """Download those of the 36 montages (103 MB) that are not yet whole in `folder`; returns the folder.

    folder: where to put them (None: the cache); progress: a bar of bytes on stderr; patience: see `Download`.
    base_url: where `Experiment_1/...` lies (None: the repository at `COMMIT`).
    A file that has the published sha256 is kept, one that has not is replaced, and a broken-off download goes on at
    the byte where it stopped.
    Raises DataError (no network, wrong content, full disk, no right to write); what has arrived is kept then.
    """
    from cgrecnet.data.download.folder import Download  # here, because a page which only reads needs nothing of it
    from cgrecnet.data.download.remote import RemoteFile

    folder = Path(folder).expanduser() if folder is not None else cache_folder()
    base_url = (base_url or BASE_URL).rstrip("/") + "/"
    wanted = [
        RemoteFile(name, (base_url + name,), f"sha256:{facts['sha256']}", facts["bytes"])
        for name, facts in registry().items()
    ]
    place = shlex.quote(str(folder))
    resume, check = f"cgrecnet data fetch jurkat --folder {place}", f"cgrecnet data check jurkat {place}"
    Download(folder, wanted, "The Jurkat montages", PAGE, resume, check, progress=progress, **patience).run()
    return folder
