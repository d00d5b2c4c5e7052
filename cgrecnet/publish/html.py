"""Turn the stage into HTML with Jupyter Book, warnings as errors; skip it when nothing changed."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from cgrecnet.files import remembered, write_json
from cgrecnet.publish import check_static, lock, settings, stage
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.templates import filled


class HtmlFailed(Exception):
    """Jupyter Book reported warnings or errors, which the message holds, or was killed; why: in a few words."""

    def __init__(self, message: str, why: str = "Jupyter Book warned (warnings are errors)") -> None:
        super().__init__(message)
        self.why = why


class Ahead:
    """A process in which Jupyter Book is ready and waits for its order: one core is idle while a lone chapter runs."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        stage.settings(layout)
        self._settings = _settings(layout)
        arguments = ["build", str(layout.stage), "--path-output", str(layout.root), "-n", "-W", "--keep-going"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cgrecnet.publish.jupyter_book", *arguments],
            cwd=layout.root,
            env={name: value for name, value in os.environ.items() if name != "MPLBACKEND"} | {"NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            pass_fds=lock.held(),  # it goes on writing where this process is killed
            text=True,
            errors="replace",
        )

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *_: object) -> None:
        """End it, where it was never asked."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    @property
    def holds(self) -> bool:
        """Whether the settings that it has read are still those of the stage."""
        return self._settings == _settings(self._layout)

    def go(self) -> None:
        """Have it build; raises HtmlFailed."""
        said, _ = self._process.communicate("go\n")
        status = self._process.returncode
        if status < 0:
            why = f"Jupyter Book was killed by signal {-status}, perhaps for want of memory"
            raise HtmlFailed("\n".join(said.splitlines()[-5:]), why)
        if status != 0 or not (self._layout.html / "index.html").is_file():
            lines = said.replace(f"{self._layout.stage}{os.sep}", "").splitlines()
            found = [line for line in lines if "WARNING" in line or "rror:" in line or "ERROR" in line]
            raise HtmlFailed("\n".join(dict.fromkeys(found)) or "\n".join(lines[-30:]))


def _settings(layout: Layout) -> list[bytes]:
    return [(layout.stage / name).read_bytes() for name in stage.SETTINGS if (layout.stage / name).is_file()]


def build(layout: Layout, ahead: Ahead | None = None) -> bool:
    """Build `_build/html` from `_build/source`; return False where it was up to date already.

    ahead: a process for it that was started before.
    Raises HtmlFailed with Sphinx's own words; Sphinx's memory is then deleted, so that the next build fails as well.
    """
    stamp = layout.build / "html.json"
    before = {"tools": tools(layout), "stage": tree(layout.stage)}
    known = remembered(stamp)
    if known == before | {"html": _listing(layout.html)}:
        return False
    stamp.unlink(missing_ok=True)
    if known.get("tools") != before["tools"]:
        stage.forget_doctrees(layout)  # pages that did not change must be written anew as well
        ahead = None  # it remembers them
    try:
        with ahead if ahead and ahead.holds else Ahead(layout) as ready:
            ready.go()
        _write_front(layout)
        stage.remove_stale_pages(layout)
    except BaseException:
        stage.forget_doctrees(layout)
        raise
    write_json(stamp, before | {"html": _listing(layout.html)})
    return True


def _write_front(layout: Layout) -> None:
    """Jupyter Book's page at the root is a bare refresh, without a title, a language or a link."""
    first = check_static.Page(layout.html / "index.html").refresh
    if first:
        title = settings.load(layout.root / "_config.yml", "_config.yml").get("title", "")
        (layout.html / "index.html").write_text(filled("front.html", title=title, first=first, canonical=None), "utf8")


def tools(layout: Layout) -> str:
    """What turns the stage into pages: the pins, this part of the package, and Python."""
    own = Path(__file__).parent
    paths = [layout.root / "requirements.lock", *sorted(own.rglob("*.py")), *sorted(own.glob("templates/*.*"))]
    return settings.digest_of(path for path in paths if path.is_file()) + sys.version


def tree(folder: Path) -> str:
    """Hash over names and contents of all files."""
    return settings.digest_of(sorted(p for p in folder.rglob("*") if p.is_file()), folder)


def _listing(folder: Path) -> str:
    """Hash over names and sizes: enough to notice that something was deleted or cut short."""
    entries = sorted((str(p.relative_to(folder)), p.stat().st_size) for p in folder.rglob("*") if p.is_file())
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()
