"""Images of many kinds that no reader may take for cells: name -> (what writes it, the reason that it is given)."""

import struct
import zlib

import numpy as np
import tifffile
from PIL import Image
from zhu_trees import crop, write

from cgrecnet.data.images import reading


def half(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def png_header(width: int, height: int, bits: int = 8, colour: int = 0) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" * 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp_header(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


COLOURED = np.random.default_rng(1).integers(0, 255, (40, 60, 3)).astype(np.uint8)

BAD = {
    "zero.bmp": (lambda p: p.write_bytes(b""), "empty (0 bytes)"),
    "truncated.bmp": (lambda p: (write(p, crop(1), colour=True), half(p)), reading.DAMAGED),
    "truncated.png": (lambda p: (write(p, crop(1)), half(p)), reading.DAMAGED),
    "truncated.tif": (lambda p: (tifffile.imwrite(p, crop(1)), half(p)), reading.DAMAGED),
    "truncated-rgb16.tif": (
        lambda p: (tifffile.imwrite(p, np.zeros((40, 60, 3), np.uint16), photometric="rgb"), half(p)),
        reading.DAMAGED,
    ),
    "only-magic.bmp": (lambda p: p.write_bytes(b"BM"), reading.DAMAGED),
    "only-magic.png": (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n"), reading.DAMAGED),
    "only-magic.tif": (lambda p: p.write_bytes(b"II*\0"), reading.DAMAGED),
    "text.bmp": (lambda p: p.write_text("<html>not found</html>"), reading.FOREIGN),
    "photo.bmp": (lambda p: Image.fromarray(crop(1)).save(p, format="JPEG"), reading.FOREIGN),
    "colour.bmp": (lambda p: Image.fromarray(COLOURED).save(p), reading.COLOUR),
    "colour.png": (lambda p: Image.fromarray(COLOURED).convert("RGBA").save(p), reading.COLOUR),
    "colour16.tif": (
        lambda p: tifffile.imwrite(p, COLOURED.astype(np.uint16) * 256, photometric="rgb"),
        reading.COLOUR,
    ),
    "palette.png": (lambda p: Image.fromarray(COLOURED).quantize(16).save(p), reading.COLOUR),
    "one-bit.png": (lambda p: Image.fromarray(crop(1)).convert("1").save(p), reading.ONE_BIT),
    "float.tif": (lambda p: tifffile.imwrite(p, crop(1).astype(np.float32)), reading.FLOATING),
    "int32.tif": (lambda p: tifffile.imwrite(p, crop(1).astype(np.int32)), reading.SIGNED),
    "float64.tif": (lambda p: tifffile.imwrite(p, crop(1).astype(np.float64)), reading.FLOATING),
    "print.tif": (lambda p: Image.fromarray(COLOURED).convert("CMYK").save(p), reading.WRONG_MODE),
    "pages.tif": (
        lambda p: tifffile.imwrite(p, np.zeros((3, 40, 60), np.uint8), photometric="minisblack"),
        reading.SEVERAL,
    ),
    "inverted.tif": (lambda p: tifffile.imwrite(p, crop(1), photometric="miniswhite"), reading.INVERTED),
    "inverted16.tif": (lambda p: tifffile.imwrite(p, crop(1, 16), photometric="miniswhite"), reading.INVERTED),
    "inverted-big.tif": (
        lambda p: tifffile.imwrite(p, crop(1, 16), photometric="miniswhite", bigtiff=True),
        reading.INVERTED,
    ),
    "wide.png": (lambda p: p.write_bytes(png_header(60, 40, 16, 2)), reading.WIDE_PNG),
    "bomb.png": (lambda p: p.write_bytes(png_header(60_000, 60_000)), reading.HUGE),
    "bomb-small.png": (lambda p: p.write_bytes(png_header(10_000, 10_000)), reading.HUGE),
    "bomb.tif": (
        lambda p: tifffile.imwrite(p, np.zeros((5000, 5000), np.uint8), compression="zlib"),
        reading.HUGE,
    ),
    "bomb-rgb16.tif": (
        lambda p: tifffile.imwrite(p, np.zeros((4100, 20, 3), np.uint16), photometric="rgb", compression="zlib"),
        reading.HUGE,
    ),
    "bomb-planes.tif": (  # little in the file, 80 million values in memory
        lambda p: tifffile.imwrite(
            p, np.zeros((200, 200, 2000), np.uint16), photometric="minisblack", planarconfig=1, compression="zlib"
        ),
        reading.HUGE,
    ),
    "strip.png": (lambda p: p.write_bytes(png_header(4097, 10)), reading.HUGE),
    "bomb.bmp": (lambda p: p.write_bytes(bmp_header(5000, 5000)), reading.HUGE),
}
