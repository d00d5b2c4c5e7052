"""`cgrecnet data pack`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import add_dataset, parse_options, say


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "pack",
        help="pack a data set into one file that is read by memory map",
        description="Pack the files of a data set into a store: a folder with one file of pixels, an index and a "
        "header. A finished store is not built again; of a build that was stopped, nothing bears the store's name.",
    )
    add_dataset(parser)
    parser.add_argument("--store", type=Path, help="where to put it (default: stores/NAME-TASK in the cache folder)")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.data import pack_dataset, store_of
    from cgrecnet.data.levels import grey_range, range_lines
    from cgrecnet.data.store import open_store
    from cgrecnet.data.store.header import ASIDE, read_header

    given = parse_options(options.option)
    folder = pack_dataset(options.name, options.folder, options.task, given, options.store, progress=True)
    header = read_header(folder)
    say(str(folder))
    say(f"{header.name}, task {header.task}: {header.crops:,} crops, fingerprint sha256 {header.fingerprint[:12]}")
    say(f"{header.pixels.bytes / 1e6:,.1f} MB of pixels, {header.index.bytes / 1e6:,.1f} MB of index")
    for line in range_lines(grey_range(open_store(folder).images), tuple(given.get("window") or header.window)):
        say(line)
    if header.aside:
        say(f"{header.aside:,} file(s) could not be packed; {folder / ASIDE} says which and why")
    if store_of(header.name, task=header.task) == folder:
        say(f"Without a folder named, data set {header.name!r} is read from here from now on.")
    else:
        say(f"Open it with open_dataset({header.name!r}, root={str(folder)!r}).")
    return 0
