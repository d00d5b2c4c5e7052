"""Several runs that were tested on the same cells: what each said of each, in one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgrecnet.errors import RunError
from cgrecnet.paths import RESULTS
from cgrecnet.runs.record import RunRecord, read_predictions


@dataclass(frozen=True)
class SameCells:
    """What several runs said of the same test cells.

    cell_ids: in sorted order; labels: int, (cells,); probabilities: one array (cells, classes) per run.
    """

    cell_ids: tuple[str, ...]
    labels: np.ndarray
    probabilities: tuple[np.ndarray, ...]

    @property
    def predicted(self) -> tuple[np.ndarray, ...]:
        """Per run the class that it names, int, (cells,)."""
        return tuple(each.argmax(axis=1) for each in self.probabilities)

    @property
    def right(self) -> tuple[np.ndarray, ...]:
        """Per run whether it has the cell right, bool, (cells,)."""
        return tuple(named == self.labels for named in self.predicted)


def same_cells(records: Sequence[RunRecord], results: Path = RESULTS) -> SameCells:
    """The test predictions of these runs, cell by cell.

    A simulated cell is the same cell at every noise, so the runs may have seen different pictures of it.
    Raises RunError where two runs were tested on different cells, or a cell has two labels, and ValueError for none.
    """
    if not records:
        raise ValueError("Cells can be the same in two runs, not in none.")
    ids, labels, said = None, None, []
    for record in records:
        own, truth, probabilities = read_predictions(results, record)
        order = np.argsort(own)
        named = tuple(np.array(own)[order].tolist())
        if ids is None:
            ids, labels = named, truth[order]
        if named != ids or not np.array_equal(truth[order], labels):
            raise RunError(
                f"{records[0].run_id} and {record.run_id} were not tested on the same cells: "
                "compare runs of one split and one seed of the simulation."
            )
        said.append(probabilities[order])
    return SameCells(ids, labels, tuple(said))
