"""Removing what the lamp and the camera did to an image as a whole: standardisation and background removal.

Every option is one straight line per image, then a cut to the unit range. For a pixel u of an image in [0, 1]:

    u' = clip(1/2 + gain * (u - centre), 0, 1)

    none          u' = u
    standardise   centre = mean of the image,      gain = 1 / (2 SPAN sd): SPAN standard deviations to either side
    background    centre = median of the border,   gain = 1: differences between pixels stay as they are
    both          centre = median of the border,   gain = 1 / (2 SPAN sd)

Mean and standard deviation sd (divided by n) are those of the whole image, before it is cropped; the border is the
outermost BORDER pixels on every side, its median the lower one of two. Afterwards the mean (`standardise`) or the
background (`background`, `both`) has the value 1/2. `background` keeps the contrast, which may itself tell runs apart;
`standardise` and `both` remove it too. An image whose sd is below FLAT shows nothing: `standardise` and `both` make it
1/2 everywhere. The background is subtracted and not divided by, because the black of a window need not be the dark
level of the camera, and a quotient would depend on it.
"""

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError

INTENSITIES = ("none", "standardise", "background", "both")
SPAN = 5.0
BORDER = 2
FLAT = 1e-5


def check_intensity(name: str) -> str:
    """`name` if there is such an option; raises ConfigError otherwise."""
    if name not in INTENSITIES:
        raise ConfigError(f"There is no intensity option {name!r}; known: {', '.join(INTENSITIES)}.")
    return name


def intensity_line(images: Tensor, heights: Tensor, widths: Tensor, option: str) -> tuple[Tensor, Tensor]:
    """Centre and gain of each image, both of shape (images, 1, 1).

    images: float, (images, rows, columns); image k fills the first heights[k] rows and widths[k] columns.
    """
    inside = _inside(images, heights, widths)
    count = inside.sum(dim=(1, 2), keepdim=True)
    mean = torch.where(inside, images, 0.0).sum(dim=(1, 2), keepdim=True) / count
    centre, gain = mean, torch.ones_like(mean)
    if option in ("background", "both"):
        centre = _border_median(images, inside, heights, widths)
    if option in ("standardise", "both"):
        spread = torch.where(inside, images - mean, 0.0).square().sum(dim=(1, 2), keepdim=True).div(count).sqrt()
        gain = torch.where(spread < FLAT, 0.0, 1 / (2 * SPAN * spread.clamp(min=FLAT)))
    return centre, gain


def apply_line(images: Tensor, centre: Tensor, gain: Tensor) -> Tensor:
    """clip(1/2 + gain * (u - centre), 0, 1), in place; images: (images, rows, columns)."""
    return images.sub_(centre).mul_(gain).add_(0.5).clamp_(0.0, 1.0)


class Intensity(nn.Module):
    """The option as a transform of one image, float (1, H, W) in [0, 1]; goes before the crop of Algorithm 1.

    Raises ConfigError for an option that does not exist.
    """

    def __init__(self, option: str = "none") -> None:
        super().__init__()
        self.option = check_intensity(option)

    def forward(self, image: Tensor) -> Tensor:
        if self.option == "none":
            return image
        height, width = (torch.tensor([side], device=image.device) for side in image.shape[1:])
        return apply_line(image.clone(), *intensity_line(image, height, width, self.option))


def _inside(images: Tensor, heights: Tensor, widths: Tensor, margin: int = 0) -> Tensor:
    """True where a pixel belongs to its image and lies `margin` or more pixels from its edge."""
    row = torch.arange(images.shape[1], device=images.device)[None, :, None]
    column = torch.arange(images.shape[2], device=images.device)[None, None, :]
    below, right = heights[:, None, None] - margin, widths[:, None, None] - margin
    return (row >= margin) & (row < below) & (column >= margin) & (column < right)


def _border_median(images: Tensor, inside: Tensor, heights: Tensor, widths: Tensor) -> Tensor:
    """Median of the outermost BORDER pixels of each image; all of them where it is too small to have others."""
    ring = inside & ~_inside(images, heights, widths, BORDER)
    return torch.where(ring, images, torch.nan).flatten(1).nanmedian(dim=1).values[:, None, None]
