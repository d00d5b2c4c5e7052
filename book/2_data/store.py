# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One file instead of two hundred thousand
#
# **You will learn** why a data set of many small files is slow to read at random, how a packed store lays the same crops into one file, how to open it and to trust it, and what it gains, measured on as many files as the paper has.
#
# **You need** {doc}`/book/2_data/meeting_the_data`, and what a file system does.
# Reading takes about {reading-time}`this page`.
#
# The paper's images come as one file per cell.
# A network that trains on them asks for every cell once per epoch, in an order that was shuffled.
# So the computer has to find a file by its name among hundreds of thousands, ask for its size, open it, read it, undo its format and close it, for a picture of some 60 by 45 grey levels.
# None of these steps has anything to do with cells, and all of them are repeated in each epoch.
#
# A *packed store* does them once.
# It is a folder with four files:
#
# | file | what it holds |
# |---|---|
# | `pixels.bin` | the grey levels of all crops, one crop after the other, row by row, nothing between |
# | `index.csv` | one line per crop: its label, where it begins, its height and width, checksums, and the data set's table (name, class, acquisition group and the rest) |
# | `aside.csv` | the name of every file that could not be packed, and why |
# | `store.json` | the header: data set, task, classes, how many crops, the fingerprint, the hashes of the files, which version packed it |

# %% tags=["remove-cell"]
import json
import pickle
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import ConnectionPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from cgrecnet.data import open_dataset
from cgrecnet.data.base import FETCHED, WARM, MappedImages, PackedImages
from cgrecnet.data.store import pack_cells
from cgrecnet.figures.provenance import Provenance, from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paths import RESULTS

use_book_style()
pd.set_option("display.max_colwidth", 28)

holder = tempfile.TemporaryDirectory()
one = json.loads(min((RESULTS / "bench-store").glob("*.json")).read_text())
where, commit = one["hardware"], one["commit"].partition("+")
facts = {
    "Data": f"{one['cells']:,} generated crops; {one['compared']} compared",
    "Record": "results/bench-store", "Made by": "benchmarks/store.py",
    "Rounds": f"{one['warm']['rounds']}; {one['warm']['reads']:,} reads warm, {one['cold']['reads']:,} cold",
    "Hardware": f"CPU ({where['cpu']}), {where['cores']} cores", "Machine": "shared" if one["shared_machine"] else "idle",
    "Versions": ", ".join(f"{name} {one['software'][name]}" for name in ("python", "numpy", "torchvision")),
    "Commit": commit[0][:10] + " with uncommitted changes" * bool(commit[1]),
}  # fmt: skip

# %% [markdown]
# ## Where a crop lies
#
# Crops differ in size, so a crop's place cannot be had by multiplying.
# If crop $j$ has height $h_j$ and width $w_j$, then crop $i$ begins at pixel
#
# $$ o_i = \sum_{j < i} h_j\, w_j , $$ (eq-store-offset)
#
# and its pixel in row $y$ and column $x$ is number $o_i + y\,w_i + x$ of the file.
# The index keeps $o_i$, $h_i$ and $w_i$; that is all it takes to find any crop at once.
# A pixel takes one byte or two, as the camera's depth demands, so a place in bytes is this number times one or two.
#
# Let us pack some cells, real ones.

# %%
cells = open_dataset("jurkat")
folder = Path(holder.name) / "store"
header = pack_cells(cells, folder)
files = sorted(folder.iterdir())
sizes = {file.name: file.stat().st_size for file in files}
pd.Series(sizes, name="bytes").to_frame()

# %% [markdown]
# The fifth file, `lock`, is empty: a build holds on to it, so that a second build of the same store can say that the first is at work.
# On the command line the same is done by `cgrecnet data pack NAME FOLDER --store PLACE`.

# %%
store = open_dataset("jurkat", root=folder)
index = pd.read_csv(folder / "index.csv")
index.iloc[:2, :9].T

# %%
def byte_range(store, i):
    """First byte of a crop in the pixel file, and the first after it."""
    images = store.images
    pixels = int(images.heights[i]) * int(images.widths[i])
    size, start = images.dtype.itemsize, int(images.offsets[i])
    return start * size, (start + pixels) * size


byte_range(store, 17)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rows. A: a bar of six coloured blocks, each with a height, a width and a class written on it, along an axis of bytes. B: a strip of grey levels, a narrow part of one block spread out. C: one cell's brightfield picture with three of its rows framed."}, "figure": {"name": "fig-store-layout", "caption": "A picture is a stretch of bytes and a width. A, the places of six neighbouring crops in the pixel file, coloured by class, with height and width from the index; a pixel takes one byte or two. B, three rows of the third block (the stripe across it in A) as they lie in the file, one behind the other. C, the same crop with every row under the one before it, the three rows framed: nothing was decoded, only the width was used."}}
first = max(int(np.flatnonzero(np.diff(store.labels))[0]) - 2, 0)
shown = first + 2
image, row = store.images[shown], store.images[shown].shape[0] * 3 // 5 - 1
height, width = image.shape
levels, mark = {"vmin": store.window[0], "vmax": store.window[1]}, PALETTE[3]
figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(7.0, 4.2), height_ratios=(0.8, 0.45, 2.2))
for i in range(first, first + 6):
    start, end = byte_range(store, i)
    block = {"facecolor": PALETTE[int(store.labels[i])], "edgecolor": "white", "linewidth": 1.5}
    top.add_patch(Rectangle((start, 0), end - start, 1, **block))
    words = f"{store.images.heights[i]} × {store.images.widths[i]}\n{store.classes[store.labels[i]]}"
    top.text(start + 0.06 * (end - start), 0.5, words, va="center", color="white", fontsize=8)
top.set(xlim=(byte_range(store, first)[0], end), ylim=(0, 1), yticks=[], xlabel="byte (pixels.bin)")
top.xaxis.set_label_position("top")
top.xaxis.tick_top()
top.xaxis.set_major_locator(MaxNLocator(7, prune="lower"))  # room for the panel's letter
top.spines[["left", "bottom"]].set_visible(False)
middle.imshow(image[row : row + 3].reshape(1, -1), aspect="auto", **levels)
middle.set(yticks=[])
middle.set_xticks([width * (i + 0.5) - 0.5 for i in range(3)], [f"row {row + i}" for i in range(3)])
middle.tick_params(length=0)
for i in (1, 2):
    middle.axvline(width * i - 0.5, color=mark, linewidth=1)
bottom.imshow(image, **levels)
bottom.set(yticks=[0, height - 1], xticks=[0, width - 1], ylabel="row", xlabel="column")
bottom.add_patch(Rectangle((-0.5, row - 0.5), width, 3, fill=False, edgecolor=mark, linewidth=1.2))
size = store.images.dtype.itemsize
begin = byte_range(store, shown)[0] + row * width * size
end = begin + 3 * width * size
top.add_patch(Rectangle((begin, 0), end - begin, 1, facecolor=mark))
for byte, side in ((begin, 0), (end, 1)):
    line = ConnectionPatch((byte, 0), (side, 1), "data", "axes fraction", axesA=top, axesB=middle, color=mark)
    line.set_in_layout(False)
    figure.add_artist(line)
for axes, name in zip((top, middle, bottom), "ABC", strict=True):
    letter(axes, name)
plt.show()
from_dataset(store)

# %% [markdown]
# ## Reading without reading
#
# The file is not loaded but *mapped*: the operating system makes it look like an array in memory, and fetches a page of it (usually 4096 bytes) when a number in it is used for the first time.
# A store may therefore be larger than the memory, opening it costs nothing but the index, and all workers of a data loader share one copy of what was fetched.
# A crop is a view into that array.
# This is the code that does it:

# %%
show_code(MappedImages, PackedImages.__getitem__)

# %% [markdown]
# `__reduce__` is what a worker process gets: a path and the places of the crops, no pixel.
# For these {glue:text}`store_crops` crops that is {glue:text}`sent_kb` kB instead of {glue:text}`store_mb` MB.
#
# ## Is it the same data?
#
# A copy is worth something only if it can be shown to be one.
# The *fingerprint* of a data set is a hash over every pixel, label and name, so that two data sets with the same fingerprint can be taken for the same.
# Here the crops of the store are held against those of the data set that it was packed from, one by one, and the fingerprint is computed anew from what the mapped file holds.

# %%
from cgrecnet.data.base import fingerprint

pairs = zip(store.images, cells.images, strict=True)
different = sum(not np.array_equal(a, b) for a, b in pairs)
names = store.table["cell_id"].tolist()
anew = fingerprint(store.images, store.labels, names)
assert different == 0 and store.table.equals(cells.table)
assert np.array_equal(store.labels, cells.labels)
assert anew == store.fingerprint == cells.fingerprint
print(f"{len(store):,} crops, {different} differ")
print(f"fingerprint {anew[:12]} = {cells.fingerprint[:12]}")

# %% [markdown]
# On opening, only the sizes of the files and the hash of the index are checked, because reading every pixel is what a store is there to avoid.
# `cgrecnet data check NAME STORE` reads them all: it compares each crop with its own checksum, and the whole with the fingerprint.
#
# ## What can go wrong while it is built
#
# Packing two hundred thousand files takes a minute or two, and in that while a battery dies, a disk fills up, or somebody types Ctrl-C.
# Three habits make that harmless.
#
# - **Another name until the end.** The store is built in a hidden folder beside its place, which takes the store's name in one step, when all is written. Whatever stops the build before leaves nothing under that name, and the next start clears up and begins anew.
# - **The header comes last.** A folder without `store.json` is no store, so nothing half-built can be taken for a whole one.
# - **A memory of the source.** The build notes names, sizes and times of the files. If they have changed at the end, it refuses, because half of the one and half of the other would be a data set that nobody has.
#
# We can try that here: pack the cells, but pull the plug in the middle; then pack again, and compare.

# %%
from cgrecnet.data.store import packing

again = folder.with_name("again")
honest = packing.crops_of


def unplugged(dataset):
    """The crops of a data set, until the current fails."""
    for i, crop in enumerate(honest(dataset)):
        if i == len(dataset) // 2:
            raise KeyboardInterrupt
        yield crop


# %%
packing.crops_of = unplugged
try:
    pack_cells(cells, again)
except KeyboardInterrupt:
    print("stopped; store:", again.exists())
finally:
    packing.crops_of = honest

# %%
pack_cells(cells, again)
for file in ("pixels.bin", "index.csv", "aside.csv"):
    assert (again / file).read_bytes() == (folder / file).read_bytes()
print("packed again: the same")

# %% [markdown]
# ## What it gains
#
# `benchmarks/store.py` makes as many files as the paper has images, in its sizes and class shares, packs them, and then reads crops at random, in turn from the files (through torchvision's `ImageFolder`) and from the store, one after the other in one process.
# The crops are noise, not cells: the files are uncompressed bitmaps like the paper's, so what is in a picture makes no difference to the time that reading takes.
# *Grey levels* are an array; the *RGB picture* is what `ImageFolder` hands on, so there the store has to copy its one channel three times.
# *Warm* means that the operating system still holds the files in memory from the last time; *cold* that it was told to drop them.
# Two whole epochs are read cold; the side that goes first alternates, and some crops are compared pixel by pixel.

# %%
first = f"cold, first {one['cold']['reads']:,}"
grey = "files_grey", "store_grey", "ratio_grey"
rgb = "files_rgb", "store_rgb", "ratio_rgb"
rates = {
    "warm, grey": (*grey, one["warm"]),
    "warm, RGB": (*rgb, one["warm"]),
    f"{first}, grey": (*grey, one["cold"]),
    f"{first}, RGB": (*rgb, one["cold"]),
    "cold, whole epoch": ("files", "store", "ratio", one["cold_epoch"]),
}

# %%
files, packed = one["files"], one["store"]
opening = one["open_image_folder"]["seconds"], one["open_store"]["seconds"]
rows = [("number of files", f"{files['files']:,}", packed["files"])]
for name, key in (("bytes", "bytes"), ("on the disk", "disk_bytes")):
    sizes = [f"{side[key] / 1e6:,.0f} MB" for side in (files, packed)]
    rows.append((name, *sizes))
rows.append(("opening", *(f"{seconds:.1f} s" for seconds in opening)))
for name, (left, right, _, found) in rates.items():
    speeds = f"{found[left]:,.0f}", f"{found[right]:,.0f}"
    rows.append((f"crops/s, {name}", *speeds))
headers = "measured", "files, ImageFolder", "store"
wide_table(headers, rows, "Files and store")

# %%
def draw_pair(axes, y, left, right, ratio, found):
    """Files (square) and store (dot) of one case, and their ratio."""
    ends = found[left], found[right]
    axes.plot(ends, [y, y], color="0.8", linewidth=3, zorder=0)
    axes.plot(ends[0], y, "s", color=PALETTE[7], markersize=9)
    axes.plot(ends[1], y, "o", color=PALETTE[0], markersize=9)
    low, high = found[f"{ratio}_range"]
    said = f"{found[ratio]:.2g}× ({low:.2g} to {high:.2g})"
    middle = np.sqrt(ends[0] * ends[1]), y - 0.2
    axes.text(*middle, said, ha="center", fontsize=9)


# %% mystnb={"image": {"alt": "Five rows, each with two joined points on a logarithmic axis of crops per second, files and store. The store is faster in every row: most over a cold epoch, least for the first cold reads as RGB pictures."}, "figure": {"name": "fig-store-rates", "caption": "In the median round of every case the store is read faster than files, and most over a whole epoch from a cold disk, where each file has to be looked up and fetched alone. Points: median over the rounds of one run; between them the median over the rounds of the ratio store / files within a round, with its smallest and largest value (the quotient of two medians may differ from it). Random order, generated crops; the cold epoch is of grey levels."}}
figure, axes = plt.subplots(figsize=(4.6, 3.8))
for y, case in enumerate(rates.values()):
    draw_pair(axes, y, *case)
names = [name.replace(", ", "\n", 1) for name in rates]
axes.set_yticks(range(5), names)
axes.set(xscale="log", xlabel="crops per second", xmargin=0.1)
axes.set_ylim(4.5, -1.0)
axes.xaxis.set_major_formatter("{x:,.0f}")
axes.xaxis.set_minor_formatter("")
both = "files, ImageFolder", "store"
axes.legend(axes.lines[1:3], both, loc="upper left", ncols=2)
plt.show()
Provenance(tuple(facts.items()))

# %% tags=["remove-input"]
sent = len(pickle.dumps(store.images))
first_reads, epoch = one["cold"], one["cold_epoch"]
assert sent < header.pixels.bytes / 10
holds(
    "In the median round of every case the store is read faster than files",
    all(found[ratio] > 1 for *_, ratio, found in rates.values()),
)
tell(
    store_crops=f"{len(store):,}", sent_kb=f"{sent / 1e3:,.0f}",
    store_mb=f"{header.pixels.bytes / 1e6:,.1f}",
)  # fmt: skip
tell(
    first_reads=f"{first_reads['reads']:,}", first_ratio=first_reads["ratio_grey"], first_rgb=first_reads["ratio_rgb"],
    fetched=f"{FETCHED:,}", warm_in_a_row=WARM,
    epoch_low=epoch["ratio_range"][0], epoch_high=epoch["ratio_range"][1],
    warm_low=one["warm"]["ratio_grey_range"][0], warm_high=one["warm"]["ratio_grey_range"][1],
)  # fmt: skip
few, cold, warm = one["build_few"], one["build_cold"], one["build_warm"]
tell(
    packed_files=f"{one['cells']:,}", cold_seconds=cold["seconds"], warm_seconds=warm["seconds"],
    cold_cpu=cold["cpu_seconds"], warm_cpu=warm["cpu_seconds"], peak=warm["peak_mb"],
    few_peak=few["peak_mb"], few_files=f"{few['cells']:,}",
    per_crop=f"{(warm['peak_mb'] - few['peak_mb']) * 2 ** 20 / (one['cells'] - few['cells']):,.0f}",
    store_size=f"{packed['bytes'] / 1e6:,.0f}", file_ratio=files["bytes"] / packed["bytes"],
    disk_ratio=files["disk_bytes"] / packed["disk_bytes"],
)  # fmt: skip

# %% [markdown]
# The first {glue:text}`first_reads` cold reads deserve a word.
# A page of a mapped file comes with its neighbours, on Linux by default 128 KiB, of which one crop is a small part.
# Whoever wants a few crops of a cold store would wait for much that is not wanted; whoever wants all of them in any order, as training does, gets the rest of the neighbourhood for nothing.
# So a store fetches the bytes of each crop alone at first, {glue:text}`fetched` crops at most, until {glue:text}`warm_in_a_row` in a row have come from memory, and leaves the rest to the map.
# In the median round that makes the first reads {glue:text}`first_ratio:.2g` times as fast as files for grey levels, and {glue:text}`first_rgb:.2g` times for RGB pictures, for which the store has to copy its one channel three times; over a whole cold epoch, measured twice, the store was {glue:text}`epoch_low:.2g` and {glue:text}`epoch_high:.2g` times as fast.
# The machine was shared, and the ranges show how much that disturbs: reading grey levels from memory, the store was between {glue:text}`warm_low:.2g` and {glue:text}`warm_high:.2g` times as fast.
#
# Packing {glue:text}`packed_files` files took {glue:text}`cold_seconds:.0f` s when they had to come from the disk and {glue:text}`warm_seconds:.0f` s when they were in memory, of which {glue:text}`cold_cpu:.0f` s and {glue:text}`warm_cpu:.0f` s were spent computing; the rest is waiting, for the disk and for the others who used the machine.
# The process took {glue:text}`peak:.0f` MiB of memory at its peak, and {glue:text}`few_peak:.0f` MiB for {glue:text}`few_files` files: what grows is what is known of every crop, its name, its line of the table and its checksums, about {glue:text}`per_crop` bytes per crop.
# The pixels themselves, {glue:text}`store_size` MB with the index, pass through a buffer.
#
# A file is {glue:text}`file_ratio:.1f` times as large as its share of the store because these images, as the paper's, keep each grey level three times, as red, green and blue, and on the disk the ratio is {glue:text}`disk_ratio:.1f`, because a disk gives out space in blocks.
#
# Two things speak against the store.
# It holds one task of one data set, so another task needs another one.
# And reading is only a part of what stands between a file and a network: a crop has to be cut, resized and normalised as well, and on a fast computer with few epochs the difference may not be worth a step more.
#
# **Take-away.**
# Decode once, then read views of one mapped file.
# What makes that safe is dull: checksums, a name that is given last, and a fingerprint that is the same on both sides.
#
# ```{exercise} Find a crop by hand
# :label: exercise-store-by-hand
#
# Read crop number 17 out of `pixels.bin` with nothing but `open`, `seek`, the index and numpy.
# Check {eq}`eq-store-offset` for all crops on the way.
# Mind the pixel type: how many bytes has a pixel here?
# ```
#
# ````{solution} exercise-store-by-hand
# :class: dropdown
#
# The header names the pixel type; the offset in bytes is the offset in pixels times its size.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
sizes = (index["packed_height"] * index["packed_width"]).to_numpy()  # pixels of each crop
assert np.array_equal(index["packed_offset"], np.cumsum(sizes) - sizes)
kind = np.dtype(json.loads((folder / "store.json").read_text())["pixel_type"])
row = index.iloc[17]
with open(folder / "pixels.bin", "rb") as file:
    file.seek(row["packed_offset"] * kind.itemsize)
    data = file.read(sizes[17] * kind.itemsize)  # the bytes of crop number 17
shape = row["packed_height"], row["packed_width"]
crop = np.frombuffer(data, kind).reshape(shape)  # crop number 17, rows by columns
assert np.array_equal(crop, cells.images[17]) and byte_range(store, 17)[1] - byte_range(store, 17)[0] == len(data)
print(f"{row['cell_id']}: {crop.shape}, {kind}, mean {crop.mean():.1f}")

# %% [markdown]
# ```{exercise} Who notices?
# :label: exercise-store-tamper
#
# Change one bit of one pixel in the copy in `again`, and one label in its index.
# Which of the two is noticed when the store is opened, and which only by the full check?
# Why is that a sensible division of labour?
# ```
#
# ````{solution} exercise-store-tamper
# :class: dropdown
#
# The index is small, so that its hash can be checked each time; the pixels are many, so that they are checked when asked for.
# A changed label does more harm than a changed pixel, too.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
from cgrecnet.data.store.check import examine_store
from cgrecnet.errors import DataError

with open(again / "pixels.bin", "r+b") as file:
    byte = file.read(1)
    file.seek(0)
    file.write(bytes([byte[0] ^ 1]))
open_dataset("jurkat", root=again)  # opens without complaint
text, good = examine_store(again, "jurkat", {})  # whether the full check passed
assert not good
print(text.splitlines()[-1].partition(": remove")[0])

lines = (again / "index.csv").read_text().splitlines()
lines[1] = str((int(lines[1][0]) + 1) % 3) + lines[1][1:]
(again / "index.csv").write_text("\n".join(lines) + "\n")
try:
    open_dataset("jurkat", root=again)
except DataError as error:
    print(str(error).partition(" was ")[2].partition(": remove")[0], "- noticed on opening")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Many small files are read in shuffled order. What costs the time?
# Not the pixels.
# Each file has to be found by name, opened, decoded and closed, in an order that the disk cannot foresee, and all of that again in each epoch.
# :::
#
# :::{dropdown} 2. Why is the store's header written last?
# So that a store which was cut short is not taken for whole: without a header there is no store.
# It is the same rule that makes records of runs safe.
# :::
#
# :::{dropdown} 3. What does the fingerprint prove?
# That the packed crops, labels and names are those of the files, in the same order.
# The same fingerprint means that a run on the store and one on the files see the same data.
# :::
