"""`cgrecnet train`."""

import argparse
import sys
from pathlib import Path

import yaml

from cgrecnet.commands.options import FOLDERS, KEEP_WEIGHTS, argument, command
from cgrecnet.commands.report import report_on_model, report_on_run
from cgrecnet.errors import ConfigError
from cgrecnet.paths import RESULTS


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
    argument("--report", type=Path, metavar="FILE", help="and a page about the training (HTML, offline)"),
    KEEP_WEIGHTS,
    *FOLDERS,
    rest="parameters",
    help="one run; its record is written when it is done",
)  # fmt: skip
def train_command(options: argparse.Namespace) -> None:
    from cgrecnet.runs.found import begun_folder, found_run
    from cgrecnet.runs.notebook import train, write_parameters
    from cgrecnet.runs.notebook_parameters import Keeping
    from cgrecnet.runs.ranks import Together, join
    from cgrecnet.runs.run_id import plan_run
    from cgrecnet.training.config import RunConfig

    results, work = options.results, options.work
    values: dict = {}
    for word in options.parameters:
        run = None if "=" in word or Path(word).is_file() else found_run(word, results, work)
        alone = run and len(options.parameters) == 1
        if alone and run.record and not options.model_folder:
            print(f"{word}: done already, see {run.files['record']}")
            if options.report:
                report_on_run(word, results, work, None, options.report)
            _say_scores(run.record.test)
            return
        if run and (folder := begun_folder(word, work)):
            _take(values, parse_parameters([str(folder / "parameters.yaml")]))
            if alone:  # it goes on where it was begun
                work, there = folder.parent, Path(values["results_folder"])
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
    if options.report:
        report_on_run(record.run_id, results, work, config.root, options.report)
    _say_scores(record.test)


def _say_scores(test: dict) -> None:
    print(f"accuracy {test['accuracy']:.4f}  macro F1 {test['macro']['f1']:.4f}  ({test['n']} test cells)")


def _train_model(config, together, options: argparse.Namespace, bar: bool, places: dict[str, Path]) -> None:
    from cgrecnet.predict.train import train_model

    if options.ensemble < 1 or together.nodes > 1:
        raise ConfigError("--model-folder needs --ensemble of 1 or more, and one node.")
    model = train_model(config, options.ensemble, options.model_folder, together=together, bar=bar, **places)
    if options.report:
        report_on_model(options.model_folder, config.root, options.report)
    _say_scores(model.model.measured["test"])
    print(f"{model.path}: read README.md there, then `cgrecnet predict {model.path} YOUR_CELLS`")
