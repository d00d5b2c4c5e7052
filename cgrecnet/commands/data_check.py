"""`cgrecnet data check`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import parse_options, say


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("check", help="read a whole data set, count its cells, name faulty files")
    parser.add_argument("name", help="of the data set")
    parser.add_argument("folder", nargs="?", type=Path, help="where its files, or a store of them, are")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="a setting of the data set; several times"
    )
    parser.add_argument("--all", action="store_true", help="name every faulty file, not only the first ones")
    parser.set_defaults(command=_run, rest="folder")


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.data import refuse_unread, report_on

    refuse_unread(options.name, options.folder)
    published = published_counts(options.name)
    given = parse_options(options.option)
    text, good = report_on(
        options.name, root=options.folder, published=published, every=options.all, options=given
    )
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
