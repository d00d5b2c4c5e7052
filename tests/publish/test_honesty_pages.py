"""What an executed chapter must show: provenance under figures, n beside means, and every record that it read."""

import json

import pytest
from minibook import set_pages, write, write_script

from cgrecnet.publish import __main__, dependencies
from cgrecnet.publish.honesty import check, shown
from cgrecnet.publish.layout import Layout

BLOCK = '<aside class="provenance" data-runs="{runs}" data-sets="{sets}"{more}><dl></dl></aside>'


def text(source):
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def code(source="x", tags=(), figure=None, count=1, **data):
    metadata = {"tags": list(tags)} | ({"mystnb": {"figure": figure}} if figure else {})
    outputs = [{"output_type": "display_data", "data": data}] if data else []
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": outputs, "execution_count": count}


def picture(**settings):
    return code(**settings, **{"image/png": "iVBOR"})


def block(runs="", sets="jurkat", more="", **settings):
    return code(**settings, **{"text/html": BLOCK.format(runs=runs, sets=sets, more=more)})


def markdown(text):
    return code(**{"text/markdown": text})


# --- figures ---


def test_a_figure_needs_a_block_in_its_section():
    figure = picture(figure={"name": "fig-a"})
    assert list(shown.unsourced([figure, text("and on"), block()])) == []
    assert list(shown.unsourced([figure, text("## Next"), block()])) == ["fig-a"]
    assert list(shown.unsourced([text("## One"), figure, text("### Part of it"), block()])) == []
    assert list(shown.unsourced([text("## One\n\n### Part"), figure, text("### Another"), block()])) == ["fig-a"]
    assert list(shown.unsourced([block(), figure])) == ["fig-a"]
    assert list(shown.unsourced([text("# T"), picture()])) == ["the picture of cell 2"]


def test_one_block_serves_the_figures_above_it():
    assert list(shown.unsourced([picture(), picture(), block()])) == []


@pytest.mark.parametrize("tag", ["drawing", "computed"])
def test_a_figure_may_say_that_it_comes_from_the_page_alone(tag):
    assert list(shown.unsourced([picture(tags=[tag])])) == []
    assert list(shown.unsourced([picture(tags=["hide-input"])])) != []


def test_a_block_that_is_hidden_or_only_called_is_none():
    hidden = block(tags=["remove-output"])
    called = code(source="from_records(records);")  # ran, and showed nothing
    assert len(list(shown.unsourced([picture(), hidden, called]))) == 1


def test_before_it_has_run_a_chapter_is_judged_by_its_code():
    cells = [code(figure={"name": "fig-a"}, count=None)]
    assert list(shown.unsourced(cells)) == ["fig-a"]
    assert list(shown.unsourced([*cells, code("from_dataset(cells)", count=None)])) == []


# --- means ---

TABLE = "| model | accuracy (%) |\n|---|---|\n| ours | 91.2 ± 0.3 |\n"


@pytest.mark.parametrize(
    "said",
    [
        TABLE,
        "The difference was 0.4 ± 0.2 points.",
        "Its mean accuracy is high.",
        "The mean over folds is high.",
        "| model | paper |\n|---|---|\n| Baseline | 94.58 ± 0.08 |\n\n" + TABLE,
    ],
)
def test_a_mean_without_n_is_found(said):
    assert len(list(shown.without_n([text("# T"), markdown(said)]))) == 1


@pytest.mark.parametrize("said", ["n = 5.", "Over five folds.", "Means of 3 seeds.", "| n |\n|---|\n| 5 |\n"])
def test_n_may_stand_anywhere_in_the_section(said):
    assert list(shown.without_n([text("# T"), markdown(TABLE), text(said)])) == []
    assert len(list(shown.without_n([text("# T"), markdown(TABLE), text(f"## Next\n\n{said}")]))) == 1


def test_what_is_marked_as_the_papers_is_quoted():
    theirs = "| model | paper: accuracy |\n|---|---|\n| Baseline | 94.58 ± 0.08 |\n"
    row = "| model | accuracy |\n|---|---|\n| Baseline, paper | 94.58 ± 0.08 |\n"
    assert list(shown.without_n([markdown(theirs), markdown(row), markdown("Printed: 94.58 ± 0.08.")])) == []


def test_a_mean_that_is_no_score_is_not_asked_for_its_n():
    assert list(shown.without_n([markdown("This does not mean that the mean grey level matters.")])) == []
    assert list(shown.without_n([text("Take the mean over folds of the mean accuracy.")])) == []  # no number is given


def test_tables_in_html_are_read_as_tables():
    html = "<table><tr><th>model</th><th>accuracy</th></tr><tr><td>ours</td><td>91 ± <b>2</b></td></tr></table>"
    found = shown.sections_of([code(**{"text/html": f"<script>1 ± 2</script>{html}"})])
    assert found[0].tables == [[["model", "accuracy"], ["ours", "91 ± 2"]]] and found[0].shown == []
    assert len(list(shown.without_n([code(**{"text/html": html})]))) == 1


# --- records and data sets ---


def test_every_record_that_was_read_is_in_a_block():
    files = ["results/a/run-1/run.json", "results/a/run-2/run.json", "results/store/bench.json", "cgrecnet/x.py"]
    assert shown.unnamed_records([block("run-1 run-2")], files) == []
    assert shown.unnamed_records([block("run-1"), block("run-2")], files) == []
    assert shown.unnamed_records([block("run-1")], files) == ["run-2"]
    assert shown.unnamed_records([block("run-1 run-2", tags=["remove-cell"])], files) == ["run-1", "run-2"]


def test_a_block_of_several_data_sets_says_that_they_stand_side_by_side():
    mixed, declared = block(sets="cytometer jurkat"), block(sets="a b", more=' data-side-by-side="yes"')
    assert list(shown.mixtures([mixed, declared, block()])) == ["cytometer and jurkat"]


def test_the_blocks_are_those_that_the_book_makes(tmp_path):
    from cgrecnet.figures.provenance import Provenance

    made = Provenance((("Data", "<two>"),), ("run-1", "run-2"), ("jurkat", "zhu"), side_by_side=True)
    cells = [code(**{"text/html": made._repr_html_()})]
    (block,) = shown.blocks_of(cells)
    assert shown.named_in(block, "runs") == {"run-1", "run-2"}
    assert shown.named_in(block, "sets") == {"jurkat", "zhu"} and list(shown.mixtures(cells)) == []


# --- the whole ---


@pytest.fixture
def executed(tmp_path):
    """A book of one chapter whose executed notebook has every fault once."""
    write(tmp_path / "book" / "index.md", "# Home\n")
    write_script(tmp_path / "book" / "one.py", "# %% [markdown]\n# # One\n\n# %%\nprint()\n")
    set_pages(tmp_path, "one")
    layout = Layout(tmp_path)
    cells = [text("# One"), picture(), markdown(TABLE), text("## Two"), block(sets="a b")]
    write(tmp_path / "results" / "a" / "run-1" / "run.json", "{}")
    depends_on = {"files": ["results/a/run-1/run.json"], "folders": [], "probes": []}
    fingerprint = dependencies.fingerprint(layout.chapters[1], depends_on, layout)
    record = {"depends_on": depends_on, "fingerprint": fingerprint}
    path = write(layout.executed / "book" / "one.ipynb", "")
    path.write_text(json.dumps({"cells": cells, "metadata": {"cgrecnet": record}}), "utf8")
    return layout


def test_each_fault_is_one_sentence_with_its_chapter(executed):
    faults = check.executed(executed, executed.chapters)
    assert {fault.page for fault in faults} == {"book/one.py"}
    for fault, words in zip(
        faults, ("has no provenance", "a mean and no n", "block names a and b", "(run-1)"), strict=True
    ):
        assert words in fault.text and "\n" not in fault.text


def test_a_chapter_that_changed_since_it_ran_is_judged_by_its_source(executed):
    with (executed.root / "book" / "one.py").open("a") as source:
        source.write("# Changed.\n")
    assert check.executed(executed, executed.chapters) == []
    assert len(check.executed(executed, executed.chapters, built=True)) == 4  # the page is of the notebook


def test_the_command_prints_the_faults_and_fails(executed, capsys):
    assert __main__.main(["honesty", "--root", str(executed.root)]) == 1
    told = capsys.readouterr()
    assert told.err.count("error: book/one.py: ") == 4 and "honesty: 4 faults" in told.out
    assert __main__.main(["honesty", "--root", str(executed.root), str(executed.root / "book" / "index.md")]) == 0
    assert __main__.main(["honesty", "--root", str(executed.root), "nowhere.py"]) == 1
    assert "nowhere.py is no chapter" in capsys.readouterr().err


def test_a_build_fails_for_a_fault_of_honesty_alone(executed, monkeypatch, capsys):
    monkeypatch.setattr(__main__.schedule, "execute_stale", lambda *_: [])
    monkeypatch.setattr(__main__.stage, "stage", lambda _: None)
    monkeypatch.setattr(__main__.html, "build", lambda *_: False)
    monkeypatch.setattr(__main__.check, "check", lambda *_, **__: __main__.check.Report())
    assert __main__.build(executed, 1, 10) == 1
    assert "block names a and b" in capsys.readouterr().err
    executed.executed_notebook(executed.chapters[1]).unlink()
    assert __main__.build(executed, 1, 10) == 0
