"""One file over HTTP, gone on with at the byte where it was cut off.

What has arrived lies in a part, and only an answer that fits may touch it: 200 with the announced length, or 206 whose
range begins where it was asked for. Either is compared with what is there before anything is appended, 206 from
`OVERLAP` bytes before its end, so that a part never mixes two versions of a file, nor keeps the zeros that a power
failure leaves. An answer that differs is written beside the part, and takes its place when it has proven right.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import requests

from cgrecnet.data.download.remote import Patience, Refused, RemoteFile, Unfit, ask, open_session, reason_of
from cgrecnet.files import remembered, write_json

OVERLAP = 1024
#: Answers in a row that do not continue a part, after which the whole file is asked for.
_UNFIT = 2
_CHUNK = 2**14  # what a connection that breaks may cost
_WEB_PAGES = (".html", ".htm", ".xhtml")


class WrongContent(Exception):
    """A file arrived whole and is not the listed one; nothing of it is kept."""


class _EndedEarly(requests.exceptions.ChunkedEncodingError):
    """An answer had fewer bytes than it or the listing said."""


@dataclass(frozen=True)
class _Answer:
    """Where the bytes of an answer begin in the file, how many the file has, and its ETag; None where not said."""

    begin: int
    total: int | None
    etag: str | None


@dataclass(frozen=True)
class Transfer:
    """One file on its way: `run` returns when `part` is the whole file, by its checksum where one is listed.

    show: called with the bytes that are there, again and again; session: of `open_session`.
    """

    file: RemoteFile
    part: Path
    show: Callable[[int], None] = lambda _: None
    session: requests.Session = field(default_factory=open_session)

    def run(self) -> None:
        """Ask the file's addresses, one after the other where one fails; one that refuses is not asked again.

        Raises Refused (by all addresses), requests.RequestException (given up after `Patience`), WrongContent or
        OSError (disk); but for WrongContent, the part keeps what has arrived.
        """
        if self._is_whole_already():
            return
        addresses, refusals, patience = list(self.file.urls), [], Patience()
        turn, unfit, wrong_before = 0, 0, False
        while True:
            url, before = addresses[turn % len(addresses)], self._size
            try:
                answer = self._receive(url, from_start=unfit == _UNFIT)
                if self._has_proven_right(answer):
                    return
                discard(self.part)
                if answer.begin == 0 or wrong_before:  # it was not that the pieces did not belong together
                    raise WrongContent
                wrong_before = True
            except Refused as refusal:
                refusals.append((url, refusal))
                addresses.remove(url)
                if not addresses:
                    raise _by_all(refusals) from None
            except requests.RequestException as error:
                unfit = (unfit % _UNFIT + 1) if isinstance(error, Unfit) else 0
                if self._size > before:
                    patience.reset()
                else:
                    turn += 1
                try:
                    patience.after(error)
                except requests.RequestException:
                    if not refusals:
                        raise
                    raise _by_all([*refusals, (url, Refused(f"failed ({reason_of(error)})"))]) from None

    @property
    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _receive(self, url: str, from_start: bool) -> _Answer:
        """Ask for what is missing and take it in; returns when an answer was there to its end."""
        have, etag = self._size, remembered(_note(self.part)).get("etag")
        self.show(have)
        start = 0 if from_start else max(have - OVERLAP, 0)
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-"} | ({"If-Range": etag} if etag else {})
        with ask(self.session, url, headers=headers, stream=True) as response:
            answer = _fitting(response, self.file, start, etag)
            chunks = _within(response.iter_content(_CHUNK), answer)
            first = next(chunks, b"")
            page = first[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
            if answer.begin == 0 and page and not self.file.name.lower().endswith(_WEB_PAGES):
                raise Refused("sent a web page in place of the file", browser=True)
            if not first and answer.total != 0:
                raise _EndedEarly
            chunks = chain([first], chunks)
            if have and answer.begin == 0 and None not in (etag, answer.etag) and etag != answer.etag:
                self._write_beside(answer, 0, chunks)  # another version, by the server's word
            else:
                self._append(answer, chunks)
        return answer

    def _append(self, answer: _Answer, chunks: Iterator[bytes]) -> None:
        """Compare the bytes of an answer with the part's, and append those that are new."""
        have, written = self._size, answer.begin > 0
        with open(self.part, "a+b") as there:
            there.seek(answer.begin)
            for chunk in chunks:
                at, known = there.tell(), there.read(len(chunk))
                if not chunk.startswith(known):
                    break
                if not written and len(known) < len(chunk) and at + len(chunk) != answer.total:
                    self._write_note(answer)
                    written = True
                there.write(chunk[len(known) :])
                there.flush()  # so that a killed download keeps it
                self.show(max(at + len(chunk), have))
            else:
                if answer.total is None and there.tell() < have:
                    raise _EndedEarly
                return
        if answer.begin:
            raise Unfit("sent bytes that do not continue those that are here")
        self._write_beside(answer, at, chain([chunk], chunks))

    def _write_beside(self, answer: _Answer, at: int, chunks: Iterator[bytes]) -> None:
        """Write an answer whose bytes are other than the part's from `at` on to a file of its own, and keep one."""
        fresh = _beside(self.part)
        keep = False
        try:
            with open(self.part, "rb") as there, open(fresh, "wb") as new:
                while new.tell() < at:
                    new.write(there.read(min(_CHUNK, at - new.tell())))
                for chunk in chunks:
                    new.write(chunk)
                    self.show(new.tell())
            if not (keep := has_checksum(fresh, self.file.checksum)):
                raise Unfit("sent other content than listed")
        except requests.RequestException:
            # By the server's word it is the same file, so the part is damaged: the new one counts once it has more.
            same = answer.etag is not None and answer.etag == remembered(_note(self.part)).get("etag")
            keep = (same or not self.file.checksum) and fresh.stat().st_size > self._size
            raise
        finally:
            if keep:
                self._write_note(answer)
                os.replace(fresh, self.part)
            fresh.unlink(missing_ok=True)

    def _write_note(self, answer: _Answer) -> None:
        write_json(_note(self.part), {"checksum": self.file.checksum, "etag": answer.etag})

    def _is_whole_already(self) -> bool:
        """Whether the part, from an earlier start, is the file already; one that cannot become it is removed."""
        if not self.part.exists():
            return False
        of, listed = remembered(_note(self.part)).get("checksum"), self.file
        if not of or listed.checksum in (None, of):  # else of a version that is listed no more
            if listed.bytes is None:
                return listed.checksum is not None and has_checksum(self.part, listed.checksum)
            if self._size < listed.bytes:
                return False
            if self._size == listed.bytes and has_checksum(self.part, listed.checksum):
                return True
        discard(self.part)
        return False

    def _has_proven_right(self, answer: _Answer) -> bool:
        """Whether the part is the file, after a complete answer."""
        if answer.total is not None and self._size > answer.total:  # the rest was of another, longer one
            os.truncate(self.part, answer.total)
        if has_checksum(self.part, self.file.checksum):
            return True
        if answer.total is None:  # nobody said how long it is, so it may have been cut off
            raise _EndedEarly
        return False


def has_checksum(path: Path, checksum: str | None) -> bool:
    """Whether the file's checksum is the listed one; without one there is nothing to compare."""
    from pooch import hashes

    return checksum is None or hashes.hash_matches(str(path), checksum)


def discard(part: Path) -> None:
    """Remove a part and what lies beside it."""
    for path in (part, _note(part), _beside(part)):
        path.unlink(missing_ok=True)


def _fitting(response: requests.Response, file: RemoteFile, start: int, etag: str | None) -> _Answer:
    """What an answer says of itself; raises Refused or Unfit where it cannot be what was asked for."""
    headers = response.headers
    length = int(found[0]) if (found := re.fullmatch("[0-9]{1,18}", headers.get("Content-Length", ""))) else None
    given = found[0] if (found := re.fullmatch('"[^"]*"', headers.get("ETag", ""))) else None
    if headers.get("Content-Encoding", "identity") not in ("", "identity"):
        raise Refused("sent it packed, though asked not to")
    if response.status_code == 206:
        begin, end, size = _range(headers.get("Content-Range", ""))
        total = file.bytes if size is None else size
        other = total is not None and (end > total or file.bytes not in (None, total))
        if not start or begin != start or other or length not in (None, end - begin):
            raise Unfit("sent another range of bytes than it was asked for")
        if etag and given and given != etag:
            raise Unfit("has another version of the file now")
        return _Answer(begin, total, given)
    if file.bytes is not None and length not in (None, file.bytes):
        if "html" in headers.get("Content-Type", ""):
            raise Refused("sent a web page in place of the file", browser=True)
        raise Refused(f"announced {length:,} bytes, where {file.bytes:,} are listed")
    return _Answer(0, length if file.bytes is None else file.bytes, given)


def _range(text: str) -> tuple[int, int, int | None]:
    """First byte, byte after the last, and size of the file, by a Content-Range; -1, -1, None where it is none."""
    found = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", text.strip())
    return (int(found[1]), int(found[2]) + 1, None if found[3] == "*" else int(found[3])) if found else (-1, -1, None)


def _within(chunks: Iterator[bytes], answer: _Answer) -> Iterator[bytes]:
    """The chunks up to the file's end; raises _EndedEarly where they end before it."""
    at = answer.begin
    for chunk in chunks:
        chunk = chunk if answer.total is None else chunk[: answer.total - at]
        at += len(chunk)
        yield chunk
        if at == answer.total:
            return
    if answer.total is not None and at < answer.total:
        raise _EndedEarly


def _by_all(refusals: list[tuple[str, Refused]]) -> Refused:
    words = dict.fromkeys(f"{urlsplit(url).hostname or url} {refusal}" for url, refusal in refusals)
    return Refused(", ".join(words), any(refusal.browser for _, refusal in refusals))


def _beside(part: Path) -> Path:
    return part.with_name(f"{part.name}.beside")


def _note(part: Path) -> Path:
    """Which version of the file a part is of: `checksum` as it was listed, `etag` as the server gave it."""
    return part.with_name(f"{part.name}.json")
