# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Grad-CAM, carefully
#
# **You will learn** how a class activation map comes about, what is usually done to it before it is shown, and what such maps look like on cells whose outline is known.
#
# **You need** {doc}`/book/3_model/one_page`, and what a gradient is.
# Reading takes about {reading-time}`this page`.
#
# The paper's Figure 8 shows Grad-CAM maps of its networks, and reads them: CG-RecNet's heat lies on the cell, on soma and neurites, the baseline's is scattered.
# Section 3.3 calls the finding qualitative, and says that it rests on few pictures.
# This chapter makes the counterpart of that figure.
# Whether such a picture is evidence is the question of the next one ({doc}`do_maps_mean_anything`).
#
# ## The idea
#
# A network turns an image into a score for each class.
# Somewhere on the way it holds a stack of coarse maps, $A_1$ to $A_C$, one for each channel of a layer.
# **Grad-CAM** {cite}`selvaraju2017gradcam,selvaraju2020gradcam` asks how much the score $y$ of a class would rise if a channel were a little stronger, averages that over the positions, and adds the channels up with these weights:
#
# $$
# w_c = \frac1N \sum_{p} \frac{\partial y}{\partial A_{c,p}}, \qquad
# L_p = \sum_c w_c\, A_{c,p} .
# $$ (eq-gradcam)
#
# Here $p$ runs over the $N$ positions of the map.
# Where $L_p$ is positive, the layer's activity at $p$ speaks for the class; where it is negative, against it.
#
# **HiResCAM** {cite}`draelos2020hirescam` leaves out the averaging: each activity is multiplied by its own slope.
#
# $$
# L_p = \sum_c \frac{\partial y}{\partial A_{c,p}}\, A_{c,p} .
# $$ (eq-hirescam)
#
# **Grad-CAM++** {cite}`chattopadhay2018gradcam` averages with weights, which are larger where a slope is positive.
# **Occlusion** {cite}`zeiler2014visualizing` needs neither slopes nor layers: cover a window of the image with its background's grey, and see how far the score falls.
#
# ## The code
#
# The gradient methods are those of a well-kept library, [pytorch-grad-cam](https://github.com/jacobgil/pytorch-grad-cam), behind one small function of ours.
# The wrapper is there for what the library does besides:
# it stretches each map by its own smallest and largest value, clears the network's gradients and leaves the network in evaluation mode, and its `with` block swallows an `IndexError`.
# We ask it for the map of {eq}`eq-gradcam` and nothing else, and give the network back as it was.

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown

from cgrecnet.data import open_dataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from cgrecnet.explain import cams
from cgrecnet.explain.layers import LAYERS
from cgrecnet.explain.methods import explain
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.explained import (
    KEPT_COMMAND,
    MODELS,
    PLACES,
    interval,
    load_study,
    missing_study,
    network_title,
    provenance_of_study,
    title_of,
)
from cgrecnet.figures.grad_cam import draw_cells, draw_steps, four_sorts
from cgrecnet.figures.map_scores import PLACEMENT_HEADERS, beats, placement_rows, score_table
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.models import create_model

use_book_style()
Markdown(f"```python\n{inspect.getsource(cams._one)}```")

# %% [markdown]
# Two lines need a word.
# The hook that copies is there because some networks overwrite a layer's output in place (torchvision's DenseNet does); the recorded map would change behind our back, and only on a CPU.
# And the score is taken before the softmax: after it, a class's score would also rise because another class's falls.
#
# Which layer is taken is written down for every model of the comparison, and not guessed:

# %% tags=["remove-input"]
rows = [f"| {model} | {', '.join(f'{place}: `{layer.path}`' for place, layer in places.items())} |" for model, places in LAYERS.items()]
Markdown("\n".join(["| model | places and modules |", "|---|---|", *rows]))

# %% [markdown]
# A vision transformer has no maps but tokens; they are laid out as a square again, without the class token.
#
# ## A live check: three names for one map
#
# ResNet-50 ends simply: the last maps are averaged over the positions, and linear layers follow.
# Then the slope of a score is the same at every position, and {eq}`eq-gradcam` and {eq}`eq-hirescam` are the same map; so is the original class activation map {cite}`zhou2016learning`, which needs no gradient at all.
# Moreover, the map is *complete*: summed over the positions it gives the score, up to the constant that the linear layers add.
# We check it on one simulated cell and a network that has learned nothing.

# %%
torch.manual_seed(0)
network = create_model("cg_recnet", image_size=96).eval()  # untrained
dataset = open_dataset("cytometer", options={"cells": 6, "seed": 3})
cells = BatchedCells(dataset, range(len(dataset)), 96, train=False)
image = cells.batch(np.array([1]), epoch=0)[0].clone()
target = [2]

gradcam = explain("gradcam", network, "cg_recnet", image, target)
hirescam = explain("hirescam", network, "cg_recnet", image, target)
with torch.no_grad():
    score = network(image)[0, target[0]].item()
    nothing = torch.zeros(1, 2048)
    constant = network.classifier_extra(network.fc(nothing))
    constant = constant[0, target[0]].item()
print(f"largest difference of the two maps {np.abs(gradcam - hirescam).max():.1e}")
print(f"score minus constant {score - constant:.4f}, sum of the map {hirescam.sum():.4f}")

# %% tags=["remove-cell"]
reach = np.abs(gradcam).max()
assert np.abs(gradcam - hirescam).max() < 1e-4 * reach
assert abs(score - constant - hirescam.sum()) < 1e-3 * abs(hirescam).sum()

# %% [markdown]
# So at the last stage of all four networks of the ablation it makes no difference which of these methods is named.
# At an earlier layer they part ways, and only HiResCAM keeps to what was multiplied where.
#
# That is not always a comfort.
# The first ResNet halves its maps in a 1 by 1 convolution, which looks at every second row and column and skips the rest.
# Our networks with ImageNet weights of that kind do so too (`stage_stride: 1x1`).
# What is skipped has no slope, so that HiResCAM before such a stage is a grid of holes; Grad-CAM, which averages the slopes, paints over them.

# %%
torch.manual_seed(0)
skipping = create_model(
    "resnet50", image_size=96, options={"stage_stride": "1x1"}
).eval()
for name, net in (("1x1", skipping), ("3x3", network)):
    model = "resnet50" if name == "1x1" else "cg_recnet"
    holes = explain("hirescam", net, model, image, target, place="stage3")
    print(
        f"stage_stride {name}: {(holes == 0).mean():.0%} of the positions "
        f"of stage 3 have no slope at all"
    )

# %% tags=["remove-cell"]
assert (explain("hirescam", skipping, "resnet50", image, target, place="stage3") == 0).mean() >= 0.7

# %% [markdown]
#
# ## What a picture hides
#
# {numref}`fig-cam-steps` takes this map through the usual steps.

# %% mystnb={"image": {"alt": "Four panels. A cell in grey; the raw map, a coarse square of coloured fields with numbers in them; the positive part of it enlarged to a smooth spot; the same stretched to full colour range over the cell."}, "figure": {"name": "fig-cam-steps", "caption": "A network of random numbers gives a smooth, glowing picture too: the steps from the raw map to the overlay remove its coarseness, its sign and its size. A, a simulated cell; B, the raw map with its values; C, negative values cut off, enlarged; D, stretched to its own range and laid over the cell."}}
grey = image[0, 0].numpy() * IMAGENET_STD[0] + IMAGENET_MEAN[0]
draw_steps(grey, gradcam[0])
plt.show()

# %% tags=["remove-input"]
from_dataset(dataset)

# %% tags=["remove-input"]
side = gradcam.shape[1]
positive = (gradcam > 0).mean()
Markdown(
    f"The map has {side} by {side} positions, because each stage of the network halves the image and this one is {image.shape[-1]} pixels wide; at the paper's 224 it would have 7 by 7. "
    f"The smoothness is the enlargement's. Of the positions, {positive:.0%} are positive; the rest is cut off in panels C and D. "
    "Stretching makes the strongest place of every map equally bright, however weak its evidence is. "
    "And a cell that lies in the middle is hit by any heat that lies in the middle."
)

# %% [markdown]
# ## Where a position looks
#
# Enlarging hides a fourth thing: the map is put in a slightly wrong place.
# A viewer cuts the picture into as many equal fields as the map has positions and paints each field with its value.
# But each step of a ResNet that halves the map keeps every second pixel of what comes in, beginning with the first.
# So position $i$ (counted from zero) behind a total stride of $s$ looks around pixel $s\,i$, while the middle of its field is
#
# $$
# s\,i + \frac{s - 1}{2} .
# $$ (eq-cam-place)
#
# The map is drawn half a stride too far down and to the right.
# We can measure where a position looks: follow the gradient of one position back to the image, and take the centre of its square.

# %%
from cgrecnet.explain.layers import layer_of
from cgrecnet.explain.placement import drawn_at, looks_at

torch.manual_seed(0)
size = 224
fresh = create_model("resnet50", image_size=size)  # untrained
noise = torch.randn(2, 3, size, size)
off = {}
for place in ("last", "stage3", "stage2"):
    layer = layer_of("resnet50", place)
    side = size // layer.stride
    chosen = [0, side // 2, side - 1]  # edge, middle, edge
    looks = looks_at(fresh, layer, noise, chosen).mean(axis=1)
    off[place] = drawn_at(side, size)[chosen] - looks
    print(
        f"{place}: drawn {off[place][1]:.1f} pixels too far down "
        f"and right, expected {(layer.stride - 1) / 2}"
    )

# %% tags=["remove-cell"]
for place, values in off.items():
    half = (layer_of("resnet50", place).stride - 1) / 2
    assert abs(values[1] - half) < 0.3 * half, "the page says half a stride"
    assert values[0] < 0 and values[-1] > half, "the page says that the edges differ"

# %% tags=["remove-input"]
edge = off["last"]
Markdown(
    f"At the edges it is otherwise: what a position sees ends with the picture, so its centre lies further inside. "
    f"The first position of the last stage looks {-edge[0]:.0f} pixels further down than it is drawn, the last one {edge[-1]:.0f} pixels further up."
)

# %% [markdown]
# How much does this matter for the scores that follow?
# Below, the share of the heat inside the cell is computed twice for the same maps: drawn as usual, and with each position put at pixel $s\,i$ (bilinear in between).
# All scores elsewhere in this part are of maps as they are usually drawn, because that is what a reader of the paper's figure sees.

# %% tags=["remove-input"]
placed = {name: load_study(name) for name in ("explain-simulated", "explain-jurkat")}
KINDS = ("gradcam@last", "gradcam@stage3", "hirescam@stage3", "gradcam@stage2", "hirescam@stage2")
texts = []
for made in filter(None, placed.values()):
    kind = "simulated" if made.record.data[0]["simulated"] else "real"
    rows = placement_rows(made, [name for name in made.record.networks if name.startswith("honest")], KINDS)
    texts.append(
        f"*{made.record.data[0]['name']}, {kind} cells, {made.record.config['image_size']} pixels:*\n\n"
        + wide_table(PLACEMENT_HEADERS, rows, f"Heat inside the cell, drawn and put where it looks, {kind} cells")
    )
Markdown(
    "\n\n".join(texts) + "\n\nMeans with 95 % intervals over cells; n: cells. Exploratory." if texts else missing_study()
)

# %% tags=["remove-input"]
display(provenance_of_study(placed["explain-simulated"]))  # noqa: F821
display(provenance_of_study(placed["explain-jurkat"], KEPT_COMMAND))  # noqa: F821

# %% tags=["remove-input"]
largest = {}
for made in filter(None, placed.values()):
    for row in placement_rows(made, [name for name in made.record.networks if name.startswith("honest")], KINDS):
        mean = row[4].split(" ")[0].replace("\N{MINUS SIGN}", "-")
        if mean != "none":
            largest.setdefault(row[1], []).append(abs(float(mean)))
Markdown(
    "The share of the heat inside the cell changes by up to "
    + "; ".join(f"{max(found):.2f} ({kind})" for kind, found in largest.items())
    + ". At the last stage a map is so coarse that half a stride hardly shows in a sum over the whole cell; nearer to the image, and above all for HiResCAM, which keeps to single positions, the place decides the score. "
    "A difference between two maps of one network at one depth is hit by the same shift on both sides."
    if largest
    else "Without a study there is nothing to compare."
)

# %% [markdown]
# We therefore keep maps raw, give the maps of a figure one scale in common, draw the cell's outline where it is known, and say how many positions there are.
#
# ## Maps on cells (the counterpart of Figure 8)
#
# Networks were trained for this on **simulated** cells (`book/experiments/explain-simulated.yaml`), where the outline of each cell is known.
# They are small and were trained for a few epochs; they are not the paper's.

# %% tags=["remove-input"]
def compared(made, first, second, kinds):
    """The paper's reading in numbers: does the first network have more of its heat inside the cell than the second?"""
    texts, signs = [], []
    for kind in kinds:
        for _, _, found in beats(made, first, kind, [(second, kind)]):
            if found["low"] is not None:
                word = "more" if found["low"] > 0 else "less" if found["high"] < 0 else "not clearly more or less"
                texts.append(f"{title_of(kind)}: {word}, {interval(found)}, n = {found['n']}")
                signs.append((found["low"] > 0) - (found["high"] < 0))
    names = [MODELS[name.split()[1]] for name in (first, second)]
    said = (
        "So here the heat lies on the cell as the paper reads its pictures"
        if signs and min(signs) > 0
        else "This is the opposite of what the paper reads from its pictures"
        if signs and max(signs) < 0
        else "What the paper reads from its pictures is not seen here at every depth"
    )
    return f"{names[0]} minus {names[1]}, share of the heat inside the cell, same cells (95 % interval): " + "; ".join(texts) + f". {said}; one network of each kind."


study = load_study()
if study is None:
    shown = Markdown(missing_study())
else:
    tests = [
        f"| {network_title(name)} | {facts['test']['accuracy']:.3f} | {facts['test']['macro']['f1']:.3f} | {facts['test']['n']} |"
        for name, facts in study.record.networks.items()
        if name.startswith("honest")
    ]
    shown = Markdown("\n".join(["| network | accuracy | macro F1 | test cells |", "|---|---:|---:|---:|", *tests]))
shown

# %% tags=["remove-input"] mystnb={"image": {"alt": "Columns of simulated cells under the headings right and wrong, sure and unsure; the first row shows the cells with their outline, the rows below the same cells under coloured maps of CG-RecNet at two depths and of the baseline."}, "figure": {"name": "fig-cam-cells", "caption": "The counterpart of the paper's Figure 8, on simulated cells with their true outline: how much of a map lies on its cell can be seen here, and is counted in the next chapter. Columns: test cells that CG-RecNet named rightly or wrongly, the surest and the least sure; the number below a cell is the probability of the class that is explained, the one that was predicted. Rows: cell; CG-RecNet at the last stage and at stage 3; the baseline at the last stage. One scale per row."}}
if study is None:
    draw_absent("The study was not run here.")
else:
    first = f"honest {study.config.honest[0]}"
    second = f"honest {study.config.honest[-1]}"
    sorts = four_sorts(study, first)
    draw_cells(study, first, second, ("gradcam@last", "gradcam@stage3"), sorts)
plt.show()

# %% tags=["remove-input"]
provenance_of_study(study)

# %% tags=["remove-input"]
if study is None:
    shown = None
else:
    counted = ", ".join(f"{len(chosen)} {sort.replace(', ', ' and ')}" for sort, chosen in sorts.items())
    inside = {name: study.record.results["scores"][name]["gradcam@last"]["energy cell"] for name in (first, second)}
    words = "; ".join(
        f"{MODELS[name.split()[1]]} {found['mean']:.2f} (n = {found['n']})" if found["mean"] is not None else f"{MODELS[name.split()[1]]} has no heat at all"
        for name, found in inside.items()
    )
    shown = Markdown(
        f"The cells were chosen by the answer and its probability among the {study.shown} that the study keeps, never by their map: {counted}. "
        f"Over all explained cells, the share of the heat that lies inside the cell is on average: {words}. "
        f"The cell covers {study.record.results['area']['cell']['mean']:.2f} of the picture, which is what a map without any knowledge would have. "
        + compared(study, first, second, ("gradcam@last", "gradcam@stage3"))
    )
shown

# %% [markdown]
# ## Maps on real cells
#
# The same for **real** cells: Jurkat cells and networks of the ablation ({doc}`../5_results/ablation`), whose classes are stages of the cell cycle.
# There is no true outline here.
# The cell is found by a threshold {cite}`otsu1979threshold` on the distance of each pixel from the background; the largest piece is taken and its holes are filled.
# How good is that? On simulated cells it can be asked:

# %%
from cgrecnet.data.cytometer import simulate
from cgrecnet.explain.masks import segment_cell

truth = simulate({"cells": 48, "seed": 11, "debris": 0.0, "doublets": 0.0})
overlaps = []
for picture, mask in zip(truth.images, truth.cell_masks, strict=True):
    found = segment_cell(picture)
    overlaps.append((found & mask).sum() / (found | mask).sum())
print(
    f"overlap with the true mask (intersection over union), "
    f"median {np.median(overlaps):.2f}, lowest {min(overlaps):.2f}, "
    f"n = {len(overlaps)} simulated cells"
)

# %% tags=["remove-input"]
jurkat = load_study("explain-jurkat")
if jurkat is None:
    shown = Markdown(missing_study(KEPT_COMMAND))
else:
    cells = jurkat.record.cells
    tests = ", ".join(f"{MODELS[facts['model']]} {facts['test']['accuracy']:.3f} (n = {facts['test']['n']})" for facts in jurkat.record.networks.values())
    size = jurkat.record.config["image_size"]
    sides = ", ".join(f"{jurkat.map(name, f'gradcam@{place}').shape[1]} at {'the ' if place == 'last' else ''}{PLACES[place]}" for name in list(jurkat.record.networks)[:1] for place in PLACES)
    shown = Markdown(
        f"Accuracy of the two networks on their test cells: {tests}. "
        f"They were trained at {size} pixels, so their maps are coarse; positions per side: {sides}. "
        f"Scored are {cells['right']} cells that the first network named rightly and {cells['wrong']} that it named wrongly, drawn at random; "
        f"{cells['touching the border']:.0%} of the segmented cells reach into the outermost eighth of the picture."
    )
shown

# %% tags=["remove-input"] mystnb={"image": {"alt": "Columns of Jurkat cells under the headings right and wrong, sure and unsure; the first row shows the cells with the outline of the segmentation, the rows below the same cells under coloured maps of CG-RecNet at two depths and of the baseline."}, "figure": {"name": "fig-cam-jurkat", "caption": "The same on real cells, where the outline is itself a guess: white, the segmentation. Columns: Jurkat test cells that CG-RecNet named rightly or wrongly, the surest and the least sure; below each cell the probability of the predicted class. Rows: cell; CG-RecNet behind fusion and gate (stage 2) and at stage 3; the baseline at stage 2. One scale per row."}}
if jurkat is None:
    draw_absent("The study was not run here.")
else:
    one, other = list(jurkat.record.networks)[0], list(jurkat.record.networks)[-1]
    draw_cells(jurkat, one, other, ("gradcam@stage2", "gradcam@stage3"), four_sorts(jurkat, one))
plt.show()

# %% tags=["remove-input"]
provenance_of_study(jurkat, KEPT_COMMAND)

# %% tags=["remove-input"]
if jurkat is None:
    shown = None
else:
    scores = jurkat.record.results["scores"]
    rows = [(name, kind) for name in jurkat.record.networks for kind in scores[name]]
    rows += [(f"untrained {one.split()[1]}", kind) for kind in ("gradcam@last", "gradcam@stage3", "gradcam@stage2")]
    rows += [("no network", kind) for kind in scores["no network"]]
    groups = ["| map | where it was right | n | where it was wrong | n |", "|---|---|---:|---|---:|"]
    for kind, found in jurkat.record.results["by answer"].items():
        groups.append(f"| {title_of(kind)} | {interval(found['right'])} | {found['right']['n']} | {interval(found['wrong'])} | {found['wrong']['n']} |")
    area = jurkat.record.results["area"]["cell"]
    shown = Markdown(
        "Shares of heat inside the segmented cell, means with 95 % intervals over cells:\n\n"
        + score_table(jurkat, rows, ("energy cell", "energy border", "pointing cell"))
        + f"\n\nThe segmented cell covers {interval(area)} of the picture (n = {area['n']}), which is chance. "
        + f"The same shares by the answer of {MODELS[one.split()[1]]}:\n\n"
        + "\n".join(groups)
        + "\n\n"
        + compared(jurkat, one, other, ("gradcam@last", "gradcam@stage3", "gradcam@stage2"))
    )
shown

# %% [markdown]
# Where the white line misses a cell, the segmentation is wrong, and so are that cell's scores.
# The scale is one for the row, so that a map with little heat is dark: stretched one by one, all of them would glow.
#
# Nothing here says which structure of a cell the network used, or that it used any: the table says where coarse maps lie, and the lines of the controls say how little that needs.

# %% [markdown]
# ## The equation by hand
#
# Without the library, {eq}`eq-gradcam` takes a hook that keeps the maps, and the slopes of a score.
# Here the score is the *sum* of the scores of all three classes, of the simulated cell and the untrained network above; the exercise asks what its map has to do with theirs.

# %%
kept = []
layer = LAYERS["cg_recnet"]["last"].module(network)
hook = layer.register_forward_hook(lambda _module, _inputs, maps: kept.append(maps))
total = network(image).sum()
hook.remove()
slopes = torch.autograd.grad(total, kept[0])[0]
weights = slopes.mean(dim=(2, 3), keepdim=True)
of_the_sum = (weights * kept[0]).sum(dim=1)[0].detach().numpy()

# %% [markdown]
# **Take-away.**
# Grad-CAM is a weighted sum of coarse maps.
# At the last stage of these networks it is the class's own linear layer, position by position, whatever the method is called.
# What makes it look sharp, positive and strong is done afterwards, and works on an untrained network as well.
#
# ```{exercise} What the picture would be for another class
# :label: exercise-cam-class
#
# A map belongs to a class.
# Make the map of the simulated cell for each of the three classes, with `explain` and the same untrained network.
# What do the three maps add up to, and why?
# Compare with `of_the_sum`.
# ```
#
# ````{solution} exercise-cam-class
# :class: dropdown
#
# The sum of the maps is the map of the sum of the scores, because {eq}`eq-gradcam` is linear in the score.
# A class that is favoured at a place need not be favoured *over the others* there: what decides between two classes is the difference of their maps.
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
each = np.concatenate(  # the three maps, one for each class, shape (3, h, w)
    [explain("gradcam", network, "cg_recnet", image, [k]) for k in range(3)]
)
print("largest difference", np.abs(each.sum(axis=0) - of_the_sum).max())
print("range of each map:", [f"{one.min():.2g} to {one.max():.2g}" for one in each])
assert np.abs(each.sum(axis=0) - of_the_sum).max() < 1e-4 * np.abs(each).max()

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why is Grad-CAM at the last stage of a ResNet the class's own linear layer?
# The last maps are averaged over positions and then weighted.
# So a score's slope is the same at each position and equals the layer's weight, up to a factor.
# :::
#
# :::{dropdown} 2. The picture of an untrained network looks convincing. What made it so?
# What is done afterwards: negative heat is cut off, each map is stretched by its own largest value, enlarged smoothly and laid over the cell.
# :::
#
# :::{dropdown} 3. Why is the score taken before the softmax?
# Behind it, a class's probability also rises when another class's score falls.
# The map would mix what speaks for one class with what speaks against the others.
# :::
