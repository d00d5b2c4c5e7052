"""From the files of one cell to its image: which page, which levels are black and white, how many channels.

Without options this is `pixels`: grey levels of 8 or 16 bit, as they are. What that refuses is read where an option
says how, and the reason of a refusal names the option.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from cgrecnet.data.images import pixels
from cgrecnet.data.images.listing import Unusable
from cgrecnet.data.images.pixels import INVERTED
from cgrecnet.data.options import Options

Pair = tuple[float, float]
#: The white of what `scale` makes of an image.
FULL = 2**16 - 1


class ReadingOptions(Options):
    """How files are read, for data sets of image files.

    page: of a file of several (image and mask, say), counted from 1.
    scale: levels (black, white) that become 0 and 65,535 of 16 bit: for floating-point, signed and 32-bit images; with
        several channels, one pair for all or one for each. `depth`: each file's whole range of 8 or 16 bit, for
        folders where both are mixed.
    inverted: turn files round that say of themselves that 0 is white.
    """

    page: Annotated[int, Field(ge=1, strict=True)] | None = None
    scale: Pair | tuple[Pair, ...] | Literal["depth"] | None = None
    inverted: bool = False

    @field_validator("scale")
    @classmethod
    def _white_above_black(cls, scale):
        pairs = () if scale in (None, "depth") else scale if isinstance(scale[0], tuple) else (scale,)
        if any(not white > black for black, white in pairs):
            raise ValueError("the second number (white) must lie above the first (black)")
        return scale

    def reader(self, colour: bool = False) -> "Reader":
        """What reads files so; colour: as in `Reader`."""
        return Reader(self.page, self.scale, self.inverted, colour)


@dataclass(frozen=True)
class Reader:
    """Reads the files of one cell; fields as in `ReadingOptions`.

    colour: True keeps red, green and blue, as three channels, of every file; False refuses real colour.
    """

    page: int | None = None
    scale: Pair | tuple[Pair, ...] | str | None = None
    inverted: bool = False
    colour: bool = False

    def read(self, root: Path, names: str | Sequence[str]) -> np.ndarray:
        """The image in one file, or one channel from each of several; raises Unusable with the reason."""
        return self.image([pixels.read_bytes(root, name) for name in _several(names)])

    def read_hashed(self, root: Path, names: str | Sequence[str]) -> tuple[np.ndarray, str]:
        """The image, and the sha256 (hex) of its files' bytes, one after the other."""
        content = [pixels.read_bytes(root, name) for name in _several(names)]
        return self.image(content), hashlib.sha256(b"".join(content)).hexdigest()

    def image(self, contents: Sequence[bytes]) -> np.ndarray:
        """uint8 or uint16, (H, W) or (H, W, channels), read-only, of the content of each file."""
        planes = [self._levels(content, place) for place, content in enumerate(contents)]
        if len(planes) > 1:
            if len({plane.shape for plane in planes}) > 1 or len({plane.dtype for plane in planes}) > 1:
                raise Unusable("channels of different size or depth")
            planes = [np.stack(planes, axis=-1)]
        image = np.ascontiguousarray(planes[0])
        image.setflags(write=False)
        return image

    def _levels(self, content: bytes, place: int) -> np.ndarray:
        image, turned = pixels.decode(content, self.page)
        if turned and not self.inverted:
            raise Unusable(INVERTED)
        image = self._scaled(image, place)
        if turned:
            image = np.iinfo(image.dtype).max - image
        return pixels.channels_of(image, self.colour)

    def _scaled(self, image: np.ndarray, place: int) -> np.ndarray:
        if self.scale is None or self.scale == "depth":
            image = pixels.checked_levels(image)
            wide = self.scale == "depth" and image.dtype == np.uint8
            return image.astype(np.uint16) * 257 if wide else image
        black, white = self.scale[place] if isinstance(self.scale[0], tuple) else self.scale
        unit = (image.astype(np.float64) - black) / (white - black)
        if not np.isfinite(unit).all():
            raise Unusable("levels that are no finite numbers")
        return np.rint(unit.clip(0, 1) * FULL).astype(np.uint16)


def _several(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names
