"""Make the published site of a book that has been built: its pages say where they stand, and what they are about."""

import html
import re
import shutil
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

import yaml

from cgrecnet import __version__
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write
from cgrecnet.publish import check_static, resources
from cgrecnet.publish.check_browser import FLAGS, SECONDS
from cgrecnet.publish.citation import changed
from cgrecnet.publish.html import front_page
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.site.slim import slim

NAME = "cgrecnet-book"
PICTURE = "_images/preview.png"
#: The longest description that search engines and previews show.
LONGEST = 160
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
    browser = resources.browser()
    if pdf and not browser:
        raise RunError(
            "No Chromium was found to print the PDF: install one, name it in CGRECNET_CHROMIUM, or say --no-pdf."
        )
    target, partial = layout.build / "site", layout.build / "site.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(layout.html, partial)
    shutil.copyfile(layout.root / "docs" / "book.png", partial / PICTURE)
    slim(partial)
    title = yaml.safe_load((layout.root / "_config.yml").read_text("utf8"))["title"]
    site = Site(address, title, __version__, changed(layout.root))
    names = [f"{name}.html" for name in layout.page_names if (partial / f"{name}.html").is_file()]
    for path in check_static.pages_in(partial):
        if not check_static.is_redirect(path):
            add_head(path, path.relative_to(partial).as_posix(), site)
    write_files(partial, names, site)
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


@dataclass(frozen=True)
class Site:
    """address: where the book will stand, with a slash at its end; changed: the day of its version."""

    address: str
    title: str
    version: str
    changed: date

    def of(self, name: str) -> str:
        """The address of a page or file."""
        return self.address + name


def describe(text: str) -> tuple[str, str]:
    """A page's title without the book's, and its description: whole sentences of its first paragraph."""
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    paragraphs = re.findall(r"<p\b[^>]*>(.*?)</p>", text.partition("<article")[2], re.DOTALL)
    said = (html.unescape(re.sub(r"<[^>]+>", "", paragraph)).split() for paragraph in paragraphs)
    words = next((" ".join(found) for found in said if len(found) > 7), "")
    if len(words) > LONGEST:
        cut = words[:LONGEST]
        end = max(cut.rfind(mark) for mark in (". ", "? ", ": "))
        words = cut[: end + 1] if end > LONGEST // 3 else cut.rsplit(" ", 1)[0] + " …"
    return html.unescape(title[1]).split(" — ")[0].strip() if title else "", words


def add_head(path: Path, name: str, site: Site) -> None:
    """Write canonical address, description, OpenGraph preview, version and date into a page's head."""
    text = path.read_text("utf8")
    title, words = describe(text)
    facts = {
        "description": words,
        "og:type": "article", "og:site_name": site.title, "og:title": title, "og:description": words,
        "og:url": site.of(name), "og:image": site.of(PICTURE),
        "og:image:alt": "The first page of the book, with its picture of cells",
        "twitter:card": "summary_large_image", "version": site.version, "date": site.changed.isoformat(),
    }  # fmt: skip
    lines = [f'<link rel="canonical" href="{html.escape(site.of(name))}" />']
    for key, value in facts.items():
        kind = "property" if key.startswith("og:") else "name"
        lines.append(f'<meta {kind}="{key}" content="{html.escape(value)}" />')
    path.write_text(text.replace("</head>", "\n".join(lines) + "\n</head>", 1), "utf8")


def write_files(folder: Path, names: list[str], site: Site) -> None:
    """`index.html`, `404.html`, `sitemap.xml` and `robots.txt`."""
    first = "book/index.html"
    title = html.escape(site.title)
    canonical = f'<link rel="canonical" href="{site.of(first)}" />'
    (folder / "index.html").write_text(front_page(site.title, first, canonical), "utf8")
    (folder / "404.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8" /><title>No such page: {title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" /><meta name="robots" content="noindex" />'
        "</head>\n<body><h1>There is no such page</h1>\n"
        f'<p>It may have moved: <a href="{site.of(first)}">begin at the first page</a>, or '
        f'<a href="{site.of("search.html")}">search the book</a>.</p></body>\n</html>\n',
        "utf8",
    )
    places = "\n".join(f"  <url><loc>{escape(site.of(name))}</loc></url>" for name in names)
    (folder / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{places}\n</urlset>\n",
        "utf8",
    )
    (folder / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {site.of('sitemap.xml')}\n", "utf8")


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
