"""`cgrecnet train`, and what is asked of networks that were trained: `report` and `explain`."""

import argparse
import sys
from pathlib import Path

import yaml

from cgrecnet.commands.options import FOLDERS, KEEP_WEIGHTS, argument, command, say
from cgrecnet.errors import ConfigError
from cgrecnet.paths import RESULTS


@command(
    "report",
    argument("model", type=Path, metavar="MODEL", help="folder that `train --model-folder` wrote"),
    argument("--root", metavar="FOLDER", help="where its cells lie (default: where the run found them)"),
    argument("--out", type=Path, default=Path("training.html"), metavar="FILE", help="the page (HTML)"),
    help="one page about a training: learning curves, confusion with its cells, reliability, audit",
)
def report(options: argparse.Namespace) -> None:
    from cgrecnet.predict.folder import open_folder
    from cgrecnet.predict.training_report import write_training_report

    write_training_report(options.out, open_folder(options.model), options.root)
    say(f"report: {options.out}")


def parse_parameters(words: list[str]) -> dict:
    """Parameters from YAML files and `name=value` words, later ones over earlier ones.

    An option that stands alone keeps its name (`data_options.noise`): `cgrecnet.training.config.with_options`.
    """
    from cgrecnet.runs.grid import read_yaml_mapping
    from cgrecnet.runs.strict_yaml import complaint, load_yaml
    from cgrecnet.training.config import ALIASES, own_names

    values: dict = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            _take(values, own_names(read_yaml_mapping(Path(word)), word))
            continue
        name = ALIASES.get(name, name)
        try:
            _take(values, {name: load_yaml(text)})
        except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
            raise ConfigError(
                f"Parameter {name!r} is {text!r}, which is not a YAML value{complaint(error)}: quote it."
            ) from None
    return values


def _take(values: dict, later: dict) -> None:
    """Put later parameters over earlier ones; `data_options=...` over what `data_options.noise=...` said before."""
    for name in [earlier for earlier in values if earlier.partition(".")[0] in later]:
        del values[name]
    values |= later


@command(
    "train",
    argument(
        "parameters", nargs="*", metavar="FILE.yaml | name=value | RUN",
        help="later ones win; a run that was begun goes on by its name",
    ),
    argument("--processes", type=int, default=1, help="that train together on this machine, one per GPU"),
    argument("--nodes", type=int, default=1, help="machines that train together"),
    argument("--node", type=int, default=0, help="which of them this is; 0 leads"),
    argument("--master", metavar="HOST:PORT", help="where the processes of several nodes meet"),
    argument(
        "--trust-network", action="store_true", help="nodes meet without TLS: everybody on their network can take part"
    ),
    argument("--model-folder", type=Path, metavar="NEW", help="write weights, calibration and a card for `predict`"),
    argument("--ensemble", type=int, default=1, metavar="N", help="networks in it, of seed, seed + 1, ..."),
    argument("--report", type=Path, metavar="FILE", help="and a page about it (HTML, offline)"),
    KEEP_WEIGHTS,
    *FOLDERS,
    rest="parameters",
    help="one run; its record is written when it is done",
)  # fmt: skip
def train_command(options: argparse.Namespace) -> None:
    from cgrecnet.runs.found import found_run
    from cgrecnet.runs.notebook import train, write_parameters
    from cgrecnet.runs.notebook_parameters import Keeping
    from cgrecnet.runs.ranks import Together, join
    from cgrecnet.runs.run_id import plan_run
    from cgrecnet.training.config import RunConfig

    if options.report and not options.model_folder:
        raise ConfigError("--report is about a model folder: name one with --model-folder.")
    results, work = options.results, options.work
    values: dict = {}
    for word in options.parameters:
        run = None if "=" in word or Path(word).is_file() else found_run(word, results, work)
        alone = run and len(options.parameters) == 1
        if alone and run.record and not options.model_folder:
            print(f"{word}: done already, see {run.files['record']}")
            _say_scores(run.record.test)
            return
        if run and run.begun:
            _take(values, parse_parameters([str(run.begun / "parameters.yaml")]))
            if alone:  # it goes on where it was begun
                work, there = run.begun.parent, Path(values["results_folder"])
                results = there if results is RESULTS and there.is_dir() else results  # unless another one was named
        else:
            _take(values, dict(run.record.config) if run else parse_parameters([word]))
    values = {name: value for name, value in values.items() if name not in Keeping.model_fields}
    config = RunConfig.from_mapping(values, "the command line")
    together = Together(options.processes, options.nodes, options.node, options.master, options.trust_network)
    if together.node > 0:
        plan = plan_run(config)
        join(write_parameters(plan, results, work), together, plan.run_id)
        return
    bar, places = sys.stderr.isatty(), {"results": results, "work": work}
    if options.model_folder:
        _train_model(config, together, options, bar, places)
        return
    if options.ensemble != 1:
        raise ConfigError("--ensemble is for --model-folder: name one, or sweep over seeds (`cgrecnet sweep`).")
    record = train(config, together=together, bar=bar, keep_weights=options.keep_weights, **places)
    _say_scores(record.test)


def _say_scores(test: dict) -> None:
    print(f"accuracy {test['accuracy']:.4f}  macro F1 {test['macro']['f1']:.4f}  ({test['n']} test cells)")


def _train_model(config, together, options: argparse.Namespace, bar: bool, places: dict[str, Path]) -> None:
    from cgrecnet.predict.build import train_model
    from cgrecnet.predict.training_report import write_training_report

    if options.ensemble < 1 or together.nodes > 1:
        raise ConfigError("--model-folder needs --ensemble of 1 or more, and one node.")
    model = train_model(config, options.ensemble, options.model_folder, together=together, bar=bar, **places)
    if options.report:
        write_training_report(options.report, model, config.root)
        say(f"report: {options.report}")
    _say_scores(model.model.measured["test"])
    print(f"{model.path}: read README.md there, then `cgrecnet predict {model.path} YOUR_CELLS`")


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
