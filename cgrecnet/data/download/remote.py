"""How this project asks servers for files: by its own name, with patience, and calling refusals what they are."""

import os
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import sleep
from urllib.parse import urlsplit

import requests
from requests import exceptions

from cgrecnet import __version__
from cgrecnet.errors import ConfigError

#: Zenodo throttles clients that call themselves as their library does.
USER_AGENT = f"cgrecnet/{__version__} (executable book; doi 10.3389/fcell.2026.1767574)"
#: Host -> environment variable of a personal token, and the word before it; sent to this host alone.
TOKENS = {"api.figshare.com": ("FIGSHARE_TOKEN", "token"), "zenodo.org": ("ZENODO_TOKEN", "Bearer")}
TIMEOUT = 30.0
#: Failures in a row after which a server is left, and seconds that are waited after the first of them.
TRIES, PAUSE = 5, 1.0
#: Seconds that are waited at most; a server that asks for more is left for a later start.
LONGEST_PAUSE = 120.0

_MAY_PASS = (408, 425, 429)  # refusals that waiting may mend, besides 500 and above


@dataclass(frozen=True)
class RemoteFile:
    """One file elsewhere: name (with / where it has folders), addresses, the best first, checksum, size in bytes.

    checksum: `md5:...` or like it, None where nothing is known; so is bytes.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str | None
    bytes: int | None


class Refused(Exception):
    """An answer that asking again would not mend; the message says what the server did.

    browser: whether a person with a browser may get it all the same.
    """

    def __init__(self, message: str, browser: bool = False) -> None:
        super().__init__(message)
        self.browser = browser


class Unfit(requests.RequestException):
    """An answer that does not belong to what was asked for, this time; the message says what the server did."""


def open_session() -> requests.Session:
    """A session that keeps connections, bears this project's name, and has the user's tokens for their hosts."""
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.auth = _authorise
    return session


def _authorise(request: requests.PreparedRequest) -> requests.PreparedRequest:
    parts = urlsplit(request.url)
    variable, word = TOKENS.get(parts.hostname, (None, None))
    token = os.environ.get(variable, "").strip() if variable else ""
    if token and parts.scheme == "https":
        if not re.fullmatch(r"[!-~]+", token):
            raise ConfigError(f"The environment variable {variable} holds no token: correct or unset it.")
        request.headers["Authorization"] = f"{word} {token}"
    return request


def ask(session: requests.Session, url: str, **more) -> requests.Response:
    """The answer to a GET, which has status 200 or 206; `more` is passed on to requests.

    Raises requests.RequestException where trying again may help, else Refused with the right word for it.
    """
    try:
        response = session.get(url, timeout=TIMEOUT, **more)
    except requests.TooManyRedirects:
        raise Refused("redirects in a circle") from None
    except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema):
        raise Refused("has or leads to no usable address") from None
    try:
        _check(response, urlsplit(url).hostname)
    except Exception:
        response.close()
        raise
    return response


def _check(response: requests.Response, host: str | None) -> None:
    status = response.status_code
    if "x-amzn-waf-action" in response.headers:
        raise Refused(f"wants to see a browser (a bot check, {status})", browser=True)
    if status in (200, 206):
        return
    if status >= 500 or status in _MAY_PASS:
        if (asked := _asked_pause(response)) > LONGEST_PAUSE:
            raise Refused(f"asks to wait {asked / 60:.0f} minutes ({status})")
        raise requests.HTTPError(f"answered {status}", response=response)
    if status in (401, 403):
        words = "asks for a login" if status == 401 else "refuses the download"
        token = f", with the token in {TOKENS[host][0]}" if "Authorization" in response.request.headers else ""
        raise Refused(f"{words} ({status}{token})", browser=True)
    if status in (404, 410):
        raise Refused(f"does not have it ({status})")
    if status == 416:
        raise Unfit("has fewer bytes than are here", response=response)
    raise Refused(f"answered {status} and sent no file", browser=status == 202)


class Patience:
    """Waits between failures in a row, `PAUSE`, 2 `PAUSE`, 4 `PAUSE`, ... seconds, or as long as the server asks.

    `after(error)` returns when it is time to try again, and raises the error when it was the last of `tries`
    (None: `TRIES`).
    """

    def __init__(self, tries: int | None = None) -> None:
        self.tries, self.failures = tries or TRIES, 0

    def reset(self) -> None:
        """There was progress: begin to count anew."""
        self.failures = 0

    def after(self, error: requests.RequestException) -> None:
        self.failures += 1
        if self.failures >= self.tries:
            raise error
        wish = _asked_pause(error.response) if error.response is not None else 0.0
        sleep(min(wish or PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE))


def _asked_pause(response: requests.Response) -> float:
    """Seconds that a server asks to wait, 0 where it asks for nothing."""
    asked = response.headers.get("Retry-After", "")
    if re.fullmatch("[0-9]+", asked):
        return float(asked)
    try:  # a date, compared with the server's clock, as ours may be wrong
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(response.headers["Date"])
        return max((until - now).total_seconds(), 0.0)
    except (KeyError, ValueError, TypeError):
        return 0.0


def reason_of(error: requests.RequestException) -> str:
    """Why a request failed, in a few words."""
    if isinstance(error, Unfit):
        return f"the server {error}"
    if error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, exceptions.SSLError):
        return "no secure connection; are date and time of this machine right?"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    return "no connection, or it broke off"
