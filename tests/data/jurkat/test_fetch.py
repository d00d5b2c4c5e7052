"""Downloads against a server on loopback; nothing here reaches the outside."""

import hashlib
import random
from pathlib import Path

import pytest
from repository_server import RepositoryServer, challenge, web_page

from cgrecnet.data.jurkat import fetch, published
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
        monkeypatch.setattr(fetch, "BASE_URL", f"{running.url}/raw.example/files/")
        yield running


@pytest.fixture
def few_files(monkeypatch):
    monkeypatch.setattr(published, "registry", lambda: REGISTRY)


def stored(folder: Path) -> dict[str, bytes]:
    every = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: content for name, content in every.items() if not name.startswith(".download/")}


def asked(server) -> list[str]:
    return [path.partition("/files/")[2] for path, _ in server.asked]


def test_registry_lists_36_files():
    listed = published.registry()
    assert len(listed) == 36
    assert len({facts["sha256"] for facts in listed.values()}) == 36
    assert [len(published.channel_files(channel)) for channel in (3, 4, 6)] == [12, 12, 12]


def test_registry_is_that_of_the_real_files(mlcp):
    for name in published.registry():
        published.read_checked(mlcp, name)


def test_all_files_arrive_and_are_not_fetched_again(server, few_files, tmp_path):
    assert fetch.fetch(tmp_path) == tmp_path
    assert stored(tmp_path) == FILES
    assert asked(server) == list(FILES)
    fetch.fetch(tmp_path)
    assert len(server.asked) == 3, "whole files are kept"


def test_damaged_file_is_replaced(server, few_files, tmp_path):
    fetch.fetch(tmp_path)
    (tmp_path / FIRST).write_bytes(b"no tiff")
    fetch.fetch(tmp_path)
    assert stored(tmp_path) == FILES and asked(server)[3:] == [FIRST]


def test_default_place_is_the_cache(server, few_files, no_data):
    assert fetch.fetch(None) == no_data / "jurkat"
    assert stored(no_data / "jurkat") == FILES


def test_no_network(few_files, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "BASE_URL", "http://127.0.0.1:9/")
    with pytest.raises(DataError, match="The download of .*Ch3_CP0001.tif stopped .no connection.*start again"):
        fetch.fetch(tmp_path)
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
        fetch.fetch(tmp_path)
    assert set(stored(tmp_path)) == {FIRST, THIRD} and "\n" not in str(caught.value)
    (tmp_path / SECOND).write_bytes(FILES[SECOND])  # by hand
    server.asked.clear()
    fetch.fetch(tmp_path)
    assert not server.asked


def test_fetch_by_name(server, few_files, tmp_path):
    from cgrecnet.data import fetch_dataset

    assert fetch_dataset("jurkat", folder=tmp_path) == tmp_path and stored(tmp_path) == FILES
    with pytest.raises(DataError, match="'cytometer' is made on the spot"):
        fetch_dataset("cytometer")
