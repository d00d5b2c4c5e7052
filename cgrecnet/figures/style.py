"""One look for every figure: opaque white ground (dark mode), colours that colour-blind eyes tell apart."""

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb

#: Colours that colour-blind eyes tell apart: seaborn's palette `colorblind`, written down because seaborn takes 0.7 s
#: to import and most pages draw nothing with it.
PALETTE = [
    to_rgb(name)
    for name in ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc",
                 "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9")
]  # fmt: skip

#: One colour per model, the same on every page.
MODEL_COLOURS = {"resnet50": PALETTE[7], "rescmnet": PALETTE[2], "resgdnet": PALETTE[1], "cg_recnet": PALETTE[0]}

STYLE = {
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": 120,
    "figure.figsize": (7.0, 3.6),
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "legend.frameon": False,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
}


def use_book_style() -> None:
    """Set matplotlib's parameters for this process; a chapter calls it once, at its top."""
    plt.rcParams.update(STYLE)


def letter(axes, text: str) -> None:
    """A panel letter, A, B, ..., at the upper left outside of the axes."""
    axes.annotate(
        text, (0, 1), xycoords="axes fraction", xytext=(-4, 4), textcoords="offset points",
        ha="right", va="bottom", fontweight="bold", fontsize=12,
    )  # fmt: skip
