"""`cgrecnet reproduce`: what `make reproduce` calls before it builds the book."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from cgrecnet.commands.collect import say_table
from cgrecnet.commands.data import published_counts
from cgrecnet.commands.data_audit import CELLS
from cgrecnet.commands.options import FOLDERS, KEEP_WEIGHTS, PLACE, argument, command, need_least, say
from cgrecnet.commands.sweep import cluster_of, run, say_cost
from cgrecnet.commands.train import parse_parameters


@command(
    "reproduce",
    argument("folder", type=Path, help="of the cells' files, or of a store of them"),
    argument(
        "options", nargs="*", metavar="name=value | FILE.yaml",
        help="to make it smaller: image_size=32 epochs=1; a list keeps a part: model=[resnet50,cg_recnet] fold=[0,1]",
    ),
    argument("--sweeps", nargs="+", metavar="NAME", help="which of them (default: all)"),
    argument("--cells", type=int, help="for the audit's slow parts (default: as `cgrecnet data audit`)"),
    argument("--cost", action="store_true", help="check and pack, say what the runs cost, and stop"),
    argument("--yes", action="store_true", help="start, however long it takes"),
    *PLACE,
    KEEP_WEIGHTS,
    *FOLDERS,
    rest="options",
    help="the paper's sweeps on the paper's own cells: check, pack, audit, sweep, collect",
    description="Check the files of the paper's cells, pack them into a store, audit them, do the paper's sweeps "
    "and collect their tables. Started again, it goes on where it stopped. `make reproduce DATA=FOLDER` does this "
    "and builds the book, whose columns for these cells are filled then.",
)  # fmt: skip
def reproduce(options: argparse.Namespace) -> None:
    from cgrecnet.data.base import kind_of_cells
    from cgrecnet.runs import reproduce as steps
    from cgrecnet.runs.run_record import check_writable
    from cgrecnet.runs.sweep import is_done, need_networks, plan_sweep, refuse_other_cells

    results = options.results
    named = [word for word in options.sweeps or steps.OWN_SWEEPS if "=" not in word]
    words = [*options.options, *(word for word in options.sweeps or () if "=" in word)]  # they may follow --sweeps
    chosen = steps.choose_runs(named or steps.OWN_SWEEPS, parse_parameters(words))
    configs = [config for runs in chosen.values() for config in runs]
    plans = plan_sweep(configs)
    need_least(options, cells=1)
    check_writable(options.work, "--work")
    check_writable(results, "--results")
    with ExitStack() as stack:
        place = cluster_of(options, options.work)
        connect = stack.enter_context(place) if options.scheduler else None
        todo = [plan for plan in plans if not is_done(plan, results)]
        elsewhere = bool(options.scheduler or options.queue)
        _head(1, "check the files")
        found = steps.check_files(options.folder, results, published_counts(steps.DATA), say)
        steps.refuse_before_packing(plans, options.folder, results)
        need_networks(todo, elsewhere)
        _head(2, "pack them into a store")
        dataset = steps.pack_files(options.folder)
        kind = kind_of_cells(dataset.name, dataset.simulated).replace("simulated", "SIMULATED")
        say(f"{len(dataset):,} {kind}. {dataset.origin}")
        plans = plan_sweep(configs)  # the cells are part of their names, and may have come just now
        todo = [plan for plan in plans if not is_done(plan, results)]
        refuse_other_cells(plans, results, same_settings=True)
        if not say_cost(todo, confirmed=options.yes and not options.cost, only=options.cost, elsewhere=elsewhere):
            return
        _head(3, "audit the cells")
        report = steps.audit_cells(dataset, results, options.cells or CELLS, say)
        _head(4, f"sweep: {', '.join(chosen)}")
        # Checkpoints of other cells must not be gone on from, so each data set has a folder of its own.
        work = options.work / f"{steps.DATA}-{dataset.fingerprint[:10]}"
        if todo:
            run(configs, options, connect or stack.enter_context(place), results=results, work=work)
        else:
            say(f"{len(plans)} runs, all of them done already")
    _head(5, "collect")
    _collect(chosen, results)
    _say_findings(found, report, dataset.simulated, results)


def _collect(chosen: dict[str, list], results: Path) -> None:
    from cgrecnet.runs.collect import collect
    from cgrecnet.runs.sweep import plan_sweep

    for name, configs in chosen.items():
        say(f"\n{name}")
        say_table(collect(plan_sweep(configs), results))


def _say_findings(found: dict, report: dict, simulated: bool, results: Path) -> None:
    """What a reader of the tables has to know of the cells."""
    say("")
    if simulated:
        say("These cells are SIMULATED: the tables say nothing about real ones, and the book calls them simulated.")
    if not found["good"]:
        say(f"The check of the files found something amiss: {found['report'][-1]}")
    for words in report["findings"]:
        say(f"The audit says, look at this: {words}")
    say(f"Records, check and audit are in {results}. Go on with: make book")


def _head(number: int, words: str) -> None:
    say(f"\n[{number}/5] {words}")
