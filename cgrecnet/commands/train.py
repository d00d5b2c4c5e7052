"""`cgrecnet train` and `cgrecnet sweep`."""

import argparse
from pathlib import Path

import yaml

from cgrecnet.errors import ConfigError


def add(commands) -> None:
    """Add both commands to the parser."""
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
