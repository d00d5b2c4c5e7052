# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tokens, channels, shapes
#
# **You will learn** what a feature map is, how its 28 by 28 positions become 784 tokens, and why one table of numbers can be read in two directions by attention.
#
# **You need** {doc}`/book/3_model/one_page`.
# Reading takes about {reading-time}`this page`.
#
# Both new modules of CG-RecNet stand behind the second stage of ResNet-50 (section 2.4.3 of {cite}`li2026cgrecnet`).
# Before we open them, we look at what arrives there.
#
# ## A feature map
#
# A *feature map* is an image with many channels.
# A photograph has three numbers at each pixel, one for red, one for green, one for blue.
# The map behind stage 2, which the code calls `layer2`, has 512 numbers at each of 28 by 28 positions.
# Each *channel* is an image by itself, which tells where in the picture one pattern was found and how strongly.
# We write the map as $X \in \mathbb R^{C \times H \times W}$, here with $C = 512$ and $H = W = 28$.

# %% tags=["remove-cell"]
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import HTML
from matplotlib.patches import Rectangle
from torch.nn.functional import normalize

from cgrecnet.figures.cells import draw_row, example_cells, example_images, grey
from cgrecnet.figures.modules import draw_shape_strip, stage2_map, trace_shapes
from cgrecnet.figures.provenance import from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters
from cgrecnet.pages import show_code, tell

use_book_style()
COSINES = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}

# %% [markdown]
# The network of this page is untrained: its weights are random numbers from a fixed seed.
# It is in training mode, so that batch normalisation uses the mean and spread of the batch of cells, as in the first step of a training.

# %%
torch.manual_seed(0)
network = create_model("cg_recnet").train()
dataset, indices = example_cells(per_class=1)
images = example_images(dataset, indices, size=224)
maps = stage2_map(network, images)
print(tuple(images.shape), "->", tuple(maps.shape))

# %% mystnb={"image": {"alt": "Above: a grey brightfield image of one cell. Below: eight small coarse grey images of 28 by 28 squares; the inside or the outline of the cell shows in them, each time in another way."}, "figure": {"name": "fig-tokens-channels", "caption": "Even random filters draw the cell: it shows through in the channels of an untrained network, so a map that shows the cell is no proof that anything was learned. A, one real cell as the network gets it; B, eight channels behind layer2, chosen by number and not by looks, each at its own grey scale."}}
figure = plt.figure(figsize=(4.6, 4.8))
grid = figure.add_gridspec(4, 4)
large = figure.add_subplot(grid[:2, 1:3])
draw_row([large], [grey(images[0])], (0.0, 1.0))
letter(large, "A")
for number, channel in enumerate(range(0, 512, 64)):
    axes = figure.add_subplot(grid[2 + number // 4, number % 4])
    values = maps[0, channel].numpy()
    draw_row([axes], [values], (0.0, values.max()))
    axes.set_title(f"channel {channel}", fontsize=8)
    if number == 0:
        letter(axes, "B")
plt.show()
from_dataset(dataset)

# %% [markdown]
# ## From positions to tokens
#
# Attention was made for text, which is a list of words.
# It does not want a square of positions but a list of *tokens*, where a token is a vector of numbers.
# So the square is read line by line, as one reads a page.
# Position (row $i$, column $j$) becomes token number
#
# $$
# n = W\,i + j, \qquad T_{n,c} = X_{c,i,j}, \qquad T \in \mathbb R^{N \times C}, \quad N = H\,W .
# $$ (eq-tokens-raster)
#
# Nothing is computed; the numbers only get another address.
# In code it is one line.

# %%
tokens = maps.flatten(2).transpose(1, 2)  # (B, C, H, W) -> (B, N, C)
i, j = 10, 14
assert torch.equal(tokens[0, 28 * i + j], maps[0, :, i, j])
table = tokens[0].numpy()
print(tuple(tokens.shape))

# %% mystnb={"image": {"alt": "Left: one channel as an image of 28 by 28 squares with one square marked in orange. Right: a wide matrix of 784 rows and 512 columns with one row marked in orange and one column marked in blue."}, "figure": {"name": "fig-tokens-matrix", "caption": "One table, two readings: a row is all that is known about one place, a column is all that is known about one pattern. A, one channel as an image, with one position marked; B, the same numbers as 784 tokens. The orange row is the marked position in all channels; the blue column is the image in A, unrolled line by line."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(4.6, 2.8))
orange, blue = PALETTE[1], PALETTE[0]
left.imshow(maps[0, 256].numpy())
mark = {"fill": False, "edgecolor": orange, "linewidth": 2}
left.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **mark))
left.set(title="channel 256", xlabel="column", ylabel="row")
smooth = {"interpolation": "antialiased"}  # more numbers than pixels
right.imshow(table, vmax=np.quantile(table, 0.99), aspect="auto", **smooth)
right.axhline(28 * i + j, color=orange, linewidth=1.5)
right.axvline(256, color=blue, linewidth=1.5)
right.set(title="784 tokens", xlabel="channel", ylabel="token")
letter(left, "A")
letter(right, "B")
plt.show()
from_dataset(dataset)

# %% [markdown]
# The list has forgotten its geometry.
# Two tokens that follow each other in the list are mostly neighbours in a row.
# But the last position of a row and the first of the next, far apart in the image, follow each other too, and a position and the one below it stand 28 places apart.
# This will matter for one part of linear-angular attention, which slides a filter along the list.
#
# ## Two things that attention can relate
#
# Attention compares vectors with each other and mixes those that fit.
# A table offers two kinds of vectors.
#
# | | vectors that are compared | how many | size of the table of comparisons | what is mixed |
# |---|---|---:|---:|---|
# | attention over **positions** | rows, one per place | $N = 784$ | $N \times N$ | what was found here with what was found there |
# | attention over **channels** | columns, one per pattern | $C = 512$ | $C \times C$ | one pattern with another, everywhere alike |
#
# The first is the way of the transformer, and of linear-angular attention (Eq. 1).
# The second is the way of cross-covariance attention (Eq. 2).
# CG-RecNet has one branch of each.
# {numref}`fig-tokens-relations` shows both kinds of comparison on a cell, with the cosine of the angle between two vectors as the measure:
# 1 for the same direction, 0 for a right angle, -1 for opposite directions.

# %%
centred = tokens[0] - tokens[0].mean(0)
rows, columns = normalize(centred, dim=1), normalize(centred, dim=0)
one_with_all = (rows @ rows[28 * i + j]).reshape(28, 28)
pairs_of_channels = columns.T @ columns
print(tuple(one_with_all.shape), tuple(pairs_of_channels.shape))

# %% mystnb={"image": {"alt": "Three panels. First, the cell with one small square marked. Second, a 28 by 28 map in red and blue, red where tokens resemble that of the marked square. Third, a square matrix of 512 by 512 in red and blue with a red diagonal."}, "figure": {"name": "fig-tokens-relations", "caption": "Positions that look alike have tokens that point the same way, wherever they lie; channels that fire at the same places have columns that point the same way, whatever they stand for. A, the cell and one position; B, cosine of its token with every other; C, cosines of all pairs of channels. The mean of each channel was taken off. Untrained network."}}
figure, axes = plt.subplots(2, 2, figsize=(4.6, 4.6))
first, second, third, empty = axes.ravel()
empty.set_axis_off()
draw_row([first], [grey(images[0])], (0.0, 1.0))
first.add_patch(Rectangle((8 * j, 8 * i), 8, 8, **mark))
second.imshow(one_with_all, **COSINES)
second.plot(j, i, "s", color=orange, markerfacecolor="none")
second.set(title="token with all", xticks=[], yticks=[])
shown = third.imshow(pairs_of_channels, **COSINES, **smooth)
third.set(title="pairs of channels", xticks=[0, 511], yticks=[0, 511])
figure.colorbar(shown, ax=empty, label="cosine", location="left")
for axes, name in zip((first, second, third), "ABC", strict=True):
    letter(axes, name)
plt.show()
from_dataset(dataset)

# %% [markdown]
# In the reading that fits the printed parameter counts (with two rows exchanged, see {doc}`recovery`), a learned table first brings 512 channels down to 128, and both attentions run at that width.
# Each of them then splits the channels into 8 *heads* of 16, which work side by side and do not see each other.
#
# ## The shape strip
#
# To know the shapes of a network, let it run and write them down.
# This is all it takes: a *hook* on every part that notes what comes out.

# %%
show_code(trace_shapes)

# %% tags=["computed"] mystnb={"image": {"alt": "A row of boxes, one per stage of the network, for an image of 64 pixels: the boxes fall from 64 pixels to 2 while channels grow from 3 to 2048; fusion and gate are coloured, 512 channels of 8 by 8."}, "figure": {"name": "fig-tokens-strip", "caption": "The same network takes a small image; only the number of positions changes. An image of 64 by 64 pixels: the two new modules (coloured) now see 8 by 8 positions instead of 28 by 28, and the last stage has four positions left. Height: positions along one side; width: channels; both logarithmic."}}
network.eval()
steps = trace_shapes(network, torch.zeros(1, 3, 64, 64))
draw_shape_strip(steps, highlight=("fusion", "gate"))
plt.show()

# %% [markdown]
# ## Other sizes of image
#
# Three steps before the modules halve the map: the first convolution, the pooling and the first block of stage 2.
# Each rounds up, so that a side of $s$ pixels becomes $\lceil s / 8 \rceil$ positions.
# We measure it, and the number of parameters too.

# %%
rows, parameters = [], f"{count_parameters(network):,}"
for side in (45, 64, 96, 224):
    steps = trace_shapes(network, torch.zeros(1, 3, side, side))
    shape = {step.name: step.shape for step in steps}["layer2"]
    assert shape == (512, -(-side // 8), -(-side // 8))  # rounded up
    n = shape[1] * shape[2]
    positions = f"{shape[1]} × {shape[2]}"
    rows.append((str(side), positions, f"{n:,}", f"{n**2:,}", parameters))
headers = ("image side", "behind layer2", "tokens N", "N²", "parameters")
HTML(wide_table(headers, rows, "Sizes of image"))

# %% [markdown]
# Three things follow.
#
# - The parameters do not depend on the size of the image: no part of this network has one weight per position.
#   Weights trained at 224 pixels can be loaded for 64.
# - $N$ grows with the area of the image, and $N^2$ with the square of the area.
#   That is why attention over positions needs a cheap form, and why the paper stresses linear cost.
# - Smaller images are cheaper, but the modules then see the cell at fewer positions.
#   Experiments of this book on a CPU use fewer pixels and say so; the paper uses 224.
#
# More pixels are not more information.

# %% tags=["remove-cell"]
height, width = dataset.images[indices[0]].shape
short, crop = 256, 224
own = min(height, width) * crop / short
tell(height=height, width=width, stretched=short, kept=crop, own=f"{own:g}", positions=crop // 8, each=own / (crop // 8))

# %% [markdown]
# The cell above was recorded with {glue:text}`height` by {glue:text}`width` pixels.
# Its short side is stretched to {glue:text}`stretched` and the central {glue:text}`kept` are kept, which are {glue:text}`own` of the recorded pixels.
# So the {glue:text}`positions` positions along a side share {glue:text}`own` recorded pixels, {glue:text}`each:.2f` for each.
#
# **Take-away.**
# Behind stage 2 an image of 224 pixels is a table of 784 rows and 512 columns.
# Rows are places, columns are patterns; one branch of the fusion relates the rows, the other the columns.
# The shapes follow from the image alone, and the parameters do not depend on them.
#
# ```{exercise} Neighbours in the list
# :label: exercise-tokens-neighbours
#
# Which tokens are the four neighbours (up, down, left, right) of token 475 in a map of 28 by 28?
# Give their numbers.
# ```
#
# ````{solution} exercise-tokens-neighbours
# :class: dropdown
#
# The next cell is the solution, and it runs.
# It also answers a trap: not every position has four neighbours.
# ````

# %% tags=["hide-cell"]
side = 28
token = 475
row, column = divmod(token, side)
steps = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
for name, (di, dj) in steps.items():
    inside = 0 <= row + di < side and 0 <= column + dj < side
    print(
        f"{name:>5}: {side * (row + di) + column + dj if inside else 'none'}"
    )
print(f"row {row}, column {column}")

# %% [markdown]
# ```{exercise} How much of the image does a position see?
# :label: exercise-tokens-field
#
# A position behind `layer2` is computed from a square of pixels, its *receptive field*.
# How large is the square?
# (Let the size of the field and the distance between neighbouring positions, both in pixels, grow from layer to layer.
# Then check with a trick: what touches "not a number" becomes "not a number".)
# ```
#
# ````{solution} exercise-tokens-field
# :class: dropdown
#
# The next cell is the solution, and it runs.
# A layer with a kernel of size $k$ adds $(k - 1)$ times the distance to the field; its stride multiplies the distance.
# Of the parallel paths of a residual block, the longer one counts.
# ````

# %% tags=["hide-cell"]
field, distance = 1, 1
for kernel, stride in (
    [(7, 2), (3, 2)] + [(3, 1)] * 3 + [(3, 2)] + [(3, 1)] * 3
):
    field, distance = field + (kernel - 1) * distance, distance * stride
print(f"field {field} pixels, distance {distance}")

probe = torch.zeros(1, 3, 224, 224)
probe[..., 112] = float("nan")  # one column of pixels
touched = stage2_map(network, probe)[0, 0].isnan().any(0).sum()
print(f"reached: {touched} columns")
print(f"to be expected: {field} / {distance} = {field / distance:.1f}")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A map becomes a list of tokens. What is lost?
# Which tokens are neighbours in the image.
# No number is changed, but two tokens that follow each other may lie at the two ends of a row, and vertical neighbours stand a whole row apart.
# :::
#
# :::{dropdown} 2. The image doubles its side. What grows, and what does not?
# The tokens grow fourfold and a table of all their pairs sixteenfold.
# The table of the channels and the number of parameters stay as they are.
# :::
#
# :::{dropdown} 3. What does attention over channels mix?
# Patterns: each channel becomes a weighted mean of channels, with the same weights at every place.
# Attention over positions mixes places, with the same weights for every channel of a head.
# :::
