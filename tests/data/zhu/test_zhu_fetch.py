"""The download by DOI against a server on loopback that breaks in many ways; nothing reaches the outside."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import repository_server
from repository_server import RepositoryServer
from zhu_download import CELLS, DOI, FILES, HERE, assert_whole, bmp, get, visible, zipped

from cgrecnet.data import available, fetch_dataset, open_dataset, report_on
from cgrecnet.data.download import folder as download_folder
from cgrecnet.data.download import remote, unpack
from cgrecnet.data.download.remote import RemoteFile
from cgrecnet.data.download.repositories import list_remote, parse_doi
from cgrecnet.data.download.transfer import OVERLAP, Transfer, WrongContent
from cgrecnet.data.zhu import fetch as zhu_fetch
from cgrecnet.data.zhu.fetch import fetch
from cgrecnet.errors import ConfigError, DataError

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def server(monkeypatch):
    with RepositoryServer(FILES) as running:
        repository_server.send_all_to(running.url, monkeypatch.setattr)
        yield running


def changed(listing, **facts):
    return replace(listing, files=tuple(replace(file, **facts) for file in listing.files))


@pytest.mark.parametrize(
    "doi",
    [
        DOI,
        repository_server.PUBLISHER,
        repository_server.UNIVERSITY,
        repository_server.ZENODO,
    ],
)
def test_every_repository(server, tmp_path, doi):
    listed = {file.name: file for file in list_remote(doi).files}
    assert list(listed) == list(FILES)
    for name, content in FILES.items():
        assert listed[name].bytes == len(content)
        assert listed[name].checksum == "md5:" + hashlib.md5(content).hexdigest()
    assert get(tmp_path, doi) == tmp_path
    assert_whole(tmp_path)


def test_the_images_are_read_and_nothing_is_fetched_twice(server, tmp_path):
    get(tmp_path)
    assert open_dataset("zhu", root=tmp_path).counts() == {"astrocyte": 40, "oligodendrocyte": 41, "neuron": 40}
    assert sum(map(server.sent, FILES)) == sum(map(len, FILES.values()))
    asked = len(server.log)
    get(tmp_path)
    assert len(server.log) == asked
    (tmp_path / "o_1d2_99_Ch1.ome.bmp").write_bytes(b"spoilt")
    shutil.rmtree(tmp_path / "cells")
    get(tmp_path)
    assert [name for name, _, _ in server.log[asked:]] == ["cells.zip", "o_1d2_99_Ch1.ome.bmp"]
    assert_whole(tmp_path)


def test_a_page_that_refuses_programs_does_not_hide_where_the_doi_leads(server):
    assert [file.name for file in list_remote(repository_server.FORBIDDEN).files] == list(FILES)


def test_a_broken_connection_goes_on_at_the_byte(server, tmp_path):
    size = len(FILES["cells.zip"])
    server.cut["cells.zip"] = [size // 3, size // 3]
    get(tmp_path)
    assert_whole(tmp_path)
    first = server.first_bytes("cells.zip")
    assert len(first) == 3 and first[0] == 0 and 0 < first[1] < first[2]
    assert server.sent("cells.zip") <= size + 2 * 2**16  # at most what was under way when it broke


def test_given_up_and_taken_up_again(server, tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "TRIES", 3)
    size = len(FILES["cells.zip"])
    server.cut["cells.zip"] = [70_000, 0, 0, 0]
    with pytest.raises(DataError) as caught:
        get(tmp_path)
    message = str(caught.value)
    assert "2 of 3 files are in" in message and "\n" not in message and len(visible(tmp_path)) == 2
    assert "cells.zip did not arrive (no connection, or it broke off): start again to go on" in message
    server.cut.clear()
    there = (tmp_path / ".download/cells.zip.part").stat().st_size
    assert 0 < there <= 70_000
    assert "a download is not finished (`cgrecnet data fetch zhu` with its DOI" in report_on("zhu", tmp_path)[0]
    before = server.sent("cells.zip")
    get(tmp_path)
    assert server.sent("cells.zip") - before == size - there + OVERLAP
    assert_whole(tmp_path)
    assert "a download" not in report_on("zhu", tmp_path)[0]


@pytest.mark.slow
def test_killed_in_the_middle_only_the_missing_bytes_are_asked_for(server, tmp_path):
    """`cgrecnet data fetch` in a process of its own, killed as by kill -9."""
    size, stop = len(FILES["cells.zip"]), 150_000
    assert size > 2 * stop
    server.hold["cells.zip"] = stop
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        f"import repository_server; repository_server.send_all_to({server.url!r})\n"
        "from cgrecnet.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "data", "fetch", "zhu", "--doi", DOI, "--folder", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.held.wait(60)
    part = tmp_path / ".download/cells.zip.part"
    while not part.exists() or part.stat().st_size < 2**16:
        time.sleep(0.02)
    time.sleep(0.1)
    with pytest.raises(DataError, match="Another download into .* is running: wait for it"):
        get(tmp_path)
    process.kill()
    process.communicate()
    assert process.returncode == -9 and visible(tmp_path) == []
    there = part.stat().st_size
    server.hold.clear()
    server.release.set()
    server.log.clear()
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() == str(tmp_path)
    assert f"Go on with: cgrecnet data check zhu {tmp_path}" in again.stderr and "100%" in again.stderr
    assert [entry for entry in server.log if entry[0] == "cells.zip"] == [
        ("cells.zip", there - OVERLAP, size - there + OVERLAP)
    ]
    assert_whole(tmp_path)


def test_a_server_that_gives_no_length_and_hangs_up(server, tmp_path):
    server.lengths, server.cut["cells.zip"] = False, [100_000]
    get(tmp_path)
    assert server.first_bytes("cells.zip") == [0, 100_000 - OVERLAP]
    assert_whole(tmp_path)


def test_a_stream_without_end_is_left(server, tmp_path):
    """More bytes than listed: given up at once, not when the disk is full."""
    server.files["endless"], server.lengths = bytes(20 * 2**20), False
    file = RemoteFile("endless", ("https://zenodo.org/files/endless",), "md5:" + 32 * "0", 1000)
    with pytest.raises(WrongContent):
        Transfer(file, tmp_path / "out").run()
    assert len(server.asked) == 1 and not (tmp_path / "out").exists()


def test_a_server_that_ignores_ranges_sends_it_all_again(server, tmp_path):
    server.ranges, server.cut["cells.zip"] = False, [100_000]
    get(tmp_path)
    assert server.first_bytes("cells.zip") == [0, 0]
    assert_whole(tmp_path)


@pytest.mark.parametrize("length", [1000, len(FILES["cells.zip"]), len(FILES["cells.zip"]) + 5])
def test_a_part_of_another_version_is_fetched_anew(server, tmp_path, length):
    (tmp_path / ".download").mkdir()
    (tmp_path / ".download/cells.zip.part").write_bytes(b"x" * length)
    get(tmp_path)
    assert server.first_bytes("cells.zip")[-1] == 0
    assert_whole(tmp_path)


def test_a_part_that_is_longer_than_what_the_server_has(server, tmp_path, monkeypatch):
    """The listing gives no sizes here, so the server's 416 is met."""
    honest = zhu_fetch.list_remote
    monkeypatch.setattr(zhu_fetch, "list_remote", lambda *a: changed(honest(*a), bytes=None))
    (tmp_path / ".download").mkdir()
    (tmp_path / ".download/cells.zip.part").write_bytes(b"x" * (len(FILES["cells.zip"]) + 5))
    get(tmp_path)
    assert_whole(tmp_path)


def test_a_wrong_checksum_is_named_and_the_rest_arrives(server, tmp_path):
    server.listed["cells.zip"] = "0" * 32
    with pytest.raises(DataError, match="2 of 3 files are in .*but cells.zip has other content than listed") as caught:
        get(tmp_path)
    assert "\n" not in str(caught.value)
    assert visible(tmp_path) == sorted(["o_1d2_99_Ch1.ome.bmp", "Liesmich äöü 日本.txt"])
    assert not (tmp_path / ".download/cells.zip.part").exists()


def test_more_bytes_than_listed_are_not_taken(server, tmp_path):
    server.before = lambda handler, name: handler.send(name, server.files[name] + b"more") or True
    with pytest.raises(DataError, match=r"cells.zip did not arrive \(.*announced .* bytes, where .* are listed"):
        get(tmp_path)
    assert not list((tmp_path / ".download").glob("*.part"))


def test_a_missing_file_is_named_and_the_rest_arrives(server, tmp_path):
    server.status["o_1d2_99_Ch1.ome.bmp"] = [404] * 3
    with pytest.raises(
        DataError, match=r"o_1d2_99_Ch1.ome.bmp did not arrive \(.*figshare.com does not have it \(404\)"
    ):
        get(tmp_path)
    assert "o_1d2_99_Ch1.ome.bmp" not in visible(tmp_path) and len(visible(tmp_path)) == len(HERE) - 1
    get(tmp_path)
    assert_whole(tmp_path)


def test_odd_entries_are_named_and_the_rest_arrives(server, tmp_path, caplog):
    """Links, names that would lie elsewhere, a name that is there twice, entries that are none."""
    server.extra = [
        {
            "id": 91,
            "name": "https://elsewhere.example",
            "is_link_only": True,
            "download_url": "https://elsewhere.example",
        },
        {"id": 92, "name": "cells.zip", "size": 3, "computed_md5": "1" * 32},
        {"id": 93, "name": "no size, no sum.txt", "download_url": ""},
        {"name": "no address.txt"},
        {"id": 94},
        "no entry",
        {"id": 95, "name": "x" * 201},
        {"id": 96, "name": "two\nlines"},
    ]
    server.files["no size, no sum.txt"] = b"all the same"
    with pytest.raises(DataError) as caught:
        get(tmp_path)
    message = str(caught.value)
    assert "\n" not in message and "4 of 10 files are in" in message, message
    for words in (
        "no address.txt is not there (no address)",
        "a second file of the name cells.zip was left out",
        "entry 8 of the listing cannot be read; entry 9",
        f"'{100 * 'x'}' is no plain name of a file (download it by hand)",
        r"'two\nlines' is no plain name",
    ):
        assert words in message, message
    assert "'https://elsewhere.example' is a link to" in caplog.text
    assert visible(tmp_path) == sorted([*HERE, "no size, no sum.txt"])


def test_a_server_out_of_order_is_asked_again(server, tmp_path):
    server.status |= {"cells.zip": [503, 500, 429], "listing": [502]}
    get(tmp_path)
    assert_whole(tmp_path)
    server.status["listing"] = [500] * 10
    with pytest.raises(DataError, match=r"files under the DOI .* cannot be listed \(the server answered 500\)|listing"):
        get(tmp_path)


@pytest.mark.parametrize(
    ("doi", "words"),
    [
        ("10.9999/nobody", "Nobody registered the DOI 10.9999/nobody: copy it from the article's data-availability"),
        (repository_server.ELSEWHERE, "leads to www.nature.com, which is not Figshare or Zenodo"),
        (repository_server.COLLECTION, "Figshare lists no item under the DOI .*a collection"),
    ],
)
def test_a_doi_that_leads_to_no_files(server, tmp_path, doi, words):
    with pytest.raises(DataError, match=words) as caught:
        get(tmp_path, doi)
    assert "\n" not in str(caught.value) and visible(tmp_path) == []


@pytest.mark.parametrize("doi", [DOI, repository_server.ZENODO])
def test_listings_without_files_and_answers_that_are_none(server, tmp_path, doi):
    server.listed = {}
    with pytest.raises(DataError, match="lists no files under the DOI"):
        get(tmp_path, doi)
    for odd in (b"<html>maintenance</html>", b'{"status": 404}', b"[3]", b"null"):
        server.odd_listing = odd
        with pytest.raises(DataError, match="no listing|lists no item|lists no files|not Figshare"):
            get(tmp_path, doi)


@pytest.mark.parametrize("name", ["../up.bmp", "a/b.bmp", "..", ".download", "c:\\x.bmp"])
def test_a_listed_name_cannot_leave_the_folder(server, tmp_path, name):
    server.files, server.listed = {name: b"x"}, {name: "1" * 32}
    with pytest.raises(DataError, match=r"is no plain name of a file \(download it by hand\)"):
        get(tmp_path / "data")
    assert visible(tmp_path / "data") == []


def test_no_network(tmp_path, monkeypatch):
    repository_server.send_all_to("http://127.0.0.1:9", monkeypatch.setattr)
    with pytest.raises(DataError, match="cannot be listed .no connection, or it broke off.: check the network"):
        get(tmp_path)


def test_no_room_is_reported_before_the_download(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download_folder.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(DataError, match="needs 0.00 GB more, and .* has 0.00 GB free: free space there"):
        get(tmp_path)
    assert not server.log


def test_a_disk_that_fills_up_on_the_way(server, tmp_path):
    """A limit on file size stands in for the full disk: the write fails in the middle of a file."""
    program = (
        f"import resource, sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "import cgrecnet.cli, cgrecnet.data.zhu.fetch\n"
        f"import repository_server; repository_server.send_all_to({server.url!r})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "sys.exit(cgrecnet.cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "data", "fetch", "zhu", "--doi", DOI, "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"cgrecnet: The images cannot be stored in {tmp_path} (File too large): free space" in done.stderr
    assert visible(tmp_path) == [] and (tmp_path / ".download/cells.zip.part").stat().st_size == 100_000
    get(tmp_path)
    assert server.first_bytes("cells.zip")[-1] == 100_000 - OVERLAP
    assert_whole(tmp_path)


def test_a_folder_that_is_a_file_or_read_only(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be stored in .*file"):
        get(tmp_path / "file")

    def read_only(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(DataError, match="cannot be stored in .*Permission denied.: name one that may be written to"):
        get(tmp_path / "locked")


def test_archives_that_only_a_user_can_open(server, tmp_path):
    server.files |= {"more.rar": b"Rar!", "more.7z": b"7z"}
    server.listed |= {name: hashlib.md5(server.files[name]).hexdigest() for name in ("more.rar", "more.7z")}
    with pytest.raises(DataError, match="3 of 5 files are .*more.rar must be unpacked by hand; more.7z must be unp"):
        get(tmp_path)
    assert {"more.rar", "more.7z"} < set(visible(tmp_path))
    asked = len(server.log)
    get(tmp_path)
    assert len(server.log) == asked


def test_an_archive_that_cannot_be_unpacked_is_kept_and_named(server, tmp_path):
    server.files["bad.zip"] = b"PK no archive"
    server.listed["bad.zip"] = hashlib.md5(b"PK no archive").hexdigest()
    with pytest.raises(DataError, match=r"3 of 4 .*bad.zip was not unpacked \(damaged, or no archive\)"):
        get(tmp_path)
    assert "bad.zip" in visible(tmp_path) and len(visible(tmp_path)) == len(HERE) + 1


def test_a_folder_of_the_users_is_not_overwritten(server, tmp_path):
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells/mine.txt").write_text("mine")
    with pytest.raises(DataError, match="cells.zip was left, because .*cells is there and not from this"):
        get(tmp_path)
    assert (tmp_path / "cells/mine.txt").read_text() == "mine"
    shutil.rmtree(tmp_path / "cells")
    get(tmp_path)
    assert_whole(tmp_path)


def test_killed_while_unpacking_nothing_half_is_left(server, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(unpack.shutil, "copyfileobj", killed)
    with pytest.raises(KeyboardInterrupt):
        get(tmp_path)
    assert visible(tmp_path) == []
    monkeypatch.undo()
    repository_server.send_all_to(server.url, monkeypatch.setattr)
    before = server.sent("cells.zip")
    get(tmp_path)
    assert server.sent("cells.zip") == before, "it had arrived whole"
    assert_whole(tmp_path)


def test_a_new_version_takes_the_place_of_the_old(server, tmp_path):
    get(tmp_path)
    server.files["cells.zip"] = zipped({"images/n_2d1_1_Ch1.ome.bmp": bmp(5)})
    server.listed["cells.zip"] = hashlib.md5(server.files["cells.zip"]).hexdigest()
    get(tmp_path)
    assert [name for name in visible(tmp_path) if name.startswith("cells")] == ["cells/images/n_2d1_1_Ch1.ome.bmp"]


def test_a_damaged_record_is_no_obstacle(server, tmp_path):
    get(tmp_path)
    record = tmp_path / ".download/fetched.json"
    assert json.loads(record.read_text())["files"]["cells.zip"]["into"] == "cells"
    asked = len(server.log)
    for odd in ("{", "[]", '{"files": 3}', '{"files": {"cells.zip": 3}}'):
        record.write_text(odd)
        with pytest.raises(DataError, match=r"cells is there and not from this download \(move it away\)"):
            get(tmp_path)
    assert len(server.log) == asked


@pytest.mark.parametrize("before", ["", " ", "doi:", "DOI: ", "https://doi.org/", "http://dx.doi.org/"])
def test_forms_of_a_doi(before):
    assert parse_doi(f"{before}10.6084/m9.figshare.1.v2 ") == "10.6084/m9.figshare.1.v2"


@pytest.mark.parametrize(
    "text", ["", "10.6084", "10.6084/", "fig.com/1", "10.6/x", "10.6084/a b", "https://x.y/10.6084/a"]
)
def test_what_is_no_doi(text):
    with pytest.raises(ConfigError, match="is no DOI: give it as it stands in the article"):
        parse_doi(text)


def test_the_doi_is_asked_for_and_only_where_it_is_used(no_data):
    with pytest.raises(ConfigError, match="the DOI stands in the data-availability statement of Zhu et al. 2021"):
        fetch_dataset("zhu")
    with pytest.raises(ConfigError, match="'jurkat' is fetched from a fixed place: leave out the DOI"):
        fetch_dataset("jurkat", doi=DOI)
    with pytest.raises(DataError, match="cgrecnet data fetch zhu --doi DOI.*data-availability statement"):
        open_dataset("zhu")


def test_without_a_folder_it_goes_to_the_cache_and_is_found_there(server, no_data):
    assert not available("zhu")
    assert fetch(None, DOI, progress=False) == no_data / "zhu"
    assert available("zhu") and len(open_dataset("zhu")) == 121


def test_a_whole_part_without_a_listed_size_is_not_fetched_again(server, tmp_path, monkeypatch):
    honest = zhu_fetch.list_remote
    monkeypatch.setattr(zhu_fetch, "list_remote", lambda *a: changed(honest(*a), bytes=None))
    (tmp_path / ".download").mkdir()
    (tmp_path / ".download/cells.zip.part").write_bytes(FILES["cells.zip"])
    get(tmp_path)
    assert server.first_bytes("cells.zip") == []
    assert_whole(tmp_path)


def test_stopped_by_the_user_with_one_sentence(server, tmp_path):
    """Ctrl-C in the middle: what has arrived is kept, and the next start asks for the rest only."""
    server.hold["cells.zip"] = 150_000
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        f"import repository_server; repository_server.send_all_to({server.url!r})\n"
        "from cgrecnet.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "data", "fetch", "zhu", "--doi", DOI, "--folder", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.held.wait(60)
    time.sleep(0.3)
    process.terminate()
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in message
    assert "cgrecnet: stopped; what was finished is kept, start again to go on." in message
    there = (tmp_path / ".download/cells.zip.part").stat().st_size
    server.hold.clear()
    server.release.set()
    get(tmp_path)
    assert server.first_bytes("cells.zip") == [0, there - OVERLAP] and there > OVERLAP
    assert_whole(tmp_path)


def test_many_single_files(monkeypatch, tmp_path):
    """A repository may hold every image as a file of its own."""
    with RepositoryServer(CELLS) as server:
        repository_server.send_all_to(server.url, monkeypatch.setattr)
        server.cut["n_1d1_7_Ch1.ome.bmp"] = [100]
        get(tmp_path)
        assert visible(tmp_path) == sorted(CELLS) and len(server.log) == len(CELLS) + 1
        get(tmp_path)
        assert len(server.log) == len(CELLS) + 1
        for name in list(CELLS)[:30]:
            (tmp_path / name).unlink()
            server.status[name] = [404] * 3
        with pytest.raises(
            DataError, match=r"90 of 120 files are in .*a_1d1_9_Ch1.ome.bmp did not .*; and 20 more: start"
        ):
            get(tmp_path)
        get(tmp_path)
    assert open_dataset("zhu", root=tmp_path).counts() == {"astrocyte": 40, "oligodendrocyte": 40, "neuron": 40}


def test_the_bar_counts_bytes_and_begins_where_the_last_run_stopped(server, tmp_path, capsys):
    size = len(FILES["cells.zip"])
    (tmp_path / ".download").mkdir()
    (tmp_path / ".download/cells.zip.part").write_bytes(FILES["cells.zip"][: size // 2])
    fetch(tmp_path, DOI)
    shown = capsys.readouterr().err
    assert "downloading: 100%" in shown and re.search(r"100%\S* ([\d.]+k)/\1 ", shown)
    assert server.first_bytes("cells.zip") == [size // 2 - OVERLAP]
