"""Many files into one folder: each fetched, checked, and unpacked where it is an archive.

Everything arrives in the hidden folder `STAGING` first, and moves to its place when it is whole.
"""

import errno
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from tqdm import tqdm

from cgrecnet.data.download import STAGING
from cgrecnet.data.download.remote import Refused, RemoteFile, open_session, reason_of
from cgrecnet.data.download.transfer import Transfer, WrongContent, discard, has_checksum
from cgrecnet.data.download.unpack import ARCHIVES, BY_HAND, Unpackable, archive_ending, unpack
from cgrecnet.errors import DataError
from cgrecnet.files import locked, remembered, shown, write_json

#: Files that are named in a message of many.
SHOWN = 10
#: Files in a row that a server keeps for browsers, after which the others are not asked for.
ENOUGH = 5

_OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass
class Download:
    """One run over files that shall lie in `folder`; `run` returns when all of them do.

    title: of all the files, as the begin of a sentence; page: where a person finds them with a browser.
    resume: command that goes on from files put into the folder by hand; check: command that says what is there.
    amiss: what is listed and cannot be fetched, in words.
    A file counts when its size and checksum are the listed ones. An archive that somebody put into the folder by hand
    is unpacked as it is, and stays; a file without an address can come in this way alone.
    """

    folder: Path
    files: Sequence[RemoteFile]
    title: str
    page: str
    resume: str
    check: str
    amiss: Sequence[str] = ()
    progress: bool = True

    def run(self) -> None:
        """Raise DataError where a file is not there at the end, the disk is full, or another download is running."""
        self.staging = self.folder / STAGING
        self._troubles, self._blocked, self._why = [], [], ""
        self._called = Counter(name for file in self.files for name in {file.name, _stem(file.name)})
        try:
            self._done = self._read_done()
            if todo := [file for file in self.files if not self._is_done(file)]:
                self.staging.mkdir(parents=True, exist_ok=True)
                with locked(self.staging / "lock"):
                    self._done = self._read_done()
                    self._fetch([file for file in todo if not self._is_done(file)])
        except BlockingIOError:
            raise DataError(
                f"Another download into {shown(self.folder)} is running: wait for it, or name another folder."
            ) from None
        except OSError as error:
            raise cannot_store(self.title, self.folder, error) from None
        self._say()

    def _fetch(self, todo: list[RemoteFile]) -> None:
        others = []
        for file in todo:
            if archive_ending(file.name) and self._fits(file, self.folder / file.name):
                self._troubles += self._place(file, self.folder / file.name)
            elif trouble := self._taken(file) or self._unaddressed(file):
                self._troubles.append(trouble)
            else:
                others.append(file)
        self._check_room(others)
        self._session = open_session()  # one, to keep connections over many files
        total = sum(file.bytes or 0 for file in others)
        quiet = not (self.progress and others)
        with tqdm(total=total, desc="downloading", unit="B", unit_scale=True, disable=quiet) as bar:
            refused = 0
            for file in others:
                before = bar.n
                if refused < ENOUGH:
                    arrived = self._fetch_one(file, lambda there, start=before: bar.update(start + there - bar.n))
                    refused = 0 if arrived else refused + 1
                else:
                    self._block(file)

    def _fetch_one(self, file: RemoteFile, show: Callable[[int], None]) -> bool:
        """Fetch and place a file; False where it is kept for browsers."""
        part = self._part(file)
        try:
            Transfer(file, part, show, self._session).run()
        except Refused as refusal:
            if refusal.browser:
                self._block(file)
                self._why = str(refusal)
                return False
            self._troubles.append(f"{file.name} did not arrive ({refusal})")
        except WrongContent:
            self._troubles.append(
                f"{file.name} has other content than listed (its size or checksum differs), so it was not kept"
            )
        except requests.RequestException as error:
            if isinstance(error, requests.ConnectionError | requests.Timeout):  # no file would fare better
                raise DataError(
                    f"The download of {file.name} stopped ({reason_of(error)}): start again and it goes on where it "
                    f"stopped, all that has arrived is kept in {shown(self.folder)}."
                ) from None
            self._troubles.append(f"{file.name} did not arrive ({reason_of(error)})")
        else:
            self._troubles += self._place(file, part)
        return True

    def _block(self, file: RemoteFile) -> None:
        there = (self.folder / file.name).is_file()
        self._blocked.append(file.name + (" (the one that is there is cut off or another)" if there else ""))

    def _part(self, file: RemoteFile) -> Path:
        return self.staging / f"{file.name.replace('/', '%2F')}.part"

    def _place(self, file: RemoteFile, here: Path) -> list[str]:
        """Unpack or move what has arrived, or was put there by hand; what a user must do about it."""
        place = self.folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if trouble := self._taken(file):
            return [trouble]
        if (ending := archive_ending(file.name)) is None:
            os.replace(here, place)
            discard(here)
            return [f"{file.name} must be unpacked by hand"] if archive_ending(file.name, BY_HAND) else []
        into = self._into(file)
        fresh = self.staging / f"{place.name}.unpacked"
        try:
            left = unpack(here, fresh, ending, self.progress)
        except Unpackable as reason:
            if here != place:
                os.replace(here, place)
                discard(here)
            self._note(file, file.name)
            return [f"{file.name} was not unpacked ({reason})"]
        for name, reason in left:
            logging.getLogger(__name__).warning("%s of %s was left out: %s", *map(shown, (name, file.name, reason)))
        self._note(file, into.relative_to(self.folder).as_posix())
        if into.exists():
            shutil.rmtree(into)
        os.replace(fresh, into)
        if here != place:
            discard(here)  # last, so that a killed run need not fetch it again
        packed = [(name, reason) for name, reason in left if archive_ending(name, ARCHIVES + BY_HAND)]
        return [f"{shown(name)} of {file.name} is still packed ({reason})" for name, reason in packed]

    def _into(self, file: RemoteFile) -> Path:
        """The place of a file, or of an archive's content: a folder of its name without ending, if that is its own."""
        stem = _stem(file.name)
        return self.folder / (f"{file.name}-unpacked" if stem != file.name and self._called[stem] > 1 else stem)

    def _is_done(self, file: RemoteFile) -> bool:
        done = self._done.get(file.name, {})
        place = self.folder / done.get("into", file.name)
        if archive_ending(file.name) and not done:
            return False
        if place.is_dir():
            same = done.get("checksum") == file.checksum and done.get("bytes") == file.bytes
            return same and (file.checksum or file.bytes) is not None
        return self._fits(file, place)

    def _fits(self, file: RemoteFile, place: Path) -> bool:
        return place.is_file() and file.bytes in (None, place.stat().st_size) and has_checksum(place, file.checksum)

    def _unaddressed(self, file: RemoteFile) -> str | None:
        if file.urls:
            return None
        there = (self.folder / file.name).is_file()
        words = "is not the listed file (its size or checksum differs)" if there else "is not there (no address)"
        return f"{file.name} {words}"

    def _taken(self, file: RemoteFile) -> str | None:
        place = self._into(file)
        ours = self._done.get(file.name, {}).get("into") == place.relative_to(self.folder).as_posix()
        if ours or not (place.exists() if archive_ending(file.name) else place.is_dir()):
            return None
        return f"{file.name} was left, because {shown(place)} is there and not from this download (move it away)"

    def _check_room(self, todo: list[RemoteFile]) -> None:
        there = sum(part.stat().st_size for part in map(self._part, todo) if part.exists())
        need, free = sum(file.bytes or 0 for file in todo) - there, shutil.disk_usage(self.folder).free
        if need > free:
            raise DataError(
                f"The download needs {need / 1e9:.2f} GB more, and {shown(self.folder)} has {free / 1e9:.2f} GB free: "
                "free space there or name another folder, and start again."
            )

    def _read_done(self) -> dict:
        files = remembered(self.staging / "fetched.json").get("files")
        every = files.items() if isinstance(files, dict) else ()
        return {name: facts for name, facts in every if isinstance(facts, dict)}

    def _note(self, file: RemoteFile, into: str) -> None:
        self._done[file.name] = {"checksum": file.checksum, "bytes": file.bytes, "into": into}
        write_json(self.staging / "fetched.json", {"files": self._done})

    def _say(self) -> None:
        """Raise DataError with what is not there, and what to do about it."""
        troubles = [*self._troubles, *self.amiss]
        if not troubles and not self._blocked:
            return
        total = len(self.files) + len(self.amiss)
        words = f"{total - len(troubles) - len(self._blocked)} of {total} files are in {shown(self.folder)}, but "
        if self._blocked:
            them = "it" if len(self._blocked) == 1 else "them"
            words += (
                f"{_few(self._blocked, ', ')} cannot be downloaded by a program ({self._why}): open {self.page} in a "
                f"browser, save {them} in {shown(self.folder)}, and run `{self.resume}`, which goes on from there"
            )
            words += f"; besides, {_few(troubles)}." if troubles else "."
        else:
            words += f"{_few(troubles)}: start again to go on, or see to these by hand, then run `{self.check}`."
        raise DataError(shown(words))


def cannot_store(title: str, folder: Path, error: OSError) -> DataError:
    """What to say where the disk does not take files."""
    advice = "free space there or name another folder" if error.errno in _OF_ROOM else "name one that may be written to"
    return DataError(
        f"{title} cannot be stored in {shown(folder)} ({error.strerror or error}): {advice}, and start again; what has "
        "arrived is kept."
    )


def _stem(name: str) -> str:
    return name[: len(name) - len(archive_ending(name) or "")]


def _few(words: Sequence[str], between: str = "; ") -> str:
    more = f"{between}and {len(words) - SHOWN:,} more" if len(words) > SHOWN else ""
    return between.join(words[:SHOWN]) + more
