"""What fusion and gate do in the networks of a study (claims C07 and C08), as a table and in words."""

from cgrecnet.figures.explained import Study, interval, network_title
from cgrecnet.figures.wide_table import wide_table

HEADERS = (
    "network", "change of LA + XCA by the CAFM", "1/N", "gate on the cell", "gate off it", "channels wider on it",
    "length behind / before, on", "the same, off", "on - off", "n",
)  # fmt: skip


def module_rows(study: Study) -> str:
    """HTML of a table: what fusion and gate do in each network that has them."""
    lines = []
    for name, found in study.record.results["modules"].items():
        gate = found.get("gate", {})
        change = interval(found.get("change"), 2, percent=True) + (" (spatial path dead)" if found.get("dead") else "")
        start = f"{100 / found['positions']:.2f} %" if "positions" in found else "none"
        cells = [interval(gate.get(key)) for key in ("value_on", "value_off")]
        cells += [interval(gate.get("wider"), 0, percent=True)]
        cells += [interval(gate.get(key)) for key in ("length_on", "length_off", "length on - off")]
        count = (found.get("change") or gate["value_on"])["n"]
        lines.append([network_title(name), change, start, *cells, str(count)])
    return wide_table(HEADERS, lines, "Fusion and gate on the cell and off it")


def module_words(study: Study, name: str) -> str:
    """What the numbers of one network say of recalibration and of suppression; the words follow from the intervals.

    `held back`: the vectors behind the gated block have grown less, or shrunk more, off the cell than on it.
    """
    modules, title, model = study.record.results["modules"], network_title(name), name.split()[1]
    found, sentences = modules.get(name, {}), []
    before = next((f"{kind} {model}" for kind in ("start", "untrained") if f"{kind} {model}" in modules), None)
    if "change" in found:
        change, start = found["change"], 100 / found["positions"]
        times = 100 * change["mean"] / start
        sentences.append(
            f"{title}: the CAFM changes LA + XCA by {interval(change, 2, percent=True)} (n = {change['n']}), "
            f"{times:.2f} times the {start:.2f} % that one part in the number of positions would be."
        )
        if found["dead"]:
            sentences.append(
                "Its spatial path is dead: the ReLU between its two convolutions is zero at every position of these "
                "cells, so that its maps are the same everywhere and the fusion is a plain sum but for a constant."
            )
            if before == f"start {model}" and modules[before]["dead"]:
                sentences.append("It was so before training already.")
    gate = found.get("gate")
    if gate and gate["length on - off"]["low"] is not None:
        gap, on, off = gate["length on - off"], gate["length_on"]["mean"], gate["length_off"]["mean"]
        if gap["low"] > 0:
            said = "holds the background back against the cell" + (
                ", though it makes neither quieter" if off > 1 else ", and makes it quieter than it came")
        elif gap["high"] < 0:
            said = ("lengthens the vectors of the background more than those of the cell, "
                    "which is the opposite of suppression")
        else:
            said = "treats cell and background alike, as far as these cells tell"
        sentences.append(
            f"Its gated block {said}: lengths behind over before are {on:.2f} on the cell and {off:.2f} off it "
            f"(difference {interval(gap)}, n = {gap['n']})."
        )
        if before:
            other = interval(modules[before]["gate"]["length on - off"])
            sentences.append(f"In {network_title(before)}, that difference is {other}.")
    return " ".join(sentences)
