"""`cgrecnet data pack`."""

import argparse
from pathlib import Path

from cgrecnet.errors import ConfigError


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "pack",
        help="pack a data set into one file that is read by memory map",
        description="Pack the files of a data set into a store: a folder with one file of pixels, an index and a "
        "header. A build that was stopped goes on where it stopped; a finished store is not built again.",
    )
    parser.add_argument("name")
    parser.add_argument("folder", nargs="?", type=Path, help="where the files are (default: where they are looked for)")
    parser.add_argument("--task", help="which labels (default: the data set's first)")
    parser.add_argument(
        "--store", type=Path, help="folder of the store (default: stores/NAME-TASK in the cache folder)"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="a setting of the data set; may be repeated"
    )
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.data import pack_dataset, store_of
    from cgrecnet.data.store_header import ASIDE, read_header

    given = dict(map(_option, options.option))
    folder = pack_dataset(options.name, options.folder, options.task, given, options.store, progress=True)
    header = read_header(folder)
    print(folder)
    print(f"{header.name}, task {header.task}: {header.crops:,} crops, fingerprint sha256 {header.fingerprint[:12]}")
    print(f"{header.pixels.bytes / 1e6:,.1f} MB of pixels, {header.index.bytes / 1e6:,.1f} MB of index")
    if header.aside:
        print(f"{header.aside:,} file(s) could not be packed; {folder / ASIDE} says which and why")
    if store_of(header.name, task=header.task) == folder:
        print(f"Without a folder named, data set {header.name!r} is read from here from now on.")
    else:
        print(f"Open it with open_dataset({header.name!r}, root={str(folder)!r}).")
    return 0


def _option(word: str) -> tuple[str, object]:
    """(name, value) of a word such as `cells=500`."""
    import yaml

    name, equals, text = word.partition("=")
    try:
        if equals:
            return name, yaml.safe_load(text)
    except yaml.YAMLError:
        pass
    raise ConfigError(f"--option takes NAME=VALUE with a YAML value, such as cells=500, not {word!r}.")
