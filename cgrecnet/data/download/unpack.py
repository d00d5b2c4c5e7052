"""Archives from elsewhere, unpacked so that they can do no harm."""

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
#: An archive in an archive is unpacked as well, so many times.
DEEPEST = 3
_CHUNK = 2**20


class Unpackable(Exception):
    """An archive that is not unpacked; the message is the reason."""


@dataclass
class _Room:
    """What an archive, and all archives in it together, may still grow by."""

    bytes: int
    files: int

    def take(self, size: int) -> None:
        """Raises Unpackable where there is not so much left."""
        if self.files < 1 or size > self.bytes:
            raise Unpackable(f"grows to more than {RATIO} times its size or {MOST_FILES:,} files")
        self.files -= 1
        self.bytes -= size


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
    An archive in it is unpacked into a folder of its name, `DEEPEST` times; one that cannot be stays, and is named.
    Raises Unpackable, and leaves no `target`: no archive or a damaged one, a password, a method that Python lacks,
    a member that would lie outside the folder, one that grows beyond `RATIO`.
    Raises OSError (full disk).
    """
    room = _Room(max(RATIO * archive.stat().st_size, SMALL), MOST_FILES)
    if target.exists():
        shutil.rmtree(target)
    return _unpack(archive, target, ending or archive_ending(archive.name), room, progress)


def _unpack(
    archive: Path, target: Path, ending: str | None, room: _Room, progress: bool = False, depth: int = 0
) -> list[tuple[str, str]]:
    """Unpack an archive and those in it, each in its place; `depth`: archives that it lies in."""
    try:
        left = _unpack_one(archive, target, ending, room, progress)
        for here, _, names in os.walk(target):
            for inner in (Path(here, name) for name in sorted(names) if not name.startswith(".")):
                try:
                    deeper = _unpack_in_place(inner, room, depth + 1)
                except Unpackable as reason:
                    deeper = [("", str(reason))]
                where = inner.relative_to(target).as_posix()
                left += [(f"{where}/{member}".rstrip("/"), reason) for member, reason in deeper]
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return left


def _unpack_in_place(inner: Path, room: _Room, depth: int) -> list[tuple[str, str]]:
    """Put a folder in the place of a file that is an archive; raises Unpackable, and then the file stays."""
    if (ending := archive_ending(inner.name)) is None:
        if archive_ending(inner.name, BY_HAND):
            raise Unpackable("must be unpacked by hand")
        return []
    into = inner.with_name(inner.name[: -len(ending)])
    if depth > DEEPEST:
        raise Unpackable(f"an archive in archives, deeper than {DEEPEST}")
    if into.exists():
        raise Unpackable("its name is taken by another")
    left = _unpack(inner, into, ending, room, depth=depth)
    inner.unlink()
    return left


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what the decoders raise on damaged archives into Unpackable."""
    try:
        yield
    except NotImplementedError:
        raise Unpackable("packed with a method that Python lacks") from None
    except RuntimeError as error:
        if "password" not in str(error):
            raise
        raise Unpackable("locked with a password") from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise  # of the disk: what gzip and bz2 raise on damaged bytes has no number
        raise Unpackable("damaged, or no archive") from None


@_in_words()
def _unpack_one(archive: Path, target: Path, ending: str | None, room: _Room, progress: bool) -> list[tuple[str, str]]:
    target.mkdir(parents=True)
    left = []
    members = _zip_members if ending == ".zip" else _tar_members
    bar = tqdm(
        members(archive),
        f"unpacking {archive.name.removesuffix('.part')}",
        unit="file",
        disable=not progress,
        leave=False,
    )
    for member in bar:
        room.take(member.bytes)
        place = target / _inside(member.name)
        if not member.plain:
            left.append((member.name, "a link, device or pipe"))
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with open(place, "xb") as file, member.open() as source:
                shutil.copyfileobj(source, file, _CHUNK)  # never more than `member.bytes`, whatever is packed
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
