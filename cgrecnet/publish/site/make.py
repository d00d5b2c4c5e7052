"""Make the published site of a book that has been built."""

import re
import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import yaml

from cgrecnet import __version__
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write
from cgrecnet.publish import check_browser, check_static
from cgrecnet.publish.check_browser import FLAGS, SECONDS
from cgrecnet.publish.citation import changed
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.site import pages
from cgrecnet.publish.site.slim import slim

NAME = "cgrecnet-book"
#: What a zip file says of each entry's time, so that the same book gives the same archive.
NO_TIME = (1980, 1, 1, 0, 0, 0)
MB = 1_000_000
#: The most bytes of each, as files: servers that compress send less.
LIMITS = {"a first visit": MB, "the archive": 15 * MB, "the PDF": 30 * MB}


def make_site(layout: Layout, address: str, pdf: bool = True, say=print) -> Path:
    """Write `_build/site` (to be put under `address`), with the archive and the PDF of the whole in it.

    The folder is made beside and takes its place at the end. Raises ConfigError for an address that is none, RunError
    where there is no book, no Chromium to print it, more to fetch than `LIMITS` allow, or a page that
    is not whole when it is opened from the archive.
    """
    address = checked(address)
    if not (layout.html / "book" / "index.html").is_file():
        raise RunError(f"{layout.html}: there is no book to publish: run make book first.")
    browser = check_browser.browser()
    if pdf and not browser:
        raise RunError(
            "No Chromium was found to print the PDF: install one, name it in CGRECNET_CHROMIUM, or say --no-pdf."
        )
    target, partial = layout.build / "site", layout.build / "site.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(layout.html, partial)
    shutil.copyfile(layout.root / "docs" / "book.png", partial / pages.PICTURE)
    slim(partial)
    title = yaml.safe_load((layout.root / "_config.yml").read_text("utf8"))["title"]
    site = pages.Site(address, title, __version__, changed(layout.root))
    names = [f"{name}.html" for name in layout.page_names if (partial / f"{name}.html").is_file()]
    for path in check_static.pages_in(partial):
        if not check_static.is_redirect(path):
            pages.add_head(path, path.relative_to(partial).as_posix(), site)
    pages.write_files(partial, names, site, (layout.root / "CHANGELOG.md").read_text("utf8"))
    with atomic_write(layout.build / f"{NAME}.zip", "wb") as file:
        archive(partial, file)
        within("the archive", file.tell(), say)
    packed = shutil.move(layout.build / f"{NAME}.zip", partial / f"{NAME}.zip")
    if pdf:
        from cgrecnet.publish.site.pdf import print_book

        within("a first visit", first_visit(partial, names[0], browser), say)
        with TemporaryDirectory() as elsewhere:
            say(f"printing {len(names)} pages of the archive, unpacked elsewhere")
            shutil.unpack_archive(packed, elsewhere)
            parts = {name: layout.part_of.get(name.removesuffix(".html")) for name in names}
            printed = print_book(Path(elsewhere) / NAME, parts, title, browser, say)
        within("the PDF", len(printed), say)
        (partial / f"{NAME}.pdf").write_bytes(printed)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    return target


def checked(address: str) -> str:
    """The address with a slash at its end; ConfigError where it is no http or https address."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or re.search(r"[\s\"'<>]", address):
        raise ConfigError(f"{address!r} is no address of a site: write it like https://example.org/book/.")
    return address.rstrip("/") + "/"


def archive(folder: Path, file) -> None:
    """All of `folder` but the PDF as a zip whose first page opens from the disk."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pdf"):
            entry = zipfile.ZipInfo(f"{NAME}/{path.relative_to(folder).as_posix()}", NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())


def within(what: str, size: int, say=print) -> None:
    """Say what it weighs; RunError where that is more than its limit."""
    if size > LIMITS[what]:
        raise RunError(
            f"{what} weighs {size / MB:.2f} MB, and {LIMITS[what] / MB:g} MB is the limit: "
            "find the largest files and make them smaller (cgrecnet/publish/site/slim.py)."
        )
    say(f"{what}: {size / MB:.2f} MB")


def first_visit(site: Path, name: str, executable: str) -> int:
    """Bytes of all files of the folder `site` that a browser without a cache loads with the page `name`."""
    from playwright.sync_api import sync_playwright

    loaded = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("request", lambda request: loaded.add(unquote(urlsplit(request.url).path)))
        page.goto((site / name).resolve().as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready.then(() => true)")
        page.wait_for_timeout(1000)  # for what scripts and styles ask for behind that
        browser.close()
    return sum(path.stat().st_size for path in map(Path, loaded) if path.is_file())
