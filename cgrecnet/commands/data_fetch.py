"""`cgrecnet data fetch`."""

import argparse
from pathlib import Path


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("fetch", help="download a data set into the cache, every file checked")
    parser.add_argument("name")
    parser.add_argument("--folder", type=Path, help="instead of the cache folder")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.data import fetch_dataset

    print(fetch_dataset(options.name, folder=options.folder))
    return 0
