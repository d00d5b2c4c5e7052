"""A model's card, in Markdown."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cgrecnet.data.base import kind_of_cells
from cgrecnet.evaluation.counts import wilson
from cgrecnet.predict.folder import Model
from cgrecnet.predict.uncertainty import ASSUMPTION, cells_needed
from cgrecnet.predict.unlike import RATE

#: What cards and pages say.
TEMPLATES = Path(__file__).with_name("templates")


def model_card(model: Model, audit: Mapping) -> str:
    """What the model is, what it was trained on, how good it is, what it must not be used for."""
    asked = model.measured["coverage_asked"]
    return markdown(
        "model_card.md",
        model=model,
        data=model.data,
        kind=kind_of_cells(model.data["name"], model.data["simulated"]),
        measured=model.measured,
        test=model.measured["test"],
        audit=audit,
        assumption=ASSUMPTION,
        needed=cells_needed(asked),
        few=never_ruled_out(model, asked),
        flag=flag_sentence(model),
        rate=RATE,
    )


def never_ruled_out(model: Model, coverage: float) -> dict[str, int]:
    """Calibration cells of the classes that have too few of them ever to be left out of a set at this coverage."""
    needed = cells_needed(coverage)
    return {name: n for name, n in zip(model.classes, model.calibration_cells, strict=True) if n < needed}


def markdown(template: str, **values) -> str:
    """A template of `templates/` filled with the values, as they are."""
    return _TEXTS.get_template(template).render(values)


def flag_sentence(model: Model) -> str | None:
    """How often the flag is up on the half of the test cells that judges, and what that means; no full stop.

    None where no cell judges.
    """
    return SENTENCES.flag(model) if model.measured["flagged"]["n"] else None


def plain(text: str) -> str:
    """Text that cannot be taken for Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$~" else " " if c in "\r\n" else c for c in str(text))


_TEXTS = Environment(loader=FileSystemLoader(TEMPLATES), keep_trailing_newline=True, undefined=StrictUndefined)
_TEXTS.filters["plain"], _TEXTS.globals["wilson"] = plain, wilson
#: The macros of `sentences.txt`, each of which gives lines of text.
SENTENCES = _TEXTS.overlay(trim_blocks=True, lstrip_blocks=True).get_template("sentences.txt").module
