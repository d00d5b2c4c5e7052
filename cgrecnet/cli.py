"""The command `cgrecnet`: data, train, report, predict, export, notebook, sweep, collect, runs, show, reproduce,
explain, certificate, scheduler, worker and doctor; in a clone also book, test, student and slides."""

import argparse
import os
import signal
import sys
from pathlib import Path

from cgrecnet import __version__
from cgrecnet.commands import clone, data, predict, runs, sweep, train
from cgrecnet.errors import UserError

_COMMANDS = (
    train.train_command, train.report, predict.predict, predict.export, clone.notebook, sweep.sweep,
    runs.collect_command, runs.plot, runs.runs, runs.show, sweep.reproduce, train.explain, sweep.certificate,
    sweep.scheduler, sweep.worker, clone.doctor, clone.book, clone.test, clone.student, clone.slides,
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 0, 1 (something is amiss) or 2 (the user can mend it, one sentence says how)."""
    options = _parse(arguments)
    before = signal.signal(signal.SIGTERM, _interrupt)  # end what was started, as Ctrl-C does
    try:
        status = options.command(options) or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # as by `| head`: who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except UserError as error:
        print(f"cgrecnet: {_readable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cgrecnet: stopped; what was finished is kept, start again to go on.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _readable(text: str) -> str:
    """A message with its remedy, without the middle of a value that somebody put pages into."""
    return text if len(text) <= 2000 else f"{text[:800]} ... {text[-800:]}"


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    """Options and words in any order: argparse leaves over the words of `name=value *` that follow an option.

    A command says with `rest` where such words belong: a list of them, or one path.
    """
    parser = _parser()
    options, late = parser.parse_known_args(arguments)
    rest = options.rest
    here = getattr(options, rest) if rest else None
    one_path = rest is not None and here is None and len(late) == 1
    if any(word.startswith("-") for word in late) or (late and not isinstance(here, list) and not one_path):
        parser.error(f"unrecognized arguments: {' '.join(late)}")
    if late:
        setattr(options, rest, Path(late[0]) if one_path else here + late)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cgrecnet", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    about = "data sets: list, fetch, check, split, audit, pack, simulate"
    below = commands.add_parser("data", help=about).add_subparsers(required=True, metavar="COMMAND")
    for parent, some in ((below, data.DATA), (commands, _COMMANDS)):
        for one in some:
            one.add(parent)
    return parser
