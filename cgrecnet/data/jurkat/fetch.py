"""Downloads the published montages.

A file is either absent or complete: it is downloaded under another name, checked, and only then renamed.
"""

import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

import requests
from tqdm import tqdm

from cgrecnet.data.cache import cache_folder
from cgrecnet.data.jurkat import files
from cgrecnet.errors import DataError

COMMIT = "4b4d93606e6b88654fc0a0697515d63102f60ee7"
BASE_URL = f"https://raw.githubusercontent.com/minh-doan/MLCP/{COMMIT}/images/"
_STAGING = ".incoming-"  # folders of unfinished downloads; never read


def fetch(folder: str | Path | None = None, base_url: str | None = None, progress: bool = True) -> Path:
    """Download those of the 36 montages (103 MB) that are not yet whole in `folder`; returns the folder.

    folder: where to put them (None: the cache); progress: a bar of files on stderr.
    base_url: where `Experiment_1/...` lies (None: the repository at `COMMIT`).
    A file that has the published sha256 is kept, so a broken-off download goes on where it stopped; one that has
    not is replaced.
    Raises DataError (no network, wrong content, full disk, no right to write); whole files are kept then.
    """
    folder = Path(folder).expanduser() if folder is not None else cache_folder("jurkat")
    base_url = (base_url or BASE_URL).rstrip("/") + "/"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        wanted = [name for name in files.registry() if not files.is_whole(folder, name)]
        if wanted:
            staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=folder))
            try:
                for name in tqdm(wanted, desc="Jurkat montages", unit="file", disable=not progress):
                    _fetch_one(name, base_url, staging, folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"The Jurkat montages cannot be stored in {folder}: {error.strerror or error}; "
            "free space there (they take 103 MB) or name another folder, and start again: whole files are kept."
        ) from None
    return folder


def _fetch_one(name: str, base_url: str, staging: Path, folder: Path) -> None:
    """Download one file into `staging`, check it, and move it to its place in one step."""
    import pooch  # here, because it loads a notebook progress bar that a page which only reads does not need

    url = base_url + name
    logger, level = pooch.get_logger(), pooch.get_logger().level
    logger.setLevel(logging.ERROR)
    try:
        arrived = pooch.retrieve(
            url,
            known_hash=f"sha256:{files.registry()[name]['sha256']}",
            fname=name.replace("/", "__"),
            path=staging,
            downloader=pooch.HTTPDownloader(timeout=30),
        )
    except requests.RequestException as error:
        raise DataError(
            f"Cannot download {url} ({_reason(error)}); check the network and start again (whole files are kept), "
            "or set CGRECNET_DATA to a folder that holds the montages."
        ) from None
    except ValueError:
        raise DataError(
            f"{url} gave other content than the published file (its sha256 does not match), so it was not stored; "
            "start again, and if it stays so look for a proxy that changes downloads."
        ) from None
    finally:
        logger.setLevel(level)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    os.replace(arrived, folder / name)


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    return "no connection, or it broke off"


def _remove_stale(folder: Path, age_seconds: float = 3600.0) -> None:
    """Remove what killed downloads left behind; young folders may belong to a download that is running."""
    for left in folder.glob(f"{_STAGING}*"):
        if time.time() - left.stat().st_mtime > age_seconds:
            shutil.rmtree(left, ignore_errors=True)
