"""`cgrecnet plot`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import say
from cgrecnet.commands.train import parse_parameters


def add(commands) -> None:
    """Add the command to the parser."""
    plot = commands.add_parser("plot", help="one page about a sweep: learning curves, heat map, all parameters, table")
    plot.add_argument("file", type=Path, metavar="NAME | FILE.yaml", help="of a sweep")
    plot.add_argument("overrides", nargs="*", metavar="name=value", help="as they were given to `cgrecnet sweep`")
    plot.add_argument("--x", metavar="NAME", help="parameter across the heat map (default: one with most values)")
    plot.add_argument("--y", metavar="NAME", help="parameter up the heat map")
    plot.add_argument("--out", type=Path, metavar="PAGE.html", help="where to write it (default: _build/plots/)")
    plot.add_argument("--results", type=Path, help="folder of the records (default: results/)")
    plot.set_defaults(command=_run, rest="overrides")


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.paths import RESULTS, WORK
    from cgrecnet.runs.halving import open_sweep
    from cgrecnet.runs.sweep_page import write_page

    results = options.results or RESULTS
    sweep = open_sweep(options.file, parse_parameters(options.overrides), results)
    out = options.out or WORK.parent / "plots" / f"{sweep.file.stem}.html"
    table = write_page(out, sweep.plans, results, sweep.stopped, (options.x, options.y))
    missing = table.attrs["missing"]
    say(f"{out}: {len(table)} of {table.attrs['planned']} runs" + (f", {len(missing)} missing" if missing else ""))
    return 1 if missing else 0
