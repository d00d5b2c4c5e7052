"""The built pages: complete, with their sources for download, and never green after a warning."""

import errno
import json
import os
import re

import pytest
from minibook import make_book, set_pages, write

from cgrecnet.publish import __main__, check_static, html, stage
from cgrecnet.publish.layout import Layout


def build(root, look=False):
    return __main__.main(["build", "--root", str(root), "--jobs", "2", *([] if look else ["--no-check"])])


@pytest.fixture(scope="module")
def built(executed):
    layout, _ = executed
    assert build(layout.root) == 0
    return layout


def test_the_pages_are_there(built):
    for name in ("index", "book/index", "book/one", "book/two", "book/appendix/execution"):
        assert (built.html / f"{name}.html").is_file()


def test_the_page_at_the_root_has_a_title_a_language_and_a_link(built):
    text = (built.html / "index.html").read_text("utf8")
    assert '<html lang="en">' in text and re.search(r"<title>.+</title>", text)
    assert check_static.is_redirect(built.html / "index.html") and '<a href="book/index.html">' in text


def test_no_fault_in_the_text_of_the_pages(built):
    assert check_static.faults(built.html, check_static.pages_in(built.html)) == []


def test_the_executed_notebook_and_the_script_are_offered(built):
    text = (built.html / "book" / "two.html").read_text("utf8")
    assert text.count('href="../_sources/book/two.ipynb"') == 2, "in the header's menu and at the foot"
    assert text.count('href="../_sources/book/two.py"') == 2
    assert (built.html / "_sources/book/two.py").read_text() == (built.book / "two.py").read_text()
    notebook = json.loads((built.html / "_sources/book/two.ipynb").read_text("utf8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert notebook["metadata"]["cgrecnet"]["cells"]
    student = json.loads((built.html / "_sources/student/book/two.ipynb").read_text("utf8"))
    for made in (notebook, student):
        assert made["cells"][1]["metadata"]["tags"] == ["install"], "as Jupyter shows it, and not as Sphinx copied it"


def test_mathjax_comes_with_the_book(built):
    assert '_static/mathjax/tex-chtml.js' in (built.html / "book" / "one.html").read_text("utf8")
    assert (built.html / "_static/mathjax/tex-chtml.js").stat().st_size > 1e5
    assert list((built.html / "_static/mathjax/output/chtml/fonts").rglob("*.woff"))


def test_the_status_page_shows_each_run(built):
    text = (built.stage / "book/appendix/execution.md").read_text("utf8")
    expected = ["## One", "## Two", "`book/one.py`", "`results/first/run.json`", "numpy"]
    for part in expected:
        assert part in text
    assert re.search(r"3: <data>[1-9]\.\d</data> s, `time\.sleep\(1\.5\)`", text)


def test_nothing_changed_builds_nothing(built, capsys):
    page = built.html / "book" / "one.html"
    before = page.stat().st_mtime_ns
    assert build(built.root) == 0
    assert page.stat().st_mtime_ns == before
    out = capsys.readouterr().out
    assert "no chapter to execute" in out and "pages (nothing changed)" in out


def test_of_all_pages_only_the_edited_one_is_opened(built, monkeypatch):
    opened = []
    monkeypatch.setattr("cgrecnet.publish.check_browser.browser", lambda: "a browser")
    look = lambda html, names, browser: opened.append(sorted(names)) or []  # noqa: E731
    monkeypatch.setattr("cgrecnet.publish.check_browser.faults", look)
    assert build(built.root, look=True) == 0
    index = built.book / "index.md"
    text = index.read_text()
    index.write_text(text.replace("See", "Do see"))
    assert build(built.root, look=True) == 0
    index.write_text(text)
    assert opened[1:] == [["book/index.html"]] and {"book/one.html", "book/index.html"} < set(opened[0])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_nothing_is_one_sentence(tmp_path, monkeypatch, capsys, number):
    def refuse(layout):
        raise OSError(number, os.strerror(number), str(layout.stage))

    root = make_book(tmp_path)
    write(root / "book" / "index.md", "# Home\n")
    set_pages(root)
    monkeypatch.setattr(stage, "stage", refuse)
    assert build(root) == 1
    (line,) = capsys.readouterr().err.splitlines()
    what = f"{Layout(root).stage}: {os.strerror(number)}"
    assert line == f"error: {what}; give room or the right to write, then build again."


@pytest.mark.slow
def test_a_deleted_page_comes_back_and_a_removed_chapter_goes(built):
    (built.html / "book" / "one.html").unlink()
    assert build(built.root) == 0
    assert (built.html / "book" / "one.html").is_file()
    index = (built.book / "index.md").read_text()
    write(built.book / "index.md", "# Home\n\nSee [one](one.py).\n")
    set_pages(built.root, "one")
    assert build(built.root) == 0
    assert not list(built.html.glob("book/two.*")) + list(built.html.glob("_sources/book/two.*"))
    assert not (built.executed / "book" / "two.ipynb").exists()
    write(built.book / "index.md", index)


def test_a_warning_fails_twice_and_the_repair_succeeds(tmp_path, capsys):
    root = make_book(tmp_path)
    set_pages(root, "plain")
    write(root / "book" / "plain.md", "# Plain\n\nNothing here.\n")
    write(root / "book" / "index.md", "# Home\n\nSee [a page](nowhere.md).\n")
    for _ in range(2):
        assert build(root) == 1
        captured = capsys.readouterr()
        assert "book/index.md" in captured.err and "nowhere" in captured.err
    write(root / "book" / "index.md", "# Home\n\nAll is well.\n")
    assert build(root) == 0
    assert Layout(root).html.is_dir()


def test_a_killed_jupyter_book_is_not_told_as_a_warning(tmp_path, monkeypatch):
    victim = write(tmp_path / "python", "#!/bin/sh\necho reading sources\nkill -9 $$\n")
    victim.chmod(0o755)
    monkeypatch.setattr(html.sys, "executable", str(victim))
    with pytest.raises(html.HtmlFailed, match="reading sources") as caught:
        html.build(Layout(tmp_path))
    assert caught.value.why.startswith("Jupyter Book was killed by signal 9")


def test_a_check_without_a_book_says_so(tmp_path, capsys):
    root = make_book(tmp_path)
    assert __main__.main(["check", "--root", str(root)]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: ") and "there is no book" in complaint and complaint.count("\n") == 1
