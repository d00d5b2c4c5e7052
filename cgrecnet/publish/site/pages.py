"""What a published page says about itself: address, description, preview, version; and the site's own files."""

import html
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cgrecnet.publish.templates import filled

PICTURE = "_images/preview.png"
#: The longest description that search engines and previews show.
LONGEST = 160


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
