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
    from cgrecnet.runs.grid import find_sweep, read_grid, read_sweep
    from cgrecnet.runs.halving import stopped_runs
    from cgrecnet.runs.sweep import plan_sweep
    from cgrecnet.runs.sweep_page import write_page

    file, results = find_sweep(options.file), options.results or RESULTS
    configs = read_sweep(file, parse_parameters(options.overrides))
    stopped = stopped_runs(results, configs[0].experiment, read_grid(file).halving)
    out = options.out or WORK.parent / "plots" / f"{file.stem}.html"
    table = write_page(out, plan_sweep(configs), results, stopped, (options.x, options.y))
    missing = table.attrs["missing"]
    say(f"{out}: {len(table)} of {table.attrs['planned']} runs" + (f", {len(missing)} missing" if missing else ""))
    return 1 if missing else 0
