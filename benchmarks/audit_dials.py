"""What the audit says where the truth is known: confounding dialled up and down, many simulated data sets.

    python benchmarks/audit_dials.py [--seeds 20] [--cells 450] [--json results/audit-dials/audit.json]

For each setting of the dial and each seed a new simulated data set is made and audited (border, histogram, size,
optimism gap).
A data set counts as *found* where the audit asks to look for a shortcut: the interval of the plain border's balanced
accuracy lies above chance.
At confounding 0 nothing was planted, so every *found* there is a false alarm.
"""

import sys
import time

from measuring import command_line, keep
from tqdm import tqdm

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.confounding import contingency, cramers_v
from cgrecnet.data.audit.integrity import optimism, probe_shortcuts
from cgrecnet.data.cytometer.parameters import hash_of_numbers
from cgrecnet.paths import RESULTS

LEVELS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
RUNS = 12


def audited(confounding: float, seed: int, cells: int) -> dict:
    """One simulated data set and what the probes say of it."""
    dataset = open_dataset(
        "cytometer", options={"cells": cells, "seed": seed, "runs": RUNS, "confounding": confounding}
    )
    row = {
        "confounding": confounding,
        "seed": seed,
        "fingerprint": dataset.fingerprint,
        "version": dataset.options["version"],
        "cramers_v": cramers_v(contingency(dataset)),
    }
    for probe in probe_shortcuts(dataset, seed):
        if not probe.standardised:
            score = probe.score
            row[probe.sees] = {"balanced": score.balanced, "low": score.low, "high": score.high}
    for name, standardised in (("gap", False), ("gap_standardised", True)):
        whole_picture = optimism(dataset, seed, standardised)
        row[name] = {
            "random": whole_picture.random.balanced,
            "grouped": whole_picture.grouped and whole_picture.grouped.balanced,
            "gap": whole_picture.gap,
            "low": whole_picture.low,
            "high": whole_picture.high,
        }
    return row


def main() -> None:
    parser = command_line(__doc__, default=RESULTS / "audit-dials" / "audit.json")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--cells", type=int, default=450)
    args = parser.parse_args()
    start = time.perf_counter()
    places = [(level, seed) for level in LEVELS for seed in range(args.seeds)]
    rows = [audited(*place, args.cells) for place in tqdm(places, "audits", file=sys.stderr)]
    record = {
        "cells": args.cells,
        "runs": RUNS,
        "seeds": args.seeds,
        "levels": LEVELS,
        "chance": 1 / 3,
        "audits": rows,
        "parameters_sha256": hash_of_numbers(),
        "seconds": round(time.perf_counter() - start, 1),
    }
    keep(args.json, record)
    print(f"{args.json}: {len(rows)} audits in {record['seconds']} s")


if __name__ == "__main__":
    main()
