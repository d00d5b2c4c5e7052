"""Groups of claims, what would change each verdict, the tiles of the first page, and the book's pages."""

import re

import pytest
import yaml

from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures import verdict_overview
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.pages import COUNTERPARTS, counterpart_rows, link, pages_of_the_book
from cgrecnet.figures.verdict_table import verdicts
from cgrecnet.figures.verdict_tiles import LETTERS, verdict_tiles
from cgrecnet.paths import REPOSITORY


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


@pytest.fixture(scope="module")
def outcomes(paper):
    return verdicts(paper)


def test_every_claim_is_in_one_group(paper):
    names = [name for group in verdict_overview.GROUPS.values() for name in group]
    assert sorted(names) == sorted(paper.claims) and len(set(names)) == len(names)


def test_every_verdict_says_what_would_change_it(paper, outcomes):
    rows = [row for group in verdict_overview.GROUPS for row in verdict_overview.change_rows(paper, outcomes, group)]
    assert len(rows) == len(paper.claims)
    for claim, verdict, change in rows:
        assert change.endswith(".") and len(change) > 30, claim
        assert verdict.split("\n")[0] in list(Verdict)


@pytest.mark.parametrize(
    ("word", "claim", "words"),
    [
        (Verdict.HOLDS, "C10", "A corrected number, or an error found in our check"),
        (Verdict.CONSISTENT_IN_PRINT, "C20", "Runs on the paper's own cells. A paired test"),
        (Verdict.HOLDS_IN_PART, "C21", "What decides the rest, by runs on the paper's own cells: "),
        (Verdict.CANNOT_BE_RECONCILED, "C22", "runs cannot mend printed numbers"),
        (Verdict.CANNOT_BE_RECONCILED, "C13", "code in which the number comes out as printed"),
        (Verdict.CANNOT_BE_TESTED_HERE, "C16", "With a result within the tolerance (± 0.32 %) it would hold"),
        (Verdict.CANNOT_BE_TESTED_HERE, "C35", "a margin has to be set first"),
        (Verdict.NOT_SPECIFIED, "C04", "The authors' code, or a sentence that says which it was"),
    ],
)
def test_the_change_follows_from_verdict_and_claim(paper, word, claim, words):
    assert words in verdict_overview.what_would_change(paper, paper.claims[claim], Outcome(word, "", "A reason."))


def test_the_bars_count_every_claim(outcomes):
    axes = verdict_overview.draw_groups(outcomes).axes[0]
    counts = [int(text.get_text().split()[1]) for text in axes.texts]
    assert sum(counts) == len(outcomes) == sum(bar.get_width() for bar in axes.patches)


def test_without_runs_on_the_papers_cells_the_source_says_so(tmp_path):
    assert verdict_overview.records_of(results=tmp_path) == []
    source = str(verdict_overview.verdict_source(tmp_path))
    assert "no run on the paper's cells is here" in source and "C38" not in source


def test_the_record_that_decides_the_claim_on_memory_is_named(tmp_path, monkeypatch):
    block = verdict_overview.Provenance((("Record", "results/bench-memory/one.json"), ("Code", "has changed since")))
    monkeypatch.setattr(verdict_overview, "memory_record", lambda results: results)
    monkeypatch.setattr(verdict_overview, "bench_provenance", lambda record: block)
    said = dict(verdict_overview.verdict_source(tmp_path).facts)
    assert said["Memory (C38)"] == "results/bench-memory/one.json; code: has changed since" and "Verdicts" in said


def test_tiles_have_a_letter_a_name_and_a_way_to_the_claim(paper, outcomes, tags):
    html = verdict_tiles(paper.claims, outcomes, "x.html").html
    links = tags(html).all("a")
    assert {link["href"] for link in links} == {f"x.html#{name.lower()}" for name in paper.claims}
    assert all(re.match(r".+: (?:holds|consistent|cannot|not)", link["title"]) for link in links)
    assert len(re.findall(r"<b>[A-Z]</b> C\d\d</a>", html)) == len(links) and not re.search("aria-label=.C", html)
    assert len(set(LETTERS.values())) == len(Verdict)
    text = str(verdict_tiles(paper.claims, outcomes, "x"))
    assert len(text.splitlines()) == len(Verdict) and text.count("C16") == 1


def test_tiles_can_be_read(paper, outcomes, tags):
    """Dark letters on the pale colour: a contrast of 4.5 at least, in both modes, since the tile brings its ground."""
    for tile in tags(verdict_tiles(paper.claims, outcomes, "x").html).all("a"):
        parts = [int(tile["style"][-6:][k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (light + 0.05) / (0.0056 + 0.05) > 4.5, tile["title"]


def test_tiles_pass_the_checks_of_pages(paper, outcomes, book_faults):
    tiles = verdict_tiles(paper.claims, outcomes, "#top")
    assert [fault for fault in book_faults(tiles) if "anchor" not in fault.text] == []


def test_links_lead_to_pages_that_there_are(tmp_path):
    toc = {"root": "book/index", "parts": [{"chapters": [{"file": "book/a/b"}]}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    assert pages_of_the_book(tmp_path) == {"index", "a/b"}
    assert link("a/b", root=tmp_path) == "{doc}`/book/a/b`" and link("a/b", "b", tmp_path) == "{doc}`b </book/a/b>`"
    assert link("a/not_here", root=tmp_path) == "not here" and link("a/not_here", "x", tmp_path) == "x"
    assert {"index", "1_question/claims"} <= pages_of_the_book(REPOSITORY)


def test_every_figure_and_table_of_the_paper_has_a_counterpart():
    assert list(COUNTERPARTS) == [f"Figure {n}" for n in range(1, 9)] + [f"Table {n}" for n in range(1, 6)]
    assert len(counterpart_rows()) == 2 + len(COUNTERPARTS)
