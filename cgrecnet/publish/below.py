"""Provenance below its caption: a cell may draw a figure and say where it comes from.

MyST-NB makes a figure, with number and caption, of every output of a cell that has a caption. So a block of provenance
moves into a cell of its own below the figure.
"""

import json
from collections.abc import Iterator
from typing import Any

#: What every block of provenance holds.
BLOCK = 'class="provenance"'

#: Of the new cell; it is not shown, but MyST-NB drops a cell without any.
SOURCE = ["# provenance"]


def provenance_below(text: str) -> str:
    """The text of an executed notebook in which no block of provenance belongs to a figure's cell."""
    if "provenance" not in text:
        return text
    content = json.loads(text)
    content["cells"] = [part for cell in content["cells"] for part in _apart(cell)]
    return json.dumps(content, indent=1, ensure_ascii=False)


def _apart(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cell itself, or the figure's and below it one for its blocks."""
    if "figure" not in cell["metadata"].get("mystnb", {}):
        yield cell
        return
    blocks = [out for out in cell.get("outputs", []) if BLOCK in "".join(out.get("data", {}).get("text/html", ""))]
    yield cell | {"outputs": [out for out in cell.get("outputs", []) if out not in blocks]}
    if blocks:
        own = {"cell_type": "code", "execution_count": None, "metadata": {"tags": ["remove-input"]}, "source": SOURCE}
        own |= {"id": f"{cell['id']}-below"} if "id" in cell else {}
        yield own | {"outputs": blocks}
