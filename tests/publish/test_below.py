"""A cell that draws a figure and shows its provenance: on the page the block stands below the caption, once."""

import json

from nbformat import v4

from cgrecnet.publish.below import provenance_below

BLOCK = v4.new_output("execute_result", {"text/html": '<aside class="provenance">20 runs</aside>'}, execution_count=1)
PICTURE = v4.new_output("display_data", {"image/png": "aGk="})
FIGURE = {"mystnb": {"figure": {"name": "fig-a", "caption": "Cells differ."}}}


def staged(*cells):
    return json.loads(provenance_below(json.dumps(v4.new_notebook(cells=list(cells)))))["cells"]


def test_the_block_of_a_figure_moves_below_it_without_its_caption_or_code():
    drawn = v4.new_code_cell("draw()\nprovenance_of(runs)", metadata=FIGURE, outputs=[PICTURE, BLOCK])
    figure, below = staged(drawn)
    assert figure["outputs"] == [PICTURE] and figure["metadata"] == FIGURE
    assert below["outputs"] == [BLOCK] and "mystnb" not in below["metadata"]
    assert below["metadata"]["tags"] == ["remove-input"] and below["id"] != figure["id"]


def test_other_cells_stay_as_they_are():
    table = v4.new_code_cell("table()", outputs=[v4.new_output("display_data", {"text/markdown": "| a |"}), BLOCK])
    plain = v4.new_code_cell("draw()", metadata=FIGURE, outputs=[PICTURE])
    assert staged(table, plain) == [table, plain]
