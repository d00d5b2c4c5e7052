"""What repositories refuse to programs: the other addresses, tokens, patience, and files that a person puts there."""

import re
import shlex
import time
from email.utils import formatdate

import pytest
import repository_server
from repository_server import RepositoryServer, challenge, refuse, web_page
from zhu_download import CELLS, DOI, FILES, HERE, assert_whole, get, visible, zipped

from cgrecnet.cli import main
from cgrecnet.data import open_dataset
from cgrecnet.data.download import folder as download_folder
from cgrecnet.data.download import transfer
from cgrecnet.data.download.folder import ENOUGH
from cgrecnet.data.download.remote import USER_AGENT
from cgrecnet.data.download.repositories import list_remote
from cgrecnet.data.zhu.fetch import fetch
from cgrecnet.errors import ConfigError, DataError

ADDRESSES = ["api.figshare.com", "ndownloader.figshare.com", "figshare.com"]


@pytest.fixture
def server(monkeypatch, waits):
    with RepositoryServer(FILES) as running:
        running.waits = waits
        repository_server.send_all_to(running.url, monkeypatch.setattr)
        yield running


def block(server, answer=challenge) -> None:
    server.hosts |= dict.fromkeys(ADDRESSES, answer)


def hosts_asked(server, number: int) -> list[str]:
    """Hosts that were asked for the file of this number, in order."""
    return [path.partition("/")[0] for path, _ in server.asked if re.search(f"(files|download)/{number}$", path)]


def command_in(error) -> list[str]:
    return shlex.split(re.search(r"`cgrecnet (.*?)`", str(error.value))[1])


def test_the_other_addresses_of_a_file_are_tried_before_the_listed_one(server, tmp_path):
    server.hosts = {"figshare.com": challenge}
    get(tmp_path)
    assert_whole(tmp_path)
    assert hosts_asked(server, 1) == ADDRESSES[:1]
    server.hosts["api.figshare.com"] = refuse
    get(tmp_path / "again")
    assert hosts_asked(server, 1) == ADDRESSES[:1] + ADDRESSES[:2]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (challenge, "api.figshare.com wants to see a browser (a bot check, 202), ndownloader.figshare.com wants"),
        (refuse, "api.figshare.com refuses the download (403), ndownloader.figshare.com refuses"),
        (web_page, "api.figshare.com sent a web page in place of the file, ndownloader"),
        (lambda handler: handler.answer(202, b""), "api.figshare.com answered 202 and sent no file, ndown"),
    ],
)
def test_what_is_refused_costs_one_request_an_address_and_nothing_on_disk(server, tmp_path, answer, words):
    part = tmp_path / ".download/cells.zip.part"
    part.parent.mkdir()
    part.write_bytes(FILES["cells.zip"][:200_000])
    block(server, answer)
    with pytest.raises(DataError) as caught:
        get(tmp_path)
    message = str(caught.value)
    assert f"0 of 3 files are in {tmp_path}, but cells.zip, o_1d2_99_Ch1.ome.bmp, Liesmich äöü 日本.txt can" in message
    assert words in message and "\n" not in message
    assert (
        f"open https://doi.org/{DOI} in a browser, save them in {tmp_path}, and run `cgrecnet data fetch zhu" in message
    )
    assert server.waits == [] and [hosts_asked(server, number) for number in (1, 2, 3)] == [ADDRESSES] * 3
    assert part.read_bytes() == FILES["cells.zip"][:200_000]
    assert [path.name for path in part.parent.glob("*.part*")] == [part.name]
    server.hosts.clear()
    get(tmp_path)
    assert server.first_bytes("cells.zip") == [200_000 - transfer.OVERLAP]
    assert_whole(tmp_path)


def test_after_some_refusals_in_a_row_the_others_are_not_asked_for(monkeypatch, waits, tmp_path):
    with RepositoryServer(CELLS) as server:
        repository_server.send_all_to(server.url, monkeypatch.setattr)
        block(server)
        with pytest.raises(DataError, match="0 of 120 files are in .*, and 110 more cannot be downloaded by a program"):
            get(tmp_path)
        assert sum("/files/" in path or "/download/" in path for path, _ in server.asked) == ENOUGH * len(ADDRESSES)


def test_the_command_of_the_message_goes_on_from_files_put_there_by_hand(server, tmp_path, capsys):
    folder = tmp_path / "my cells"
    block(server)
    with pytest.raises(DataError) as caught:
        get(folder)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    assert main(command_in(caught)) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    assert visible(folder) == sorted([*HERE, "cells.zip"]), "what somebody put there stays"
    server.asked.clear()
    get(folder)
    assert main(command_in(caught)) == 0
    assert not any(hosts_asked(server, number) for number in (1, 2, 3))
    assert visible(folder) == sorted([*HERE, "cells.zip"])
    assert open_dataset("zhu", root=folder).counts() == {"astrocyte": 40, "oligodendrocyte": 41, "neuron": 40}


def test_files_by_hand_are_compared_with_the_listing(server, tmp_path):
    block(server)
    with pytest.raises(DataError) as caught:
        get(tmp_path)
    (tmp_path / "cells.zip").write_bytes(FILES["cells.zip"][:-9])
    with pytest.raises(
        DataError, match="cells.zip is not the listed file .*o_1d2_99_Ch1.ome.bmp is not there"
    ) as again:
        fetch(tmp_path)
    assert "0 of 3 files" in str(again.value) and visible(tmp_path) == ["cells.zip"]
    with pytest.raises(DataError, match="cells.zip .the one that is there is cut off or another.*cannot be down"):
        get(tmp_path)
    assert command_in(caught)[:3] == ["data", "fetch", "zhu"]
    server.hosts.clear()
    get(tmp_path)
    assert visible(tmp_path) == sorted([*HERE, "cells.zip"])


def test_all_files_saved_as_one_zip(server, tmp_path):
    """As repositories offer it: an archive of another name that holds the archives."""
    block(server)
    with pytest.raises(DataError):
        get(tmp_path)
    (tmp_path / "17.zip").write_bytes(zipped(FILES))
    fetch(tmp_path)
    assert visible(tmp_path) == sorted(["17.zip", *(f"17/{name}" for name in HERE)])
    fetch(tmp_path)
    assert open_dataset("zhu", root=tmp_path).counts() == {"astrocyte": 40, "oligodendrocyte": 41, "neuron": 40}


def test_a_listing_that_is_refused_says_what_a_person_can_do(server, tmp_path):
    server.hosts["listing"] = refuse
    with pytest.raises(DataError) as caught:
        get(tmp_path)
    message = str(caught.value)
    assert f"(api.figshare.com refuses the download (403)): open https://doi.org/{DOI} in a browser" in message
    assert "\n" not in message and server.waits == []
    (tmp_path / "cells.zip").write_bytes(FILES["cells.zip"])
    assert main(command_in(caught)) == 0
    assert visible(tmp_path) == sorted([name for name in HERE if name.startswith("cells/")] + ["cells.zip"])
    server.hosts["listing"] = web_page
    with pytest.raises(DataError, match="answered something that is no listing.: open https://doi.org"):
        get(tmp_path)


def test_a_damaged_archive_by_hand_and_none_at_all(tmp_path):
    with pytest.raises(ConfigError, match="cgrecnet data fetch zhu --doi DOI"):
        fetch(tmp_path / "nothing")
    (tmp_path / "half.zip").write_bytes(FILES["cells.zip"][:-100])
    with pytest.raises(DataError, match=r"half.zip was not unpacked \(damaged, or no archive\)"):
        fetch(tmp_path)
    assert visible(tmp_path) == ["half.zip"]


def test_tokens_go_to_their_host_alone_and_every_request_bears_our_name(server, tmp_path, monkeypatch):
    monkeypatch.setenv("FIGSHARE_TOKEN", " secret ")
    server.hosts["api.figshare.com"] = lambda handler: handler.answer(401, b"")
    get(tmp_path)
    sent = {path.partition("/")[0]: headers.get("Authorization") for path, headers in server.asked}
    assert sent == {"doi.org": None, "figshare.com": None, "ndownloader.figshare.com": None} | {
        "api.figshare.com": "token secret"
    }
    assert {headers["User-Agent"] for _, headers in server.asked} == {USER_AGENT}
    assert USER_AGENT.startswith("cgrecnet/")
    block(server, lambda handler: handler.answer(401, b""))
    with pytest.raises(DataError, match=r"api.figshare.com asks for a login \(401, with the token in FIGSHARE_TOKEN\)"):
        get(tmp_path / "again")
    monkeypatch.setenv("FIGSHARE_TOKEN", "two\nlines")
    with pytest.raises(ConfigError, match="FIGSHARE_TOKEN holds no token"):
        get(tmp_path / "again")


def test_a_server_that_asks_to_wait(server, tmp_path):
    now = 4_102_448_400  # the server's clock, which is not ours
    for asked, waited in ({"Retry-After": "7"}, 7), ({"Retry-After": formatdate(now + 9, usegmt=True)}, 9), ({}, 1):
        answers = [asked | {"Date": formatdate(now, usegmt=True)}]
        server.before = lambda handler, _, todo=answers: bool(todo) and (handler.answer(429, b"", **todo.pop()) or True)
        get(tmp_path / str(waited))
        assert server.waits.pop() == waited and not server.waits
    server.before = lambda handler, name: handler.answer(429, b"", **{"Retry-After": "3600"}) or True
    with pytest.raises(DataError, match=r"did not arrive \(api.figshare.com asks to wait 60 minutes \(429\), "):
        get(tmp_path)
    assert not server.waits


def test_figshare_lists_many_files_on_pages(monkeypatch, waits, tmp_path):
    with RepositoryServer(CELLS) as server:
        repository_server.send_all_to(server.url, monkeypatch.setattr)
        server.first_page = 10
        assert [file.name for file in list_remote(DOI).files] == list(CELLS)


def test_two_archives_of_one_name_do_not_take_each_others_place(server, tmp_path):
    server.files |= {"cells.ZIP": zipped({"a.txt": b"a"}), "cells": b"no archive"}
    server.listed |= dict.fromkeys(["cells.ZIP", "cells"], None)
    get(tmp_path)
    assert visible(tmp_path) == sorted(
        [*(name.replace("cells/", "cells.zip-unpacked/") for name in HERE), "cells.ZIP-unpacked/a.txt", "cells"]
    )


def test_no_space_in_the_middle_of_a_piece_keeps_a_true_begin(server, tmp_path, monkeypatch):
    def full(path, mode):
        file = open(path, mode)
        honest = file.write

        def write(data):
            if file.tell() + len(data) > 100_000:
                honest(data[: 100_000 - file.tell()])
                raise OSError(28, "No space left on device")
            return honest(data)

        file.write = write
        return file

    monkeypatch.setattr(transfer, "open", full, raising=False)
    with pytest.raises(DataError, match="cannot be stored in .*No space left on device.: free space there or name an"):
        get(tmp_path)
    part = tmp_path / ".download/cells.zip.part"
    assert part.read_bytes() == FILES["cells.zip"][:100_000]
    monkeypatch.delattr(transfer, "open")
    get(tmp_path)
    assert server.first_bytes("cells.zip")[-1] == 100_000 - transfer.OVERLAP
    assert_whole(tmp_path)


def test_what_is_whole_needs_no_right_to_write(server, tmp_path, monkeypatch):
    get(tmp_path)

    def read_only(path):
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(download_folder, "locked", read_only)
    get(tmp_path)
    (tmp_path / "o_1d2_99_Ch1.ome.bmp").unlink()
    with pytest.raises(
        DataError, match="cannot be stored in .*Read-only file system.: name one that may be written to"
    ):
        get(tmp_path)


def test_a_clock_that_goes_back(server, tmp_path, monkeypatch, capsys):
    clock = iter(range(10**9, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: next(clock))
    server.cut["cells.zip"] = [150_000]
    fetch(tmp_path, DOI)
    assert_whole(tmp_path)
    assert "downloading: 100%" in capsys.readouterr().err
