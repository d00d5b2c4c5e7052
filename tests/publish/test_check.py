"""The page check finds each fault that is planted, and none on a page without."""

import base64
import io

import pytest
from minibook import write
from PIL import Image

from cgrecnet.publish import check, check_browser, check_static

PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><title>T</title><meta charset="utf8">
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>html[data-theme=dark] body {background: #111} body {margin: 0; background: #fff} img {background: #fff}
HERE_STYLE</style></head><body><main><article id="top"><h1>T</h1>HERE</article></main></body></html>"""
DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
STRIP = io.BytesIO()
Image.new("RGB", (840, 20), "white").save(STRIP, "png")
STRIP = "data:image/png;base64," + base64.b64encode(STRIP.getvalue()).decode()
WIDE = "<table><tr>" + "<td>a-cell-that-cannot-break</td>" * 12 + "</tr></table>"

STATIC = {
    "script": ('<script src="https://example.org/x.js"></script>', "loads https://example.org/x.js from outside"),
    "font": ("<p style=\"background: url('//example.org/f.png')\">x</p>", "loads //example.org/f.png from outside"),
    "import": ('<style>@import "https://example.org/f.css";</style>', "loads https://example.org/f.css from outside"),
    "picture": ('<img src="https://example.org/i.png" alt="Two cells.">', "loads https://example.org/i.png"),
    "link": ('<a href="nowhere.html">x</a>', "the link nowhere.html leads nowhere"),
    "source": ('<img src="gone.png" alt="Two cells.">', "the link gone.png leads nowhere"),
    "anchor": ('<a href="good.html#gone">x</a>', "the link good.html#gone names an anchor that does not exist"),
    "own_anchor": ('<a href="#gone">x</a>', "the link #gone names an anchor"),
    "no_alt": (f'<img src="{DOT}">', "has no alternative text"),
    "empty_alt": (f'<img src="{DOT}" alt=" ">', "has no alternative text"),
    "file_alt": (f'<img src="{DOT}" alt="../_images/a1b2.png">', "'../_images/a1b2.png', which says nothing"),
    "word_alt": (f'<img src="{DOT}" alt="Figure">', "'Figure', which says nothing"),
    "stderr": ('<div class="output stderr highlight">careful</div>', "wrote to stderr"),
    "raw_table": ("<p>| a | b | |---|---| | 1 | 2 |</p>", "Markdown that was not understood: | a | b"),
    "object_name": ("<pre>&lt;IPython.core.display.Markdown object&gt;</pre>", "shows the name of an object"),
    "raw_directive": ("<p>:::{note}</p>", "Markdown that was not understood: :::{note}"),
    "traceback": ('<div class="output traceback">Error</div>', "left a traceback"),
}
BROWSER = {
    "request": ("<script>fetch('https://example.org/data.json').catch(() => 0)</script>", "a request failed: https://ex"),
    "missing": ('<script src="gone.js"></script>', "a request failed: file:"),
    "console": ("<script>console.error('oh no')</script>", "error on the console: oh no"),
    "exception": ("<script>throw new Error('broken')</script>", "a script failed"),
    "raw_math": (r"<p>The loss \(x^2\) falls.</p>", "raw TeX in the text"),
    "unrendered": (r'<span class="math notranslate">\(x^2\)</span>', "does not load MathJax"),
    "wide": (WIDE, "scrolls sideways at 390 px: table"),
    "column": (f'<div tabindex="0" style="overflow-x: auto; width: 300px">{WIDE}</div>', "columns at 1280 px, from"),
    "folded_column": (
        f'<details><summary>more</summary><div style="overflow-x: auto; width: 300px">{WIDE}</div></details>',
        "columns at 1280 px, from",
    ),
    "tiny": ('<p style="font-size: 8px">Small print.</p>', "text of 8.0 px at 390 px: Small print."),
    "tiny_drawing": (
        '<svg viewBox="0 0 1000 100" style="width: 100%"><text y="50" font-size="16">Drawn.</text></svg>',
        "px at 390 px: Drawn.",
    ),
    "shrunk": (
        f'<img style="width: 100%" src="{STRIP}" alt="A white strip.">', "px at 390 px: in the picture A white strip.",
    ),
    "dark": (f'<img style="background: transparent" src="{DOT}" alt="Two cells.">', "dark ground: Two"),
    "access": ("<button></button>", "axe: button-name: Buttons must have discernible text"),
}
GOOD = f"""<h2 id="a">A part</h2><a href="#a">up</a> <a href="https://example.org">outside</a>
<a href="good.html#top">x</a>
<p>It costs $5 and <code>\\(x\\)</code> is code, <pre>|---|</pre> too; a | b.</p>
<img src="{DOT}" alt="A single blue dot.">
<div style="overflow-x: auto" tabindex="0">{WIDE}</div><a href="#a" style="font-size: 0">x</a>
<div style="overflow-x: auto" tabindex="0"><img style="width: 600px" src="{STRIP}" alt="A white strip."></div>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    html = tmp_path_factory.mktemp("html")
    for name, (body, _) in {**STATIC, **BROWSER, "good": (GOOD, "")}.items():
        write(html / f"{name}.html", PAGE.replace("HERE_STYLE", "").replace("HERE", body))
    return html


@pytest.fixture(scope="module")
def static_faults(pages):
    return check_static.faults(pages, check_static.pages_in(pages))


@pytest.fixture(scope="module")
def browser_faults(pages):
    found = check_browser.browser()
    if not found:
        pytest.skip("no Chromium on PATH or in CGRECNET_CHROMIUM")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGRECNET_STRICT", "1")
        return check_browser.faults(pages, [f"{name}.html" for name in (*BROWSER, "good")], found)


@pytest.mark.parametrize("name", STATIC)
def test_a_fault_in_the_text_is_found(static_faults, name):
    texts = [fault.text for fault in static_faults if fault.page == f"{name}.html"]
    assert len(texts) == 1 and STATIC[name][1] in texts[0]


@pytest.mark.browser
@pytest.mark.parametrize("name", BROWSER)
def test_a_fault_in_the_browser_is_found(browser_faults, name):
    texts = [fault.text for fault in browser_faults if fault.page == f"{name}.html"]
    assert texts and all(BROWSER[name][1] in text for text in texts)


def test_a_good_page_has_no_fault_in_its_text(static_faults):
    assert [fault for fault in static_faults if fault.page == "good.html"] == []


@pytest.mark.browser
def test_a_good_page_has_no_fault_in_the_browser(browser_faults):
    assert [fault for fault in browser_faults if fault.page == "good.html"] == []


@pytest.mark.browser
@pytest.mark.slow
def test_an_equation_that_mathjax_refuses_is_found(tmp_path, chromium, monkeypatch):
    import importlib.metadata

    monkeypatch.delenv("CGRECNET_STRICT", raising=False)
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    mathjax = package.locate_file("sphinx-mathjax-offline/static/mathjax/tex-chtml.js")
    script = f'<script defer src="file://{mathjax}"></script>'
    for name, formula in {"right": r"\(x^2\)", "open": r"\(\frac{1}\)", "unknown": r"\(\nosuchmacro\)"}.items():
        body = script + f'<span class="math notranslate">{formula}</span>'
        write(tmp_path / f"{name}.html", PAGE.replace("HERE_STYLE", "").replace("HERE", body))
    found = check_browser.faults(tmp_path, ["right.html", "open.html", "unknown.html"], chromium)
    assert {fault.page for fault in found} == {"open.html", "unknown.html"}
    assert all("equation with an error" in fault.text for fault in found)


def test_only_changed_pages_are_looked_at_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CGRECNET_CHROMIUM", "no-such-browser")
    html, memory = tmp_path / "html", tmp_path / "checked.json"
    for name in ("a", "b"):
        write(html / f"{name}.html", PAGE.replace("HERE_STYLE", "").replace("HERE", "fine"))
    assert check.report(check.check(html, memory)) == 0
    assert check.NO_BROWSER in capsys.readouterr().out
    assert check.check(html, memory).read == 0
    write(html / "b.html", PAGE.replace("HERE_STYLE", "").replace("HERE", '<a href="c.html">x</a>'))
    for _ in range(2):
        assert check.report(check.check(html, memory)) == 1, "a page with a fault is looked at until it is mended"
        assert "error: b.html: the link c.html leads nowhere" in capsys.readouterr().out


def test_a_page_that_was_only_written_anew_is_not_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr(check_browser, "browser", lambda: "a browser")
    opened = []
    monkeypatch.setattr(check_browser, "faults", lambda html, names, browser: opened.append(names) or [])
    page = PAGE.replace("HERE_STYLE", "")
    head = '<meta name="docbuild:last-update" content="DAY"/><script src="_static/x.jsSUM"></script>'
    text = f"{head}<p>It cost $5?v=1.</p><footer>\n  Last updated on DAY.\n</footer>"
    old = {"DAY": "Nov 28, 2026", "SUM": ""}
    write(tmp_path / "_static" / "x.js", "1")
    for changed, expected in (
        (old, [["page.html"]]),
        ({"DAY": "Nov 29, 2026", "SUM": "?v=8cd3d715"}, []),
        (old | {"$5": "$6"}, [["page.html"]]),
        (old | {"?v=1": "?v=2"}, [["page.html"]]),
    ):
        body = text
        for name, value in changed.items():
            body = body.replace(name, value)
        write(tmp_path / "page.html", page.replace("HERE", body))
        opened.clear()
        assert check.check(tmp_path, tmp_path / "checked.json").faults == [] and opened == expected, changed
    opened.clear()
    write(tmp_path / "_static" / "x.js", "2")
    check.check(tmp_path, tmp_path / "checked.json")
    assert opened == [["page.html"]], "a script counts for every page that may load it"


def test_a_browser_that_was_not_there_before_opens_every_page(tmp_path, monkeypatch):
    found, opened = [None], []
    monkeypatch.setattr(check_browser, "browser", lambda: found[0])
    monkeypatch.setattr(check_browser, "faults", lambda html, names, browser: opened.append(names) or [])

    def looked(**changed) -> list[str]:
        for name, text in changed.items():
            write(tmp_path / f"{name}.html", PAGE.replace("HERE_STYLE", "").replace("HERE", text))
        opened.clear()
        assert check.report(check.check(tmp_path, tmp_path / "checked.json")) == 0
        return sum(opened, [])

    assert looked(a="old", b="old") == []
    found[0] = "a browser"
    assert looked(a="new") == ["a.html", "b.html"] and looked() == [] and looked(b="new") == ["b.html"]
    found[0] = "another one"
    assert looked() == ["a.html", "b.html"]
