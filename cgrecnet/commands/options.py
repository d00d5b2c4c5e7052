"""Words that several commands share."""

import argparse
import os
import sys
from pathlib import Path

import yaml

from cgrecnet.errors import ConfigError
from cgrecnet.paths import RESULTS, WORK


def say(text: str) -> None:
    """Print, also where a name in the text has letters that this terminal does not."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def add_trust(parser: argparse.ArgumentParser) -> None:
    """--tls and --trust-network: who may give work to workers."""
    parser.add_argument("--tls", type=Path, metavar="FOLDER", help="of a certificate that `cgrecnet certificate` made")
    parser.add_argument(
        "--trust-network", action="store_true", help="go without TLS: everybody on the network can run programs as you"
    )


def add_places(parser: argparse.ArgumentParser, work: bool = True, weights: bool = False) -> None:
    """--results, --work, --keep-weights: the folders of records and of work in progress, and what is kept there."""
    if weights:
        parser.add_argument("--keep-weights", action="store_true", help="keep the tested weights in the work folder")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the records (default: results/)")
    if work:
        usual = "(default: _build/runs/)"
        parser.add_argument("--work", type=Path, default=WORK, help=f"folder of checkpoints and logs {usual}")


def need_least(options: argparse.Namespace, **least: int) -> None:
    """ConfigError for the first of these options that was given and is below its least value."""
    for name, lowest in least.items():
        if (value := getattr(options, name)) is not None and value < lowest:
            raise ConfigError(f"--{name} is {value}; give a whole number, {lowest} or more.")


def add_dataset(parser: argparse.ArgumentParser, task: bool = True) -> None:
    """NAME [FOLDER] --task --option: which data set a command is about."""
    parser.add_argument("name", help="of the data set")
    parser.add_argument("folder", nargs="?", type=Path, help="where its files, or a store of them, are")
    parser.set_defaults(rest="folder")
    if task:
        parser.add_argument("--task", help="which labels (default: the data set's own)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="a setting of the data set; several times"
    )


def open_named(options: argparse.Namespace):
    """The data set that these words name."""
    from cgrecnet.data import open_dataset, refuse_unread

    refuse_unread(options.name, options.folder, options.task)
    return open_dataset(options.name, root=options.folder, task=options.task, options=parse_options(options.option))


def parse_options(words: list[str]) -> dict:
    """`name=value` words, the values read as YAML; raises ConfigError for anything else."""
    from cgrecnet.runs.strict_yaml import complaint, load_yaml

    values = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"--option {word!r} is not NAME=VALUE, such as --option cells=400.")
        try:
            values[name] = load_yaml(text)
        except (yaml.YAMLError, ValueError) as error:
            raise ConfigError(f"The value of --option {word!r} is not YAML{complaint(error)}: quote it.") from None
    return values
