"""`cgrecnet data`: its commands, each from a module of its own."""

from cgrecnet.commands import data_audit, data_check, data_fetch, data_list, data_pack, data_simulate, data_split

#: Modules with `add(commands)`, in the order of the help.
MODULES = (data_list, data_fetch, data_check, data_split, data_audit, data_pack, data_simulate)


def add(commands) -> None:
    """Add `data` and its commands to the parser."""
    parser = commands.add_parser("data", help="data sets: list, fetch, check, split, audit, pack, simulate")
    below = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in MODULES:
        module.add(below)
