"""`cgrecnet data simulate`."""

import argparse
from pathlib import Path


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "simulate",
        help="write simulated cells as files, in the layout of the paper's data",
        description="Write simulated cells as files, which `zhu` reads and calls simulated. Stopped and started again "
        "with the same options, it completes what is there. Defaults in brackets.",
    )
    parser.add_argument("folder", type=Path, help="new or empty")
    parser.add_argument("--cells", help="how many (1200)")
    parser.add_argument("--seed", help="cell i of a seed is always the same cell (0)")
    parser.add_argument(
        "--shares", nargs=3, metavar=("A", "O", "N"), help="of astrocytes, oligodendrocytes, neurons (the paper's)"
    )
    parser.add_argument("--runs", help="acquisition runs (4)")
    parser.add_argument("--confounding", help="0 (run and class have nothing to do with each other) to 1 (0)")
    parser.add_argument("--noise", help="factor on the camera's noise (1)")
    parser.add_argument("--debris", help="share of cells with debris (0.2)")
    parser.add_argument("--doublets", help="share of pictures with a second cell (0.03)")
    parser.add_argument("--bits", help="8 (BMP) or 12 (16-bit TIFF) (8)")
    parser.add_argument("--workers", type=int, default=1, help="threads; the files are the same for any number (1)")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.data.cytometer import CytometerOptions
    from cgrecnet.data.cytometer.files import MARKER, write_cells

    given = {name: getattr(options, name, None) for name in CytometerOptions.model_fields}
    chosen = {name: value for name, value in given.items() if value is not None}
    if "bits" in chosen and chosen["bits"].isdecimal():
        chosen["bits"] = int(chosen["bits"])
    folder = write_cells(options.folder, chosen, workers=options.workers)
    print(f"{folder}: simulated cells, no real ones ({MARKER} says so)")
    print(f"Go on with: cgrecnet data check zhu {folder}")
    return 0
