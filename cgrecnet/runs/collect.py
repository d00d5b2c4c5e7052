"""One table from the records of a sweep; what is missing is said, never averaged over in silence.

Choose on validation, judge on test: each score says in its name which cells it is of.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import write_file
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import record_of
from cgrecnet.runs.run_id import PlannedRun
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.training.config import RunConfig

#: What repeats a measurement and is averaged over; every other parameter that varies names a row.
REPEATS = ("fold", "seed", "split_seed")
#: Scores of a run that the table has a column for; of validation cells, at the epoch whose weights were tested.
VALIDATION = ("validation_accuracy", "validation_macro_f1")
TEST = ("test_accuracy", "test_balanced_accuracy", "test_weighted_f1", "test_macro_f1", "test_macro_auc")
SCORES = (*VALIDATION, *TEST)
#: What a setting is chosen by.
CHOSEN_BY = "validation_macro_f1"


def collect(
    plans: Sequence[PlannedRun], results: Path = RESULTS, partial: bool = False, stopped: Collection[str] = ()
) -> pd.DataFrame:
    """One row per run of a sweep: its name, the parameters that vary, its scores, epochs (best, all), its seconds.

    partial: whether runs may be missing; the table then has fewer rows, and `attrs["missing"]` names the others.
    stopped: runs that were stopped early by a rule and are not missed; `attrs["stopped"]` names those without a record.
    Raises RunError where a run is missing (and `partial` is not given), or a record is damaged.
    """
    records = {plan.run_id: record_of(plan, results) for plan in plans}
    without = [name for name, record in records.items() if record is None]
    missing = [name for name in without if name not in stopped]
    if missing and not partial:
        raise RunError(
            f"{len(missing)} of {len(plans)} runs have no record, the first is {missing[0]}: run the sweep to its end, "
            "or ask for the part that is there (--partial)."
        )
    if len(without) == len(plans):
        raise RunError(f"None of the {len(plans)} runs has a record in {results}: run the sweep first.")
    differ = varying(plans)
    rows = []
    for plan in plans:
        if plan.run_id not in without:
            record = records[plan.run_id]
            rows.append({"run_id": record.run_id, **values_of(plan, differ), **scores_of(record)})
    table = pd.DataFrame(rows)
    early = [name for name in without if name in stopped]
    table.attrs |= {"missing": missing, "stopped": early, "planned": len(plans), "varying": differ}
    return table


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation (n - 1) and n of every score, over folds and seeds; one row per other setting."""
    keys = [name for name in table.attrs["varying"] if name not in REPEATS]
    grouped = table.groupby(keys, sort=False, dropna=False) if keys else table.groupby(lambda _: "all")
    parts = {"n": grouped.size()}
    for score in SCORES:
        parts[f"{score}_mean"], parts[f"{score}_sd"] = grouped[score].mean(), grouped[score].std(ddof=1)
    return pd.DataFrame(parts).reset_index(names=None if keys else ["runs"])


def best(summary: pd.DataFrame) -> pd.Series:
    """The row of `summarise` with the highest mean of `CHOSEN_BY`, the first of equals."""
    return summary.loc[summary[f"{CHOSEN_BY}_mean"].idxmax()]


def flat(config: RunConfig | Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run by name, each option under a name of its own (`data_options.noise`)."""
    found: dict[str, Any] = {}
    for name, value in (config.model_dump() if isinstance(config, RunConfig) else config).items():
        if isinstance(value, dict):
            found |= {f"{name}.{option}": one for option, one in value.items()}
        else:
            found[name] = value
    return found


def plain(value: Any) -> str:
    """A value in one spelling: YAML reads 1e-4 as text, and 0.0001 as a number."""
    try:
        return repr(value if isinstance(value, bool) else float(value))
    except (TypeError, ValueError):
        return repr(value)


def varying(plans: Sequence[PlannedRun]) -> list[str]:
    """Parameters (as `flat` names them) that have more than one value in the sweep, in the configuration's order."""
    return _in_order(differing([flat(plan.config) for plan in plans]), plans)


def differing(each: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names that have more than one value among these."""
    names = dict.fromkeys(name for values in each for name in values)
    return [name for name in names if len({repr(values.get(name)) for values in each}) > 1]


def _in_order(names: Iterable[str], plans: Sequence[PlannedRun]) -> list[str]:
    order = list(type(plans[0].config).model_fields)
    return sorted(names, key=lambda name: order.index(name.partition(".")[0]))


def values_of(plan: PlannedRun, names: Sequence[str]) -> dict[str, Any]:
    """The values of these parameters in a run; None for an option that it does not set."""
    values = flat(plan.config)
    return {name: repr(v) if isinstance(v := values.get(name), dict | list) else v for name in names}


def scores_of(record: RunRecord) -> dict[str, float]:
    """Scores, epochs and seconds of a run, as the table has them."""
    test, reported = record.test, next(entry for entry in record.history if entry["reported"])
    return {
        **{name: reported[name] for name in VALIDATION},
        "test_accuracy": test["accuracy"],
        "test_balanced_accuracy": test["balanced_accuracy"],
        "test_weighted_f1": test["weighted"]["f1"],
        "test_macro_f1": test["macro"]["f1"],
        "test_macro_auc": test["macro"]["auc"],
        "best_epoch": reported["epoch"],
        "epochs_run": len(record.history),
        "seconds": record.wall_seconds,
    }


def with_all_parameters(table: pd.DataFrame, plans: Sequence[PlannedRun]) -> pd.DataFrame:
    """What `collect` gives, with the parameters that do not vary as well; options as `data_options.noise`."""
    names = _in_order(dict.fromkeys(name for plan in plans for name in flat(plan.config)), plans)
    values = {plan.run_id: values_of(plan, names) for plan in plans}
    parameters = pd.DataFrame([values[run] for run in table["run_id"]], columns=names)
    scores = table.drop(columns=["run_id", *table.attrs["varying"]]).reset_index(drop=True)
    return pd.concat([table[["run_id"]].reset_index(drop=True), parameters, scores], axis=1)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write it as Parquet where the name ends in .parquet, and as CSV otherwise; UserError where that fails."""
    if path.suffix != ".parquet":
        write_file(path, table.to_csv(index=False), "name another file")
        return
    try:
        content = table.apply(_of_one_kind).to_parquet(index=False)
    except ImportError:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed: `pip install 'cgrecnet[parquet]'`, or write --csv."
        ) from None
    write_file(path, content, "name another file")


def _of_one_kind(column: pd.Series) -> pd.Series:
    """A column that Parquet takes: one with values of several kinds, such as numbers and words, becomes text."""
    kinds = {type(value) for value in column.dropna()}
    return column.map(str, na_action="ignore") if len(kinds) > 1 else column
