"""Downloads against a server on loopback; nothing here reaches the outside."""

import hashlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from repository_server import RepositoryServer, challenge, web_page

from cgrecnet.data.download import folder as download_folder
from cgrecnet.data.download.transfer import OVERLAP
from cgrecnet.data.jurkat import fetch, files
from cgrecnet.errors import DataError

FILES = {f"Experiment_1/G1/Ch{c}_CP0001.tif": random.Random(c).randbytes(200_000) for c in (3, 4, 6)}
FIRST, SECOND, THIRD = FILES
pytestmark = pytest.mark.usefixtures("waits")
REGISTRY = {
    name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in FILES.items()
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with RepositoryServer(FILES) as running:
        running.images = f"{running.url}/raw.example/files"
        yield running


@pytest.fixture
def few_files(monkeypatch):
    monkeypatch.setattr(files, "registry", lambda: REGISTRY)


def stored(folder: Path) -> dict[str, bytes]:
    every = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: content for name, content in every.items() if not name.startswith(".download/")}


def asked(server) -> list[str]:
    return [path.partition("/files/")[2] for path, _ in server.asked]


def in_another_process(tmp_path: Path, url: str, before: str = "") -> subprocess.Popen:
    """A process that fetches the few files into tmp_path / "data"."""
    listed = tmp_path / "registry.json"
    listed.write_text(json.dumps(REGISTRY))
    program = (
        "import json, sys\nfrom cgrecnet.data.jurkat import fetch, files\nfrom cgrecnet.errors import DataError\n"
        f"{before}\n"
        f"files.registry = lambda: json.load(open({str(listed)!r}))\n"
        f"try:\n    fetch.fetch({str(tmp_path / 'data')!r}, {url!r}, progress=False)\n"
        "except DataError as error:\n    sys.exit(str(error))\n"
    )
    return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)


def test_registry_lists_36_files():
    listed = files.registry()
    assert len(listed) == 36
    assert len({facts["sha256"] for facts in listed.values()}) == 36
    assert [len(files.channel_files(channel)) for channel in (3, 4, 6)] == [12, 12, 12]


def test_registry_is_that_of_the_real_files(mlcp):
    for name in files.registry():
        files.read_checked(mlcp, name)


def test_all_files_arrive_and_are_not_fetched_again(server, few_files, tmp_path):
    assert fetch.fetch(tmp_path, server.images, progress=False) == tmp_path
    assert stored(tmp_path) == FILES
    assert asked(server) == list(FILES)
    fetch.fetch(tmp_path, server.images, progress=False)
    assert len(server.asked) == 3, "whole files are kept"


def test_damaged_file_is_replaced(server, few_files, tmp_path):
    fetch.fetch(tmp_path, server.images, progress=False)
    (tmp_path / FIRST).write_bytes(b"no tiff")
    fetch.fetch(tmp_path, server.images, progress=False)
    assert stored(tmp_path) == FILES and asked(server)[3:] == [FIRST]


def test_default_place_is_the_cache(server, few_files, no_data):
    assert fetch.fetch(None, server.images, progress=False) == no_data / "jurkat"
    assert stored(no_data / "jurkat") == FILES


def test_progress_is_shown_on_stderr(server, few_files, tmp_path, capsys):
    fetch.fetch(tmp_path, server.images)
    assert "600k/600k" in capsys.readouterr().err


def test_a_broken_connection_goes_on_within_the_file(server, few_files, tmp_path, waits):
    server.cut[SECOND], server.status[THIRD] = [130_000], [503, 429]
    fetch.fetch(tmp_path, server.images, progress=False)
    assert stored(tmp_path) == FILES and waits == [1, 1, 2]
    assert server.first_bytes(SECOND)[0] == 0 and server.first_bytes(SECOND)[1] > 60_000
    assert server.sent(SECOND) <= 200_000 + 2**16 + OVERLAP


def test_no_network(few_files, tmp_path):
    with pytest.raises(DataError, match="The download of .*Ch3_CP0001.tif stopped .no connection.*start again"):
        fetch.fetch(tmp_path, "http://127.0.0.1:9/", progress=False)
    assert stored(tmp_path) == {}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda handler: handler.answer(404, b""), "did not arrive .127.0.0.1 does not have it .404..: start again"),
        (
            challenge,
            "a bot check, 202.*open https://github.com/minh-doan/MLCP/tree/.*save it in .*`cgrecnet data fetch",
        ),
        (web_page, "sent a web page in place of the file"),
        (lambda handler: handler.send(SECOND, 200_000 * b"x"), "has other content than listed"),
    ],
)
def test_a_file_that_does_not_come_is_named_and_the_others_do(server, few_files, tmp_path, answer, words):
    server.before = lambda handler, name: name == SECOND and (answer(handler) or True)
    with pytest.raises(DataError, match=f"2 of 3 files are in .*Ch4_CP0001.tif .*{words}") as caught:
        fetch.fetch(tmp_path, server.images, progress=False)
    assert set(stored(tmp_path)) == {FIRST, THIRD} and "\n" not in str(caught.value)
    (tmp_path / SECOND).write_bytes(FILES[SECOND])  # by hand
    server.asked.clear()
    fetch.fetch(tmp_path, server.images, progress=False)
    assert not server.asked


def test_killed_download_goes_on_within_the_file(server, few_files, tmp_path):
    server.hold[SECOND] = 150_000
    process = in_another_process(tmp_path, server.images)
    assert server.held.wait(30)
    part = tmp_path / "data/.download" / f"{SECOND.replace('/', '%2F')}.part"
    while not part.exists() or part.stat().st_size < 2**16:
        time.sleep(0.02)
    process.kill()
    process.wait()
    process.stderr.close()
    assert process.returncode == -9 and set(stored(tmp_path / "data")) == {FIRST}
    there = part.stat().st_size
    server.release.set()
    server.hold.clear()
    fetch.fetch(tmp_path / "data", server.images, progress=False)
    assert stored(tmp_path / "data") == FILES and server.first_bytes(SECOND)[-1] == there - OVERLAP


def test_full_disk(server, few_files, tmp_path):
    """A limit on file size stands in for the full disk: the write fails in the middle of a file."""
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))"
    process = in_another_process(tmp_path, server.images, before=limit)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "cannot be stored in" in message and "free space there" in message
    assert "Traceback" not in message and message.count("\n") == 1
    assert stored(tmp_path / "data") == {}
    fetch.fetch(tmp_path / "data", server.images, progress=False)
    assert stored(tmp_path / "data") == FILES and server.first_bytes(FIRST)[-1] == 70_000 - OVERLAP


def test_no_space_left(server, few_files, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download_folder.os, "replace", full)
    with pytest.raises(DataError, match="cannot be stored in .*No space left on device.: free space"):
        fetch.fetch(tmp_path, server.images, progress=False)
    assert stored(tmp_path) == {}


def test_folder_that_is_a_file(few_files, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataError, match="cannot be stored in .*data"):
        fetch.fetch(tmp_path / "data", "http://127.0.0.1:9/", progress=False)


def test_fetch_by_name(server, few_files, monkeypatch, tmp_path):
    from cgrecnet.data import fetch_dataset

    monkeypatch.setattr(fetch, "BASE_URL", server.images)
    assert fetch_dataset("jurkat", folder=tmp_path) == tmp_path and stored(tmp_path) == FILES
    with pytest.raises(DataError, match="'cytometer' is made on the spot"):
        fetch_dataset("cytometer")
