"""One page about a sweep that opens without a network: curves, two parameters, all of them, and the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cgrecnet.errors import ConfigError
from cgrecnet.files import atomic_write, shown
from cgrecnet.runs.collect import CHOSEN_BY, REPEATS, SCORES, best, collect, summarise
from cgrecnet.runs.halving import settings_of
from cgrecnet.runs.page import filled, safe
from cgrecnet.runs.query import record_of
from cgrecnet.runs.run_id import Plan
from cgrecnet.runs.sweep_drawings import Curve, learning_curves, parallel_coordinates, two_parameters

#: CSS besides the frame's.
_STYLE = """\
body { overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
figcaption { font-size: .9rem; }
table { border-collapse: collapse; font-size: .8rem; overflow-wrap: normal; }
th, td { border: 1px solid #ccc; padding: .2rem .5rem; text-align: right; white-space: nowrap; }"""


def write_page(
    path: Path,
    plans: Sequence[Plan],
    results: Path,
    stopped: Mapping[str, Mapping[str, Any]],
    pair: tuple[str | None, str | None] = (None, None),
) -> pd.DataFrame:
    """Write the page about the runs of a sweep that have a record; every text of theirs is escaped.

    stopped: as `halving.stopped_runs` gives it. pair: the parameters of the heat map; None: those with most values.
    Returns the table of `collect`. Raises RunError where no run has a record, ConfigError for a pair that does not vary
    or a file that cannot be written.
    """
    table = collect(plans, results, partial=True, stopped=stopped)
    varied = [name for name in table.attrs["varying"] if table[name].map(repr).nunique() > 1]
    names = [name for name in varied if name not in REPEATS]
    x, y = _pair(table, varied, names, pair)
    body = [
        f"<h1>Sweep {safe(plans[0].config.experiment)}</h1>",
        *_standing(plans, table, results),
        "<h2>Learning curves</h2>",
        _figure(
            learning_curves(_curves(plans, results, stopped)),
            "One line per run, on its validation cells; dashed with a cross at the end: stopped early.",
        ),
        "<h2>Two parameters</h2>",
        _figure(
            two_parameters(table, x, y),
            f"Mean validation macro F1 by {x} and {y}, over everything else that varies (n runs where more than one).",
        )
        if x and y
        else "<p>Fewer than two parameters vary among the runs that are done.</p>",
        "<h2>All parameters</h2>",
        _figure(
            parallel_coordinates(table, names),
            "One line per run, from its parameters to its validation macro F1: yellow is high, violet is low.",
        )
        if names
        else "<p>No parameter varies but for folds and seeds.</p>",
        "<h2>Runs</h2>",
        _table(table.sort_values(CHOSEN_BY, ascending=False)[["run_id", *table.attrs["varying"], *SCORES]]),
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(filled(f"Sweep: {plans[0].config.experiment}", _STYLE, body))
    except OSError as error:
        raise ConfigError(f"{shown(path)} cannot be written ({error.strerror}): name another with --out.") from None
    return table


def _pair(
    table: pd.DataFrame, varied: list[str], names: list[str], asked: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    """The two parameters to draw, as asked for or those with most values."""
    for name in filter(None, asked):
        if name not in varied:
            known = ", ".join(varied) or "none"
            raise ConfigError(f"{name!r} does not vary among the runs that are done; {known} do.")
    x, y = asked
    rest = [name for name in sorted(names, key=lambda n: -table[n].map(repr).nunique()) if name not in asked]
    x = x or (rest.pop(0) if rest else None)
    return x, y or (rest.pop(0) if rest else None)


def _standing(plans: Sequence[Plan], table: pd.DataFrame, results: Path) -> list[str]:
    """What was run, on which cells, how far it is, and what the validation cells choose."""
    chosen = best(summarise(table))
    keys = [name for name in table.attrs["varying"] if name not in REPEATS]
    setting = ", ".join(f"{name} = {chosen[name]}" for name in keys) or "the only setting"
    records = filter(None, (record_of(plan, results) for plan in plans))
    cells = sorted({_cells(record.data) for record in records})
    lines = [
        f"<p>Cells: {safe('; '.join(cells))}. {len(table)} of {table.attrs['planned']} runs have a record.</p>",
        f"<p>Best by the mean of {CHOSEN_BY.replace('_', ' ')}: {safe(setting)} ({chosen[f'{CHOSEN_BY}_mean']:.4f}, "
        f"n = {int(chosen['n'])}); its accuracy on test cells, which had no part in the choice: "
        f"{chosen['test_accuracy_mean']:.4f}.</p>",
    ]
    if table.attrs["stopped"]:
        lines.append(f"<p>{len(table.attrs['stopped'])} runs were stopped early, by their validation score.</p>")
    if missing := table.attrs["missing"]:
        lines.append(f"<p>Without a record: {safe(', '.join(missing[:10]))}{' ...' if len(missing) > 10 else ''}</p>")
    return lines


def _cells(data: Mapping[str, Any]) -> str:
    kind = "simulated" if data.get("simulated") else "real"
    return f"{data.get('name')} ({kind}, {data.get('cells')} cells)"


def _curves(plans: Sequence[Plan], results: Path, stopped: Mapping[str, Mapping[str, Any]]) -> list[Curve]:
    curves = []
    for setting, runs in settings_of(plans).items():
        for plan in runs:
            if record := record_of(plan, results):
                curves.append(Curve(setting, record.history))
            elif plan.run_id in stopped:
                curves.append(Curve(setting, stopped[plan.run_id]["history"], stopped=True))
    return curves


def _figure(drawing: str, caption: str) -> str:
    start = drawing.index("<svg") + len("<svg")
    labelled = f'{drawing[:start]} role="img" aria-label="{safe(caption)}"{drawing[start:]}'
    return f'<figure><div class="wide">{labelled}</div><figcaption>{safe(caption)}</figcaption></figure>'


def _table(table: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in table.columns)
    rows = ("".join(f"<td>{safe(_word(value))}</td>" for value in row) for row in table.itertuples(index=False))
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
