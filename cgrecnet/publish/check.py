"""Look over every built page: once as text, once in a browser that has no network."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cgrecnet.files import write_json
from cgrecnet.publish import check_browser, check_static, resources, settings
from cgrecnet.publish.check_static import Fault

NO_BROWSER = (
    "pages: looked at as text only, as no Chromium was found; "
    "install one (Debian: apt-get install chromium) or name it in CGRECNET_CHROMIUM"
)
# What differs between two pages that show the same: when they were written, what a run is told by (see `status.py`),
# and the checksum of a style or script, which Sphinx can add only where the file was there before. The files themselves
# are among the tools.
PASSING = re.compile(
    rb"<(?:time|data)>[^<]*"
    rb"|(?<=docbuild:last-update\" content=\")[^\"]*|(?<=Last updated on )[^<.]*|\?v=[0-9a-f]+(?=\")"
)


@dataclass
class Report:
    """What the check found, how many pages it read and opened, and how many no browser has opened yet."""

    faults: list[Fault] = field(default_factory=list)
    read: int = 0
    opened: int = 0
    unopened: int = 0
    browser: str | None = None


def check(
    html: Path, memory: Path, again: bool = False, ahead: check_browser.Browser | None = None
) -> Report:
    """Check the pages under `html` that changed since they were last found good (all of them with `again`).

    Links run between pages, so the text of all pages is read as soon as one of them changed. Where pages were read
    before there was a browser, those that changed are opened first, and the others when nothing changed.
    `memory` is the JSON file that remembers the good ones; `ahead`, a browser that was started before.
    """
    browser = resources.browser()
    paths = check_static.pages_in(html)
    now = {path.relative_to(html).as_posix(): _digest(path) for path in paths}
    tools = _tools(html)
    known = {} if again else settings.remembered(memory)
    if known.get("tools") != tools:
        known = {}
    before = known.get("browser")
    read, seen = known.get("pages", {}), known.get("opened", {}) if browser in (None, before) else {}
    changed = [name for name, digest in now.items() if read.get(name) != digest]
    unseen = [name for name, digest in now.items() if seen.get(name) != digest]
    unseen = [name for name in unseen if not check_static.is_redirect(html / name)]
    to_open = [name for name in unseen if browser and (not read or not changed or name in changed)]
    if not changed and not to_open and set(read) <= set(now):
        return Report(browser=browser)
    report = Report([], len(paths), len(to_open), len(unseen) - len(to_open), browser)
    with ThreadPoolExecutor(1) as beside:
        text = beside.submit(check_static.faults, html, paths)  # while the browser loads
        if browser:
            report.faults += check_browser.faults(html, to_open, browser, ahead=ahead)
        report.faults = text.result() + report.faults
    bad = {fault.page for fault in report.faults}
    good = {name: digest for name, digest in now.items() if name not in bad}
    opened = {name: good[name] for name in now if name in good and (name in to_open or seen.get(name) == good[name])}
    content = {"tools": tools, "browser": browser or before, "pages": good, "opened": opened}
    write_json(memory, content)
    return report


def report(found: Report) -> int:
    """Print what was found; return the exit status."""
    for fault in found.faults:
        print(f"error: {fault.page}: {fault.text}")
    if found.read and found.browser is None:
        print(NO_BROWSER)
    if found.read:
        seen = f", {found.opened} opened in {Path(found.browser).name}" if found.browser else ""
        print(f"pages: {found.read} read{seen}, {len(found.faults)} faults")
    if found.browser and found.unopened:
        print(f"pages: {found.unopened} were never opened in it; make book once more opens them")
    return 1 if found.faults else 0


def read_ahead(html: Path) -> None:
    """Read the pages of the last build, of which most will still be there after the next one."""
    for path in check_static.pages_in(html):
        _digest(path)
        check_static.read(path)


def _digest(path: Path) -> str:
    found = path.stat()
    return _digest_of(path, found.st_size, found.st_mtime_ns)


@cache
def _digest_of(path: Path, size: int, changed: int) -> str:
    return hashlib.sha256(PASSING.sub(b"", path.read_bytes())).hexdigest()


def _tools(html: Path) -> str:
    """What a verdict rests on besides the page and the browser: the checker, the styles and scripts."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("check*.*")):
        digest.update(path.read_bytes())
    for path in sorted(p for p in (html / "_static").rglob("*") if p.suffix in {".css", ".js"}):
        if "mathjax" not in path.parts:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
