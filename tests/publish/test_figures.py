"""A figure without its data: drawn all the same it fails the build, left out it leaves no caption, number or reference.

This is what a newcomer meets who has none of the data that a page can show. A figure that is drawn has its block of
provenance below its caption, once.
"""

import json

import pytest
from minibook import make_book, set_pages, write_script
from nbformat import v4

from cgrecnet.publish import __main__, stage
from cgrecnet.publish.layout import Layout

FIGURE = (
    'mystnb={"image": {"alt": "Eight cells of each stage."}, '
    '"figure": {"name": "fig-NAME", "caption": "Cells differ."}}'
)
#: What a page did where its cells were not there: a picture of words under the caption of the cells, and no provenance.
FAULT = f"""\
# %% [markdown]
# # Planted
#
# {{numref}}`fig-planted` shows cells.

# %% {FIGURE.replace("NAME", "planted")}
from pathlib import Path

import matplotlib.pyplot as plt

figure, axes = plt.subplots()
if Path("cells").exists():
    axes.plot([1, 2])
else:
    axes.text(0.5, 0.5, "Not shown. The images are not on this machine.")
plt.show()

# %%
print("The images are not on this machine.")
"""
HONEST = f"""\
# %% [markdown]
# # Honest
#
# {{numref}}`fig-honest` shows cells, and so does {{numref}}`Picture %s <fig-honest>`.

# %% tags=["remove-input"] {FIGURE.replace("NAME", "honest")}
from IPython.display import HTML, display

display(HTML('<p class="not-shown">Not shown. The images are not on this machine.</p>'))

# %% [markdown]
# {{numref}}`fig-drawn` is another one.

# %% tags=["computed"] {FIGURE.replace("NAME", "drawn")}
import matplotlib.pyplot as plt

plt.plot([1, 2])
plt.show()
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Layout, exit status and what was told by a build of both chapters in one process."""
    root = make_book(tmp_path_factory.mktemp("absent") / "book")
    (root / "book" / "index.md").write_text("# Home\n\nSee {numref}`fig-honest`.\n")
    write_script(root / "book" / "planted.py", FAULT)
    write_script(root / "book" / "honest.py", HONEST)
    set_pages(root, "planted", "honest")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CGRECNET_DATA", "CGRECNET_WEIGHTS"):
            patch.delenv(name, raising=False)
        patch.setattr(__main__.check_browser, "browser", lambda: None)
        told = Stream()
        patch.setattr("sys.stderr", told)
        patch.setattr("sys.stdout", told)
        status = __main__.main(["build", "--root", str(root), "--jobs", "1"])
    return Layout(root), status, told.text


class Stream:
    """Both streams of a command in one, as in a file."""

    text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def test_a_figure_drawn_without_its_data_fails_the_build_with_the_name_of_its_chapter(build):
    _, status, told = build
    assert status == 1
    errors = [line for line in told.splitlines() if line.startswith("error: ")]
    assert errors[0].startswith("error: book/planted.py: fig-planted has no provenance") and len(errors) == 2
    assert "book/honest.py" not in " ".join(errors)


def test_the_last_line_says_what_failed_and_what_to_do(build):
    last = build[2].splitlines()[-1]
    assert last.startswith("error: 1 fault in book/planted.py: ") and "run make book again" in last


def test_a_figure_that_is_left_out_leaves_its_reason_and_nothing_else(build):
    page = (build[0].html / "book" / "honest.html").read_text("utf8")
    assert page.count("Not shown. The images are not on this machine.") == 1
    assert page.count("<figcaption>") == page.count("Eight cells of each stage.") == 1, "that of the other figure"
    assert page.count("Figure (not shown)") == 2 and 'id="fig-honest"' not in page and 'id="fig-drawn"' in page
    assert "See Figure (not shown)." in (build[0].html / "book" / "index.html").read_text("utf8")


BLOCK = v4.new_output("execute_result", {"text/html": '<aside class="provenance">20 runs</aside>'}, execution_count=1)
PICTURE = v4.new_output("display_data", {"image/png": "aGk="})
DRAWN = {"mystnb": {"figure": {"name": "fig-a", "caption": "Cells differ."}}}


def staged(*cells):
    text = json.dumps(v4.new_notebook(cells=list(cells)))
    return json.loads(stage.placed({"x.ipynb": text})["x.ipynb"])["cells"]


def test_the_block_of_a_figure_moves_below_it_without_its_caption_or_code():
    drawn = v4.new_code_cell("draw()\nprovenance_of(runs)", metadata=DRAWN, outputs=[PICTURE, BLOCK])
    figure, below = staged(drawn)
    assert figure["outputs"] == [PICTURE] and figure["metadata"] == DRAWN
    assert below["outputs"] == [BLOCK] and "mystnb" not in below["metadata"]
    assert below["metadata"]["tags"] == ["remove-input"] and below["id"] != figure["id"]


def test_other_cells_stay_as_they_are():
    table = v4.new_code_cell("table()", outputs=[v4.new_output("display_data", {"text/markdown": "| a |"}), BLOCK])
    plain = v4.new_code_cell("draw()", metadata=DRAWN, outputs=[PICTURE])
    assert staged(table, plain) == [table, plain]
