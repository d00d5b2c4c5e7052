"""A sweep's table for other programs: one row per run, every parameter and every option in a column of its own."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cgrecnet.errors import ConfigError
from cgrecnet.files import whole
from cgrecnet.runs.collect import flat, values_of
from cgrecnet.runs.plan import Plan


def with_all_parameters(table: pd.DataFrame, plans: Sequence[Plan]) -> pd.DataFrame:
    """What `collect` gives, with the parameters that do not vary as well; options as `data_options.noise`."""
    names = list(dict.fromkeys(name for plan in plans for name in flat(plan.config)))
    order = list(type(plans[0].config).model_fields)
    names.sort(key=lambda name: order.index(name.partition(".")[0]))
    values = {plan.run_id: values_of(plan, names) for plan in plans}
    parameters = pd.DataFrame([values[run] for run in table["run_id"]], columns=names)
    scores = table.drop(columns=["run_id", *table.attrs["varying"]]).reset_index(drop=True)
    return pd.concat([table[["run_id"]].reset_index(drop=True), parameters, scores], axis=1)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write it as Parquet where the name ends in .parquet, and as CSV otherwise; ConfigError where that fails."""
    try:
        if path.suffix != ".parquet":
            with whole(path) as file:
                table.to_csv(file, index=False)
            return
        with whole(path, "wb") as file:
            table.apply(_of_one_kind).to_parquet(file, index=False)
    except ImportError:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed: `pip install 'cgrecnet[parquet]'`, or write --csv."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): name another file.") from None


def _of_one_kind(column: pd.Series) -> pd.Series:
    """A column that Parquet takes: one with values of several kinds, such as numbers and words, becomes text."""
    kinds = {type(value) for value in column.dropna()}
    return column.map(str, na_action="ignore") if len(kinds) > 1 else column
