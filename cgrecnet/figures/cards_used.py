"""Which graphics cards made records of this project: sentences on GPUs follow the records."""

from __future__ import annotations

import json
from pathlib import Path

from cgrecnet.paths import RESULTS

#: Where runs, studies of heat maps and benchmarks leave their records, below the results.
_PLACES = ("*/*/run.json", "*/explain.json", "*/*/explain.json", "bench-*/*.json")


def cards_used(results: Path = RESULTS) -> list[str]:
    """Names of the graphics cards that the records name, sorted; empty where none did anything."""
    found = set()
    for place in _PLACES:
        for path in Path(results).glob(place):
            values = json.loads(path.read_text(encoding="utf-8"))
            hardware = values.get("hardware") if isinstance(values, dict) else None
            if isinstance(hardware, dict) and hardware.get("gpu"):
                found.add(hardware["gpu"])
    return sorted(found)


def repeat_text(cards: list[str]) -> str:
    """What is known here of repeating a run on a GPU, in a sentence."""
    if not cards:
        return (
            "No GPU has run this project's code, so what follows is from the documentation and from others' "
            "measurements."
        )
    return (
        f"Some records of this project were made on a GPU ({', '.join(cards)}), but how far repeated runs lie apart "
        "there was not measured; what follows is from the documentation and from others' measurements."
    )


def card_row(cards: list[str]) -> tuple[str, str, str]:
    """The row of the limitations on graphics cards: the limit, what it touches, what would lift it."""
    return (
        f"Only some records are of a graphics card ({', '.join(cards)})." if cards
        else "A graphics card was not at hand.",
        "Sizes, epochs and seeds of all runs; the cost of the paper's protocol is computed, or measured on a CPU.",
        "Any card: the sweeps are the same files with other sizes.",
    )  # fmt: skip
