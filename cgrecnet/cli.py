"""The command `cgrecnet`: data, train, sweep, bench, doctor."""

import argparse
import signal
import sys
from pathlib import Path

import yaml

from cgrecnet import __version__
from cgrecnet.errors import ConfigError, UserError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 0, 1 (something is amiss) or 2 (the user can mend it, one sentence says how)."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _interrupt)  # end what was started, as Ctrl-C does
    try:
        return options.command(options)
    except UserError as error:
        print(f"cgrecnet: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cgrecnet: stopped; what was finished is kept, start again to go on.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cgrecnet", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="list, fetch and check data sets").add_subparsers(required=True)
    data.add_parser("list", help="which data sets there are, and which are at hand").set_defaults(command=_data_list)
    fetch = data.add_parser("fetch", help="download a data set into the cache, every file checked")
    fetch.add_argument("name")
    fetch.add_argument("--folder", type=Path, help="instead of the cache folder")
    fetch.set_defaults(command=_data_fetch)
    check = data.add_parser("check", help="read a whole data set, count its cells, name faulty files")
    check.add_argument("name")
    check.add_argument("folder", nargs="?", type=Path)
    check.set_defaults(command=_data_check)

    train = commands.add_parser("train", help="one run; its record is written when it is done")
    train.add_argument("parameters", nargs="*", metavar="FILE.yaml | name=value", help="later ones win")
    train.set_defaults(command=_train)

    sweep = commands.add_parser("sweep", help="all runs of a grid; done ones are skipped")
    sweep.add_argument("file", type=Path, metavar="sweeps/NAME.yaml")
    sweep.add_argument("--list", action="store_true", help="say what would be run, and stop")
    sweep.set_defaults(command=_sweep)

    for command in (train, sweep):
        command.add_argument("--results", type=Path, help="folder of the records (default: results/)")
        command.add_argument("--work", type=Path, help="folder of checkpoints and logs (default: _build/runs/)")

    bench = commands.add_parser("bench", help="what reading and augmenting images costs a training step")
    bench.add_argument("--model", default="cg_recnet")
    bench.add_argument("--image-size", type=int, default=64)
    bench.add_argument("--batch-size", type=int, default=8)
    bench.add_argument("--steps", type=int, default=20)
    bench.set_defaults(command=_bench)

    commands.add_parser("doctor", help="what works on this machine").set_defaults(command=_doctor)
    return parser


def _data_list(_: argparse.Namespace) -> int:
    from cgrecnet.data import available, list_datasets

    for name in list_datasets():
        print(f"{name:<10} {'at hand' if available(name) else 'not at hand'}")
    return 0


def _data_fetch(options: argparse.Namespace) -> int:
    from cgrecnet.data import fetch_dataset

    print(fetch_dataset(options.name, folder=options.folder))
    return 0


def _data_check(options: argparse.Namespace) -> int:
    from cgrecnet.data import report_on

    text, good = report_on(options.name, root=options.folder, published=_published(options.name))
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
    return 0 if good else 1


def _published(name: str) -> dict[str, dict[str, int]] | None:
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


def parse_parameters(words: list[str]) -> dict:
    """Parameters from YAML files and `name=value` words, later ones over earlier ones."""
    from cgrecnet.runs.sweep import read_yaml_mapping

    values: dict = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            values |= read_yaml_mapping(Path(word))
            continue
        try:
            values[name] = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError):  # ValueError: a date that does not exist
            raise ConfigError(f"Parameter {name!r} is {text!r}, which is not a YAML value: quote it.") from None
    return values


def _folders(options: argparse.Namespace) -> dict[str, Path]:
    return {name: value for name in ("results", "work") if (value := getattr(options, name)) is not None}


def _train(options: argparse.Namespace) -> int:
    from cgrecnet.runs.notebook import train
    from cgrecnet.training.config import RunConfig

    config = RunConfig.from_mapping(parse_parameters(options.parameters), "the command line")
    record = train(config, **_folders(options))
    test = record.test
    print(f"accuracy {test['accuracy']:.4f}  macro F1 {test['macro']['f1']:.4f}  ({test['n']} test cells)")
    return 0


def _sweep(options: argparse.Namespace) -> int:
    from cgrecnet.runs.plan import plan_run
    from cgrecnet.runs.sweep import read_sweep, run_sweep

    configs = read_sweep(options.file)
    if options.list:
        for config in configs:
            print(plan_run(config).run_id, config.model, f"fold {config.fold}", f"seed {config.seed}")
        return 0
    run_sweep(configs, **_folders(options))
    return 0


def _bench(options: argparse.Namespace) -> int:
    from cgrecnet.runs.bench import input_path_cost

    print(input_path_cost(options.model, options.image_size, options.batch_size, options.steps))
    return 0


def _doctor(_: argparse.Namespace) -> int:
    from cgrecnet.doctor import examine

    findings = examine()
    for finding in findings:
        mark = "ok  " if finding.good else ("FAIL" if finding.needed else "note")
        print(f"{mark} {finding.what:<16} {finding.detail}")
    return 1 if any(finding.needed and not finding.good for finding in findings) else 0
