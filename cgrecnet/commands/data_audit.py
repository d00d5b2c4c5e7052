"""`cgrecnet data audit`."""

import argparse
import json
from pathlib import Path

from cgrecnet.commands.options import DATASET, TASK, argument, command, need_least, open_named, say
from cgrecnet.errors import ConfigError
from cgrecnet.files import write_file

#: Cells for near copies and probes where no number is given: 39 s of one core (12 s for the 7,918 of Jurkat).
#: The search for near copies takes four times as long for twice the cells.
CELLS = 20_000


@command(
    "audit",
    *DATASET,
    TASK,
    argument("--split", type=Path, metavar="MANIFEST", help="look for copies between its parts, too"),
    argument("--fold", type=int, default=0, help="which split of a manifest of several (default: 0)"),
    argument("--cells", type=int, default=CELLS, help=f"for near copies and probes (default: {CELLS:,})"),
    argument("--seed", type=int, default=0),
    argument("--json", type=Path, metavar="FILE", help="write all numbers there"),
    rest="folder",
    help="are pictures there twice, can the class be known without the cell",
    description="Look for copies, for shortcuts and for splits that flatter. Exit status 1 where something was "
    "found that you must look at; each such finding is named at the end of the report.",
)
def audit(options: argparse.Namespace) -> int:
    """Exit status 1 where something was found that a user must look at."""
    from cgrecnet.data.audit.integrity import audit
    from cgrecnet.data.manifest import read_manifest

    need_least(options, cells=1, seed=0)
    manifest = read_manifest(options.split) if options.split else None
    dataset = open_named(options)
    split = _fold(manifest.splits_for(dataset), options.fold) if manifest else None
    report = audit(dataset, split, options.seed, partly=True, cells=options.cells, progress=True)
    say("\n\n".join(filter(None, (str(report), report.conclusion()))))
    if options.json:
        write_file(options.json, json.dumps(report.to_dict(), indent=1), "name another file")
    return 1 if report.findings() else 0


def _fold(splits: list, fold: int):
    if not 0 <= fold < len(splits):
        raise ConfigError(f"The split manifest has folds 0 to {len(splits) - 1}, not {fold}.")
    return splits[fold]
