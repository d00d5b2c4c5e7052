"""`cgrecnet report`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import FOLDERS, argument, command, say
from cgrecnet.errors import RunError


@command(
    "report",
    argument("what", metavar="RUN | MODEL", help="a finished run by its name, or a model folder"),
    argument("--root", metavar="FOLDER", help="where its cells lie (default: where the run found them)"),
    argument("--out", type=Path, default=Path("training.html"), metavar="FILE", help="the page (HTML)"),
    *FOLDERS,
    help="one page about a training: learning curves, confusion with its cells, reliability, audit",
)
def report(options: argparse.Namespace) -> None:
    if Path(options.what).is_dir():
        report_on_model(Path(options.what), options.root, options.out)
    else:
        report_on_run(options.what, options.results, options.work, options.root, options.out)


def report_on_model(path: Path, root: str | None, out: Path) -> None:
    """Write the page about the training of a model folder."""
    from cgrecnet.predict.folder import open_folder
    from cgrecnet.predict.training_report import trained_of_model, write_training_report

    write_training_report(out, trained_of_model(open_folder(path), root))
    say(f"report: {out}")


def report_on_run(run_id: str, results: Path, work: Path, root: str | None, out: Path) -> None:
    """Write the page about a finished run; RunError where it has no record."""
    from cgrecnet.predict.training_report import trained_of_run, write_training_report
    from cgrecnet.runs.found import begun_folder, find_run
    from cgrecnet.runs.grid import read_yaml_mapping

    run = find_run(run_id, results, work)
    if run.record is None:
        raise RunError(f"Run {run_id} has no record yet: go on with `cgrecnet train {run_id}`, then ask again.")
    if root is None and (folder := begun_folder(run_id, work)):
        root = read_yaml_mapping(folder / "parameters.yaml").get("root")
    write_training_report(out, trained_of_run(run.record, run.files["record"].parents[2], root))
    say(f"report: {out}")
