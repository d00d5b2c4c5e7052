"""A server on loopback that speaks as doi.org, Figshare and Zenodo do, and breaks where it is told to.

`send_all_to` turns every request of this process to that server: the host's name becomes the first part of the path,
so the code under test (and pooch's) keeps the real addresses.
"""

import hashlib
import json
import re
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

from requests.adapters import HTTPAdapter

FIGSHARE, PUBLISHER, ZENODO = "10.6084/m9.fig.1.v2", "10.6084/m9.fig.1", "10.5281/zenodo.7"
UNIVERSITY = "10.5522/04/1.v2"
ELSEWHERE, FORBIDDEN, COLLECTION = "10.1038/s41467-0", "10.6084/m9.fig.2.v1", "10.6084/m9.fig.c.9"

_LEADS_TO = {
    FIGSHARE: "https://figshare.com/articles/dataset/cells/1/2",
    PUBLISHER: "https://springernature.figshare.com/articles/dataset/cells/1",
    UNIVERSITY: "https://rdr.university.example/articles/dataset/cells/1",
    ZENODO: "https://zenodo.org/records/7",
    ELSEWHERE: "https://www.nature.com/articles/s41467-0",
    FORBIDDEN: "https://figshare.com/forbidden",
    COLLECTION: "https://figshare.com/collections/cells/9",
}


def send_all_to(url: str, setattr=setattr) -> None:
    """From now on requests of this process reach the server at `url`, whatever host they name."""
    honest = HTTPAdapter.send

    def send(self, request, **more):
        parts = urlsplit(asked := request.url)
        if parts.hostname != "127.0.0.1":
            request = request.copy()
            request.url = f"{url}/{parts.hostname}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        response = honest(self, request, **(more | {"proxies": {}}))
        response.url = asked
        return response

    setattr(HTTPAdapter, "send", send)


def challenge(handler) -> None:
    """As Figshare meets programs since 2026."""
    handler.answer(202, b"", **{"x-amzn-waf-action": "challenge"})


def refuse(handler) -> None:
    handler.answer(403, b"<html>Access has been blocked</html>", **{"Content-Type": "text/html"})


def web_page(handler) -> None:
    handler.answer(200, b"<!DOCTYPE html><html>Log in</html>", **{"Content-Type": "text/html; charset=utf-8"})


class RepositoryServer(ThreadingHTTPServer):
    """files: name -> content; log: (name, first byte asked for, bytes sent); the rest says what goes wrong.

    asked: (host and path, headers) of every request.
    hosts: host -> function (handler) that answers in place of giving a file, such as `challenge`.
    before: called as (handler, name) before each answer with a file; True where it answered itself.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.files = dict(files)
        self.listed = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
        self.log: list[tuple[str, int, int]] = []
        self.asked: list[tuple[str, dict]] = []
        self.hosts: dict[str, Callable] = {}
        self.before: Callable = lambda handler, name: False
        self.extra: list = []  # further entries of Figshare's listing
        self.first_page: int | None = None  # files that the item itself lists, where the rest stands on pages
        self.cut: dict[str, list[int]] = {}  # name -> after how many bytes to hang up, one by one
        self.hold: dict[str, int] = {}  # name -> after how many bytes to wait for `release`
        self.held, self.release = threading.Event(), threading.Event()
        self.status: dict[str, list[int]] = {}  # name or "listing" -> statuses to give, one by one
        self.ranges = self.lengths = True
        self.odd_listing: bytes | None = None

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self.shutdown()
        self.server_close()
        self.thread.join()

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that hangs up is no fault of the server's
            super().handle_error(request, address)

    def first_bytes(self, name: str) -> list[int]:
        return [first for asked, first, _ in self.log if asked == name]

    def sent(self, name: str) -> int:
        return sum(count for asked, _, count in self.log if asked == name)


class _Handler(BaseHTTPRequestHandler):
    server: RepositoryServer

    def do_GET(self):
        parts = urlsplit(self.path)
        host, _, path = unquote(parts.path).lstrip("/").partition("/")
        self.server.asked.append((f"{host}/{path}", dict(self.headers)))
        if host == "doi.org":
            return self._resolve(path)
        if found := re.fullmatch(r"(?:v2/file/download|ndownloader/files|files)/([0-9]+)", path):
            names = list(self.server.listed)
            extra = {entry.get("id"): entry.get("name") for entry in self.server.extra if isinstance(entry, dict)}
            number = int(found[1])
            return self._give(host, names[number - 1] if number <= len(names) else extra[number])
        if host == "api.figshare.com":
            return self._figshare(path, parse_qs(parts.query))
        if host == "zenodo.org" and path.startswith("api/records/"):
            return self._listing(self._zenodo())
        if path == "forbidden":
            return self.answer(403, b"no robots")
        if found := re.fullmatch(r"(?:files|records/7/files)/(.+)", path):
            return self._give(host, found[1])
        return self.answer(200, b"<html>a page</html>")

    def _resolve(self, doi: str):
        if doi not in _LEADS_TO:
            return self.answer(404, b"DOI not found")
        self.send_response(302)
        self.send_header("Location", _LEADS_TO[doi])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _figshare(self, path: str, query: dict):
        if path == "v2/articles":
            known = query["doi"][0] in (FIGSHARE, PUBLISHER, UNIVERSITY, FORBIDDEN)
            return self._listing([{"id": 1}] if known else [])
        entries = [
            {
                "id": number, "name": name, "size": len(self.server.files[name]), "computed_md5": md5,
                "supplied_md5": md5, "is_link_only": False,
                "download_url": f"https://figshare.com/ndownloader/files/{number}",
            }
            for number, (name, md5) in enumerate(self.server.listed.items(), 1)
        ] + self.server.extra  # fmt: skip
        if path.endswith("/files"):
            first = (int(query["page"][0]) - 1) * int(query["page_size"][0])
            return self._listing(entries[first : first + int(query["page_size"][0])])
        return self._listing({"files": entries[: self.server.first_page]})

    def _zenodo(self):
        return {
            "id": 7,
            "files": [
                {
                    "key": name, "size": len(self.server.files[name]), "checksum": f"md5:{md5}",
                    "links": {"self": f"https://zenodo.org/files/{quote(name)}"},
                }
                for name, md5 in self.server.listed.items()
            ],
        }  # fmt: skip

    def _listing(self, content) -> None:
        if statuses := self.server.status.get("listing"):
            return self.answer(statuses.pop(0), b"out of order")
        if found := self.server.hosts.get("listing"):
            return found(self)
        return self.answer(200, self.server.odd_listing or json.dumps(content).encode())

    def _give(self, host: str, name: str) -> None:
        if found := self.server.hosts.get(host):
            return found(self)
        if self.server.before(self, name):
            return None
        if statuses := self.server.status.get(name):
            return self.answer(statuses.pop(0), b"out of order")
        return self.send(name, self.server.files[name], self.server.cut.get(name))

    def send(self, name: str, content: bytes, cuts: list[int] | None = None, ranges: bool = True, **headers) -> None:
        """Send a file, or the part of it that was asked for, with the right headers but for those given."""
        first, etag = 0, f'"{hashlib.md5(content).hexdigest()}"'
        ranges = ranges and self.server.ranges and self.headers.get("If-Range", etag) == etag
        if ranges and (asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))):
            first = int(asked[1])
            if first >= len(content):
                return self.answer(416, b"")
        right = {"ETag": etag}
        if first:
            right["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        if self.server.lengths:
            right["Content-Length"] = str(len(content) - first)
        self.send_response_only(206 if first else 200)
        for key, value in (right | {key.replace("_", "-"): value for key, value in headers.items()}).items():
            self.send_header(key, value)
        self.end_headers()
        last = len(content)
        if cuts:
            last = min(last, first + cuts.pop(0))
        stop = min(self.server.hold.get(name, last), last)
        self.server.log.append((name, first, last - first))  # before the client can be through
        self.wfile.write(content[first:stop])
        self.wfile.flush()
        if stop < last:
            self.server.held.set()
            self.server.release.wait(30)
            self.wfile.write(content[stop:last])
        self.close_connection = True
        return None

    def answer(self, status: int, content: bytes, **headers) -> None:
        self.send_response_only(status)
        for key, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass
