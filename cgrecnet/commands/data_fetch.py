"""`cgrecnet data fetch`."""

import argparse
import sys
from pathlib import Path

from cgrecnet.commands.options import say


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "fetch",
        help="download a data set into the cache, every file checked",
        epilog="Started again, it goes on where it was cut off. A personal token in the environment variable "
        "FIGSHARE_TOKEN or ZENODO_TOKEN is sent to that repository.",
    )
    parser.add_argument("name", help="of the data set: jurkat or zhu")
    parser.add_argument("--folder", type=Path, help="instead of the cache folder")
    parser.add_argument(
        "--doi",
        help="of the images (zhu): it stands in the article's data-availability statement; without it, archives that "
        "were saved in the folder with a browser are unpacked",
    )
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.data import fetch_dataset

    folder = fetch_dataset(options.name, folder=options.folder, doi=options.doi)
    say(str(folder))
    print(f"Go on with: cgrecnet data check {options.name} {folder}", file=sys.stderr)
    return 0
