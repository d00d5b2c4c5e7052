"""One entry of a repository's listing, read as a file that can be fetched."""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from unicodedata import category
from urllib.parse import quote

from cgrecnet.data.download.remote import RemoteFile

FIGSHARE = "https://api.figshare.com/v2"

_CHECKSUMS = ("md5", "sha1", "sha256", "sha512")
_LONGEST_NAME = 200  # bytes; what is added while it arrives must fit into 255


def read_entries(entries: list[Callable[[], RemoteFile | None]]) -> Iterator[RemoteFile | str]:
    """The files, and of what cannot be one, in words, why."""
    names = set()
    for number, entry in enumerate(entries, 1):
        try:
            file = entry()
        except _Odd as why:
            yield str(why)
        except (KeyError, TypeError, AttributeError, ValueError):
            yield f"entry {number} of the listing cannot be read"
        else:
            if file and file.name in names:
                yield f"a second file of the name {file.name} was left out"
            elif file:
                names.add(file.name)
                yield file


class _Odd(ValueError):
    """An entry that is read and cannot be fetched; the message says why."""


def of_figshare(entry: Mapping) -> RemoteFile | None:
    """A file of Figshare; None for an entry that is a link to somewhere else."""
    listed, number = entry.get("download_url"), entry.get("id")
    if entry.get("is_link_only"):
        logging.getLogger(__name__).warning("%r is a link to %r and no file: left out", entry.get("name"), listed)
        return None
    # The address that is listed may be one where programs are met by a bot check; these are the same file's.
    others = (f"{FIGSHARE}/file/download/{number}", f"https://ndownloader.figshare.com/files/{number}")
    md5 = entry.get("computed_md5") or entry.get("supplied_md5")
    return _remote_file(entry["name"], (*(others if number else ()), listed), "md5", md5, entry.get("size"))


def of_zenodo(entry: Mapping, record: int) -> RemoteFile:
    """A file of the Zenodo record of this number."""
    name = entry["key"] if "key" in entry else entry["filename"]
    algorithm, _, digits = (entry.get("checksum") or "").rpartition(":")
    urls = entry.get("links", {}).get("self"), f"https://zenodo.org/records/{record}/files/{quote(name)}?download=1"
    return _remote_file(name, urls, algorithm or "md5", digits, entry.get("size", entry.get("filesize")))


def of_dataverse(entry: Mapping, host: str) -> RemoteFile:
    """A file of the Dataverse on a host, in its folder there."""
    facts = entry["dataFile"]
    checksum = facts.get("checksum") or {"type": "md5", "value": facts.get("md5")}
    return _remote_file(
        facts["filename"],
        (f"https://{host}/api/access/datafile/{facts['id']}",),
        checksum["type"],
        checksum["value"],
        facts.get("filesize"),
        entry.get("directoryLabel"),
    )


def _remote_file(name: str, urls, algorithm: str, digits: str | None, size, folder: str | None = None) -> RemoteFile:
    """One file as listed; raises _Odd where its name could do harm, and what int() raises."""
    for part in (*(folder.split("/") if folder else ()), name):
        if not _is_plain(part):
            raise _Odd(f"{part[:100]!r} is no plain name of a file (download it by hand)")
    algorithm, digits = algorithm.lower().replace("-", ""), (digits or "").lower()
    return RemoteFile(
        f"{folder}/{name}" if folder else name,
        tuple(dict.fromkeys(url for url in urls if url and url.startswith(("http://", "https://")))),
        f"{algorithm}:{digits}" if algorithm in _CHECKSUMS and digits not in ("", "none") else None,
        None if size is None else int(size),
    )


def _is_plain(name: str) -> bool:
    """Whether a file of this name lies where it is put, can be seen there, and can be printed."""
    elsewhere = name != PurePosixPath(name).name or "\\" in name or PureWindowsPath(name).drive
    if not name or elsewhere or name.startswith("."):
        return False
    return not {category(letter) for letter in name} & {"Cc", "Cs"} and len(name.encode()) <= _LONGEST_NAME
