"""How a packed store lies on the disk: crops one after the other, and one of them folded back into a picture."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from cgrecnet.data.base import CellDataset
from cgrecnet.figures.style import PALETTE, letter

#: Rows of the crop that are shown as they lie in the file.
ROWS = 3
_MARK = PALETTE[3]


def draw_layout(store: CellDataset, first: int, crops: int, shown: int) -> Figure:
    """A: places of `crops` crops from `first` on in the pixel file; B: three rows of crop `shown` as they lie there;
    C: that crop, row under row, with the three rows framed.

    store: an opened store (its images have `offsets`, `heights`, `widths`); first <= shown < first + crops.
    """
    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(7.0, 4.2), height_ratios=(0.8, 0.45, 2.2))
    _draw_places(top, store, range(first, first + crops))
    image, row = store.images[shown], store.images[shown].shape[0] * 3 // 5 - 1
    height, width = image.shape
    levels = {"vmin": store.window[0], "vmax": store.window[1]}
    middle.imshow(image[row : row + ROWS].reshape(1, -1), aspect="auto", **levels)
    middle.set(yticks=[], xticks=[width * (i + 0.5) - 0.5 for i in range(ROWS)])
    middle.set_xticklabels([f"row {row + i}" for i in range(ROWS)])
    middle.tick_params(length=0)
    for i in range(1, ROWS):
        middle.axvline(width * i - 0.5, color=_MARK, linewidth=1)
    bottom.imshow(image, **levels)
    bottom.set(yticks=[0, height - 1], xticks=[0, width - 1], ylabel="row", xlabel="column")
    bottom.add_patch(Rectangle((-0.5, row - 0.5), width, ROWS, fill=False, edgecolor=_MARK, linewidth=1.2))

    begin = byte_range(store, shown)[0] + row * width * store.images.dtype.itemsize
    end = begin + ROWS * width * store.images.dtype.itemsize
    top.add_patch(Rectangle((begin, 0), end - begin, 1, facecolor=_MARK))
    for byte, side in ((begin, 0), (end, 1)):
        line = ConnectionPatch((byte, 0), (side, 1), "data", "axes fraction", axesA=top, axesB=middle, color=_MARK)
        line.set_in_layout(False)
        figure.add_artist(line)
    for axes, name in zip((top, middle, bottom), "ABC", strict=True):
        letter(axes, name)
    return figure


def _draw_places(axes: Axes, store: CellDataset, chosen: range) -> None:
    """A block per crop, from its first byte to its last, in the colour of its class."""
    for i in chosen:
        start, end = byte_range(store, i)
        colour = PALETTE[int(store.labels[i])]
        axes.add_patch(Rectangle((start, 0), end - start, 1, facecolor=colour, edgecolor="white", linewidth=1.5))
        words = f"{store.images.heights[i]} × {store.images.widths[i]}\n{store.classes[store.labels[i]]}"
        axes.text(start + 0.06 * (end - start), 0.5, words, va="center", color="white", fontsize=8)
    axes.set(xlim=(byte_range(store, chosen[0])[0], byte_range(store, chosen[-1])[1]), ylim=(0, 1), yticks=[])
    axes.set_xlabel("byte in pixels.bin")
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    axes.xaxis.set_major_locator(MaxNLocator(7, prune="lower"))  # room for the panel's letter
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)


def byte_range(store: CellDataset, index: int) -> tuple[int, int]:
    """First byte of a crop in the pixel file, and the first after it."""
    images = store.images
    start = int(images.offsets[index]) * images.dtype.itemsize
    return start, start + int(images.heights[index]) * int(images.widths[index]) * images.dtype.itemsize
