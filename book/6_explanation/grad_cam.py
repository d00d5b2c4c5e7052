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

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from cgrecnet.data import open_dataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.explain import cams
from cgrecnet.explain.cam_methods import aligned_energy, explain, heat, resize
from cgrecnet.explain.layers import LAYERS
from cgrecnet.explain.scores import difference, energy, mean_with_interval
from cgrecnet.figures.cells import draw_row, grey
from cgrecnet.figures.explained import (
    KEPT_COMMAND,
    MODELS,
    PLACES,
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
from cgrecnet.figures.style import letter, use_book_style
from cgrecnet.figures.tables import dropdown, points, wide_table
from cgrecnet.figures.tables import interval as ends_in_points
from cgrecnet.models import create_model
from cgrecnet.pages import holds, show_code, tell

use_book_style()
ONE, BASELINE = "honest cg_recnet", "honest resnet50"
KINDS = [f"gradcam@{place}" for place in ("last", "stage3", "stage2")]
KINDS += [f"hirescam@{place}" for place in ("stage3", "stage2")]
study, jurkat = load_study("explain-simulated"), load_study("explain-jurkat")

scores, area = jurkat.record.results["scores"], jurkat.record.results["area"]["cell"]
apart = [minus(jurkat, (ONE, kind), (BASELINE, kind)) for kind in KINDS[:3]]
sides = {kind.partition("@")[2]: jurkat.map(ONE, kind).shape[1] for kind in KINDS[:3]}
ends = apart[0]["low"], apart[0]["high"]
holds(
    "Grad-CAM puts as much of CG-RecNet's heat on the cell as of its baseline's",
    ends[0] < 0 < ends[1] and max(map(abs, ends)) < 0.01,
)
holds(
    "nor is a lead of CG-RecNet seen nearer to the image, at stage 3 or at stage 2",
    all(found["low"] < 0 < found["high"] for found in apart[1:]),
)
tell(
    gap=points(100 * apart[0]["mean"]), gap_ends=ends_in_points((100 * ends[0], 100 * ends[1])), gap_n=apart[0]["n"],
    size=jurkat.record.config["image_size"], area=interval(area), area_n=area["n"], **sides,
)  # fmt: skip

# %% [markdown]
# **The answer.** Grad-CAM puts as much of CG-RecNet's heat on the cell as of its baseline's: {glue:text}`gap` points (95 % interval {glue:text}`gap_ends`; n = {glue:text}`gap_n` Jurkat cells).

# %% tags=["hide-input"] mystnb={"image": {"alt": "Columns of Jurkat cells under the headings right and wrong, sure and unsure; the first row shows the cells with the outline of the segmentation, the rows below the same cells under coloured maps of CG-RecNet and of the baseline at several depths."}, "figure": {"name": "fig-cam-jurkat", "caption": "Compare the second row with the third: where a map has a few fields only, the heat of one network lies on the cell as much as that of the other. Real cells, whose outline is itself a guess (white, the segmentation). Columns: Jurkat test cells that CG-RecNet named rightly or wrongly, the surest and the least sure; below each cell the probability of the predicted class. Rows: cell; last stage of CG-RecNet and of the baseline; CG-RecNet at stage 3; stage 2, behind fusion and gate, of CG-RecNet and of the baseline. One scale per row."}}
def four_sorts(study):
    """Kept cells that CG-RecNet got right or wrong, the two surest and the two least sure of each, if there are so many.

    None is chosen by its map: only by the answer and its probability.
    """
    kept = np.arange(study.shown)
    right, sure = study.right(ONE)[kept], study.arrays[f"sure/{ONE}"][kept]
    found = {}
    for name, chosen in (("right", right), ("wrong", ~right)):
        order = kept[chosen][np.argsort(-sure[chosen])]
        half = min(2, (len(order) + 1) // 2)
        found[f"{name}, sure"], found[f"{name}, unsure"] = order[:half], order[half:][-2:]
    return [(name, cell, number == 0) for name, cells in found.items() for number, cell in enumerate(cells)]


def outline(axes, mask):
    """The edge of a mask, readable on light and on dark ground."""
    if mask.any() and not mask.all():
        axes.contour(mask, levels=[0.5], colors="black", linewidths=2)
        axes.contour(mask, levels=[0.5], colors="white", linewidths=1)


def draw_cells(study, rows):
    """A column for each cell of `four_sorts`; rows: image with the mask's edge, then each (network, kind of map).

    The maps of a row share one scale, from 0 to the 98 % quantile over all kept cells, so that a weak map looks weak.
    """
    order, images, masks = four_sorts(study), study.image(), study.mask()
    height = 0.35 + 4.2 / max(len(order), 6) * (len(rows) + 1)
    figure, axes = plt.subplots(len(rows) + 1, len(order), figsize=(4.4, height), squeeze=False)
    for place, (sort, cell, first) in zip(axes[0], order, strict=True):
        draw_row([place], [images[cell]], (0.0, 1.0))
        outline(place, masks[cell])
        place.set_title(f"{sort}\n" if first else "\n", fontsize=8)
        place.set_xlabel(f"{study.arrays[f'sure/{ONE}'][cell]:.2f}", fontsize=8, labelpad=1)
    for line, (network, kind) in zip(axes[1:], rows, strict=True):
        maps = resize(heat(study.map(network, kind)), study.record.config["image_size"])
        top = float(np.quantile(maps, 0.98)) or 1.0
        for place, (_, cell, _) in zip(line, order, strict=True):
            draw_row([place], [images[cell]], (0.0, 1.0))
            place.imshow(np.clip(maps[cell] / top, 0, 1), cmap="inferno", vmin=0, vmax=1, alpha=0.55)
            outline(place, masks[cell])
        words = f"{MODELS[network.split()[1]]}\n{PLACES[kind.partition('@')[2]]}"
        line[0].set_ylabel(words, rotation=0, ha="right", va="center", fontsize=8)


last, stage3, stage2 = KINDS[:3]
draw_cells(jurkat, [(ONE, last), (BASELINE, last), (ONE, stage3), (ONE, stage2), (BASELINE, stage2)])
plt.show()
provenance_of_study(jurkat, KEPT_COMMAND)

# %% [markdown]
# The paper's Figure 8 shows Grad-CAM maps of its networks, and reads them: CG-RecNet's heat lies on the cell, on soma and neurites, the baseline's is scattered.
# Section 3.3 calls the finding qualitative, and says that it rests on few pictures.
# This chapter makes the counterpart of that figure, counts instead of reading, and is exploratory: the plan ({doc}`/book/5_results/plan`) did not ask it.
# The answer is about the last stage of the two networks; nor is a lead of CG-RecNet seen nearer to the image, at stage 3 or at stage 2.
# What this does not show is what larger pictures would: these networks see {glue:text}`size` pixels, so that a map of the last stage has {glue:text}`last` by {glue:text}`last` fields, and there is one network of each kind.
# Whether such a map is evidence of anything is the question of the next chapter ({doc}`do_maps_mean_anything`).
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

# %%
show_code(cams._one)

# %% [markdown]
# Two lines need a word.
# The hook that copies is there because some networks overwrite a layer's output in place (torchvision's DenseNet does); the recorded map would change behind our back, and only on a CPU.
# And the score is taken before the softmax: after it, a class's score would also rise because another class's falls.
#
# Which layer is taken is written down for every model of the comparison, and not guessed:

# %%
rows = []
for model, layers in LAYERS.items():
    paths = [f"{place}: {layer.path}" for place, layer in layers.items()]
    rows.append((model, "\n".join(paths)))
Markdown(wide_table(("model", "modules"), rows, "Layers explained"))

# %% [markdown]
# A vision transformer has no maps but tokens; they are laid out as a square again, without the class token.
#
# ## A live check: three names for one map
#
# ResNet-50 ends simply: the last maps are averaged over the positions, and linear layers follow.
# Then the slope of a score is the same at every position, and {eq}`eq-gradcam` and {eq}`eq-hirescam` are the same map; so is the original class activation map {cite}`zhou2016learning`, which needs no gradient at all.
# Moreover, the map is *complete*: summed over the positions it gives the score, up to the constant that the linear layers add.
# We check it on one simulated cell and a network that has learned nothing; the score is printed less that constant.

# %%
torch.manual_seed(0)
network = create_model("cg_recnet", image_size=96).eval()  # untrained
dataset = open_dataset("cytometer", options={"cells": 6, "seed": 3})
cells = BatchedCells(dataset, range(len(dataset)), 96, train=False)
image = cells.batch(np.array([1]), epoch=0)[0].clone()
target = [2]

# %%
gradcam = explain("gradcam", network, "cg_recnet", image, target)
hirescam = explain("hirescam", network, "cg_recnet", image, target)
with torch.no_grad():
    score = network(image)[0, target[0]].item()
    nothing = torch.zeros(1, 2048)
    constant = network.classifier_extra(network.fc(nothing))
    constant = constant[0, target[0]].item()
print(f"largest difference {np.abs(gradcam - hirescam).max():.1e}")
print(f"score {score - constant:.4f}, sum of map {hirescam.sum():.4f}")
assert np.abs(gradcam - hirescam).max() < 1e-4 * np.abs(gradcam).max()
assert abs(score - constant - hirescam.sum()) < 1e-3 * abs(hirescam).sum()

# %% [markdown]
# So at the last stage of all four networks of the ablation it makes no difference which of these methods is named.
# At an earlier layer they part ways, and only HiResCAM keeps to what was multiplied where.
#
# That is not always a comfort.
# The first ResNet halves its maps in a 1 by 1 convolution, which looks at every second row and column and skips the rest.
# Our networks with ImageNet weights of that kind do so too (`stage_stride: 1x1`).
# What is skipped has no slope, so that HiResCAM before such a stage is a grid of holes; Grad-CAM, which averages the slopes, paints over them.
# Of the positions of stage 3:

# %%
torch.manual_seed(0)
skipping = create_model(
    "resnet50", image_size=96, options={"stage_stride": "1x1"}
).eval()
for name, net in (("1x1", skipping), ("3x3", network)):
    model = "resnet50" if name == "1x1" else "cg_recnet"
    holes = explain("hirescam", net, model, image, target, place="stage3")
    share = (holes == 0).mean()
    print(f"stage_stride {name}: {share:.0%} without a slope")
    assert name == "3x3" or share >= 0.7

# %% [markdown]
#
# ## What a picture hides
#
# {numref}`fig-cam-steps` takes this map through the usual steps.

# %%
raw = gradcam[0]
smooth = resize(heat(raw)[None], image.shape[-1])[0]  # positive, enlarged
own_range = (smooth - smooth.min()) / (smooth.max() - smooth.min())

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels in two rows. A cell in grey; the raw map, a coarse square of coloured fields with numbers in them; the positive part of it enlarged to a smooth spot; the same stretched to full colour range over the cell."}, "figure": {"name": "fig-cam-steps", "caption": "A network of random numbers gives a smooth, glowing picture too: the steps from the raw map to the overlay remove its coarseness, its sign and its size. A, a simulated cell; B, the raw map with its values; C, negative values cut off, enlarged; D, stretched to its own range and laid over the cell."}}
cell, reach = grey(image[0]), np.abs(raw).max()

figure, grid = plt.subplots(2, 2, figsize=(4.2, 4.4))
axes = grid.ravel()
axes[0].imshow(cell, vmin=0, vmax=1)
axes[1].imshow(raw, cmap="RdBu_r", vmin=-reach, vmax=reach)
for (row, column), value in np.ndenumerate(raw):
    colour = "white" if abs(value) > 0.6 * reach else "black"
    where = {"ha": "center", "va": "center", "fontsize": 8}
    axes[1].text(column, row, f"{value:.2g}", color=colour, **where)
axes[2].imshow(smooth, cmap="inferno", vmin=0)
axes[3].imshow(cell, vmin=0, vmax=1)
axes[3].imshow(own_range, cmap="inferno", vmin=0, vmax=1, alpha=0.55)
titles = ("cell", "raw", "ReLU, enlarged", "stretched")
for place, name, title in zip(axes, "ABCD", titles, strict=True):
    place.set(xticks=[], yticks=[])
    place.spines[:].set_visible(False)
    place.set_title(title, fontsize=9)
    letter(place, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# The map has {glue:text}`side` by {glue:text}`side` positions, because each stage of the network halves the image, and this one is {glue:text}`pixels` pixels wide.
# The smoothness is the enlargement's.
# Of the positions, {glue:text}`positive:.0f` % are positive; the rest is cut off in panels C and D.
# Stretching makes the strongest place of every map equally bright, however weak its evidence is.
# And a cell that lies in the middle is hit by any heat that lies in the middle.
#
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
# In pixels, a map is drawn too far down and right by:

# %%
from cgrecnet.explain.layers import drawn_at, layer_of, looks_at

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
    expected = (layer.stride - 1) / 2
    print(f"{place}: {off[place][1]:.1f}, expected {expected}")

# %% [markdown]
# At the edges it is otherwise: what a position sees ends with the picture, so its centre lies further inside.
# The first position of the last stage looks {glue:text}`first:.0f` pixels further down than it is drawn, the last one {glue:text}`final:.0f` pixels further up.
#
# How much does this matter for the scores that follow?
# Below, the share of the heat inside the cell is computed twice for the same maps: drawn as usual, and with each position put at pixel $s\,i$ (bilinear in between).
# All scores elsewhere in this part are of maps as they are usually drawn, because that is what a reader of the paper's figure sees.

# %%
def in_both_places(study, network, kind):
    """Heat inside each cell: as drawn, and where the positions look."""
    drawn = study.score(network, kind, "energy cell")
    put = study.score(network, kind, "energy cell aligned")
    raw = study.map(network, kind)
    if not len(put) and raw is not None:  # then of the cells that are kept
        masks = study.mask()[: len(raw)]
        drawn = energy(resize(heat(raw), masks.shape[1]), masks)
        put = aligned_energy(raw, network.split()[1], kind, masks)
    return drawn, put


# %% tags=["hide-input"]
largest = dict.fromkeys(KINDS, 0.0)


def placements(study):
    """Rows: each map in both places; the largest change is kept."""
    rows, networks = [], study.record.networks
    for network in (one for one in networks if "honest" in one):
        for kind in KINDS:
            drawn, put = in_both_places(study, network, kind)
            if not len(put):
                continue
            apart = difference(put, drawn)
            largest[kind] = max(largest[kind], abs(apart["mean"] or 0))
            means = [mean_with_interval(drawn), mean_with_interval(put)]
            name = network_title(network), title_of(kind)
            texts = map(interval, (*means, apart))
            rows.append((*name, *texts, str(apart["n"])))
    return rows


headers = "network", "map", "as drawn", "where it looks", "difference", "n"
for made in filter(None, (study, jurkat)):
    data = made.record.data[0]
    cells = "simulated cells" if data["simulated"] else "real cells"
    display(Markdown(f"*{data['name']}, {cells}*"))
    rows = placements(made)
    display(Markdown(wide_table(headers, rows, f"Heat, {cells}")))
display(provenance_of_study(study))
display(provenance_of_study(jurkat, KEPT_COMMAND))

# %% [markdown]
# The tables give means with 95 % intervals over n cells, and are exploratory.
# At the last stage a map is so coarse that half a stride hardly shows in a sum over the whole cell: the share changes by {glue:text}`coarse:.2f` at most.
# Nearer to the image, and above all for HiResCAM, which keeps to single positions, the place decides the score: there the change reaches {glue:text}`fine:.2f`.
# A difference between two maps of one network at one depth is hit by the same shift on both sides.
#
# We therefore keep maps raw, give the maps of a figure one scale in common, draw the cell's outline where it is known, and say how many positions there are.
#
# ## Maps on cells (the counterpart of Figure 8)
#
# On **simulated** cells the outline of each cell is known; `cgrecnet explain book/experiments/explain-simulated.yaml` trains small networks on them for a few epochs, and explains them.
# They are not the paper's.
# The cells of the figure are chosen by the answer and its probability, never by their map.

# %%
study and Markdown(accuracy_table(study))

# %% mystnb={"image": {"alt": "Columns of simulated cells under the headings right and wrong, sure and unsure; the first row shows the cells with their outline, the rows below the same cells under coloured maps of CG-RecNet at two depths and of the baseline."}, "figure": {"name": "fig-cam-cells", "caption": "The counterpart of the paper's Figure 8, on simulated cells with their true outline: how much of a map lies on its cell can be seen here, and is counted in the next chapter. Columns: test cells that CG-RecNet named rightly or wrongly, the surest and the least sure; the number below a cell is the probability of the class that is explained, the one that was predicted. Rows: cell; CG-RecNet at the last stage and at stage 3; the baseline at the last stage. One scale per row."}}
rows = [(ONE, last), (ONE, stage3), (BASELINE, last)]
draw_where_run(lambda study: draw_cells(study, rows), study)
plt.show()
provenance_of_study(study)


# %%
def compared(study, kinds):
    """CG-RecNet's heat inside the cell minus the baseline's, same cells."""
    rows = []
    for kind in kinds:
        found = minus(study, (ONE, kind), (BASELINE, kind))
        rows.append((title_of(kind), interval(found), str(found["n"])))
    headers = ("map", "CG-RecNet minus baseline", "n")
    return Markdown(wide_table(headers, rows, "Heat inside the cell"))


study and compared(study, KINDS[:2])

# %% [markdown]
# ## Maps on real cells
#
# {numref}`fig-cam-jurkat` shows the same on **real** cells: Jurkat cells and networks of the ablation ({doc}`../5_results/ablation`), whose classes are stages of the cell cycle.
# There is no true outline here.
# The cell is found by a threshold {cite}`otsu1979threshold` on the distance of each pixel from the background; the largest piece is taken and its holes are filled.
# How good is that?
# On simulated cells it can be asked, by the overlap with the true outline (intersection over union, for n cells):

# %%
from cgrecnet.data.cytometer import simulate
from cgrecnet.explain.masks import segment_cell

truth = simulate({"cells": 48, "seed": 11, "debris": 0.0, "doublets": 0.0})
overlaps = []
for picture, mask in zip(truth.images, truth.cell_masks, strict=True):
    found = segment_cell(picture)
    overlaps.append((found & mask).sum() / (found | mask).sum())
middle, lowest = np.median(overlaps), min(overlaps)
print(f"median {middle:.2f}, lowest {lowest:.2f}, n = {len(overlaps)}")

# %%
Markdown(accuracy_table(jurkat))

# %% [markdown]
# The networks were trained at {glue:text}`size` pixels, so their maps are coarse: {glue:text}`last` positions per side at the last stage, {glue:text}`stage3` at stage 3, {glue:text}`stage2` at stage 2.
# Scored are {glue:text}`right` cells that CG-RecNet named rightly and {glue:text}`wrong` that it named wrongly, drawn at random.
# Of the segmented cells, {glue:text}`touching:.0f` % reach into the outermost eighth of the picture.

# %%
fresh = [("untrained cg_recnet", kind) for kind in KINDS[:3]]
networks = jurkat.record.networks
rows = [(one, kind) for one in networks for kind in scores[one]]
rows += fresh + [("no network", kind) for kind in scores["no network"]]
parts = ("energy cell", "energy border", "pointing cell")
dropdown("All scores", score_table(jurkat, rows, parts))

# %% [markdown]
# The table gives the shares of the heat inside the segmented cell, means with 95 % intervals over cells.
# The segmented cell covers {glue:text}`area` of the picture (n = {glue:text}`area_n` cells), which is chance.
# Edges, and a blob in the middle, have more heat inside the cell than any gradient map of these networks.
#
# What the paper reads from its pictures, more heat on the cell than the baseline's, is not seen here at any depth:

# %%
compared(jurkat, KINDS[:3])

# %% tags=["remove-input"]
tell(side=gradcam.shape[1], pixels=image.shape[-1], positive=100 * (gradcam > 0).mean())
tell(first=-off["last"][0], final=off["last"][-1], coarse=largest["gradcam@last"], fine=largest["hirescam@stage2"])
half = {place: (layer_of("resnet50", place).stride - 1) / 2 for place in off}
holds(
    "The map is drawn half a stride too far down and to the right.",
    all(abs(values[1] - half[place]) < 0.3 * half[place] for place, values in off.items()),
)
holds(
    "At the edges it is otherwise: what a position sees ends with the picture",
    all(values[0] < 0 and values[-1] > half[place] for place, values in off.items()),
)
holds("At the last stage a map is so coarse that half a stride hardly shows", largest["gradcam@last"] < 0.05)
holds(
    "the place decides the score: there the change reaches",
    largest["hirescam@stage2"] > 0.2 and max(largest.values()) == largest["hirescam@stage2"],
)

scored, networks = jurkat.record.cells, jurkat.record.networks
best = max(scores[name][kind]["energy cell"]["mean"] for name in networks for kind in scores[name] if "cam" in kind)
tell(right=scored["right"], wrong=scored["wrong"], touching=100 * scored["touching the border"])
holds(
    "Edges, and a blob in the middle, have more heat inside the cell than any gradient map of these networks.",
    best < min(scores["no network"][kind]["energy cell"]["mean"] for kind in ("sobel", "centre")),
)
holds(
    "more heat on the cell than the baseline's, is not seen here at any depth",
    all(found["low"] < 0 < found["high"] for found in apart),
)

# %% [markdown]
# The same shares, by whether CG-RecNet named the cell rightly:

# %%
rows = []
for kind, found in jurkat.record.results["by answer"].items():
    row = [title_of(kind)]
    for answer in ("right", "wrong"):
        row += [interval(found[answer]), str(found[answer]["n"])]
    rows.append(row)
headers = ("map", "right", "n", "wrong", "n")
Markdown(wide_table(headers, rows, "Heat by answer"))

# %% [markdown]
# Where the white line of {numref}`fig-cam-jurkat` misses a cell, the segmentation is wrong, and so are that cell's scores.
# The scale is one for the row, so that a map with little heat is dark: stretched one by one, all of them would glow.
#
# Nothing here says which structure of a cell the network used, or that it used any: the table says where coarse maps lie, and the lines of the controls say how little that needs.
#
# ## The equation by hand
#
# Without the library, {eq}`eq-gradcam` takes a hook that keeps the maps, and the slopes of a score.
# Here the score is the *sum* of the scores of all three classes, of the simulated cell and the untrained network above; the exercise asks what its map has to do with theirs.

# %%
kept = []
layer = LAYERS["cg_recnet"]["last"].module(network)
hook = layer.register_forward_hook(lambda _, __, maps: kept.append(maps))
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
print("ranges:", [f"{one.min():.2g} to {one.max():.2g}" for one in each])
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
