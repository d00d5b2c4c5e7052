"""The limits of this book as rows: what it is, what it touches, what would lift it; numbers come from the sweeps."""

from __future__ import annotations

from collections.abc import Sequence

from cgrecnet.evaluation.plan import load_plan
from cgrecnet.figures.cards_measured import card_row, cards_measured
from cgrecnet.figures.dead_path import DeadPath, dead_rows
from cgrecnet.figures.pages import link
from cgrecnet.paper.claims import load_claims
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.grid import read_sweep

HEADERS = ("limit", "what it touches", "what would lift it")
_ROWS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "have": (
        ("The paper's images are not at hand.",
         "Every claim on accuracy: none can be repeated, and results on other cells stand beside it, never for it.",
         "The images, and the command make reproduce; the columns for zhu then fill by themselves."),
        ("Some cells of the paper's tables, its equations as printed and Table 2 are lost in the text at hand.",
         "Claims on those cells, the initial learning rate, the readings of the equations.",
         "The whole text; each cell is one line in tables.yaml."),
        ("There is no code of the authors and there are no weights.",
         "The architecture is a reading, found by a search for what fits the printed counts after these were known.",
         "The authors' code, or a count that was not used in the search."),
    ),
    "runs": (
        ("The real cells are Jurkat cells in stages of the cell cycle.",
         "Another question than lineage: a gain or its absence there need not carry over.",
         "Other public sets of label-free cells, and the paper's own."),
        ("One class of the Jurkat cells comes from two experiments, the others from one; folds are random over cells.",
         "Networks may use traces of the experiment; accuracies may be flattered.",
         "A set in which every class was recorded in several runs, and folds that keep runs whole."),
        ("Images are small, epochs few, arithmetic short (bfloat16).",
         "All scores: they say how networks compare at this size, not what they reach at the paper's.",
         "The same sweeps at the paper's size."),
        ("Most comparisons have one seed, many one fold.",
         "A difference includes the luck of one training; intervals over cells do not know of it.",
         "More seeds; the page on seeds says how many a given difference needs."),
        ("Simulated cells follow assumed laws.",
         "They show what can happen, under known truth, and nothing about living cells.",
         "Traits measured on real cells, with masks."),
    ),
    "methods": (
        ("Training sets of different folds overlap.",
         "The plain paired t-test gives too small p-values; the corrected one is approximate.",
         "Separate data for each repetition, which nobody has."),
        ("The p-values of the audit are computed from printed means and SDs.",
         "The correlation of the folds is unknown, so that they are ranges.",
         "The scores of the single folds."),
        ("Tolerances and margins are judgements, written down by people who had seen the printed numbers.",
         "Verdicts near a limit.",
         "Your own tolerance: change the file, and every page follows."),
        ("Maps are scored against masks: of simulated cells exactly, of real cells by a segmentation.",
         "A map on the cell shows where a network looks, not that it sees what a biologist sees.",
         "Experiments that change the cell and not the picture around it."),
        ("All pages and runs were made by one project, on one kind of machine.",
         "Mistakes that we share with ourselves.",
         "Somebody else's run of the same files."),
    ),
}  # fmt: skip


def limit_rows(part: str, dead: Sequence[DeadPath] = ()) -> list[tuple[str, str, str]]:
    """Rows under HEADERS of a part: "have", "runs" or "methods"; KeyError for another.

    dead: networks whose fusion was found with a dead spatial path (`dead_paths`); a limit of the runs.
    """
    more = {"have": [card_row(cards_measured())], "runs": dead_rows(dead)}
    return [*_ROWS[part], *more.get(part, ())]


def settings_of() -> str:
    """The sizes of the planned runs in a sentence, as the sweep files have them, beside the paper's."""
    configs = [
        config
        for name in dict.fromkeys(name for question in load_plan().questions for name in question.sweeps)
        for config in read_sweep(SWEEP_FILES / f"{name}.yaml")
    ]
    settings, size = load_tables()["S"], load_claims()["C03"].value("centre crop").printed
    batch, epochs = (settings.cell(name, "setting").value for name in ("Batch size", "Epochs"))
    said = [
        f"{words} {_range(getattr(config, field) for config in configs)}"
        for field, words in (("image_size", "images of"), ("epochs", "epochs"), ("batch_size", "batches of"))
    ]
    return (
        f"The planned sweeps have {len(configs)} runs: {said[0]} pixels, {said[1]}, {said[2]}. The paper has images of "
        f"{size} pixels, {epochs} epochs and batches of {batch}; see {link('4_training/costs', 'what it costs')}."
    )


def _range(values) -> str:
    known = sorted(set(values))
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"
