"""`cgrecnet data`: list, fetch, check, split, audit, pack and simulate data sets."""

import argparse
import json
import sys
from pathlib import Path

from cgrecnet.commands.options import DATASET, TASK, argument, command, need_least, open_named, parse_options, say
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


@command(
    "split",
    *DATASET,
    TASK,
    argument("--kind", default="joint", help="joint (default), folds, grouped or grouped_folds"),
    argument("--seeds", nargs="+", type=int, default=[42, 123, 999], help="default: the paper's 42 123 999"),
    argument("--folds", type=int, default=5, help="of folds and grouped_folds (default: 5)"),
    argument("--out", type=Path, help="folder of the manifests"),
    argument("--compact", action="store_true", help="a hash in place of the cells' ids"),
    argument("--check", nargs="+", type=Path, metavar="MANIFEST", help="instead: do these fit the data, unchanged"),
    rest="folder",
    help="write down which cells train, choose and judge; or check such files",
)
def split(options: argparse.Namespace) -> int:
    from cgrecnet.data.audit.duplicates import find_exact
    from cgrecnet.data.manifest import make_manifest, read_manifest, write_manifest

    if (options.out is None) == (options.check is None):
        raise ConfigError("`cgrecnet data split` needs either --out FOLDER or --check MANIFEST.")
    if options.check:
        manifests = {path: read_manifest(path) for path in options.check}
        dataset = open_named(options)
        copies = find_exact(dataset.images)
        return max([_show(path, manifest, dataset, copies) for path, manifest in manifests.items()])
    dataset = open_named(options)
    content, copies, worst = None, None, 0
    for seed in options.seeds:
        manifest = make_manifest(dataset, options.kind, seed, options.folds, options.compact, content, progress=True)
        content = manifest.content
        copies = find_exact(dataset.images) if copies is None else copies
        folds = f"{options.folds}" if manifest.folds else ""
        path = options.out / f"{dataset.name}-{dataset.task}-{options.kind}{folds}-seed{seed}.json"
        write_manifest(manifest, path)
        worst = max(worst, _show(path, manifest, dataset, copies))
    return worst


def _show(path: Path, manifest, dataset, copies) -> int:
    """Print a manifest's parts; 1 where the same pixels stand in two of them."""
    import numpy as np

    from cgrecnet.data.base import kind_of_cells
    from cgrecnet.data.manifest import copies_across

    kind = kind_of_cells(manifest.data, manifest.simulated)
    say(f"{path}: {manifest.kind}, seed {manifest.seed}, {manifest.cells:,} {kind}")
    ids = dataset.table["cell_id"].tolist()
    twins = 0
    for number, split in enumerate(manifest.splits_for(dataset)):
        sizes = []
        for name, index in split.parts().items():
            counts = np.bincount(dataset.labels[index], minlength=len(dataset.classes))
            sizes.append(f"{name} {len(index):,} ({' / '.join(f'{count:,}' for count in counts)})")
        say(f"  {f'fold {number}: ' if manifest.folds else ''}{', '.join(sizes)}")
        pairs = copies_across(copies, split)
        twins += len(pairs)
        if pairs:
            one, two = pairs[0]
            say(f"  {len(pairs)} pair(s) of cells with the same pixels in two parts, such as {ids[one]} and {ids[two]}")
    return 1 if twins else 0


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
