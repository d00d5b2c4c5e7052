"""From the files of one cell to its image: which page, which levels are black and white, how many channels.

Without options these are grey levels of 8 or 16 bit, as they are. What that refuses is read where an option
says how, and the reason of a refusal names the option.
"""

import hashlib
import io
import operator
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import Field, field_validator

from cgrecnet.data.base import Unusable
from cgrecnet.data.images.listing import quiet
from cgrecnet.data.options import Options

#: Largest height and width; a cell's crop has some dozens of pixels, so a larger image is something else.
LARGEST = 4096

_LARGEST_FILE = LARGEST * LARGEST * 8 + 2**20  # four channels of 16 bit and a header
_END = b"\0\0\0\0IEND\xaeB`\x82"  # with which every PNG ends
_PNG, TIFF = b"\x89PNG", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

DAMAGED = "truncated or damaged"
FOREIGN = "not a BMP, TIFF or PNG image"
HUGE = f"larger than {LARGEST} x {LARGEST} pixels"
COLOUR = "real colour (R, G and B differ), which data set `folder` reads"
WRONG_MODE = "not grey levels of 8 or 16 bit"
SEVERAL = "several images in one file (page=1 reads the first)"
INVERTED = "stored inverted (0 is white; inverted=true turns it round)"
FLOATING = "floating-point levels (scale=[0,1] reads 0 as black and 1 as white)"
SIGNED = "levels with a sign (scale=[black,white] reads them, such as scale=[0,4095])"
LONG = "levels of 32 bit (scale=[black,white] reads them, such as scale=[0,4095])"
ONE_BIT = "black and white alone (1 bit), as a mask is"
WIDE_PNG = "PNG of more than one 16-bit channel (save it as grey)"

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
        return self.image([read_bytes(root, name) for name in _several(names)])

    def read_hashed(self, root: Path, names: str | Sequence[str]) -> tuple[np.ndarray, str]:
        """The image, and the sha256 (hex) of its files' bytes, one after the other."""
        content = [read_bytes(root, name) for name in _several(names)]
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
        image, turned = decode(content, self.page)
        if turned and not self.inverted:
            raise Unusable(INVERTED)
        image = self._scaled(image, place)
        if turned:
            image = np.iinfo(image.dtype).max - image
        return channels_of(image, self.colour)

    def _scaled(self, image: np.ndarray, place: int) -> np.ndarray:
        if self.scale is None or self.scale == "depth":
            image = checked_levels(image)
            wide = self.scale == "depth" and image.dtype == np.uint8
            return image.astype(np.uint16) * 257 if wide else image
        black, white = self.scale[place] if isinstance(self.scale[0], tuple) else self.scale
        unit = (image.astype(np.float64) - black) / (white - black)
        if not np.isfinite(unit).all():
            raise Unusable("levels that are no finite numbers")
        return np.rint(unit.clip(0, 1) * FULL).astype(np.uint16)


def _several(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def size_of(root: Path, name: str) -> int:
    """Bytes of a plain file that is not empty; raises Unusable for anything else."""
    try:
        status = os.stat(root / name)
    except OSError:
        raise Unusable("cannot be opened") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unusable("not a plain file")
    if status.st_size == 0:
        raise Unusable("empty (0 bytes)")
    return status.st_size


def read_bytes(root: Path, name: str) -> bytes:
    """Content of one file; raises Unusable where it is no plain file, too large, or cannot be opened."""
    path = os.path.join(root, name)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise Unusable("not a plain file")
        if status.st_size > _LARGEST_FILE:
            raise Unusable(HUGE)
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        raise Unusable("cannot be opened") from None


def decode(data: bytes, page: int | None = None) -> tuple[np.ndarray, bool]:
    """(pixels as they are stored, whether 0 is said to be white) of a BMP, PNG or TIFF; raises Unusable.

    Pixels are (H, W) or (H, W, channels), palettes as red, green and blue.
    page: counted from 1; None for the only one of a file.
    """
    if not data:
        raise Unusable("empty (0 bytes)")
    if data.startswith(TIFF):
        return _tiff(data, page)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            if data.startswith(_PNG):  # decoding skips the checksums of the image data, and asks for no end
                _picture(data).verify()
                if _END not in data:
                    raise Unusable(DAMAGED)
            image = _pixels(_picture(data), data)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Unusable(HUGE) from None
        except UnidentifiedImageError:
            raise Unusable(DAMAGED if data.startswith((b"BM", _PNG)) else FOREIGN) from None
        except Unusable:
            raise
        except Exception:  # on damaged files decoders raise anything from OSError to SyntaxError
            raise Unusable(DAMAGED) from None
    if page not in (None, 1):
        raise Unusable(f"it has no page {page}")
    return image, False


def _picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("BMP", "PNG"))


def _pixels(picture: Image.Image, data: bytes) -> np.ndarray:
    if max(picture.size) > LARGEST:
        raise Unusable(HUGE)
    if getattr(picture, "n_frames", 1) > 1:
        raise Unusable(SEVERAL)
    # Pillow cuts several channels of 16 bit to 8 bit without a word.
    if picture.format == "PNG" and data[24] == 16 and data[25] != 0:
        raise Unusable(WIDE_PNG)
    if picture.mode == "1":
        raise Unusable(ONE_BIT)
    image = np.asarray(picture.convert("RGB") if picture.mode in ("P", "PA") else picture)
    # 16-bit grey is of mode I in older versions of Pillow
    return image.astype(np.uint16) if picture.mode == "I" or picture.mode.startswith("I;16") else image


def _tiff(data: bytes, number: int | None) -> tuple[np.ndarray, bool]:
    import tifffile

    with quiet(tifffile):
        try:
            with tifffile.TiffFile(io.BytesIO(data)) as file:
                if number is None and len(file.pages) != 1:
                    raise Unusable(SEVERAL)
                if number is not None and number > len(file.pages):
                    raise Unusable(f"it has no page {number}")
                page = file.pages[(number or 1) - 1]
                if max(page.shape) > LARGEST or page.size > 4 * LARGEST**2:
                    raise Unusable(HUGE)
                kinds = tifffile.PHOTOMETRIC
                if page.photometric == kinds.PALETTE:
                    with Image.open(io.BytesIO(data)) as picture:
                        picture.seek((number or 1) - 1)
                        return np.asarray(picture.convert("RGB")), False
                if page.photometric not in (kinds.MINISBLACK, kinds.MINISWHITE, kinds.RGB, kinds.YCBCR):
                    raise Unusable(WRONG_MODE)
                ends = map(operator.add, page.dataoffsets, page.databytecounts)
                if not all(page.databytecounts) or max(ends, default=len(data) + 1) > len(data):
                    raise Unusable(DAMAGED)  # its data lie outside the file
                image = page.asarray()
                image = np.moveaxis(image, 0, -1) if page.axes == "SYX" else image
                return image, page.photometric == kinds.MINISWHITE
        except Unusable:
            raise
        except Exception:  # damaged files raise anything
            raise Unusable(DAMAGED) from None


def checked_levels(image: np.ndarray) -> np.ndarray:
    """`image` in the machine's byte order, if its levels are of 8 or 16 bit; else Unusable names what reads them."""
    if image.dtype.kind == "u" and image.dtype.itemsize <= 2:
        return image.astype(image.dtype.newbyteorder("="), copy=False)
    raise Unusable({"f": FLOATING, "i": SIGNED, "u": LONG, "b": ONE_BIT}.get(image.dtype.kind, WRONG_MODE))


def channels_of(image: np.ndarray, colour: bool = False) -> np.ndarray:
    """(H, W), or (H, W, 3) where colour is kept; whatever the file has beside (transparency) is left out."""
    if image.ndim == 3 and image.shape[2] in (1, 2):
        image = image[..., 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise Unusable(WRONG_MODE)
    if colour:
        return np.stack([image] * 3, axis=-1) if image.ndim == 2 else image[..., :3]
    if image.ndim == 2:
        return image
    red = image[..., 0]
    if not (np.array_equal(red, image[..., 1]) and np.array_equal(red, image[..., 2])):
        raise Unusable(COLOUR)
    return red
