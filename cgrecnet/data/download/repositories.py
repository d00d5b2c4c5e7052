"""What a data repository holds under a DOI: names, addresses, sizes and checksums of its files.

The interfaces of Figshare, Zenodo and Dataverse are asked here and not by the classes of pooch, which give one address
a file, fail on the first odd entry and on a DOI of two slashes, and take whatever is answered for a listing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from urllib.parse import urlsplit

import requests

from cgrecnet.data.download.entries import FIGSHARE, of_dataverse, of_figshare, of_zenodo, read_entries
from cgrecnet.data.download.remote import TIMEOUT, Patience, Refused, RemoteFile, ask, open_session, reason_of
from cgrecnet.errors import ConfigError, DataError

_FIRST_PAGE = 10  # files that Figshare's interface gives at once where it gives pages

_FORM = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s/]\S*")
_BEFORE = re.compile(r"^(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", re.I)
_VERSION = re.compile(r"\.v(\d+)$")


@dataclass(frozen=True)
class Listing:
    """Files under a DOI, in the repository's order; amiss: what is listed and cannot be fetched, in words."""

    files: tuple[RemoteFile, ...]
    amiss: tuple[str, ...]


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


def list_remote(doi: str, by_hand: str = "", tries: int = 3, pause: float = 1.0) -> Listing:
    """The files that the repository lists under a DOI.

    by_hand: what to do with files that were saved with a browser, as the end of a sentence about saving them.
    tries, pause: of `Patience`.
    Raises DataError (unknown DOI, no network, unknown repository, no files, an answer that is no listing).
    """
    asked = _Asked(tries, pause)
    in_browser = f"open {page_of(doi)} in a browser and save its files{by_hand}"
    try:
        read = list(read_entries(_entries(doi, asked)))
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
    if not read:
        raise DataError(
            f"The repository lists no files under the DOI {doi}, so the item may be closed or only describe the data: "
            f"look at {page_of(doi)} in a browser."
        )
    files = tuple(file for file in read if isinstance(file, RemoteFile))
    return Listing(files, tuple(words for words in read if isinstance(words, str)))


class _Asked:
    """Questions to interfaces, each with patience; `host` is the one asked last."""

    def __init__(self, tries: int, pause: float) -> None:
        self.session, self.tries, self.pause, self.host = open_session(), tries, pause, ""

    def json(self, url: str, **params):
        """The answer to a question; raises Refused or requests.RequestException."""
        self.host, patience = urlsplit(url).hostname, Patience(self.tries, self.pause)
        while True:
            try:
                return ask(self.session, url, params=params).json()
            except (requests.JSONDecodeError, RecursionError):
                raise Refused("answered something that is no listing", browser=True) from None
            except requests.RequestException as error:
                patience.after(error)

    def leads_to(self, doi: str) -> tuple[str, str]:
        """Host and path where a DOI leads; a page there that refuses programs does not hide it."""
        self.host, patience = "doi.org", Patience(self.tries, self.pause)
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


def _entries(doi: str, asked: _Asked) -> list[Callable[[], RemoteFile | None]]:
    """A function for each entry of the repository behind a DOI, which reads the entry."""
    host, path = asked.leads_to(doi)
    if host == "zenodo.org":
        record = asked.json(f"https://zenodo.org/api/records/{re.findall('[0-9]+', path)[-1]}")
        return [partial(of_zenodo, entry, record["id"]) for entry in record["files"]]
    if not host.endswith("figshare.com"):
        try:
            found = asked.json(f"https://{host}/api/datasets/:persistentId", persistentId=f"doi:{doi}")
            return [partial(of_dataverse, entry, host) for entry in found["data"]["latestVersion"]["files"]]
        except (Refused, requests.RequestException):  # no Dataverse
            pass
    # Universities and publishers have Figshare under names of their own; its interface knows all their DOIs.
    if (entries := _figshare_entries(doi, asked)) is not None:
        return [partial(of_figshare, entry) for entry in entries]
    if host.endswith("figshare.com"):
        raise DataError(
            f"Figshare lists no item under the DOI {doi}: a collection or a private item has no files of its own, "
            "so give the DOI of the item that holds the images."
        )
    raise DataError(
        f"The DOI {doi} leads to {host}, which is not Figshare, Zenodo or a Dataverse, so its files cannot be listed: "
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
