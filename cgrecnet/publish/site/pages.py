"""What a published page says about itself: address, description, preview, version; and the site's own files."""

import html
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from cgrecnet.publish.html import front_page

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
    facts = {
        "description": words,
        "og:type": "article", "og:site_name": site.title, "og:title": title, "og:description": words,
        "og:url": site.of(name), "og:image": site.of(PICTURE),
        "og:image:alt": "The first page of the book, with its picture of cells",
        "twitter:card": "summary_large_image", "version": site.version, "date": site.changed.isoformat(),
    }  # fmt: skip
    lines = [f'<link rel="canonical" href="{html.escape(site.of(name))}" />']
    lines.append(f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{site.of("feed.xml")}" />')
    for key, value in facts.items():
        kind = "property" if key.startswith("og:") else "name"
        lines.append(f'<meta {kind}="{key}" content="{html.escape(value)}" />')
    path.write_text(text.replace("</head>", "\n".join(lines) + "\n</head>", 1), "utf8")


def write_files(folder: Path, names: list[str], site: Site, changes: str) -> None:
    """`index.html`, `404.html`, `sitemap.xml`, `robots.txt` and `feed.xml`; changes: the text of CHANGELOG.md."""
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
    (folder / "feed.xml").write_text(feed(changes, site), "utf8")


def feed(changes: str, site: Site) -> str:
    """An Atom feed with one entry for each version of the change log."""
    parts = re.split(r"^## +", changes, flags=re.MULTILINE)[1:]
    day = f"{site.changed.isoformat()}T00:00:00Z"
    entries = []
    for part in parts:
        name, _, body = part.partition("\n")
        mark = re.sub(r"[^0-9A-Za-z.]+", "-", name).strip("-")
        entries.append(
            f"  <entry><title>{escape(name)}</title><id>{escape(site.of('#' + mark))}</id><updated>{day}</updated>"
            f'<link href="{escape(site.of("book/index.html"))}" />'
            f'<content type="text">{escape(body.strip())}</content></entry>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"  <title>{escape(site.title)}: changes</title><id>{escape(site.address)}</id><updated>{day}</updated>\n"
        f'  <link rel="self" href="{escape(site.of("feed.xml"))}" />'
        "<author><name>The cgrecnet authors</name></author>\n"
        + "\n".join(entries)
        + "\n</feed>\n"
    )
