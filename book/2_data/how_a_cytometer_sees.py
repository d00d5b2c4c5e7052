# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How a flow cytometer sees a cell
#
# **You will learn** why a transparent cell can be seen at all, what focus, lens, lamp and camera each do to its picture, how the simulated cells of this book are made from these four steps, and how far they are from real ones.
#
# **You need** {doc}`/book/2_data/meeting_the_data`, and complex numbers.
# Reading takes about {reading-time}`this page`.
#
# In an imaging flow cytometer cells float one by one past a microscope.
# For the *brightfield* picture a lamp shines through the cell, a lens collects the light, and a camera counts it.
# No dye is needed, and that is its charm and its trouble: a living cell is almost as clear as water.
# What we see of it is not the cell but what the cell did to the light.
# So a network that reads such pictures reads optics as much as biology.
#
# The data set `cytometer` computes these pictures from the physics, step by step.
# This page follows the light: through the cell, along its way, through the lens, from all points of the lamp, into the camera.
# Drag the sliders, or click one and use the arrow keys.

# %% tags=["remove-cell"]
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from scipy.signal import find_peaks
from scipy.stats import mannwhitneyu

from cgrecnet.data import cytometer, open_dataset, traits
from cgrecnet.data.cytometer.camera import expose
from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.data.cytometer.parameters import parameter_table, parameters
from cgrecnet.data.traits import FREQUENCIES, TRAITS, background, measure
from cgrecnet.errors import UserError
from cgrecnet.figures.cells import draw_channels, draw_row
from cgrecnet.figures.provenance import Provenance, from_dataset
from cgrecnet.figures.style import PALETTE, letter, use_book_style
from cgrecnet.figures.tables import dropdown, wide_table
from cgrecnet.figures.widgets.frame_slider import slider
from cgrecnet.pages import holds, show_code, tell
from cgrecnet.paths import RESULTS

use_book_style()

standard = Optics()
tell(
    aperture=standard.numerical_aperture, pixel=standard.pixel_um, wavelength=standard.wavelength_um,
    condenser=standard.condenser_aperture,
    focus_depth=standard.medium_index * standard.wavelength_um / standard.numerical_aperture ** 2,
)  # fmt: skip

# %% [markdown]
# At which magnification the paper's cells were recorded is not stated, and 40x is our assumption.
# So our instrument has a 40x lens (its *objective*) of numerical aperture {glue:text}`aperture:g` and a camera whose pixels cover {glue:text}`pixel:g` µm of the cell; the light has a wavelength of {glue:text}`wavelength:g` µm, and the lamp an aperture of {glue:text}`condenser:g`.
# Its depth of focus, about $n_0 \lambda / \mathrm{NA}^2$, is {glue:text}`focus_depth:.1f` µm.
# Where each of these numbers comes from, and which are assumed, stands in a table further down.
# To show fine rings, the pictures below are computed with pixels half as wide.
#
# ## Through the cell: light is delayed
#
# Where light passes through a cell, it goes slower than in the water around.
# How much it lags is the *optical path* $L$: the excess of the refractive index $n$ over that of the medium, $n_0$, added up along the way,
#
# $$
# L(x, y) = \int \big( n(x, y, z) - n_0 \big)\, dz .
# $$ (eq-cytometer-path)
#
# A little light is also lost: a share $1 - e^{-a}$, where $a(x, y)$ is the *absorption*.
# A cell that is thin enough does nothing else than multiply the wave by a complex number at every point $(x, y)$, its *transmission*
#
# $$
# T = \exp\!\Big( -\frac{a}{2} + \frac{2 \pi i}{\lambda} L \Big).
# $$ (eq-cytometer-transmission)
#
# The angle $2 \pi L / \lambda$ is the wave's *phase*; the half stands there because a camera sees the square of the wave.
# Our model cell is a ball with a nucleus beside its middle and five granules.
# For a ball of radius $R$ the path is $2\,(n - n_0) \sqrt{R^2 - r^2}$ at the distance $r$ from its middle.
# {numref}`fig-cytometer-transmission` shows what it does to the light.

# %%
def squared(axis_um, x_um=0.0, y_um=0.0):
    """Squared distance (µm²) of every pixel from a point."""
    return (axis_um[None, :] - x_um) ** 2 + (axis_um[:, None] - y_um) ** 2


def ball(axis_um, radius_um, x_um=0.0, y_um=0.0):
    """Thickness (µm) of a ball along the light."""
    inside = radius_um**2 - squared(axis_um, x_um, y_um)
    return 2 * np.sqrt(np.maximum(inside, 0))


# %%
optics = Optics(pixel_um=0.25, pixels=96, source_points=0)  # whole lamp
axis_um = optics.axis_um
INDEX = 0.026  # of the cell above the medium
soma = ball(axis_um, 5.0)
path = INDEX * soma - 0.004 * ball(axis_um, 2.6, 1.2, -0.6)  # and nucleus
granules = (-2.6, 0.0), (-1.7, 0.0), (-1.0, 2.6), (0.4, -3.0), (2.9, 1.9)
for place in granules:
    path += 0.06 * np.exp(-squared(axis_um, *place) / (2 * 0.22**2))
absorption = 0.02 * soma

# %% tags=["computed"] mystnb={"image": {"alt": "Two maps of a round cell of 10 micrometres. Left, the optical path: it rises smoothly from the edge to the middle, five granules stand out. Right, on a scale from 0 to 100 per cent, the light that is swallowed: a faint, even disc."}, "figure": {"name": "fig-cytometer-transmission", "caption": "The model cell delays light by a good part of a wavelength and swallows little of it, so that most of what it does to the light is delay. A, optical path in wavelengths; B, light swallowed, on a scale that ends where everything is swallowed."}}
figure, axes = plt.subplots(1, 2, figsize=(4.6, 3.3), sharey=True)
delay = path / optics.wavelength_um
swallowed = 100 * (1 - np.exp(-absorption))
names = "path (wavelengths)", "light swallowed (%)"
ends = axis_um[0], axis_um[-1], axis_um[-1], axis_um[0]
look = {"extent": ends, "cmap": "viridis", "vmin": 0}
left = axes[0].imshow(delay, **look)
right = axes[1].imshow(swallowed, vmax=100, **look)
for picture, label in zip((left, right), names, strict=True):
    figure.colorbar(picture, label=label, location="bottom")
for place, mark in zip(axes, "AB", strict=True):
    place.set(xlabel="x (µm)", xlim=(-8, 8), ylim=(8, -8))
    letter(place, mark)
axes[0].set_ylabel("y (µm)")
plt.show()

# %% [markdown]
# At most it delays light by {glue:text}`delay:.2f` wavelengths, and swallows {glue:text}`swallowed:.0%` of it.
#
# A camera does not see delay.
# It sees $|T|^2 = e^{-a}$, in which $L$ no longer occurs.
# So how can a cell be seen?
#
# ## Along the way: focus makes delay visible
#
# The answer is that light bends on its way.
# The wave behind the cell is a sum of plane waves, each with its own direction: its Fourier transform $\hat T(\mathbf f)$, where $\mathbf f$ is the spatial frequency in waves per micrometre.
# Each plane wave travels on and gains a phase that depends on its direction.
# At a distance $z$ behind the cell they add up to another wave:
#
# $$
# \begin{aligned}
# U_z &= \mathcal F^{-1}\big[ P(\mathbf f)\; e^{i z k_z(\mathbf f)}\; \hat T(\mathbf f) \big], \\
# k_z(\mathbf f) &= 2 \pi \sqrt{ (n_0 / \lambda)^2 - |\mathbf f|^2 } .
# \end{aligned}
# $$ (eq-cytometer-propagation)
#
# This is the *angular-spectrum method* {cite}`goodman2005fourier`.
# $P$ is the lens, our next subject; until then it lets most directions pass.
# The camera sees $|U_z|^2$.
# The distance $z$ from the cell to the plane that is in focus is the *defocus*; a positive $z$ lies behind the cell, where the light goes.
# Drag the slider of {numref}`fig-cytometer-focus` through zero and back.

# %%
def picture(path, absorption, defocus_um, optics=optics):
    """Relative intensity on the camera: 1 where there is no cell."""
    focus = np.array([defocus_um])
    return optics.intensity(path[None], absorption[None], focus)[0]


focus = np.arange(-4, 4.5, 0.5)
stack = [picture(path, absorption, z) for z in focus]

# %% tags=["computed", "remove-input"] mystnb={"figure": {"name": "fig-cytometer-focus", "caption": "Out of focus the delay becomes light and dark, and on the two sides of the focus it is the other way round: granules are dark dots in front and bright dots behind, the rim changes from bright to dark. At zero, little more than the swallowed light is left. Left, the picture; right, its course along the dotted line."}}
def frame(view):
    """The picture as the camera sees it, and its course along the dotted line, on scales that all frames share."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(4.7, 2.4), width_ratios=(1, 1.1))
    reach = len(view) * optics.pixel_um / 2
    left.imshow(view, extent=(-reach, reach, reach, -reach), vmin=0.4, vmax=1.6)
    left.axhline(0, color=PALETTE[1], linewidth=1, linestyle=":")
    left.set(xlim=(-9, 9), ylim=(9, -9), xlabel="x (µm)", title="camera", yticks=[])
    left.spines[:].set_visible(False)
    right.axhline(1, color="0.6", linewidth=1)
    right.plot(pixels_um, view[47:49].mean(axis=0), color=PALETTE[0])
    right.set(xlim=(-9, 9), ylim=(0.3, 1.7), yticks=(0.5, 1, 1.5), xlabel="x (µm)", title="relative intensity")
    return figure


def slide(views, values, label, unit=""):
    """A slider over views of the cell."""
    said = []
    for value, view in zip(values, views, strict=True):
        line, middle = view[47:49].mean(axis=0), view[44:52, 44:52].mean()
        seen = f"middle {middle:.2f}", f"line from {line.min():.2f} to {line.max():.2f}"
        said.append(", ".join((f"{label} {value:g} {unit}: relative intensity", *seen)))
    return slider([frame(view) for view in views], values, label, said, unit=unit)


pixels_um = (np.arange(96) - 95 / 2) * optics.pixel_um
slide(stack, focus, "defocus", "µm")

# %% [markdown]
# Near the focus the rule is simple.
# A bump in the optical path acts like a small lens.
# For small $z$, and without absorption,
#
# $$
# I_z(x, y) \approx 1 - \frac{z}{n_0}\, \nabla^2 L(x, y) ,
# $$ (eq-cytometer-transport)
#
# where $\nabla^2 L$ is the curvature of the path, negative in the middle of a bump.
# This is the *transport-of-intensity equation* {cite}`teague1983deterministic` for a transparent object.
# It says three things: in focus, at $z = 0$, the object is invisible; contrast grows with $z$; and it changes its sign with $z$.
# The wavelength does not occur in it.
#
# Do not believe it; compute it.
# Below, a smooth, perfectly transparent bump of known curvature is sent through the package's code.

# %%
point = {"condenser_aperture": 0, "source_points": 1}
coherent = Optics(pixel_um=0.25, pixels=96, **point)
height_um, width_um = 0.04, 1.5  # of a Gaussian bump


def bump(axis_um):
    far = squared(axis_um)
    path = height_um * np.exp(-far / (2 * width_um**2))
    curvature = path * (far / width_um**4 - 2 / width_um**2)
    return path, curvature


bump_path, _ = bump(coherent.axis_um)
clear = np.zeros_like(bump_path)


def seen(defocus_um):
    return picture(bump_path, clear, defocus_um, coherent)


# %%
# No cell: the picture is flat, wherever the focus is.
empty = picture(clear, clear, 3.0, coherent)
assert np.abs(empty - 1).max() < 1e-5

# Near focus: the slope of the intensity over z is -curvature / n0.
z = 0.25
measured = (seen(z) - seen(-z)) / (2 * z)
expected = -bump(pixels_um)[1] / coherent.medium_index
off = np.abs(measured - expected).max() / np.abs(expected).max()
assert off < 0.02

# %%
# In focus a transparent bump is all but invisible;
# on either side its middle is bright or dark.
contrast = {z: np.ptp(seen(z)) for z in (0.0, 2.0)}
assert contrast[0.0] < 0.01 * contrast[2.0]
centre = {z: seen(z)[47:49, 47:49].mean() - 1 for z in (-2.0, 2.0)}
assert centre[2.0] > 0 > centre[-2.0]

# Light is moved about, not made: the mean over the picture stays the same.
means = [seen(z).mean() for z in (-4.0, -1.0, 0.0, 1.0, 4.0)]
assert np.abs(np.array(means) - 1).max() < 1e-4

# %% [markdown]
# No cell: the picture is flat, and differs from 1 by {glue:text}`flat:.0e` at most.
# Near the focus, computed and expected slope differ by {glue:text}`slope_error:.1%` of the largest slope.
# The bump's contrast is less than 1 % in focus of what it is at 2 µm; its middle is {glue:text}`brighter:.1%` brighter than the background in a plane behind it and {glue:text}`darker:.1%` darker in one before it.
# The mean light stays within one part in ten thousand at every focus.
#
# For a classifier this is a warning.
# A focus that drifts by a few micrometres turns bright dots into dark ones, and the cell has not changed at all.
#
# ## Through the lens: what is too fine is lost
#
# A lens takes in light up to a certain angle.
# The sine of that angle, times $n_0$, is the *numerical aperture* NA.
# Fine detail sends light out at large angles; what misses the lens is lost:
#
# $$
# P(\mathbf f) = \begin{cases} 1 & |\mathbf f| \le \mathrm{NA} / \lambda \\ 0 & \text{otherwise.} \end{cases}
# $$ (eq-cytometer-pupil)
#
# The dotted line in {numref}`fig-cytometer-aperture` runs through two granules that lie 0.9 µm apart.
# At which aperture do they come apart?

# %% tags=["computed"] mystnb={"figure": {"name": "fig-cytometer-aperture", "caption": "A wider lens shows finer detail: with a small aperture the two granules on the dotted line are one blur or not there at all, with a large one they are two. The rim of the cell becomes thinner likewise. Defocus 1 µm."}}
apertures = (0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.1)
wide = {"pixel_um": 0.25, "pixels": 96, "source_points": 0}
lenses = [Optics(numerical_aperture=na, **wide) for na in apertures]
through = [picture(path, absorption, 1.0, lens) for lens in lenses]
slide(through, apertures, "numerical aperture")

# %% [markdown]
# Of the apertures on the slider, {glue:text}`first_apart:g` is the first at which two separate peaks stand on the line, with a dip of at least 0.05 beside each.
# Abbe's rule says from where on a pattern that repeats every $d$ micrometres leaves any trace: from $\mathrm{NA} + \mathrm{NA}_c = \lambda / d$, for granules {glue:text}`granules:g` µm apart from an aperture of {glue:text}`abbe:.2f`.
# At that limit the trace is faint, so that it takes somewhat more to see two dots; $\mathrm{NA}_c$ is the aperture of the lamp, which is the next subject.
#
# A lens of small aperture also loses light: the rim of the cell sends it so far aside that the lens misses it.
# If our cell swallowed nothing at all, its darkest place in focus would still have only {glue:text}`left_narrow:.2f` of the background's light at an aperture of {glue:text}`narrow:g`, and {glue:text}`left_wide:.2f` at {glue:text}`wide:g`.
# So what is dark in a brightfield picture need not have swallowed light; the lens may have missed it.
#
# ## From every point of the lamp: partial coherence
#
# A single plane wave would draw rings around everything, as laser light does.
# A lamp is extended.
# Each of its points sends a plane wave from its own direction $\mathbf f_s$; waves of different points do not interfere, so their pictures add up:
#
# $$
# \begin{aligned}
# U_s &= \mathcal F^{-1}\big[ P\, e^{i z k_z}\, \mathcal F[\, T\, e^{2 \pi i\, \mathbf f_s \cdot \mathbf x} ] \big], \\
# I &= \sum_s w_s\, | U_s |^2, \qquad |\mathbf f_s| \le \mathrm{NA}_c / \lambda .
# \end{aligned}
# $$ (eq-cytometer-source)
#
# $\mathrm{NA}_c$ is the aperture of the lamp's optics, the *condenser*, and the weights $w_s$ sum to 1.
# Out of focus, pictures from different directions are shifted against each other, and the rings wash out ({numref}`fig-cytometer-source`).

# %% tags=["computed"] mystnb={"figure": {"name": "fig-cytometer-source", "caption": "The larger the lamp, the fewer the rings, and the less there is to see out of focus at all. With an aperture of zero the light is one plane wave and each edge has several rings. Defocus 3 µm."}}
condensers = (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
lamps = [Optics(condenser_aperture=na, **wide) for na in condensers]
lit = [picture(path, absorption, 3.0, lamp) for lamp in lamps]
slide(lit, condensers, "lamp's aperture")

# %% [markdown]
# This is the whole way of the light, as the package computes it for a batch of cells.
# A tilted wave only shifts the spectrum, so that each direction costs one inverse Fourier transform.

# %%
show_code(Optics.intensity)

# %% [markdown]
# The pictures above add up {glue:text}`directions` directions.
# For speed, the data set takes {glue:text}`source_points` well-chosen ones; for this cell and defoci up to 4 µm that changes no pixel by more than {glue:text}`deviation:.3f` of the background (shot noise there: {glue:text}`shot_noise:.3f`).
#
# ## Into the camera: counts, noise, grey levels
#
# A pixel adds up the light that falls on its square, and counts *photons*.
# Counts scatter: where $n$ are expected, their standard deviation is $\sqrt n$ (*shot noise*); a pixel of the background expects $N$, and one of relative intensity $I$ expects $N I$.
# Reading them out adds a little more (*read noise* $r$), and each column of a picture has its own small offset $c$.
# Then the result is mapped to grey levels and rounded:
#
# $$
# \begin{aligned}
# g &= \mathrm{round}\big( b + G\,(I - 1) + \sigma\,\varepsilon + c \big), \\
# \sigma &= \sqrt{ G^2 I / N + r^2 }, \qquad \varepsilon \sim \mathcal N(0, 1) .
# \end{aligned}
# $$ (eq-cytometer-camera)
#
# $b$ is the background, $G$ the gain (grey levels per relative intensity), $\sigma$ the noise, and $\varepsilon$ a random number with mean 0 and standard deviation 1.
# Background and gain have nothing to do with the cell: both are set when a run is recorded or exported.
# That is why the grey level of the empty background can betray the run, a thread that this book follows on several pages.

# %%
show_code(expose)

# %% [markdown]
# From here on the cells are those of the data set, one of each lineage, with all that it puts into them: soma, nucleus off the middle, nucleoli, granules, short processes ({numref}`fig-cytometer-noise`).

# %%
factors = (0, 0.5, 1, 2, 4, 8, 16)
noisy = []
for factor in factors:
    options = {"cells": 48, "seed": 1, "noise": factor, "debris": 0}
    noisy.append(open_dataset("cytometer", options=options))
labels = noisy[0].labels
chosen = [int(np.flatnonzero(labels == label)[0]) for label in range(3)]

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-cytometer-noise", "caption": "What deviates from the background by less than the noise goes under, the faint parts first. The same three simulated cells, one of each lineage; all noise is multiplied by the same factor, and 1 is the data set's default."}}
frames, said = [], []
for factor, cells in zip(factors, noisy, strict=True):
    pictures = [cells.images[i] for i in chosen]
    figure, row = plt.subplots(1, 3, figsize=(4.7, 1.6))
    draw_row(row, pictures, (60, 200))
    for axes, name in zip(row, cells.classes, strict=True):
        axes.set_title(name, loc="center")
        axes.set_anchor("N")
    frames.append(figure)
    spread = [f"{name} {background(x.astype(float))[1]:.1f}" for name, x in zip(cells.classes, pictures, strict=True)]
    said.append(f"Noise factor {factor:g}. Background's spread: {', '.join(spread)}.")
made = slider(frames, factors, "noise", said, unit="times the default", start=2)
display(made, from_dataset(noisy[2]))

# %% [markdown]
# The eight bits of these pictures round to whole grey levels; the three cells use {glue:text}`grey_levels` different ones.
# The option `bits` set to 12 gives 16 steps for each: {glue:text}`finer_levels` different ones.
#
# ## The same cells in other channels
#
# The instrument also has fluorescence channels, in which the authors of the paper's data recorded markers of the lineages {cite}`zhu2021deep`.
# The simulation computes such pictures, so that a page can show what a marker adds to brightfield.
# Like everything here they are simulated ({numref}`fig-cytometer-markers`), and they are a reference only: asking for one as input is an error.

# %% mystnb={"image": {"alt": "Three rows of four pictures of simulated cells, one row per lineage: brightfield, then the channels GFAP, Olig2 and NeuN. The astrocyte glows all over in GFAP; Olig2 and NeuN, where they glow, fill a disc of the nucleus's size."}, "figure": {"name": "fig-cytometer-markers", "caption": "A marker says the lineage more plainly than brightfield, though not without doubt, because its strength varies from cell to cell. One simulated cell of each lineage in brightfield and in three simulated marker channels; each channel has one grey scale for all cells. All brightness is assumed."}}
made = cytometer.simulate(noisy[2].options)
channels = {"brightfield": [made.images[i] for i in chosen]}
for name, number in cytometer.MARKERS.items():
    channels[name] = made.markers(number, chosen)
draw_channels(channels, noisy[2].classes)
plt.show()
from_dataset(noisy[2])

# %%
try:
    open_dataset("cytometer", options={"channel": 2})
except UserError as error:
    print(error)

# %% [markdown]
# ## What the simulation leaves out
#
# - **Thick cells.** Equation {eq}`eq-cytometer-transmission` treats a cell as a thin sheet: light that is bent inside it and hits another part of it is not followed, and the whole cell is equally far out of focus.
#   A cell of 10 µm is thick compared with the depth of focus of this lens.
# - **What makes a cell dark.** A living cell swallows hardly any visible light.
#   Our absorption stands for all light that is lost on structure finer than we draw; its level was set so that the pictures are about as dark as a few real ones, not measured.
# - **Real shapes.** Somata are smooth near-ellipsoids with round granules; membranes, vacuoles, creases and dead cells are missing.
# - **Flow.** A real cell moves, rotates and may be smeared by its motion; ours stands still.
# - **Lens faults.** There is no spherical aberration, no stray light, no dust, no uneven lamp, no colour: one wavelength, a perfect lens.
# - **The export.** Real crops were cut by the instrument's software by rules of its own; our crop follows the cell's height and leaves it a random rim.
# - **Biology.** The traits that tell the lineages apart are assumptions, chosen with the aim that the task be about as hard as the paper's, and measured on no cell.
#   A network that does well on them has learnt our assumptions.
#   They carry a version number, and {doc}`meeting_the_data` says what the data set is for.
#
# The numbers of light, camera and cells stand in one file, each with its unit and its source; `assumed` means that we chose it, `calibrated` that it was changed until the task was as hard as wanted.
# Of {glue:text}`entries` entries {glue:text}`assumed` are assumed and {glue:text}`calibrated` calibrated.
# What a user sets, such as noise or the share of doublets, is an option of the data set, and stands under each figure.

# %%
table = parameter_table()
rows, title = table.astype(str).to_numpy(), "The parameters"
dropdown(title, wide_table(list(table), rows, title))

# %% [markdown]
# ## Held against reality
#
# How near are these pictures to real ones?
# We measure the same numbers on three kinds of pictures.
#
# - **Simulated** cells, with the options of the data set left as they are.
# - **Zhu samples**: real crops of the paper's own data, as they are found in two public repositories that re-use them.
#   Their licence is unconfirmed, so that no picture is shown and none is part of this project; their measured numbers are, in a record that names each file with its hash.
# - **Jurkat** cells {cite}`blasi2016label`, real brightfield too, but of another cell line, recorded elsewhere.
#
# The cell is found by a rule that suits all three: it is the connected area in which the picture deviates from its background by more than three times the noise, averaged over 3 by 3 pixels because a cell is darker as well as brighter than its surroundings.

# %%
show_code(traits.deviating_area)

# %% [markdown]
# Its size is given in pixels, not in micrometres: how long a pixel is on the paper's cells is not stated as a number (its figures carry a scale bar).
# Grey levels are given as a share of white, as a network gets them.
# *Contrast* is the root mean square deviation from the background inside the area; divided by the noise it hardly depends on how the pictures were exported (only where the noise is so small that rounding adds to it).
# The *spectrum* says how strong coarse and fine detail are: it is the picture's power at each spatial frequency, in units of what noise alone would have.
# Its *slope*, in logarithms, is taken between 1/16 and 1/4 cycles per pixel: the more negative, the less fine detail.
# Both are tied to the pixel, so that between magnifications they can be compared only with care.
# {numref}`fig-cytometer-reality` puts everything side by side: 400 simulated cells, all 15 Zhu samples that we know of, and 400 Jurkat cells drawn at random.

# %%
simulated = open_dataset("cytometer", options={"cells": 400, "seed": 1})
record = json.loads((RESULTS / "zhu-samples" / "traits.json").read_text())
samples = record["cells"]
assert len(samples) == 15
assert np.allclose(record["frequencies"], FREQUENCIES)

# %%
jurkat, rng = open_dataset("jurkat"), np.random.default_rng(0)
drawn = np.sort(rng.choice(len(jurkat), 400, replace=False))
sets = {
    "simulated": measure(simulated),
    "Zhu samples": pd.DataFrame([cell["traits"] for cell in samples]),
    "Jurkat": measure(jurkat, drawn),
}
spectra = {
    "simulated": traits.spectra(simulated),
    "Zhu samples": np.array([cell["spectrum"] for cell in samples], float),
    "Jurkat": traits.spectra(jurkat, drawn),
}

# %% tags=["remove-input"] mystnb={"image": {"alt": "Nine panels. Eight small ones, one per measured number: height of the crop, diameter, short over long axis, background, noise, contrast, contrast over noise, slope of the spectrum; in each, one line per data set with its range, middle half and median, the Zhu samples also as single rings. Below, a curve per data set: the power falls from coarse to fine detail towards that of noise."}, "figure": {"name": "fig-cytometer-reality", "caption": "Simulated pictures held against real ones, number by number: where the lines do not overlap, a network could tell them apart by that number alone. Thin line, the central 90 % of the cells; thick, the middle half; dot, the median; a ring for each of the few Zhu samples. Below, the spectra (median and middle half), in units of the noise's power: at the dashed line there is nothing but noise."}}
def plain(axis):
    """Numbers a person reads (0.02, 5) instead of powers of ten, and only some of them."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


figure = plt.figure(figsize=(4.6, 7.6))
grid = figure.add_gridspec(5, 2, height_ratios=[1.15] * 4 + [2.6])
for place, (name, trait) in enumerate(TRAITS.items()):
    axes = figure.add_subplot(grid[place // 2, place % 2])
    for y, (measured, colour) in enumerate(zip(sets.values(), PALETTE, strict=False)):
        values = measured[name].dropna()
        axes.plot(values.quantile([0.05, 0.95]), [y, y], color=colour, linewidth=1.5)
        axes.plot(values.quantile([0.25, 0.75]), [y, y], color=colour, linewidth=6, alpha=0.45)
        axes.plot(values.median(), y, "o", color=colour, markersize=6)
        if len(values) < 40:
            axes.plot(values, np.full(len(values), y + 0.3), "o", color=colour, fillstyle="none", markersize=4)
    axes.set_title(str(trait).replace(" (", "\n("), fontsize=9)
    axes.set_ylim(2.6, -0.6)
    axes.set_yticks(range(3), list(sets) if place % 2 == 0 else [""] * 3)
    if trait.log:
        axes.set_xscale("log")
        plain(axes.xaxis)
axes = figure.add_subplot(grid[4, :])
for (name, powers), colour in zip(spectra.items(), PALETTE, strict=False):
    low, middle, high = np.nanquantile(powers, [0.25, 0.5, 0.75], axis=0)
    axes.fill_between(FREQUENCIES, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(FREQUENCIES, middle, color=colour, marker="o", markersize=4, label=name)
axes.axhline(1, color="0.5", linewidth=1, linestyle="--")
axes.set(xscale="log", yscale="log", xlabel="cycles per pixel", title="power over noise")
plain(axes.xaxis)
axes.legend()
plt.show()
facts = {
    "Data": f"Zhu samples, {len(samples)} real cells", "Record": "results/zhu-samples/traits.json",
    "Made by": "benchmarks/zhu_samples.py", "Commit": record["commit"][:10],
}  # fmt: skip
display(from_dataset(simulated), Provenance(tuple(facts.items())), from_dataset(jurkat))

# %% [markdown]
# In numbers: *inside* is the share of the real cells that lie in the central 90 % of the simulated ones, which would be 90 % if there were no difference.
# *Above* is the chance that a real cell drawn at random has the higher number; one half would mean no shift.

# %%
compared, near = {}, sets["simulated"]
for name in ("Zhu samples", "Jurkat"):
    for trait, label in TRAITS.items():
        made_up, real = near[trait].dropna(), sets[name][trait].dropna()
        pairs = len(real) * len(made_up)
        compared[name, str(label)] = {
            "simulated, median": made_up.median(),
            "real, median": real.median(),
            "inside": real.between(*made_up.quantile([0.05, 0.95])).mean(),
            "above": mannwhitneyu(real, made_up).statistic / pairs,
        }
compared = pd.DataFrame(compared).T
compared.map("{:.3g}".format)

# %% [markdown]
# Most of the Zhu samples lie outside of the usual range in their background, its noise and their contrast, most Jurkat cells in background and noise.
#
# How to read these differences:
#
# - *Size* is that of the picture.
#   On simulated cells the true outline is known: the measured diameter exceeds the true one by {glue:text}`diameter_excess:.1f` pixels (median), because halo and rings belong to the picture.
# - *Background.* The Zhu samples come in two groups, {glue:text}`dark_samples` around grey level {glue:text}`dark_level:.0f` and {glue:text}`bright_samples` around {glue:text}`bright_level:.0f`; the {glue:text}`runs` simulated runs have backgrounds of {glue:text}`run_levels`.
#   Fifteen crops from few runs cannot say how backgrounds are spread over the whole data set.
# - *Contrast and noise* are both multiplied by the gain of a run, so both split into the same groups.
#   Their ratio hardly knows the gain: its median is {glue:text}`ratio_real:.1f` in the Zhu samples and {glue:text}`ratio_simulated:.1f` in simulated cells.
# - *Spectrum.* At the finest detail, {glue:text}`finest_frequency:.2f` cycles per pixel, simulated cells have {glue:text}`finest_simulated:.0f` times the power of noise and the Zhu samples {glue:text}`finest_real:.0f` times (medians).
#   So the simulated pictures hold more fine detail, as one would expect without motion, thickness and faults of the lens; granules that we drew too small, or another length of the pixel, would do the same.
# - *Short over long axis.* To the eye, several of the Zhu samples show two cells or a cell with an attached particle, which makes the area long; the simulated set has a second cell in {glue:text}`doublets:.0%` of its pictures, and a particle in {glue:text}`debris:.0%`.
# - *Jurkat* cells differ in cell type, instrument and focus at once; that simulated neural cells do not look like them is no fault.
#   They show how far two real data sets can lie apart.
#
# Fifteen crops are few, and they are not a random sample of the paper's cells.
# So the comparison can refute the simulation where it is far off, but it cannot confirm it.
# Whoever has the paper's images can measure more of them with `benchmarks/zhu_samples.py`.

# %% tags=["remove-input"]
# The numbers of the prose above, and what it says of them. The cell and its bump:
swallowed = 1 - np.exp(-absorption.max())
holds(
    "The model cell delays light by a good part of a wavelength and swallows little of it",
    path.max() / optics.wavelength_um > 0.5 and swallowed < 0.2,
)
tell(delay=path.max() / optics.wavelength_um, swallowed=swallowed)
tell(flat=np.abs(empty - 1).max(), slope_error=off, brighter=centre[2.0], darker=-centre[-2.0])
# The lens: peaks on the dotted line where the two granules lie, each at least 0.05 above the dip beside it.
near_granules = (pixels_um > -3.4) & (pixels_um < -0.9)
peaks = [len(find_peaks(view[47:49].mean(axis=0)[near_granules], prominence=0.05)[0]) for view in through]
assert peaks[0] < 2 and peaks[-1] == 2
apart = apertures[peaks.index(2)]
limit = optics.wavelength_um / 0.9 - optics.condenser_aperture
assert limit < apart
tell(first_apart=apart, granules=0.9, abbe=limit)
left_narrow, left_wide = (picture(path, 0 * path, 0.0, lens).min() for lens in (lenses[0], lenses[-1]))
assert left_narrow < left_wide
tell(left_narrow=left_narrow, narrow=apertures[0], left_wide=left_wide, wide=apertures[-1])
# The lamp:
rule = Optics(pixel_um=0.25, pixels=96)
deviation = max(
    np.abs(picture(path, absorption, z, rule) - picture(path, absorption, z)).max() for z in (-4.0, -1.5, 0.0, 1.5, 4.0)
)
tell(
    directions=len(optics._source[0]), source_points=rule.source_points, deviation=deviation,
    shot_noise=1 / np.sqrt(parameters().camera.photons),
)  # fmt: skip
# Camera and parameters:
fine = open_dataset("cytometer", options={"cells": 48, "seed": 1, "debris": 0, "bits": 12})
levels = [len(np.unique(np.concatenate([cells.images[i].ravel() for i in chosen]))) for cells in (noisy[2], fine)]
tell(grey_levels=levels[0], finer_levels=levels[1])
assumed, calibrated = (table["source"].str.startswith(word).sum() for word in ("assumed", "calibrated"))
tell(entries=len(table), assumed=assumed, calibrated=calibrated)

# Simulated cells beside real ones.
outside = {name: set(compared.loc[name].query("inside < 0.5").index) for name in ("Zhu samples", "Jurkat")}
holds(
    "Most of the Zhu samples lie outside of the usual range in their background, its noise and their contrast",
    outside["Zhu samples"] == {str(TRAITS[trait]) for trait in ("background", "noise", "contrast")},
)
holds("most Jurkat cells in background and noise", outside["Jurkat"] == {str(TRAITS[trait]) for trait in ("background", "noise")})
errors = np.array(
    [
        2 * np.sqrt(traits.deviating_area(image).sum() / np.pi) - 2 * np.sqrt(mask.sum() / np.pi)
        for image, mask in zip(made.images, made.cell_masks, strict=True)
    ]
)
backgrounds = sets["Zhu samples"]["background"]
ordered = np.sort(backgrounds)
dark = backgrounds <= ordered[np.argmax(np.diff(ordered))]  # two groups, cut at the widest gap
groups = [backgrounds[rows].mean() * 255 for rows in (dark, ~dark)]
levels = ", ".join(f"{level:.0f}" for level in np.unique(simulated.table["background"]))
finest = {name: np.nanmedian(power[:, -1]) for name, power in spectra.items()}
holds("So the simulated pictures hold more fine detail", finest["simulated"] > finest["Zhu samples"])
ratios = compared.loc["Zhu samples", str(TRAITS["signal_to_noise"])]
tell(
    diameter_excess=np.median(errors), dark_samples=dark.sum(), dark_level=groups[0],
    bright_samples=(~dark).sum(), bright_level=groups[1], runs=simulated.options["runs"], run_levels=levels,
    ratio_real=ratios["real, median"], ratio_simulated=ratios["simulated, median"], finest_frequency=traits.FREQUENCIES[-1],
    finest_simulated=finest["simulated"], finest_real=finest["Zhu samples"],
    doublets=simulated.options["doublets"], debris=simulated.options["debris"],
)  # fmt: skip

# %% [markdown]
# **Take-away.**
# A brightfield picture shows delay turned into light by defocus, cut by the lens, blurred by the lamp, and mapped to grey levels by settings that have nothing to do with the cell.
# The simulated cells are made by these steps.
# They are good for questions of which the truth must be known, and every result on them is a result on simulated cells.
#
# ```{exercise} Make the cell vanish
# :label: exercise-cytometer-vanish
#
# Protein added to the medium raises its refractive index.
# At which index does our model cell become invisible, and what is left of it then?
# Compute the contrast (the standard deviation of the picture) at 3 µm defocus for media from 1.337 to 1.375, for the cell with and without its absorption.
# (The path of the soma scales with the difference of the indices; leave nucleus and granules out, and the light's way behind the cell as it is.)
# ```
#
# ````{solution} exercise-cytometer-vanish
# :class: dropdown
#
# The next cell is the solution, and it runs.
# Where the medium has the cell's own index, the delay is gone and only the swallowed light is left.
# Beyond it, contrast returns with the opposite sign: the cell is now the thinner medium.
# ````

# %% tags=["hide-cell"]
cell_index = optics.medium_index + INDEX  # the refractive index of the soma
swallowed = absorption
rows = []
for index in np.append(np.arange(1.337, 1.376, 0.006), cell_index):
    shaded = picture((cell_index - index) * soma, swallowed, 3.0)
    transparent = picture((cell_index - index) * soma, 0 * soma, 3.0)
    rows.append((index, shaded.std(), transparent.std()))
for index, *contrasts in sorted(rows):
    print(f"medium {index:.4f}: contrast {contrasts[0]:.4f}, transparent {contrasts[1]:.4f}")
best = min(rows, key=lambda row: row[2])  # index of the best medium, contrast in it, and without absorption
assert np.isclose(best[0], cell_index) and best[2] < 1e-4 < best[1]

# %% [markdown]
# ```{exercise} An autofocus that fails
# :label: exercise-cytometer-autofocus
#
# Many microscopes focus by themselves: they move the lens until the picture has the most contrast.
# Where would such an autofocus stop for our model cell?
# Compute the standard deviation of the picture for every defocus between -4 and 4 µm, and say what one should look for instead.
# ```
#
# ````{solution} exercise-cytometer-autofocus
# :class: dropdown
#
# The next cell is the solution, and it runs.
# A transparent cell has the *least* contrast in focus, so an autofocus that looks for the most runs away from it.
# For such cells one looks for the minimum, or focuses on something that swallows light.
# ````

# %% tags=["hide-cell"]
for z, view in zip(focus, stack, strict=True):
    print(f"defocus {z:+.1f} µm: contrast {view.std():.3f} " + "#" * round(200 * view.std()))
assert focus[np.argmin([view.std() for view in stack])] == 0

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. A transparent cell is perfectly in focus. Why is it nearly invisible?
# It changes the delay of the light and hardly its strength, and a camera counts strength.
# A little defocus turns differences of delay into differences of brightness.
# :::
#
# :::{dropdown} 2. Two runs differ in gain and lamp. What happens to a classifier that reads grey levels?
# It reads the run as well as the cell.
# Where class and run are tied, that is a shortcut; where they are not, it is a nuisance that new runs bring anew.
# :::
#
# :::{dropdown} 3. What are the simulated cells good for, and what not?
# For questions of which the truth must be known: where the cell is, what caused a difference, how much noise there is.
# Not for statements about how well a network does on real cells.
# :::
