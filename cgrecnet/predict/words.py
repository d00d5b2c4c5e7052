"""What a prediction says of itself on the terminal and in the report: a sentence each."""

from cgrecnet.predict.folder import Model
from cgrecnet.predict.run import Summary
from cgrecnet.predict.unlike import RATE, REASONS, TITLES

#: Names of unreadable files that are listed; the summary beside the table has all.
LISTED = 5


def sentences(summary: Summary, model: Model) -> list[str]:
    """What must be known of these predictions."""
    n = summary.cells
    called = ", ".join(f"{name} {summary.called.get(name, 0):,}" for name in model.classes)
    found = [f"{n:,} cells of {summary.input}: {called}."]
    one, none = summary.set_sizes.get("1", 0), summary.set_sizes.get("0", 0)
    found.append(
        f"{one / n:.1%} of the cells have a single class that cannot be ruled out at coverage {summary.coverage:g}, "
        f"{(n - one - none) / n:.1%} several, {none / n:.1%} none. The true class is in the set of at least "
        f"{summary.coverage:.0%} of each class's cells; {summary.assumption}."
    )
    if summary.never_ruled_out:
        names = ", ".join(summary.never_ruled_out)
        found.append(f"Too few calibration cells to rule out {names} at this coverage: such classes are in every set.")
    found.append(_unlike(summary, model))
    if trained := summary.seen.get("training", 0) + summary.seen.get("validation", 0):
        found.append(
            f"{trained:,} of these images were used to train or choose the model (column `seen`): "
            "what it says of them shows nothing about new cells."
        )
    if model.data["simulated"]:
        found.append("The model was trained on simulated cells: it has nothing to say about real ones.")
    if summary.unreadable:
        listed = "; ".join(f"{name} ({reason.rstrip('.')})" for name, reason in summary.unreadable[:LISTED])
        more = f", and {len(summary.unreadable) - LISTED} more" if len(summary.unreadable) > LISTED else ""
        found.append(f"{len(summary.unreadable):,} could not be read and are not in the table: {listed}{more}.")
    return found


def _unlike(summary: Summary, model: Model) -> str:
    n, flagged = summary.cells, summary.unlike.get("any", 0)
    usual = 1 - (1 - RATE) ** len(REASONS)
    reasons = ", ".join(f"{TITLES[r]} {summary.unlike[r]:,}" for r in REASONS if summary.unlike.get(r))
    text = f"{flagged:,} cells ({flagged / n:.1%}) are unlike the training images"
    text += f" ({reasons})" if reasons else ""
    known = model.measured["flagged"]
    if known["n"]:
        usual = max(usual, known["any"] / known["n"])
    if flagged / n > 3 * usual and flagged > 3:
        return f"{text}, where some {usual:.1%} would be expected: do not trust these predictions before you know why."
    return text + f"; some {usual:.1%} would be expected."
