"""One file and one server: what happens to a part when the answer is other than what is there."""

import hashlib
import random
from dataclasses import replace

import pytest
import requests
from repository_server import RepositoryServer

from cgrecnet.data.download import remote
from cgrecnet.data.download.remote import RemoteFile
from cgrecnet.data.download.transfer import OVERLAP, Transfer, WrongContent

CONTENT = random.Random(0).randbytes(300_000)
OTHER = CONTENT[:200_000] + bytes(100_000)

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with RepositoryServer({"cells": CONTENT, "page.html": b"<!doctype html>a page", "nothing": b""}) as running:
        yield running


def transfer(file: RemoteFile, part, tries: int = remote.TRIES) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote, "TRIES", tries)
        Transfer(file, part).run()


def remote_file(server, name="cells", checksum=True, size: int | None = -1) -> RemoteFile:
    content = server.files[name]
    size = len(content) if size == -1 else size
    digits = f"md5:{hashlib.md5(content).hexdigest()}" if checksum else None
    return RemoteFile(name, (f"{server.url}/host/files/{name}",), digits, size)


def test_zeros_that_a_power_failure_left_are_replaced(server, tmp_path):
    """By the server's word it is the same file, so more of it is kept even where it is cut off again."""
    file, part = remote_file(server), tmp_path / "part"
    server.cut["cells"] = [200_000, *[0] * 4]
    with pytest.raises(requests.RequestException):
        transfer(file, part, tries=4)
    there = part.stat().st_size
    part.write_bytes(CONTENT[: there - 9000] + bytes(9000))
    server.cut["cells"] = [70_000, 70_000, there + 50_000, 0, 0, 0]
    with pytest.raises(requests.RequestException):
        transfer(file, part, tries=4)
    assert there < part.stat().st_size < 300_000 and CONTENT.startswith(part.read_bytes())
    transfer(file, part)
    assert part.read_bytes() == CONTENT


def test_pieces_of_two_versions_that_nothing_tells_apart_are_fetched_anew(server, tmp_path):
    """No ETag, and the versions differ only after what is compared: the checksum tells, and nothing wrong stays."""
    file, part = remote_file(server), tmp_path / "part"
    part.write_bytes(CONTENT[:100_000])
    versions = [OTHER, CONTENT]
    server.before = lambda handler, name: handler.send(name, versions.pop(0), ETag="") or True
    transfer(file, part)
    assert part.read_bytes() == CONTENT and server.first_bytes("cells") == [100_000 - OVERLAP, 0]
    versions[:] = [OTHER, OTHER]
    part.write_bytes(CONTENT[:100_000])
    with pytest.raises(WrongContent):
        transfer(file, part)
    assert not list(tmp_path.iterdir())


def test_without_a_checksum_the_version_with_more_bytes_stays(server, tmp_path):
    file, part = remote_file(server, checksum=False), tmp_path / "part"
    part.write_bytes(b"?" * 100_000)
    server.cut["cells"] = [70_000, 70_000, 90_000, 0, 0]
    with pytest.raises(requests.RequestException):
        transfer(file, part)
    assert part.read_bytes() == b"?" * 100_000
    server.cut["cells"] = [70_000, 70_000, 170_000, 0, 0, 0, 0]
    with pytest.raises(requests.RequestException):
        transfer(file, part)
    assert part.stat().st_size > 100_000 and CONTENT.startswith(part.read_bytes())
    transfer(file, part)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("more", [0, 500, 5000])
@pytest.mark.parametrize("checksum", [True, False])
def test_a_part_of_unlisted_size_that_has_all_or_more(server, tmp_path, more, checksum):
    part = tmp_path / "part"
    part.write_bytes(CONTENT + more * b"+")
    transfer(remote_file(server, checksum=checksum, size=None), part)
    assert part.read_bytes() == CONTENT
    assert sum(count for _, _, count in server.log) <= len(CONTENT)


def test_a_web_page_that_is_the_file_and_a_file_of_no_bytes(server, tmp_path):
    for name in ("page.html", "nothing"):
        for size in (-1, None):
            transfer(remote_file(server, name, size=size), tmp_path / name)
            assert (tmp_path / name).read_bytes() == server.files[name]
            (tmp_path / name).unlink()
    assert not list(tmp_path.iterdir())


def test_a_range_of_another_version_is_not_appended(server, tmp_path):
    """By its ETag, from a server that does not heed If-Range; what differs lies far behind what is compared."""
    part, seen = tmp_path / "part", []

    def other(handler, name):
        del handler.headers["If-Range"]
        seen.append(CONTENT.startswith(part.read_bytes()))
        handler.send(name, OTHER if "Range" in handler.headers else CONTENT)
        return True

    server.cut["cells"] = [100_000, 0, 0]
    with pytest.raises(requests.RequestException):
        transfer(remote_file(server), part, tries=2)
    server.before = other
    transfer(remote_file(server), part)
    assert part.read_bytes() == CONTENT and seen == [True] * 3, "twice the range, then the whole"


def test_a_version_that_is_listed_no_more_is_left_at_once(server, tmp_path):
    """So that the new one is gone on with where it is cut off."""
    file, part = remote_file(server), tmp_path / "part"
    server.cut["cells"] = [200_000, 0, 0]
    with pytest.raises(requests.RequestException):
        transfer(file, part, tries=2)
    server.files["cells"] = new = random.Random(1).randbytes(300_000)
    server.cut["cells"] = [150_000, 0, 0]
    with pytest.raises(requests.RequestException):
        transfer(remote_file(server), part, tries=2)
    assert part.stat().st_size > 100_000 and new.startswith(part.read_bytes())
    transfer(remote_file(server), part)
    assert part.read_bytes() == new


def test_after_a_failure_the_next_address_is_asked(server, tmp_path, waits):
    file = remote_file(server)
    other = f"{server.url}/other.example/files/cells"
    server.status["cells"] = [503]
    transfer(replace(file, urls=(*file.urls, other)), tmp_path / "part")
    assert [path for path, _ in server.asked] == ["host/files/cells", "other.example/files/cells"] and waits == [1]


@pytest.mark.parametrize("lie", ["", "*/5", "0-9/300000", "98976-99000/300000", "98976-299999/9"])
def test_a_range_that_is_not_the_one_asked_for_is_not_looked_at(server, tmp_path, lie):
    """Twice in a row, and the whole file is asked for; it agrees with what is there, and is gone on with."""
    part = tmp_path / "part"
    part.write_bytes(CONTENT[:100_000])
    server.before = lambda handler, name: (
        "Range" in handler.headers and (handler.send(name, CONTENT, Content_Range=f"bytes {lie}") or True)
    )
    transfer(remote_file(server), part)
    asked = [headers.get("Range") for _, headers in server.asked]
    assert asked == ["bytes=98976-", "bytes=98976-", None] and part.read_bytes() == CONTENT
