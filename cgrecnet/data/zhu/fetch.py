"""The download of the paper's images from the repository that the source article names (data set `zhu`)."""

import shlex
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cgrecnet.data.cache import cache_folder
from cgrecnet.data.download import STAGING
from cgrecnet.data.download.folder import Download, cannot_store
from cgrecnet.data.download.remote import RemoteFile
from cgrecnet.data.download.repositories import list_remote, page_of, parse_doi
from cgrecnet.data.download.unpack import archive_ending
from cgrecnet.data.zhu.reader import ARTICLE
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import remembered, shown, write_json

TITLE = "The images"
#: What was listed under the DOI, so that files saved with a browser can be compared with it.
_LISTED = "listing.json"


def fetch(folder: str | Path | None = None, doi: str | None = None, progress: bool = True) -> Path:
    """Download the files under a DOI into `folder` (None: the cache), unpack archives, and return the folder.

    doi: of the images, as the article's data-availability statement names it. Without one, archives that lie in
        the folder, saved there with a browser, are unpacked, and compared with what was listed at an earlier start.
    A file counts when its checksum is the listed one; started again, a download goes on at the byte where it stopped.
    Raises ConfigError (no DOI and no archive, or no DOI by its form) or DataError (no network, unknown DOI, wrong
    content, full disk, files that must be got or unpacked by hand): what has arrived is kept.
    """
    folder = Path(folder).expanduser() if folder is not None else cache_folder("zhu")
    resume = f"cgrecnet data fetch zhu --folder {shlex.quote(shown(folder))}"
    if doi is None:
        files, amiss, page = _by_hand(folder), (), ""
    else:
        doi = parse_doi(doi)
        _check_place(folder)
        listing = list_remote(doi, f" in {shown(folder)}, then run `{resume}`, which unpacks them")
        files, amiss, page = listing.files, listing.amiss, page_of(doi)
        _remember(folder, doi, files)
    check = f"cgrecnet data check zhu {shlex.quote(shown(folder))}"
    Download(folder, files, TITLE, page, resume, check, amiss, progress).run()
    return folder


def _check_place(folder: Path) -> None:
    """Raise DataError where the folder takes no files, before the network is asked; what was made for it goes again."""
    staging = folder / STAGING
    made = [path for path in (staging, *staging.parents) if not path.exists()]
    try:
        staging.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=staging).close()
    except OSError as error:
        raise cannot_store(TITLE, folder, error) from None
    finally:
        for path in made:
            with suppress(OSError):  # it was not made, or somebody else put something there
                path.rmdir()


def _by_hand(folder: Path) -> list[RemoteFile]:
    """The archives in the folder, and what was listed at an earlier start as far as it says what they must be."""
    try:
        here = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except FileNotFoundError:
        here = []
    except OSError as error:
        raise DataError(f"The folder {shown(folder)} cannot be read ({error.strerror}): name another one.") from None
    if not (archives := [name for name in here if archive_ending(name)]):
        raise ConfigError(
            "The images of data set 'zhu' are fetched with `cgrecnet data fetch zhu --doi DOI`: "
            f"the DOI stands in the data-availability statement of {ARTICLE}."
        )
    listed = _listed(folder)
    strange = [RemoteFile(name, (), None, (folder / name).stat().st_size) for name in archives if name not in listed]
    # One of another name may hold all the others, as repositories offer it; then none of them need lie here.
    return strange + [file for name, file in listed.items() if name in here or not strange]


def _listed(folder: Path) -> dict[str, RemoteFile]:
    files = remembered(folder / STAGING / _LISTED).get("files", ())
    try:
        return {name: RemoteFile(name, (), checksum, size) for name, checksum, size in files}
    except (ValueError, TypeError):  # of no use
        return {}


def _remember(folder: Path, doi: str, files: Sequence[RemoteFile]) -> None:
    listed = {"doi": doi, "files": [[file.name, file.checksum, file.bytes] for file in files]}
    try:
        if remembered(folder / STAGING / _LISTED) != listed:
            write_json(folder / STAGING / _LISTED, listed)
    except OSError as error:
        raise cannot_store(TITLE, folder, error) from None
