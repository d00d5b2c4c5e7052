"""Look over every built page: once as text, once in a browser that has no network."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from cgrecnet.files import remembered, write_json
from cgrecnet.publish import check_browser, check_static, settings
from cgrecnet.publish.check_static import Fault

NO_BROWSER = (
    "pages: looked at as text only, as no Chromium was found; "
    "install one (Debian: apt-get install chromium) or name it in CGRECNET_CHROMIUM"
)
# What differs between two pages that show the same: when they were written, what a run is told by (see `own_pages.py`),
# and the checksum of a style or script, which Sphinx can add only where the file was there before. The files themselves
# are among the tools.
PASSING = re.compile(
    rb"<(?:time|data)>[^<]*"
    rb"|(?<=docbuild:last-update\" content=\")[^\"]*|(?<=Last updated on )[^<.]*|\?v=[0-9a-f]+(?=\")"
)


@dataclass
class Report:
    """What the check found, and how many pages it read and opened."""

    faults: list[Fault] = field(default_factory=list)
    read: int = 0
    opened: int = 0
    browser: str | None = None


def check(html: Path, memory: Path, again: bool = False) -> Report:
    """Check the pages under `html` that changed since they were last found good (all of them with `again`).

    Links run between pages, so the text of all pages is read as soon as one of them changed. With another browser, or
    one where there was none, every page counts as changed. `memory` is the JSON file that remembers the good ones.
    """
    browser = check_browser.browser()
    paths = check_static.pages_in(html)
    now = {path.relative_to(html).as_posix(): _digest(path) for path in paths}
    tools = [_tools(html), browser]
    known = {} if again else remembered(memory)
    good = known.get("pages", {}) if known.get("tools") == tools else {}
    changed = [name for name, digest in now.items() if good.get(name) != digest]
    if not changed and set(good) <= set(now):
        return Report(browser=browser)
    to_open = [name for name in changed if browser and not check_static.is_redirect(html / name)]
    with ThreadPoolExecutor(1) as beside:
        text = beside.submit(check_static.faults, html, paths)  # while the browser loads
        seen = check_browser.faults(html, to_open, browser) if to_open else []
        faults = text.result() + seen
    bad = {fault.page for fault in faults}
    write_json(memory, {"tools": tools, "pages": {name: now[name] for name in now if name not in bad}})
    return Report(faults, len(paths), len(to_open), browser)


def report(found: Report) -> int:
    """Print what was found; return the exit status."""
    for fault in found.faults:
        print(f"error: {fault.page}: {fault.text}")
    if found.read and found.browser is None:
        print(NO_BROWSER)
    if found.read:
        seen = f", {found.opened} opened in {Path(found.browser).name}" if found.browser else ""
        print(f"pages: {found.read} read{seen}, {len(found.faults)} faults")
    return 1 if found.faults else 0


def _digest(path: Path) -> str:
    return hashlib.sha256(PASSING.sub(b"", path.read_bytes())).hexdigest()


def _tools(html: Path) -> str:
    """What a verdict rests on besides the page and the browser: the checker, the styles and scripts."""
    own = sorted(Path(__file__).parent.glob("check*.*"))
    theirs = sorted(p for p in (html / "_static").rglob("*") if p.suffix in {".css", ".js"})
    return settings.digest_of([*own, *(path for path in theirs if "mathjax" not in path.parts)])
