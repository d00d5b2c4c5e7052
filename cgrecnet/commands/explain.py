"""`cgrecnet explain`."""

import argparse
import sys

from cgrecnet.commands.options import FOLDERS, argument, command
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError


@command(
    "explain",
    argument("parameters", nargs="*", metavar="FILE.yaml | name=value", help="later ones win"),
    argument("--yes", action="store_true", help="start with the default parameters, where none is given"),
    argument("--kept", action="store_true", help="explain networks whose weights a sweep kept; train none"),
    *FOLDERS,
    rest="parameters",
    help="train small networks on simulated cells, explain and score the maps",
)
def explain(options: argparse.Namespace) -> None:
    from cgrecnet.runs.explain import explain_study
    from cgrecnet.runs.explain_record import ExplainConfig, KeptConfig
    from cgrecnet.training.config import with_options

    kind = KeptConfig if options.kept else ExplainConfig
    where = "the command line"
    config = kind.from_mapping(with_options(parse_parameters(options.parameters), where), where)
    if not options.parameters and not options.yes:
        raise ConfigError(
            f"This would train {len(config.networks())} networks for the study {config.experiment!r}: name a FILE.yaml "
            "or parameters, or add --yes to start it as it is."
        )
    record = explain_study(config, bar=sys.stderr.isatty(), results=options.results, work=options.work)
    for name, network in record.networks.items():
        print(f"{name:20} accuracy {network['test']['accuracy']:.3f} ({network['test']['n']} test cells)")
