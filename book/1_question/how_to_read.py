# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How to read this book, and what each door costs
#
# **You will learn** which of the book's doors is yours, how a page shows where its numbers come from, and what you need to open each door.
#
# **You need** nothing but curiosity; a little Python helps with the exercises.
# Reading takes about {reading-time}`this page`.
#
# This book takes one published method apart: CG-RecNet {cite}`li2026cgrecnet`, a network that tells neurons, astrocytes and oligodendrocytes apart without any dye.
# The authors published neither code nor weights, and in our copy of the text some cells of the tables cannot be read.
# So we rebuild the method from what it says and from what its numbers imply, run it on cells that anyone can get, and check its claims one by one.
#
# We are not the judges of the authors.
# Where a printed number cannot follow from the others, we say that the two cannot be reconciled, and stop there: we do not know why.
#
# ## Three doors
#
# **Read.**
# The pages are in order, from the question to the verdict.
# You need no program and no network: the built book is a folder of files.
#
# **Re-run.**
# One command makes every page again, on a computer without a graphics card.
# The longer training runs behind the results are kept as records, and can be repeated too.
# Each page offers the executed notebook for download, and a link to the script it was made from.
#
# **Teach and sweep.**
# Most pages end with exercises, and each exercise has a solution that runs.
# A sweep runs a grid of experiments that you write down in a small file.
#
# ## What they cost

# %% tags=["remove-cell"]
import os
import sys

from cgrecnet.figures.provenance import hardware_text, provenance_of
from cgrecnet.pages import tell
from cgrecnet.runs.query import command, experiment

ablation = experiment("ablation", "jurkat")
records = list(ablation.records)


def size(folder):
    """Bytes of all files below a folder."""
    with os.scandir(folder) as entries:
        return sum(
            size(entry.path) if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False).st_size
            for entry in entries
        )


tell(
    gigabytes=size(sys.prefix) / 1e9, minutes=sum(record.wall_seconds for record in records) / 60,
    have=len(records), planned=ablation.planned, hardware="; ".join(sorted({hardware_text(record.hardware) for record in records})),
)  # fmt: skip

# %% [markdown]
# - **Read**: open `index.html` in a browser.
# - **Re-run the book**: `make book`.
#   It takes {glue:text}`gigabytes:.1f` GB of packages, and then the minutes that {doc}`/book/appendix/execution` lists.
# - **Run the tests**: `make test`, with the same packages.
# - **Repeat the ablation on real cells**, from the Jurkat cells and the weights that the files name.
#   It took {glue:text}`minutes:.0f` minutes of training for {glue:text}`have` of {glue:text}`planned` runs on this hardware: {glue:text}`hardware`.
# - **Repeat it on the paper's cells**, whose images you fetch yourself, with a graphics card; with `--cost` the command says beforehand how long it will take.
#
# The last two are these commands:

# %%
print(command("ablation", "jurkat"))
print(command("ablation", "zhu"))
provenance_of(records, ("ablation", "jurkat"))

# %% [markdown]
# ## How to see where a number comes from
#
# A small block under a figure or table names its source: the data set and its hash, the runs, the seeds, the code's commit, the hardware and the time.
# The block above is one: it says where the minutes of the ablation come from; click it to unfold it.
# If the code has changed since a run was made, the block says so.
#
# Three words are used with care.
#
# *Simulated*
# : cells that were computed. No microscope was involved, and no result on them is a result on cells.
#
# *Real*
# : cells that were photographed by an imaging flow cytometer.
#
# *The paper's*
# : numbers as printed by {cite:t}`li2026cgrecnet`, never mixed with ours in one column.
#
# ## What you should know
#
# A little Python, and what a convolution is.
# The biology that is needed is explained where it is needed, and so are the statistics.
#
# **Take-away.**
# Reading is free, re-running is one command, and every number has an address.

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A figure says *simulated*. What may you conclude from it about cells?
# Nothing about cells as such.
# It shows what the method does to pictures of which the truth is known.
# A result on simulated cells is never shown as one on real cells.
# :::
#
# :::{dropdown} 2. Two printed numbers cannot both be right. What does the book say, and what does it not say?
# It says that the two cannot be reconciled.
# It does not say which one is wrong, nor why: a printed table does not tell that.
# :::
#
# :::{dropdown} 3. Where do you look to find out how a number came about?
# In the provenance block below the figure or table.
# It names the data with their hash, the runs, the seeds, the commit and the hardware, and says whether the code has changed since.
# :::
