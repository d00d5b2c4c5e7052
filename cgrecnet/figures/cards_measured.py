"""Which graphics cards were measured in this project: sentences on GPUs follow the records of `cgrecnet bench`."""

from __future__ import annotations

import json
from pathlib import Path

from cgrecnet.paths import RESULTS


def cards_measured(results: Path = RESULTS) -> list[str]:
    """Names of the graphics cards in the records of benchmarks, sorted; empty where none was measured."""
    found = set()
    for path in Path(results).glob("bench-*/*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        hardware = values.get("hardware") if isinstance(values, dict) else None
        if isinstance(hardware, dict) and hardware.get("gpu"):
            found.add(hardware["gpu"])
    return sorted(found)


def repeat_text(cards: list[str]) -> str:
    """What is known here of repeating a run on a GPU, in a sentence."""
    named = ", ".join(cards)
    what = f"measured speed on a GPU ({named}), but not how far repeated runs lie apart there" if cards else ""
    return (
        f"This project has {what or 'measured nothing on a GPU'}, so what follows is from the documentation and from "
        "others' measurements."
    )


def card_row(cards: list[str]) -> tuple[str, str, str]:
    """The row of the limitations on graphics cards: the limit, what it touches, what would lift it."""
    return (
        f"A graphics card was at hand for measurements of speed only ({', '.join(cards)})." if cards
        else "There are no measurements on a graphics card.",
        "Sizes, epochs and seeds of all runs; the cost of the paper's protocol is computed, or measured on a CPU.",
        "Any card: the sweeps are the same files with other sizes.",
    )  # fmt: skip
