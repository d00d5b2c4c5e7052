"""A bar for a person who waits: fed by the small file that a run keeps up to date."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

#: Seconds between two looks at the file.
EVERY = 0.5


@contextmanager
def progress_bar(path: Path, shown: bool) -> Iterator[None]:
    """While the block runs, draw on stderr what `path` says: steps, time left, cells/s, loss, validation F1."""
    if not shown:
        yield
        return
    end = threading.Event()
    watcher = threading.Thread(target=_watch, args=(path, end), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        end.set()
        watcher.join()


def _watch(path: Path, end: threading.Event) -> None:
    with tqdm(unit="step", leave=False, file=sys.stderr, dynamic_ncols=True) as drawn:
        while not end.wait(EVERY):
            try:
                state = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            drawn.total = state["total"]
            drawn.set_postfix_str(_words(state))
            if not drawn.n:
                drawn.initial = state["done"]  # a resumed run: the rate counts from here
            drawn.update(state["done"] - drawn.n)


def _words(state: dict) -> str:
    f1 = state.get("validation_macro_f1")
    return f"{state['cells_per_second']:.0f} cells/s, loss {state['loss']:.3f}" + (
        f", validation F1 {f1:.3f}" if f1 is not None else ""
    )
