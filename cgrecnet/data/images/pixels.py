"""From the bytes of one image file to grey levels, with a reason for what is refused."""

import io
import operator
import os
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cgrecnet.data.images.naming import Unusable

#: Largest height and width; a cell's crop has some dozens of pixels, so a larger image is something else.
LARGEST = 4096

_LARGEST_FILE = LARGEST * LARGEST * 8 + 2**20  # four channels of 16 bit and a header
_FORMATS = ("BMP", "PNG", "TIFF")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"  # with which every PNG begins
_PNG, TIFF = (b"\x89PNG",), (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

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
NO_CODEC = "compressed or packed in a way that needs the Python package imagecodecs, which is not installed"
WIDE_PNG = "PNG of more than one 16-bit channel (save it as grey)"


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


def decode(data: bytes, any_colour: bool = False) -> np.ndarray:
    """Grey levels, uint8 or uint16, shape (H, W), of a BMP, PNG or TIFF; raises Unusable with the reason.

    any_colour: give real colour as it is, (H, W, 3 or 4), in place of refusing it.
    """
    if not data:
        raise Unusable("empty (0 bytes)")
    if data.startswith(_PNG) and not is_intact(data):
        raise Unusable(DAMAGED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                return _grey(picture, data, any_colour)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Unusable(HUGE) from None
        except UnidentifiedImageError:
            if data.startswith(TIFF):
                return _by_tifffile(data)
            raise Unusable(DAMAGED if data.startswith((b"BM", *_PNG)) else FOREIGN) from None
        except Unusable:
            raise
        except Exception:  # on damaged files decoders raise anything from OSError to SyntaxError
            raise Unusable(DAMAGED) from None


def _grey(picture: Image.Image, data: bytes, any_colour: bool = False) -> np.ndarray:
    if max(picture.size) > LARGEST:
        raise Unusable(HUGE)
    if getattr(picture, "n_frames", 1) > 1:
        raise Unusable(SEVERAL)
    # Pillow cuts several channels of 16 bit to 8 bit without a word.
    if picture.format == "PNG" and data[24] == 16 and data[25] != 0:
        raise Unusable(WIDE_PNG)
    if picture.format == "TIFF" and picture.tag_v2.get(262) == 0:  # Pillow turns 8 bit round, but not 16
        raise Unusable(INVERTED)
    if picture.format == "TIFF" and max(picture.tag_v2.get(339, (1,))) != 1:  # Pillow reads -5 of int8 as 251
        return _by_tifffile(data)
    if picture.format == "TIFF" and len(bits := picture.tag_v2.get(258, (8,))) > 1 and max(bits) > 8:
        return _by_tifffile(data)
    if picture.mode == "L" or picture.mode.startswith("I;16"):
        return _native(np.asarray(picture))
    if picture.mode == "I" and picture.format == "PNG":  # 16-bit grey in older versions of Pillow
        return np.asarray(picture).astype(np.uint16)
    if picture.mode == "LA":
        return np.asarray(picture)[..., 0]
    if picture.mode in ("P", "PA", "RGB", "RGBA", "RGBX"):
        image = np.asarray(picture if picture.mode.startswith("RGB") else picture.convert("RGB"))
        return image if any_colour else channels_of(image)
    raise Unusable({"1": ONE_BIT, "F": FLOATING, "I": LONG}.get(picture.mode, WRONG_MODE))


def _by_tifffile(data: bytes) -> np.ndarray:
    """What Pillow cannot read, such as three channels of 16 bit."""
    image, inverted = read_tiff(data)
    if inverted:
        raise Unusable(INVERTED)
    if image.dtype not in (np.uint8, np.uint16):
        raise Unusable(reason_for(image.dtype))
    return _native(channels_of(image))


def read_tiff(data: bytes, number: int | None = None) -> tuple[np.ndarray, bool]:
    """(pixels of a page, counted from 1, as they are stored; whether 0 is said to be white); raises Unusable.

    number: None for the only page of a file.
    """
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
                if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
                    with Image.open(io.BytesIO(data)) as picture:
                        picture.seek((number or 1) - 1)
                        return np.asarray(picture.convert("RGB")), False
                ends = map(operator.add, page.dataoffsets, page.databytecounts)
                if not all(page.databytecounts) or max(ends, default=len(data) + 1) > len(data):
                    raise Unusable(DAMAGED)  # its data lie outside the file
                image = page.asarray()
                image = np.moveaxis(image, 0, -1) if page.axes == "SYX" else image
                return image, page.photometric == tifffile.PHOTOMETRIC.MINISWHITE
        except Unusable:
            raise
        except Exception as error:  # damaged files raise anything
            raise Unusable(needs_codec(error) or DAMAGED) from None


@contextmanager
def quiet(tifffile) -> Iterator[None]:
    """Keep tifffile from logging every oddity of a damaged file."""
    tifffile.logger().disabled = True
    try:
        yield
    finally:
        tifffile.logger().disabled = False


def needs_codec(error: Exception) -> str | None:
    """The reason where tifffile cannot read a sound file for want of a package."""
    return NO_CODEC if "imagecodecs" in str(error) else None


def reason_for(kind: np.dtype) -> str:
    """Why pixels of this type are no grey levels of 8 or 16 bit, and the option that reads them."""
    return {"f": FLOATING, "i": SIGNED, "u": LONG, "b": ONE_BIT}.get(np.dtype(kind).kind, WRONG_MODE)


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


def _native(image: np.ndarray) -> np.ndarray:
    return image.astype(np.uint8 if image.dtype.itemsize == 1 else np.uint16, copy=False)


def is_intact(data: bytes) -> bool:
    """Whether every chunk of a PNG up to its end has the length and the CRC that it is said to have.

    A PNG is a signature and a row of chunks: length, type, data, CRC-32 of type and data. Pillow skips the CRC of the
    image data (IDAT) and stops decoding when all rows are filled, so that a changed bit near the end of the data,
    beyond what zlib's own checksum is read for, gives other pixels without a word; it does not ask for an end (IEND)
    either.
    """
    at = len(_SIGNATURE)
    view = memoryview(data)
    kind = b""
    while kind != b"IEND":
        if at + 12 > len(data):
            return False
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if end + 4 > len(data) or struct.unpack_from(">I", data, end)[0] != zlib.crc32(view[at + 4 : end]):
            return False
        at = end + 4
    return data.startswith(_SIGNATURE)
