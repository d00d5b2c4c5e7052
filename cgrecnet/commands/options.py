"""What a command is, and words that several commands share."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cgrecnet.errors import ConfigError
from cgrecnet.paths import RESULTS, WORK

#: Flags or a name, and what argparse is told of them.
Argument = tuple[tuple[str, ...], dict[str, Any]]


def argument(*flags: str, **details: Any) -> Argument:
    """A word or an option of a command, as `ArgumentParser.add_argument` takes it."""
    return flags, details


@dataclass(frozen=True)
class Command:
    """A command: what it is called, what it does, its words.

    run: gets what was given; its exit status, None for 0. rest: where words belong that follow an option
    (`cgrecnet.cli`). about: what argparse is told of the command.
    """

    name: str
    run: Callable[[argparse.Namespace], int | None]
    arguments: tuple[Argument, ...]
    rest: str | None
    about: dict[str, Any]

    def add(self, commands) -> None:
        """Add the command to the parser."""
        parser = commands.add_parser(self.name, **self.about)
        for flags, details in self.arguments:
            parser.add_argument(*flags, **details)
        parser.set_defaults(command=self.run, rest=self.rest)


def command(name: str, *arguments: Argument, rest: str | None = None, **about: Any) -> Callable[[Callable], Command]:
    """Make the function below the command `name`."""
    return lambda run: Command(name, run, arguments, rest, about)


def say(text: str) -> None:
    """Print, also where a name in the text has letters that this terminal does not."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


#: Who may give work to workers.
TRUST = (
    argument("--tls", type=Path, metavar="FOLDER", help="of a certificate that `cgrecnet certificate` made"),
    argument("--trust-network", action="store_true", help="no TLS: everybody on the network can run programs as you"),
)
#: Where runs are done, and how often one that failed is tried again.
PLACE = (
    argument("--workers", type=int, help="runs at a time on this machine (default: one per GPU, or as fit)"),
    argument("--scheduler", metavar="tls://HOST:PORT", help="a Dask scheduler that is there already"),
    argument("--queue", type=Path, metavar="QUEUE.yaml", help="workers as jobs of a batch system"),
    argument("--retries", type=int, default=0, help="how often a run that failed is tried again"),
    *TRUST,
)
KEEP_WEIGHTS = argument("--keep-weights", action="store_true", help="keep the tested weights in the work folder")
RECORDS = argument("--results", type=Path, default=RESULTS, help="folder of the records (default: results/)")
#: The folders of records and of work in progress.
FOLDERS = (
    RECORDS,
    argument("--work", type=Path, default=WORK, help="folder of checkpoints and logs (default: _build/runs/)"),
)
#: NAME [FOLDER] --option: which data set a command is about; its `rest` is `folder`.
DATASET = (
    argument("name", help="of the data set"),
    argument("folder", nargs="?", type=Path, help="where its files, or a store of them, are"),
    argument("--option", action="append", default=[], metavar="NAME=VALUE", help="a setting of it; several times"),
)
TASK = argument("--task", help="which labels (default: the data set's own)")


def need_least(options: argparse.Namespace, **least: int) -> None:
    """ConfigError for the first of these options that was given and is below its least value."""
    for name, lowest in least.items():
        if (value := getattr(options, name)) is not None and value < lowest:
            raise ConfigError(f"--{name} is {value}; give a whole number, {lowest} or more.")


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
