# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sweeps: many runs, one table
#
# **You will learn** how a table of results is written down as a grid before it is run, how its runs are spread over workers that may die, what happens to those that fail, and why a mean is refused while a run is missing.
#
# **You need** {doc}`/book/4_training/one_run`.
# Reading takes about {reading-time}`this page`.
#
# A table in a paper is many runs.
# Whoever starts them by hand will one day start one twice, forget one, or mistype one and not notice.
# So a *sweep* here is a file: what all runs share (`base`), and a `grid` of lists that is multiplied out.
# For $k$ lists of lengths $m_1, \dots, m_k$ it describes
#
# $$
# m_1 \cdot m_2 \cdots m_k
# $$ (eq-grid)
#
# runs, each with a name that follows from its parameters and from the code that they use.
# This is the sweep behind the ablation of this book:

# %% tags=["remove-cell"]
import multiprocessing.forkserver
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import redirect_stdout
from pathlib import Path

import dask
import matplotlib.pyplot as plt
import yaml
from matplotlib.patches import Patch

from cgrecnet.data import open_dataset
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, use_book_style
from cgrecnet.pages import tell
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.cluster import local_cluster
from cgrecnet.runs.collect import REPEATS, collect, summarise
from cgrecnet.runs.grid import read_grid, read_sweep
from cgrecnet.runs.halving import rungs
from cgrecnet.runs.notebook import LOG, write_parameters
from cgrecnet.runs.ranks import run_cells
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.sweep import is_done, plan_sweep, run_sweep

use_book_style()
os.environ["OMP_NUM_THREADS"] = "1"
if sys.platform == "linux":  # workers are forks of a process that has imported the libraries
    libraries = ["cgrecnet.runs.ranks", "cgrecnet.runs.finalize", "cgrecnet.training.loop", "torchvision", "distributed"]
    multiprocessing.get_context("forkserver").set_forkserver_preload(libraries)
    multiprocessing.forkserver.ensure_running()
    dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})

# %%
print((SWEEP_FILES / "jurkat-ablation.yaml").read_text())

# %% [markdown]
# ## A grid of our own
#
# It is small, so that it can be run while this page is made: simulated cells, tiny images, one epoch.
# One of its learning rates is absurd, on purpose.

# %%
place = Path(tempfile.mkdtemp())
file = place / "mine.yaml"
tiny = {"data": "cytometer", "data_options": {"cells": 60}}
tiny |= {"model": "mobilenet_v2", "image_size": 32}
tiny |= {"epochs": 1, "batch_size": 16}
grid = {"learning_rate": [0.001, 0.01, 1e30], "seed": [42, 123]}
mine = {"experiment": "mine", "base": tiny, "grid": grid}
file.write_text(yaml.safe_dump(mine, sort_keys=False))
plans = plan_sweep(read_sweep(file))
for plan in plans:
    print(plan.run_id, plan.config.learning_rate)

# %% [markdown]
# The whole grid is checked before its first run starts, and each mistake is one sentence.
# That matters because papermill, which executes the training notebook, would accept an unknown parameter and train the default in its place.

# %%
folds = {"split": "folds", "folds": 5}
mistakes = {
    "a typo": {"base": {"epoch": 3}},
    "an unknown model": {"grid": {"model": ["resnet50", "resnet51"]}},
    "a number as text": {"base": {"batch_size": "eight"}},
    "an empty product": {"grid": {"seed": []}},
    "a fold too many": {"base": folds, "grid": {"fold": [4, 5]}},
}

# %%
named = {"experiment": "mine"}
texts = {
    what: yaml.safe_dump(named | mistake)
    for what, mistake in mistakes.items()
}
texts["no YAML"] = "experiment: [mine"
for what, text in texts.items():
    (place / "wrong.yaml").write_text(text)
    try:
        read_sweep(place / "wrong.yaml")
    except ConfigError as error:
        print(f"{what}:", str(error).replace(f"{place}/", ""))

# %% [markdown]
# ## Workers
#
# The runs are handed to *workers* by a Dask scheduler {cite}`rocklin2015dask`: processes that do one run at a time.
# `cgrecnet sweep` starts a scheduler and workers on this machine, or uses those that are there already (`--scheduler`), or asks a batch system such as SLURM for them (`--queue`), as jobs of which another follows where one has ended.
# A worker runs whatever it is sent, so it must not listen to everybody: on this machine all of them keep to the loopback interface and know each other by a certificate that ends with the sweep; between machines they use TLS (`cgrecnet certificate`).
# Here are two workers.
# So that dying is seen to be survived, a thread kills one of them, with SIGKILL, as soon as the first run has left its record.
#
# {numref}`fig-sweep-timeline` will show who did what.
#
# A worker does here what it does in a real sweep, but runs the cells of the training notebook by itself, without papermill, and is the fork of a process that has imported the libraries; that saves some seconds per run.

# %% tags=["hide-input"]
def do_run(config, *, results, work, say):
    """One run in a worker: the cells of the training notebook, with the parameters of this point of the grid."""
    def note(what):
        with open(work / "times.txt", "a") as times:
            times.write(f"{os.getpid()} {config.learning_rate:g}/{config.seed} {what} {time.time()}\n")

    plan = plan_run(config)
    if is_done(plan, results):  # Dask asks again for what a dead worker had done and not yet told
        return
    parameters = write_parameters(plan, results, work)
    note("began")
    try:
        with open(parameters.parent / LOG, "a") as log, redirect_stdout(log):
            run_cells(parameters)
    except Exception:
        note("failed")
        raise
    note("done")


def records():
    """The records that are there."""
    return sorted((place / "results").rglob("run.json"))


killed = []


def kill_a_worker(connect):
    """Wait for the first record, then kill a worker."""
    while not records() and not done.is_set():
        time.sleep(0.02)
    if not done.is_set():
        with connect() as client:
            victim = next(iter(client.run(os.getpid).values()))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
            with open(place / "work" / "times.txt", "a") as times:
                times.write(f"{victim} - killed {time.time()}\n")

# %%
said, done = [], threading.Event()


def sweep(connect):
    """Do the sweep of the file; what it says is kept, and its end too."""
    folders = {"results": place / "results", "work": place / "work"}
    try:
        runs = read_sweep(file)
        run_sweep(runs, connect, do=do_run, say=said.append, **folders)
    except RunError as error:
        said.append(f"RunError: {error}")

# %%
with local_cluster(2) as connect:
    killer = threading.Thread(target=kill_a_worker, args=(connect,))
    killer.start()
    sweep(connect)
    done.set()
    killer.join()
for line in said:
    if not line.startswith("dashboard"):
        print(line.replace(f"{place}/", ""))

# %%
began, bars = {}, []
for line in (place / "work" / "times.txt").read_text().splitlines():
    worker, run, what, when = line.split()
    if what == "began":
        began[worker, run] = float(when)
    elif what == "killed":  # that cuts off what it was doing
        for key in [key for key in began if key[0] == worker]:
            bars.append((*key, began.pop(key), float(when), "cut off"))
    else:
        start = began.pop((worker, run))
        bars.append((worker, run, start, float(when), what))
for key, start in began.items():  # nobody knows when it ended
    bars.append((*key, start, start + 0.1, "cut off"))
bars.sort(key=lambda bar: bar[2])
print(len(bars), "runs;", *sorted({how for *_, how in bars}))

# %% tags=["hide-input"] mystnb={"image": {"alt": "A time line with one row per worker process. Bars are runs, labelled with learning rate and seed, coloured by whether they were done, failed or were cut off. One of the first two processes ends early, and a third has taken its place."}, "figure": {"name": "fig-sweep-timeline", "caption": "No run is lost with its worker: the one that was killed left its run half done, if it had one, and a new process took its place. One row per worker process, one bar per run (learning rate / seed). Simulated cells, one epoch per run."}}
colours = {"done": PALETTE[0], "failed": PALETTE[1], "cut off": PALETTE[3]}
workers = list(dict.fromkeys(worker for worker, *_ in bars))
figure, axes = plt.subplots(figsize=(4.6, 1.1 + 0.5 * len(workers)))
for worker, run, start, end, how in bars:
    row, left = workers.index(worker), start - bars[0][2]
    axes.barh(row, end - start, left=left, height=0.7, color=colours[how], edgecolor="white")
    axes.annotate(run, (left, row), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8)
axes.set_yticks(range(len(workers)), [f"process {number}" for number in range(1, len(workers) + 1)])
axes.invert_yaxis()
axes.set_xlabel("seconds")
handles = [Patch(color=colours[how], label=how) for how in dict.fromkeys(how for *_, how in bars)]
figure.legend(handles=handles, loc="outside upper right", ncols=3, fontsize=8)
plt.show()
options = plans[0].config.data_options
from_dataset(open_dataset("cytometer", options=options))

# %% tags=["remove-cell"]
assert len(records()) == 4 and killed, (said, killed)
assert sum("nan" in line or "inf" in line for line in said) >= 2
tell(done_records=len(records()), plans=len(plans))

# %% [markdown]
# {glue:text}`done_records` of {glue:text}`plans` runs have left a record, although a worker was killed: what it was doing was given to another, and the worker was started again ({numref}`fig-sweep-timeline`).
# The runs with the absurd learning rate failed, each with its reason and the step, and did not hold up the others.
# With `--retries` a failed run would have been tried again, from its last checkpoint; here that would not have helped.
#
# In a terminal, the first line is the address of Dask's dashboard, a page on which one sees what each worker is doing.
#
# ## No mean over what is missing
#
# Two runs are missing, and they are not just any two: all of one setting.
# Often it is less plain than here: where the hard cases fail and the easy ones do not, the mean over what is there flatters.
# So `collect` refuses.

# %%
try:
    collect(plans, place / "results")
except RunError as error:
    print(str(error).replace(f"{place}/", ""))

# %% [markdown]
# It can be asked for the part that is there, and then says how many runs each mean is over (`n`) and which are missing.

# %%
part = collect(plans, place / "results", partial=True)
shown = ["learning_rate", "n", "test_accuracy_mean", "test_accuracy_sd"]
print(summarise(part)[shown].to_string(index=False))
print("missing:", *part.attrs["missing"])

# %% [markdown]
# Whether a run is done is known by its record alone.
# Nothing else is remembered: no list of jobs, no database.
# That is why a sweep may be interrupted, be started twice, or go on on another machine, and still end with the same records.
#
# ## Mend it, and go on
#
# The grid is mended and the same command is given again.

# %%
mine["grid"]["learning_rate"][-1] = 1e-4
file.write_text(yaml.safe_dump(mine, sort_keys=False))
said.clear()
with local_cluster(2) as connect:
    sweep(connect)
for line in said:
    if not line.startswith("dashboard"):
        print(line.replace(f"{place}/", ""))

# %%
table = collect(plan_sweep(read_sweep(file)), place / "results")
print(summarise(table)[shown].to_string(index=False))

# %% [markdown]
# The {glue:text}`kept` runs that had a record were skipped, the {glue:text}`dropped` new ones were done, and the table is whole.
# Its scores mean nothing: a few simulated cells, one epoch, n = {glue:text}`seeds` runs per row.
# The procedure is the one that made the records of runs in this book.
#
# `cgrecnet plot FILE` draws the same records as one page that opens without a network: learning curves, a heat map of two parameters, all parameters side by side.
#
# ## More settings than time
#
# A grid grows as the product of its lists, and where one of its parameters matters little, its values only repeat what the others have shown.
# Points drawn at random try a new value of every parameter with every run {cite}`bergstra2012random`.
# What acts by its ratio, as a learning rate does, is drawn evenly on the scale of its logarithm.
# The draws follow from a seed and stand in the file, so that this too is a table that is known before its results.

# %%
rates = {"learning_rate": {"log": [1e-5, 1e-1]}}
wide = {
    "experiment": "wide",
    "base": tiny | {"epochs": 9},
    "random": {
        "draws": 5,
        "space": rates | {"gamma": {"choice": [0.1, 0.5, 1.0]}},
    },
    "halving": {"first": 1, "reduction": 3},
}
file.write_text(yaml.safe_dump(wide, sort_keys=False))
for config in read_sweep(file):
    print(f"{config.learning_rate:<10g} {config.gamma}")

# %% [markdown]
# Most settings are seen to be hopeless long before their last epoch.
# *Successive halving* {cite}`li2020massively` trains all $n$ of them for $r$ epochs, about one in $\eta$ of them for $\eta r$, and so on; after $K$ such rounds the last ones have had all $\eta^K r$ epochs.
# Each run goes on from its checkpoint, so that a round from $\eta^{k-1} r$ to $\eta^k r$ epochs costs $\eta^{-k} n \cdot (\eta - 1)\, \eta^{k-1} r$, and all of it
#
# $$
# n\, r \left(1 + K\, \frac{\eta - 1}{\eta}\right) \quad \text{in place of} \quad n\, r\, \eta^K
# $$ (eq-halving)
#
# epochs.
# The word `halving` in the file asks for it; the rule is Optuna's {cite}`akiba2019optuna`, the runs are done by the same workers.

# %%
halving, epochs = read_grid(file).halving, wide["base"]["epochs"]
print("compared after epochs", *rungs(halving, epochs))

# %% tags=["remove-cell"]
assert len(table) == 6 and not table.attrs["missing"] and "4 of them done already" in said[0]
tell(kept=len(part), dropped=len(table) - len(part), seeds=len(mine["grid"]["seed"]))
shutil.rmtree(place)

# %% [markdown]
# What is stopped is decided by the validation cells alone, never by the test cells.
# A setting is judged by the mean over its folds and seeds, so that none of its runs is missing from its mean, and settings on different cells are not compared.
# The runs that were stopped are counted under the table and not averaged in.
# The price is a setting that starts slowly and would have won: it is gone.
# Without the word `halving` the same command takes up the stopped runs where they stopped.
#
# ## What it costs is said first
#
# `cgrecnet sweep FILE --cost` measures a few training steps of each network on this machine and says how many hours the runs would take.
# A sweep that would take long starts only with `--yes`.
# What the scheduling itself takes was measured with runs that do nothing ({doc}`costs`, {numref}`fig-costs-sweep`).
#
# **Take-away.**
# A sweep is a file that is checked whole, run by workers that may die, and remembered by records alone.
# A table is made from all of its runs or says which are missing.
#
# ```{exercise} Write your own
# :label: exercise-sweep
#
# Write a sweep that asks whether class weights help the baseline on simulated cells of which one class is rare: two settings of `class_weights`, three seeds, everything else the same.
# How many runs are there, and which of the parameters is averaged over in the table?
# ```
#
# ````{solution} exercise-sweep
# :class: dropdown
#
# The next cell writes the file and checks it.
# Saved as `sweeps/rare.yaml`, it is run with `.venv/bin/cgrecnet sweep sweeps/rare.yaml` and read with `.venv/bin/cgrecnet collect sweeps/rare.yaml`.
# ````

# %% tags=["hide-cell"]
rare = {
    "experiment": "rare",
    "base": {
        "data": "cytometer", "data_options": {"cells": 1200, "shares": [0.45, 0.05, 0.50]}, "model": "resnet50",
        "image_size": 48, "epochs": 6, "batch_size": 16,
    },
    "grid": {"class_weights": [False, True], "seed": [1, 2, 3]},
}
with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as own:
    yaml.safe_dump(rare, own, sort_keys=False)
runs = read_sweep(Path(own.name))
print(Path(own.name).read_text())
os.unlink(own.name)
averaged = [name for name in ("class_weights", "seed") if name in REPEATS]
print(len(runs), "runs; averaged over:", *averaged)

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why is a mean refused while a run is missing?
# Runs do not fail at random: large networks run out of memory, long ones out of time.
# A mean over what is left is a mean over the easy cases.
# :::
#
# :::{dropdown} 2. What makes it safe to start a sweep twice?
# Each run's name follows from its parameters and what they run on, and a run with a record is not done again.
# Starting twice does what was missing.
# :::
#
# :::{dropdown} 3. A grid has three lists. How many runs does it describe, and why write it down first?
# The product of their lengths.
# Written down first, the table that will be made is known before its results, and a run that is left out shows.
# :::
