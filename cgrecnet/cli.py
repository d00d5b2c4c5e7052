"""The command `cgrecnet`: data, train, notebook, sweep, collect, runs, show, reproduce, explain, certificate,
scheduler, worker, bench and doctor."""

import argparse
import signal
import sys

from cgrecnet import __version__
from cgrecnet.commands import (
    bench,
    collect,
    data,
    doctor,
    explain,
    notebook,
    reproduce,
    runs,
    scheduler,
    sweep,
    train,
    worker,
)
from cgrecnet.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 0, 1 (something is amiss) or 2 (the user can mend it, one sentence says how)."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _interrupt)  # end what was started, as Ctrl-C does
    try:
        return options.command(options)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cgrecnet", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (data, train, notebook, sweep, collect, runs, reproduce, explain, scheduler, worker, bench, doctor):
        module.add(commands)
    return parser
