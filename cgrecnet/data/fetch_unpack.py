"""Archives from elsewhere, unpacked so that they can do no harm."""

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from tqdm import tqdm

ARCHIVES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".txz", ".tar", ".zip")
#: Archives that Python cannot read.
BY_HAND = (".rar", ".7z", ".z01", ".001", ".zst", ".gz", ".bz2", ".xz", ".lzh", ".arj")
#: An archive may grow to so many times its size (or `SMALL`, if that is more); cells' crops grow tenfold at most.
RATIO, SMALL = 100, 2**30
MOST_FILES = 5_000_000
_CHUNK = 2**20


class Unpackable(Exception):
    """An archive that is not unpacked; the message is the reason."""


@dataclass(frozen=True)
class _Member:
    name: str
    bytes: int
    plain: bool
    """A file with bytes of its own: no link, device or pipe."""
    open: Callable[[], IO[bytes]]


def archive_ending(name: str, endings: tuple[str, ...] = ARCHIVES) -> str | None:
    """The ending (of several parts, perhaps) by which a file's name says that it is an archive, or None."""
    return next((ending for ending in endings if name.lower().endswith(ending)), None)


def unpack(archive: Path, target: Path, ending: str | None = None, progress: bool = False) -> list[tuple[str, str]]:
    """Unpack a zip or tar archive into the new folder `target`; (name, reason) of members that were left out.

    ending: of `ARCHIVES`, where the file's own name does not show it.
    Links and devices, damaged members and second members of one name are left out, the rest is kept.
    Raises Unpackable, and leaves no `target`: no archive or a damaged one, a password, a method that Python lacks,
    a member that would lie outside the folder, one that grows beyond `RATIO`.
    Raises OSError (full disk).
    """
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    done = False
    try:
        with _quiet():
            left = _unpack_all(archive, target, ending or archive_ending(archive.name), progress)
        done = True
        return left
    finally:
        if not done:
            shutil.rmtree(target, ignore_errors=True)


class _quiet:
    """Turn what the decoders raise on damaged archives into Unpackable."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, NotImplementedError):
            raise Unpackable("packed with a method that Python lacks") from None
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise Unpackable("locked with a password") from None
        if isinstance(error, zipfile.BadZipFile | tarfile.TarError | zlib.error | lzma.LZMAError | EOFError):
            raise Unpackable("damaged, or no archive") from None
        if isinstance(error, OSError) and error.errno is None:  # what gzip and bz2 raise on damaged bytes
            raise Unpackable("damaged, or no archive") from None


def _unpack_all(archive: Path, target: Path, ending: str | None, progress: bool) -> list[tuple[str, str]]:
    room = max(RATIO * archive.stat().st_size, SMALL)
    left = []
    members = _zip_members if ending == ".zip" else _tar_members
    bar = tqdm(
        members(archive),
        f"unpacking {archive.name.removesuffix('.part')}",
        unit="file",
        disable=not progress,
        leave=False,
    )
    for number, member in enumerate(bar):
        if number >= MOST_FILES or member.bytes > room:
            raise Unpackable(f"grows to more than {RATIO} times its size or {MOST_FILES:,} files")
        place = target / _inside(member.name)
        if not member.plain:
            left.append((member.name, "a link, device or pipe"))
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with open(place, "xb") as file, member.open() as source:
                shutil.copyfileobj(source, file, _CHUNK)  # never more than `member.bytes`, whatever is packed
            room -= member.bytes
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            left.append((member.name, "its name is taken by another"))
        except zipfile.BadZipFile:
            place.unlink()
            left.append((member.name, "damaged"))
    return left


def _inside(name: str) -> str:
    """A member's path below the folder; raises Unpackable where it would lie elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts or "\0" in name or not path.parts:
        raise Unpackable(f"its member {name!r} would lie outside the folder")
    return os.fspath(path)


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            if info.is_dir():
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)
            yield _Member(_zip_name(info), info.file_size, kind in (0, stat.S_IFREG), lambda i=info: packed.open(i))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Many programs write UTF-8 and do not say so, and Python then reads the letters of old PCs."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive, "r:*") as packed:
        for info in packed:
            if not info.isdir():
                yield _Member(info.name, info.size, info.isfile(), lambda i=info: packed.extractfile(i))
