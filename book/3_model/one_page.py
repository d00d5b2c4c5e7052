# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The model on one page
#
# **You will learn** what CG-RecNet adds to a ResNet-50, where it adds it, and what speaks for our reading of the modules.
#
# **You need** what a convolution and a residual connection are.
# Reading takes about {reading-time}`this page`.

# %%
import matplotlib.pyplot as plt
import torch
from IPython.display import HTML

from cgrecnet.figures.modules import draw_shape_strip, trace_shapes
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.tables import wide_table
from cgrecnet.models import create_model, list_models
from cgrecnet.models.cg_recnet import GatedCNNBlock
from cgrecnet.models.complexity import count_parameters
from cgrecnet.models.config import PRESETS
from cgrecnet.pages import show_code
from cgrecnet.paper.tables import load_tables

use_book_style()

# %% [markdown]
# The paper takes a network that everyone knows, ResNet-50 {cite}`he2016deep`, and inserts two modules after its second stage {cite}`li2026cgrecnet`.
# At that point an image of 224 by 224 pixels has become a map of 28 by 28 positions with 512 numbers each.
# We write it as $X_2 \in \mathbb R^{512 \times 28 \times 28}$.
#
# 1. The **LinAngular-XCA fusion** lets distant positions, and different channels, exchange information.
#    It is to tell the network what belongs together.
# 2. The **GatedCNN block** multiplies the map by a learned gate.
#    It is to let the cell pass and hold the background back.
#
# Then stages 3 and 4 of ResNet-50 follow as always, and the head gives three numbers, one per class.
# (In our reading the head is two layers: the one that ResNet-50 has for the 1000 classes of ImageNet, called `fc`, and a small one behind it.)
#
# ## From image to classes, step by step
#
# {numref}`fig-shape-strip` has the shapes for one image, channels first; with $B$ images, each has a $B$ in front.

# %% tags=["computed"] mystnb={"image": {"alt": "A row of boxes from left to right, one per stage of the network; boxes get lower and wider as the map shrinks from 224 pixels to 7 and its channels grow from 3 to 2048. The fusion and the gate are coloured and stand between layer2 and layer3."}, "figure": {"name": "fig-shape-strip", "caption": "Both new modules stand at one place and leave the shape as it is, so either can be taken out for an ablation. Height: positions along one side; width: number of channels, on logarithmic scales. The shapes were recorded while the network ran."}}
network = create_model("cg_recnet").eval()
steps = trace_shapes(network, torch.zeros(1, 3, 224, 224))
draw_shape_strip(steps, highlight=("fusion", "gate"))
plt.show()

# %% [markdown]
# The four systems of the ablation are the four ways to have or not to have the modules.
# They are one line of code each.

# %%
create_model("resnet50")  # neither: the Baseline
create_model("rescmnet")  # the fusion alone
create_model("resgdnet")  # the gate alone
create_model("cg_recnet")  # both
list_models()

# %% [markdown]
# ## The two ideas as equations
#
# **Fusion.** The map is read as a list of $N = 28 \cdot 28$ tokens.
# From each token, three vectors are made: a query $q$, a key $k$ and a value $v$.
# Linear-angular attention (Eq. 1 of the paper, here in the form of {cite}`you2022castling`) compares queries and keys by their angle, and does it in an order that costs $O(N)$ instead of $O(N^2)$:
#
# $$
# Y = \tfrac12 V + \tfrac1\pi\, \hat Q\, (\hat K^{\top} V),
# $$ (eq-linear-angular)
#
# where $V$ holds one value per row, and the rows of $\hat Q$ and $\hat K$ are queries and keys divided by their length.
# Cross-covariance attention (Eq. 2, after {cite}`elnouby2021xcit`) lets channels attend to channels instead of positions to positions.
# Now channels stand in rows, $d$ of them, and $\tau$ is a learned factor:
#
# $$
# Y = \operatorname{softmax}\!\big(\tau\, \hat Q \hat K^{\top}\big)\, V .
# $$ (eq-xca)
#
# A third step joins the two results (Eq. 3); {doc}`fusion` opens it.
#
# **Gate.** The map is normalised and widened into three parts, a gate $g$, an information part $i$ and a context $c$ (Eq. 4 and 5, here in the form of {cite}`yu2024mambaout`, which fits the prose):
#
# $$
# y = x + \big( \operatorname{GELU}(g) \odot [\, i \,;\, \mathrm{DW}(c) \,] \big) W_2 + b_2 ,
# $$ (eq-gate)
#
# where $\mathrm{DW}$ is a $7 \times 7$ convolution on each channel by itself, $\odot$ multiplies number by number, GELU is a smooth cousin of the ReLU, and the learned $W_2$ and $b_2$ lead back to 512 channels.
#
# This is the code that runs, shown from the package:

# %%
show_code(GatedCNNBlock.forward)

# %% [markdown]
# ## How do we know?
#
# The paper published neither code nor weights, but it printed how many parameters each variant has.
# Counting is a test for every open choice that changes the count; what a fit is worth, {doc}`recovery` asks.

# %%
table, counts, rows = load_tables()["3"], {}, []
for name, modules, printed in (
    ("cg_recnet", "both", table.cell("CG-RecNet", "parameters").value),
    ("rescmnet", "fusion", table.cell("ResCMNet", "parameters").value),
    ("resgdnet", "gate", table.cell("ResGDNet", "parameters").value),
    ("resnet50", "none", table.cell("Baseline", "parameters").value),
):
    counts[name] = count = count_parameters(create_model(name))
    millions = f"{count / 1e6:.2f}"
    rows.append((name, modules, f"{count:,}", millions, printed))
headers = ("system", "modules", "parameters here", "in millions", "printed")
HTML(wide_table(headers, rows, "Parameters"))

# %% [markdown]
# The full network agrees with the printed number to both decimals.
# The two single-module rows agree as well, **if they are exchanged**: the number that stands beside ResCMNet is that of the gate alone, and the number beside ResGDNet is that of the fusion alone.
# As labelled, the rows fit none of the candidates of our search; a reading made to fit them exists, but its cost does not fit the table ({doc}`recovery` shows both).
# The Baseline row fits neither reading of ResNet-50.
# We do not know why; a slip in a table is one possible reason, and it says nothing about the accuracies.
#
# What the numbers of parameters cannot tell is left as an option with a name, and the default, called `recovered`, is our best reading; {doc}`fusion` and {doc}`assembled` say what its options do.

# %%
PRESETS["recovered"].as_dict()

# %% [markdown]
# **Take-away.**
# CG-RecNet is ResNet-50 with two shape-preserving modules after stage 2.
# The printed parameter counts support one reading of the modules, after two rows of the table are exchanged; choices without parameters stay open.
#
# ```{exercise} Take a module out
# :label: exercise-module
#
# Which share of the parameters of CG-RecNet sits in the two new modules together?
# ```
#
# ````{solution} exercise-module
# :class: dropdown
#
# The next cell is the solution, and it runs.
# ````

# %% tags=["hide-cell"]
added = sum(
    p.numel()
    for part in (network.fusion, network.gate)
    for p in part.parameters()
)
print(
    f"{added:,} of {counts['cg_recnet']:,}: {added / counts['cg_recnet']:.1%}"
)

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Where do the two new modules stand, and what does that mean for the weights of ImageNet?
# Behind stage 2, and both keep the shape of the map.
# So all stages of ResNet-50 fit as they are and may start from ImageNet weights; the modules start fresh.
# :::
#
# :::{dropdown} 2. What supports our reading of the modules?
# The printed numbers of parameters, once two rows of the table are exchanged.
# They say nothing about choices without parameters, such as a skip or an activation.
# :::
#
# :::{dropdown} 3. The gate is said to hold the background back. Does this page show that it does?
# No.
# It shows where the gate stands and what shape it has.
# What a trained gate does has to be measured on maps before and behind it.
# :::
