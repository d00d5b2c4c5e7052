"""Make the published site of a book that has been built: slim files, addresses and previews, one archive, one PDF."""

import base64
import html
import io
import re
import shutil
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import yaml
from PIL import Image, ImageChops

from cgrecnet import __version__
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write
from cgrecnet.publish import check_browser, check_static
from cgrecnet.publish.check_browser import FLAGS, SECONDS
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.own_pages import changed
from cgrecnet.publish.templates import filled

NAME = "cgrecnet-book"
#: What a zip file says of each entry's time, so that the same book gives the same archive.
NO_TIME = (1980, 1, 1, 0, 0, 0)
MB = 1_000_000
#: The most bytes of each, as files: servers that compress send less.
LIMITS = {"a first visit": MB, "the archive": 15 * MB, "the PDF": 30 * MB}
PICTURE = "_images/preview.png"
#: The longest description that search engines and previews show.
LONGEST = 160
#: The second kind of a font, for browsers that do not read the first, of which there are none any more.
_SECOND_FONT = re.compile(r',url\([^)]*\.ttf\) format\("truetype"\)')
_SCRIPT = r'\s*<script[^>]*src="[^"]*%s[^"]*"[^>]*></script>'
_MATHJAX = re.compile(_SCRIPT % "mathjax/")
#: It draws the icons of the theme anew as SVG, of which the theme's style has each in a font.
_ICONS = re.compile(_SCRIPT % r"/fontawesome\.js")
#: A picture among the outputs of a notebook, as JSON has it.
_IN_NOTEBOOK = re.compile(r'(?<="image/png": ")[A-Za-z0-9+/=\\n]+(?=")')


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
    shutil.copyfile(layout.root / "docs" / "book.png", partial / PICTURE)
    slim(partial)
    title = yaml.safe_load((layout.root / "_config.yml").read_text("utf8"))["title"]
    site = Site(address, title, __version__, changed(layout.root))
    names = [f"{name}.html" for name in layout.page_names if (partial / f"{name}.html").is_file()]
    for path in check_static.pages_in(partial):
        if not check_static.is_redirect(path):
            add_head(path, path.relative_to(partial).as_posix(), site)
    write_files(partial, names, site, (layout.root / "CHANGELOG.md").read_text("utf8"))
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
            "find the largest files and make them smaller (cgrecnet/publish/site/make.py)."
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
    head = filled("head.html", site=site, name=name, title=title, words=words, picture=PICTURE)
    path.write_text(text.replace("</head>", f"{head}</head>", 1), "utf8")


def write_files(folder: Path, names: list[str], site: Site, changes: str) -> None:
    """`index.html`, `404.html`, `sitemap.xml`, `robots.txt` and `feed.xml`; changes: the text of CHANGELOG.md.

    The feed has one entry for each version of the change log.
    """
    parts = [part.partition("\n") for part in re.split(r"^## +", changes, flags=re.MULTILINE)[1:]]
    entries = [(name, re.sub(r"[^0-9A-Za-z.]+", "-", name).strip("-"), body.strip()) for name, _, body in parts]
    first = "book/index.html"
    texts = {
        "index.html": filled("front.html", title=site.title, first=first, canonical=site.of(first)),
        "404.html": filled("404.html", site=site, first=first),
        "sitemap.xml": filled("sitemap.xml", site=site, names=names),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {site.of('sitemap.xml')}\n",
        "feed.xml": filled("feed.xml", site=site, first=first, entries=entries),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf8")


def slim(site: Path) -> None:
    """Remove from the folder `site` what no page of it needs; write its pictures anew, also those in notebooks."""
    static = site / "_static"
    for path in static.rglob("*.map"):
        path.unlink()
    for language in (static / "locales").glob("*"):
        if language.name != "en":
            shutil.rmtree(language)
    for font in static.rglob("*.ttf"):
        if font.with_suffix(".woff2").is_file():
            font.unlink()
    for script in static.rglob("fontawesome.js"):
        script.unlink()
    for style in (static / "styles").glob("*.css"):
        style.write_text(_SECOND_FONT.sub("", style.read_text("utf8")), "utf8")
    for page in site.rglob("*.html"):
        text = _ICONS.sub("", page.read_text("utf8"))
        page.write_text(text if 'class="math' in text else _MATHJAX.sub("", text), "utf8")
    for path in site.rglob("*.png"):
        path.write_bytes(smaller(path.read_bytes()))
    for path in site.rglob("*.ipynb"):
        path.write_text(_IN_NOTEBOOK.sub(_smaller_text, path.read_text("utf8")), "utf8")


def smaller(content: bytes) -> bytes:
    """The same picture without an alpha channel that hides nothing, with a palette where 256 colours are enough."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    if picture.mode == "RGBA" and picture.getextrema()[3][0] == 255:
        picture = picture.convert("RGB")
    if picture.mode == "RGB" and picture.getcolors(256):
        few = picture.quantize(256, dither=Image.Dither.NONE)
        if ImageChops.difference(few.convert("RGB"), picture).getbbox() is None:
            picture = few
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return min(out.getvalue(), content, key=len)


def _smaller_text(found: re.Match) -> str:
    content = base64.b64decode(found[0].replace("\\n", ""))
    less = smaller(content)
    return found[0] if less is content else base64.b64encode(less).decode()
