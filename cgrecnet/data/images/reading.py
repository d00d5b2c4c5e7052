"""From the files of cells to their images (which page, which levels are black and white, how many channels), and to a
data set of these (`zhu` and `folder`).

Without options images are grey levels of 8 or 16 bit, as they are. What that refuses is read where an option says how,
and the reason of a refusal names the option.
"""

import hashlib
import io
import logging
import operator
import os
import stat
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from cgrecnet.data.base import WINDOWS, CellDataset, Unusable, fingerprint_of, pixel_kind
from cgrecnet.data.images.listing import Cell, Listing, quiet
from cgrecnet.data.options import ReadingOptions
from cgrecnet.errors import DataError
from cgrecnet.files import shown

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

#: With more cells than this, reading them all shows its progress.
MANY = 5000
#: The white of what `scale` makes of an image.
FULL = 2**16 - 1


@dataclass(frozen=True)
class Reader:
    """Reads the files of one cell as the options say.

    colour: True keeps red, green and blue, as three channels, of every file; False refuses real colour.
    """

    options: ReadingOptions = ReadingOptions()
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
        image, turned = decode(content, self.options.page)
        if turned and not self.options.inverted:
            raise Unusable(INVERTED)
        image = self._scaled(image, place)
        if turned:
            image = np.iinfo(image.dtype).max - image
        return channels_of(image, self.colour)

    def _scaled(self, image: np.ndarray, place: int) -> np.ndarray:
        scale = self.options.scale
        if scale is None or scale == "depth":
            image = checked_levels(image)
            wide = scale == "depth" and image.dtype == np.uint8
            return image.astype(np.uint16) * 257 if wide else image
        black, white = scale[place] if isinstance(scale[0], tuple) else scale
        unit = (image.astype(np.float64) - black) / (white - black)
        if not np.isfinite(unit).all():
            raise Unusable("levels that are no finite numbers")
        return np.rint(unit.clip(0, 1) * FULL).astype(np.uint16)


def _several(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def size_of(root: Path, name: str) -> int:
    """Bytes of a plain file that is not empty; raises Unusable for anything else."""
    try:
        status = os.stat(os.path.join(root, name))
    except OSError:
        raise Unusable("cannot be opened") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unusable("not a plain file")
    if status.st_size == 0:
        raise Unusable("empty (0 bytes)")
    return status.st_size


def read_bytes(root: Path, name: str) -> bytes:
    """Content of one file; raises Unusable where it is no plain file, empty, too large, or cannot be opened."""
    if size_of(root, name) > _LARGEST_FILE:
        raise Unusable(HUGE)
    try:
        with open(os.path.join(root, name), "rb") as file:
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


def usable_images(listing: Listing, cells: Sequence[Cell], reader: Reader) -> Iterator[tuple[Cell, np.ndarray]]:
    """Read the cells one by one; the unusable ones go to `listing.excluded`; progress on stderr where many."""
    for cell in tqdm(cells, "reading images", disable=len(cells) <= MANY, leave=False):
        try:
            yield cell, reader.read(listing.root, cell.names)
        except Unusable as reason:
            listing.excluded[str(reason)].append(cell.name)


def open_listed(
    listing: Listing,
    classes: Sequence[str],
    reader: Reader,
    *,
    name: str,
    task: str,
    origin: str,
    options: dict,
    group: str = "",
    columns: Sequence[str] = (),
) -> CellDataset:
    """The data set of the cells of these classes, in label order, that can be read; what is left out is warned of.

    options: with `hash: content` every cell is read, one at a time; with `names` only the first usable one, and what is
    bad, or of another kind than that, is met when it is indexed. `window`: None is the whole range of 8 or 16 bit.
    group: what stands for an acquisition that is not named; columns: fields of a cell that its table has as well.
    The rest as in `CellDataset`. Raises DataError where 8 and 16 bit, or grey and colour, are mixed.
    """
    cells = [cell for cell in listing.cells if cell.kind in classes]
    kinds: dict[tuple[np.dtype, int], str] = {}
    kept: list[Cell] = []

    def usable() -> Iterator[tuple[np.ndarray, int, str]]:
        for cell, image in usable_images(listing, cells, reader):
            kept.append(cell)
            kinds.setdefault(pixel_kind(image), cell.name)
            yield image, classes.index(cell.kind), shown(cell.name)

    if options["hash"] == "content":
        digest = fingerprint_of(usable())
    else:
        names_alone = hashlib.sha256(b"names and sizes only\n")
        for cell in cells:
            line = f"{' '.join(cell.names)}\0{classes.index(cell.kind)}\0{cell.bytes}\n"
            names_alone.update(line.encode("utf-8", "surrogateescape"))
        digest = names_alone.hexdigest()
        for cell in cells:
            with suppress(Unusable):
                kinds[pixel_kind(reader.read(listing.root, cell.names))] = cell.name
                break
        kept = cells
    if len(kinds) > 1:
        examples = " and ".join(f"{8 * kind.itemsize} bit ({shown(name)})" for (kind, _), name in kinds.items())
        raise DataError(
            f"The images in {shown(listing.root)} are of {examples}, which have no common grey scale: keep one depth, "
            "or read each over its whole range with scale=depth."
        )
    if listing.n_excluded:
        logging.getLogger(__name__).warning(
            "%s: %d file(s) left out; `cgrecnet data check %s %s` says which and why",
            *(name, listing.n_excluded, name, shown(listing.root)),
        )
    kind, channels = next(iter(kinds), (np.dtype(np.uint8), 1))
    table = {
        "cell_id": [shown(cell.name) for cell in kept],
        "class_name": [shown(cell.kind) for cell in kept],
        "group": [shown(cell.group) or group for cell in kept],
    } | {column: [getattr(cell, column) for cell in kept] for column in columns}
    names = [cell.names if len(cell.names) > 1 else cell.name for cell in kept]
    left_out = {shown(one): reason for reason, several in listing.excluded.items() for one in several}
    return CellDataset(
        name=name,
        simulated=listing.simulated,
        task=task,
        classes=tuple(map(shown, classes)),
        images=CellImages(listing.root, names, kind, channels, reader, name, left_out),
        labels=np.array([classes.index(cell.kind) for cell in kept], dtype=np.int64),
        table=pd.DataFrame(table),
        window=options["window"] or WINDOWS[kind],
        fingerprint=digest,
        origin=origin,
        options=options,
    )


@dataclass(frozen=True)
class CellImages(Sequence):
    """Images that are read from their files when they are indexed; nothing is kept.

    names: a cell's file below the root, or several, one a channel; dtype, channels: what every image must have.
    reader: how the files are read; data_set: whose check names bad ones; left_out: file -> why it is none of these.
    Indexing raises DataError, naming the file, where it is gone, damaged or of another depth.
    """

    root: Path
    names: Sequence[str | tuple[str, ...]]
    dtype: np.dtype
    channels: int
    reader: Reader
    data_set: str
    left_out: dict[str, str]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index):
        name = self.names[index if isinstance(index, slice) else operator.index(index)]
        return replace(self, names=name) if isinstance(index, slice) else self._read(name)

    def read_hashed(self, index: int) -> tuple[np.ndarray, str]:
        """The image, and the sha256 (hex) of its files' bytes; raises Unusable with the reason."""
        return self.reader.read_hashed(self.root, self.names[index])

    def _read(self, name: str | tuple[str, ...]) -> np.ndarray:
        try:
            image = self.reader.read(self.root, name)
        except Unusable as reason:
            problem = str(reason)
        else:
            kind, channels = pixel_kind(image)
            if (kind, channels) == (self.dtype, self.channels):
                return image
            problem = f"{8 * kind.itemsize} bit, where the others have {8 * self.dtype.itemsize}"
            if channels != self.channels:
                problem = f"{channels} channel(s), where the others have {self.channels}"
        first = name if isinstance(name, str) else name[0]
        raise DataError(
            f"The image {shown(first)} in {shown(self.root)} cannot be used ({problem}); "
            f"`cgrecnet data check {self.data_set}` with this folder names all such files: mend or remove them."
        )
