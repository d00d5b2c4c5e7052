"""A model's card, in Markdown."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cgrecnet.evaluation.counts import wilson
from cgrecnet.predict.folder import Model
from cgrecnet.predict.uncertainty import ASSUMPTION, cells_needed
from cgrecnet.predict.unlike import RATE

#: What cards and pages say.
TEMPLATES = Path(__file__).with_name("templates")


def model_card(model: Model, audit: Mapping) -> str:
    """What the model is, what it was trained on, how good it is, what it must not be used for."""
    needed = cells_needed(model.measured["coverage_asked"])
    return markdown(
        "model_card.md",
        model=model,
        data=model.data,
        measured=model.measured,
        test=model.measured["test"],
        audit=audit,
        assumption=ASSUMPTION,
        needed=needed,
        few=[(name, n) for name, n in zip(model.classes, model.calibration_cells, strict=True) if n < needed],
        flag=flag_words(model),
        rate=RATE,
    )


def markdown(template: str, **values) -> str:
    """A template of `templates/` filled with the values, as they are."""
    texts = Environment(loader=FileSystemLoader(TEMPLATES), keep_trailing_newline=True, undefined=StrictUndefined)
    texts.filters["plain"] = plain
    return texts.get_template(template).render(values)


def flag_words(model: Model) -> str | None:
    """How often the flag is up on the half of the test cells that judges, and what that means; no full stop.

    None where no cell judges.
    """
    found = model.measured["flagged"]
    if not found["n"]:
        return None
    low, high = wilson(found["any"], found["n"])
    text = (
        f"The flag `unlike` is up for {found['any']} of the {found['n']} test cells that judge "
        f"({found['any'] / found['n']:.1%}, 95 % interval {low:.1%} to {high:.1%})"
    )
    grouped, apart = model.split["kind"].startswith("grouped"), found.get("by") == "group"
    if apart:
        low, high = found["shares"]
        text += f", {low:.1%} to {high:.1%} by acquisition; none of their {found['groups']} acquisitions set its limits"
    if grouped and apart:
        return f"{text} or was trained on"
    if grouped:
        return f"{text}; their acquisitions were not trained on, but other cells of these set its limits"
    why = "their acquisitions were trained on" if apart else "they come from where the training cells do"
    return f"{text}, wrongly, since {why}; held-out acquisitions may differ more"


def plain(text: str) -> str:
    """Text that cannot be taken for Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$~" else " " if c in "\r\n" else c for c in str(text))
