"""Files as a repository may hold the paper's images, and what shall be on disk when they have arrived."""

import io
import zipfile
from pathlib import Path

import repository_server
from PIL import Image
from zhu_trees import crop

from cgrecnet.data.zhu.fetch import fetch

DOI = repository_server.FIGSHARE


def bmp(seed: int) -> bytes:
    Image.fromarray(crop(seed)).save(target := io.BytesIO(), "BMP")
    return target.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(target := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return target.getvalue()


CELLS = {f"{code}_1d1_{i}_Ch1.ome.bmp": bmp(10 * n + i) for n, code in enumerate("aon") for i in range(40)}
FILES = {
    "cells.zip": zipped({f"images/{name}": content for name, content in CELLS.items()}),
    "o_1d2_99_Ch1.ome.bmp": bmp(99),
    "Liesmich äöü 日本.txt": b"what these are",
}


def get(folder: Path, doi: str = DOI) -> Path:
    return fetch(folder, doi, progress=False)


def visible(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(".download/"))


HERE = sorted([f"cells/images/{name}" for name in CELLS] + ["o_1d2_99_Ch1.ome.bmp", "Liesmich äöü 日本.txt"])


def assert_whole(folder: Path) -> None:
    assert visible(folder) == HERE
    assert all((folder / "cells/images" / name).read_bytes() == content for name, content in CELLS.items())
    assert sorted(path.name for path in (folder / ".download").iterdir()) == ["fetched.json", "listing.json", "lock"]
