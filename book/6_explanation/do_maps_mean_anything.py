# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do the maps mean anything?
#
# **You will learn** how to put a number on a map, what a map has to beat before it says anything about a network, and whether a network that cheats is given away by its map.
#
# **You need** {doc}`/book/6_explanation/grad_cam` and {doc}`/book/2_data/shortcuts`.
# Reading takes about {reading-time}`this page`.

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from scipy.stats import mannwhitneyu

from cgrecnet.data import open_dataset
from cgrecnet.data.cytometer import simulate
from cgrecnet.explain.cams import cam_maps
from cgrecnet.explain.layers import Layer
from cgrecnet.explain.masks import crop_masks, segment_cell
from cgrecnet.explain.sanity import moved, network_free_map
from cgrecnet.explain.scores import area, difference, energy, mean_with_interval, pointing
from cgrecnet.figures.explained import (
    KEPT_COMMAND,
    LEAST,
    MODELS,
    accuracy_table,
    draw_where_run,
    interval,
    load_study,
    minus,
    network_title,
    provenance_of_study,
    score_table,
    title_of,
)
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import dropdown, wide_table
from cgrecnet.pages import holds, show_code, tell

use_book_style()
torch.set_num_threads(1)
study, real = load_study(), load_study("explain-jurkat")

cells = open_dataset("jurkat", task="cycle_e1")
NAMES = ("G1", "M")
codes = [cells.classes.index(name) for name in NAMES]
rng = np.random.default_rng(0)
chosen = np.concatenate([
    rng.permutation(np.flatnonzero(cells.labels == code))[:600]
    for code in codes
])  # fmt: skip
chosen = rng.permutation(chosen)
pictures = np.stack([cells.images[i] for i in chosen]).astype(np.float32)
x = torch.tensor((pictures - pictures.mean()) / pictures.std())[:, None]
y = torch.tensor((cells.labels[chosen] == codes[1]).astype(int))
TRAIN = 800  # the others are test cells


def trained_on(labels):
    """A small network after six epochs on the training cells."""
    torch.manual_seed(0)
    layers, channels = [], (1, 16, 32, 32)
    for one, two in zip(channels, channels[1:], strict=False):
        layers += [torch.nn.Conv2d(one, two, 3, padding=1), torch.nn.ReLU()]
        layers += [torch.nn.MaxPool2d(2)] if two != one else []
    pooled = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
    network = torch.nn.Sequential(*layers, *pooled, torch.nn.Linear(32, 2))
    steps = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(6):
        for batch in torch.randperm(TRAIN).split(40):
            answer = network(x[batch])
            loss = torch.nn.functional.cross_entropy(answer, labels[batch])
            steps.zero_grad()
            loss.backward()
            steps.step()
    return network.eval()


def heat(network):
    """Grad-CAM of the test cells behind the last convolution."""
    last = Layer("7", 4)
    raw = cam_maps("gradcam", network, last, x[TRAIN:], named)
    raw = torch.tensor(raw.clip(min=0))[:, None]
    grown = torch.nn.functional.interpolate(raw, 40, mode="bilinear")
    return grown[:, 0].numpy()


# %% tags=["remove-input"]
shuffled = torch.randperm(TRAIN, generator=torch.Generator().manual_seed(0))
networks = [trained_on(y), trained_on(y[shuffled])]
with torch.no_grad():
    said = [network(x[TRAIN:]).argmax(1).numpy() for network in networks]
named, truth = said[0], y[TRAIN:].numpy()
outlines = np.stack([segment_cell(one) for one in pictures[TRAIN:]])
maps = {
    "Grad-CAM": heat(networks[0]),
    "shuffled labels": heat(networks[1]),
    "blob": network_free_map("centre", x[TRAIN:]),
}
inside = {name: 100 * energy(one, outlines) for name, one in maps.items()}
chance = 100 * area(outlines)
apart = mean_with_interval(inside["Grad-CAM"] - inside["blob"])
tell(
    right=100 * (named == truth).mean(), shuffled_right=100 * (said[1] == truth).mean(), n=apart["n"],
    trained=np.nanmean(inside["Grad-CAM"]), blob=np.nanmean(inside["blob"]), area=np.nanmean(chance),
    apart=f"{apart['mean']:.0f}".replace("-", "\N{MINUS SIGN}"), floor=100 * max(truth.mean(), 1 - truth.mean()),
    ends=f"{apart['low']:.0f} to {apart['high']:.0f}".replace("-", "\N{MINUS SIGN}"),
)  # fmt: skip
holds(
    "The network above learned its task (it is right for ... % of the cells, the one on shuffled labels for",
    0.9 < (named == truth).mean() and (said[1] == truth).mean() < 0.6,
)
holds(
    "and yet its maps have hardly more heat inside the cell than the same heat everywhere would have",
    np.nanmean(inside["Grad-CAM"]) < np.nanmean(chance) + 5,
)
holds(
    "A blob that never saw a network has more of it than any of them",
    np.nanmean(inside["blob"]) > max(np.nanmean(inside[name]) for name in ("Grad-CAM", "shuffled labels")) and apart["high"] < 0,
)
# %% [markdown]
# **The answer.** A trained network puts {glue:text}`trained:.0f` % of its heat inside the cell, a blob {glue:text}`blob:.0f` % ({glue:text}`apart` points; 95 % interval {glue:text}`ends`; n = {glue:text}`n` Jurkat cells).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four rows, one for each of four real cells with its outline in white: two in division, two before it. Beside each cell three maps of heat with the same outline: Grad-CAM of the trained network, Grad-CAM of a network that was trained on shuffled labels, and one and the same round blob."}, "figure": {"name": "fig-maps-cells", "caption": "The prettiest map is the one that knows nothing: the blob in the last column lies on every cell, because cells lie in the middle. Rows: the first two test cells in division (M) and before it (G1). Columns: the cell with the outline of its segmentation; Grad-CAM for the class that is named, of a network trained on the labels and of one trained on shuffled labels; a blob in the middle. Each map at its own scale; a black one has no heat at all. Real cells (Jurkat, Experiment 1), networks of three convolutions, trained here."}}
rows = [i for label in (1, 0) for i in np.flatnonzero(truth == label)[:2]]
figure, grid = plt.subplots(4, 4, figsize=(4.4, 4.9))
for line, i in zip(grid, rows, strict=True):
    for place in line:
        place.set(xticks=[], yticks=[])
        place.contour(outlines[i], [0.5], colors="white", linewidths=1)
    line[0].imshow(pictures[TRAIN + i], vmin=300, vmax=1200)
    line[0].set_ylabel(NAMES[truth[i]])
    for place, one in zip(line[1:], maps.values(), strict=True):
        place.imshow(one[i], cmap="inferno")
for place, name in zip(grid[0], ("cell", *maps), strict=True):
    place.set_title(name, fontsize=9)
plt.show()
from_dataset(cells)

# %% [markdown]
# A map that lies on the cell is what one hopes for, which is a reason to be strict.
# The network above learned its task (it is right for {glue:text}`right:.1f` % of the cells, the one on shuffled labels for {glue:text}`shuffled_right:.1f` %, and always naming the commoner class for {glue:text}`floor:.1f` %), and yet its maps have hardly more heat inside the cell than the same heat everywhere would have ({glue:text}`area:.0f` %).
# A blob that never saw a network has more of it than any of them, since cells lie in the middle of their pictures.
# So heat on the cell is no evidence by itself; a map has to beat its controls.
# The networks of this picture are tiny and were trained here in seconds; they teach what to ask, and say nothing of the paper's maps.
#
# What follows asks the same of this book's networks: of the ablation's on real cells, and of a study on simulated cells ({doc}`../2_data/how_a_cytometer_sees`), where the outline is known, and in one case even what the network went by.
# `cgrecnet explain book/experiments/explain-simulated.yaml` makes that study anew.
# Nothing on this page was in the analysis plan; all of it is exploratory.
#
# ## Scores
#
# **Energy.** Of all the heat $H_p = \max(L_p, 0)$ of a map ({doc}`grad_cam`), the share that lies inside a part of the picture with the mask $M$:
#
# $$
# E = \frac{\sum_p M_p H_p}{\sum_p H_p} .
# $$ (eq-energy)
#
# **Pointing game** {cite}`zhang2018excitation`. Whether the hottest position lies inside.
#
# **Deletion and insertion** {cite}`petsiuk2018rise`. Paint over the hottest pixels first and watch the class's probability fall; or start from an empty picture and put the hottest pixels back.
# The smaller the area under the first curve and the larger under the second, the better.
# This one needs no mask: it asks the network itself.
#
# Each score has a value that luck gives.
# For energy and pointing it is the share of the picture that the part covers.
# The code for {eq}`eq-energy`, and what it says of maps that we make up:

# %%
show_code(energy)

# %%
simulation = simulate({"cells": 32, "seed": 5})
masks = crop_masks(simulation.cell_masks, 96)
nuclei = crop_masks(simulation.nucleus_masks, 96).astype(float)

# %%
constructed = {
    "the cell itself": masks.astype(float),
    "its nucleus": nuclei,
    "the background": 1.0 - masks,
    "the same everywhere": np.ones(masks.shape),
    "its nucleus, moved": moved(nuclei),
}
for name, heat in constructed.items():
    print(
        f"{name:20} energy {np.nanmean(energy(heat, masks)):.2f}  "
        f"pointing {np.nanmean(pointing(heat, masks)):.2f}"
    )
print(f"cells cover {masks.mean():.2f}, n = {len(masks)}")
assert energy(nuclei, masks).min() == 1
assert energy(1.0 - masks, masks).max() == 0

# %% [markdown]
# The last line is the share of the picture that the cells cover, and a map that is moved at random comes to it, too.
# A map of the nucleus has all its energy in the cell: the score tells whether heat is where it may be, not whether it is everywhere that counts.
#
# Coarse maps have artefacts of their own.
# Maps are scored here as they are usually drawn, which puts them half a stride too far down and to the right; {doc}`grad_cam` measures that, and what it changes in the scores.
# The hottest pixel of an enlarged map lies in the middle of its hottest field, and in a map of 2 by 2 that is always towards a corner, off any cell in the middle.
# And a strided 1 by 1 convolution reads every second row and column only ({doc}`grad_cam`), so that HiResCAM before it is empty in between, wherever the cell is.
#
# ## What a map has to beat
#
# Three controls look at no network: the same heat everywhere, the picture's edges (Sobel), and a blob in the middle of the picture.
# Two use the trained network's own maps in the wrong place: moved at random, or laid on another cell.
# Three are the map of another network ({cite}`adebayo2018sanity` proposed the last two): one with the weights with which training starts, one with random weights, one trained on **shuffled labels**, which had nothing to learn.
# A method that gives these the same map explains the picture and not the network.

# %% tags=["hide-input"]
WITHOUT = ("uniform", "sobel", "centre")
ELSEWHERE = ("moved gradcam@last", "swapped gradcam@last")
CONTROLS = [("no network", kind) for kind in WITHOUT + ELSEWHERE]
CONTROLS += [(f"{training} cg_recnet", "gradcam@last") for training in ("start", "untrained")]
HEADERS = ("map", "minus the control", "heat inside cell", "n")


def against_controls(study, kind="gradcam@last"):
    """Rows: heat inside the cell of a map minus that of each control."""
    rows, twin = [], ("shuffled resnet50", kind)
    for model, others in (("cg_recnet", CONTROLS), ("resnet50", [twin])):
        one = (f"honest {model}", kind)
        for other in others:
            if not (found := minus(study, one, other)):
                continue
            network, control = other
            known = network != "no network"
            name = network_title(network) if known else title_of(control)
            texts = interval(found), str(found["n"])
            mine = f"{MODELS[model]}, {title_of(kind)}"
            rows.append((mine, name, *texts))
    return rows


table = wide_table(HEADERS, against_controls(real), "Controls, real")
display(table, provenance_of_study(real, KEPT_COMMAND))

# %% [markdown]
# On these real cells (Jurkat, CG-RecNet of the ablation, {doc}`grad_cam`) the map of the last stage has as much heat inside the cell as the same heat everywhere: the shares differ by {glue:text}`even` (95 % interval; n = {glue:text}`even_n` cells).
# It has less than the blob: {glue:text}`behind`.
# At this size that map has two by two positions, so it could hardly do better.
#
# The pictures of the simulated cells are larger, and there are more networks.

# %%
study and accuracy_table(study)

# %% [markdown]
# The shuffled network is tested on true labels, so that it should be no better than always naming the commonest class.
# The network on the shortcut is tested here in its own world, where the shortcut works.
# {numref}`fig-maps-energy` shows the energy inside the cell for the first network's maps and their controls.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A list of maps with one point and a horizontal bar each, on a scale from 0 to 1: the share of heat inside the cell. Maps of the trained network come first, then those of the untrained ones, then maps without a network. A dotted vertical line marks the uniform map."}, "figure": {"name": "fig-maps-energy", "caption": "What a share of heat inside the cell is worth shows only beside the controls: edges, a blob in the middle, and networks that know nothing. Simulated cells, CG-RecNet and its controls (the network on shuffled labels may be another make); points are means over the explained test cells, bars 95 % intervals (t, over cells)."}}
subject = study and f"honest {study.config.honest[0]}"
COLOURS = {"honest": PALETTE[0], "shuffled": PALETTE[1], "start": PALETTE[4], "untrained": PALETTE[3]}


def rows_of(study):
    """(network, kind) of the first network's maps, of its controls, and of maps without a network."""
    networks = [subject, *(f"shuffled {model}" for model in study.config.shuffled)]
    networks += [f"{training} {subject.split()[1]}" for training in ("start", "untrained")]
    scores = study.record.results["scores"]
    return [(name, kind) for name in (*networks, "no network") if name in scores for kind in scores[name]]


def draw_energies(study):
    """Energy inside the cell for every map with its interval; a line where chance is."""
    rows, labels = rows_of(study), []
    figure, axes = plt.subplots(figsize=(4.4, 0.26 * len(rows) + 0.9))
    for place, (network, kind) in enumerate(rows):
        found, colour = study.record.results["scores"][network][kind]["energy cell"], COLOURS.get(network.split()[0], "0.35")
        if found["mean"] is None:
            axes.text(0.01, place, "no heat anywhere", va="center", fontsize=8, color=colour)
        else:
            ends = [found["mean"] if end is None else end for end in (found["low"], found["high"])]
            axes.plot(ends, [place, place], color=colour, linewidth=1.5)
            axes.plot(found["mean"], place, "o", color=colour, markersize=5)
        known = network_title(network) if network != "no network" else ""
        if network.split()[-1] == subject.split()[-1]:
            known = known.partition(", ")[2]
        labels.append(f"{known}: {title_of(kind)}" if known else title_of(kind))
    chance = study.record.results["area"]["cell"]["mean"]
    axes.axvline(chance, color="0.5", linestyle=":", linewidth=1)
    axes.annotate("uniform", (chance, -0.9), fontsize=8, color="0.3", ha="center", annotation_clip=False)
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.set(xlabel="heat inside cell", xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))


draw_where_run(draw_energies, study)
plt.show()
provenance_of_study(study)

# %%
if study:
    rows = against_controls(study)
    rows += against_controls(study, "gradcam@stage3")
    display(wide_table(HEADERS, rows, "Controls, simulated"))

# %% tags=["remove-input"]
own = ("honest cg_recnet", "gradcam@last")
even, behind = (minus(real, own, ("no network", kind)) for kind in ("uniform", "centre"))
tell(even=interval(even), even_n=even["n"], behind=interval(behind))
holds(
    "the map of the last stage has as much heat inside the cell as the same heat everywhere",
    even["low"] < 0 < even["high"] and abs(even["mean"]) < 0.01,
)
holds("It has less than the blob", behind["high"] < 0)
holds("At this size that map has two by two positions", real.map(*own).shape[1:] == (2, 2))

LATE, EARLY = "gradcam@last", "gradcam@stage3"


def beats(kind, network, other=None):
    """Heat inside the cell of the study's first network, minus that of another map; None without the study."""
    return minus(study, (subject, kind), (network, other or kind)) if study else None


over_even = [beats(kind, "no network", "uniform") for kind in (LATE, EARLY)]
over_blob = [beats(kind, "no network", "centre") for kind in (LATE, EARLY)]
over_fresh = [beats(kind, f"untrained {subject.split()[1]}") if study else None for kind in (LATE, EARLY)]
tell(
    late_even=interval(over_even[0]), early_even=interval(over_even[1]), early_fresh=interval(over_fresh[1]),
    late_blob=interval(over_blob[0]), early_blob=interval(over_blob[1]), maps_n=over_even[0]["n"] if study else 0,
)  # fmt: skip
if study:
    holds(
        "The maps of CG-RecNet have more heat inside the cell than the same heat everywhere",
        all(one["low"] > 0 for one in (*over_even, *over_fresh)),
    )
    holds("In stage 3 an untrained network has less", over_fresh[1]["low"] > 0)
    holds("Still the blob has more than either", all(one["high"] < 0 for one in over_blob))

# %% [markdown]
# The maps of CG-RecNet have more heat inside the cell than the same heat everywhere: by {glue:text}`late_even` in the last stage and by {glue:text}`early_even` in stage 3 (n = {glue:text}`maps_n` simulated cells).
# In stage 3 an untrained network has less (difference {glue:text}`early_fresh`), so that training put it there, in this one network.
# Still the blob has more than either (differences {glue:text}`late_blob` and {glue:text}`early_blob`): the cell is where cells are, and a map is not needed to find it.
#
# In the table of all scores chance is the share of the picture that a part covers, which is what the uniform map has.
# Nucleus and processes are parts of the cell, and *border* is the outermost eighth of the picture on each side.
# A picture without the part is left out, so n is that of the first column.

# %%
PARTS = ("cell", "nucleus", "processes", "debris", "border")
parts = [f"energy {part}" for part in PARTS] + ["pointing cell"]
if study:
    last = f"honest {study.config.honest[-1]}"
    scores = study.record.results["scores"]
    rows = [(one, kind) for one in (subject, last) for kind in scores[one]]
    rows += [
        ("no network", kind)
        for kind in scores["no network"]
        if " " not in kind
    ]
    display(dropdown("All scores", score_table(study, rows, parts)))

# %% [markdown]
# ## Fresh weights, from the classes down
#
# The trained network's weights are replaced by fresh ones, first the classifying layers, then stage by stage down to the first.
# With each step the network knows less.
# A map that explained it should fall apart ({numref}`fig-maps-cascade`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the steps classes, stage 4, stage 3, gate and fusion, stage 2, all. Above: rank correlation with the trained network's map, one line per method. Below: share of heat inside the cell at the same steps, with a dotted line for chance."}, "figure": {"name": "fig-maps-cascade", "caption": "How much of a map survives when the network's knowledge is taken away, from the classes down. A, rank correlation with the trained network's map of the same cell; B, heat inside the cell; at the last stage Grad-CAM and HiResCAM are one map, so that their lines coincide; simulated cells, means over the cells whose map has any heat (see the table), with 95 % intervals; hollow and without interval where fewer than five cells are left."}}
STEPS = {"fc": "classes", "layer4": "stage 4", "layer3": "stage 3", "gate": "gate, fusion", "layer2": "stage 2",
         "layer1": "all"}  # fmt: skip


def agreement_of(step):
    """With the map of the trained network."""
    return next(value for name, value in step.items() if name.startswith("agreement"))


def draw_cascade(study):
    """A: how far maps still agree with the trained network's as weights become fresh; B: their energy in the cell."""
    figure, panels = plt.subplots(2, 1, figsize=(4.4, 6.4), sharex=True)
    for axes, of, name in zip(panels, (agreement_of, lambda step: step["energy cell"]), "AB", strict=True):
        letter(axes, name)
        for colour, (kind, steps) in zip(PALETTE, study.record.results["cascade"].items(), strict=False):
            found = [(place, of(step)) for place, step in enumerate(steps.values()) if of(step)["mean"] is not None]
            axes.plot([place for place, _ in found], [one["mean"] for _, one in found], color=colour, label=title_of(kind))
            for place, one in found:
                few = one["n"] < LEAST
                axes.plot(place, one["mean"], "o", color=colour, markerfacecolor="white" if few else colour, markersize=5)
                if not few:
                    axes.plot([place, place], [one["low"], one["high"]], color=colour, linewidth=1)
        axes.set_xticks(range(len(steps)), [STEPS.get(step, step) for step in steps], rotation=40, ha="right", fontsize=8)
    for axes, level in zip(panels, (0, study.record.results["area"]["cell"]["mean"]), strict=True):
        axes.axhline(level, color="0.6", linewidth=0.8, linestyle=":")
    panels[0].set_ylabel("rank correlation")
    panels[0].legend(fontsize=8)
    panels[1].set(ylabel="heat inside cell", ylim=(0, 1), xlabel="randomised down to")


draw_where_run(draw_cascade, study)
plt.show()
provenance_of_study(study)

# %%
if study:
    rows = []
    for kind, steps in study.record.results["cascade"].items():
        row = [title_of(kind)]
        for found in steps.values():
            one = agreement_of(found)
            every = one["n"] + one["empty"]
            row.append(f"{interval(one)}, n = {one['n']} of {every}")
        rows.append(row)
    names = ["map", *(STEPS.get(step, step) for step in steps)]
    display(wide_table(names, rows, "Agreement by step"))

# %% [markdown]
# Maps that are *empty* are left out of these means: with fresh weights, nothing in them speaks for the class that the trained network had named.
# That maps vanish is itself an answer, since they then depend on the weights.
#
# ## Does the network agree with its map?
#
# {numref}`fig-maps-curves` deletes and inserts pixels in the order of the maps.
# What is deleted gets the grey of the picture's own background.
# Two orders frame the others: a random one, and the cell's true mask, cell first.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the share of pixels from 0 to 1. Above: the probability of the class as pixels are deleted. Below: as pixels are inserted. One line per map; black lines for random order, edges, the blob in the middle and the cell's mask."}, "figure": {"name": "fig-maps-curves", "caption": "Whether the hottest pixels are those that the network needs, asked of the network itself: a good map falls fast in A and rises fast in B, against a random order and against the cell's own mask. Simulated cells, CG-RecNet, means over cells."}}
ORDERS = {"mask": "the cell's mask", "uniform": "random order"}
STYLES = {"uniform": "k:", "sobel": "k--", "centre": "k-.", "mask": "k-"}


def draw_curves(study):
    """A: mean probability of the class as the hottest pixels go; B: as only they are there."""
    figure, panels = plt.subplots(2, 1, figsize=(4.4, 6.6), sharex=True)
    for axes, name, what in zip(panels, "AB", ("deletion", "insertion"), strict=True):
        colours = iter(PALETTE)
        for kind, curve in study.record.results["curves"]["cg_recnet"].items():
            look = {} if kind in STYLES else {"color": next(colours)}
            label = ORDERS.get(kind) or title_of(kind)
            axes.plot(curve["shares"], curve[what], STYLES.get(kind, "-"), label=label, linewidth=1.2, **look)
        axes.set(title=f"   {what}", ylabel="class probability", ylim=(0, 1), xlim=(0, 1))
        letter(axes, name)
    panels[1].set_xlabel("share of pixels")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)


draw_where_run(draw_curves, study)
plt.show()
provenance_of_study(study)

# %%
if study:
    rows = []
    for model, orders in study.record.results["curves"].items():
        for kind, found in orders.items():
            name = ORDERS.get(kind) or title_of(kind)
            areas = found["area deletion"], found["area insertion"]
            n = str(areas[0]["n"])
            rows.append((MODELS[model], name, *map(interval, areas), n))
    headers = ("network", "order", "deletion", "insertion", "n")
    table = wide_table(headers, rows, "Areas under curves")
    display(dropdown("All areas", table))


# %%
def against_random(study, model, what, sign):
    """Orders of pixels that beat a random one, and that lose to it."""
    curve = f"curve/honest {model}/{{}}/{what}"
    chance = sign * study.arrays[curve.format("uniform")]
    better, worse = [], []
    for kind in study.record.results["curves"][model]:
        mine = sign * study.arrays[curve.format(kind)]
        gain = difference(mine, chance)
        if gain["low"] is not None and gain["low"] > 0:
            better.append(ORDERS.get(kind) or title_of(kind))
        elif gain["high"] is not None and gain["high"] < 0:
            worse.append(ORDERS.get(kind) or title_of(kind))
    return ["; ".join(names) or "none" for names in (better, worse)]


# %%
if study:
    rows = [
        (MODELS[model], what, *against_random(study, model, what, sign))
        for model in study.record.results["curves"]
        for what, sign in (("deletion", -1), ("insertion", 1))
    ]
    headers = ("network", "curve", "better than random", "worse")
    display(wide_table(headers, rows, "Orders against random"))

# %% [markdown]
# The tables give the areas under these curves, and say which orders are better or worse than the random one by the paired 95 % interval over the same cells.
# A picture with half of its pixels painted over is like nothing that the network was trained on, so these curves measure its answer to strange pictures too {cite}`petsiuk2018rise`.
# That is why the random order is there: scattered holes disturb a network more than one hole of the same size does.
#
# ## Do the methods agree?
#
# If two methods explain one network, their maps should look alike ({numref}`fig-maps-agreement`).
# That Grad-CAM and HiResCAM do so at the last stage is no news: there they are one formula ({doc}`grad_cam`).

# %% tags=["hide-input"] mystnb={"image": {"alt": "A square table with the same maps along both sides and a rank correlation in every field, red for agreement, blue for the opposite."}, "figure": {"name": "fig-maps-agreement", "caption": "Maps of one network that are meant to say the same, compared cell by cell: rank correlation over the positions, mean over the occluded cells. Simulated cells, CG-RecNet."}}
def draw_agreement(study):
    """Mean rank correlation of every pair of maps of one network, as a square of numbers."""
    pairs = study.record.results["agreement"][subject]
    kinds = list(dict.fromkeys(kind for pair in pairs for kind in pair.split("|")))
    square = np.full((len(kinds), len(kinds)), np.nan)
    for pair, found in pairs.items():
        row, column = map(kinds.index, pair.split("|"))
        square[row, column] = square[column, row] = np.nan if found["mean"] is None else found["mean"]
    figure, axes = plt.subplots(figsize=(4.4, 4.2))
    axes.imshow(square, cmap="RdBu_r", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(square):
        if np.isfinite(value):
            colour = "white" if abs(value) > 0.7 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour)
    titles = [title_of(kind) for kind in kinds]
    axes.set_xticks(range(len(kinds)), titles, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(kinds)), titles, fontsize=8)


draw_where_run(draw_agreement, study)
plt.show()
provenance_of_study(study)

# %% [markdown]
# ## Does the map give the shortcut away?
#
# Now a network is trained on the same cells, but each class has its own acquisition runs, and so its own grey of the background ({doc}`../2_data/shortcuts`).
# The cells and their outlines are the same; only the runs were dealt out differently.
# First: does it cheat?
# We show it the test cells as they are in its own world, and in the honest world, where the run says nothing.

# %%
KEYS = ("accuracy", "as the run")
if study:
    rows = [
        (network_title(name), world, *(f"{found[key]:.2f}" for key in KEYS),
         str(found["n"]))
        for name, worlds in study.record.results["following"].items()
        for world, found in worlds.items()
    ]  # fmt: skip
    headers = ("network", "world", "accuracy", "follows the run", "n")
    display(wide_table(headers, rows, "Who cheats"))

# %% [markdown]
# A network that names the class which the run suggests, where its honest twin does not, goes by the run.
# Then: can one see that in its maps?
# An honest network should look at the cell, a cheating one at the background.
# {numref}`fig-maps-shortcut` compares the maps of two networks of the same make for the same cells.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two squares of dots, one below the other, with a diagonal line: share of heat inside the cell and in the border of the picture, for the honest network across and the shortcut network upwards, one dot per cell, one colour per method."}, "figure": {"name": "fig-maps-shortcut", "caption": "If maps gave the shortcut away, dots would lie below the line in A and above it in B: the cheating network's heat would leave the cell for the border. Each dot is one simulated cell, explained for an honest network and for one that was trained on the shortcut."}}
KINDS = ("gradcam@last", "gradcam@stage3", "occlusion")
honest, cheat = (study and f"{training} {study.config.shortcut[-1]}" for training in ("honest", "shortcut"))


def draw_shortcut(study):
    """Per cell: A the heat in the cell, B the heat in the border, the honest network across, the shortcut's upwards."""
    figure, panels = plt.subplots(2, 1, figsize=(4.0, 7.4))
    for axes, part, name in zip(panels, ("cell", "border"), "AB", strict=True):
        for colour, kind in zip(PALETTE, KINDS, strict=False):
            one, other = (study.score(network, kind, f"energy {part}") for network in (honest, cheat))
            n = min(len(one), len(other))
            axes.plot(one[:n], other[:n], "o", color=colour, label=title_of(kind), markersize=4, alpha=0.7)
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":")
        axes.set(title=f"   heat in the {part}", ylabel="shortcut network", xlim=(0, 1), ylim=(0, 1), aspect="equal")
        letter(axes, name)
    panels[1].set_xlabel("honest network")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)


draw_where_run(draw_shortcut, study)
plt.show()
provenance_of_study(study)


# %%
def told_apart(study, first, second, kind, what):
    """Area under the ROC curve of one score: the first network's higher."""
    found = (study.score(name, kind, what) for name in (first, second))
    one, other = (values[np.isfinite(values)] for values in found)
    if not len(one) or not len(other):
        return "none"
    wins = mannwhitneyu(one, other).statistic
    return f"{wins / (len(one) * len(other)):.2f}"


# %%
if study:
    rows = []
    more = {"energy cell": (honest, cheat)}
    more |= {"energy border": (cheat, honest)}
    for kind in KINDS:
        for what, pair in more.items():
            apart = minus(study, (cheat, kind), (honest, kind), what)
            told = told_apart(study, *pair, kind, what)
            texts = title_of(kind), what, interval(apart), told
            rows.append((*texts, str(apart["n"])))
    headers = ("map", "score", "shortcut minus honest", "told apart", "n")
    display(wide_table(headers, rows, "Cheat and twin"))

# %% tags=["remove-input"]
parts = "energy cell", "energy border"
cheats = [study and minus(study, (cheat, EARLY), (honest, EARLY), part) for part in parts]
tell(cheat_cell=interval(cheats[0]), cheat_border=interval(cheats[1]))
if study:
    holds(
        "One can, on average: for the same cells, the cheat's map of stage 3 differs from its honest twin's",
        cheats[0]["high"] < 0 < cheats[1]["low"],
    )

# %% [markdown]
# One can, on average: for the same cells, the cheat's map of stage 3 differs from its honest twin's by {glue:text}`cheat_cell` of heat inside the cell and by {glue:text}`cheat_border` in the border (n = {glue:text}`maps_n` simulated cells; one network of each kind).
#
# *Told apart* is the area under the ROC curve when one map of one cell is to say which network it came from, more heat outside the cell (or in the border) speaking for the cheat; one half is guessing.
# An auditor has no honest twin to compare with; the test that needs no map, showing the cells under other runs, is in the table above.
#
# The background's grey lies under the cell as well as beside it, so a network that goes by it may look anywhere.
# Heat on the cell is therefore no proof of an honest network.
# Occlusion, deletion and insertion are blind to this shortcut by design: they cover a place with the picture's own background, and so leave in the picture what the network cheats with.
#
# ## Fusion and gate, after training
#
# Two of the paper's claims are about the inside: the fusion *recalibrates* the features (C07), the gate *suppresses the background* (C08).
# At the start the cross-attention fusion changes the sum of its branches by one part in the number of positions ({doc}`../3_model/fusion`), and an untrained gate is wider on the cell in about half of its channels ({doc}`../3_model/gated_cnn`).
# Here is what training made of that: on real cells (Jurkat, networks of the ablation, {doc}`grad_cam`), where the cell is a segmentation, and below on simulated ones, where the study was run.

# %% tags=["hide-input"]
COLUMNS = (
    "network", "change by fusion", "1/N", "gate, cell", "gate off it", "channels wider",
    "length ratio, on", "the same, off", "on - off", "n",
)  # fmt: skip


def modules(study):
    """What fusion and gate do in each network of a study that has them."""
    rows = []
    for name, found in study.record.results["modules"].items():
        gate = found.get("gate", {})
        change = interval(found.get("change"), 2, percent=True) + (" (spatial path dead)" if found.get("dead") else "")
        start = f"{100 / found['positions']:.2f} %" if "positions" in found else "none"
        texts = [interval(gate.get(key)) for key in ("value_on", "value_off", "length_on", "length_off", "length on - off")]
        texts.insert(2, interval(gate.get("wider"), 0, percent=True))
        rows.append((network_title(name), change, start, *texts, str((found.get("change") or gate["value_on"])["n"])))
    return wide_table(COLUMNS, rows, "Fusion and gate")


display(modules(real), provenance_of_study(real, KEPT_COMMAND))
if study:
    display(modules(study), provenance_of_study(study))

# %% [markdown]
# How to read these tables.
# Where the spatial path is *dead*, the ReLU between its two convolutions is zero at every position of these cells, so that its maps are the same everywhere and the fusion is a plain sum but for a constant.
# *Length ratio* is the length of a position's vector behind the gated block over its length before it, on the cell and off it; below 1, vectors leave the block quieter than they came.
# Where the interval of *on - off* lies above zero, the block holds the background back against the cell; below zero, it lengthens the background more than the cell, which is the opposite of suppression; across zero, these cells do not tell.
# The same network before its first step (or with other fresh weights, *untrained*) stands in the table where it was looked at, and is the yardstick.
#
# One seed and few epochs each: these numbers describe these networks, and are no verdict on the authors'.
# Whether a path is dead depends on the seed ({doc}`../3_model/fusion`), and a living one may still hardly differ from an even map.
#
# **Take-away.**
# A map is worth what it adds to its controls, and on the real cells of this page Grad-CAM at the last stage adds nothing: a blob in the middle has more of its heat inside the cell.
# Heat on the cell says where a coarse map is positive, and does not say that the network went by the cell's form.
#
# ```{exercise} A blob that knows nothing
# :label: exercise-maps-blob
#
# Take the made-up cells from the beginning of this page.
# How much energy does a round blob in the middle have inside the cells, and how wide would it have to be to have the most?
# What does the answer say about cells that lie in the middle of their pictures?
# ```
#
# ````{solution} exercise-maps-blob
# :class: dropdown
#
# The narrower the blob, the surer it lies on the cell, because cells are centred.
# So a small spot in the middle beats any honest map in energy, and it knows nothing.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
middle = (np.arange(96) + 0.5) / 96 - 0.5
for width in (0.02, 0.05, 0.1, 0.2, 0.4):
    line = np.exp(-0.5 * (middle / width) ** 2)
    blob = np.broadcast_to(np.outer(line, line), masks.shape)
    print(f"width {width:.2f}: energy {energy(blob, masks).mean():.2f}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A map has most of its heat on the cell. Why is that not enough?
# Cells lie in the middle of their pictures.
# A blob in the middle that knows nothing does so as well, so the map has to beat such controls.
# :::
#
# :::{dropdown} 2. The weights are replaced by fresh ones and the map stays. What did it explain?
# The picture, or the architecture, and not what the network had learned.
# :::
#
# :::{dropdown} 3. A network goes by the grey of the background. Why may its heat still lie on the cell?
# That grey lies under the cell as well as beside it, so the network can read it anywhere.
# Heat on the cell is no proof of an honest network.
# :::
