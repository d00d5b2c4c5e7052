"""`cgrecnet data list`."""

import argparse


def add(commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("list", help="which data sets there are, what each is, and which are at hand")
    parser.set_defaults(command=_run)


def _run(_: argparse.Namespace) -> int:
    from cgrecnet.data import BROUGHT, available, list_datasets
    from cgrecnet.data.cards import load_card

    for name in list_datasets():
        line = BROUGHT[name] if name in BROUGHT else load_card(name).line
        print(f"{name:<10} {'at hand' if available(name) else 'not at hand':<12} {line}")
    return 0
