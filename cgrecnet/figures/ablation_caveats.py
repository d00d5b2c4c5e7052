"""What the folds of the ablation do not show: a dead fusion path, the skip it lacks, a rate that may not suit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from cgrecnet.figures.answers import interval, points
from cgrecnet.figures.choices import MODELS, Rates, chosen_rate, compare, planned_rates
from cgrecnet.figures.dead_path import TRAINED, dead_paths_of
from cgrecnet.figures.explained import Study
from cgrecnet.figures.folds import title_of
from cgrecnet.models import create_model
from cgrecnet.paths import RESULTS
from cgrecnet.runs.record import RunRecord

#: The networks of the ablation that have the fusion.
WITH_FUSION = ("rescmnet", "cg_recnet")
#: The single option that leads the stream around the fusion, as `option_runs` names it.
SKIP = "fusion_skip = True"


def dead_runs(study: Study | None, records: Sequence[RunRecord]) -> list[RunRecord]:
    """Those of the runs whose fusion the study found with a dead spatial path after training."""
    if study is None:
        return []
    by_id = {record.run_id: record for record in records}
    ids = [study.record.networks[f"{TRAINED} {path.model}"]["run_id"] for path in dead_paths_of(study)]
    return [by_id[run_id] for run_id in ids if run_id in by_id]


def same_fusion_at_start(records: Sequence[RunRecord]) -> bool:
    """Whether all of these networks begin with one and the same fusion, as the seed draws it; they are built to see."""
    used = [r.config for r in records if r.config["model"] in WITH_FUSION]
    makes = {(c["model"], c["preset"], c["seed"], str(c["model_options"]), c["image_size"]): c for c in used}
    starts = []
    for config in makes.values():
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(config["seed"])
            network = create_model(
                config["model"], preset=config["preset"], num_classes=len(records[0].data["classes"]),
                image_size=config["image_size"], options=config["model_options"],
            )  # fmt: skip
        starts.append(torch.cat([p.detach().flatten() for p in network.fusion.parameters()]))
    return bool(starts) and all(torch.equal(starts[0], other) for other in starts)


def dead_text(study: Study | None, records: Sequence[RunRecord]) -> str:
    """A paragraph on the fusion where the study found a path dead in one of these runs; "" elsewhere."""
    dead = dead_runs(study, records)
    if not dead:
        return ""
    said = []
    for record in dead:
        found = study.record.results["modules"][f"{TRAINED} {record.config['model']}"]
        change, positions = found["change"], found["positions"]
        part = f", one part in its {positions} positions" if abs(change["mean"] * positions - 1) < 1e-3 else ""
        said.append(
            f"{title_of(record.config['model'])} of fold {record.config['fold']}, on all of n = {change['n']} cells, "
            f"where the cross-attention changes the sum of the two branches by {100 * change['mean']:.2f} %{part}"
        )
    others = [r for r in records if r.config["model"] in WITH_FUSION and r not in dead]
    text = (
        "**What the fusion did.** Some of these networks were looked into after training "
        "({doc}`/book/6_explanation/do_maps_mean_anything`), and a fusion was found whose spatial path is dead: "
        f"{'; '.join(said)}. "
        "So what was tested there is a plain sum of the branches, but for a constant, and not a recalibration "
        "({doc}`/book/3_model/fusion` explains dead paths)."
    )
    if others:
        alike = (
            "; they started with the same weights in it, as the seed draws them"
            if same_fusion_at_start(records)
            else ""
        )
        text += f" Other runs with the fusion: {len(others)}, not looked into{alike}."
    return text + " The differences above should therefore not be read as the worth of a recalibration."


def skip_text(
    options: Mapping[str, RunRecord], readings: Mapping[str, RunRecord], results: Path = RESULTS
) -> str:
    """A paragraph where, on simulated cells, a skip around the fusion alone helps CG-RecNet; "" elsewhere.

    options, readings: as `option_runs` and `reading_runs` give them.
    """
    if not {"baseline", "recovered", SKIP} <= set(options):
        return ""
    gain = compare(options[SKIP], options["recovered"], results)
    if gain.interval95[0] <= 0:
        return ""
    without, with_it = (compare(options[name], options["baseline"], results) for name in ("recovered", SKIP))
    text = (
        "**The skip that is not there.** In the recovered reading all features pass through the fusion, and nothing "
        "leads around it; counting parameters cannot tell, because a skip has none. "
        f"On *simulated* cells such a skip alone is worth {points(gain.difference)} points (95 % interval "
        f"{interval(gain.interval95)}, n = {gain.n:,} test cells, one run each, exploratory; {{doc}}`choices`): "
        f"CG-RecNet minus baseline is {points(without.difference)} points without it and {points(with_it.difference)} "
        "with it. "
    )
    if {"clean", "recovered"} <= set(readings):
        real = compare(readings["clean"], readings["recovered"], results)
        text += (
            "On Jurkat cells the reading `clean`, which has the skip and a head of another width, is "
            f"{points(real.difference)} points from `recovered` (first fold, 95 % interval "
            f"{interval(real.interval95)}, n = {real.n:,} test cells, one run each). "
        )
    return text + "What this page finds of the fusion it finds of a fusion without that skip."


def rate_text(rates: Rates, rate: float) -> str:
    """A paragraph where, on simulated cells, validation prefers another rate for CG-RecNet; "" elsewhere.

    It takes all planned rates with both networks: a choice among some of them would not be the planned one.
    """
    full, base = "cg_recnet", "resnet50"
    if any(not set(MODELS) <= set(rates.get(one, {})) for one in planned_rates()) or rate not in rates:
        return ""
    picked = {model: chosen_rate(rates, model) for model in MODELS}
    if picked[full] == rate:
        return ""
    here = {model: 100 * rates[rate][model].test["accuracy"] for model in MODELS}
    there = {model: 100 * rates[picked[model]][model].test["accuracy"] for model in MODELS}
    lead, lead_chosen = here[full] - here[base], there[full] - there[base]
    moves = {
        model: f"chooses {picked[model]:g} and goes from {here[model]:.1f} to {there[model]:.1f} %"
        if picked[model] != rate
        else f"stays at {rate:g}"
        for model in MODELS
    }
    return (
        f"**The learning rate.** All networks of this page start at {rate:g}. "
        "On *simulated* cells, where several rates were tried ({doc}`choices`), this one does not suit CG-RecNet best: "
        f"when each network chooses its rate by validation, CG-RecNet {moves[full]} test accuracy; the baseline "
        f"{moves[base]} (n = 1 run each, {rates[rate][full].test['n']:,} simulated test cells). "
        f"CG-RecNet minus baseline is {points(lead)} points there at {rate:g}, "
        f"and {points(lead_chosen)} at the choices. "
        + ("So a part of what CG-RecNet lacks here may be the rate's doing." if lead < lead_chosen else "")
    )
