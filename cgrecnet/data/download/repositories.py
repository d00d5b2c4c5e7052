"""What a data repository holds under a DOI: names, addresses, sizes and checksums of its files.

The interfaces of Figshare and Zenodo are asked here and not by the classes of pooch, which give one address
a file, fail on the first odd entry and on a DOI of two slashes, and take whatever is answered for a listing.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import PurePosixPath, PureWindowsPath
from unicodedata import category
from urllib.parse import quote, urlsplit

import requests

from cgrecnet.data.download.remote import TIMEOUT, Patience, Refused, RemoteFile, ask, open_session, reason_of
from cgrecnet.errors import ConfigError, DataError

FIGSHARE = "https://api.figshare.com/v2"

_CHECKSUMS = ("md5", "sha1", "sha256", "sha512")
_TRIES = 3  # of a question to an interface
_LONGEST_NAME = 200  # bytes; what is added while it arrives must fit into 255


@dataclass(frozen=True)
class Listing:
    """Files under a DOI, in the repository's order; amiss: what is listed and cannot be fetched, in words."""

    files: tuple[RemoteFile, ...]
    amiss: tuple[str, ...]


def _read(entries: Iterable[Mapping], read: Callable[[Mapping], RemoteFile | None]) -> Listing:
    files: dict[str, RemoteFile] = {}
    amiss = []
    for number, entry in enumerate(entries, 1):
        try:
            file = read(entry)
        except _Odd as why:
            amiss.append(str(why))
        except (KeyError, TypeError, AttributeError, ValueError):
            amiss.append(f"entry {number} of the listing cannot be read")
        else:
            if file and file.name in files:
                amiss.append(f"a second file of the name {file.name} was left out")
            elif file:
                files[file.name] = file
    return Listing(tuple(files.values()), tuple(amiss))


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


def _remote_file(name: str, urls, algorithm: str, digits: str | None, size) -> RemoteFile:
    """One file as listed; raises _Odd where its name could do harm, and what int() raises."""
    if not _is_plain(name):
        raise _Odd(f"{name[:100]!r} is no plain name of a file (download it by hand)")
    algorithm, digits = algorithm.lower().replace("-", ""), (digits or "").lower()
    return RemoteFile(
        name,
        tuple(dict.fromkeys(url for url in urls if url and url.startswith(("http://", "https://")))),
        f"{algorithm}:{digits}" if algorithm in _CHECKSUMS and digits else None,
        None if size is None else int(size),
    )


def _is_plain(name: str) -> bool:
    """Whether a file of this name lies where it is put, can be seen there, and can be printed."""
    elsewhere = name != PurePosixPath(name).name or "\\" in name or PureWindowsPath(name).drive
    if not name or elsewhere or name.startswith("."):
        return False
    return not {category(letter) for letter in name} & {"Cc", "Cs"} and len(name.encode()) <= _LONGEST_NAME


_FIRST_PAGE = 10  # files that Figshare's interface gives at once where it gives pages

_FORM = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s/]\S*")
_BEFORE = re.compile(r"^(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", re.I)
_VERSION = re.compile(r"\.v(\d+)$")


def parse_doi(text: str) -> str:
    """The bare DOI of `10.x/y`, `doi:10.x/y` or `https://doi.org/10.x/y`; raises ConfigError for anything else."""
    doi = _BEFORE.sub("", text.strip()).rstrip("/")
    if not _FORM.fullmatch(doi):
        raise ConfigError(
            f"{text!r} is no DOI: give it as it stands in the article, 10. and a number, a slash and a name, "
            "such as 10.1234/abcd.5678."
        )
    return doi


def page_of(doi: str) -> str:
    """Where a person looks at what a DOI names."""
    return f"https://doi.org/{doi}"


def list_remote(doi: str, by_hand: str = "") -> Listing:
    """The files that the repository lists under a DOI.

    by_hand: what to do with files that were saved with a browser, as the end of a sentence about saving them.
    Raises DataError (unknown DOI, no network, unknown repository, no files, an answer that is no listing).
    """
    asked = _Asked()
    in_browser = f"open {page_of(doi)} in a browser and save its files{by_hand}"
    try:
        listing = _read(*_entries(doi, asked))
    except Refused as refusal:
        raise DataError(
            f"The files under the DOI {doi} cannot be listed ({asked.host} {refusal}): {in_browser}."
        ) from None
    except requests.RequestException as error:
        raise DataError(
            f"The files under the DOI {doi} cannot be listed ({reason_of(error)}): check the network and the DOI, and "
            "start again."
        ) from None
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError):
        raise DataError(
            f"The repository of the DOI {doi} gave an answer that is no listing of files, so the item may be closed or "
            f"withdrawn: {in_browser}."
        ) from None
    if not (listing.files or listing.amiss):
        raise DataError(
            f"The repository lists no files under the DOI {doi}, so the item may be closed or only describe the data: "
            f"look at {page_of(doi)} in a browser."
        )
    return listing


class _Asked:
    """Questions to interfaces, each with patience; `host` is the one asked last."""

    def __init__(self) -> None:
        self.session, self.host = open_session(), ""

    def json(self, url: str, **params):
        """The answer to a question; raises Refused or requests.RequestException."""
        self.host, patience = urlsplit(url).hostname, Patience(_TRIES)
        while True:
            try:
                return ask(self.session, url, params=params).json()
            except (requests.JSONDecodeError, RecursionError):
                raise Refused("answered something that is no listing", browser=True) from None
            except requests.RequestException as error:
                patience.after(error)

    def leads_to(self, doi: str) -> tuple[str, str]:
        """Host and path where a DOI leads; a page there that refuses programs does not hide it."""
        self.host, patience = "doi.org", Patience(_TRIES)
        while True:
            try:
                with self.session.get(page_of(doi), timeout=TIMEOUT, stream=True) as response:
                    url, error = response.url, requests.HTTPError(response=response)
            except requests.RequestException as failure:
                url, error = failure.request.url if failure.request else page_of(doi), failure
            parts = urlsplit(url)
            if parts.hostname != "doi.org":
                return parts.hostname or "", parts.path
            if error.response is not None and error.response.status_code == 404:
                raise DataError(
                    f"Nobody registered the DOI {doi}: copy it from the article's data-availability statement."
                )
            patience.after(error)


def _entries(doi: str, asked: _Asked) -> tuple[list, Callable[[Mapping], RemoteFile | None]]:
    """What the repository behind a DOI lists, and the function that reads an entry."""
    host, path = asked.leads_to(doi)
    if host == "zenodo.org":
        record = asked.json(f"https://zenodo.org/api/records/{re.findall('[0-9]+', path)[-1]}")
        return list(record["files"]), partial(of_zenodo, record=record["id"])
    # Universities and publishers have Figshare under names of their own; its interface knows all their DOIs.
    if (entries := _figshare_entries(doi, asked)) is not None:
        return entries, of_figshare
    if host.endswith("figshare.com"):
        raise DataError(
            f"Figshare lists no item under the DOI {doi}: a collection or a private item has no files of its own, "
            "so give the DOI of the item that holds the images."
        )
    raise DataError(
        f"The DOI {doi} leads to {host}, which is not Figshare or Zenodo, so its files cannot be listed: "
        "if it is the article's own DOI, give the one that its data-availability statement names; or download by hand."
    )


def _figshare_entries(doi: str, asked: _Asked) -> list | None:
    """What Figshare lists of the item with a DOI, of its latest version if none is named; None where it has none."""
    version = _VERSION.search(doi)
    found = asked.json(f"{FIGSHARE}/articles", doi=doi)
    if not found and version:
        found = asked.json(f"{FIGSHARE}/articles", doi=_VERSION.sub("", doi))
    if not found:
        return None
    item = f"{FIGSHARE}/articles/{found[0]['id']}" + (f"/versions/{version[1]}" if version else "")
    entries = list(asked.json(item)["files"])
    if len(entries) >= _FIRST_PAGE:  # the rest may stand on further pages
        entries += _further_pages(item, {_number(entry) for entry in entries}, asked)
    return entries


def _further_pages(item: str, seen: set[str], asked: _Asked) -> Iterator[Mapping]:
    for page in count(1):
        try:
            more = [e for e in asked.json(f"{item}/files", page=page, page_size=1000) if _number(e) not in seen]
        except Refused:  # has no pages
            return
        if not more:
            return
        seen |= {_number(entry) for entry in more}
        yield from more


def _number(entry) -> str:
    return str(entry.get("id")) if isinstance(entry, Mapping) else ""
