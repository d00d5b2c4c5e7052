"""What a data repository holds under a DOI: names, addresses, sizes and checksums of its files.

The DOI is followed and the repository asked by the classes of pooch (Figshare, Zenodo, Dataverse).
"""

import re
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

import requests

from cgrecnet.errors import ConfigError, DataError

_FORM = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s/]\S*")
_BEFORE = re.compile(r"^(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", re.I)
_KNOWN = "Figshare, Zenodo or a Dataverse"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a repository; checksum: `md5:...` or like it, None where the listing has none; so is bytes."""

    name: str
    url: str
    checksum: str | None
    bytes: int | None


def parse_doi(text: str) -> str:
    """The bare DOI of `10.x/y`, `doi:10.x/y` or `https://doi.org/10.x/y`; raises ConfigError for anything else."""
    doi = _BEFORE.sub("", text.strip()).rstrip("/")
    if not _FORM.fullmatch(doi):
        raise ConfigError(
            f"{text!r} is no DOI: give it as it stands in the article, 10. and a number, a slash and a name, "
            "such as 10.1234/abcd.5678."
        )
    return doi


def list_remote(doi: str, timeout: float = 30.0, tries: int = 3, pause: float = 1.0) -> list[RemoteFile]:
    """The files that the repository lists under a DOI, in its order.

    tries, pause: a broken connection or a server's fault is tried again after `pause`, 2 `pause`, ... seconds.
    Raises DataError (unknown DOI, no network, unknown repository, no files, an answer that is no listing).
    """
    for attempt in range(tries):
        try:
            with _said(doi):
                return _listing(doi, timeout)
        except requests.RequestException as error:
            status = getattr(error.response, "status_code", None)
            if attempt + 1 < tries and (status is None or status >= 500):
                time.sleep(pause * 2**attempt)
                continue
            raise DataError(
                f"The files under the DOI {doi} cannot be listed ({reason_of(error)}): check the network and the "
                "DOI, and start again."
            ) from None
    raise AssertionError("unreachable")


def reason_of(error: requests.RequestException) -> str:
    """Why a request failed, in a few words."""
    response = getattr(error, "response", None)
    if response is not None and not isinstance(error, requests.JSONDecodeError):
        return f"the server answered {response.status_code}"
    if isinstance(error, requests.JSONDecodeError):
        return "the server answered something that is no listing"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    return "no connection, or it broke off"


@contextmanager
def _said(doi: str) -> Iterator[None]:
    """Turn what pooch lets through on odd answers into one sentence."""
    try:
        yield
    except requests.RequestException:
        raise
    except IndexError:
        raise DataError(
            f"Figshare lists no item under the DOI {doi}: a collection or a private item has no files of its own, "
            "so give the DOI of the item that holds the images."
        ) from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise DataError(
            f"The repository of the DOI {doi} gave an answer that is no listing of files: the item may be closed or "
            "withdrawn; look at https://doi.org/" + doi + " in a browser and download its files from there."
        ) from None


def _listing(doi: str, timeout: float) -> list[RemoteFile]:
    repository = _repository(doi, timeout)
    known = SimpleNamespace(registry={})  # all that pooch asks of its own object here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a DOI without a version means the latest one
        repository.populate_registry(known)
        files = [
            RemoteFile(name, repository.download_url(name), _checksum(checksum), size)
            for (name, checksum), size in zip(known.registry.items(), _sizes(repository, known.registry), strict=True)
        ]
    if not files:
        raise DataError(
            f"The repository lists no files under the DOI {doi}: the item may be closed or only describe the data; "
            "look at https://doi.org/" + doi + " in a browser."
        )
    return files


def _repository(doi: str, timeout: float):
    """The pooch repository behind a DOI; pooch's own dispatch, but for Figshare under a publisher's name as well."""
    from pooch import downloaders

    how = {"headers": downloaders.REQUESTS_HEADERS, "timeout": timeout}
    address = _follow(doi, how)
    host = urlsplit(address).hostname or ""
    if host == "figshare.com" or host.endswith(".figshare.com"):  # such as springernature.figshare.com
        return downloaders.FigshareRepository(doi, address, **how)
    for kind in (downloaders.ZenodoRepository, downloaders.DataverseRepository):
        found = kind.initialize(doi=doi, archive_url=address, **how)
        if found is not None and _speaks(found):
            return found
    raise DataError(
        f"The DOI {doi} leads to {host}, which is not {_KNOWN}, so its files cannot be listed: if it is the "
        "article's own DOI, give the one that its data-availability statement names; or download by hand."
    )


def _speaks(repository) -> bool:
    """Whether what pooch takes for a Dataverse answers as one: any site may answer a foreign question with a page."""
    if not hasattr(repository.api_response, "json"):  # Zenodo's answer is read already
        return True
    try:
        repository.api_response.json()
    except requests.JSONDecodeError:
        return False
    return True


def _follow(doi: str, how: Mapping) -> str:
    """Where a DOI leads."""
    from pooch import downloaders

    try:
        return downloaders.doi_to_url(doi, **how)
    except requests.HTTPError as error:
        # The pages of a repository may refuse a program, and yet its interface answer it.
        if urlsplit(error.response.url).hostname != "doi.org":
            return error.response.url
        if error.response.status_code == 404:
            raise DataError(
                f"Nobody registered the DOI {doi}: copy it from the article's data-availability statement."
            ) from None
        raise


def _checksum(text: str) -> str | None:
    """`algorithm:digits`, or None where one of them is missing."""
    algorithm, _, digits = text.rpartition(":")
    return f"{algorithm.lower()}:{digits.lower()}" if algorithm and digits not in ("", "None") else None


def _sizes(repository, names: Mapping) -> list[int | None]:
    """Bytes of each named file by the answer that pooch has already."""
    answer = repository.api_response
    if hasattr(answer, "json"):  # Dataverse
        entries = [entry["dataFile"] for entry in answer.json()["data"]["latestVersion"]["files"]]
    else:
        entries = answer["files"] if isinstance(answer, Mapping) else answer
    sizes = {}
    for entry in entries:
        name = next(entry[key] for key in ("name", "key", "filename") if key in entry)
        size = next((entry[key] for key in ("size", "filesize") if key in entry), None)
        sizes[name] = int(size) if size is not None else None
    return [sizes[name] for name in names]
