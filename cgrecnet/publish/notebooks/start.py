"""What the first cell of a downloaded notebook calls, so that it runs in any folder."""

import os
from pathlib import Path

#: Where an installed package has the records that the book shows; setup.py puts them there.
CARRIED_RECORDS = Path(__file__).resolve().parents[2] / "carried" / "results"


def start(page: str) -> None:
    """Let `cgrecnet.paths` find the carried records, and have cells show plain Markdown in place of the book's.

    page: the chapter's name, such as `book/2_data/splits`. Call it before any other part of the package is imported.
    """
    if CARRIED_RECORDS.is_dir():
        os.environ.setdefault("CGRECNET_RESULTS", str(CARRIED_RECORDS))

    from IPython import get_ipython
    from IPython.display import Markdown

    from cgrecnet.publish.notebooks.plain import Reader

    reader = Reader(page, strict=False)
    shell = get_ipython()
    if shell is not None:
        shown = shell.display_formatter.formatters["text/markdown"]
        shown.for_type(Markdown, lambda text: reader.plain(text.data))
