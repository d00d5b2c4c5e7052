"""Chapters as notebooks: plain Markdown, and exercises without their solutions."""

import re
from pathlib import Path

import pytest
from nbformat import v4

from cgrecnet.errors import ConfigError
from cgrecnet.publish import notebook
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.notebooks import export
from cgrecnet.publish.notebooks.exercises import check_of, notes_of, without_solutions
from cgrecnet.publish.notebooks.plain import Index, Reader, Target

LAYOUT = Layout(Path(__file__).parents[2])
CHAPTERS = [chapter for chapter in LAYOUT.chapters if chapter.is_script]
MYST = re.compile(
    r"\{[a-z][\w:+-]*\}`|^\s*(?:`{3,}|:{3,})\s*\{|^\([\w-]+\)=|\$\$ *\([\w-]+\)|^:\w[\w-]*:", re.MULTILINE
)


@pytest.fixture(scope="module")
def index():
    return export.index_of(LAYOUT)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_becomes_plain_markdown_and_keeps_its_solutions_apart(chapter, index):
    source = notebook.read(chapter)
    whole = export.plain_notebook(chapter.name, source, index)
    student = export.plain_notebook(chapter.name, source, index, solutions=False)
    for made in (whole, student):
        texts = [re.sub(r"^```.*?^```", "", cell.source, flags=re.M | re.S) for cell in made.cells if is_text(cell)]
        assert "pip install" in texts[0] and made.cells[1].metadata.tags == ["install"]
        assert not [found[0] for text in texts for found in MYST.finditer(text)]
        linked = [link for text in texts for link in re.findall(r"\]\(([^):]+\.ipynb)", text)]
        here = (LAYOUT.root / chapter.name).parent
        assert not [link for link in linked if not (here / link).with_suffix(".py").resolve().is_file()]
    exercises = sum(cell.source.count("{solution}") for cell in source.cells if is_text(cell))
    assert [cell.source.startswith("### Exercise") for cell in student.cells].count(True) <= exercises
    assert sum("answer" in cell.metadata.get("tags", []) for cell in student.cells) == exercises
    assert not [cell for cell in student.cells if is_text(cell) and "<summary>Solution of" in cell.source]
    assert sum(cell.source.count("<summary>Solution of") for cell in whole.cells if is_text(cell)) == exercises


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_an_answer_cell_says_what_each_name_has_to_hold(chapter):
    cells = without_solutions(notebook.read(chapter).cells)
    answers = [cell.source for cell in cells if "answer" in cell.metadata.get("tags", [])]
    unsaid = [line for source in answers for line in source.splitlines() if line.endswith(" = ...")]
    assert unsaid == [], "write a comment behind the line of the solution that assigns it"


def is_text(cell) -> bool:
    return cell.cell_type == "markdown"


def test_roles_and_directives_become_what_jupyter_shows():
    index = Index(
        titles={"book/a/x": "X", "book/b/y": "Y"},
        notebooks=frozenset({"book/a/x", "book/b/y"}),
        targets={
            "eq-one": Target("book/a/x", "(1)"),
            "fig-y": Target("book/b/y", "Figure 2"),
            "exercise-e": Target("book/a/x", "Exercise 1"),
        },
        literature={"li": "[Li 2026](https://doi.org/1)"},
    )
    text = """(label)=
$$
a
$$ (eq-one)

See {eq}`eq-one`, {numref}`fig-y`, {doc}`../b/y`, {cite}`li`, {term}`folds <fold>`, {glue:text}`gain:+.1f`.

word
: its meaning

```python
x = "{doc}`stays`"
```

:::{note}
Mind.
:::

```{exercise} Do
:label: exercise-e

It.
```

````{solution} exercise-e
:class: dropdown

So.
````
"""
    plain = Reader("book/a/x", index, {"gain": 1.25}).plain(text)
    assert plain == """$$
a
\\tag{1}
$$

See equation (1), Figure 2 of [Y](../b/y.ipynb), [Y](../b/y.ipynb), ([Li 2026](https://doi.org/1)), folds, +1.2.

- word: its meaning

```python
x = "{doc}`stays`"
```

> **Note.**
> Mind.

### Exercise 1: Do

It.

<details><summary>Solution of exercise 1</summary>

So.

</details>"""
    for unknown in ("{colour}`red`", ":::{video} x\n:::", "{doc}`nowhere`"):
        with pytest.raises(ConfigError):
            Reader("book/a/x", index).plain(unknown)


SOLUTION = """\
import math

values = [math.sqrt(n)
          for n in (1, 4)]
total = sum(values)  # one number
print(total)
assert total == 3 and math.isclose(values[1], 2)
"""


def test_an_answer_cell_names_what_the_cells_above_give_it():
    above = v4.new_code_cell("import numpy as np\nfrom cgrecnet.figures.scores import score_of\nruns = other = [1]")
    text = v4.new_markdown_cell("````{solution} exercise-e\nSo.\n````")
    solving = v4.new_code_cell("own = [score_of(x) for x in runs]\nprint(np.mean(own))")
    answer = without_solutions([above, text, solving])[2].source
    assert answer == "# Your answer.\n# From the cells above: score_of, runs.\n"


def test_a_check_is_silent_until_answered_and_then_tells_right_from_wrong(capsys):
    text = v4.new_markdown_cell("```{exercise} E\n```\n\n````{solution} exercise-e\nSo.\n````")
    after = v4.new_code_cell("del folder", metadata={"tags": ["remove-cell"]})
    cells = without_solutions([text, v4.new_code_cell(SOLUTION), after])
    assert [cell.metadata.get("tags") for cell in cells] == [None, ["answer"], ["check"], ["remove-cell"]]
    answer, check = cells[1].source, cells[2].source
    assert answer.endswith("values = ...\ntotal = ...  # one number\n")
    assert "sqrt" not in answer and cells[2].metadata.nbgrader.points == 1
    exec(answer + check, {})
    assert capsys.readouterr().out == "Not answered yet: values total\n"
    exec(f"{SOLUTION}\n{check}", {})
    assert capsys.readouterr().out.endswith("Passed.\n")
    with pytest.raises(AssertionError):
        exec(f"values, total = [1, 2], 4\n{check}", {})


@pytest.mark.parametrize("code", ["a = f(  # words\n    1\n)", "a = f(\n    1\n)  # words", "x, a = f(1)  # words",
                                  "with b:\n    a = '# no'  # words\na = 2  # later"])  # fmt: skip
def test_a_hint_stands_behind_the_first_or_last_line_of_an_assignment(code):
    assert notes_of(code)["a"] == "words"


def test_a_solution_that_asserts_nothing_has_no_check():
    assert check_of("x = 1\nprint(x)") is None and check_of("assert 1 < 2") is None
