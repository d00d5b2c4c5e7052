"""The weekly look at addresses: which are asked, and what counts as gone."""

from types import SimpleNamespace

import requests

from cgrecnet.publish import links
from cgrecnet.publish.layout import Layout


def test_what_does_not_answer_is_named_with_its_places(tmp_path):
    files = {
        "_toc.yml": "format: jb-book\nroot: book/index\nchapters: [{file: book/appendix/execution}]\n",
        "book/index.md": "# A\n[one](https://a.example.net/x). See https://b.example.net/, and http://127.0.0.1:1/.\n",
        "README.md": "https://b.example.net/ and <https://c.example.net/y>",
        "CONTRIBUTING.md": "",
        "references.bib": "@article{k, doi = {10.1/abc}}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf8")
    answers = {"https://a.example.net/x": 404, "https://c.example.net/y": 403, "https://doi.org/10.1/abc": 200}

    def ask(address, **_):
        if address not in answers:
            raise requests.ConnectionError
        return SimpleNamespace(ok=answers[address] < 400, status_code=answers[address])

    assert links.dead_links(Layout(tmp_path), ask) == [
        "https://a.example.net/x: status 404 (in book/index.md)",
        "https://b.example.net/: ConnectionError (in book/index.md, README.md)",
    ]
