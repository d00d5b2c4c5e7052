"""Random faults of servers, one after the other: what is on disk stays true, never gets less, and ends right.

Nothing is waited, nothing reaches the outside, and the faults of a run follow from its seed.
"""

import hashlib
import random
from email.utils import formatdate

import pytest
import repository_server
from repository_server import RepositoryServer, challenge, refuse, web_page

from cgrecnet.data.download import remote
from cgrecnet.data.zhu.fetch import fetch
from cgrecnet.errors import DataError

SIZE, NAME = 300_000, "cells.bin"
#: Random answers, after which the server gives the whole file, if it has not come about by then.
PATIENCE = 60


class Faults:
    """Answers in place of the server: each a fault drawn at random, and now and then the truth.

    versions: of the file; the first is the listed one, the other has another ETag and the same length and begin.
    Before each answer the part is looked at, as it lies on disk.
    """

    def __init__(self, seed: int, part) -> None:
        self.random, self.part = random.Random(seed), part
        true = self.random.randbytes(SIZE)
        same = self.random.choice([0, 70_000, 200_000, 250_000])
        self.versions = [true, true[:same] + self.random.randbytes(SIZE - same)]
        self.before, self.begun = b"", 0
        self.kinds: list[str] = []
        self.wrong: list[str] = []  # in the server's threads an assertion would not be heard

    def __call__(self, handler, name) -> bool:
        self.look()
        kinds = [name for name in dir(self) if name.startswith("do_")]
        kind = self.random.choice([*kinds, "do_cut", "do_cut"])
        if len(self.kinds) >= PATIENCE:
            kind = "true"
        self.kinds.append(kind)
        handler.close_connection = True
        getattr(self, kind)(handler)
        return True

    def look(self) -> None:
        """The part is the begin of the version that it was begun with, and has as much as before: the true one ends
        as the file, the other one goes when it is whole and proven wrong.
        """
        there = self.part.read_bytes() if self.part.exists() else b""
        if there and not self.before:
            self.begun = int(self.kinds[-1] == "do_other_version")
        if not self.versions[self.begun].startswith(there):
            self.wrong.append(f"{len(there)} bytes, not of version {self.begun}, after {self.kinds}")
        if len(there) < len(self.before) and self.begun == 0:
            self.wrong.append(f"{len(self.before)} bytes became {len(there)} after {self.kinds}")
        self.before = there

    def true(self, handler, cut=None, version=0, ranges=True, **headers):
        handler.send(NAME, self.versions[version], [cut] if cut is not None else None, ranges, **headers)

    def somewhere(self) -> int:
        return self.random.choice([0, 1, 500, 5_000, 80_000, self.random.randrange(SIZE)])

    def do_cut(self, handler):
        self.true(handler, self.somewhere() + 20_000)

    def do_whole_in_place_of_a_range(self, handler):
        self.true(handler, self.somewhere(), ranges=False)

    def do_challenge(self, handler):
        challenge(handler)

    def do_refuse(self, handler):
        refuse(handler)

    def do_web_page(self, handler):
        web_page(handler)

    def do_web_page_of_the_right_length(self, handler):
        handler.send(NAME, b"<!DOCTYPE html>".ljust(SIZE), [self.somewhere() + 20_000], ranges=False)

    def do_empty(self, handler):
        handler.answer(self.random.choice([200, 204, 404]), b"")

    def do_out_of_order(self, handler):
        handler.answer(self.random.choice([500, 502, 503]), b"<html>sorry</html>")

    def do_too_many(self, handler):
        date = formatdate(4_102_448_400 + 60, usegmt=True)
        asked = self.random.choice(["0", "7", "86400", "soon", date])
        handler.answer(429, b"", Date=formatdate(4_102_448_400, usegmt=True), **{"Retry-After": asked})

    def do_announce_more(self, handler):
        self.true(handler, self.somewhere(), Content_Length=str(SIZE + 1))

    def do_announce_less(self, handler):
        self.true(handler, self.somewhere(), Content_Length="1000")

    def do_announce_nothing(self, handler):
        self.true(handler, self.somewhere(), Content_Length="")

    def do_lie_about_the_range(self, handler):
        first = self.somewhere()
        lies = [f"bytes {first}-{SIZE - 1}/{SIZE}", f"bytes 0-{SIZE - 1}/{SIZE}", "bytes */5", "", f"bytes 5-4/{SIZE}"]
        self.true(handler, self.somewhere(), Content_Range=self.random.choice(lies))

    def do_send_another_range(self, handler):
        first = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        if not first:
            return self.true(handler, 0)
        other = self.versions[0][self.somewhere() :].ljust(SIZE - first, b"?")[: SIZE - first]
        etag = f'"{hashlib.md5(self.versions[0]).hexdigest()}"'
        return handler.answer(206, other, ETag=etag, **{"Content-Range": f"bytes {first}-{SIZE - 1}/{SIZE}"})

    def do_nothing_left(self, handler):
        handler.answer(416, b"")

    def do_redirect(self, handler):
        here = handler.path.partition("?")[0]
        elsewhere = self.random.choice(
            ["https://ndownloader.figshare.com/files/1", here, "ftp://no.example/x", "http://"]
        )
        handler.answer(302, b"", Location=elsewhere)

    def do_pack(self, handler):
        self.true(handler, self.somewhere(), Content_Encoding="gzip")

    def do_hang_up(self, handler):
        handler.close_connection = True

    def do_other_version(self, handler):
        self.true(handler, self.somewhere(), version=1)

    def do_other_version_whatever_was_asked(self, handler):
        self.kinds[-1] = "do_other_version"
        del handler.headers["If-Range"]
        self.do_other_version(handler)


def outlive(seed: int, folder) -> Faults:
    """Start the download until it is through; every start ends well or with one sentence."""
    faults = Faults(seed, folder / f".download/{NAME}.part")
    with pytest.MonkeyPatch.context() as patch, RepositoryServer({NAME: faults.versions[0]}) as server:
        repository_server.send_all_to(server.url, patch.setattr)
        patch.setattr(remote, "sleep", lambda _: None)
        server.before = faults
        for _ in range(60):
            try:
                fetch(folder, repository_server.FIGSHARE, progress=False)
                break
            except DataError as sentence:
                faults.look()
                words = str(sentence)
                assert "\n" not in words and ("start again" in words or "open https://doi.org/" in words), words
        else:
            pytest.fail(f"not through after {faults.kinds}")
    assert not faults.wrong, faults.wrong[0]
    assert (folder / NAME).read_bytes() == faults.versions[0]
    assert sorted(path.name for path in (folder / ".download").iterdir()) == ["listing.json", "lock"]
    return faults


@pytest.mark.parametrize("seed", range(40))
def test_after_any_faults_nothing_is_lost_and_the_file_is_right(seed, tmp_path):
    outlive(seed, tmp_path)
