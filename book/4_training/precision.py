# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What a number type can hide
#
# **You will be able to** say which numbers a 16-bit type cannot hold, find out what a library computes in which type, and test that a module does in bfloat16 what it does in float32.
#
# **You need** {doc}`/book/3_model/fusion`, and how a computer stores a number.
# Reading takes about {reading-time}`this page`.
#
# *Bfloat16* keeps the range of float32 and eight of its 24 binary digits.
# Networks are trained in it because it halves memory and is fast where the processor knows it.
# This page tells what it once did to this project: **for a while, the networks with the fusion were trained without their fusion, and nothing looked wrong.**

# %% tags=["remove-cell"]
import json
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import HTML, display
from torch._subclasses.fake_tensor import FakeTensorMode

from cgrecnet.data import open_dataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.figures.forest import contrast_in_words
from cgrecnet.figures.headline import planned_decisions
from cgrecnet.figures.provenance import Provenance, all_read, from_dataset, from_records
from cgrecnet.figures.style import PALETTE, use_book_style
from cgrecnet.figures.tables import n_text, points, wide_table
from cgrecnet.models import create_model
from cgrecnet.models.bf16 import bf16_products
from cgrecnet.models.fusion import FusionModule
from cgrecnet.models.zoo import title_of
from cgrecnet.pages import holds, tell
from cgrecnet.paths import RESULTS
from cgrecnet.runs.planned import choice_effects, rate_decisions
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import HASH, RECORD, with_hash
from cgrecnet.runs.series import reading_runs

use_book_style()
torch.set_num_threads(1)

# %% [markdown]
# ## One plus very little is one
#
# The fusion weights each position $p$ of its map by $1 + s_p$, where the softmax $s$ shares a total of one among $N$ positions ({doc}`/book/3_model/fusion`):
#
# $$
# F = F_1\,(1 + s_1) + F_2\,(1 + s_2), \qquad \sum_p s_{i,p} = 1 .
# $$ (eq-precision-fusion)
#
# So $s_p$ is about $1/N$.
# An image of 224 pixels gives $N = 28 \times 28 = 784$ positions, one of 48 pixels $6 \times 6 = 36$.

# %%
step = torch.finfo(torch.bfloat16).eps
for positions in (36, 784):
    s = torch.tensor(1 / positions)
    coarse = (1 + s.bfloat16()).item()
    print(f"1 + 1/{positions}: float32 {1 + s:.5f}   bfloat16 {coarse:.5f}")

# %% [markdown]
# Above 1, bfloat16 goes in steps of {glue:text}`step:.4f`; what is less than half a step is rounded away.
# With 784 positions $s_p$ is {glue:text}`share:.4f`, so every factor is exactly 1 and the fusion is the plain sum $F_1 + F_2$, whatever its 66,333 parameters say.
# With 36 positions $s_p$ is {glue:text}`small:.3f`, three or four steps, and the map can take two or three values where float32 has one for each position ({numref}`fig-precision-steps`).

# %%
torch.manual_seed(0)
module = FusionModule().eval()


def factors(side):
    """1 + s_1 of the untrained fusion on random features."""
    x = torch.randn(1, 512, side, side).relu()
    with torch.no_grad():
        s, _ = module.fuse.maps(*module.branches(x), (side, side))
    return 1 + s.flatten()

# %% tags=["computed"] mystnb={"image": {"alt": "A number line from 1 to 1.05 with long marks at the numbers that bfloat16 has, about one in 0.008. An arrow at 1 + 1/784 points at 1; a spread of dots around 1 + 1/36 falls on two or three marks."}, "figure": {"name": "fig-precision-steps", "caption": "A map over 784 positions lives between two neighbouring bfloat16 numbers, so it vanishes; one over 36 positions falls on two or three of them. Long marks: what bfloat16 can hold. Dots: the factors 1 + s of one untrained fusion on random features, at 6 x 6 and at 28 x 28 positions, in float32. Computed here."}}
figure, axes = plt.subplots(figsize=(4.6, 1.9))
for k in range(7):
    axes.axvline(1 + k * step, color="0.6", linewidth=1.2)
dots = {"linestyle": "", "marker": "o", "markersize": 4, "alpha": 0.5}
for row, (side, colour) in enumerate(((28, PALETTE[3]), (6, PALETTE[0]))):
    where = np.full(side * side, row)
    axes.plot(factors(side), where, color=colour, **dots)
axes.set(xlabel="factor 1 + s", xlim=(0.998, 1.05), ylim=(-0.6, 1.6))
axes.set_yticks([0, 1], ["28 x 28", "6 x 6"])
plt.show()

# %% [markdown]
# ## Who rounds, and where
#
# *Autocast* decides operation by operation: products and convolutions run in bfloat16, others in the type of what they get.
# PyTorch's list for NVIDIA cards has softmax and LayerNorm in float32; its list for processors does not.
# The same network then computes different things on the two.
# Here is what each gives for one call, asked of PyTorch itself; for the card no card is needed, because tensors without values know their types.

# %%
layer_norm = torch.nn.functional.layer_norm
CALLS = {
    "matrix product": lambda x: x @ x,
    "softmax": lambda x: x.softmax(1),
    "layer norm": lambda x: layer_norm(x, x.shape[1:]),
    "1 + s": lambda x: 1 + x,
}

# %%
def types(device):
    """The types that autocast gives the results of bfloat16 input."""
    with FakeTensorMode(), torch.device(device):
        torch.set_autocast_enabled(device, True)
        torch.set_autocast_dtype(device, torch.bfloat16)
        try:
            x = torch.empty(8, 8, dtype=torch.bfloat16)
            found = [call(x).dtype for call in CALLS.values()]
        finally:
            torch.set_autocast_enabled(device, False)
    return [str(dtype).removeprefix("torch.") for dtype in found]

# %%
given = {device: types(device) for device in ("cpu", "cuda")}
pd.DataFrame(given, index=CALLS)

# %% [markdown]
# ## What was mended
#
# A module whose meaning needs float32 has to say so itself, whatever the surroundings are.
# In `cgrecnet.models` the maps, the factor $1 + s$, the unit lengths, the temperatures and the norms now are float32 under any autocast, and in modules that were cast to bfloat16.
# That alone would not do: the next layer multiplies in bfloat16 again, and would round $F_1(1 + s_1)$ as before.
# So the last layer of the fusion, which is linear, takes the two parts of the sum one by one where the map is coarse (up to 64 positions),
#
# $$
# W F = W (F_1 + F_2) + W (F_1 s_1 + F_2 s_2),
# $$ (eq-precision-parts)
#
# and adds them in float32: the second part is small, and a small number has as many digits in bfloat16 as a large one.
# With more positions the second part is less than two steps of the first, which this product has rounded already; the next layer would round the sum back to where it was.
# There $W F$ is computed in float32 as a whole.

# %%
maps = module.fuse.maps


def no_map(*inputs):
    """Every $s_i$ is 0."""
    return [torch.zeros_like(s) for s in maps(*inputs)]


def with_and_without(x):
    """What the module gives, and what it would give without its map."""
    whole = module(x)
    module.fuse.maps = no_map
    plain = module(x)
    module.fuse.maps = maps
    return whole, plain

# %%
def share(got, want):
    """How much of what is wanted is in what was got, and the cosine."""
    got, want = got.double().flatten(), want.double().flatten()
    cosine = torch.nn.functional.cosine_similarity(got, want, dim=0)
    return (got @ want / (want @ want)).item(), cosine.item()


# %%
kept = []
for side in (6, 28):
    x = torch.randn(2, 512, side, side).relu()
    with torch.no_grad():
        whole, plain = with_and_without(x)
        wanted = whole - plain
        with torch.autocast("cpu", torch.bfloat16):
            whole, plain = with_and_without(x)
    read = whole.bfloat16().float() - plain.bfloat16().float()
    for place, got in (("given", whole - plain), ("read", read)):
        kept.append((f"{side} x {side}", place, *share(got, wanted)))
headers = ["positions", "where", "share", "cosine"]
pd.DataFrame(kept, columns=headers).round(3).set_index("positions")

# %% [markdown]
# *Given* is what the fusion hands over, *read* what the next convolution makes of it, which reads its input in bfloat16 again.
# There the rounding no longer takes the signal away, but with many positions it adds noise of its own size to it: the share stays, the cosine falls.
# An earlier form of this page looked at the first of the two only, and said the same of the second; at $28 \times 28$ positions, without the gate, nearly nothing of the map was left there.
# No run of this book is that large.
#
# The mend costs no time that could be measured.
# Against the module before it, a training step of CG-RecNet takes {glue:text}`cost_ratio:.2f` times the processor time (median of n = {glue:text}`cost_n` pairs of measurements taken in turn; quartiles {glue:text}`cost_low:.2f` to {glue:text}`cost_high:.2f`; {glue:text}`cost_side` px, {glue:text}`cost_batch` cells a step, one thread; `benchmarks/fusion_step.py`).
# At {glue:text}`large_side` px and {glue:text}`large_batch` cells a step, where the last product is float32, it is {glue:text}`large_ratio:.3f` times (n = {glue:text}`large_n`; {glue:text}`large_low:.3f` to {glue:text}`large_high:.3f`).
#
# ## How much noise is that?
#
# Take one batch of 16 real cells and compute the gradient of all weights twice, in float32 and in bfloat16.
# The cosine between the two says how far rounding turns the step; the cosine between the gradients of two *different* batches says how far the choice of the batch turns it anyhow.

# %%
cells = open_dataset("jurkat", task="cycle")
chosen = np.random.default_rng(0).permutation(len(cells))[:32]
taken = BatchedCells(cells, chosen, 48, train=True, seed=1)
halves = chosen[:16], chosen[16:]
batches = [taken.batch(half, epoch=1)[:2] for half in halves]

# %%
def gradient(network, images, labels, bf16):
    """The gradient of one batch's loss, all weights in one vector."""
    network.zero_grad()
    with bf16_products(bf16):  # as fast as float32 on any CPU
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            scores = network(images)
        cross_entropy = torch.nn.functional.cross_entropy
        cross_entropy(scores.float(), labels).backward()
    gradients = [p.grad for p in network.parameters()]
    found = [g.flatten() for g in gradients if g is not None]
    return torch.cat(found).double()

# %%
cosine = torch.nn.functional.cosine_similarity


def turns(model, mode):
    """Cosines: same batch in two precisions (mean), and two batches."""
    torch.manual_seed(0)
    network = create_model(model, image_size=48).train(mode == "train")
    fine, coarse = (
        [gradient(network, *batch, bf16) for batch in batches]
        for bf16 in (False, True)
    )
    pairs = zip(fine, coarse, strict=True)
    same = [cosine(a, b, dim=0).item() for a, b in pairs]
    other = cosine(*fine, dim=0).item()
    return model, mode, np.mean(same), other

# %%
headers = "model", "mode", "same batch, two precisions", "two batches"
cases = ("resnet50", "train"), ("cg_recnet", "train"), ("cg_recnet", "eval")
turned = pd.DataFrame([turns(*case) for case in cases], columns=headers)
display(turned.round(2).set_index("model"), from_dataset(cells))

# %% [markdown]
# In training, batch normalisation divides by the spread of few values (at 48 pixels the last stage has $2 \times 2$ positions), and that magnifies rounding: the cosine is at most {glue:text}`loud:.2f` (untrained networks, two batches).
# With fixed statistics it is at least {glue:text}`quiet:.2f`.
# Two different batches agree even less, so a training run in bfloat16 is a training run with some more noise in its steps.
# Whether that noise changes a result, only runs can say.
#
# ## A processor without bfloat16
#
# Not every processor multiplies numbers of bfloat16: on x86, PyTorch has kernels for it only where there is AVX-512.
# Without it a convolution is computed in plain loops, and a training step takes several times as long as in float32.
# So `cgrecnet` widens the two factors to float32 there, which loses nothing, multiplies and adds in float32, and rounds the result once.
# Beside what PyTorch itself computes on the processor that made this page:

# %%
torch.manual_seed(0)
layer, x = torch.nn.Conv2d(64, 64, 3), torch.randn(4, 64, 12, 12)
with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
    as_it_is = layer(x)
    with bf16_products(anyway=True):
        widened = layer(x)
alike = (as_it_is == widened).float().mean().item()
apart = (as_it_is.float() - widened.float()).norm()
apart = (apart / as_it_is.float().norm()).item()
print(f"{alike:.2%} alike", f"{apart:.0e}")

# %% [markdown]
# Of the results {glue:text}`alike:.2f` % are the same number; the others differ in the order in which float32 added, and were rounded to the neighbour.
# A record names the vector instructions of its processor; that a number is the same to the last bit is asked between processors of one kind alone.
#
# ## Did it change a result?
#
# Fold 0 of the Jurkat cells was therefore trained in both types, with the mended modules, before anything else was run.
# The plan ({doc}`/book/5_results/plan`) fixed beforehand what would be too much: a difference larger than the three seeds of the earlier records lay apart.

# %%
OLD = RESULTS / "superseded"


def spread_of_seeds(model):
    """How far the older runs' seeds lie apart on fold 0, in points."""
    scores = []
    for folder in ("jurkat-ablation", "jurkat-seeds"):
        for path in (OLD / folder).glob("*/run.json"):
            run = json.loads(path.read_text())
            own = run["config"]["model"], run["config"]["fold"]
            if own == (model, 0):
                scores.append(100 * run["test"]["accuracy"])
    return max(scores) - min(scores)

# %%
fine = experiment("precision", "jurkat")
coarse = experiment("ablation", "jurkat")
rows = {}
for run in fine.records:
    same = {key: run.config[key] for key in ("model", "fold", "seed")}
    twin = coarse.one(**same)
    float32, bfloat16 = (100 * r.test["accuracy"] for r in (run, twin))
    rows[title_of(same["model"])] = {
        "float32 (%)": float32,
        "bfloat16 (%)": bfloat16,
        "difference": bfloat16 - float32,
        "seeds lie apart": spread_of_seeds(same["model"]),
    }
both = pd.DataFrame(rows).T
display(both.round(2), from_records([*fine.records, *coarse.records]))

# %% tags=["remove-input"]
tell(alike=100 * alike)
holds(
    "the others differ in the order in which float32 added, and were rounded to the neighbour",
    alike > 0.9 and apart < 1e-2,
)

tell(step=step, share=1 / 784, small=1 / 36)
holds("so every factor is exactly 1 and the fusion is the plain sum", 1 / 784 < step / 2 < 1 / 36)
holds("three or four steps, and the map can take two or three values", 3 <= 1 / 36 / step <= 4)
holds(
    "PyTorch's list for NVIDIA cards has softmax and LayerNorm in float32; its list for processors does not.",
    types("cpu")[1:3] == ["bfloat16"] * 2 and types("cuda")[1:3] == ["float32"] * 2,
)
holds(
    "There the rounding no longer takes the signal away",
    all(abs(part - 1) < 0.02 for *_, part, _ in kept),
)
holds(
    "with many positions it adds noise of its own size to it: the share stays, the cosine falls.",
    kept[-1][-1] < 0.9 < min(cosine for *_, cosine in kept[:-1]),
)

cost, large = (json.loads((RESULTS / "bench-fusion-step" / f"cpu-{side}.json").read_text()) for side in (48, 224))
tell(
    large_ratio=large["ratio"], large_low=large["quartiles"][0], large_high=large["quartiles"][1],
    large_n=large["rounds"], large_side=large["image_size"], large_batch=large["batch"],
    cost_ratio=cost["ratio"], cost_low=cost["quartiles"][0],
    cost_high=cost["quartiles"][1], cost_n=cost["rounds"],
    cost_side=cost["image_size"], cost_batch=cost["batch"],
)  # fmt: skip
holds("The mend costs no time that could be measured.", all(one["quartiles"][0] < 1 < one["quartiles"][1] for one in (cost, large)))

same = turned.groupby("mode")["same batch, two precisions"]
loud, quiet = same.max()["train"], same.min()["eval"]
tell(loud=loud, quiet=quiet)
holds("and that magnifies rounding: the cosine is at most", loud < 0.6 and quiet > 0.9)
holds("Two different batches agree even less", (turned["two batches"] < turned["same batch, two precisions"]).all())

tell(gap=both["difference"].abs().max(), apart=both["seeds lie apart"].min(), cells=fine.records[0].test["n"])
holds("Fold 0 of the Jurkat cells was therefore trained in both types", set(both.index) == {"Baseline", "CG-RecNet"})
holds(
    "The two types differ by at most ... points on ... test cells, seeds by at least",
    (both["difference"].abs() < both["seeds lie apart"]).all(),
)
holds("Both networks are a little less accurate in bfloat16", (both["difference"] < 0).all())

# %% [markdown]
# The two types differ by at most {glue:text}`gap:.1f` points on {glue:text}`cells:,` test cells, seeds by at least {glue:text}`apart:.1f`.
# So the rest was trained in bfloat16, as the rule says.
# Both networks are a little less accurate in bfloat16, and two runs cannot tell whether that is the type or chance; comparisons between networks are made within one type, where it would cancel.
#
# ## Which records it touched
#
# Every record of a network with the fusion, or with the gate, that was trained in bfloat16 was set aside in `results/superseded`, unchanged.
# So were all earlier runs on Jurkat cells, which had three epochs and now have fourteen.
# Baselines on simulated cells stayed: their numbers are the same to the last digit.
# No page but this one reads the old records.
#
# The table sets old against new, for every contrast of the plan that a network with the fusion or the gate takes part in.
# The rules are those of the plan in both columns; only the records differ.
# P8 has the baseline alone, P11 compares no networks ({doc}`/book/5_results/spread`), and P12 was added after the older records.

# %% tags=["remove-input"]
def as_it_was(folder):
    """A results folder with the older records, in the form of today's, and the baselines that stayed."""
    stayed = [path for path in RESULTS.glob("simulated-*/*/run.json") if "simulated-shortcut" not in str(path)]
    for path in [*OLD.glob("*/*/run.json"), *stayed]:
        record = json.loads(path.read_text())
        if record["config"]["model"] == "resnet50" or OLD in path.parents:
            place = folder / record["experiment"] / record["run_id"]
            shutil.copytree(path.parent, place)
            fields = record | {"schema_version": 2, "protocol": record.get("protocol", 1)}
            fields.pop(HASH, None)
            (place / RECORD).write_text(with_hash(fields))
    return folder


def outcomes(answers):
    """Contrast in words -> difference, n and outcome word, of one question."""
    named = {contrast_in_words(a.contrast) if hasattr(a, "contrast") else a.name: a for a in answers}
    return {name: f"{points(a.result.difference)} (n = {n_text(a.result.n)}): {a.outcome}" for name, a in named.items()}


def every_answer(results):
    """Question -> answers, of all questions that the fusion or the gate has a part in."""
    readings = len(load_plan()["P9"].contrasts)
    return {
        **planned_decisions(results),
        "P9": choice_effects(reading_runs(results), readings, results),
        "P10": rate_decisions(results),
    }


with tempfile.TemporaryDirectory() as folder:
    before = every_answer(as_it_was(Path(folder)))
after = every_answer(RESULTS)
rows = []
for question in ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P9", "P10", "P12"):
    old, new = outcomes(before[question]), outcomes(after[question])
    rows += [(f"{question}: {name}", old.get(name, "too few runs"), new.get(name, "too few runs")) for name in old | new]
standing = [
    run
    for part in ("ablation", "presets")
    if (there := experiment(part, "jurkat"))
    for run in there.records
    if run.config["preset"] in ("recovered", "clean")
]
tell(stand=len(standing), asked=5 * 5)
holds("stand; the rest follow, and this table with them", len(standing) < 5 * 5)
read = [json.loads(path.read_text()) for path in sorted(OLD.glob("*/*/run.json"))]
three = {record["config"]["epochs"] for record in read if record["config"]["data"] == "jurkat"}
holds(
    "So were all earlier runs on Jurkat cells, which had three epochs and now have fourteen.",
    (three, {run.config["epochs"] for run in standing}) == ({3}, {14}),
)
facts = ("Older records", f"{len(read)} in results/superseded, set aside"), ("Valid", "out of date: protocol 1")
simulated = ("noise", "debris", "imbalance", "seeds", "presets", "learning rate")
shortcuts = ("shortcut, random split", "shortcut, grouped split")
display(
    HTML(wide_table(("question and contrast", "older records", "records of today"), rows, "Outcomes, then and now")),
    Provenance(facts, runs=tuple(record["run_id"] for record in read)),
    *all_read(*((part, "jurkat") for part in ("ablation", "presets", "precision"))),
    *all_read(*((part, "cytometer") for part in simulated)),
    *all_read(*((part, "cytometer") for part in shortcuts)),
)

# %% [markdown]
# Of the {glue:text}`asked` runs on Jurkat cells that the plan asks for, {glue:text}`stand` stand; the rest follow, and this table with them.
# Accuracy is in percentage points, first minus second; n counts folds or test cells.
#
# ## When does a record count?
#
# The fault had another lesson.
# Records were then tied to a hash of the package's source text: a reworded error message made all of them void, and training in another precision than the record said made none.
# Now a record carries the number of the training protocol, raised by hand where numbers change on purpose, with the fingerprint of its cells and the manifest of its split.
# A test guards the number: it trains tiny networks for a few steps and compares every loss, score and split with what was written down (`tests/training/test_probe.py`).
#
# | planted change | is it seen? |
# |---|---|
# | another scale of the random crops | yes |
# | bfloat16 where the settings say float32 | yes |
# | a shifted seed | yes |
# | class weights left out | yes |
# | training that goes on where patience is over | yes |
# | labels reversed in a packed store | yes |
# | other cells under the same settings | yes, by their fingerprint |
# | another split of the same cells | yes, by its manifest |
# | renamed variables, reworded messages, moved files | no, and they should not be |
#
# Each row is held by a test that plants the change: the first six in `tests/training/test_probe.py`, the others in `tests/figures/test_provenance.py`.
#
# ```{dropdown} Which test holds which row
# - another scale of the random crops: `_another_crop`
# - bfloat16 where the settings say float32: `_another_precision`
# - a shifted seed: `_another_seed`
# - class weights left out: `_no_class_weights`
# - training that goes on where patience is over: `_no_patience`
# - labels reversed in a packed store: `test_labels_that_are_reversed_in_a_store_are_seen`
# - other cells under the same settings: `test_a_record_of_other_cells_or_another_torch_is_shown_with_that_said`
# - another split of the same cells: `test_a_record_of_another_split_of_the_same_cells_is_out_of_date`
# - renamed variables, reworded messages, moved files: `test_a_renamed_variable_a_reworded_message_and_a_moved_file_void_nothing`
# ```
#
# **Take-away.**
#
# - A module that adds little to one, or subtracts nearly equal numbers, needs its own number type, and has to ask for it itself.
# - Training loss does not show it. A network can learn around a part that does nothing.
# - The test that shows it compares the module in both types, at the size of the experiment, against a bound that the fault would break. Here it is `tests/models/test_precision.py`.
# - A record should say in which type its numbers were computed, and on which device.
#
# ```{exercise} Where a map vanishes
# :label: exercise-precision-positions
#
# At how many positions does a uniform map vanish in float16, which has 11 binary digits, when one is added to it?
# ```
#
# ````{solution} exercise-precision-positions
# :class: dropdown
#
# Where $1/N$ is less than half a step above 1; the next cell computes it.
# ````

# %% tags=["hide-cell"]
half = torch.finfo(torch.float16).eps / 2
side = (1 / half) ** 0.5
print(f"from {1 / half:,.0f} positions, a map of {side:.0f} x {side:.0f}")

# %% [markdown]
# ```{exercise} Something small and something large
# :label: exercise-precision-sums
#
# Which other parts of the network add two things?
# Find one that needs no float32 for it, and say why.
# ```
#
# ````{solution} exercise-precision-sums
# :class: dropdown
#
# Every residual connection $x + f(x)$ does.
# There the two have comparable size, so rounding adds noise to each of them, and neither is lost.
# ````
#
# ## Check yourself
#
# :::{dropdown} 1. Why does one plus a small share become exactly one in bfloat16?
# Above one, its neighbouring numbers lie far apart.
# A share that is smaller than half that distance is rounded away, whatever it says.
# :::
#
# :::{dropdown} 2. The loss fell and the accuracy looked right. Why did nobody notice?
# The fusion starts as a plain sum, and a sum is what was left.
# A part that adds nothing does not make a network fail; one has to test the part, and not the score.
# :::
#
# :::{dropdown} 3. What would you test in a module before it is trained in sixteen bits?
# That its output there agrees with its output in float32 up to the rounding of that type, and that a change of each input still changes the output.
# :::
