"""Downloads the published montages."""

import shlex
from pathlib import Path

from cgrecnet.data.cache import cache_folder
from cgrecnet.data.download.folder import Download
from cgrecnet.data.download.remote import RemoteFile
from cgrecnet.data.jurkat import published

COMMIT = "4b4d93606e6b88654fc0a0697515d63102f60ee7"
BASE_URL = f"https://raw.githubusercontent.com/minh-doan/MLCP/{COMMIT}/images/"
PAGE = f"https://github.com/minh-doan/MLCP/tree/{COMMIT}/images"


def fetch(folder: str | Path | None = None) -> Path:
    """Download those of the 36 montages (103 MB) that are not yet whole in `folder`; returns the folder.

    folder: where to put them (None: the cache).
    A file that has the published sha256 is kept, one that has not is replaced, and a broken-off download goes on at
    the byte where it stopped.
    Raises DataError (no network, wrong content, full disk, no right to write); what has arrived is kept then.
    """
    folder = Path(folder).expanduser() if folder is not None else cache_folder("jurkat")
    wanted = [
        RemoteFile(name, (BASE_URL + name,), f"sha256:{facts['sha256']}", facts["bytes"])
        for name, facts in published.registry().items()
    ]
    place = shlex.quote(str(folder))
    resume, check = f"cgrecnet data fetch jurkat --folder {place}", f"cgrecnet data check jurkat {place}"
    Download(folder, wanted, "The Jurkat montages", PAGE, resume, check).run()
    return folder
