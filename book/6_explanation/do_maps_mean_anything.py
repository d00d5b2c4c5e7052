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

# %% tags=["remove-cell"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown

from cgrecnet.data import open_dataset
from cgrecnet.data.cytometer import simulate
from cgrecnet.evaluation.counts import wilson
from cgrecnet.explain.cams import cam_maps
from cgrecnet.explain.layers import Layer
from cgrecnet.explain.masks import crop_masks, segment_cell
from cgrecnet.explain.sanity import moved, network_free_map
from cgrecnet.explain.scores import area, energy, pointing, summary
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.explained import (
    COMMAND,
    KEPT_COMMAND,
    MODELS,
    interval,
    load_study,
    missing_study,
    network_title,
    provenance_of_study,
    title_of,
)
from cgrecnet.figures.inside_modules import module_rows
from cgrecnet.figures.map_checks import (
    better_than_random,
    cascade_rows,
    draw_agreement,
    draw_cascade,
    draw_curves,
)
from cgrecnet.figures.map_scores import (
    beats,
    draw_energies,
    draw_shortcut,
    rows_of,
    score_table,
    told_apart,
)
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import use_book_style
from cgrecnet.pages import holds, tell

use_book_style()
torch.set_num_threads(1)

# %% [markdown]
# **The answer.** Of the heat of a network that is right for {glue:text}`right:.1f` % of real cells, {glue:text}`trained:.0f` % lies inside the cell; of a blob that looks at nothing, {glue:text}`blob:.0f` % (difference {glue:text}`apart` points, 95 % interval {glue:text}`ends`; n = {glue:text}`n` Jurkat cells).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four rows, one for each of four real cells with its outline in white: two in division, two before it. Beside each cell three maps of heat with the same outline: Grad-CAM of the trained network, Grad-CAM of a network that was trained on shuffled labels, and one and the same round blob."}, "figure": {"name": "fig-maps-cells", "caption": "The prettiest map is the one that knows nothing: the blob in the last column lies on every cell, because cells lie in the middle. Rows: the first two test cells in division (M) and before it (G1). Columns: the cell with the outline of its segmentation; Grad-CAM for the class that is named, of a network trained on the labels and of one trained on shuffled labels; a blob in the middle. Each map at its own scale; a black one has no heat at all. Real cells (Jurkat, Experiment 1), networks of three convolutions, trained here."}}
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
rows = [i for label in (1, 0) for i in np.flatnonzero(truth == label)[:2]]
figure, grid = plt.subplots(4, 4, figsize=(4.6, 4.9))
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

# %% tags=["remove-input"]
from_dataset(cells)

# %% tags=["remove-cell"]
inside = {name: 100 * energy(one, outlines) for name, one in maps.items()}
chance = 100 * area(outlines)
apart = summary(inside["Grad-CAM"] - inside["blob"])
tell(
    right=100 * (named == truth).mean(), shuffled_right=100 * (said[1] == truth).mean(), n=apart["n"],
    trained=np.nanmean(inside["Grad-CAM"]), blob=np.nanmean(inside["blob"]), area=np.nanmean(chance),
    shuffled=np.nanmean(inside["shuffled labels"]), shuffled_n=int(np.isfinite(inside["shuffled labels"]).sum()),
    apart=f"{apart['mean']:.0f}".replace("-", "\N{MINUS SIGN}"), floor=100 * max(truth.mean(), 1 - truth.mean()),
    ends=f"{apart['low']:.0f} to {apart['high']:.0f}".replace("-", "\N{MINUS SIGN}"),
)  # fmt: skip

# %% [markdown]
# A map that lies on the cell is what one hopes for, which is a reason to be strict.
# The network above learned its task (the one on shuffled labels is right for {glue:text}`shuffled_right:.1f` %, and always naming the commoner class for {glue:text}`floor:.1f` %), and yet its maps have hardly more heat inside the cell than the same heat everywhere would have ({glue:text}`area:.0f` %).
# A blob that never saw a network has more of it than any of them, since cells lie in the middle of their pictures.
# So heat on the cell is no evidence by itself; a map has to beat its controls.
# The networks of this picture are tiny and were trained here in seconds; they teach what to ask, and say nothing of the paper's maps.

# %% tags=["remove-input"]
holds("The network above learned its task", 0.9 < (named == truth).mean() and (said[1] == truth).mean() < 0.6)
holds("hardly more heat inside the cell than the same heat everywhere", np.nanmean(inside["Grad-CAM"]) < np.nanmean(chance) + 5)
holds("A blob has more of it than any of them", np.nanmean(inside["blob"]) > max(np.nanmean(inside[name]) for name in ("Grad-CAM", "shuffled labels")) and apart["high"] < 0)

# %% [markdown]
# What follows asks the same of this book's networks, on simulated cells ({doc}`../2_data/how_a_cytometer_sees`), where the outline is known, and in one case even what the network went by.
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

# %% tags=["remove-input"]
Markdown(f"```python\n{inspect.getsource(energy)}```")

# %%
simulation = simulate({"cells": 32, "seed": 5})
masks = crop_masks(simulation.cell_masks, 96)
nuclei = crop_masks(simulation.nucleus_masks, 96).astype(float)
constructed = {
    "the cell itself": masks.astype(float),
    "its nucleus": nuclei,
    "everything but the cell": 1.0 - masks,
    "the same everywhere": np.ones(masks.shape),
    "the nucleus, moved at random": moved(nuclei),
}
for name, heat in constructed.items():
    print(
        f"{name:30} energy {np.nanmean(energy(heat, masks)):.2f}  "
        f"pointing {np.nanmean(pointing(heat, masks)):.2f}"
    )
print(f"share of the picture: {masks.mean():.2f} (n = {len(masks)} cells)")

# %% tags=["remove-cell"]
assert energy(nuclei, masks).min() == 1 and energy(1.0 - masks, masks).max() == 0
assert abs(np.nanmean(energy(np.ones(masks.shape), masks)) - masks.mean()) < 1e-6

# %% [markdown]
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

# %% tags=["remove-input"]
study = load_study()
if study is None:
    shown = Markdown(missing_study())
else:
    lines = ["| network | accuracy | macro F1 | test cells |", "|---|---:|---:|---:|"]
    lines += [
        f"| {network_title(name)} | {facts['test']['accuracy']:.3f} | {facts['test']['macro']['f1']:.3f} | {facts['test']['n']} |"
        for name, facts in study.record.networks.items()
    ]
    shown = Markdown("\n".join(lines))
shown

# %% [markdown]
# The shuffled network is tested on true labels, so that it should be no better than always naming the commonest class.
# The network on the shortcut is tested here in its own world, where the shortcut works.
# {numref}`fig-maps-energy` shows the energy inside the cell for the first network's maps and their controls.

# %% tags=["remove-input"] mystnb={"image": {"alt": "A list of maps with one point and a horizontal bar each, on a scale from 0 to 1: the share of heat inside the cell. Maps of the trained network come first, then those of the untrained ones, then maps without a network. A dotted vertical line marks the uniform map."}, "figure": {"name": "fig-maps-energy", "caption": "What a share of heat inside the cell is worth shows only beside the controls: edges, a blob in the middle, and networks that know nothing. Simulated cells, CG-RecNet and its controls (the network on shuffled labels may be another make); points are means over the explained test cells, bars 95 % intervals (t, over cells)."}}
if study is None:
    draw_absent("The study was not run here.")
else:
    subject = f"honest {study.config.honest[0]}"
    draw_energies(study, subject)
plt.show()

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
def judged(found):
    """What the interval of a difference says."""
    if found["mean"] is None or found["low"] is None:
        return "too few maps with"
    return "more" if found["low"] > 0 else "less" if found["high"] < 0 else "not clearly more or less"


if study is None:
    shown = None
else:
    model = subject.split()[1]
    controls = [("no network", kind) for kind in ("uniform", "sobel", "centre", "moved gradcam@last", "swapped gradcam@last")]
    controls += [(f"{training} {model}", "gradcam@last") for training in ("start", "untrained")]
    found_here = [(subject, *one) for one in beats(study, subject, "gradcam@last", controls)]
    for other in study.config.shuffled:  # its twin of the same make
        twin = f"honest {other}"
        found_here += [(twin, *one) for one in beats(study, twin, "gradcam@last", [(f"shuffled {other}", "gradcam@last")])]
    lines = ["| Grad-CAM, last stage, of | has inside the cell | than | difference (95 % interval) | n |", "|---|---|---|---|---:|"]
    for mine, other, kind, found in found_here:
        name = title_of(kind) if other == "no network" else network_title(other)
        lines.append(f"| {network_title(mine)} | {judged(found)} heat | {name} | {interval(found)} | {found['n']} |")
    fine = beats(study, subject, "gradcam@stage3", controls[:3])
    shown = Markdown(
        "Energy inside the cell, cell by cell, against each control:\n\n"
        + "\n".join(lines)
        + "\n\nAt stage 3, where the map has four times as many positions, the difference to the same controls without a network is: "
        + "; ".join(f"{title_of(kind)}: {interval(found)}, n = {found['n']}" for _, kind, found in fine)
        + "."
    )
shown

# %% tags=["remove-input"]
if study is None:
    shown = None
else:
    second = f"honest {study.config.honest[-1]}"
    table_rows = [(name, kind) for name in (subject, second) for kind in study.record.results["scores"][name]]
    table_rows += [row for row in rows_of(study, subject) if row[0] == "no network" and " " not in row[1]]
    parts = ("energy cell", "energy nucleus", "energy processes", "energy debris", "energy border", "pointing cell")
    area = study.record.results["area"]
    shown = Markdown(
        "All scores, mean and 95 % interval over cells:\n\n"
        + score_table(study, table_rows, parts)
        + "\n\nChance is the share of the picture that the part covers: "
        + ", ".join(f"{part} {found['mean']:.3f} (n = {found['n']})" for part, found in area.items() if found["mean"] is not None)
        + ". Nucleus and processes are parts of the cell; *border* is the outermost eighth of the picture on each side; a picture without the part is left out, so n differs between columns (the n of the table is that of the first one)."
    )
shown

# %% [markdown]
# ## Fresh weights, from the classes down
#
# The trained network's weights are replaced by fresh ones, first the classifying layers, then stage by stage down to the first.
# With each step the network knows less.
# A map that explained it should fall apart ({numref}`fig-maps-cascade`).

# %% tags=["remove-input"] mystnb={"image": {"alt": "Two panels over the steps classes, stage 4, stage 3, gate and fusion, stage 2, all. Left: rank correlation with the trained network's map, one line per method. Right: share of heat inside the cell at the same steps, with a dotted line for chance."}, "figure": {"name": "fig-maps-cascade", "caption": "How much of a map survives when the network's knowledge is taken away, from the classes down. A, rank correlation with the trained network's map of the same cell; B, heat inside the cell; at the last stage Grad-CAM and HiResCAM are one map, so that their lines coincide; simulated cells, means over the cells whose map has any heat (see the table), with 95 % intervals; hollow and without interval where fewer than five cells are left."}}
if study is None:
    draw_absent("The study was not run here.")
else:
    draw_cascade(study)
plt.show()

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
if study is None:
    shown = None
else:
    fewest = min(one["agreement with the trained"]["n"] for steps in study.record.results["cascade"].values() for one in steps.values())
    some = study.record.cells["randomised"]
    alike = [
        title_of(kind)
        for kind, steps in study.record.results["cascade"].items()
        if (one := next(iter(steps.values()))["agreement with the trained"])["low"] is not None and one["low"] > 0
    ]
    shown = Markdown(
        "Rank correlation with the trained network's map, mean (95 % interval) over the cells whose map has any heat:\n\n"
        + cascade_rows(study)
        + (
            f"\n\nWith fresh classifying layers alone, these still resemble the trained network's maps (interval above zero): {'; '.join(alike)}."
            if alike
            else "\n\nWith fresh classifying layers alone, no map clearly resembles the trained network's any more (no interval is above zero)."
        )
        + (
            f"\n\nWhere n is below {some}, the other maps were *empty*: with fresh weights, nothing in them speaks for the class that the trained network had named. At worst {fewest} of {some} are left, and their mean tells little. That maps vanish is itself an answer: they depend on the weights."
            if fewest < some
            else ""
        )
    )
shown

# %% [markdown]
# ## Does the network agree with its map?
#
# {numref}`fig-maps-curves` deletes and inserts pixels in the order of the maps.
# What is deleted gets the grey of the picture's own background.
# Two orders frame the others: a random one, and the cell's true mask, cell first.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Two panels over the share of pixels from 0 to 1. Left: the probability of the class as pixels are deleted. Right: as pixels are inserted. One line per map; black lines for random order, edges, the blob in the middle and the cell's mask."}, "figure": {"name": "fig-maps-curves", "caption": "Whether the hottest pixels are those that the network needs, asked of the network itself: a good map falls fast in A and rises fast in B, against a random order and against the cell's own mask. Simulated cells, CG-RecNet, means over cells."}}
if study is None:
    draw_absent("The study was not run here.")
else:
    draw_curves(study, subject.split()[1])
plt.show()

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
if study is None:
    shown = None
else:
    lines = ["| network | order | area under deletion | area under insertion | n |", "|---|---|---|---|---:|"]
    for model, orders in study.record.results["curves"].items():
        for kind, found in orders.items():
            name = {"mask": "the cell's mask", "uniform": "random order"}.get(kind, title_of(kind))
            lines.append(
                f"| {MODELS[model]} | {name} | {interval(found['area deletion'])} | {interval(found['area insertion'])} | {found['area deletion']['n']} |"
            )
    against = ["| network | curve | clearly better than a random order | clearly worse |", "|---|---|---|---|"]
    for model in study.record.results["curves"]:
        won = better_than_random(study, f"honest {model}")
        words = {what: "; ".join(names) or "none" for what, names in won.items()}
        against += [f"| {MODELS[model]} | {what} | {words[what]} | {words[f'{what} lost']} |" for what in ("deletion", "insertion")]
    shown = Markdown("\n".join(lines) + "\n\nAgainst the random order, by the paired 95 % interval over the same cells:\n\n" + "\n".join(against))
shown

# %% [markdown]
# A picture with half of its pixels painted over is like nothing that the network was trained on, so these curves measure its answer to strange pictures too {cite}`petsiuk2018rise`.
# That is why the random order is there: scattered holes disturb a network more than one hole of the same size does.
#
# ## Do the methods agree?
#
# If two methods explain one network, their maps should look alike ({numref}`fig-maps-agreement`).
# That Grad-CAM and HiResCAM do so at the last stage is no news: there they are one formula ({doc}`grad_cam`).

# %% tags=["remove-input"] mystnb={"image": {"alt": "A square table with the same maps along both sides and a rank correlation in every field, red for agreement, blue for the opposite."}, "figure": {"name": "fig-maps-agreement", "caption": "Maps of one network that are meant to say the same, compared cell by cell: rank correlation over the positions, mean over the occluded cells. Simulated cells, CG-RecNet."}}
if study is None:
    draw_absent("The study was not run here.")
else:
    draw_agreement(study, subject)
plt.show()

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
if study is None:
    shown = None
else:
    agreeing = study.record.results["agreement"][subject]
    looked = {pair: agreeing[pair] for pair in ("gradcam@last|occlusion", "gradcam@stage3|occlusion", "gradcam@last|gradcam@stage3") if pair in agreeing}
    shown = Markdown(
        "Rank correlations (means with 95 % intervals over cells): "
        + "; ".join(f"{' with '.join(title_of(kind) for kind in pair.split('|'))} {interval(found)} (n = {found['n']})" for pair, found in looked.items())
        + "."
    )
shown

# %% [markdown]
# ## Does the map give the shortcut away?
#
# Now a network is trained on the same cells, but each class has its own acquisition runs, and so its own grey of the background ({doc}`../2_data/shortcuts`).
# The cells and their outlines are the same; only the runs were dealt out differently.
# First: does it cheat?
# We show it the test cells as they are in its own world, and in the honest world, where the run says nothing.

# %% tags=["remove-input"]
if study is None:
    shown = Markdown(missing_study())
else:
    lines = ["| network | pictures | accuracy | names the class that the run belongs to | test cells |", "|---|---|---:|---:|---:|"]
    for name, worlds in study.record.results["following"].items():
        for pictures, found in worlds.items():
            lines.append(
                f"| {network_title(name)} | {'run and class tied' if pictures == 'shortcut' else 'honest'} | {found['accuracy']:.2f} | {found['as the run']:.2f} | {found['n']} |"
            )
    following, sentences = study.record.results["following"], []
    for name in (name for name in following if name.startswith("shortcut")):
        own, fair = (following[name][pictures] for pictures in ("shortcut", "honest"))
        twin = following.get(name.replace("shortcut", "honest"), {}).get("honest")
        text = f"In its own world the {network_title(name).replace('Baseline', 'baseline')}, is right on {own['accuracy']:.0%} of the cells. In the honest world it is right on {fair['accuracy']:.0%}, and says what the run suggests for {fair['as the run']:.0%}."
        if twin:
            least, _ = wilson(round(fair["as the run"] * fair["n"]), fair["n"])
            _, most = wilson(round(twin["as the run"] * twin["n"]), twin["n"])
            text += f" Its honest twin, on the same pictures: {twin['accuracy']:.0%} and {twin['as the run']:.0%}. " + (
                "So it goes by the run, to a good part (the 95 % intervals of the two shares do not overlap)."
                if least > most
                else "Whether it goes by the run these cells do not settle (the 95 % intervals of the two shares overlap)."
            )
        sentences.append(text)
    shown = Markdown("\n".join(lines) + "\n\n" + " ".join(sentences))
shown

# %% [markdown]
# Then: can one see that in its maps?
# An honest network should look at the cell, a cheating one at the background.
# {numref}`fig-maps-shortcut` compares the maps of two networks of the same make for the same cells.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Two squares of dots with a diagonal line: share of heat inside the cell and in the border of the picture, for the honest network across and the shortcut network upwards, one dot per cell, one colour per method."}, "figure": {"name": "fig-maps-shortcut", "caption": "If maps gave the shortcut away, dots would lie below the line in A and above it in B: the cheating network's heat would leave the cell for the border. Each dot is one simulated cell, explained for an honest network and for one that was trained on the shortcut."}}
if study is None or not study.config.shortcut:
    draw_absent("The study was not run here.")
else:
    cheat = study.config.shortcut[-1]
    KINDS = ("gradcam@last", "gradcam@stage3", "occlusion")
    draw_shortcut(study, f"honest {cheat}", f"shortcut {cheat}", KINDS)
plt.show()

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
if study is None or not study.config.shortcut:
    shown = None
else:
    lines = [
        "| map | heat in the cell: shortcut minus honest | in the border: shortcut minus honest | told apart by the cell | by the border | n |",
        "|---|---|---|---:|---:|---:|",
    ]
    areas = []
    for kind in KINDS:
        names = (f"shortcut {cheat}", f"honest {cheat}")
        (_, _, cell), = beats(study, names[0], kind, [(names[1], kind)])
        (_, _, border), = beats(study, names[0], kind, [(names[1], kind)], "energy border")
        by_cell, by_border = (told_apart(study, *pair, kind, what) for pair, what in ((names[::-1], "energy cell"), (names, "energy border")))
        areas += [one["area"] for one in (by_cell, by_border) if one]
        shares = [f"{one['area']:.2f}" if one else "none" for one in (by_cell, by_border)]
        lines.append(f"| {title_of(kind)} | {interval(cell)} | {interval(border)} | {' | '.join(shares)} | {cell['n']} |")
    best = max(areas)
    shown = Markdown(
        "\n".join(lines)
        + "\n\n*Told apart*: area under the ROC curve when one map of one cell is to say which network it came from, more heat outside the cell (or in the border) speaking for the cheat; one half is guessing. "
        + (
            f"The best of these, picked afterwards, is {best:.2f}: on most single maps the cheat shows."
            if best > 0.9
            else f"The best of these, picked afterwards, is {best:.2f}: a single map leaves much doubt, and an auditor has no honest twin to compare with."
            if best > 0.6
            else f"The best of these, picked afterwards, is {best:.2f}: the maps do not give the cheat away."
        )
        + " The test that does not need a map, showing the cells under other runs, is in the table above."
    )
shown

# %% [markdown]
# The background's grey lies under the cell as well as beside it, so a network that goes by it may look anywhere.
# Heat on the cell is therefore no proof of an honest network.
# Occlusion, deletion and insertion are blind to this shortcut by design: they cover a place with the picture's own background, and so leave in the picture what the network cheats with.
#
# ## Fusion and gate, after training
#
# Two of the paper's claims are about the inside: the fusion *recalibrates* the features (C07), the gate *suppresses the background* (C08).
# At the start the CAFM changes the sum of its branches by one part in the number of positions ({doc}`../3_model/fusion`), and an untrained gate is wider on the cell in about half of its channels ({doc}`../3_model/gated_cnn`).
# Here is what training made of that, first on the simulated cells, then on real ones (Jurkat, networks of the ablation, {doc}`grad_cam`), where the cell is a segmentation.

# %% tags=["remove-input"]
jurkat = load_study("explain-jurkat")


def told(made, command):
    """The table on the modules of a study, or what is missing."""
    return missing_study(command) if made is None else module_rows(made)


Markdown("**Simulated cells.**\n\n" + told(study, COMMAND))

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
Markdown("**Real cells (Jurkat).**\n\n" + told(jurkat, KEPT_COMMAND))

# %% tags=["remove-input"]
provenance_of_study(jurkat, KEPT_COMMAND)

# %% [markdown]
# How to read these tables.
# Where the spatial path is *dead*, the ReLU between its two convolutions is zero at every position of these cells, so that its maps are the same everywhere and the fusion is a plain sum but for a constant.
# *Length behind / before* says what the gated block does to the vectors of a position.
# Where its interval of *on - off* lies above zero, the block holds the background back against the cell; below zero, it lengthens the background more than the cell, which is the opposite of suppression; across zero, these cells do not tell.
# Below 1, vectors leave the block quieter than they came.
# The same network before its first step (or with other fresh weights, *untrained*) stands in the table where it was looked at, and is the yardstick.
#
# One seed and few epochs each: these numbers describe these networks, and are no verdict on the authors'.
# Whether a path is dead depends on the seed ({doc}`../3_model/fusion`), and a living one may still hardly differ from an even map.

# %% tags=["remove-input"]
if study is None:
    shown = Markdown("**Take-away.** A map is worth what it adds to its controls. Whether these maps add anything will stand here when the study has been run.")
else:
    verdicts = {kind: found for _, kind, found in beats(study, subject, "gradcam@last", [("no network", kind) for kind in ("uniform", "centre", "sobel", "swapped gradcam@last")])}
    above = [title_of(kind) for kind, found in verdicts.items() if found["low"] is not None and found["low"] > 0]
    below = [title_of(kind) for kind, found in verdicts.items() if found["high"] is not None and found["high"] < 0]
    open_ = [title_of(kind) for kind in verdicts if title_of(kind) not in above + below]
    names = {"uniform": "a uniform map", "edges (Sobel)": "plain edges", "blob in the middle": "a blob in the middle", title_of("swapped gradcam@last"): "the same map laid on another cell"}
    better, worse, same = (" and ".join(", ".join(names.get(name, name) for name in found).rsplit(", ", 1)) for found in (above, below, open_))
    parts = [f"{word} {text}" for word, text in (("more of its heat inside the cell than", better), ("less than", worse), ("not clearly more or less than", same)) if text]
    shown = Markdown(
        "**Take-away.** A map is worth what it adds to its controls. On these simulated cells, "
        f"{MODELS[subject.split()[1]]}'s Grad-CAM at the last stage has "
        + ", ".join(parts)
        + ("" if above else " (share of the heat inside the cell)")
        + ". Heat on the cell says where a coarse map is positive; it does not say that the network went by the cell's form, and the shortcut network is the test of that."
    )
shown

# %% [markdown]
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
