"""Downloads against a server on loopback; nothing here reaches the outside."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cgrecnet.data.jurkat import fetch, files
from cgrecnet.errors import DataError

FILES = {f"Experiment_1/G1/Ch{c}_CP0001.tif": bytes([c]) * 50_000 for c in (3, 4, 6)}
REGISTRY = {
    name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    for name, content in FILES.items()
}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = dict(FILES)
        self.asked: list[str] = []
        self.stall_in: str | None = None  # sends half of this file, then nothing until `release`
        self.break_in: str | None = None  # sends half of this file, then hangs up
        self.stalled, self.release = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/images/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.removeprefix("/images/")
        self.server.asked.append(name)
        if name not in self.server.content:
            return self.send_error(404)
        content = self.server.content[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        if name == self.server.stall_in:
            self.server.stalled.set()
            self.server.release.wait(20)
        if name != self.server.break_in:
            self.wfile.write(content[half:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield running
    running.release.set()
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def few_files(monkeypatch):
    monkeypatch.setattr(files, "registry", lambda: REGISTRY)


def stored(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


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
    assert fetch.fetch(tmp_path, server.url, progress=False) == tmp_path
    assert stored(tmp_path) == FILES
    assert sorted(server.asked) == sorted(FILES)
    fetch.fetch(tmp_path, server.url, progress=False)
    assert len(server.asked) == 3, "whole files are kept"


def test_damaged_file_is_replaced(server, few_files, tmp_path):
    fetch.fetch(tmp_path, server.url, progress=False)
    name = next(iter(FILES))
    (tmp_path / name).write_bytes(b"no tiff")
    fetch.fetch(tmp_path, server.url, progress=False)
    assert stored(tmp_path) == FILES and server.asked[3:] == [name]


def test_default_place_is_the_cache(server, few_files, no_data):
    assert fetch.fetch(None, server.url, progress=False) == no_data / "jurkat"
    assert stored(no_data / "jurkat") == FILES


def test_progress_is_shown_on_stderr(server, few_files, tmp_path, capsys):
    fetch.fetch(tmp_path, server.url)
    assert "3/3" in capsys.readouterr().err


def test_no_network(server, few_files, tmp_path):
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match="Cannot download http.*no connection.*check the network.*CGRECNET_DATA"):
        fetch.fetch(tmp_path, url, progress=False)
    assert stored(tmp_path) == {}


def test_server_without_the_file(server, few_files, tmp_path):
    server.content.pop("Experiment_1/G1/Ch4_CP0001.tif")
    with pytest.raises(DataError, match="Ch4_CP0001.tif .the server answered 404"):
        fetch.fetch(tmp_path, server.url, progress=False)
    assert set(stored(tmp_path)) == {"Experiment_1/G1/Ch3_CP0001.tif"}, "the file before it is kept"


def test_hash_that_does_not_match(server, few_files, tmp_path):
    server.content["Experiment_1/G1/Ch4_CP0001.tif"] = b"a login page"
    with pytest.raises(DataError, match="Ch4_CP0001.tif gave other content .*sha256 does not match"):
        fetch.fetch(tmp_path, server.url, progress=False)
    assert set(stored(tmp_path)) == {"Experiment_1/G1/Ch3_CP0001.tif"}


def test_connection_that_breaks_off(server, few_files, tmp_path):
    server.break_in = "Experiment_1/G1/Ch6_CP0001.tif"
    with pytest.raises(DataError, match="Ch6_CP0001.tif .no connection, or it broke off"):
        fetch.fetch(tmp_path, server.url, progress=False)
    assert len(stored(tmp_path)) == 2
    server.break_in = None
    fetch.fetch(tmp_path, server.url, progress=False)
    assert stored(tmp_path) == FILES


def test_killed_download_leaves_nothing_that_is_taken_for_whole(server, few_files, tmp_path):
    server.stall_in = "Experiment_1/G1/Ch4_CP0001.tif"
    process = in_another_process(tmp_path, server.url)
    assert server.stalled.wait(30)
    time.sleep(0.2)  # let the half that was sent reach the disk
    process.kill()
    process.wait()
    process.stderr.close()
    data = tmp_path / "data"
    assert process.returncode == -9
    assert [name for name in FILES if (data / name).exists()] == ["Experiment_1/G1/Ch3_CP0001.tif"]
    server.release.set()
    fetch.fetch(data, server.url, progress=False)
    assert {name: (data / name).read_bytes() for name in FILES} == FILES
    assert server.asked.count("Experiment_1/G1/Ch3_CP0001.tif") == 1, "goes on where it stopped"


def test_what_a_killed_download_left_is_removed_later(server, few_files, tmp_path):
    import os

    old, young = tmp_path / ".incoming-old", tmp_path / ".incoming-young"
    for left in (old, young):
        left.mkdir()
        (left / "half").write_bytes(b"x")
    os.utime(old, (1, 1))
    fetch.fetch(tmp_path, server.url, progress=False)
    assert not old.exists() and young.exists()


def test_full_disk(server, few_files, tmp_path):
    """A limit on file size stands in for the full disk: the write fails in the middle of a file."""
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    process = in_another_process(tmp_path, server.url, before=limit)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "cannot be stored in" in message and "free space there" in message
    assert "Traceback" not in message and message.count("\n") == 1
    assert stored(tmp_path / "data") == {}


def test_no_space_left(server, few_files, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch.os, "replace", full)
    with pytest.raises(DataError, match="cannot be stored in .*No space left on device; free space"):
        fetch.fetch(tmp_path, server.url, progress=False)
    assert stored(tmp_path) == {}


def test_folder_that_is_a_file(few_files, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataError, match="cannot be stored in .*data"):
        fetch.fetch(tmp_path / "data", "http://127.0.0.1:9/", progress=False)


def test_fetch_by_name(server, few_files, monkeypatch, tmp_path):
    from cgrecnet.data import fetch_dataset

    monkeypatch.setattr(fetch, "BASE_URL", server.url)
    assert fetch_dataset("jurkat", folder=tmp_path) == tmp_path and stored(tmp_path) == FILES
    with pytest.raises(DataError, match="'cytometer' is made on the spot"):
        fetch_dataset("cytometer")
