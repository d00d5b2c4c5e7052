"""A model's card, in Markdown."""

from collections.abc import Mapping

from cgrecnet.evaluation.counts import wilson
from cgrecnet.predict.folder import Model
from cgrecnet.predict.uncertainty import ASSUMPTION, cells_needed
from cgrecnet.predict.unlike import RATE


def model_card(model: Model, audit: Mapping) -> str:
    """What the model is, what it was trained on, how good it is, what it must not be used for."""
    test, data = model.measured["test"], model.data
    kind = "simulated cells" if data["simulated"] else "real cells"
    lines = [
        f"# Model: {model.config['model']} on {_plain(data['name'])}",
        "",
        f"It names the class of one cell in a grey-level image: {', '.join(map(_plain, model.classes))}.",
        f"{len(model.members)} network(s) (seed {', '.join(str(m.seed) for m in model.members)}); "
        "their probabilities are averaged.",
        "",
        "## Training",
        "",
        f"- Data: {_plain(data['origin'])} {data['cells']:,} {kind}, in {data['groups']} acquisition(s); "
        f"fingerprint `{data['fingerprint'][:12]}`.",
        "- Cells per class: " + ", ".join(f"{_plain(k)} {v:,}" for k, v in data["counts"].items()) + ".",
        f"- Split: {model.split['kind']}, "
        + ", ".join(f"{name} {size:,}" for name, size in model.split["sizes"].items())
        + ".",
        f"- Images: {model.pixels}, {model.heights[0]} to {model.heights[1]} pixels high, {model.widths[0]} to "
        f"{model.widths[1]} wide; grey levels {model.window[0]:g} to {model.window[1]:g} become 0 to 1; "
        f"intensity `{model.intensity}`; the network sees {model.image_size} x {model.image_size}.",
        f"- Temperature {model.temperature:.3f}, fitted on the validation cells.",
        "",
        "## Measured on the test cells",
        "",
        f"- Accuracy {test['accuracy']:.3f}, macro F1 {test['macro']['f1']:.3f} ({test['n']:,} cells).",
        f"- Expected calibration error {model.measured['calibration_error']:.3f} "
        f"({model.measured['calibration_error_before']:.3f} before the temperature).",
        *_coverage(model),
        *_flag(model),
        "",
        "| true \\ called | " + " | ".join(map(_plain, model.classes)) + " |",
        "|---" * (len(model.classes) + 1) + "|",
        *(
            f"| {_plain(name)} | " + " | ".join(map(str, row)) + " |"
            for name, row in zip(model.classes, test["confusion"], strict=True)
        ),
        "",
        "## What could be wrong",
        "",
        *(f"- {_plain(words)}" for words in [*audit["findings"], *audit["remarks"], *_limits(model)]),
        "",
        f"Made by cgrecnet {model.software['cgrecnet']}, torch {model.software['torch']}, at {model.made_at}.",
    ]
    return "\n".join(lines) + "\n"


def _coverage(model: Model) -> list[str]:
    asked = model.measured["coverage_asked"]
    apart = ", of other acquisitions" if model.measured["flagged"].get("by") == "group" else ""
    lines = [
        f"- Conformal sets at coverage {asked:g}, calibrated on one half of the test cells, hold the true class of the "
        f"other half{apart}: {', '.join(map(_covered, model.measured['coverage']))}. The guarantee is for each class, "
        f"and {ASSUMPTION}."
    ]
    if few := [
        f"{_plain(name)} ({n})"
        for name, n in zip(model.classes, model.calibration_cells, strict=True)
        if n < cells_needed(asked)
    ]:
        lines.append(
            f"- Classes with fewer than {cells_needed(asked)} calibration cells can never be left out of a set at "
            f"{asked:g}: {', '.join(few)}."
        )
    return lines


def _covered(row: Mapping) -> str:
    if not row["n"]:
        return f"{_plain(row['class'])} not measured"
    low, high = row["interval"]
    return f"{_plain(row['class'])} {row['covered'] / row['n']:.3f} ({low:.3f} to {high:.3f}, {row['n']} cells)"


def _flag(model: Model) -> list[str]:
    found = model.measured["flagged"]
    if not found["n"]:
        return []
    return [
        f"- {flag_words(model)} (each of its four reasons is set for {RATE:.1%})."
    ]


def flag_words(model: Model) -> str:
    """How often the flag is up on the half of the test cells that judges, and what that means; no full stop."""
    found = model.measured["flagged"]
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


def _limits(model: Model) -> list[str]:
    found = [
        "Probabilities and sets are about cells like those that it was trained on; where the flag is up often, "
        "believe neither."
    ]
    if model.data["groups"] < 2:
        found.append("All cells are of one acquisition, so that nothing rules out a shortcut.")
    elif not model.split["kind"].startswith("grouped"):
        found.append("Test cells come from the acquisitions that it was trained on: cells of new ones may be harder.")
    if model.data["simulated"]:
        found.append("It was trained on simulated cells: it has nothing to say about real ones.")
    return found


def _plain(text: str) -> str:
    """Text that cannot be taken for Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$~" else " " if c in "\r\n" else c for c in str(text))
