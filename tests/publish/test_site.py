"""The published site: light, with addresses, previews and feeds, and whole under any path."""

import base64
import functools
import http.server
import io
import json
import threading
import zipfile
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.site import make
from cgrecnet.publish.site.make import checked, make_site

ADDRESS = "https://example.org/some/path/"
SAID = "A page that tells in more than seven words what it is about. And more."
STYLE = '@font-face{src:url(../w/solid.woff2) format("woff2"),url(../w/solid.ttf) format("truetype")}'
MATHJAX = "for (const e of document.querySelectorAll('.math')) e.append(document.createElement('mjx-container'))"
NOISE = np.random.default_rng(0).integers(0, 200, (64, 64, 1)).repeat(4, axis=2).astype(np.uint8)
NOISE[..., 3] = 255


def png(pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()


def page(title, body=""):
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><title>{title} — Small book</title>'
        '<script defer src="../_static/mathjax/tex-chtml.js?v=1"></script>'
        '<script src="../_static/scripts/fontawesome.js?digest=1"></script></head>'
        f"<body><article><h1>{title}</h1><p>Short.</p><p>{SAID}</p>{body}"
        '<a href="two.html">two</a></article></body></html>'
    )


@pytest.fixture
def book(tmp_path):
    """A built book of two pages, one of them with an equation."""
    files = {
        "_toc.yml": "format: jb-book\nroot: book/index\nchapters: [{file: book/two}]\n",
        "_config.yml": "title: Small book\n",
        "CHANGELOG.md": "# Changes\n\n## 0.2.0\n\n- A <b> & more\n\n## 0.1.0\n\n- First\n",
        "_build/html/index.html": '<meta http-equiv="Refresh" content="0; url=book/index.html" />\n',
        "_build/html/book/index.html": page("First <page>", '<i class="fa-solid fa-bars"></i>'),
        "_build/html/book/two.html": page("Two", '<span class="math">x</span><a href="index.html">one</a>'),
        "_build/html/_static/scripts/fontawesome.js": "",
        "_build/html/_static/mathjax/tex-chtml.js": MATHJAX,
        "_build/html/_static/scripts/theme.js": "",
        "_build/html/_static/scripts/theme.js.map": "{}",
        "_build/html/_static/locales/en/x.js": "",
        "_build/html/_static/locales/de/x.js": "",
        "_build/html/_static/styles/theme.css": STYLE,
        "_build/html/_static/webfonts/solid.ttf": "",
        "_build/html/_static/webfonts/solid.woff2": "",
        "_build/html/_sources/book/two.ipynb": json.dumps({"image/png": base64.b64encode(png(NOISE)).decode() + "\n"}),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf8")
    for name in ("docs/book.png", "_build/html/_images/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(NOISE))
    return Layout(tmp_path)


@pytest.fixture
def site(book):
    return make_site(book, ADDRESS, pdf=False, say=lambda _: None)


def test_a_page_says_where_it_stands_and_what_it_is_about(site):
    text = (site / "book/two.html").read_text("utf8")
    assert f'<link rel="canonical" href="{ADDRESS}book/two.html" />' in text
    assert '<meta property="og:title" content="Two" />' in text
    assert f'<meta name="description" content="{SAID}" />' in text
    assert f'content="{ADDRESS}{make.PICTURE}"' in text and (site / make.PICTURE).is_file()


def test_a_long_description_ends_with_a_sentence_or_a_word():
    text = page("T").replace(SAID, "One sentence with some more words than the others have. " + "word " * 60)
    assert make.describe(text)[1] == "One sentence with some more words than the others have."
    assert make.describe(page("T").replace(SAID, "word " * 60))[1].endswith("word …")


def test_what_no_page_needs_is_left_out(site, book):
    assert not list(site.rglob("*.map")) and [p.name for p in (site / "_static/locales").iterdir()] == ["en"]
    assert [path.name for path in (site / "_static/scripts").iterdir()] == ["theme.js"]
    assert not [path for path in site.rglob("*.html") if "fontawesome" in path.read_text("utf8")]
    kept = '@font-face{src:url(../w/solid.woff2) format("woff2")}'
    assert (site / "_static/styles/theme.css").read_text("utf8") == kept
    assert [path.name for path in (site / "_static/webfonts").iterdir()] == ["solid.woff2"]
    assert "mathjax" not in (site / "book/index.html").read_text("utf8")
    assert "mathjax" in (site / "book/two.html").read_text("utf8")
    assert (book.html / "_static/scripts/theme.js.map").is_file()  # the book itself stays as it is


@pytest.mark.parametrize("alpha", [255, 128])
@pytest.mark.parametrize("step", [0, 50])
def test_pictures_keep_every_pixel_in_fewer_bytes(alpha, step):
    pixels = NOISE.copy()
    pixels[:, :32, 0] += step  # with a step, too many colours for a palette
    pixels[..., 3] = alpha
    less = make.smaller(png(pixels))
    assert len(less) <= len(png(pixels)) and (len(less) < len(png(pixels)) or step or alpha < 255)
    assert (np.asarray(Image.open(io.BytesIO(less)).convert("RGBA")) == pixels).all()
    assert make.smaller(less) == less


def test_pictures_in_notebooks_are_smaller_as_well(site, book):
    name = "_sources/book/two.ipynb"
    assert (site / name).stat().st_size < (book.html / name).stat().st_size
    content = base64.b64decode(json.loads((site / name).read_text("utf8"))["image/png"])
    assert content == (site / "_images/a.png").read_bytes() == make.smaller(png(NOISE))


def test_the_files_of_the_site_are_well_formed(site):
    places = [e.text for e in ElementTree.parse(site / "sitemap.xml").iter() if e.tag.endswith("loc")]
    assert places == [f"{ADDRESS}book/index.html", f"{ADDRESS}book/two.html"]
    titles = [e.text for e in ElementTree.parse(site / "feed.xml").iter() if e.tag.endswith("title")]
    assert titles[1:] == ["0.2.0", "0.1.0"]
    assert f"Sitemap: {ADDRESS}sitemap.xml" in (site / "robots.txt").read_text("utf8")
    root = (site / "index.html").read_text("utf8")
    assert '<html lang="en">' in root and "<title>Small book</title>" in root and 'href="book/index.html"' in root


def test_the_archive_is_whole_and_always_the_same(site, book):
    packed = site / f"{make.NAME}.zip"
    with zipfile.ZipFile(packed) as file:
        assert f"{make.NAME}/book/two.html" in file.namelist()
        assert not any(name.endswith((".zip", ".pdf")) for name in file.namelist())
    before = packed.read_bytes()
    assert (make_site(book, ADDRESS, pdf=False) / packed.name).read_bytes() == before


def test_a_site_that_is_too_heavy_is_not_made(book, monkeypatch):
    monkeypatch.setitem(make.LIMITS, "the archive", 100)
    with pytest.raises(RunError, match=r"the archive weighs 0\.\d\d MB, and 0.0001 MB is the limit"):
        make_site(book, ADDRESS, pdf=False, say=lambda _: None)
    assert not (book.build / "site").exists() and not (book.build / f"{make.NAME}.zip").exists()


@pytest.mark.browser
def test_a_first_visit_weighs_what_the_browser_loads(tmp_path, chromium):
    (tmp_path / "style.css").write_text("body {background: url('ground.svg')}", "utf8")
    (tmp_path / "ground.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", "utf8")
    (tmp_path / "other.css").write_text("p {}", "utf8")
    (tmp_path / "a.html").write_text('<link rel="stylesheet" href="style.css?v=1" /><p>x</p>', "utf8")
    loaded = sum((tmp_path / name).stat().st_size for name in ("a.html", "style.css", "ground.svg"))
    assert make.first_visit(tmp_path, "a.html", chromium) == loaded


@pytest.mark.parametrize("address", ["", "example.org", "ftp://example.org/", 'https://a/"b', "https://a/?b=c"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ConfigError, match="is no address"):
        checked(address)
    assert checked("https://example.org/book") == "https://example.org/book/"


def test_without_a_book_there_is_nothing_to_publish(tmp_path):
    with pytest.raises(RunError, match="run make book first"):
        make_site(Layout(tmp_path), ADDRESS, pdf=False)


def test_the_icons_of_the_theme_are_in_a_font():
    """The pinned theme's style draws them without its script, in the form that `slim` reads."""
    import pydata_sphinx_theme

    static = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    style = (static / "styles/pydata-sphinx-theme.css").read_text("utf8")
    assert '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}' in style
    assert "solid-900.woff2" in style and make._SECOND_FONT.search(style)
    assert list(static.rglob("fa-solid-900.woff2")) and list(static.rglob("fontawesome.js"))


@pytest.mark.browser
def test_under_a_path_and_from_the_disk_pages_load_all_that_they_name(site, chromium, tmp_path):
    from playwright.sync_api import sync_playwright

    from cgrecnet.publish.check_browser import FLAGS

    below = tmp_path / "served/some"
    below.mkdir(parents=True)
    (below / "path").symlink_to(site)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    starts = [f"http://127.0.0.1:{server.server_port}/some/path/index.html", (site / "index.html").as_uri()]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for start in starts:
                missing, tab = [], browser.new_page()
                tab.on("requestfailed", lambda request, missing=missing: missing.append(request.url))
                tab.on("response", lambda r, missing=missing: missing.append(r.url) if r.status >= 400 else None)
                tab.goto(start)
                tab.wait_for_url("**/book/index.html")
                tab.click("text=two")
                tab.wait_for_url("**/book/two.html")
                assert [url for url in missing if "favicon" not in url] == []
            browser.close()
    finally:
        server.shutdown()


@pytest.mark.browser
@pytest.mark.slow
def test_the_pdf_has_every_page_and_an_outline(site, chromium):
    import io

    from pypdf import PdfReader

    from cgrecnet.publish.site.pdf import print_book

    far = '<div style="height: 3000px"></div>'
    sections = f'<h2>One\n thing<a class="headerlink" href="#">#</a></h2>{far}<h2>Another <b>thing</b> & more</h2>'
    two = site / "book/two.html"
    two.write_text(two.read_text("utf8").replace("</article>", f"{sections}</article>"), "utf8")
    parts = {"book/index.html": None, "book/two.html": "A part"}
    content = print_book(site, parts, "Small book", chromium, say=lambda _: None)
    reader = PdfReader(io.BytesIO(content))
    first, part, (second, (one, another)) = reader.outline
    assert [item.title for item in (first, part, second)] == ["First <page>", "A part", "Two"]
    assert [item.title for item in (one, another)] == ["One thing", "Another thing & more"]
    sheets = [reader.get_destination_page_number(item) for item in (first, part, second, one, another)]
    assert sheets[:4] == [0, 1, 1, 1] and sheets[4] > 1
    assert SAID.split(".")[0] in reader.pages[0].extract_text() and reader.metadata.title == "Small book"


@pytest.mark.browser
def test_what_paper_would_cut_is_found(site, chromium):
    from cgrecnet.publish.site.pdf import print_book

    text = (site / "book/two.html").read_text("utf8")
    for body, cut in {"<pre>fits</pre>": None, f"<pre>{'x' * 300}</pre>": "pre is wider than the paper"}.items():
        (site / "book/two.html").write_text(text.replace("<article>", f"<article>{body}"), "utf8")
        with pytest.raises(RunError, match=f"book/two.html: {cut}") if cut else nullcontext():
            print_book(site, {"book/two.html": None}, "Small book", chromium, say=lambda _: None)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<img alt="x" src="../none.png">', "a request failed: .*none.png"),
        ('<img alt="x" src="../../outside.png">', "it asks for .*outside.png, which lies elsewhere"),
        ("<script>nothing()</script>", "a script failed: .*nothing is not defined"),
        ("<script>console.error('amiss')</script>", "error on the console: amiss"),
        ('<script src="data:,"></script><p>$$x$$</p>', "raw TeX"),
    ],
)
def test_a_page_that_is_not_whole_from_the_disk_is_not_published(book, chromium, body, fault):
    path = book.html / "book/two.html"
    path.write_text(path.read_text("utf8").replace("<h1>", f"{body}<h1>"), "utf8")
    (book.build / "outside.png").write_bytes(png(NOISE))
    with pytest.raises(RunError, match=f"book/two.html: opened from the disk, {fault}"):
        make_site(book, ADDRESS, say=lambda _: None)
    assert not (book.build / "site").exists()
