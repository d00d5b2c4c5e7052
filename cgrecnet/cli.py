"""The command `cgrecnet`: data, train, notebook, sweep, collect, reproduce, explain, certificate, scheduler, worker,
bench and doctor; in a clone also book, test, student and slides."""

import argparse
import os
import signal
import sys

from cgrecnet import __version__
from cgrecnet.commands import (
    bench,
    clone,
    collect,
    data,
    doctor,
    explain,
    notebook,
    reproduce,
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
        status = options.command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # as by `| head`: who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
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
    for module in (data, train, notebook, sweep, collect, reproduce, explain, scheduler, worker, bench, doctor, clone):
        module.add(commands)
    return parser
