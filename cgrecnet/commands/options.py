"""Words that several commands share."""

import argparse
import os
import sys
from pathlib import Path

import yaml

from cgrecnet.errors import ConfigError


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


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """NAME [FOLDER] --task --option: which data set a command is about."""
    parser.add_argument("name", help="of the data set")
    parser.add_argument("folder", nargs="?", type=Path, help="where its files, or a store of them, are")
    parser.set_defaults(rest="folder")
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
