"""A download that goes on where it stopped, in pooch's downloader protocol."""

import re
import time
from pathlib import Path

import requests

_CHUNK = 2**16
_AGAIN = (408, 425, 429)  # refusals that may pass, besides 500 and above
_LONGEST_PAUSE = 60.0


class ResumingDownloader:
    """Callable (url, output_file, pooch) that asks only for the bytes which `output_file` has not yet.

    size: bytes of the whole file, where known; show: called with the bytes that are there, again and again;
    session: of requests, to keep a connection over several files.
    A connection that breaks is taken up again after `pause`, 2 `pause`, 4 `pause`, ... seconds; it is given up after
    `tries` failures in a row that brought nothing new.
    A server that ignores the wish for a part sends the whole file, which then replaces what was there.
    What the bytes are worth only a checksum can say: the caller compares it.
    Raises requests.RequestException (given up, or refused), ValueError (longer than `size`), OSError (disk).
    """

    def __init__(
        self,
        size: int | None = None,
        show=None,
        tries: int = 5,
        pause: float = 1.0,
        timeout: float = 30.0,
        session=None,
    ) -> None:
        self.size, self.tries, self.pause, self.timeout = size, tries, pause, timeout
        self.show = show or (lambda _: None)
        self.session = session or requests

    def __call__(self, url: str, output_file: str | Path, pooch=None) -> None:
        path = Path(output_file)
        best, failures = _bytes(path), 0
        while True:
            try:
                return self._go_on(url, path)
            except requests.RequestException as error:
                failures = 1 if _bytes(path) > best else failures + 1
                best = max(best, _bytes(path))
                if failures >= self.tries or not _may_pass(error):
                    raise
                time.sleep(min(_asked_pause(error) or self.pause * 2 ** (failures - 1), _LONGEST_PAUSE))

    def _go_on(self, url: str, path: Path) -> None:
        have = _bytes(path)
        if self.size is not None and have > self.size:  # of another version
            path.unlink()
            have = 0
        self.show(have)
        if have and have == self.size:
            return
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with self.session.get(url, headers=headers, stream=True, timeout=self.timeout) as response:
            if have and (response.status_code == 416 or _begins_elsewhere(response, have)):
                path.unlink()  # longer than the file that is there now
                raise requests.ConnectionError("the part that was there does not fit")
            response.raise_for_status()
            with open(path, "ab" if response.status_code == 206 else "wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    file.flush()  # so that a killed download keeps it
                    self.show(file.tell())
                    if self.size is not None and file.tell() > self.size:
                        raise ValueError("longer than listed")
        if self.size is not None and _bytes(path) < self.size:
            raise requests.ConnectionError("ended too early")


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _begins_elsewhere(response: requests.Response, have: int) -> bool:
    if response.status_code != 206:
        return False
    given = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return given is None or int(given[1]) != have


def _may_pass(error: requests.RequestException) -> bool:
    status = getattr(error.response, "status_code", None)
    return status is None or status >= 500 or status in _AGAIN


def _asked_pause(error: requests.RequestException) -> float:
    asked = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    return float(asked) if asked.isdigit() else 0.0
