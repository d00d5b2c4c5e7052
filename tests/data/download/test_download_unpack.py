"""Archives that want to do harm, and archives that are only odd."""

import io
import tarfile
import zipfile

import pytest

from cgrecnet.data.download import unpack as unpacking
from cgrecnet.data.download.unpack import Unpackable, archive_ending, unpack


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path


def make_tar(path, members, mode="w:gz", **facts):
    with tarfile.open(path, mode) as packed:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in facts.items():
                setattr(info, field, value)
            packed.addfile(info, io.BytesIO(content))
    return path


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive, words):
    target = archive.parent / "out"
    with pytest.raises(Unpackable, match=words):
        unpack(archive, target)
    assert not target.exists() and not (archive.parent / "up.txt").exists()


CONTENT = [("astrocytes/a.bmp", b"a"), ("neurons/Zelle äöü 日本.bmp", b"n")]


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tgz", "x.tar.bz2", "x.tar.xz", "X.ZIP"])
def test_every_kind(tmp_path, name):
    mode = "w:" + {"gz": "gz", "gz2": "gz", "bz2": "bz2", "xz": "xz", "tgz": "gz"}.get(name.split(".")[-1], "")
    archive = (make_zip if name.lower().endswith("zip") else lambda p, m: make_tar(p, m, mode))(
        tmp_path / name, CONTENT
    )
    assert archive_ending(name)
    assert unpack(archive, tmp_path / "out") == []
    assert files(tmp_path / "out") == dict(CONTENT)


@pytest.mark.parametrize("name", ["../up.txt", "a/../../up.txt", "/tmp/up.txt", "C:/up.txt", "..\\up.txt", "C:up.txt"])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_no_member_leaves_the_folder(tmp_path, make, name):
    archive = make(tmp_path / ("x.zip" if make is make_zip else "x.tgz"), [("a.bmp", b"a"), (name, b"evil")])
    refused(archive, "would lie outside the folder")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_left_out_by_name(tmp_path, kind):
    archive = make_tar(tmp_path / "x.tar", [("a.bmp", b"a")], "w")
    with tarfile.open(archive, "a") as packed:
        info = tarfile.TarInfo("evil")
        info.type, info.linkname = kind, "/etc/passwd"
        packed.addfile(info)
    assert unpack(archive, tmp_path / "out") == [("evil", "a link, device or pipe")]
    assert files(tmp_path / "out") == {"a.bmp": b"a"} and not (tmp_path / "out/evil").is_symlink()


def test_a_link_in_a_zip_is_left_out(tmp_path):
    info = zipfile.ZipInfo("evil")
    info.external_attr = 0o120777 << 16
    archive = make_zip(tmp_path / "x.zip", [("a.bmp", b"a"), (info, "/etc/passwd")])
    assert unpack(archive, tmp_path / "out") == [("evil", "a link, device or pipe")]


def test_bombs_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "SMALL", 10_000)
    bomb = make_zip(tmp_path / "x.zip", [("a", bytes(10**6)), ("b", bytes(10**6))])
    assert bomb.stat().st_size < 5000
    refused(bomb, "grows to more than 100 times its size")
    refused(make_tar(tmp_path / "x.tgz", [("a", bytes(10**6)), ("b", bytes(10**6))]), "grows to more than 100 times")
    monkeypatch.setattr(unpacking, "MOST_FILES", 2)
    refused(make_zip(tmp_path / "y.zip", [(str(i), b"x") for i in range(3)]), "or 2 files")


def test_a_head_that_lies_about_the_size_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "SMALL", 10_000)
    archive = make_zip(tmp_path / "x.zip", [("a", bytes(10**6))])
    data = archive.read_bytes()
    archive.write_bytes(data.replace((10**6).to_bytes(4, "little"), (9).to_bytes(4, "little")))
    target = tmp_path / "out"
    assert unpack(archive, target) == [("a", "damaged")] and files(target) == {}


def test_damage(tmp_path):
    for name in ("x.zip", "x.tar", "x.tar.gz", "x.tar.xz", "x.tar.bz2"):
        (tmp_path / name).write_bytes(b"no archive at all")
        refused(tmp_path / name, "damaged, or no archive")
    for make, name in ((make_zip, "y.zip"), (make_tar, "y.tgz")):
        archive = make(tmp_path / name, [("a", bytes(range(256)) * 99)])
        archive.write_bytes(archive.read_bytes()[:-40])
        refused(archive, "damaged, or no archive")


def test_one_damaged_member_does_not_cost_the_rest(tmp_path):
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("a", b"aaaaaaaa")
        packed.writestr("b", b"bbbbbbbb")
    archive.write_bytes(archive.read_bytes().replace(b"aaaaaaaa", b"aaaaXaaa"))
    assert unpack(archive, tmp_path / "out") == [("a", "damaged")]
    assert files(tmp_path / "out") == {"b": b"bbbbbbbb"}


def test_a_password_and_an_unknown_method(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("a", b"abc")])
    data = bytearray(archive.read_bytes())
    central = data.index(b"PK\x01\x02")
    for flags in (6, central + 8):
        data[flags] |= 1
    archive.write_bytes(data)
    refused(archive, "locked with a password")
    data = bytearray(make_zip(tmp_path / "y.zip", [("a", b"abc")]).read_bytes())
    central = data.index(b"PK\x01\x02")
    data[8] = data[central + 10] = 9  # deflate64
    (tmp_path / "y.zip").write_bytes(data)
    refused(tmp_path / "y.zip", "a method that Python lacks")


def test_one_name_twice_or_a_file_in_the_place_of_a_folder(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = make_zip(tmp_path / "x.zip", [("a", b"1"), ("a", b"2"), ("a/b", b"3")])
    left = unpack(archive, tmp_path / "out")
    assert left == [("a", "its name is taken by another"), ("a/b", "its name is taken by another")]
    assert files(tmp_path / "out") == {"a": b"1"}


def test_names_in_utf8_that_do_not_say_so(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("Z_ae_lle.bmp", b"z")])
    wanted = "Zäälle.bmp".encode()
    archive.write_bytes(archive.read_bytes().replace(b"Z_ae_lle.bmp"[:12], wanted[:12]))
    assert unpack(archive, tmp_path / "out") == []
    assert files(tmp_path / "out") == {"Zäälle.bmp": b"z"}


def test_what_stood_there_from_a_killed_run_is_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/half").write_bytes(b"x")
    unpack(make_zip(tmp_path / "x.zip", CONTENT), tmp_path / "out")
    assert files(tmp_path / "out") == dict(CONTENT)


def zipped(members) -> bytes:
    with zipfile.ZipFile(target := io.BytesIO(), "w") as packed:
        for name, content in members:
            packed.writestr(name, content)
    return target.getvalue()


def test_an_archive_in_an_archive_is_unpacked_in_its_place(tmp_path):
    inner = make_tar(tmp_path / "inner.tgz", CONTENT).read_bytes()
    archive = make_zip(tmp_path / "x.zip", [("day 1/cells.tar.gz", inner), ("b.bmp", b"b"), ("__MACOSX/._c.zip", b"?")])
    assert unpack(archive, tmp_path / "out") == []
    assert files(tmp_path / "out") == {f"day 1/cells/{name}": content for name, content in CONTENT} | {
        "b.bmp": b"b",
        "__MACOSX/._c.zip": b"?",
    }


def test_what_cannot_be_unpacked_in_an_archive_stays_and_is_named(tmp_path):
    inner = zipped([("../up.txt", b"evil")]), zipped([("a.zip", zipped([("a", b"a")])), ("a", b"taken")])
    names = ["bad.zip", "two.zip", "half.zip", "old.rar"]
    archive = make_zip(tmp_path / "x.zip", zip(names, [*inner, zipped(CONTENT)[:-30], b"Rar!"], strict=True))
    assert dict(unpack(archive, tmp_path / "out")) == {
        "bad.zip": "its member '../up.txt' would lie outside the folder",
        "two.zip/a.zip": "its name is taken by another",
        "half.zip": "damaged, or no archive",
        "old.rar": "must be unpacked by hand",
    }
    assert sorted(files(tmp_path / "out")) == ["bad.zip", "half.zip", "old.rar", "two/a", "two/a.zip"]
    assert not (tmp_path / "up.txt").exists() and not (tmp_path / "out/bad").exists()


def test_archives_in_archives_are_bounded_together(tmp_path, monkeypatch):
    deep = zipped([("a", b"a")])
    for _ in range(5):
        deep = zipped([("deeper.zip", deep)])
    (tmp_path / "x.zip").write_bytes(deep)
    place = "deeper.zip/" * 3 + "deeper.zip"
    assert unpack(tmp_path / "x.zip", tmp_path / "out") == [(place, "an archive in archives, deeper than 3")]
    assert list(files(tmp_path / "out")) == ["deeper/deeper/deeper/deeper.zip"]
    monkeypatch.setattr(unpacking, "SMALL", 1000)
    many = make_zip(
        tmp_path / "y.zip",
        [(f"{n}.zip", make_zip(tmp_path / "z", [("a", bytes(50_000))]).read_bytes()) for n in range(9)],
    )
    limit = max(unpacking.RATIO * many.stat().st_size, 1000)
    left = unpack(many, tmp_path / "out")
    assert left and all("grows to more than" in reason for _, reason in left)
    assert sum(map(len, files(tmp_path / "out").values())) <= limit
    monkeypatch.setattr(unpacking, "SMALL", 10**6)
    assert unpack(many, tmp_path / "out") == []
    monkeypatch.setattr(unpacking, "MOST_FILES", 12)
    assert len(unpack(many, tmp_path / "out")) == 9 - 3
