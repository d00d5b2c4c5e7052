"""The download of the paper's images from the repository that the source article names (data set `zhu`).

Everything arrives in the hidden folder `.download` first, and moves to its place when it is whole; the reader of
the images does not look into hidden folders.
"""

import json
import logging
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import requests
from tqdm import tqdm

from cgrecnet.data.fetch_listing import RemoteFile, list_remote, parse_doi, reason_of
from cgrecnet.data.fetch_resume import ResumingDownloader
from cgrecnet.data.fetch_unpack import BY_HAND, Unpackable, archive_ending, unpack
from cgrecnet.data.zhu_place import ARTICLE, STAGING, cache_folder, shown
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import locked, whole

#: Files that are named in a message of many.
SHOWN = 10


def fetch(
    folder: str | Path | None = None, doi: str | None = None, progress: bool = True, tries: int = 5, pause: float = 1.0
) -> Path:
    """Download the files under a DOI into `folder` (None: the cache), unpack archives, and return the folder.

    doi: of the images, as the article's data-availability statement names it.
    A file counts when its checksum is the listed one; started again, a download goes on at the byte where it stopped.
    tries, pause: of `ResumingDownloader`.
    Raises ConfigError (no DOI, or none by its form) or DataError (no network, unknown DOI, wrong content, full disk,
    files that must be unpacked by hand): what has arrived is kept.
    """
    if doi is None:
        raise ConfigError(
            "The images of data set 'zhu' are fetched with `cgrecnet data fetch zhu --doi DOI`: "
            f"the DOI stands in the data-availability statement of {ARTICLE}."
        )
    doi = parse_doi(doi)
    folder = Path(folder).expanduser() if folder is not None else cache_folder()
    try:
        (folder / STAGING).mkdir(parents=True, exist_ok=True)
        with locked(folder / STAGING / "lock"):
            files = list_remote(doi, tries=tries, pause=pause)
            _Download(folder, doi, files, progress, tries, pause).run()
    except BlockingIOError:
        raise DataError(
            f"Another download into {shown(folder)} is running: wait for it, or name another folder."
        ) from None
    except OSError as error:
        raise DataError(
            f"The images cannot be stored in {shown(folder)} ({error.strerror or error}): free space there or name "
            "another folder, and start again; what has arrived is kept."
        ) from None
    return folder


@dataclass
class _Download:
    """One run over the listed files; `troubles` gathers what a user must see at the end."""

    folder: Path
    doi: str
    files: list[RemoteFile]
    progress: bool
    tries: int
    pause: float
    troubles: list[str] = field(default_factory=list)

    def run(self) -> None:
        self.staging = self.folder / STAGING
        self.session = requests.Session()  # one connection for many files
        self.done = self._read_done()
        for file in self.files:
            _check_name(file.name)
        todo = [file for file in self.files if not self._is_done(file) and self._can_be_fetched(file)]
        self._check_room(todo)
        total = sum(file.bytes or 0 for file in todo)
        quiet = not (self.progress and todo)
        with tqdm(total=total, desc="downloading", unit="B", unit_scale=True, disable=quiet) as bar:
            for file in todo:
                before = bar.n
                self._fetch_one(file, lambda there, start=before: bar.update(start + there - bar.n))
        if self.troubles:
            more = f"; and {len(self.troubles) - SHOWN:,} more" if len(self.troubles) > SHOWN else ""
            raise DataError(
                f"{len(self.files) - len(self.troubles)} of {len(self.files)} files are in {shown(self.folder)}, "
                f"but {'; '.join(self.troubles[:SHOWN])}{more}: start again to go on, or see to these by hand, then "
                f"run `cgrecnet data check zhu {shown(self.folder)}`."
            )

    def _fetch_one(self, file: RemoteFile, show) -> None:
        part = self.staging / f"{file.name}.part"
        try:
            trouble = self._arrive(file, part, show)
        except requests.RequestException as error:
            if getattr(error, "response", None) is None:  # no file would fare better
                raise DataError(
                    f"The download of {file.name} stopped ({reason_of(error)}): start again and it goes on where it "
                    f"stopped, all that has arrived is kept in {shown(self.folder)}."
                ) from None
            trouble = f"{file.name} did not arrive ({reason_of(error)})"
        self.troubles += [trouble] if trouble else self._place(file, part)

    def _arrive(self, file: RemoteFile, part: Path, show) -> str | None:
        """Download to `part`; what is wrong with it, if anything.  A part of another version is fetched anew, once."""
        for _ in range(2):
            resumed = part.exists()
            if resumed and file.bytes is None and file.checksum and _has_checksum(part, file.checksum):
                return None
            try:
                ResumingDownloader(file.bytes, show, self.tries, self.pause, session=self.session)(file.url, part)
                if _has_checksum(part, file.checksum):
                    return None
            except ValueError:  # longer than listed
                pass
            part.unlink(missing_ok=True)
            if not resumed:
                break
        return f"{file.name} has other content than listed (its size or checksum differs), so it was not kept"

    def _place(self, file: RemoteFile, part: Path) -> list[str]:
        """Unpack or move what has arrived; what a user must do about it."""
        if (ending := archive_ending(file.name)) is None:
            os.replace(part, self.folder / file.name)
            return [f"{file.name} must be unpacked by hand"] if archive_ending(file.name, BY_HAND) else []
        into = self.folder / file.name[: -len(ending)]
        fresh = self.staging / f"{file.name}.unpacked"
        try:
            left = unpack(part, fresh, ending, self.progress)
        except Unpackable as reason:
            os.replace(part, self.folder / file.name)
            self._note(file, file.name)
            return [f"{file.name} was not unpacked ({reason})"]
        for name, reason in left:
            logging.getLogger(__name__).warning("zhu: %s of %s was left out: %s", shown(name), file.name, reason)
        self._note(file, into.name)
        if into.exists():
            shutil.rmtree(into)
        os.replace(fresh, into)
        part.unlink()  # last, so that a killed run need not fetch it again
        return []

    def _is_done(self, file: RemoteFile) -> bool:
        noted = self.done.get(file.name, {})
        place = self.folder / noted.get("into", file.name)
        if place.is_dir():
            return bool(file.checksum) and noted.get("checksum") == file.checksum
        return place.is_file() and _has_size(place, file.bytes) and _has_checksum(place, file.checksum)

    def _can_be_fetched(self, file: RemoteFile) -> bool:
        """Whether it has an address, and the place of an archive's content is free or from this download."""
        if not file.url.startswith(("http://", "https://")):
            self.troubles.append(f"{file.name} has no address in the repository")
            return False
        ending = archive_ending(file.name)
        into = self.folder / file.name[: -len(ending)] if ending else None
        if into is None or not into.exists() or self.done.get(file.name, {}).get("into") == into.name:
            return True
        self.troubles.append(
            f"{file.name} was not fetched, because {shown(into)} is there and not from this download (move it away)"
        )
        return False

    def _check_room(self, todo: list[RemoteFile]) -> None:
        parts = [self.staging / f"{file.name}.part" for file in todo]
        there = sum(part.stat().st_size for part in parts if part.exists())
        need, free = sum(file.bytes or 0 for file in todo) - there, shutil.disk_usage(self.folder).free
        if need > free:
            raise DataError(
                f"The download needs {need / 1e9:.2f} GB more, and {shown(self.folder)} has {free / 1e9:.2f} GB free: "
                "free space there or name another folder, and start again."
            )

    def _read_done(self) -> dict:
        try:
            noted = json.loads((self.staging / "fetched.json").read_text("utf-8"))["files"]
            return {name: facts for name, facts in noted.items() if isinstance(facts, dict)}
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ):  # none yet, or of no use: then all is looked at again
            return {}

    def _note(self, file: RemoteFile, into: str) -> None:
        self.done[file.name] = {"checksum": file.checksum, "bytes": file.bytes, "into": into}
        with whole(self.staging / "fetched.json") as record:
            json.dump({"doi": self.doi, "files": self.done}, record, indent=1)


def _check_name(name: str) -> None:
    if PurePosixPath(name).name != name or name.startswith(".") or "\\" in name or "\0" in name:
        raise DataError(f"The repository lists a file named {name!r}, which is no plain name: download it by hand.")


def _has_size(path: Path, size: int | None) -> bool:
    return size is None or path.stat().st_size == size


def _has_checksum(path: Path, checksum: str | None) -> bool:
    """Whether the file's checksum is the listed one; without one there is nothing to compare."""
    from pooch import hashes

    return checksum is None or hashes.hash_matches(str(path), checksum)
