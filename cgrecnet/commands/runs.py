"""`cgrecnet runs` and `cgrecnet show`: what is there, and where it lies."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import say
from cgrecnet.commands.train import folders, parse_parameters
from cgrecnet.errors import RunError

#: What `show` prints of the settings only where they differ from the defaults.
_SHOWN = ("experiment", "model", "data", "split", "fold", "seed", "epochs")


def add(commands) -> None:
    """Add the commands to the parser."""
    runs = commands.add_parser("runs", help="the runs that have a record, and those that were begun")
    runs.add_argument("experiment", nargs="?", help="of which experiment (default: all)")
    runs.add_argument("filters", nargs="*", metavar="name=value", help="only runs with these parameters")
    show = commands.add_parser("show", help="settings and scores of one run, and where its files are")
    show.add_argument("run", metavar="RUN", help="its name")
    for command in (runs, show):
        command.add_argument("--results", type=Path, help="folder of the records (default: results/)")
        command.add_argument("--work", type=Path, help="folder of checkpoints and logs (default: _build/runs/)")
    runs.set_defaults(command=_runs)
    show.set_defaults(command=_show)


def _runs(options: argparse.Namespace) -> int:
    from cgrecnet.runs.record import read_record

    if options.experiment and "=" in options.experiment:
        options.filters.insert(0, options.experiment)
        options.experiment = None
    wanted = parse_parameters(options.filters)
    results, work = _places(options)
    done = set()
    for path in sorted(results.glob(f"{options.experiment or '*'}/*/run.json")):
        record = read_record(path)
        done.add(record.run_id)
        if all(record.config.get(name) == value for name, value in wanted.items()):
            test = record.test
            say(f"{record.run_id}  {record.config['model']}  accuracy {test['accuracy']:.4f}  "
                f"macro F1 {test['macro']['f1']:.4f}  {record.wall_seconds:.0f} s")  # fmt: skip
    for folder in sorted(work.glob(f"{options.experiment or '*'}-*/parameters.yaml")):
        if folder.parent.name not in done and not wanted:
            say(f"{folder.parent.name}  begun, without a record; go on with: cgrecnet train {folder.parent.name}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from cgrecnet.runs.notebook import LOG
    from cgrecnet.runs.record import read_record
    from cgrecnet.training.config import RunConfig

    results, work = _places(options)
    found = sorted(results.glob(f"*/{options.run}/run.json")) if Path(options.run).name == options.run else []
    folder = work / options.run
    if not found and not (folder / LOG).is_file():
        raise RunError(f"There is no run {options.run!r} in {results} or {work}: `cgrecnet runs` lists them.")
    if found:
        record = read_record(found[0])
        usual = RunConfig().model_dump()
        for name, value in record.config.items():
            if name in _SHOWN or value != usual.get(name):
                say(f"{name:16} {value}")
        for name in ("accuracy", "balanced_accuracy"):
            say(f"{name:16} {record.test[name]:.4f}")
        say(f"{'macro F1':16} {record.test['macro']['f1']:.4f}")
        reported = next(entry["epoch"] for entry in record.history if entry["reported"])
        say(f"{'tested epoch':16} {reported} of {len(record.history)}")
    for name, path in (
        ("record", found[0] if found else None),
        ("predictions", found[0].parent / "predictions.csv" if found else None),
        ("log", folder / LOG),
        ("notebook", folder / "train.ipynb"),
        ("weights", folder / "weights.safetensors"),
        ("checkpoint", folder / "checkpoint.pt"),
    ):
        if path is not None and path.is_file():
            say(f"{name:16} {path}")
    return 0


def _places(options: argparse.Namespace) -> tuple[Path, Path]:
    from cgrecnet.paths import RESULTS, WORK

    named = folders(options)
    return Path(named.get("results", RESULTS)), Path(named.get("work", WORK))
