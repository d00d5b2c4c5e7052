"""A term of the glossary becomes a link where a page first uses it, in running prose alone."""

from pathlib import Path
from types import SimpleNamespace

from docutils import nodes
from sphinx.addnodes import pending_xref

from cgrecnet.publish import sphinx_ext as terms

GLOSSARY = ":::{glossary}\nrandom split\n  One.\n\nfold\n  Two.\n:::\n\n- no term\n"


def page(tmp_path, *children) -> list[str]:
    source = tmp_path / f"{terms.GLOSSARY}.md"
    source.parent.mkdir(parents=True)
    source.write_text(GLOSSARY)
    noted: list[str] = []
    env = SimpleNamespace(docname="book/x", note_dependency=noted.append)
    document = nodes.section("", *children)
    terms.link_first_uses(SimpleNamespace(srcdir=tmp_path, env=env), document)
    assert noted == [str(source)]
    assert "".join(child.astext() for child in document) == "".join(child.astext() for child in children)
    return [f"{link.astext()} -> {link['reftarget']}" for link in document.findall(pending_xref)]


def test_the_first_use_in_prose_is_linked_and_no_other(tmp_path):
    title = nodes.title("", "Folds")
    prose = nodes.paragraph("", "", nodes.literal("", "fold"), nodes.Text(" unfold Random splits, five folds, a fold."))
    more = nodes.paragraph("", "Another fold.")
    assert page(tmp_path, title, prose, more) == ["Random splits -> random split", "folds -> fold"]


def test_what_a_cell_put_out_is_left_alone(tmp_path):
    output = nodes.container("", nodes.paragraph("", "one fold"), classes=["cell_output", "output"])
    assert page(tmp_path, output) == []


def test_the_glossary_of_the_book_defines_each_term_once():
    source = (Path(__file__).parents[2] / f"{terms.GLOSSARY}.md").read_text("utf8")
    found = terms.terms_in(source)
    assert len(found) > 40 and len({term.lower() for term in found}) == len(found)
