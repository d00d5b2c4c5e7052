"""`cgrecnet data`: list, fetch, check, pack and simulate data sets; `data_split` and `data_audit` stand apart."""

import argparse
import sys
from pathlib import Path

from cgrecnet.commands.data_audit import audit
from cgrecnet.commands.data_split import split
from cgrecnet.commands.options import DATASET, TASK, argument, command, parse_options, say


@command("list", help="which data sets there are, what each is, and which are available")
def list_(_: argparse.Namespace) -> None:
    from cgrecnet.data import BROUGHT, available, list_datasets
    from cgrecnet.data.cards import load_card

    for name in list_datasets():
        line = BROUGHT[name] if name in BROUGHT else load_card(name).line
        print(f"{name:<10} {'available' if available(name) else 'not available':<14} {line}")


@command(
    "fetch",
    argument("name", help="of the data set: jurkat or zhu"),
    argument("--folder", type=Path, help="instead of the cache folder"),
    argument(
        "--doi",
        help="of the images (zhu): it stands in the article's data-availability statement; without it, archives that "
        "were saved in the folder with a browser are unpacked",
    ),
    help="download a data set into the cache, every file checked",
    epilog="Started again, it goes on where it was cut off. A personal token in the environment variable "
    "FIGSHARE_TOKEN or ZENODO_TOKEN is sent to that repository.",
)
def fetch(options: argparse.Namespace) -> None:
    from cgrecnet.data import fetch_dataset

    folder = fetch_dataset(options.name, folder=options.folder, doi=options.doi)
    say(str(folder))
    print(f"Go on with: cgrecnet data check {options.name} {folder}", file=sys.stderr)


@command(
    "check",
    *DATASET,
    argument("--all", action="store_true", help="name every faulty file, not only the first ones"),
    rest="folder",
    help="read a whole data set, count its cells, name faulty files",
)
def check(options: argparse.Namespace) -> int:
    from cgrecnet.data import refuse_unread, report_on

    refuse_unread(options.name, options.folder)
    published, given = published_counts(options.name), parse_options(options.option)
    text, good = report_on(options.name, root=options.folder, published=published, every=options.all, options=given)
    say(text)
    return 0 if good else 1


def published_counts(name: str) -> dict[str, dict[str, int]] | None:
    """Cells per class in all (Table 1) and in the test part (Table 5), as the paper prints them for its data."""
    if name != "zhu":
        return None
    from cgrecnet.paper.tables import load_tables

    tables = load_tables()
    places = {"counts": (tables["1"], "count"), "test": (tables["5"], "support")}
    return {
        what: {row.lower().removesuffix("s"): int(table.cell(row, column).number) for row in table.rows}
        for what, (table, column) in places.items()
    }


@command(
    "pack",
    *DATASET,
    TASK,
    argument("--store", type=Path, help="where to put it (default: stores/NAME-TASK in the cache folder)"),
    rest="folder",
    help="pack a data set into one file that is read by memory map",
    description="Pack the files of a data set into a store: a folder with one file of pixels, an index and a header. A "
    "finished store is not built again; of a build that was stopped, nothing bears the store's name.",
)
def pack(options: argparse.Namespace) -> None:
    from cgrecnet.data import pack_dataset, store_of
    from cgrecnet.data.levels import grey_range, range_lines
    from cgrecnet.data.store import open_store
    from cgrecnet.data.store.header import EXCLUDED, read_header

    given = parse_options(options.option)
    folder = pack_dataset(options.name, options.folder, options.task, given, options.store, progress=True)
    header = read_header(folder)
    say(str(folder))
    say(f"{header.name}, task {header.task}: {header.crops:,} crops, fingerprint sha256 {header.fingerprint[:12]}")
    say(f"{header.pixels.bytes / 1e6:,.1f} MB of pixels, {header.index.bytes / 1e6:,.1f} MB of index")
    for line in range_lines(grey_range(open_store(folder).images), tuple(given.get("window") or header.window)):
        say(line)
    if header.excluded:
        say(f"{header.excluded:,} file(s) could not be packed; {folder / EXCLUDED} says which and why")
    if store_of(header.name, task=header.task) == folder:
        say(f"Without a folder named, data set {header.name!r} is read from here from now on.")
    else:
        say(f"Open it with open_dataset({header.name!r}, root={str(folder)!r}).")


@command(
    "simulate",
    argument("folder", type=Path, help="new or empty"),
    argument("--cells", help="how many (1200)"),
    argument("--seed", help="cell i of a seed is always the same cell (0)"),
    argument("--shares", nargs=3, metavar=("A", "O", "N"), help="astrocytes, oligodendrocytes, neurons (the paper's)"),
    argument("--runs", help="acquisition runs (4)"),
    argument("--confounding", help="0 (run and class have nothing to do with each other) to 1 (0)"),
    argument("--noise", help="factor on the camera's noise (1)"),
    argument("--debris", help="share of cells with debris (0.2)"),
    argument("--doublets", help="share of pictures with a second cell (0.03)"),
    argument("--bits", help="8 (BMP) or 12 (16-bit TIFF) (8)"),
    argument("--workers", type=int, default=1, help="threads; the files are the same for any number (1)"),
    help="write simulated cells as files, in the layout of the paper's data",
    description="Write simulated cells as files, which `zhu` reads and calls simulated. Stopped and started again "
    "with the same options, it completes what is there. Defaults in brackets.",
)
def simulate(options: argparse.Namespace) -> None:
    from cgrecnet.data.cytometer import CytometerOptions
    from cgrecnet.data.cytometer.files import MARKER, write_cells

    given = {name: getattr(options, name, None) for name in CytometerOptions.model_fields}
    chosen = {name: value for name, value in given.items() if value is not None}
    if "bits" in chosen and chosen["bits"].isdecimal():
        chosen["bits"] = int(chosen["bits"])
    folder = write_cells(options.folder, chosen, workers=options.workers)
    print(f"{folder}: simulated cells, no real ones ({MARKER} says so)")
    print(f"Go on with: cgrecnet data check zhu {folder}")


#: The commands of `cgrecnet data`.
DATA = (list_, fetch, check, split, audit, pack, simulate)
