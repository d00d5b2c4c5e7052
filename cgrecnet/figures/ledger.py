"""The ledger of open choices against the code that carries them out, and against the printed parameter counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from cgrecnet.errors import ConfigError
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.ledger_effects import Effect, effect_text
from cgrecnet.figures.style import PALETTE
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters
from cgrecnet.models.config import Options
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.deviations import Deviation
from cgrecnet.training.config import RunConfig

MILLION = 1e6
MODELS = ("ResCMNet", "ResGDNet", "CG-RecNet")

#: Model option -> ledger entry, and the ledger's words for each value of the option.
MODEL_WORDS: dict[str, tuple[str, dict[object, str]]] = {
    "fusion_width": ("fusion_width", {128: "128, behind 1x1 convolutions", 512: "512, the feature map's own"}),
    "num_heads": ("attention_heads", {8: "8", 4: "4", 16: "16"}),
    "normaliser": ("normaliser", {"l2": "L2 norm", "layernorm": "LayerNorm"}),
    "spatial_map": ("spatial_map", {"softmax": "softmax over positions", "sigmoid": "sigmoid"}),
    "combine": (
        "fusion_combination",
        {
            "sum": "sum of both recalibrated branches",
            "recalibrate": "linear-angular branch recalibrated alone",
            "recalibrate_plus_xca": "linear-angular branch recalibrated, cross-covariance branch added",
        },
    ),
    "fusion_skip": ("skip_around_fusion", {False: "no", True: "yes"}),
    "cafm_hidden": ("cafm_hidden", {64: "64", 32: "32", 128: "128"}),
    "head": ("head", {"3": "linear to 3", "1000_then_3": "ImageNet's 1000, then linear to 3"}),
    "gate_activation": ("gate_activation", {"gelu": "GELU", "sigmoid": "sigmoid"}),
    "stage_stride": (
        "weights_version",
        {
            "3x3": "torchvision, stride in the 3x3 convolution",
            "1x1": "first publication, stride in the 1x1 convolution",
        },
    ),
}

#: The same for the parameters of a run.
RUN_WORDS: dict[str, tuple[str, dict[object, str]]] = {
    "learning_rate": ("learning_rate", {1e-2: "1e-2", 1e-3: "1e-3", 1e-4: "1e-4"}),
    "weight_decay": ("weight_decay", {0.0: "0", 1e-4: "1e-4"}),
    "patience": ("patience", {None: "no stopping", 7: "7 epochs", 10: "10 epochs"}),
    "report": ("reported_epoch", {"best": "best by validation", "last": "last"}),
}


@dataclass(frozen=True)
class Check:
    """An option of the code whose value is the ledger's choice."""

    option: str
    value: object
    entry: str
    chosen: str


def crosscheck(
    ledger: Mapping[str, Deviation],
    values: Mapping[str, object],
    words: Mapping[str, tuple[str, Mapping[object, str]]] = MODEL_WORDS,
) -> list[Check]:
    """Hold every option in `values` against the ledger.

    Raises ConfigError, naming the option, when it has no entry, when entry and code know different options, or when
    the value is not what the ledger says was chosen.
    """
    checks = []
    for option, value in values.items():
        if option not in words or words[option][0] not in ledger:
            raise ConfigError(f"The option {option!r} has no entry in the ledger; add it to deviations.yaml.")
        entry, known = words[option]
        if set(known.values()) != set(ledger[entry].options):
            raise ConfigError(f"The ledger entry {entry!r} and the option {option!r} name different options.")
        if value not in known or known[value] != ledger[entry].chosen:
            raise ConfigError(
                f"The option {option!r} is {value!r}, but the ledger says that {ledger[entry].chosen!r} was chosen."
            )
        checks.append(Check(option, value, entry, known[value]))
    return checks


def run_defaults() -> dict[str, object]:
    """The defaults of a run that the ledger speaks of."""
    return {name: RunConfig.model_fields[name].default for name in RUN_WORDS}


@dataclass(frozen=True)
class CountEffect:
    """Totals in millions of the three variants after one option was changed, and which rows they still give."""

    option: str
    value: object
    words: str
    totals: dict[str, float]
    agrees: dict[str, bool]

    @property
    def excluded(self) -> bool:
        """Whether a printed row speaks against this value, all others being as recovered."""
        return not all(self.agrees.values())


def printed_rows(paper: AuditedPaper) -> dict[str, str]:
    """Printed parameters of the variants by what they hold: the single-module rows exchanged if only that fits."""
    rows = paper.rows if paper.as_labelled.fits else paper.rows.exchanged()
    return dict(zip(MODELS, (rows.attention_only, rows.gate_only, rows.both), strict=True))


def count_effects(paper: AuditedPaper) -> list[CountEffect]:
    """The recovered reading first, then every other value of every model option, one changed at a time.

    Networks are built on torch's device `meta`, without numbers.
    """
    default = Options().as_dict()
    changes = [("", None)] + [
        (option, value) for option, (_, known) in MODEL_WORDS.items() for value in known if value != default[option]
    ]
    printed = {name: Interval.printed(text) for name, text in printed_rows(paper).items()}
    effects = []
    for option, value in changes:
        with torch.device("meta"):
            model = create_model("cg_recnet", options={option: value} if option else None)
        whole, fusion, gate = (count_parameters(part) / MILLION for part in (model, model.fusion, model.gate))
        totals = dict(zip(MODELS, (whole - gate, whole - fusion, whole), strict=True))
        agrees = {name: printed[name].contains(total) for name, total in totals.items()}
        words = MODEL_WORDS[option][1][value] if option else "as recovered"
        effects.append(CountEffect(option, value, words, totals, agrees))
    return effects


def draw_count_effects(effects: list[CountEffect], printed: Mapping[str, str]) -> Figure:
    """Per changed option (row): how far the three totals lie from the printed rows, in thousands of parameters.

    The grey band is what rounding allows.
    """
    figure, axes = plt.subplots(figsize=(7.2, 0.27 * len(effects) + 1.2))
    axes.axvspan(-5, 5, color="0.87")
    marks = dict(zip(MODELS, ("s", "^", "o"), strict=True))
    for y, effect in enumerate(effects):
        for shift, name in zip((-0.2, 0, 0.2), MODELS, strict=True):
            off = 1000 * (effect.totals[name] - float(printed[name]))
            colour = PALETTE[0] if effect.agrees[name] else PALETTE[3]
            axes.plot(off, y + shift, marks[name], color=colour, markersize=4.5)
    labels = [f"{e.option} = {e.value}" if e.option else e.words for e in effects]
    axes.set_yticks(range(len(effects)), labels, fontsize=8.5)
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xticks([-1000, -100, -5, 5, 100, 1000], ["−1000", "−100", "−5", "5", "100", "1000"])
    axes.set(ylim=(len(effects) - 0.4, -0.6), xlabel="thousand parameters more than printed")
    for name, mark in marks.items():
        axes.plot([], [], mark, color="black", markersize=5, label=name)
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def ledger_row(entry: Deviation, effects: Sequence[Effect] = ()) -> tuple[str, ...]:
    """A row for `wide_table`: choice and place, options with the chosen one marked, why, effect as computed."""
    options = "\n".join(f"{'✓' if option == entry.chosen else '·'} {option}" for option in entry.options)
    return (f"{entry.title}\n({entry.place})", options, entry.why, effect_text(effects))
