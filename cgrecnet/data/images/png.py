"""The checksums of a PNG, which Pillow compares for some of its pieces only.

A PNG is a signature and a row of chunks: length, type, data, CRC-32 of type and data. Pillow skips the CRC of the image
data (IDAT) and stops decoding when all rows are filled, so that a changed bit near the end of the data, beyond what
zlib's own checksum is read for, gives other pixels without a word; it does not ask for an end (IEND) either.
"""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def is_intact(data: bytes) -> bool:
    """Whether every chunk of a PNG up to its end has the length and the CRC that it is said to have."""
    at = len(SIGNATURE)
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
    return data.startswith(SIGNATURE)
